"""What can be opened by itself of files and folders of any size: one video's worth after the other, found lazily.

`open_study` holds all videos of a study; an archive of 100,000 is walked here instead, with one video open at a time.
A part says where a video is and opens it again anywhere, in another process too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath

from luv_viewer.domain.study import Failure
from luv_viewer.domain.video import Video
from luv_viewer.io.archive import Archive, Member
from luv_viewer.io.byte_source import os_reason
from luv_viewer.io.dicomdir import referenced_files
from luv_viewer.io.errors import StudyError, UnreadableFileError, one_line
from luv_viewer.io.file_kind import FileKind, file_kind
from luv_viewer.io.image_folder import ImageFile, find_image_sequences
from luv_viewer.io.study_order import natural_key
from luv_viewer.io.study_reader import (
    DICOM_SUFFIXES,
    Reading,
    files_below,
    head_of,
    member_kind,
    unknown_sentence,
    whole_member,
)


@dataclass(frozen=True)
class StudyPart:
    """One video that may be opened.

    files: the file it is stored in; all of its numbered images in order. members: their numbers in the archive
    `files[0]`, empty outside archives. path, member: as `Video.source` has them. n_bytes: stored, together.
    """

    files: tuple[Path, ...]
    path: Path
    member: str | None
    n_bytes: int
    members: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """File name to show, as `VideoSource.name`."""
        return PurePosixPath(self.member).name if self.member else self.path.name


def parts_of_files(paths: Sequence[Path]) -> Iterator[StudyPart | Failure]:
    """What is in files a person named: archives and DICOMDIRs are looked into, numbered images put together, last."""
    images: list[Path | ImageFile] = []
    for path in paths:
        try:
            head = head_of(path)
            kind = file_kind(head)
            if kind is FileKind.IMAGE:
                images.append(path)
            elif kind is FileKind.DICOM_DIRECTORY:
                files, missing = referenced_files(path)
                yield from missing
                yield from _parts_inside(iter(files))
            elif kind is FileKind.UNKNOWN:
                yield Failure(path, one_line(unknown_sentence(path.name, head)))
            else:
                yield from _parts_of(path, kind, is_named=True)
        except (StudyError, OSError) as error:
            yield _refused(path, error)
    yield from _image_parts(images)


def parts_below(folder: Path, without: Path | None = None) -> Iterator[StudyPart | Failure]:
    """What is in a folder and its subfolders, one folder after the other; as `open_study` takes folders.

    without: a folder in it that is left out.
    """
    failures: list[Failure] = []
    for part in _parts_inside(files_below(folder, failures, without)):
        yield from failures
        failures.clear()
        yield part
    yield from failures


def open_part(part: StudyPart) -> Video:
    """The video of a part; its frames are not decoded. Raises StudyError."""
    reading = Reading()
    try:
        if part.members:
            _open_members(reading, part)
        elif len(part.files) > 1:
            reading.add_images(part.files)
        else:
            reading.add(part.path)
            reading.add_images(reading.named_images)
    except OSError as error:
        raise UnreadableFileError(_refused(part.path, error).message) from error
    videos = [*(opened.video for opened in reading.dicoms), *reading.others]
    if len(videos) == 1:
        return videos[0]
    if reading.first_error is not None:
        raise reading.first_error
    raise UnreadableFileError(f"{part.name} was changed while it was being read.")


def _parts_inside(files: Iterator[Path]) -> Iterator[StudyPart | Failure]:
    """The parts of a folder's files; images wait for the end of their own folder, for they may belong together."""
    images: list[Path | ImageFile] = []
    holder: Path | None = None
    for path in files:
        if path.parent != holder:
            yield from _image_parts(images)
            images, holder = [], path.parent
        try:
            kind = file_kind(head_of(path))
            if kind is FileKind.IMAGE:
                images.append(path)
            elif kind is FileKind.UNKNOWN and path.suffix.lower() in DICOM_SUFFIXES:
                yield Failure(path, f"{path.name} is not a DICOM file, although its name says so.")
            elif kind not in (FileKind.UNKNOWN, FileKind.DICOM_DIRECTORY):
                yield from _parts_of(path, kind, is_named=False)
        except (StudyError, OSError) as error:
            yield _refused(path, error)
    yield from _image_parts(images)


