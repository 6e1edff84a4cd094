"""The frame encoder in int8: post-training quantisation (NNCF) on calibration frames."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.runtimes.agreement import Agreement
from model.runtimes.telemetry import switch_off_telemetry

if TYPE_CHECKING:
    import openvino

Report = Callable[[int, int], None]
Judge = Callable[["openvino.Model"], Agreement]
Images = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Quantized:
    """model: takes and gives what the float model does. recipe: how it was made, in plain words.

    agreement: what the judge said of it; None without a judge.
    """

    model: openvino.Model
    recipe: str
    agreement: Agreement | None


def spread_frames(videos: Sequence[tuple[int, Callable[[int], Images]]], n_frames: int) -> Images:
    """(M, size, size, 3) letterboxed frames for calibration, spread evenly over all frames of all videos.

    videos: (number of frames, frame getter) each; a getter gives (size, size) grey or (size, size, 3) uint8.
    M is n_frames, or all there are. Raises ValueError when there is no frame or n_frames is below 1.
    """
    total = sum(count for count, _ in videos)
    if total < 1 or n_frames < 1:
        raise ValueError(f"calibration needs at least one frame, got {n_frames} of {total}")
    owners = [(getter, i) for count, getter in videos for i in range(count)]
    chosen = np.linspace(0, total - 1, min(n_frames, total)).round().astype(int)
    images = [owners[place][0](owners[place][1]) for place in chosen]
    return np.stack([np.repeat(i[:, :, None], 3, axis=2) if i.ndim == 2 else i for i in images])


def quantize_encoder(model: openvino.Model, images: Images, *, judge: Judge | None = None, report: Report) -> Quantized:
    """`model` with int8 weights and activations; `model` itself stays as it is.

    images: (M, size, size, 3) uint8, the calibration frames, one or more. judge: agreement of a candidate with float32.
    report(done, total): called between steps and for every calibration frame; what it raises ends the work.
    Raises ValueError without images.
    """
    if images.ndim != 4 or len(images) < 1:
        raise ValueError(f"calibration images must have shape (M, size, size, 3), at least one, got {images.shape}")
    quantized = _plain(model, images, report)
    return Quantized(quantized, "all layers in int8", judge(quantized) if judge is not None else None)


def _plain(model: openvino.Model, images: Images, report: Report) -> openvino.Model:
    switch_off_telemetry()
    import nncf

    nncf.set_log_level(logging.ERROR)
    total = len(images)

    def frames(number: int) -> Images:
        report(number, total)
        return images[number : number + 1]

    return nncf.quantize(
        model.clone(),
        nncf.Dataset(range(total), frames),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=total,
    )
