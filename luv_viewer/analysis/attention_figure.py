"""The paper's attention figure of one video: per pattern the scaled curve, its top frames, and those frames beside it.

Drawn through matplotlib's object interface on its own Agg canvas: no global state, safe in any thread.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from numpy.typing import NDArray

from luv_viewer import RESEARCH_USE
from luv_viewer.analysis.attention_curve import INK, MUTED, RANK_LETTERS, AttentionCurve, draw_curve, drawable
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import NO_PATTERN_ATTENTION, Prediction
from luv_viewer.domain.span import Span

_DIM = 0.35
_WIDTH_IN, _ROW_IN, _HEAD_IN, _FOOT_IN = 13.0, 2.75, 1.0, 0.55
_DPI = 110
_HEAD_CHARACTERS, _ORIGIN_CHARACTERS = 70, 110


class Cine(Protocol):
    """Where the frames come from: `luv_viewer.domain.video.Video` is one."""

    @property
    def region(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1), half-open, pixels: the part of each frame that is drawn."""

    def frame(self, i: int, /) -> NDArray[np.uint8]:
        """Frame i as (H, W, 3) uint8 RGB."""


def attention_png(
    name: str, cine: Cine, prediction: Prediction, ground_truth: Mapping[Pattern, Sequence[Span]] | None = None
) -> bytes:
    """`attention_figure` as the bytes of a PNG file."""
    figure = attention_figure(name, cine, prediction, ground_truth)
    stream = io.BytesIO()
    figure.canvas.print_png(stream)  # type: ignore[attr-defined]
    return stream.getvalue()


def attention_figure(
    name: str, cine: Cine, prediction: Prediction, ground_truth: Mapping[Pattern, Sequence[Span]] | None = None
) -> Figure:
    """One row per pattern: the attention scaled by equation 8 over frames numbered from 1, the top frames as red dots
    A B C by rank, and these frames beside it; neither where attention is constant, and a sentence instead of a
    curve where the network has no pattern attention. The curve of a pattern below its
    threshold is dimmed.

    name: the heading, never a patient name. ground_truth: spans where a reader saw the pattern, drawn as a green
    dashed line of 0 and 1. Raises what `cine.frame` raises.
    """
    n_rows = len(prediction.patterns)
    height_in = _HEAD_IN + n_rows * _ROW_IN + _FOOT_IN
    figure = Figure(figsize=(_WIDTH_IN, height_in), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    grid = GridSpec(
        n_rows,
        4,
        figure=figure,
        width_ratios=(2.9, 1, 1, 1),
        left=0.05,
        right=0.99,
        top=1 - _HEAD_IN / height_in,
        bottom=_FOOT_IN / height_in + 0.035,
        hspace=0.62,
        wspace=0.05,
    )
    for row, pattern in enumerate(prediction.patterns):
        spans = () if ground_truth is None else ground_truth.get(pattern, ())
        axes = figure.add_subplot(grid[row, 0])
        _draw_row(axes, prediction, row, spans if ground_truth is not None else None)
        present = bool(prediction.present[row])
        for rank, frame in enumerate(prediction.top_frames[row]):
            draw_frame(figure.add_subplot(grid[row, 1 + rank]), cine, frame, RANK_LETTERS[rank], present)
    _draw_margins(figure, name, prediction, height_in)
    return figure


def _draw_row(axes: Axes, prediction: Prediction, row: int, truth: Sequence[Span] | None) -> None:
    draw_curve(
        axes,
        AttentionCurve(
            title=f"Scaled Attention Scores for {prediction.patterns[row].value}",
            said=_verdict(prediction, row),
            n_shown=prediction.n_frames,
            scaled=prediction.frame_attention[:, row] if prediction.has_attention else None,
            truth=None if truth is None else _truth_line(truth, prediction.n_frames),
            top=prediction.top_frames[row],
            why_none=_why_no_curve(prediction, row),
            alpha=1.0 if prediction.present[row] else _DIM,
        ),
    )


def _why_no_curve(prediction: Prediction, row: int) -> str:
    """Empty where the curve says something."""
    if not prediction.has_attention:
        return NO_PATTERN_ATTENTION
    if not prediction.constant_attention[row]:
        return ""
    return "one frame: nothing to compare" if prediction.n_frames == 1 else "attention is the same on every frame"


def _truth_line(spans: Sequence[Span], n_frames: int) -> NDArray[np.float64]:
    line = np.zeros(n_frames)
    for span in spans:
        line[span.start : span.stop] = 1.0
    return line


def _verdict(prediction: Prediction, row: int) -> str:
    probability = prediction.video_probabilities[row]
    if np.isnan(probability):
        return "not assessed"
    word = "present" if prediction.present[row] else "below threshold"
    return f"probability {probability:.2f}, threshold {prediction.thresholds[row]:.2f}: {word}"


def draw_frame(axes: Axes, cine: Cine, frame: int, letter: str, present: bool) -> None:
    x0, y0, x1, y1 = cine.region
    axes.imshow(cine.frame(frame)[y0:y1, x0:x1], interpolation="antialiased")
    axes.set_axis_off()
    axes.set_title(f"({letter}) frame {frame + 1}", fontsize=9, color=INK if present else MUTED, pad=4)


def _draw_margins(figure: Figure, name: str, prediction: Prediction, height_in: float) -> None:
    frames = "1 frame" if prediction.n_frames == 1 else f"{prediction.n_frames} frames"
    head = f"{drawable(name, _HEAD_CHARACTERS)}   {frames}"
    figure.text(0.05, 1 - 0.16 / height_in, head, fontsize=13, weight="bold", va="top", color=INK, parse_math=False)
    made = prediction.provenance
    clips = f"stride {made.stride}, tail {made.tail}"
    if not prediction.is_complete:
        clips += f", unfinished: {prediction.clips_done} of {len(prediction.clip_spans)} clips"
    origin = f"checkpoint {made.checkpoint} {made.version}, {made.device}, {made.precision}, {clips}"
    figure.text(0.05, 0.14 / height_in, RESEARCH_USE, fontsize=9, weight="bold", color=INK)
    figure.text(
        0.99,
        0.14 / height_in,
        drawable(origin, _ORIGIN_CHARACTERS),
        fontsize=8,
        color=MUTED,
        ha="right",
        parse_math=False,
    )
