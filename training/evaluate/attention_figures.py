"""Figures of attention on clips (systems 5.4): Figures 3 and 4, raw, per head, and the sheet of top frames."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from luv_viewer import RESEARCH_USE
from luv_viewer.analysis.attention_curve import (
    CURVE,
    INK,
    MUTED,
    RANK_LETTERS,
    TRUTH,
    AttentionCurve,
    draw_curve,
    drawable,
    style_frames,
)
from luv_viewer.analysis.attention_figure import draw_frame
from luv_viewer.domain.span_set import SpanSet
from model.attention import top_frames
from training.evaluate.attention_example import Example

_DPI = 110
_HEAD_IN, _FOOT_IN = 0.85, 0.5
_LONGEST_LINE = 110
_CHARACTERS_PER_IN = 9.5
"""Of a bold heading."""


def figure_png(figure: Figure) -> bytes:
    """The bytes of a PNG file."""
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()


def scaled_figure(rows: Sequence[tuple[Example, str]], heading: str) -> Figure:
    """Figures 3 and 4 of the paper: a row per example and pattern, the scaled attention (equation 8) of the clip's real
    frames, the truth, the top frames, and beside it these frames (A), (B), (C) where there are pictures.

    Raises StudyError when a frame cannot be decoded.
    """
    has_pictures = any(example.cine is not None for example, _ in rows)
    height = _HEAD_IN + 2.75 * len(rows) + _FOOT_IN
    figure = Figure(figsize=(13.0 if has_pictures else 8.0, height), dpi=_DPI, facecolor="white")
    grid = GridSpec(
        len(rows),
        4 if has_pictures else 1,
        figure=figure,
        width_ratios=(2.9, 1, 1, 1) if has_pictures else None,
        left=0.05,
        right=0.99,
        top=1 - (_HEAD_IN + 0.35) / height,
        bottom=(_FOOT_IN + 0.35) / height,
        hspace=0.62,
        wspace=0.05,
    )
    for row, (example, pattern) in enumerate(rows):
        _, top = example.curve(pattern)
        draw_curve(figure.add_subplot(grid[row, 0]), _panel(example, pattern))
        if example.cine is None:
            continue
        for rank, frame in enumerate(top):
            draw_frame(figure.add_subplot(grid[row, 1 + rank]), example.cine, frame, RANK_LETTERS[rank], present=True)
    return _headed(figure, heading)


def raw_figure(example: Example, heading: str) -> Figure:
    """A 2 x 2 of the raw attention, mean over heads, which sums to 1 over the clip; the truth shaded in green.

    Of a table without heads the sum over them is drawn, and said.
    """
    patterns = example.clip.patterns
    rows = math.ceil(len(patterns) / 2)
    figure = Figure(figsize=(11.0, _HEAD_IN + 2.4 * rows + _FOOT_IN), dpi=_DPI, facecolor="white")
    panels = figure.subplots(rows, 2, squeeze=False).ravel()
    n = len(example.clip.span)
    values = example.clip.attention.mean(axis=2)[:, :n]
    for panel, pattern, mean in zip(panels, patterns, values, strict=False):
        panel.plot(np.arange(1, n + 1), mean, color=CURVE, lw=1.6, marker="o", ms=2.5)
        panel.axhline(mean.sum() / n, color=MUTED, lw=0.8, ls=":")
        _style_raw(panel, example, pattern, float(values.max()))
    for panel in panels[len(patterns) :]:
        panel.set_axis_off()
    what = "mean over heads" if example.clip.has_heads else "sum over heads"
    figure.tight_layout(rect=_inside(figure))
    return _headed(figure, f"{heading}   raw attention, {what}", "dotted: uniform attention; green: labelled frames")


def heads_figure(example: Example, heading: str) -> Figure:
    """A 4 x 1 of the raw attention of every head, each of which sums to 1 over the clip. Raises ValueError where the
    table has no heads."""
    if not example.clip.has_heads:
        raise ValueError(f"the attention of {example.clip.clip_id} is a sum over heads")
    patterns, n = example.clip.patterns, len(example.clip.span)
    figure = Figure(figsize=(11.0, _HEAD_IN + 2.1 * len(patterns) + _FOOT_IN), dpi=_DPI, facecolor="white")
    panels = figure.subplots(len(patterns), 1, squeeze=False)[:, 0]
    values = example.clip.attention[:, :n]
    n_heads = values.shape[2]
    for panel, pattern, by_head in zip(panels, patterns, values, strict=True):
        for head, weights in enumerate(by_head.T):
            color = colormaps["tab10"](head % 10)
            panel.plot(np.arange(1, n + 1), weights, color=color, lw=1.1, label=f"head {head + 1}")
        _style_raw(panel, example, pattern, float(values.max()))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.tight_layout(rect=_inside(figure))
    figure.legend(handles, labels, loc="lower right", ncols=min(8, n_heads), fontsize=8, frameon=False)
    return _headed(figure, f"{heading}   raw attention per head, green: labelled")


def sheet_figure(example: Example, heading: str, k: int) -> Figure:
    """A row per pattern with its k top frames by rank; in each title the frame's own number and its score for the
    pattern of that row: scaled (equation 8), and raw as the mean over heads.

    Raises StudyError when a frame cannot be decoded, ValueError without pictures.
    """
    if example.cine is None:
        raise ValueError(f"there are no pictures of {example.clip.clip_id}")
    patterns = example.clip.patterns
    figure = Figure(figsize=(2.3 * k + 0.6, _HEAD_IN + 2.45 * len(patterns) + _FOOT_IN), dpi=_DPI, facecolor="white")
    height = figure.get_figheight()
    room = {"left": 0.05, "right": 0.99, "top": 1 - 1.15 * _HEAD_IN / height, "bottom": 0.8 * _FOOT_IN / height}
    panels = figure.subplots(len(patterns), k, squeeze=False, gridspec_kw={**room, "hspace": 0.2, "wspace": 0.05})
    n = len(example.clip.span)
    for row, pattern, raw in zip(panels, patterns, example.clip.attention.mean(axis=2)[:, :n], strict=True):
        curve, best = example.curve(pattern)
        top = top_frames(example.clip.real[patterns.index(pattern)], k) if best else ()
        for panel in row:
            panel.set_xticks([])
            panel.set_yticks([])
            panel.set_frame_on(False)
        for rank, (panel, frame) in enumerate(zip(row, top, strict=False), start=1):
            x0, y0, x1, y1 = example.cine.region
            panel.imshow(example.cine.frame(frame)[y0:y1, x0:x1], interpolation="antialiased")
            panel.set_title(f"{rank}. frame {frame + 1}: {curve[frame]:.2f}\n(raw {raw[frame]:.4f})", fontsize=8)
        row[0].set_ylabel(pattern, fontsize=10, color=INK)
        if not best:
            row[0].text(0.5, 0.5, "attention is the same\non every frame", ha="center", color=MUTED, fontsize=8)
    return _headed(figure, f"{heading}   top-{k} frames")


def _panel(example: Example, pattern: str) -> AttentionCurve:
    curve, top = example.curve(pattern)
    said = f"{example.clip.clip_id}, {example.said.get(pattern, '')}"
    return AttentionCurve(
        title=f"Scaled Attention Scores for {pattern}",
        said=drawable(said.rstrip(", "), _LONGEST_LINE),
        n_shown=max(example.clip.attention.shape[1], len(curve)),
        scaled=curve,
        truth=example.truth[pattern],
        top=top,
        why_none="" if top else "attention is the same on every frame",
    )


def _style_raw(panel: Axes, example: Example, pattern: str, highest: float) -> None:
    truth = example.truth[pattern]
    top = highest * 1.12 or 1.0
    if truth is not None:
        for span in SpanSet.from_mask(truth == 1):
            panel.axvspan(span.start + 0.5, span.stop + 0.5, color=TRUTH, alpha=0.13, lw=0)
    panel.set_ylim(0, top)
    panel.set_title(pattern, loc="left", fontsize=10, color=INK)
    panel.ticklabel_format(axis="y", style="plain", useOffset=False)
    style_frames(panel, example.clip.attention.shape[1])


def _inside(figure: Figure) -> tuple[float, float, float, float]:
    height = figure.get_figheight()
    return (0, 0.8 * _FOOT_IN / height, 1, 1 - 0.75 * _HEAD_IN / height)


def _headed(figure: Figure, heading: str, foot: str = "") -> Figure:
    """heading: as far as the page is wide. foot: what signs mean, at the lower right."""
    height = figure.get_figheight()
    longest = max(45, int(_CHARACTERS_PER_IN * figure.get_figwidth()))
    figure.text(0.02, 1 - 0.16 / height, drawable(heading, longest), fontsize=11, weight="bold", va="top")
    figure.texts[-1].set_parse_math(False)
    figure.text(0.02, 0.12 / height, RESEARCH_USE, fontsize=8, weight="bold", color=INK)
    figure.text(0.99, 0.12 / height, foot, fontsize=8, color=MUTED, ha="right")
    return figure
