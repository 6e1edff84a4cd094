"""One panel of attention over frames: the scaled curve, the ground truth and the lettered top frames on it.

Drawn through matplotlib's object interface, for the figure of a video and for those of clips alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

INK = "#1B2129"
MUTED = "#55606C"
CURVE = "#F28E1C"
TRUTH = "#2E8B3D"
RANK_LETTERS = "ABC"
FONT = "DejaVu Sans"

_TOP = "#E0202B"
_GRID = "#E3E7EB"
_LETTER_ROOM = 0.022  # of the width of the axis


@dataclass(frozen=True, eq=False)
class AttentionCurve:
    """title: over the panel; said: the line under it. scaled: (n,) in [0, 1], NaN where there is none; None: no curve.
    truth: (n,) of 0 and 1, None where unknown. top: indices of the top frames by rank, at most 3. n_shown: frames of
    the x axis. why_none: what stands in the panel instead of a curve that says something. alpha: 1, or less to dim."""

    title: str
    said: str
    n_shown: int
    scaled: NDArray[np.floating] | None
    truth: NDArray[np.floating] | None = None
    top: tuple[int, ...] = ()
    why_none: str = ""
    alpha: float = 1.0


def draw_curve(axes: Axes, curve: AttentionCurve) -> None:
    """Frames from 1 on x; orange the attention scaled by equation 8, green dashed the truth, red dots with a black edge
    the top frames, lettered by rank; a legend below."""
    if curve.scaled is not None:
        numbers = np.arange(1, len(curve.scaled) + 1)
        marker = "o" if len(numbers) == 1 else ""
        axes.plot(
            numbers, curve.scaled, color=CURVE, lw=1.8, alpha=curve.alpha, marker=marker, label="scaled attention"
        )
        axes.lines[-1].set_zorder(2)
    if curve.truth is not None:
        numbers = np.arange(1, len(curve.truth) + 1)
        axes.plot(numbers, curve.truth, color=TRUTH, ls="--", lw=1.2, drawstyle="steps-mid", label="ground truth")
    top = list(curve.top)
    if top and curve.scaled is not None:
        label = f"top-{len(top)} frames" if len(top) > 1 else "top frame"
        at = ([f + 1 for f in top], curve.scaled[top])
        edge = (0.0, 0.0, 0.0, curve.alpha)
        axes.scatter(*at, s=46, color=_TOP, edgecolor=edge, alpha=curve.alpha, zorder=3, label=label)
        _letter_top_frames(axes, top, curve.scaled, curve.n_shown)
    axes.set_title(curve.title, loc="left", fontsize=11, color=INK, pad=22)
    axes.text(0, 1.05, curve.said, transform=axes.transAxes, fontsize=9, color=INK if curve.alpha == 1 else MUTED)
    axes.set_ylim(-0.06, 1.22)
    axes.set_yticks([0, 0.5, 1])
    style_frames(axes, curve.n_shown)
    axes.text(0.5, 0.5, curve.why_none, transform=axes.transAxes, ha="center", color=MUTED)
    if axes.lines:
        axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.1), ncols=3, fontsize=8, frameon=False, borderaxespad=0.2)


def style_frames(axes: Axes, n_shown: int) -> None:
    """An x axis of frames 1 to n_shown, quiet lines."""
    margin = max(0.5, 0.02 * n_shown)
    axes.set_xlim(1 - margin, n_shown + margin)
    axes.set_xticks(frame_ticks(n_shown))
    axes.set_xlabel("frame", loc="right", color=MUTED, fontsize=8)
    axes.tick_params(labelsize=8, colors=MUTED, length=3)
    axes.grid(axis="y", color=_GRID, lw=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#AEB7C0")


def frame_ticks(n_frames: int) -> list[int]:
    """Frame 1, then the round numbers up to the last frame.

    >>> frame_ticks(152), frame_ticks(3)
    ([1, 20, 40, 60, 80, 100, 120, 140], [1, 2, 3])
    """
    steps = MaxNLocator(nbins=10, integer=True, steps=[1, 2, 5, 10]).tick_values(0, n_frames)
    return [1, *(int(tick) for tick in steps if 1 < tick <= n_frames)]


def drawable(text: str, longest: int) -> str:
    """`text` with what the bundled font cannot draw as an empty box, long names shortened in the middle."""
    font = get_font(findfont(FontProperties(family=FONT)))
    shown = "".join(c if font.get_char_index(ord(c)) else "\N{WHITE SQUARE}" for c in text)
    return shown if len(shown) <= longest else f"{shown[: longest - 40]} ... {shown[-35:]}"


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
            axes.text(first + place * room, y, letter, ha="center", va="bottom", fontsize=9, weight="bold", color=INK)
