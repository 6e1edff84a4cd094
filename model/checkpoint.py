"""One file with everything inference needs, and nothing that can run code.

Ours is a `torch.save` table: format, format_version, name, network {name, options}, preprocessing {size,
channel_rule, mean, std}, patterns, clip_length, thresholds, threshold_method, metadata, state_dict. The LUV-Net
authors' own files are read by `model.authors_checkpoint`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from model.authors_checkpoint import is_authors_file, read_authors_file
from model.errors import CheckpointError, WeightFileError
from model.facts import PATTERNS, CheckpointFacts
from model.networks.contract import has_pattern_attention
from model.networks.encoders import refuse_mismatch, with_batch_counters
from model.preprocessing import Preprocessing
from model.registry import build_network
from model.weight_files import read_weight_file

FORMAT = "luv-viewer checkpoint"
FORMAT_VERSION = 1
_STORED: Mapping[str, torch.dtype] = {"float32": torch.float32, "float16": torch.float16}


@dataclass(frozen=True, eq=False, kw_only=True)
class Checkpoint(CheckpointFacts):
    """A network ready for inference, and what it was made with.

    network: in eval mode, float32, on the CPU when loaded. The rest: see `CheckpointFacts`; has_attention is what the
    network says. Raises ValueError also when clip length or size are not those that the network was built for.
    """

    network: nn.Module

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "has_attention", has_pattern_attention(self.network))
        options = getattr(self.network, "option_values", {})
        for name, value in (
            ("clip_length", self.clip_length),
            *((side, self.preprocessing.size) for side in ("size", "height", "width")),
        ):
            if options.get(name, value) != value:
                raise ValueError(f"the network was built for {name} {options[name]}, got {value}")


def save_checkpoint(
    path: str | Path, checkpoint: Checkpoint, *, storage: Literal["float32", "float16"] = "float32"
) -> Checkpoint:
    """Write `checkpoint` whole or not at all (beside, fsync, replace); gives it with the version of the file.

    storage: "float16" halves the file; `load_checkpoint` gives float32 again.
    Raises CheckpointError when a weight is not a finite number, also after rounding to float16, or when the metadata
    hold more than plain values, which no file gives back; ValueError for another storage; OSError when writing fails.
    """
    if storage not in _STORED:
        raise ValueError(f"storage must be one of {', '.join(_STORED)}, got {storage!r}")
    path = Path(path)
    if not _is_plain(dict(checkpoint.metadata)):
        raise CheckpointError(
            f"{path.name} was not written: its metadata must be texts, numbers, truth values, None, and lists and "
            f"tables of them"
        )
    content = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": checkpoint.name,
        "network": {"name": checkpoint.network_name, "options": dict(checkpoint.network_options)},
        "preprocessing": asdict(checkpoint.preprocessing),
        "patterns": list(checkpoint.patterns),
        "clip_length": checkpoint.clip_length,
        "thresholds": checkpoint.thresholds.tolist(),
        "threshold_method": checkpoint.threshold_method,
        "metadata": dict(checkpoint.metadata),
        "state_dict": _stored_state(checkpoint, _STORED[storage], path.name),
    }
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return replace(checkpoint, version=_file_version(path))


def _is_plain(value: object) -> bool:
    """Whether `read_weight_file` gives the value back: text, number, truth value, None, lists and tables of such."""
    if type(value) is dict:
        return all(type(key) in (str, int) and _is_plain(entry) for key, entry in value.items())
    if type(value) is list or type(value) is tuple:
        return all(_is_plain(entry) for entry in value)
    return value is None or type(value) in (str, int, float, bool) or isinstance(value, np.number | np.bool_)


def _stored_state(checkpoint: Checkpoint, dtype: torch.dtype, file_name: str) -> dict[str, Tensor]:
    state = {}
    for key, tensor in checkpoint.network.state_dict().items():
        stored = tensor.detach().to("cpu", dtype) if tensor.is_floating_point() else tensor.detach().cpu()
        if not bool(torch.isfinite(stored).all()):
            raise CheckpointError(
                f"{file_name} was not written: {key} holds values that are not finite {dtype} numbers"
            )
        state[key] = stored.clone()
    return state


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Our checkpoint, or a file of the LUV-Net authors, with its network in eval mode on the CPU.

    Never runs code from the file. Raises CheckpointError, one plain sentence, when it is missing, damaged, of a newer
    version, of another program, or when its tensors do not fit the network it names.
    """
    path = Path(path)
    try:
        content = read_weight_file(path)
        if content.get("format") == FORMAT:
            return _ours(content, path)
        if is_authors_file(content):
            return _authors(content, path)
    except WeightFileError as error:
        raise CheckpointError(str(error)) from error
    raise CheckpointError(
        f"{path.name} holds tensors but is neither a LUV Viewer checkpoint nor a LUV-Net file of its authors: "
        f"save it with model.save_checkpoint"
    )


def _ours(content: Mapping[str, Any], path: Path) -> Checkpoint:
    version = content.get("format_version")
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path.name} has checkpoint format version {version}, expected {FORMAT_VERSION}: update the program"
        )
    try:
        network_name, options = content["network"]["name"], dict(content["network"]["options"])
        rules = content["preprocessing"]
        preprocessing = Preprocessing(rules["size"], rules["channel_rule"], tuple(rules["mean"]), tuple(rules["std"]))
        network = _rebuilt(network_name, options, content["state_dict"], path.name)
        return Checkpoint(
            network=network,
            network_name=network_name,
            network_options=options,
            name=str(content["name"]),
            thresholds=np.array(content["thresholds"], dtype=np.float64),
            threshold_method=str(content["threshold_method"]),
            patterns=tuple(content["patterns"]),
            clip_length=content["clip_length"],
            preprocessing=preprocessing,
            metadata=dict(content["metadata"]),
            version=_file_version(path),
        )
    except KeyError as error:
        raise CheckpointError(f"{path.name} is not a complete checkpoint: it has no entry {error}") from error
    except WeightFileError:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path.name} is not a valid checkpoint: {error}") from error


def _authors(content: Mapping[str, Any], path: Path) -> Checkpoint:
    found = read_authors_file(content, path.name, PATTERNS)
    return Checkpoint(
        network=_rebuilt("luv_net", found.options, found.state, path.name),
        network_name="luv_net",
        network_options=found.options,
        name=path.stem,
        thresholds=found.thresholds,
        threshold_method=found.threshold_method,
        preprocessing=Preprocessing(channel_rule="channel0"),
        metadata=found.metadata,
        version=_file_version(path),
    )


def _rebuilt(name: str, options: Mapping[str, Any], state: Mapping[str, Tensor], file_name: str) -> nn.Module:
    """The named network with exactly these tensors as float32, in eval mode; no random weights are drawn first."""
    with torch.device("meta"):
        network = build_network(name, **options)
    complete = with_batch_counters(state, network)
    refuse_mismatch(complete, network, file_name)
    loaded = {}
    for key, tensor in complete.items():
        loaded[key] = tensor.float() if tensor.is_floating_point() else tensor
        if not bool(torch.isfinite(loaded[key]).all()):
            raise WeightFileError(
                f"{file_name} cannot be used: {key} holds values that are not numbers (NaN or infinite)"
            )
    network.load_state_dict(loaded, strict=True, assign=True)
    return network.eval()


def _file_version(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
