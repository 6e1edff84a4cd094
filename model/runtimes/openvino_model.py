"""The frame encoder as an OpenVINO model: made from a network, written to one file, read back without torch.

The model takes "images", (B, size, size, 3) uint8 RGB, letterboxed, any B, and gives "features", (B, D) float32;
normalisation is inside.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.runtimes.openvino_core import import_openvino, openvino_core

if TYPE_CHECKING:
    import openvino
    from torch import nn

    from model.networks.luv_net import LUVNet
    from model.preprocessing import Preprocessing

INPUT, OUTPUT = "images", "features"
_XML, _BIN = "model.xml", "model.bin"
_EXAMPLE_BATCH = 2


class ModelFileError(ValueError):
    """A converted model that cannot be read; str(error) is one plain sentence naming the file."""


def convert_encoder(network: LUVNet, preprocessing: Preprocessing) -> openvino.Model:
    """`network.encode` with its normalisation; the network stays as it is and where it is.

    Weights are float32, copied. Compiled with the precision hint f32 it equals torch's float32 within 1e-4 of the
    largest feature.
    """
    import torch

    ov = import_openvino()
    size = preprocessing.size
    images = torch.zeros(_EXAMPLE_BATCH, size, size, 3, dtype=torch.uint8)
    with torch.no_grad():
        program = torch.export.export(
            _encoder_of_images(network, preprocessing), (images,), dynamic_shapes=({0: torch.export.Dim.AUTO},)
        )
    model = ov.convert_model(program)
    model.reshape({0: ov.PartialShape([-1, size, size, 3])})
    model.input(0).get_tensor().set_names({INPUT})
    model.output(0).get_tensor().set_names({OUTPUT})
    return _own_copy(model)


def _encoder_of_images(network: LUVNet, preprocessing: Preprocessing) -> nn.Module:
    """A copy on the CPU, in eval mode, that takes uint8 images."""
    import copy

    import torch
    from torch import Tensor, nn

    class EncoderOfImages(nn.Module):
        scale: Tensor
        shift: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.encoder = copy.deepcopy(network.encoder)
            self.projection = copy.deepcopy(network.projection)
            std = torch.tensor(preprocessing.std)
            self.register_buffer("scale", (1.0 / (255.0 * std)).view(1, 3, 1, 1))
            self.register_buffer("shift", (torch.tensor(preprocessing.mean) / std).view(1, 3, 1, 1))

        def forward(self, images: Tensor) -> Tensor:
            channels_first = images.permute(0, 3, 1, 2).float()
            features: Tensor = self.projection(self.encoder(channels_first * self.scale - self.shift))
            return features

    return EncoderOfImages().to(memory_format=torch.contiguous_format).cpu().float().eval()


def compile_encoder(model: openvino.Model, *, precision: str = "fp32", n_threads: int = 0) -> openvino.CompiledModel:
    """`model` on the CPU. precision: "fp32", "bf16", or "int8" for what is quantised in it already.

    An int8 model computes its other layers in float32. n_threads: 0 means as many as OpenVINO thinks fit.
    """
    options: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32"}
    if n_threads:
        options["INFERENCE_NUM_THREADS"] = n_threads
    return openvino_core().compile_model(model, "CPU", options)


def encode_images(
    compiled: openvino.CompiledModel, images: NDArray[np.uint8], frames_at_once: int = 8
) -> NDArray[np.float32]:
    """(M, size, size, 3) uint8 -> (M, D) float32, M at least 1."""
    batches = [
        compiled(images[first : first + frames_at_once])[0].copy() for first in range(0, len(images), frames_at_once)
    ]
    return np.concatenate(batches).astype(np.float32, copy=False)


def save_model(path: str | Path, model: openvino.Model) -> None:
    """Write `model` into one file, whole or not at all (beside, fsync, replace); weights stay as they are, bit by bit.

    Raises OSError when writing fails.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            _write_parts(model, Path(folder))
            with beside.open("wb") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                    for name in (_XML, _BIN):
                        archive.write(Path(folder, name), name)
                file.flush()
                os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def read_model(path: str | Path) -> openvino.Model:
    """What `save_model` wrote. Raises ModelFileError when it is damaged or another kind, OSError when it is missing."""
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            structure, weights = archive.read(_XML), archive.read(_BIN)
        return _from_parts(structure, weights)
    except (zipfile.BadZipFile, KeyError, EOFError, RuntimeError, UnicodeDecodeError) as error:
        raise ModelFileError(
            f"{path.name} is not a converted network or is damaged: delete it, it is made again"
        ) from error


def _write_parts(model: openvino.Model, folder: Path) -> None:
    """Raises OSError when writing fails, which OpenVINO says in words of its own."""
    try:
        import_openvino().save_model(model, str(folder / _XML), compress_to_fp16=False)
    except RuntimeError as error:
        raise OSError(f"the converted network cannot be written, perhaps because the disk is full: {error}") from error


def _from_parts(structure: bytes, weights: bytes) -> openvino.Model:
    ov = import_openvino()
    blob = ov.Tensor(np.frombuffer(weights, np.uint8).copy()) if weights else ov.Tensor(ov.Type.u8, ov.Shape([0]))
    return openvino_core().read_model(model=structure, weights=blob)


def _own_copy(model: openvino.Model) -> openvino.Model:
    """The same model with weights of its own: those of a conversion lie in the memory of the torch module."""
    with tempfile.TemporaryDirectory() as folder:
        _write_parts(model, Path(folder))
        return _from_parts(Path(folder, _XML).read_bytes(), Path(folder, _BIN).read_bytes())
