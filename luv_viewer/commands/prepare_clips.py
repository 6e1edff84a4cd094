"""`luv prepare clips`: sheets and videos to clips with labels."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from luv_viewer.analysis.batch_crew import usable_cores
from luv_viewer.analysis.sheet_input import SheetInput
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.labels_input import InputOptions, load_all, status_of
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import counted
from luv_viewer.domain.clip_rule import ClipRule
from luv_viewer.domain.exclusion import Exclusion
from luv_viewer.domain.merge import MergeMode
from luv_viewer.io.exclusion_file import read_exclusions
from luv_viewer.io.lengths_file import read_lengths
from model.preprocessing import ChannelRule
from training.prepare.clip_pixels import ClipForm, Resize
from training.prepare.clip_tables import ClipChoice, Tail
from training.prepare.clips import LEFT_OUT_NAME, Labels, LabelSource, PixelSource, labels_of, make_clips
from training.prepare.coding import SUFFIXES, Coding
from training.prepare.errors import PrepareError
from training.prepare.video_list import read_video_list


@dataclass(frozen=True)
class ClipOptions:
    """What `luv prepare clips` is asked for; the options by name."""

    sheets: tuple[Path, ...]
    folder: Path
    mode: str = "and"
    leader: Path | None = None
    k: int | None = None
    union_b_first: bool = False
    exclusions: Path | None = None
    lengths: Path | None = None
    clip_to_length: bool = False
    videos: Path | None = None
    root: Path | None = None
    no_pixels: bool = False
    clip_length: int = 30
    step: int | None = None
    tail: Tail = "duplicate"
    min_real_frames: int = 1
    min_frames: int = 1
    min_fraction: float = 0.0
    no_finding: str = "keep"
    size: int = 256
    resize: Resize = "letterbox"
    channel: ChannelRule = "luminance"
    coding: Coding = "ffv1"
    workers: int | None = None

    def rule(self) -> ClipRule:
        """Raises PrepareError for numbers that do not go together."""
        least = self.clip_length if self.tail == "drop" else self.min_real_frames
        # Integers: 0.8 * 35 as a float may come out below 28.
        step = self.step or max(1, self.clip_length * 4 // 5)
        try:
            return ClipRule(self.clip_length, step, self.min_frames, self.min_fraction, least)
        except ValueError as error:
            raise PrepareError(f"These clips cannot be made: {error}.") from error


@one_sentence
def clips(options: ClipOptions) -> int:
    """Merge, cut, write. Returns 1 when rows were left out because of problems in them or in their videos."""
    given = read_labels(options)
    labels = given.labels
    line = ProgressLine(sys.stderr)
    try:
        written = make_clips(
            options.folder,
            labels,
            given.lengths,
            clip_choice(options),
            pixel_source(options),
            lambda done, total: line.show(f"{done} of {total} videos"),
        )
    finally:
        line.clear()
    new = {name: why for name, why in written.left_out.items() if name not in labels.left_out}
    _tell(labels.left_out, new)
    click.echo(
        f"{options.folder}: {counted(written.n_clips, 'clip')}, {counted(written.n_frames, 'frame')}; "
        f"{counted(len(written.left_out), 'row')} left out, listed in {LEFT_OUT_NAME}."
    )
    return max(given.status, int(bool(new)))


@dataclass(frozen=True)
class GivenLabels:
    """labels: of all sheets together. lengths: frames by study_id. status: 1 where rows had problems, which were
    said."""

    labels: Labels
    lengths: Mapping[str, int]
    status: int


def read_labels(options: ClipOptions) -> GivenLabels:
    """The sheets as one, problems and what to look at said on stderr. Raises the errors of `load_all`, PrepareError."""
    source = options.lengths or options.videos
    lengths = read_lengths(source) if source is not None else {}
    paths = [*options.sheets, *([options.leader] if options.leader else [])]
    loaded = load_all(paths, InputOptions(source, options.clip_to_length))
    labels = labels_of(_label_source(options, loaded))
    for candidate in labels.look_at:
        say(f"look at: {candidate.study_id}: {candidate.reason}.")
    return GivenLabels(labels, lengths, status_of(loaded))


def clip_choice(options: ClipOptions) -> ClipChoice:
    """Which clips. Raises PrepareError for numbers that do not go together."""
    return ClipChoice(
        options.rule(),
        options.size,
        SUFFIXES[options.coding],
        _video_suffix(options),
        options.no_finding == "drop",
    )


def _tell(excluded: Mapping[str, str], failed: Mapping[str, str]) -> None:
    for name, why in (*excluded.items(), *failed.items()):
        say(f"left out: {name}: {why}")


def _label_source(options: ClipOptions, loaded: tuple[SheetInput, ...]) -> LabelSource:
    sheets = [one.sheet for one in loaded]
    leader = sheets.pop() if options.leader else None
    return LabelSource(
        tuple(sheets),
        MergeMode(options.mode),
        leader,
        options.k,
        options.union_b_first,
        _exclusions(options.exclusions),
    )


def _exclusions(path: Path | None) -> tuple[Exclusion, ...]:
    """Raises LabelSheetError, PrepareError: a row that cannot be read would exclude nothing."""
    if path is None:
        return ()
    reading = read_exclusions(path)
    for problem in reading.problems:
        say(f"error: {problem}")
    if reading.problems:
        raise PrepareError("Nothing was written: correct the list of exclusions first.")
    return reading.exclusions


def _video_suffix(options: ClipOptions) -> str:
    """Of the videos the clips come from: as the first listed one has it, else the published .avi."""
    if options.videos is None:
        return ".avi"
    videos = read_video_list(options.videos)
    return Path(videos[0].file).suffix if videos else ".avi"


def pixel_source(options: ClipOptions) -> PixelSource | None:
    """Where the videos are; None when only tables are asked for."""
    if options.no_pixels or options.videos is None:
        return None
    videos = {video.key.study_id: video for video in read_video_list(options.videos)}
    form = ClipForm(options.size, options.tail, options.resize, options.coding, options.channel)
    n_workers = usable_cores() if options.workers is None else options.workers
    return PixelSource(videos, options.root or options.videos.parent, form, n_workers)
