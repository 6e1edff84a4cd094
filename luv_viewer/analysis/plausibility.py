"""Is this picture anything like lung ultrasound? A conservative test that runs before the network.

A network gives a number for any input. The rules here keep it from giving one for inputs that are plainly something
else: an empty frame, noise, a page, a colour photograph. They are *not* a detector of lung ultrasound: a picture of
the heart, a grey photograph or one with little colour passes. The limits lie far from every one of the 247 lung clips
of the development data (worst case in brackets):

* shorter side of the region below 32 px (139 px);
* grey values of the 1st to 99th percentile within 10 of 255 levels (48): an empty or uniform frame;
* correlation of neighbouring pixels below 0.3 both ways (0.85): noise, since speckle has a size of several pixels;
* median grey level 190 or more (128 on average): a page, a form, a diagram;
* colour of more than 40 levels between the channels on over a quarter of the pixels (0.5 %), unless it is the one
  tint that some scanners give all greys (colour then follows grey exactly): a photograph. A colour Doppler box is
  smaller than that on all 22 real ultrasound files of the development data;
* a DICOM Modality (0008,0060) that is stated and is neither US nor OT ("other", as screen captures have): CT, MR, ...

A video is refused only when its first, middle and last frame each break a rule.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

POSSIBLE_MODALITIES = ("", "US", "OT")
MIN_SIDE_PX = 32
MIN_GREY_RANGE = 10.0
MIN_NEIGHBOUR_CORRELATION = 0.3
MAX_MEDIAN_GREY = 190.0
COLOUR_LEVELS = 40
MAX_COLOURED_FRACTION = 0.25
TINT_LEVELS = 10
MAX_OFF_TINT_FRACTION = 0.15

_GREY_BIN = 8
_SAMPLED_SIDE = 256


class FrameSource(Protocol):
    """What is looked at: `luv_viewer.domain.video.Video` is one."""

    @property
    def n_frames(self) -> int:
        """Number of frames, T."""

    @property
    def region(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1), half-open, pixels."""

    @property
    def modality(self) -> str:
        """DICOM's Modality, empty when unknown."""

    def frame(self, i: int, /) -> NDArray[np.uint8]:
        """Frame i as (H, W, 3) uint8 RGB."""


def why_implausible(video: FrameSource) -> str | None:
    """A sentence saying why `video` cannot be lung ultrasound, or None when nothing speaks against it.

    Reads one frame of a plausible video, at most three of another, cropped to the region. Raises what `frame` raises.
    """
    if video.modality not in POSSIBLE_MODALITIES:
        return f"its modality is {video.modality}, not ultrasound (US)"
    x0, y0, x1, y1 = video.region
    if min(x1 - x0, y1 - y0) < MIN_SIDE_PX:
        return f"the image is only {x1 - x0} x {y1 - y0} pixels, too small for lung ultrasound"
    reason = None
    for i in dict.fromkeys((0, video.n_frames // 2, video.n_frames - 1)):
        reason = frame_problem(video.frame(i)[y0:y1, x0:x1])
        if reason is None:
            return None
    return reason


def frame_problem(frame: NDArray[np.uint8]) -> str | None:
    """The rule that one frame (H, W, 3) uint8 RGB breaks, as part of a sentence, or None.

    >>> frame_problem(np.zeros((64, 64, 3), np.uint8))
    'the frames are empty or of one brightness'
    """
    levels = frame.astype(np.int16)
    grey = levels.mean(axis=2)
    low, high = np.percentile(grey, [1, 99])
    if high - low < MIN_GREY_RANGE:
        return "the frames are empty or of one brightness"
    if _neighbour_correlation(grey) < MIN_NEIGHBOUR_CORRELATION:
        return "the frames look like noise and not like lung ultrasound"
    if np.median(grey) >= MAX_MEDIAN_GREY:
        return "the frames are mostly white, as a page is, and not like lung ultrasound"
    if _is_colour_picture(levels):
        return "the frames look like a colour photograph and not like lung ultrasound"
    return None


def _neighbour_correlation(grey: NDArray[np.floating]) -> float:
    """Correlation of a pixel with its right or its lower neighbour, the larger one: fine stripes are not noise."""
    found: list[float] = []
    for one, other in ((grey[:, :-1], grey[:, 1:]), (grey[:-1], grey[1:])):
        spread = one.std() * other.std()
        covariance = float(np.mean((one - one.mean()) * (other - other.mean())))
        found.append(covariance / spread if spread > 0 else 1.0)
    return max(found)


def _is_colour_picture(levels: NDArray[np.int16]) -> bool:
    step = max(1, min(levels.shape[:2]) // _SAMPLED_SIDE)
    pixels = levels[::step, ::step].reshape(-1, 3)
    chroma = pixels.max(axis=1) - pixels.min(axis=1)
    if np.mean(chroma > COLOUR_LEVELS) <= MAX_COLOURED_FRACTION:
        return False
    return _off_tint_fraction(pixels) > MAX_OFF_TINT_FRACTION


def _off_tint_fraction(pixels: NDArray[np.int16]) -> float:
    """Share of pixels whose colour is not the usual one of their brightness; 0 for a tinted grey scale."""
    grey = pixels.sum(axis=1) // 3
    colour = pixels[:, [0, 2]] - grey[:, None]
    off = np.zeros(len(pixels))
    for level in np.unique(grey // _GREY_BIN):
        here = grey // _GREY_BIN == level
        off[here] = np.abs(colour[here] - np.median(colour[here], axis=0)).max(axis=1)
    return float(np.mean(off > TINT_LEVELS))
