"""Files of strangers, opened with care: bounded in size, no entities, no path of an archive is ever followed."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from luv_viewer.io.bridges.bridge import BridgeError

MAX_BYTES = 128 * 2**20
MAX_MEMBERS = 100_000
MAX_XML_DEPTH = 50
MAX_FOLDER_DEPTH = 4


class Sources(Protocol):
    """Files of a folder or archive by relative path, with forward slashes."""

    title: str

    def names(self) -> list[str]:
        """All of them, sorted."""

    def read(self, name: str) -> bytes:
        """The content of one. Raises BridgeError."""


class FolderSources:
    """The files in a folder, four levels deep; links are not followed."""

    def __init__(self, folder: Path) -> None:
        self.title = folder.name or str(folder)
        self._folder = folder

    def names(self) -> list[str]:
        """Raises BridgeError when there are far too many."""
        found: list[str] = []
        for root, folders, files in os.walk(self._folder):
            depth = len(Path(root).relative_to(self._folder).parts)
            if depth >= MAX_FOLDER_DEPTH:
                folders.clear()
            found += [(Path(root) / name).relative_to(self._folder).as_posix() for name in files]
            if len(found) > MAX_MEMBERS:
                raise BridgeError(
                    f"{self.title} holds more than {MAX_MEMBERS} files; choose the folder of the tasks only."
                )
        return sorted(found)

    def read(self, name: str) -> bytes:
        """As `read_bytes`."""
        return read_bytes(self._folder / name)


class ZipSources:
    """The files in a zip archive. Raises BridgeError for a damaged one and for paths that lead out of it."""

    def __init__(self, path: Path) -> None:
        self.title = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise BridgeError(
                f"{path.name} is not a whole zip archive: it is damaged or cut off; copy it again."
            ) from error
        self._infos = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
        if len(self._infos) > MAX_MEMBERS:
            raise BridgeError(f"{path.name} holds more than {MAX_MEMBERS} files, which is refused; unpack it first.")
        for name in self._infos:
            if ".." in PurePosixPath(name).parts or re.match(r"[/\\]|[A-Za-z]:", name) or "\\.." in name:
                raise BridgeError(f"{path.name} holds a file whose path leads out of it ({name!r}); it is refused.")

    def names(self) -> list[str]:
        """All of them, sorted."""
        return sorted(self._infos)

    def read(self, name: str) -> bytes:
        """Unpacked as far as the limit only, whatever size the archive states."""
        try:
            with self._zip.open(self._infos[name]) as stream:
                data = stream.read(MAX_BYTES + 1)
        except (
            OSError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            RuntimeError,
            ValueError,
            NotImplementedError,
        ) as error:
            raise BridgeError(f"{name} in {self.title} is damaged or encrypted; export it again.") from error
        return _bounded(data, f"{name} in {self.title}")


def read_bytes(path: Path) -> bytes:
    """A file of bounded size. Raises BridgeError."""
    try:
        with path.open("rb") as stream:
            return _bounded(stream.read(MAX_BYTES + 1), path.name)
    except OSError as error:
        reason = "it does not exist" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise BridgeError(f"{path.name} cannot be opened: {reason}.") from error


def _bounded(data: bytes, title: str) -> bytes:
    if len(data) > MAX_BYTES:
        raise BridgeError(f"{title} is larger than {MAX_BYTES // 2**20} MB, which is refused; export fewer videos.")
    return data


def parse_json(data: bytes, title: str) -> object:
    """Raises BridgeError when the text is not whole JSON."""
    try:
        parsed: object = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BridgeError(f"{title} is not whole JSON: it is damaged or cut off; export it again.") from error
    return parsed


def parse_xml(data: bytes, title: str) -> Element:
    """The root. Document types and with them all entities are refused. Raises BridgeError."""
    builder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_XML_DEPTH:
            raise BridgeError(f"{title} is nested more than {MAX_XML_DEPTH} levels deep, which is refused.")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_declaration: object) -> None:
        raise BridgeError(f"{title} declares a document type, which is refused; export it again without one.")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise BridgeError(f"{title} is not whole XML: it is damaged or cut off; export it again.") from error
    return builder.close()


def parse_tables(data: bytes, title: str) -> Iterator[list[list[str]]]:
    """Rows of stripped cells of a text table, for every separator that it may have, the most frequent first.

    Raises BridgeError when it is no text table.
    """
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise BridgeError(f"{title} is no text table; save it as CSV or TSV.")
    for separator in sorted("\t;,", key=text[:20_000].count, reverse=True):
        try:
            yield [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=separator)]
        except csv.Error as error:
            raise BridgeError(f"{title} cannot be read as a table ({error}); save it as CSV again.") from error


class Cells:
    """Rows of a table by column name, whatever the case and spacing of its header.

    header_at: the row of the header, from 0.
    """

    def __init__(self, rows: list[list[str]], header_at: int, title: str) -> None:
        self.title = title
        self.columns = {" ".join(name.casefold().split()): i for i, name in reversed(list(enumerate(rows[header_at])))}
        self.rows = [(n + 1, row) for n, row in enumerate(rows) if n > header_at and any(row)]

    def has(self, *names: str) -> bool:
        """True when one of the columns is there."""
        return any(name in self.columns for name in names)

    def text(self, row: list[str], *names: str) -> str:
        """The first of the columns that is there and filled; "" for none, and for `NA` and `NaN`."""
        for name in names:
            column = self.columns.get(name)
            if column is not None and column < len(row) and row[column].casefold() not in ("", "na", "nan", "none"):
                return row[column]
        return ""


def read_number(text: str) -> float | None:
    """A number, a decimal comma too, or `hh:mm:ss.fff` in seconds; None for other text.

    >>> read_number("00:01:02.500"), read_number("3,25"), read_number("x")
    (62.5, 3.25, None)
    """
    clock = re.fullmatch(r"(-?)(\d{1,4}):(\d\d):(\d\d(?:[.,]\d+)?)", text)
    if clock:
        sign, hours, minutes, seconds = clock.groups()
        total = int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
        return -total if sign else total
    if not re.fullmatch(r"[+-]?\d{1,15}([.,]\d*)?([eE][+-]?\d{1,2})?", text):
        return None
    return float(text.replace(",", "."))
