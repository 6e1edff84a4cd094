"""Clips decoded once, and kept as grey levels that are mapped into memory.

Axis letters: N clips, L frames of a clip.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.preprocessing import Preprocessing
from training.data.array_folder import ArrayFolder
from training.data.clip_decoding import DecodeJob, decode_clip
from training.data.errors import DataError, some
from training.prepare.clips import JOURNAL_NAME
from training.prepare.journal import file_digest, recorded_digests
from training.prepare.workers import run_jobs

Report = Callable[[int, int], None]
_FORMAT_VERSION = 1


@dataclass(frozen=True)
class StoreSettings:
    """What is kept of a clip. preprocessing: its size and channel rule. clip_length: L, frames that every clip must
    have. n_workers: processes that decode, 0 for none beside this one. Raises ValueError for numbers that cannot be."""

    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    clip_length: int = 30
    n_workers: int = 0

    def __post_init__(self) -> None:
        if self.clip_length < 1 or self.n_workers < 0:
            raise ValueError(f"a clip needs a frame and no negative workers, got {self.clip_length}, {self.n_workers}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(L, H, W) of a clip as it is kept."""
        return self.clip_length, self.preprocessing.size, self.preprocessing.size

    def key(self, source_digest: str) -> str:
        """SHA-256 (hex): changes with the clip's bytes and with everything that decides its grey levels."""
        told = (_FORMAT_VERSION, source_digest, self.shape, self.preprocessing.channel_rule)
        return hashlib.sha256(repr(told).encode()).hexdigest()


class FrameStore:
    """N clips in the order of their files; each is kept in a file of its own, named after its content and settings.

    So the tables of all folds share a folder, a changed clip is decoded anew, and what was decoded before a kill stays.
    """

    def __init__(self, arrays: ArrayFolder, keys: Sequence[str], settings: StoreSettings) -> None:
        """arrays: which hold the clip of each of the N keys. `open_frame_store` makes it so."""
        self._arrays = arrays
        self.settings = settings
        self.keys = tuple(keys)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def disk_bytes(self) -> int:
        """What these clips take on the disk."""
        return len(set(self.keys)) * self._arrays.file_bytes

    def digest(self) -> str:
        """SHA-256 (hex) of all clips in order, by the bytes they come from and the settings."""
        return hashlib.sha256("\n".join(self.keys).encode()).hexdigest()

    def clips(self, indices: Sequence[int]) -> Tensor:
        """Some clips as (n, L, 3, H, W) uint8; the three channels are the same memory.

        Raises DataError when the folder was changed meanwhile.
        """
        length, height, width = self.settings.shape
        levels = np.empty((len(indices), length, 1, height, width), np.uint8)
        for place, i in enumerate(indices):
            levels[place, :, 0] = self._arrays.read(self.keys[i])
        return torch.from_numpy(levels).expand(-1, -1, 3, -1, -1)


def open_frame_store(
    files: Sequence[Path], folder: Path, settings: StoreSettings, report: Report | None = None
) -> FrameStore:
    """The clips of `files` (videos, or folders of numbered images), decoded where `folder` does not have them yet.

    Grey levels are what the viewer gives a network: channel rule, letterbox. Clips of another size than the network's
    are resized here a second time, so prepare them at its size. report(done, total): called as clips get ready.
    Raises DataError that names the clips that cannot be used (the others are kept), or are not as luv prepare clips
    wrote them (a decoder does not always notice damage), or that the disk is too small; WriteError.
    """
    arrays = ArrayFolder(folder / "frames", settings.shape, np.uint8)
    digests = [_source_digest(file) for file in files]
    _check_as_written(files, digests)
    keys = [settings.key(digest) for digest in digests]
    missing = {key: file for key, file in zip(keys, files, strict=True) if not arrays.holds(key)}
    arrays.make_room(list(missing), "decoded clips")
    n_done = len(files) - len(missing)
    if report is not None:
        report(n_done, len(files))
    jobs = [
        DecodeJob(file, arrays.path(key), settings.clip_length, settings.preprocessing) for key, file in missing.items()
    ]
    failed = {}
    for done, (job, result) in enumerate(run_jobs(decode_clip, jobs, settings.n_workers), start=n_done + 1):
        if isinstance(result, str):
            failed[job.source.name] = result
        if report is not None:
            report(done, len(files))
    if failed:
        raise DataError(_failure(failed, len(files)))
    return FrameStore(arrays, keys, settings)


def _failure(failed: Mapping[str, str], total: int) -> str:
    names = sorted(failed)
    reason = failed[names[0]]
    told = reason if names[0] in reason else f"{names[0]}: {reason}"
    if len(names) == 1:
        return told
    return f"{len(failed)} of {total} clips cannot be used ({some(names)}); the first because: {told}"


def _check_as_written(files: Sequence[Path], digests: Sequence[str]) -> None:
    """Raises DataError where `luv prepare clips` wrote down another digest than a file has now."""
    recorded: dict[Path, str] = {}
    for folder in {file.parent.parent for file in files}:
        recorded |= recorded_digests(folder / JOURNAL_NAME)
    changed = [file.name for file, now in zip(files, digests, strict=True) if recorded.get(file, now) != now]
    if changed:
        told = "it is" if len(changed) == 1 else "they are"
        raise DataError(
            f"{some(sorted(changed))} changed since luv prepare clips wrote them, so {told} damaged or exchanged; run "
            "luv prepare clips again."
        )


def _source_digest(source: Path) -> str:
    """SHA-256 (hex) of a file, or of the names and contents of a folder's files. Raises DataError."""
    if source.is_dir():
        told = [(path.name, _source_digest(path)) for path in sorted(source.iterdir())]
        return hashlib.sha256(repr(told).encode()).hexdigest()
    found = file_digest(source)
    if not found:
        raise DataError(f"{source} cannot be read; prepare the clips again, or check where they lie.")
    return found
