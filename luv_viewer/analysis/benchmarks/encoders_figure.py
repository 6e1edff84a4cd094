"""The figure of `encoders`: frames a second, and the line of a scanner's 30."""

from __future__ import annotations

from collections.abc import Sequence

from luv_viewer.analysis.benchmarks.bar_figure import OURS, PLAIN_BAR, BarFigure, Panel
from luv_viewer.analysis.benchmarks.encoders import EncoderRow
from luv_viewer.analysis.benchmarks.engines import REFERENCE
from luv_viewer.analysis.benchmarks.study import SCANNER_FRAMES_PER_S

FILE_NAME = "encoders.png"


def encoders_png(rows: Sequence[EncoderRow]) -> bytes:
    """PNG of at least one row; a panel per network."""
    networks = list(dict.fromkeys(row.checkpoint for row in rows))
    engines = list(dict.fromkeys(row.engine for row in rows))
    found = {(row.checkpoint, row.engine): row for row in rows}
    panels = []
    for network in networks:
        here = [found.get((network, engine)) for engine in engines]
        panels.append(
            Panel(
                f"frames a second, {network}",
                [row.frames_per_s if row else None for row in here],
                ranges=[_quartiles(row) for row in here],
                colors=[PLAIN_BAR if engine == REFERENCE.text else OURS for engine in engines],
                line=SCANNER_FRAMES_PER_S,
            )
        )
    first, weights = rows[0], ", or ".join(dict.fromkeys(row.weights for row in rows))
    return BarFigure(
        heading="Encoder against a scanner's 30 frames a second",
        names=engines,
        panels=panels,
        note=f"weights: {weights}; {first.n_frames} prepared frames a run, median of {first.n_runs} runs, line "
        "on a bar: quartiles; dashed: 30 frames a second",
    ).png()


def _quartiles(row: EncoderRow | None) -> tuple[float, float] | None:
    if row is None or row.slower_quartile is None or row.faster_quartile is None:
        return None
    return row.slower_quartile, row.faster_quartile
