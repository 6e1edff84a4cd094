"""Opens whatever a person has of a study: a file, a folder, a DICOMDIR, a zip archive, numbered images, or several."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.study import Failure, Study
from luv_viewer.domain.video import Video
from luv_viewer.io.archive import Archive, Member
from luv_viewer.io.byte_source import ByteSource, FileSource, os_reason
from luv_viewer.io.dicom import OpenedDicom, open_dicom
from luv_viewer.io.dicomdir import referenced_files
from luv_viewer.io.errors import MissingFileError, StudyError, UnreadableFileError, UnsupportedFormatError, one_line
from luv_viewer.io.file_kind import HEAD_BYTES, FileKind, file_kind, packed_as
from luv_viewer.io.image_folder import ImageFile, find_image_sequences, open_image_sequence
from luv_viewer.io.media import open_media
from luv_viewer.io.study_order import arrange, natural_key

DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".ima"})
_MEMBER_LIMIT_BYTES = 2**28
_log = logging.getLogger(__name__)


def open_study(path: str | Path | Sequence[str | Path]) -> Study:
    """The videos of a file, folder (with its subfolders), DICOMDIR, zip archive, or of several of these.

    Numbered images named one by one make one video, as those of a folder do.
    Lazy: headers are read, no pixel is decoded. Content decides what a file is, not its name. In folders and archives,
    files that are neither DICOM nor video nor image are left out quietly; one that is but cannot be opened becomes a
    Failure. Raises StudyError, one plain sentence, when nothing at all could be opened.
    """
    paths = list(dict.fromkeys(map(Path, [path] if isinstance(path, (str, Path)) else path)))
    if not paths:
        raise MissingFileError("No file was named: give a file, a folder, a DICOMDIR or a zip archive.")
    reading = Reading()
    for one in paths:
        reading.add(one)
    reading.add_images(reading.named_images)
    if not reading.dicoms and not reading.others:
        raise _nothing_opened(paths, reading)
    title = paths[0].absolute().name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
    return Study(one_line(title), paths[0], arrange(reading.dicoms, reading.others), tuple(reading.failures))


def _nothing_opened(paths: Sequence[Path], reading: Reading) -> StudyError:
    if len(reading.failures) == 1 and reading.first_error is not None:
        return reading.first_error
    name = paths[0].absolute().name
    if reading.failures:
        first = reading.failures[0].message
        return UnreadableFileError(f"{name}: none of {len(reading.failures)} files could be opened; the first: {first}")
    return UnsupportedFormatError(f"{name} holds no DICOM file, video or numbered image that could be opened.")


@dataclass
class Reading:
    """What was found so far while one study is opened."""

    dicoms: list[OpenedDicom] = field(default_factory=list)
    others: list[Video] = field(default_factory=list)
    named_images: list[Path | ImageFile] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    cache: FrameCache = field(default_factory=FrameCache)
    first_error: StudyError | None = None

    def fail(self, path: Path, error: StudyError, message: str | None = None) -> None:
        """Keep the reason why a file is left out."""
        self.failures.append(Failure(path, one_line(message or str(error))))
        # The error itself leads back to here by its causes, and files in such a circle are not closed in order.
        self.first_error = self.first_error or type(error)(str(error))

    def add(self, path: Path) -> None:
        """Open one path a person named; every reason not to is kept as a Failure."""
        try:
            if path.is_dir():
                self.add_files(files_below(path, self.failures))
                return
            head = head_of(path)
            kind = file_kind(head)
            if kind is FileKind.UNKNOWN:
                raise UnsupportedFormatError(unknown_sentence(path.name, head))
            if kind is FileKind.IMAGE:
                self.named_images.append(path)
            else:
                self._add_file(path, kind)
        except StudyError as error:
            self.fail(path, error)
        except OSError as error:
            self.fail(path, MissingFileError(f"{path.name} cannot be opened: {os_reason(error)}."))

    def add_files(self, files: Iterable[Path]) -> None:
        """Open what can be opened of a folder's files."""
        images: list[Path | ImageFile] = []
        for path in files:
            try:
                kind = file_kind(head_of(path))
                if kind is FileKind.IMAGE:
                    images.append(path)
                elif kind not in (FileKind.UNKNOWN, FileKind.DICOM_DIRECTORY):
                    self._add_file(path, kind, in_folder=True)
                elif kind is FileKind.UNKNOWN and path.suffix.lower() in DICOM_SUFFIXES:
                    raise UnsupportedFormatError(f"{path.name} is not a DICOM file, although its name says so.")
            except StudyError as error:
                self.fail(path, error)
        self.add_images(images)

    def _add_file(self, path: Path, kind: FileKind, *, in_folder: bool = False) -> None:
        """Open one file of a known kind. Raises StudyError."""
        if kind is FileKind.ZIP:
            self._add_archive(path, in_folder=in_folder)
        elif kind is FileKind.MEDIA:
            self.others.append(open_media(path, self.cache))
        elif kind is FileKind.DICOM_DIRECTORY:
            files, missing = referenced_files(path)
            self.failures.extend(missing)
            self.add_files(files)
        else:
            self._add_dicom(FileSource(path), path, None, is_sure=kind is FileKind.DICOM or not in_folder)

    def _add_dicom(self, source: ByteSource, path: Path, member: str | None, *, is_sure: bool) -> None:
        """Open a DICOM file. A file that only looks like one (no prefix) is left out quietly when it is none."""
        name = Path(member or path.name)
        try:
            self.dicoms.append(open_dicom(source, path, self.cache, member=member))
        except StudyError:
            if is_sure or name.suffix.lower() in DICOM_SUFFIXES:
                raise
        except Exception as error:  # boundary: damage nobody foresaw costs one file, not the study
            _log.warning("a DICOM file could not be opened: %s", type(error).__name__)
            raise UnreadableFileError(
                f"{name.name} is damaged and cannot be opened ({type(error).__name__})."
            ) from error

    def add_images(self, images: Sequence[Path | ImageFile]) -> None:
        """Open still images and numbered images as videos."""
        for sequence in find_image_sequences(images):
            try:
                self.others.append(open_image_sequence(sequence, self.cache))
            except StudyError as error:
                self.fail(sequence.files[0].path, error)

    def _add_archive(self, path: Path, *, in_folder: bool) -> None:
        """Open the members of a zip archive. Raises StudyError when it cannot be read at all."""
        archive = Archive(path)
        found = len(self.dicoms) + len(self.others) + len(self.failures)
        images: list[Path | ImageFile] = []
        for number, member in sorted(archive.members(), key=lambda entry: natural_key(entry[1].name)):
            try:
                self.add_member(archive, number, member, images)
            except StudyError as error:
                self.fail(path, error, f"{path.name}: {error}")
        self.add_images(images)
        if found == len(self.dicoms) + len(self.others) + len(self.failures) and not in_folder:
            raise UnsupportedFormatError(f"{path.name} holds no DICOM file or video that could be opened.")

    def add_member(self, archive: Archive, number: int, member: Member, images: list[Path | ImageFile]) -> None:
        """Open a member, or put it with the images to be opened together. Raises StudyError."""
        kind, source = member_kind(archive, number, member)
        if kind in (FileKind.DICOM, FileKind.DICOM_WITHOUT_PREFIX):
            self._add_dicom(source, archive.path, member.name, is_sure=kind is FileKind.DICOM)
        elif kind is FileKind.MEDIA:
            self.others.append(
                open_media(archive.path, self.cache, member=member.name, data=whole_member(source, member))
            )
        elif kind is FileKind.IMAGE:
            images.append(ImageFile(archive.path, member.name, lambda: whole_member(source, member)))


