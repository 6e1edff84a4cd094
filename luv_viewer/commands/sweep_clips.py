"""`luv sweep clip-length`: the sheets and videos that clips of every length are cut from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from luv_viewer.commands.prepare_clips import ClipOptions, clip_choice, pixel_source, read_labels
from luv_viewer.commands.sweep import CutOptions
from luv_viewer.commands.train import TrainOptions
from model.preprocessing import ChannelRule
from training.prepare.errors import PrepareError
from training.prepare.split_files import MANIFEST_NAME, read_manifest
from training.sweep.clip_lengths import ClipCutting


def cutting_of(given: CutOptions, training: TrainOptions, channel: ChannelRule) -> ClipCutting:
    """Sheets read once, problems said on stderr. channel: which grey the clips get.

    Raises the errors of `luv prepare clips`, and PrepareError where the split has no manifest.
    """
    options = ClipOptions(
        given.sheets,
        training.folder,
        mode=given.mode,
        leader=given.leader,
        exclusions=given.exclusions,
        clip_to_length=given.clip_to_length,
        videos=given.videos,
        root=given.root,
        step=given.step,
        tail=given.tail,
        size=given.size,
        channel=channel,
        workers=training.workers,
    )
    split = read_manifest(training.split / MANIFEST_NAME)
    labels = read_labels(options)
    pixels = pixel_source(options)
    if pixels is None:
        raise PrepareError("Clips cannot be cut without --videos.")

    def choice(clip_length: int) -> Any:
        return clip_choice(replace(options, clip_length=clip_length))

    return ClipCutting(labels.labels, labels.lengths, pixels, choice, split)
