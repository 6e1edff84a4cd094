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
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from luv_viewer import RESEARCH_USE
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import NO_PATTERN_ATTENTION, Prediction
from luv_viewer.domain.span import Span

RANK_LETTERS = "ABC"

_CURVE = "#F28E1C"
_TOP = "#E0202B"
_TRUTH = "#2E8B3D"
_INK = "#1B2129"
_MUTED = "#55606C"
_DIM = 0.35
_WIDTH_IN, _ROW_IN, _HEAD_IN, _FOOT_IN = 13.0, 2.75, 1.0, 0.55
_DPI = 110
_FONT = "DejaVu Sans"
_LETTER_ROOM = 0.022  # of the width of the axis
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
        _draw_curve(axes, prediction, row, spans if ground_truth is not None else None)
        present = bool(prediction.present[row])
        for rank, frame in enumerate(prediction.top_frames[row]):
            _draw_frame(figure.add_subplot(grid[row, 1 + rank]), cine, frame, RANK_LETTERS[rank], present)
    _draw_margins(figure, name, prediction, height_in)
    return figure


def _draw_curve(axes: Axes, prediction: Prediction, row: int, truth: Sequence[Span] | None) -> None:
    pattern = prediction.patterns[row]
    present = bool(prediction.present[row])
    alpha = 1.0 if present else _DIM
    curve = prediction.frame_attention[:, row]
    numbers = np.arange(1, prediction.n_frames + 1)
    marker = "o" if prediction.n_frames == 1 else ""
    if prediction.has_attention:
        axes.plot(numbers, curve, color=_CURVE, lw=1.8, alpha=alpha, marker=marker, label="scaled attention", zorder=2)
    if truth is not None:
        axes.plot(
            numbers, _truth_line(truth, prediction.n_frames), color=_TRUTH, ls="--", lw=1.2, drawstyle="steps-mid"
        )
        axes.lines[-1].set_label("ground truth")
    top = list(prediction.top_frames[row])
    if top:
        label = f"top-{len(top)} frames" if len(top) > 1 else "top frame"
        edge = (0.0, 0.0, 0.0, alpha)
        axes.scatter(
            [f + 1 for f in top], curve[top], s=46, color=_TOP, edgecolor=edge, alpha=alpha, zorder=3, label=label
        )
    _letter_top_frames(axes, top, curve, prediction.n_frames)
    axes.set_title(f"Scaled Attention Scores for {pattern.value}", loc="left", fontsize=11, color=_INK, pad=22)
    verdict = _verdict(prediction, row)
    axes.text(0, 1.05, verdict, transform=axes.transAxes, fontsize=9, color=_INK if present else _MUTED)
    axes.set_ylim(-0.06, 1.22)
    axes.set_yticks([0, 0.5, 1])
    margin = max(0.5, 0.02 * prediction.n_frames)
    axes.set_xlim(1 - margin, prediction.n_frames + margin)
    axes.set_xticks(_frame_ticks(prediction.n_frames))
    axes.set_xlabel("frame", loc="right", color=_MUTED, fontsize=8)
    axes.tick_params(labelsize=8, colors=_MUTED, length=3)
    axes.grid(axis="y", color="#E3E7EB", lw=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#AEB7C0")
    axes.text(0.5, 0.5, _why_no_curve(prediction, row), transform=axes.transAxes, ha="center", color=_MUTED)
    if axes.lines:
        axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.1), ncols=3, fontsize=8, frameon=False, borderaxespad=0.2)


def _why_no_curve(prediction: Prediction, row: int) -> str:
    """Empty where the curve says something."""
    if not prediction.has_attention:
        return NO_PATTERN_ATTENTION
    if not prediction.constant_attention[row]:
        return ""
    return "one frame: nothing to compare" if prediction.n_frames == 1 else "attention is the same on every frame"


def _letter_top_frames(axes: Axes, top: Sequence[int], curve: NDArray[np.floating], n_frames: int) -> None:
    """A B C above the dots; over frames too close for a letter each, side by side above the highest of them."""
    room = _LETTER_ROOM * max(n_frames, 2)
    clusters: list[list[int]] = []
    for frame in sorted(top):
        if clusters and frame - clusters[-1][-1] < 1.5 * room:
            clusters[-1].append(frame)
        else:
            clusters.append([frame])
    for cluster in clusters:
        y = min(max(float(curve[frame]) for frame in cluster) + 0.09, 1.1)
        first = float(np.mean(cluster)) + 1 - room * (len(cluster) - 1) / 2
        for place, frame in enumerate(cluster):
            letter = RANK_LETTERS[top.index(frame)]
            axes.text(first + place * room, y, letter, ha="center", va="bottom", fontsize=9, weight="bold", color=_INK)


def _frame_ticks(n_frames: int) -> list[int]:
    """Frame 1, then the round numbers up to the last frame.

    >>> _frame_ticks(152), _frame_ticks(3)
    ([1, 20, 40, 60, 80, 100, 120, 140], [1, 2, 3])
    """
    steps = MaxNLocator(nbins=10, integer=True, steps=[1, 2, 5, 10]).tick_values(0, n_frames)
    return [1, *(int(tick) for tick in steps if 1 < tick <= n_frames)]


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


def _draw_frame(axes: Axes, cine: Cine, frame: int, letter: str, present: bool) -> None:
    x0, y0, x1, y1 = cine.region
    axes.imshow(cine.frame(frame)[y0:y1, x0:x1], interpolation="antialiased")
    axes.set_axis_off()
    axes.set_title(f"({letter}) frame {frame + 1}", fontsize=9, color=_INK if present else _MUTED, pad=4)


def _draw_margins(figure: Figure, name: str, prediction: Prediction, height_in: float) -> None:
    frames = "1 frame" if prediction.n_frames == 1 else f"{prediction.n_frames} frames"
    head = f"{_drawable(name, _HEAD_CHARACTERS)}   {frames}"
    figure.text(0.05, 1 - 0.16 / height_in, head, fontsize=13, weight="bold", va="top", color=_INK, parse_math=False)
    made = prediction.provenance
    clips = f"stride {made.stride}, tail {made.tail}"
    if not prediction.is_complete:
        clips += f", unfinished: {prediction.clips_done} of {len(prediction.clip_spans)} clips"
    origin = f"checkpoint {made.checkpoint} {made.version}, {made.device}, {made.precision}, {clips}"
    figure.text(0.05, 0.14 / height_in, RESEARCH_USE, fontsize=9, weight="bold", color=_INK)
    figure.text(
        0.99,
        0.14 / height_in,
        _drawable(origin, _ORIGIN_CHARACTERS),
        fontsize=8,
        color=_MUTED,
        ha="right",
        parse_math=False,
    )


def _drawable(text: str, longest: int) -> str:
    """`text` with what the bundled font cannot draw as an empty box, long names shortened in the middle."""
    font = get_font(findfont(FontProperties(family=_FONT)))
    shown = "".join(c if font.get_char_index(ord(c)) else "\N{WHITE SQUARE}" for c in text)
    return shown if len(shown) <= longest else f"{shown[: longest - 40]} ... {shown[-35:]}"
