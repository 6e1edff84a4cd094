"""Clips decoded once, and kept as grey levels that are mapped into memory.

Axis letters: N clips, L frames of a clip.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from luv_viewer.io.whole_file import make_folder
from model.preprocessing import Preprocessing
from training.data.clip_decoding import DecodeJob, decode_clip
from training.data.errors import DataError, some
from training.prepare.journal import file_digest
from training.prepare.workers import run_jobs

Report = Callable[[int, int], None]
_FORMAT_VERSION = 1
_HEADER_BYTES = 128  # of an NPY file of three axes


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
        rules = asdict(self.preprocessing)
        told = (_FORMAT_VERSION, source_digest, self.shape, rules["size"], rules["channel_rule"])
        return hashlib.sha256(repr(told).encode()).hexdigest()


class FrameStore:
    """N clips in the order of their files; each is kept in a file of its own, named after its content and settings.

    So the tables of all folds share a folder, a changed clip is decoded anew, and what was decoded before a kill stays.
    """

    def __init__(self, folder: Path, keys: Sequence[str], settings: StoreSettings) -> None:
        """For `open_frame_store`."""
        self._folder = folder
        self._settings = settings
        self.keys = tuple(keys)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def settings(self) -> StoreSettings:
        """As given."""
        return self._settings

    @property
    def disk_bytes(self) -> int:
        """What these clips take on the disk."""
        return len(set(self.keys)) * _file_bytes(self._settings)

    def digest(self) -> str:
        """SHA-256 (hex) of all grey levels in order, by the files they come from and the settings."""
        return hashlib.sha256("\n".join(self.keys).encode()).hexdigest()

    def clips(self, indices: Sequence[int]) -> Tensor:
        """Some clips as (n, L, 3, H, W) uint8; the three channels are the same memory.

        Raises DataError when the folder was changed meanwhile.
        """
        made = torch.empty((len(indices), self._settings.clip_length, 1, *self._settings.shape[1:]), dtype=torch.uint8)
        for place, i in enumerate(indices):
            made[place, :, 0].numpy()[:] = self._levels(i)
        return made.expand(-1, -1, 3, -1, -1)

    def _levels(self, i: int) -> NDArray[np.uint8]:
        path = _place(self._folder, self.keys[i])
        try:
            held: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DataError(f"{path} was removed or damaged while it was in use; start again.") from error
        return held


def open_frame_store(
    files: Sequence[Path], folder: Path, settings: StoreSettings, report: Report | None = None
) -> FrameStore:
    """The clips of `files` (videos, or folders of numbered images), decoded where `folder` does not have them yet.

    Grey levels are what the viewer gives a network: channel rule, letterbox. Clips of another size than the network's
    are resized here a second time, so prepare them at its size. report(done, total): called as clips get ready.
    Raises DataError that names the clips that cannot be used (the others are kept), or that the disk is too small;
    WriteError.
    """
    place = folder / "frames"
    make_folder(place)
    keys = [settings.key(_source_digest(file)) for file in files]
    missing = {key: file for key, file in zip(keys, files, strict=True) if not _is_whole(_place(place, key), settings)}
    _check_space(place, len(missing) * _file_bytes(settings))
    n_done = len(files) - len(missing)
    if report is not None:
        report(n_done, len(files))
    for key in missing:
        make_folder(_place(place, key).parent)
    jobs = [
        DecodeJob(file, _place(place, key), settings.clip_length, settings.preprocessing)
        for key, file in missing.items()
    ]
    failed = {}
    for done, (job, result) in enumerate(run_jobs(decode_clip, jobs, settings.n_workers), start=n_done + 1):
        if isinstance(result, str):
            failed[job.source] = result
        if report is not None:
            report(done, len(files))
    if failed:
        raise DataError(_failure(failed, len(files)))
    return FrameStore(place, keys, settings)


def needed_bytes(n_clips: int, settings: StoreSettings) -> int:
    """Disk space that a store of n_clips different clips takes."""
    return n_clips * _file_bytes(settings)


def _failure(failed: dict[Path, str], total: int) -> str:
    first, *others = sorted(failed)
    if not others:
        return failed[first]
    return (
        f"{len(failed)} of {total} clips cannot be used, {some([path.name for path in sorted(failed)])}; the first "
        f"because: {failed[first]}"
    )


def _source_digest(source: Path) -> str:
    """SHA-256 (hex) of a file, or of the names and contents of a folder's files. Raises DataError."""
    if not source.is_dir():
        found = file_digest(source)
        if not found:
            raise DataError(f"{source} cannot be read; prepare the clips again, or check where they lie.")
        return found
    told = [(path.name, _source_digest(path)) for path in sorted(source.iterdir())]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _place(folder: Path, key: str) -> Path:
    return folder / key[:2] / f"{key}.npy"


def _file_bytes(settings: StoreSettings) -> int:
    length, height, width = settings.shape
    return _HEADER_BYTES + length * height * width


def _is_whole(path: Path, settings: StoreSettings) -> bool:
    try:
        return path.stat().st_size == _file_bytes(settings)
    except OSError:
        return False


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DataError(
            f"{folder} needs {needed / 1e9:.1f} GB for the decoded clips, and {free / 1e9:.1f} GB are free; make room, "
            "or choose another folder."
        )
