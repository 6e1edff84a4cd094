"""The figure of `study`: how many times faster each engine is than the plain network, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence

from luv_viewer.analysis.benchmarks.bar_figure import OURS, PLAIN_BAR, BarFigure, Panel
from luv_viewer.analysis.benchmarks.study import MEMORY, PLAIN, StudyRow

FILE_NAME = "study.png"


def study_png(rows: Sequence[StudyRow]) -> bytes:
    """PNG of at least one row."""
    first = rows[0]
    places = list(dict.fromkeys(_place(row) for row in rows))
    strides = list(dict.fromkeys(row.stride for row in rows))
    colors = [PLAIN_BAR if way == PLAIN else OURS for way, _, _, _ in places]
    panels = []
    for stride in strides:
        found = {_place(row): row for row in rows if row.stride == stride}
        here = [found.get(place) for place in places]
        n_clips = next(row.n_clips for row in here if row is not None)
        about = f"stride {stride} ({n_clips} clips)"
        panels += [
            Panel(
                f"times faster, {about}",
                [row.ratio if row else None for row in here],
                colors=colors,
                logarithmic=True,
            ),
            Panel(
                f"seconds, {about}",
                [row.seconds if row else None for row in here],
                ranges=[_quartiles(row) for row in here],
                colors=colors,
                logarithmic=True,
            ),
        ]
    n_runs = max(row.n_runs for row in rows)
    return BarFigure(
        heading=f"One study of {first.n_frames} frames of {first.frame_px}, from frames to curves: {first.checkpoint}",
        names=[_name(row, place) for place in places for row in [_first(rows, place)]],
        panels=panels,
        note=f"weights: {first.weights}; median over the rounds (n = {n_runs}), line: quartiles; grey: the plain "
        "network on each clip, float32, clips timed and scaled",
    ).png()


def _place(row: StudyRow) -> tuple[str, str, str, str]:
    return row.way, row.engine, "cpu" if row.way != PLAIN else row.device, row.frames_from


def _first(rows: Sequence[StudyRow], place: tuple[str, str, str, str]) -> StudyRow:
    return next(row for row in rows if _place(row) == place)


def _name(row: StudyRow, place: tuple[str, str, str, str]) -> str:
    source = "memory" if place[3] == MEMORY else "DICOM"
    if row.way == PLAIN:
        return f"plain network, {row.device}, {source}"
    chosen = f" ({row.precision})" if row.engine == "auto" and row.precision else ""
    return f"{row.engine}{chosen}, {source}"


def _quartiles(row: StudyRow | None) -> tuple[float, float] | None:
    if row is None or row.quartile_1_s is None or row.quartile_3_s is None:
        return None
    return row.quartile_1_s, row.quartile_3_s
