"""The one way in: which tool a file comes from is told by what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from luv_viewer.io.bridges.boris import header_row, read_boris_project, read_boris_table
from luv_viewer.io.bridges.bridge import Bridged, BridgeError, Known, Meaning
from luv_viewer.io.bridges.cvat import read_backup
from luv_viewer.io.bridges.cvat_xml import read_cvat_xml
from luv_viewer.io.bridges.elan import read_elan
from luv_viewer.io.bridges.interval_table import is_interval_table, read_interval_table
from luv_viewer.io.bridges.sources import (
    FolderSources,
    ZipSources,
    parse_json,
    parse_tables,
    parse_xml,
    read_bytes,
)

KINDS = "CVAT (task backup or CVAT for video 1.1), ELAN (.eaf), BORIS (table or project) or a table of intervals"


def read_intervals(
    path: Path,
    *,
    lengths: Mapping[str, int] | None = None,
    times: Mapping[str, NDArray[np.float64]] | None = None,
    fps: float | None = None,
    labels: Mapping[str, Meaning] | None = None,
) -> Bridged:
    """Intervals from a file, zip archive or folder of another tool. Raises BridgeError.

    lengths: frames of videos that are known, times: their frame times in seconds (the first 0), both by file name as
    the other tool has it (case and ending do not matter). fps: frames per second of videos without times, before what
    the file says. labels: what further labels stand for, or other than usual; None leaves a label out.
    """
    known = Known(lengths or {}, times or {}, fps, labels or {})
    if path.is_dir():
        return read_backup(FolderSources(path), known)
    if path.name in ("task.json", "annotations.json"):
        return read_backup(FolderSources(path.parent), known)
    data = read_bytes(path)
    if data[:2] == b"PK":
        return _read_zip(path, known)
    start = data[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if start[:1] == b"<":
        return _read_xml(data, path.name, known)
    if start[:1] == b"{":
        return _read_json(data, path.name, known)
    return _read_table(data, path.name, known)


def _read_zip(path: Path, known: Known) -> Bridged:
    sources = ZipSources(path)
    names = sources.names()
    if any(PurePosixPath(name).name == "task.json" for name in names):
        return read_backup(sources, known)
    documents = [name for name in names if PurePosixPath(name).name == "annotations.xml"]
    if len(documents) != 1:
        raise BridgeError(f"{path.name} holds no CVAT task; expected task.json or one annotations.xml, or {KINDS}.")
    return read_cvat_xml(parse_xml(sources.read(documents[0]), documents[0]), path.name, known)


def _read_xml(data: bytes, title: str, known: Known) -> Bridged:
    root = parse_xml(data, title)
    if root.tag == "ANNOTATION_DOCUMENT":
        return read_elan(root, title, known)
    if root.tag == "annotations":
        return read_cvat_xml(root, title, known)
    raise BridgeError(f"{title} begins with <{root.tag[:40]}>; expected {KINDS}.")


def _read_json(data: bytes, title: str, known: Known) -> Bridged:
    value = parse_json(data, title)
    if isinstance(value, dict) and "observations" in value:
        return read_boris_project(value, title, known)
    raise BridgeError(f"{title} is JSON of no known kind; expected {KINDS}.")


def _read_table(data: bytes, title: str, known: Known) -> Bridged:
    for rows in parse_tables(data, title):
        if is_interval_table(rows):
            return read_interval_table(rows, title, known)
        if header_row(rows) is not None:
            return read_boris_table(rows, title, known)
    raise BridgeError(f"{title} has no columns of intervals; expected {KINDS}.")
