"""When the frames of a DICOM cine were taken: the first usable one of four elements, in product order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from luv_viewer.domain.timing import ASSUMED_FPS, Timing, TimingSource
from luv_viewer.io.dicom_header import DicomHeader, number_of, numbers_of

SLOWEST_FPS = 0.01
FASTEST_FPS = 20_000.0


def read_timing(header: DicomHeader, n_frames: int) -> tuple[Timing, tuple[str, ...]]:
    """Frame times of a cine, and a note on each element that is present but unusable.

    Frame Time Vector (0018,1065): increments in ms, one per frame, the first frame's counted as 0 (PS3.3 C.7.6.5.1.2);
    Frame Time (0018,1063): ms; Cine Rate (0018,0040) and Recommended Display Frame Rate (0008,2144): frames per second.
    A still gets 30 frames/s without a note.
    """
    timing, notes = _first_usable(header, n_frames)
    cine_rate = number_of(header.dataset, "CineRate") if _is_present(header, "CineRate") else None
    if cine_rate is not None and not SLOWEST_FPS <= cine_rate <= FASTEST_FPS:
        cine_rate = None
    return replace(timing, cine_rate=cine_rate), notes


def _first_usable(header: DicomHeader, n_frames: int) -> tuple[Timing, tuple[str, ...]]:
    if n_frames == 1:
        return Timing.regular(1, ASSUMED_FPS, TimingSource.ASSUMED), ()
    notes: list[str] = []
    timing = _from_vector(header, n_frames, notes)
    if timing is not None:
        return timing, tuple(notes)
    candidates = (
        (TimingSource.FRAME_TIME, "FrameTime"),
        (TimingSource.CINE_RATE, "CineRate"),
        (TimingSource.RECOMMENDED_RATE, "RecommendedDisplayFrameRate"),
    )
    for source, keyword in candidates:
        if not _is_present(header, keyword):
            continue
        number = number_of(header.dataset, keyword)
        if number is not None and number > 0:
            fps = 1000.0 / number if source is TimingSource.FRAME_TIME else number
            if SLOWEST_FPS <= fps <= FASTEST_FPS:
                return Timing.regular(n_frames, fps, source), tuple(notes)
        notes.append(f"{source.value} is not a usable number and was passed over.")
    notes.append("The file states no frame rate: 30 frames/s are assumed.")
    return Timing.regular(n_frames, ASSUMED_FPS, TimingSource.ASSUMED), tuple(notes)


def _is_present(header: DicomHeader, keyword: str) -> bool:
    """True when the element is there with a value, usable or not."""
    if keyword not in header.dataset:
        return False
    value = header.value(keyword)
    return value is None or value != ""


def _from_vector(header: DicomHeader, n_frames: int, notes: list[str]) -> Timing | None:
    name = TimingSource.FRAME_TIME_VECTOR.value
    if not _is_present(header, "FrameTimeVector"):
        return None
    increments_ms = np.array(numbers_of(header.dataset, "FrameTimeVector"))
    # A cine that is cut off keeps the times of the frames it still has.
    if increments_ms.size not in (n_frames, header.whole("NumberOfFrames")) or increments_ms.size < n_frames:
        notes.append(f"{name} does not hold one number for each of the {n_frames} frames and was passed over.")
        return None
    increments_ms = increments_ms[:n_frames]
    increments_ms[0] = 0.0
    shortest, longest = increments_ms[1:].min(), increments_ms[1:].max()
    if shortest < 1000.0 / FASTEST_FPS or longest > 1000.0 / SLOWEST_FPS:
        notes.append(f"{name} holds a frame that takes no time, or too long, and was passed over.")
        return None
    return Timing(np.cumsum(increments_ms) / 1000.0, TimingSource.FRAME_TIME_VECTOR)
