"""A sheet of pictures of all patterns for the README: `python -m training.phantom.pictures FILE.png`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.io.whole_file import WriteError, write_whole
from training.phantom.geometry import Probe
from training.phantom.scene import Lung, Scene, draw_scene
from training.phantom.video import PhantomVideo

_SHAPE = (300, 380)
_CAPTION_PX = 26
_N_COLUMNS = 4
_N_FRAMES = 62
_OUTLINE = (255, 190, 60)


@dataclass(frozen=True)
class Example:
    """caption: of the picture. pattern: which must be seen. seed, lung, probe: of the scene. outlined: the pattern
    whose mask is drawn, or None."""

    caption: str
    pattern: Pattern
    seed: int
    lung: Lung
    probe: Probe = Probe.CONVEX
    outlined: Pattern | None = None

    @property
    def scene(self) -> Scene:
        """The video that the picture is of."""
        return draw_scene(self.seed, _N_FRAMES, self.lung, self.probe)

    @property
    def index(self) -> int:
        """The frame shown: in the middle of the pattern's longest interval."""
        longest = max(self.scene.frames(self.pattern), key=len)
        return (longest.start + longest.stop) // 2


_A, _B, _CONFLUENT, _CONSOLIDATION, _EFFUSION = TRACK_PATTERNS
EXAMPLES = (
    Example("A-lines, ribs on both sides", _A, 12, Lung.HEALTHY),
    Example("B-lines", _B, 18, Lung.INTERSTITIAL),
    Example("Confluent B-lines", _CONFLUENT, 5, Lung.CONFLUENT),
    Example("Consolidation, air bronchograms", _CONSOLIDATION, 13, Lung.CONSOLIDATED),
    Example("Pleural effusion", _EFFUSION, 9, Lung.EFFUSION),
    Example("Effusion, compressed lung", _CONSOLIDATION, 13, Lung.COMPRESSED),
    Example("A-lines, linear probe, rib", _A, 5, Lung.HEALTHY, Probe.LINEAR),
    Example("A mask, exact in every frame", _CONSOLIDATION, 13, Lung.CONSOLIDATED, outlined=_CONSOLIDATION),
)


def contact_sheet(examples: Sequence[Example] = EXAMPLES) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 RGB: the examples in rows of four, each with its caption below."""
    tiles = [_tile(example) for example in examples]
    empty = np.zeros_like(tiles[0])
    tiles += [empty] * (-len(tiles) % _N_COLUMNS)
    rows = [np.hstack(tiles[start : start + _N_COLUMNS]) for start in range(0, len(tiles), _N_COLUMNS)]
    return np.vstack(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the picture was written, 1 with one line on stderr when not."""
    parser = argparse.ArgumentParser(prog="python -m training.phantom.pictures", description=__doc__)
    parser.add_argument("picture", type=Path, help="PNG file to write")
    path: Path = parser.parse_args(arguments).picture
    _, coded = cv2.imencode(".png", contact_sheet()[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    try:
        write_whole(path, coded.tobytes())
    except WriteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _tile(example: Example) -> NDArray[np.uint8]:
    video, index = PhantomVideo(example.scene, _SHAPE), example.index
    image = video.frame(index)
    if example.outlined is not None:
        mask = video.masks(index)[TRACK_PATTERNS.index(example.outlined)].astype(np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(image, outlines, -1, _OUTLINE, 1)
    tile = np.zeros((_SHAPE[0] + _CAPTION_PX, _SHAPE[1], 3), np.uint8)
    tile[: _SHAPE[0]] = image
    place = (8, _SHAPE[0] + _CAPTION_PX - 9)
    cv2.putText(tile, example.caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (230, 230, 230), 1, cv2.LINE_AA)
    return tile


if __name__ == "__main__":
    sys.exit(main())
