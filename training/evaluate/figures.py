"""Figures of an evaluation as PNG files: ROC, precision and recall, reliability, confusion; a panel per pattern."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.typing import ColorType

from luv_viewer import RESEARCH_USE
from training.evaluate.ensemble import VOTE
from training.evaluate.evaluation import Evaluation
from training.evaluate.numbers import ModelNumbers
from training.statistics import OneClassError, RocCurve, roc_curve

_PANEL_IN, _FOOT_IN, _DPI = 3.4, 0.9, 120
_GRID = "#E3E7EB"
_CHANCE = "#9AA5B1"
_INK = "#1B2129"

Draw = Callable[[Axes, ModelNumbers, int, ColorType], None]


def figures(evaluation: Evaluation) -> dict[str, bytes]:
    """PNG files by name. Lines: one per fold, a colour per model; the confusion of a model is that of its vote, or of
    its only fold."""
    return {
        "roc.png": _curves(evaluation, "ROC curves", ("false positive rate", "true positive rate"), _draw_roc),
        "precision_recall.png": _curves(evaluation, "Precision and recall", ("recall", "precision"), _draw_precision),
        "reliability.png": _curves(
            evaluation, "Reliability: ten bins", ("mean probability", "share that is positive"), _draw_reliability
        ),
        "confusion.png": _confusions(evaluation),
    }


def precision_recall(curve: RocCurve, positives: int, negatives: int) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision at every threshold of a ROC curve but the first, which calls nothing positive.

    >>> recall, precision = precision_recall(roc_curve([0, 1], [0.2, 0.7]), 1, 1)
    >>> recall.tolist(), precision.tolist()
    ([1.0, 1.0], [1.0, 0.5])
    """
    hits = curve.true_positive_rate[1:] * positives
    false = curve.false_positive_rate[1:] * negatives
    return curve.true_positive_rate[1:], hits / (hits + false)


def _curves(evaluation: Evaluation, heading: str, axes: tuple[str, str], draw: Draw) -> bytes:
    figure, panels = _grid(1, evaluation.patterns)
    models = list(dict.fromkeys(one.joined.model for one in evaluation.models))
    colors = {model: colormaps["tab10"](i % 10) for i, model in enumerate(models)}
    for p, panel in enumerate(panels[0]):
        for one in evaluation.models:
            draw(panel, one, p, colors[one.joined.model])
        panel.set_title(evaluation.patterns[p], fontsize=10)
        panel.set(xlabel=axes[0], ylabel=axes[1] if p == 0 else "", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        panel.grid(color=_GRID)
        if heading != "Precision and recall":
            panel.plot([0, 1], [0, 1], color=_CHANCE, linestyle="dashed", linewidth=0.8)
    for model in models:
        panels[0][0].plot([], [], color=colors[model], label=model)
    figure.legend(loc="lower center", ncols=min(4, len(models)), fontsize=8, frameon=False)
    return _png(figure, f"{heading}, {evaluation.options.level} level")


def _draw_roc(panel: Axes, one: ModelNumbers, p: int, color: ColorType) -> None:
    curve = _curve(one, p)
    if curve is not None:
        panel.plot(curve.false_positive_rate, curve.true_positive_rate, color=color, linewidth=1, alpha=0.8)


def _draw_precision(panel: Axes, one: ModelNumbers, p: int, color: ColorType) -> None:
    curve, counts = _curve(one, p), one.per_pattern[p].plain
    if curve is not None:
        recall, precision = precision_recall(curve, counts.positives, counts.negatives)
        panel.plot(recall, precision, color=color, linewidth=1, alpha=0.8)


def _draw_reliability(panel: Axes, one: ModelNumbers, p: int, color: ColorType) -> None:
    found = one.per_pattern[p].reliability
    filled = found.counts > 0
    panel.plot(
        found.mean_probability[filled],
        found.observed_share[filled],
        color=color,
        linewidth=1,
        marker="o",
        markersize=3,
        alpha=0.8,
    )


def _confusions(evaluation: Evaluation) -> bytes:
    voted = {one.joined.model: one for one in evaluation.ensembles if one.joined.fold == VOTE}
    shown = [voted.get(model, first) for model, first in _first_folds(evaluation.models).items()]
    figure, panels = _grid(len(shown), evaluation.patterns)
    for row, one in zip(panels, shown, strict=True):
        for p, panel in enumerate(row):
            counts = one.classification.confusions[p]
            table = np.array(
                [[counts.true_negatives, counts.false_positives], [counts.false_negatives, counts.true_positives]]
            )
            panel.imshow(table, cmap="Blues", aspect="auto", vmin=0, vmax=max(1, 1.6 * table.max()))
            for (i, j), count in np.ndenumerate(table):
                panel.text(j, i, str(count), ha="center", va="center", color=_INK)
            panel.set_xticks([0, 1], ["called absent", "called present"], fontsize=7)
            panel.set_yticks([0, 1], ["absent", "present"], fontsize=7, rotation=90, va="center")
            panel.set_title(f"{one.joined.model}, {one.joined.fold}: {evaluation.patterns[p]}", fontsize=8)
    return _png(figure, f"Confusion, {evaluation.options.level} level")


def _first_folds(models: Sequence[ModelNumbers]) -> dict[str, ModelNumbers]:
    found: dict[str, ModelNumbers] = {}
    for one in models:
        found.setdefault(one.joined.model, one)
    return found


def _curve(one: ModelNumbers, p: int) -> RocCurve | None:
    try:
        return roc_curve(one.joined.labels[:, p], one.joined.values[:, p])
    except OneClassError:
        return None


def _grid(n_rows: int, patterns: Sequence[str]) -> tuple[Figure, list[list[Axes]]]:
    height = n_rows * _PANEL_IN + _FOOT_IN
    figure = Figure(figsize=(_PANEL_IN * len(patterns), height), dpi=_DPI, facecolor="white")
    panels = figure.subplots(n_rows, len(patterns), squeeze=False)
    return figure, [list(row) for row in panels]


def _png(figure: Figure, heading: str) -> bytes:
    height = figure.get_figheight()
    figure.suptitle(heading, fontsize=11, y=1 - 0.1 / height, va="top")
    figure.text(0.995, 0.01, RESEARCH_USE, fontsize=6, ha="right", color=_CHANCE)
    figure.tight_layout(rect=(0, 0.5 / height, 1, 1 - 0.3 / height))
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()
