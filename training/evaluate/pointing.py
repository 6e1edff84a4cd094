"""How well attention points at labelled frames (systems 5.4): three numbers of one case, and their value by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.attention import min_max, top_frames
from training.statistics import auc

TOP_K = 3


@dataclass(frozen=True)
class Pointing:
    """One clip or video and one pattern.

    top_share: of the k = min(3, n) frames with the most attention, those inside the truth, as a fraction; mass: of the
    attention, what lies inside; area: AUC of the attention as a detector of labelled frames, ties 1/2; all 0 to 1.
    labelled_share: labelled frames / frames. That is, exactly, the mean of top_share over all equally likely choices of
    k different frames, and the mass of uniform attention; the area of both is 1/2.
    is_constant: the attention is the same on every frame, so that no frame stands out; the numbers are those of chance.
    """

    top_share: float
    mass: float
    area: float
    labelled_share: float
    is_constant: bool


def pointing(attention: ArrayLike, truth: ArrayLike) -> Pointing:
    """attention: (n,) raw, at least 0; truth: (n,) 1 where the frame is labelled. Ties of the top frames go to the
    earlier one. Raises ValueError without a labelled and an unlabelled frame.

    >>> pointing([0.1, 0.4, 0.3, 0.2], [0, 1, 1, 0])
    Pointing(top_share=0.6666666666666666, mass=0.7, area=1.0, labelled_share=0.5, is_constant=False)
    """
    values, labels = np.asarray(attention, dtype=np.float64), np.asarray(truth) == 1
    if values.ndim != 1 or values.shape != labels.shape:
        raise ValueError(f"attention and truth must be of the same frames, got {values.shape} and {labels.shape}")
    if labels.all() or not labels.any():
        raise ValueError("there must be a labelled and an unlabelled frame")
    share = float(labels.mean())
    if scaled(values)[1]:
        return Pointing(share, share, 0.5, share, is_constant=True)
    top = list(top_frames(values, TOP_K))
    return Pointing(
        top_share=float(labels[top].mean()),
        mass=float(values[labels].sum() / values.sum()),
        area=float(auc(labels, values)),
        labelled_share=share,
        is_constant=False,
    )


def scaled(attention: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """(n,) scaled by equation 8, and whether it is constant; then all 0."""
    curve, constant = min_max(attention[:, None])
    return curve[:, 0], bool(constant[0])
