"""Maps drawn over frames, with names, probabilities and a colour scale: one frame of a movie, or the top frames.

Drawn with Pillow: what stays the same in a movie is drawn once.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from matplotlib.font_manager import FontProperties, findfont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from luv_viewer import RESEARCH_USE
from luv_viewer.analysis.attention_figure import RANK_LETTERS
from luv_viewer.analysis.saliency import VideoMaps
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.saliency import MapKind, SaliencyMaps, blended, heat_rgba, scale_bar
from luv_viewer.domain.video import Video

Picture = NDArray[np.uint8]

OPACITY = 0.65
_GROUND, _TEXT, _MUTED = (16, 20, 24), (230, 234, 240), (154, 165, 177)
_LONG_SIDE_PX = {1: 640, 2: 480}
_TOP_FRAME_PX = 320
_GAP_PX, _HEAD_PX, _TITLE_PX, _SCALE_PX, _FOOT_PX = 16, 34, 42, 30, 44
_BAR_PX = (120, 10)
_COARSE = 8
"""Every how many pixels a map is looked at for its largest value."""


@dataclass(frozen=True)
class SaliencySubject:
    """What is drawn. name: the heading, never a patient name. patterns: at least one, of the maps."""

    name: str
    video: Video
    maps: VideoMaps
    kind: MapKind
    patterns: tuple[Pattern, ...]

    def __post_init__(self) -> None:
        if not self.patterns or not set(self.patterns) <= set(self.maps.patterns):
            raise ValueError(f"patterns must be some of {self.maps.patterns}, got {self.patterns}")
        if self.maps.of_kind(self.kind) is None:
            raise ValueError(f"the network has no {self.kind.value} maps")

    @property
    def layer(self) -> SaliencyMaps:
        """The maps that are drawn."""
        found = self.maps.of_kind(self.kind)
        assert found is not None
        return found

    def verdict(self, pattern: Pattern) -> str:
        """Probability and threshold of a pattern, for people."""
        p = self.maps.patterns.index(pattern)
        probability, threshold = self.maps.probabilities[p], self.maps.thresholds[p]
        word = "present" if probability >= threshold else "below threshold"
        return f"probability {probability:.2f}, threshold {threshold:.2f}: {word}"


class SaliencyFrames:
    """Frames of a movie, one after the other: a panel for every pattern, all of the same size, sides even."""

    def __init__(self, subject: SaliencySubject) -> None:
        self._subject = subject
        n_columns = 1 if len(subject.patterns) == 1 else 2
        self._panel = _fitted(subject.layer.region, _LONG_SIDE_PX[n_columns])
        width, height = self._panel
        self._places = {}
        for number, pattern in enumerate(subject.patterns):
            row, column = divmod(number, n_columns)
            x = _GAP_PX + column * (max(width, _min_width()) + _GAP_PX)
            y = _HEAD_PX + _TITLE_PX + row * (height + _TITLE_PX + _SCALE_PX)
            self._places[pattern] = (x, y)
        n_rows = -(-len(subject.patterns) // n_columns)
        self.size = (
            _even(_GAP_PX + n_columns * (max(width, _min_width()) + _GAP_PX)),
            _even(_HEAD_PX + n_rows * (height + _TITLE_PX + _SCALE_PX) + _FOOT_PX),
        )
        self._still = self._drawn_once()

    def frame(self, i: int) -> Picture:
        """(H, W, 3) uint8 RGB of frame i, from 0. Raises what the video raises."""
        subject = self._subject
        canvas = self._still.copy()
        picture = _region_of(subject.video.read(i), subject.layer.region, self._panel)
        for pattern, (x, y) in self._places.items():
            canvas[y : y + self._panel[1], x : x + self._panel[0]] = _overlaid(picture, subject, pattern, i)
        drawn = Image.fromarray(canvas)
        for pattern, (x, y) in self._places.items():
            _scale(drawn, subject, pattern, (x, y + self._panel[1] + 8), i)
        text = f"frame {i + 1} of {subject.video.n_frames}"
        ImageDraw.Draw(drawn).text((self.size[0] - _GAP_PX, 10), text, _TEXT, _font(14), anchor="ra")
        return np.asarray(drawn)

    def _drawn_once(self) -> Picture:
        subject = self._subject
        drawn = Image.new("RGB", self.size, _GROUND)
        pen = ImageDraw.Draw(drawn)
        _head(pen, subject, self.size[0] - 160)
        for pattern, (x, y) in self._places.items():
            _title(pen, subject, pattern, (x, y - _TITLE_PX + 6))
        _foot(pen, subject, self.size)
        return np.asarray(drawn).copy()


def top_frames_png(subject: SaliencySubject) -> bytes:
    """A PNG file: per pattern a row with its top frames (A), (B), (C), each with its map, and the colour scale.

    Raises what the video raises.
    """
    layer = subject.layer
    panel = _fitted(layer.region, _TOP_FRAME_PX)
    cell = max(panel[0], _min_width() // 2)
    row_px = _TITLE_PX + 18 + panel[1] + _SCALE_PX
    width = max(_GAP_PX + len(RANK_LETTERS) * (cell + _GAP_PX), _min_width() + 2 * _GAP_PX)
    size = (width, _HEAD_PX + len(subject.patterns) * row_px + _FOOT_PX)
    drawn = Image.new("RGB", size, _GROUND)
    pen = ImageDraw.Draw(drawn)
    _head(pen, subject, size[0])
    for number, pattern in enumerate(subject.patterns):
        y = _HEAD_PX + number * row_px
        _title(pen, subject, pattern, (_GAP_PX, y + 6))
        frames = subject.maps.top_frames(subject.kind)[subject.maps.patterns.index(pattern)]
        if not frames:
            pen.text((_GAP_PX, y + _TITLE_PX + 20), "all frames are alike: none stands out", _MUTED, _font(13))
        for rank, frame in enumerate(frames):
            x, top = _GAP_PX + rank * (cell + _GAP_PX), y + _TITLE_PX
            pen.text((x, top), f"({RANK_LETTERS[rank]}) frame {frame + 1}", _TEXT, _font(12))
            picture = _region_of(subject.video.read(frame), layer.region, panel)
            drawn.paste(Image.fromarray(_overlaid(picture, subject, pattern, frame)), (x, top + 18))
        if frames:
            _scale(drawn, subject, pattern, (_GAP_PX, y + _TITLE_PX + 18 + panel[1] + 8))
    _foot(pen, subject, size)
    stored = io.BytesIO()
    drawn.save(stored, "PNG")
    return stored.getvalue()


def _head(pen: ImageDraw.ImageDraw, subject: SaliencySubject, room_px: int) -> None:
    pen.text((_GAP_PX, 8), _cut(f"{subject.kind.title}   {subject.name}", room_px, 16), _TEXT, _font(16))


def _title(pen: ImageDraw.ImageDraw, subject: SaliencySubject, pattern: Pattern, at: tuple[int, int]) -> None:
    pen.text(at, pattern.plural, _TEXT, _font(14))
    words = subject.verdict(pattern)
    if subject.layer.is_flat(pattern):
        words += "; the map is the same everywhere"
    pen.text((at[0], at[1] + 18), words, _MUTED, _font(12))


def _scale(
    drawn: Image.Image, subject: SaliencySubject, pattern: Pattern, at: tuple[int, int], frame: int | None = None
) -> None:
    """The colours with their ends, and how far up the scale `frame` reaches: a frame may hardly count."""
    low, high = subject.layer.limits(pattern)
    drawn.paste(Image.fromarray(scale_bar(*_BAR_PX, OPACITY)), (at[0], at[1] + 2))
    text = subject.kind.scale_words(low, high)
    if frame is not None:
        text += f"; here up to {subject.layer.heat(frame, pattern, _COARSE).max():.0%}"
    ImageDraw.Draw(drawn).text((at[0] + _BAR_PX[0] + 8, at[1] - 1), text, _MUTED, _font(12))


def _foot(pen: ImageDraw.ImageDraw, subject: SaliencySubject, size: tuple[int, int]) -> None:
    made = subject.layer.provenance
    origin = f"{made.checkpoint} {made.version}, {made.device}, {made.precision}, stride {made.stride}"
    pen.text((_GAP_PX, size[1] - _FOOT_PX + 4), RESEARCH_USE, _TEXT, _font(12))
    pen.text((_GAP_PX, size[1] - _FOOT_PX + 21), _cut(origin, size[0] - 2 * _GAP_PX, 11), _MUTED, _font(11))


def _overlaid(picture: Picture, subject: SaliencySubject, pattern: Pattern, frame: int) -> Picture:
    layer = subject.layer
    x0, _, x1, _ = layer.region
    # A map has a few cells: a quarter of the pixels, then enlarged with the picture, shows no less.
    heat = layer.heat(frame, pattern, step=max(1, (x1 - x0) // picture.shape[1]))
    heat = np.asarray(cv2.resize(heat, (picture.shape[1], picture.shape[0])), dtype=np.float32)
    return blended(picture, heat_rgba(heat, OPACITY))


def _region_of(frame: Picture, region: tuple[int, int, int, int], size: tuple[int, int]) -> Picture:
    x0, y0, x1, y1 = region
    method = cv2.INTER_AREA if size[0] < x1 - x0 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame[y0:y1, x0:x1], size, interpolation=method), dtype=np.uint8)


def _fitted(region: tuple[int, int, int, int], long_side_px: int) -> tuple[int, int]:
    """Width and height of a picture of the region."""
    x0, y0, x1, y1 = region
    scale = long_side_px / max(x1 - x0, y1 - y0)
    return max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))


def _min_width() -> int:
    """Room for a title and a scale."""
    return 400


def _even(pixels: int) -> int:
    return pixels + pixels % 2


@lru_cache(maxsize=8)
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(findfont(FontProperties(family="DejaVu Sans")), size_px)


def _cut(text: str, room_px: int, size_px: int) -> str:
    """`text`, shortened at its end to fit."""
    font = _font(size_px)
    while font.getlength(text) > room_px and len(text) > 4:
        text = text[:-4] + "..."
    return text
