"""What each lane of the timeline shows: values made from a prediction, free of Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.ai_summary import told_apart
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.span import Span

FloatArray = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Lane:
    """One pattern's row.

    curve: (T,) scaled attention in [0, 1], NaN where nothing is drawn.
    waiting: frames the network has not assessed.
    probability, threshold: None when not assessed.
    key_frames: frame indices by rank, shown as A B C. flat: the curve is constant, so no frame stands out.
    has_attention: False when the network has no pattern attention, so that there is no curve.
    """

    pattern: Pattern
    curve: FloatArray
    waiting: tuple[Span, ...]
    probability: float | None = None
    threshold: float | None = None
    key_frames: tuple[int, ...] = ()
    flat: bool = False
    has_attention: bool = True

    @property
    def present(self) -> bool:
        """True when the probability reaches the threshold."""
        return self.probability is not None and self.threshold is not None and self.probability >= self.threshold

    @property
    def verdict(self) -> str:
        """The probability and what it means, short: "0.91 present", "0.08 below 0.18", "not assessed"."""
        if self.probability is None or self.threshold is None:
            return "not assessed"
        if self.present:
            return f"{self.probability:.2f} present"
        probability, threshold = told_apart(self.probability, self.threshold)
        return f"{probability} below {threshold}"

    @property
    def sentence(self) -> str:
        """The verdict in full: "B-lines present, 0.91 (threshold 0.18)"."""
        return verdict_sentence(self.pattern, self.probability, self.threshold)


def verdict_sentence(pattern: Pattern, probability: float | None, threshold: float | None) -> str:
    """A pattern's state as said on screen.

    >>> verdict_sentence(Pattern.B_LINE, 0.91, 0.18)
    'B-lines present, 0.91 (threshold 0.18)'
    >>> verdict_sentence(Pattern.A_LINE, None, None)
    'A-lines not assessed'
    """
    if probability is None or threshold is None:
        return f"{pattern.plural} not assessed"
    state = "present" if probability >= threshold else "absent"
    numbers = told_apart(probability, threshold)
    return f"{pattern.plural} {state}, {numbers[0]} (threshold {numbers[1]})"


def known(value: float) -> float | None:
    """None for NaN, which stands for "not assessed" in arrays."""
    return None if np.isnan(value) else float(value)


def empty_lanes(n_frames: int) -> tuple[Lane, ...]:
    """The network's patterns before anything is known about a video of `n_frames` frames."""
    waiting = (Span(0, n_frames),) if n_frames else ()
    return tuple(Lane(pattern, np.full(n_frames, np.nan), waiting) for pattern in NETWORK_PATTERNS)


def video_lanes(prediction: Prediction) -> tuple[Lane, ...]:
    """Lanes with the whole video's curves, probabilities and key frames."""
    probabilities = prediction.video_probabilities
    return tuple(
        Lane(
            pattern=pattern,
            curve=prediction.frame_attention[:, p],
            waiting=_waiting(prediction, p),
            probability=known(probabilities[p]),
            threshold=float(prediction.thresholds[p]),
            key_frames=() if prediction.constant_attention[p] else prediction.top_frames[p],
            flat=bool(prediction.constant_attention[p]),
            has_attention=prediction.has_attention,
        )
        for p, pattern in enumerate(prediction.patterns)
    )


def clip_lanes(prediction: Prediction, clip: int) -> tuple[Lane, ...]:
    """Lanes with the curves of one clip alone, over its real frames; key frames are the clip's own.

    A clip that has not run yet is waiting, whatever its neighbours say.
    """
    span = prediction.span(clip)
    probabilities = prediction.probabilities[clip]
    has_run = not np.isnan(probabilities).any()
    curves = prediction.clip_curve(clip) if has_run else np.full((len(span), len(prediction.patterns)), np.nan)
    top_frames = prediction.clip_top_frames(clip)
    lanes = []
    for p, pattern in enumerate(prediction.patterns):
        curve = np.full(prediction.n_frames, np.nan)
        curve[span.start : span.stop] = curves[:, p]
        lanes.append(
            Lane(
                pattern=pattern,
                curve=curve,
                waiting=() if has_run else (span,),
                probability=known(probabilities[p]),
                threshold=float(prediction.thresholds[p]),
                key_frames=top_frames[p],
                flat=has_run and not curves[:, p].any(),
                has_attention=prediction.has_attention,
            )
        )
    return tuple(lanes)


def _waiting(prediction: Prediction, p: int) -> tuple[Span, ...]:
    """Frames that no clip that has run covers."""
    if prediction.has_attention:
        return _runs(np.isnan(prediction.frame_attention[:, p]))
    waits = np.ones(prediction.n_frames, dtype=bool)
    for start, stop in prediction.clip_spans[~np.isnan(prediction.probabilities).any(axis=1)]:
        waits[start:stop] = False
    return _runs(waits)


def _runs(mask: NDArray[np.bool_]) -> tuple[Span, ...]:
    """The runs of True in a mask, as spans."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return tuple(Span(int(start), int(stop)) for start, stop in edges.reshape(-1, 2))
