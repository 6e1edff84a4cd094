"""Measurements as bars: one row per thing measured, one panel per number, on matplotlib's Agg canvas."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from luv_viewer import RESEARCH_USE

INK = "#1B2129"
MUTED = "#55606C"
OURS = "#2F6DB5"
PLAIN_BAR = "#9AA5B1"
PAPER = "#E0202B"
_GRID = "#E3E7EB"
_WIDTH_IN, _ROW_IN, _HEAD_IN, _FOOT_IN = 13.0, 0.36, 1.05, 1.0
_LEFT_PER_CHARACTER_IN, _DPI = 0.085, 120
_ROOM_FOR_LABEL = 1.28
_ON_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
"""Behind a number, where the line of a goal may run."""


@dataclass(frozen=True)
class Panel:
    """One number of every row, by name. values: None draws no bar but the words of `missing`.

    ranges: ends of a line over the bar (quartiles). marks: a diamond, for what someone else measured. A logarithmic
    axis starts at half the smallest value. line: a goal, drawn dashed through all rows.
    """

    title: str
    values: Sequence[float | None]
    ranges: Sequence[tuple[float, float] | None] = ()
    marks: Sequence[float | None] = ()
    colors: Sequence[str] = ()
    logarithmic: bool = False
    number_format: str = "{:.3g}"
    line: float | None = None
    missing: str = "not measured"


@dataclass(frozen=True)
class BarFigure:
    """heading and note: above and below. names: of the rows, top to bottom. mark_name: what the diamonds are."""

    heading: str
    names: Sequence[str]
    panels: Sequence[Panel]
    note: str
    mark_name: str = ""

    def png(self) -> bytes:
        """The figure as the bytes of a PNG file."""
        height_in = _HEAD_IN + _FOOT_IN + max(3, len(self.names)) * _ROW_IN
        figure = Figure(figsize=(_WIDTH_IN, height_in), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        left_in = 0.2 + _LEFT_PER_CHARACTER_IN * max(map(len, self.names), default=0)
        grid = figure.add_gridspec(
            1,
            len(self.panels),
            left=left_in / _WIDTH_IN,
            right=0.985,
            top=1 - _HEAD_IN / height_in,
            bottom=_FOOT_IN / height_in,
            wspace=0.07,
        )
        for number, panel in enumerate(self.panels):
            axes = figure.add_subplot(grid[0, number])
            self._draw(axes, panel)
            axes.set_yticks(range(len(self.names)), self.names if number == 0 else [""] * len(self.names))
        figure.text(0.015, 1 - 0.14 / height_in, self.heading, fontsize=13, weight="bold", va="top", color=INK)
        figure.text(0.015, 0.34 / height_in, self.note, fontsize=8, color=MUTED, va="bottom", parse_math=False)
        figure.text(0.015, 0.12 / height_in, RESEARCH_USE, fontsize=8, weight="bold", color=INK, va="bottom")
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
        return stream.getvalue()

    def _draw(self, axes: Axes, panel: Panel) -> None:
        known = [v for v in (*panel.values, *panel.marks, panel.line) if v]
        low, high = min(known, default=1.0) / 2, max(known, default=1.0)
        if panel.logarithmic:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter("")
            axes.set_xlim(low, high * (high / low) ** (_ROOM_FOR_LABEL - 1))
        else:
            axes.set_xlim(0, high * _ROOM_FOR_LABEL)
        if panel.line is not None:
            axes.axvline(panel.line, color=PAPER, lw=1.1, ls="--", zorder=1)
        colors = panel.colors or [OURS] * len(panel.values)
        for row, value in enumerate(panel.values):
            self._draw_row(axes, panel, row, colors[row])
            if value is None:
                axes.text(
                    0.02,
                    row,
                    panel.missing,
                    transform=axes.get_yaxis_transform(),
                    fontsize=8,
                    color=MUTED,
                    va="center",
                    bbox=_ON_WHITE,
                )
        if self.mark_name and any(mark is not None for mark in panel.marks):
            axes.legend(fontsize=8, frameon=False, handletextpad=0.1, loc="lower right", bbox_to_anchor=(1.01, 0.985))
        axes.set_ylim(max(3, len(self.names)) - 0.4, -0.6)
        axes.set_title(panel.title, loc="left", fontsize=10, color=INK, pad=20)
        axes.grid(axis="x", color=_GRID, lw=0.7)
        axes.set_axisbelow(True)
        axes.tick_params(axis="x", which="both", labelsize=8, colors=MUTED, length=3)
        axes.tick_params(axis="y", labelsize=9, colors=INK, length=0)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color("#AEB7C0")

    def _draw_row(self, axes: Axes, panel: Panel, row: int, color: str) -> None:
        value = panel.values[row]
        mark = panel.marks[row] if panel.marks else None
        if value is not None:
            axes.barh(row, value, height=0.62, color=color, zorder=2)
            end = value
            line = panel.ranges[row] if panel.ranges else None
            if line is not None:
                axes.plot(line, [row, row], color=INK, lw=1.2, zorder=3, solid_capstyle="butt")
                end = max(value, line[1])
            text = panel.number_format.format(value)
            # A diamond at the bar's end would lie under the number.
            is_near = mark is not None and mark > 0.95 * end
            axes.annotate(
                text,
                (max(end, mark or 0.0) if is_near else end, row),
                xytext=(9 if is_near else 4, 0),
                textcoords="offset points",
                fontsize=8,
                color=INK,
                va="center",
                bbox=_ON_WHITE,
            )
        if mark is not None:
            label = self.mark_name if not axes.get_legend_handles_labels()[1] else None
            axes.plot([mark], [row], "D", color=PAPER, ms=5, mec="white", mew=0.7, zorder=4, ls="none", label=label)
