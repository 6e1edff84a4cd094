"""The figure of a sweep: area against value, a panel per pattern and average."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from luv_viewer import RESEARCH_USE
from training.sweep.results import BY_CURVE, MICRO, SweepResults
from training.sweep.scores import PARTS, Part

_DPI, _PANEL_IN, _ROWS = 120, (3.9, 3.0), 2
_COLORS: dict[Part, str] = {"test": "#2F5FD0", "valid": "#E69F00"}
_LABELS: dict[Part, str] = {"test": "test set", "valid": "validation set"}
_LINES: dict[Part, str] = {"test": "solid", "valid": "dashed"}
_GRID, _FAINT = "#E3E7EB", "#9AA5B1"


def sweep_figure(results: SweepResults) -> bytes:
    """A PNG file. Lines: means of test and validation set; bands (bars for values without an order): plus and minus a
    standard deviation over folds, where there are several."""
    names = (*results.patterns, MICRO, BY_CURVE)
    n_columns = -(-len(names) // _ROWS)
    width, height = _PANEL_IN[0] * n_columns, _PANEL_IN[1] * _ROWS + 0.9
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
    panels = figure.subplots(_ROWS, n_columns, squeeze=False, sharey=True)
    for panel, name in zip(panels.flat, names, strict=False):
        _draw(panel, results, name)
    for panel in panels.flat[len(names) :]:
        panel.set_axis_off()
    for row in panels:
        row[0].set_ylabel("AUC")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=2, fontsize=8, frameon=False)
    return _png(figure, _heading(results))


def positions(results: SweepResults) -> list[float]:
    """Where the values lie on the axis: numbers as they are, names side by side."""
    if results.kind.axis == "names":
        return [float(i) for i in range(len(results.points))]
    return [float(point.value) for point in results.points]


def _draw(panel: Axes, results: SweepResults, name: str) -> None:
    order = np.argsort(positions(results), kind="stable")
    x = np.asarray(positions(results))[order]
    is_named = results.kind.axis == "names"
    for shift, part in zip((-0.06, 0.06), PARTS, strict=True):
        table = results.summary(part)
        place = table.columns.index(name)
        values = [table.rows[i].values[place] for i in order]
        mean = np.array([value.mean for value in values])
        deviation = np.array([value.sd for value in values])
        style: dict[str, Any] = {"color": _COLORS[part], "label": _LABELS[part], "marker": "o", "markersize": 3.5}
        if is_named:
            bars = None if results.n_folds == 1 else deviation
            panel.errorbar(x + shift, mean, bars, linestyle="none", capsize=3, **style)
            continue
        panel.plot(x, mean, linestyle=_LINES[part], linewidth=1.2, **style)
        if results.n_folds > 1:
            panel.fill_between(x, mean - deviation, mean + deviation, color=_COLORS[part], alpha=0.15, linewidth=0)
    if results.kind.axis == "log2":
        panel.set_xscale("log", base=2)
    shown = [results.points[i].value for i in order]
    panel.set_xticks(x, shown, fontsize=7, rotation=20 if is_named and len(x) > 2 else 0)
    panel.minorticks_off()
    if is_named:
        panel.set_xlim(-0.5, len(x) - 0.5)
    panel.set_title(name, fontsize=10)
    panel.set_xlabel(results.kind.heading, fontsize=8)
    panel.grid(color=_GRID)


def _heading(results: SweepResults) -> str:
    over = "" if results.n_folds == 1 else f", mean and standard deviation of {results.n_folds} folds"
    return f"{results.kind.title}: AUC at {results.level} level{over}"


def _png(figure: Figure, heading: str) -> bytes:
    height = figure.get_figheight()
    figure.suptitle(heading, fontsize=11, y=1 - 0.1 / height, va="top")
    figure.text(0.995, 0.01, RESEARCH_USE, fontsize=6, ha="right", color=_FAINT)
    figure.tight_layout(rect=(0, 0.45 / height, 1, 1 - 0.3 / height))
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()
