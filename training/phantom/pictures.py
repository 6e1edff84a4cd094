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
from training.phantom.scene import Lung, draw_scene
from training.phantom.video import PhantomVideo

_SHAPE = (300, 380)
_CAPTION_PX = 26
_N_COLUMNS = 4
_OUTLINE = (255, 190, 60)


@dataclass(frozen=True)
class Example:
    """caption: of the picture. seed, lung, probe: of the scene. outlined: the pattern whose mask is drawn, or None."""

    caption: str
    seed: int
    lung: Lung
    probe: Probe = Probe.CONVEX
    outlined: Pattern | None = None


EXAMPLES = (
    Example("A-lines, ribs on both sides", 12, Lung.HEALTHY),
    Example("B-lines", 17, Lung.INTERSTITIAL),
    Example("Confluent B-lines", 5, Lung.CONFLUENT),
    Example("Consolidation, air bronchograms", 18, Lung.CONSOLIDATED),
    Example("Pleural effusion", 9, Lung.EFFUSION),
    Example("Effusion, compressed lung", 16, Lung.COMPRESSED),
    Example("A-lines, linear probe, rib", 5, Lung.HEALTHY, Probe.LINEAR),
    Example("Its mask, exact in every frame", 18, Lung.CONSOLIDATED, outlined=Pattern.CONSOLIDATION),
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
    scene = draw_scene(example.seed, 62, example.lung, example.probe)
    shown = max((span for frames in scene.present for span in frames), key=len)
    index = (shown.start + shown.stop) // 2
    video = PhantomVideo(scene, _SHAPE)
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