def _parts_of(path: Path, kind: FileKind, *, is_named: bool) -> Iterator[StudyPart | Failure]:
    if kind is FileKind.ZIP:
        yield from _parts_of_archive(path, is_named=is_named)
    elif is_named or kind is not FileKind.DICOM_WITHOUT_PREFIX or _is_dicom(path):
        yield StudyPart((path,), path, None, path.stat().st_size)


def _is_dicom(path: Path) -> bool:
    """Whether a file that only looks like DICOM is to be taken for it: by its name, or because it opens."""
    if path.suffix.lower() in DICOM_SUFFIXES:
        return True
    reading = Reading()
    reading.add_files([path])
    for opened in reading.dicoms:
        opened.video.store.close()
    return bool(reading.dicoms or reading.failures)


def _parts_of_archive(path: Path, *, is_named: bool) -> Iterator[StudyPart | Failure]:
    archive = Archive(path)
    images: list[ImageFile] = []
    numbers: dict[int, int] = {}
    is_empty = True
    for number, member in sorted(archive.members(), key=lambda entry: natural_key(entry[1].name)):
        try:
            kind, source = member_kind(archive, number, member)
            source.close()
            if kind is FileKind.IMAGE:
                image = ImageFile(path, member.name, partial(_load, archive, number, member))
                images.append(image)
                numbers[id(image)] = number
            elif kind in (FileKind.MEDIA, FileKind.DICOM) or (
                kind is FileKind.DICOM_WITHOUT_PREFIX and _is_dicom_member(archive, number, member)
            ):
                yield StudyPart((path,), path, member.name, member.size, (number,))
                is_empty = False
        except StudyError as error:
            yield Failure(path, one_line(f"{path.name}: {error}"))
            is_empty = False
    sizes = {number: member.size for number, member in archive.members()}
    for sequence in find_image_sequences(images):
        chosen = tuple(numbers[id(image)] for image in sequence.files)
        yield StudyPart((path,), path, sequence.files[0].member, sum(sizes[number] for number in chosen), chosen)
        is_empty = False
    if is_empty and is_named:
        yield Failure(path, one_line(f"{path.name} holds no DICOM file or video that could be opened."))


def _load(archive: Archive, number: int, member: Member) -> bytes:
    return whole_member(archive.source(number), member)


def _is_dicom_member(archive: Archive, number: int, member: Member) -> bool:
    """As `_is_dicom`. Raises StudyError for a file that is named as DICOM and is none."""
    reading = Reading()
    reading.add_member(archive, number, member, [])
    for opened in reading.dicoms:
        opened.video.store.close()
    return bool(reading.dicoms)


def _image_parts(images: Sequence[Path | ImageFile]) -> Iterator[StudyPart | Failure]:
    for sequence in find_image_sequences(images):
        files = tuple(image.path for image in sequence.files)
        path = files[0] if len(files) == 1 else files[0].parent
        try:
            yield StudyPart(files, path, None, sum(file.stat().st_size for file in files))
        except OSError as error:
            yield _refused(files[0], error)


def _open_members(reading: Reading, part: StudyPart) -> None:
    """Raises StudyError, OSError."""
    path = part.files[0]
    status = path.stat()
    archive, members = _archive(path, status.st_mtime_ns, status.st_size)
    images: list[Path | ImageFile] = []
    for number in part.members:
        if number not in members:
            raise UnreadableFileError(f"{path.name} was changed while it was being read.")
        try:
            reading.add_member(archive, number, members[number], images)
        except StudyError as error:
            raise type(error)(f"{path.name}: {error}") from error
    reading.add_images(images)


@lru_cache(maxsize=1)
def _archive(path: Path, _mtime_ns: int, _size: int) -> tuple[Archive, dict[int, Member]]:
    """The archive read last: the next part is most often of the same one, and its list may be long."""
    archive = Archive(path)
    return archive, dict(archive.members())


def _refused(path: Path, error: StudyError | OSError) -> Failure:
    sentence = f"{path.name} cannot be opened: {os_reason(error)}." if isinstance(error, OSError) else str(error)
    return Failure(path, one_line(sentence))
