"""The figure of `networks`: our counts and times, the paper's beside them."""

from __future__ import annotations

from collections.abc import Sequence

from luv_viewer.analysis.benchmarks.bar_figure import BarFigure, Panel
from luv_viewer.analysis.benchmarks.networks import NetworkRow
from model.benchmarks.cost import CLIP_SHAPE

FILE_NAME = "networks.png"
_PAPER_CLIP = "x".join(map(str, CLIP_SHAPE))


def networks_png(rows: Sequence[NetworkRow]) -> bytes:
    """PNG of at least one row."""
    several = len({row.precision for row in rows}) > 1
    names = [f"{row.configuration} {row.precision}" if several else row.configuration for row in rows]
    first = rows[0]
    timed = [row for row in rows if row.median_s is not None]
    precision = "precision as named" if several else first.precision
    how = f"time: plain network in torch, clip {first.clip}, batch {first.batch_clips}, {first.device}, {precision}"
    how += f", median of {timed[0].n_runs} after {timed[0].n_warm_up} to warm up, line: quartiles" if timed else ""
    return BarFigure(
        heading="Table 4: what one clip costs",
        names=names,
        panels=(
            Panel(
                "parameters, millions (all)",
                [row.n_parameters / 1e6 for row in rows],
                marks=[row.paper_params_m for row in rows],
                number_format="{:.2f}",
            ),
            Panel(
                "GMACs, exact, clip of 30 x 3 x 256 x 256",
                [row.gmacs for row in rows],
                marks=[row.paper_gmacs for row in rows],
                number_format="{:.2f}",
            ),
            Panel(
                "seconds per clip",
                [row.median_s for row in rows],
                ranges=[_quartiles(row) for row in rows],
                marks=[
                    row.paper_seconds if row.median_s is not None and row.clip == _PAPER_CLIP else None for row in rows
                ],
                logarithmic=True,
            ),
        ),
        note=f"{how}\nred: the paper's Table 4 (parameters and multiply-accumulates as its profiler counts them; "
        "time: mean, NVIDIA A100)",
        mark_name="paper",
    ).png()


def _quartiles(row: NetworkRow) -> tuple[float, float] | None:
    if row.quartile_1_s is None or row.quartile_3_s is None:
        return None
    return row.quartile_1_s, row.quartile_3_s
