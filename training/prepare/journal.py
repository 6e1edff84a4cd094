"""What a step has finished, file by file with digests, so that a run that was killed goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from luv_viewer.io.whole_file import WriteError, make_folder, remove_files, write_sentence


@dataclass(frozen=True)
class Finished:
    """key: digest of source and settings. files: SHA-256 (hex) by path relative to the step's folder. row: what is
    known of the result. is_new: made in this run."""

    key: str
    files: Mapping[str, str]
    row: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = True

    def stands(self, folder: Path, key: str) -> bool:
        """Whether the result is of that key and its files are there, unchanged."""
        return self.key == key and all(file_digest(folder / name) == digest for name, digest in self.files.items())


class Journal:
    """One line per finished result in `path`; a line that was cut off by a kill does not count."""

    def __init__(self, path: Path) -> None:
        """Raises WriteError."""
        self._path = path
        self.finished: dict[str, Finished] = {}
        make_folder(path.parent)
        try:
            self._stream: IO[bytes] = path.open("a+b")
            self._stream.seek(0)
            held = self._stream.read()
            self._stream.truncate(held.rfind(b"\n") + 1)
        except OSError as error:
            raise WriteError(write_sentence(path, error)) from error
        self.finished |= _results(held)

    def add(self, name: str, result: Finished) -> None:
        """Keep a result; it is on the disk when this returns. Files of the earlier result of that name that the new one
        lacks are removed. Raises WriteError."""
        line = json.dumps({"name": name, "key": result.key, "files": dict(result.files), "row": dict(result.row)})
        try:
            self._stream.write(line.encode() + b"\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise WriteError(write_sentence(self._path, error)) from error
        earlier = self.finished.get(name)
        self.finished[name] = result
        if earlier is not None:
            remove_files(self._path.parent / file for file in earlier.files if file not in result.files)

    def close(self) -> None:
        """Let the file go."""
        self._stream.close()


def recorded_digests(path: Path) -> dict[Path, str]:
    """SHA-256 (hex) of every file that the journal `path` says was written, by its path; nothing is changed.

    Empty when there is no journal, or it cannot be read.
    """
    try:
        results = _results(path.read_bytes())
    except OSError:
        return {}
    return {path.parent / name: digest for result in results.values() for name, digest in result.files.items()}


def _results(held: bytes) -> dict[str, Finished]:
    """The last result of each name. A damaged or cut line costs its result, which is then made again."""
    found = {}
    for line in held[: held.rfind(b"\n") + 1].splitlines():
        try:
            told = json.loads(line)
            found[str(told["name"])] = Finished(told["key"], dict(told["files"]), dict(told["row"]))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file, "" when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