def member_kind(archive: Archive, number: int, member: Member) -> tuple[FileKind, ByteSource]:
    """What a member of an archive is, and its bytes. Raises StudyError for one that cannot be looked into."""
    name = PurePosixPath(member.name).name
    if member.is_encrypted:
        raise UnsupportedFormatError(f"{name} is encrypted: unpack the archive with its password first.")
    source = archive.source(number)
    kind = file_kind(source.read(0, HEAD_BYTES))
    if kind is FileKind.ZIP and name.lower().endswith(".zip"):
        raise UnsupportedFormatError(f"{name} is an archive inside an archive: unpack it first.")
    return kind, source


def whole_member(source: ByteSource, member: Member) -> bytes:
    """All bytes of an archive member that cannot be read in parts; `source` is closed. Raises StudyError."""
    if member.size > _MEMBER_LIMIT_BYTES:
        name = PurePosixPath(member.name).name
        raise UnsupportedFormatError(f"{name} is too large to be read inside an archive: unpack it first.")
    try:
        return source.read(0, member.size)
    finally:
        source.close()


def head_of(path: Path) -> bytes:
    """The first bytes of a file. Raises MissingFileError, UnsupportedFormatError."""
    try:
        # Opening a pipe would wait for its other end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnsupportedFormatError(f"{path.name} is not a regular file but a pipe or a device.")
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise MissingFileError(f"{path.name or path} does not exist.") from error
    except OSError as error:
        raise MissingFileError(f"{path.name} cannot be read: {os_reason(error)}.") from error
    except ValueError as error:
        raise MissingFileError(f"{path.name} is not a usable file name.") from error


def unknown_sentence(name: str, head: bytes) -> str:
    """Why a file of no known kind is not opened. head: its first bytes."""
    if not head:
        return f"{name} is an empty file."
    packing = packed_as(head)
    if packing is not None:
        return f"{name} is packed with {packing}, which is not opened: unpack it first."
    return f"{name} is not a kind of file that can be opened: DICOM, video, image, folder or zip archive was expected."


def files_below(folder: Path, failures: list[Failure], without: Path | None = None) -> Iterator[Path]:
    """Regular files of a folder and its subfolders in natural order, hidden ones left out; links are not followed.

    without: a folder (as `Path.resolve` gives it) that is left out. One folder's names are in memory at a time.
    """

    def refused(error: OSError) -> None:
        place = Path(error.filename or folder)
        failures.append(Failure(place, one_line(f"The folder {place.name} cannot be read: {os_reason(error)}.")))

    for holder, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_key)
        if without is not None:
            folders[:] = [name for name in folders if Path(holder, name).resolve() != without]
        for name in sorted(names, key=natural_key):
            path = Path(holder, name)
            if not name.startswith(".") and path.is_file():
                yield path
