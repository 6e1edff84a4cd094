"""A clip to be drawn: its attention, the truth of its frames, and its pictures where they can be found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError, open_study
from luv_viewer.io.attention_file import ClipAttention
from model.attention import top_frames
from training.evaluate.attention import AttentionEvaluation, median_clips
from training.evaluate.frame_truth import UNKNOWN, network_pattern
from training.evaluate.pointing import TOP_K, scaled

MEDIAN_RULE = (
    "Per pattern the clip in the middle when all clips with labelled and unlabelled frames are ordered by the AUC of "
    "attention (the lower of two; ties by clip id)"
)
_SUFFIXES = frozenset({".mkv", ".avi", ".mp4", ".dcm", ".mov", ".mpeg", ".mpg", ".gif"})


@dataclass(frozen=True, eq=False)
class ClipCine:
    """Frames of a clip: those of `video` from `first` on."""

    video: Video
    first: int = 0

    @property
    def region(self) -> tuple[int, int, int, int]:
        """As `Video.region`."""
        return self.video.region

    def frame(self, i: int, /) -> NDArray[np.uint8]:
        """Frame i of the clip, (H, W, 3) uint8 RGB. Raises StudyError."""
        return self.video.frame(self.first + i)


@dataclass(frozen=True, eq=False)
class Example:
    """clip: n real frames. truth: by pattern (n,) of 1, 0, NaN where nobody looked; None where the video has no labels.
    said: by pattern, why it is shown or how good it is. cine: None where there are no pictures; why: the reason."""

    clip: ClipAttention
    truth: dict[str, NDArray[np.float64] | None]
    said: dict[str, str] = field(default_factory=dict)
    cine: ClipCine | None = None
    why: str = ""

    def curve(self, pattern: str) -> tuple[NDArray[np.float64], tuple[int, ...]]:
        """(n,) scaled by equation 8, and the top frames; none where the attention is constant (then all 0)."""
        raw = self.clip.real[self.clip.patterns.index(pattern)]
        curve, is_constant = scaled(raw)
        return curve, () if is_constant else top_frames(raw, TOP_K)


def example_of(evaluation: AttentionEvaluation, network: str, clip_id: str) -> Example:
    """The clip with everything that is known of it. The caller closes `cine.video.store`."""
    clip = evaluation.clips[network, clip_id]
    video = evaluation.truth.video(clip.video_id)
    known = video is not None and (video.n_frames is None or video.n_frames >= clip.span.stop)
    truth: dict[str, NDArray[np.float64] | None] = {}
    for name in clip.patterns:
        truth[name] = None
        if video is not None and known:
            labels = video.labels(network_pattern(name), clip.span)
            truth[name] = np.where(labels == UNKNOWN, np.nan, labels.astype(np.float64))
    areas = {
        case.pattern.value: f"AUC of attention {case.found.area:.2f}, {case.found.labelled_share:.0%} labelled"
        for case in evaluation.cases
        if (case.network, case.level, case.name) == (network, "clip", clip_id)
    }
    said = {name: areas.get(name, _no_area(truth[name])) for name in clip.patterns}
    root = evaluation.options.clips
    try:
        cine = None if root is None else find_cine(root, clip)
    except StudyError as error:
        return Example(clip, truth, said, why=str(error))
    why = "" if cine is not None or root is None else f"{root.name} holds no file of {clip_id} or its video"
    return Example(clip, truth, said, cine, why)


def chosen_clips(evaluation: AttentionEvaluation, network: str) -> dict[str, str]:
    """Clip ids to draw with why each was chosen: those the user named, then the median clip of every pattern."""
    chosen = {name: "named by the user" for name in evaluation.options.examples if (network, name) in evaluation.clips}
    for pattern, case in median_clips(evaluation, network).items():
        words = f"median of {pattern.value}"
        chosen[case.name] = f"{chosen[case.name]}, {words}" if case.name in chosen else words
    return chosen


def find_cine(root: Path, clip: ClipAttention) -> ClipCine | None:
    """The clip's own file (`luv prepare clips`), else its video's (`luv prepare export`, or one of its name); None
    where `root` has neither. Raises StudyError for a file that cannot be opened, or is too short."""
    patient, _, number = clip.video_id.rpartition("_")
    video = f"{patient}/{number}" if patient else clip.video_id
    for folder, name, first in (
        (root / "clips", clip.clip_id, 0),
        (root, clip.clip_id, 0),
        (root, video, clip.span.start),
        (root, clip.video_id, clip.span.start),
    ):
        for path in _files(folder / name):
            held = open_study(path).videos
            if len(held) == 1 and held[0].n_frames >= first + len(clip.span):
                return ClipCine(held[0], first)
            for other in held:
                other.store.close()
    return None


def _files(stem: Path) -> Iterator[Path]:
    if stem.parent.is_dir():
        found = sorted(path for path in stem.parent.iterdir() if path.stem == stem.name and path.is_file())
        yield from (path for path in found if path.suffix.casefold() in _SUFFIXES)


def _no_area(truth: NDArray[np.float64] | None) -> str:
    if truth is None:
        return "no frame labels"
    if np.isnan(truth).any():
        return "nobody looked at some of its frames"
    return "every frame is labelled" if truth.all() else "no frame is labelled"
