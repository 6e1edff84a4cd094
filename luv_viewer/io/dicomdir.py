"""DICOMDIR: the directory file of a DICOM medium (PS3.3 annex F)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from luv_viewer.domain.study import Failure
from luv_viewer.io.byte_source import FileSource
from luv_viewer.io.dicom_header import items_of, read_header, value_of
from luv_viewer.io.errors import UnreadableFileError, one_line

_MAX_DEPTH = 8


def referenced_files(path: Path) -> tuple[list[Path], list[Failure]]:
    """The files a DICOMDIR names, in its order, and a Failure for each that is missing or lies outside its folder.

    Raises UnreadableFileError when it names no file.
    """
    header = read_header(FileSource(path), path.name)
    files: dict[Path, None] = {}
    missing: list[Failure] = []
    named = 0
    for record in items_of(header.dataset, "DirectoryRecordSequence"):
        value = value_of(record, "ReferencedFileID")
        parts = [value] if isinstance(value, str) else list(value or ())
        if not parts:
            continue
        named += 1
        found = _located(path.parent, [str(part) for part in parts])
        if found is None:
            missing.append(Failure(path, one_line(f"{parts[-1]} is named in {path.name} but is not there.")))
        else:
            files[found] = None
    if not named:
        raise UnreadableFileError(f"{path.name} names no file: open its folder instead.")
    return list(files), missing


def _located(root: Path, parts: list[str]) -> Path | None:
    """The file below `root`, its names matched as written, then without regard to case; None when it is not there."""
    if not 0 < len(parts) <= _MAX_DEPTH or any(part in ("", ".", "..") or set(part) & set("/\\\0") for part in parts):
        return None
    place = root
    for part in parts:
        exact = place / part
        found = exact if exact.exists() else next(_same_name(place, part), None)
        if found is None:
            return None
        place = found
    is_inside = place.resolve().is_relative_to(root.resolve())
    return place if place.is_file() and is_inside else None


def _same_name(folder: Path, name: str) -> Iterator[Path]:
    """Entries of a folder called `name` in another case, or with a version number as CDs write it (`IM1.;1`)."""
    wanted = name.casefold()
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if entry.name.casefold().split(";")[0].rstrip(".") == wanted:
            yield entry
