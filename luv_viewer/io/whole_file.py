"""Files that are replaced whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


class WriteError(Exception):
    """A file could not be written; str(error) is one plain sentence that names the file and what to do."""


def write_whole(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Replace `path` by `data`: written beside it, forced to the disk, then moved over it in one step.

    data: all bytes, or pieces of them, so that a long file is never in memory as a whole.
    A reader sees the old file or the new one, never a part. Raises WriteError; the old file is then unchanged.
    """
    try:
        handle, beside = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    except OSError as error:
        raise WriteError(write_sentence(path, error)) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines((data,) if isinstance(data, bytes) else data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(beside, 0o666 & ~_umask())
        os.replace(beside, path)
    except OSError as error:
        Path(beside).unlink(missing_ok=True)
        raise WriteError(write_sentence(path, error)) from error
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def make_folder(path: Path) -> None:
    """Create `path` with its parents unless it is there. Raises WriteError when that cannot be done."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(write_sentence(path, error)) from error


def remove_files(paths: Iterable[Path]) -> None:
    """Remove those of `paths` that exist. Raises WriteError."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise WriteError(write_sentence(path, error)) from error


def write_sentence(path: Path, error: OSError) -> str:
    """Why `path` could not be written, for people.

    >>> write_sentence(Path("out/summary.csv"), OSError(errno.ENOSPC, "No space left on device"))
    'out/summary.csv cannot be written: the disk is full; free some space or choose another folder.'
    """
    reasons = {
        errno.ENOSPC: "the disk is full; free some space or choose another folder",
        errno.EDQUOT: "your disk quota is used up; free some space or choose another folder",
        errno.EACCES: "permission denied; choose a folder you may write to",
        errno.EPERM: "permission denied; choose a folder you may write to",
        errno.EROFS: "the disk is read-only; choose another folder",
        errno.ENOENT: "its folder does not exist; choose another folder",
        errno.ENOTDIR: "a part of its path is a file and not a folder; choose another folder",
        errno.EEXIST: "a file of that name is in the way; choose another folder",
        errno.ENAMETOOLONG: "its name is too long; choose a shorter folder name",
    }
    reason = reasons.get(error.errno or 0, f"{error.strerror or error}; choose another folder")
    return f"{path} cannot be written: {reason}."


def _umask() -> int:
    # The mask can only be read by setting it; mkstemp made the file private, results should be as any other file.
    mask = os.umask(0)
    os.umask(mask)
    return mask
