"""Numbered images as one video, single images as stills."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import groupby, pairwise
from pathlib import Path, PurePath
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.timing import ASSUMED_FPS, Timing, TimingSource
from luv_viewer.domain.video import Video, VideoSource
from luv_viewer.domain.zone import zone_from_text
from luv_viewer.io.errors import FrameDecodeError, UnreadableFileError, UnsupportedFormatError, one_line
from luv_viewer.io.library_silence import quietly
from luv_viewer.io.media import folder_group

_SIGNATURES = (
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("BMP", re.compile(rb"BM.{8}..\0\0[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL)),
    ("TIFF", re.compile(rb"II\*\0|MM\0\*")),
)
_FORMATS = tuple(name for name, _ in _SIGNATURES)
_NUMBER_AT_END = re.compile(r"(\d+)$")
# "patient_10_L1" names a lung zone, not the first frame of a video.
_ZONE_AT_END = re.compile(r"(?<![A-Za-z0-9])[LR][1-6]$", re.IGNORECASE)
_HEADER_BYTES = 32
_LARGEST_PIXELS = 80_000_000
_FULL_16_BIT = 65535


@dataclass(frozen=True)
class ImageFile:
    """One image file, or the entry `member` of the archive `path` with `load` giving its bytes."""

    path: Path
    member: str | None = None
    load: Callable[[], bytes] | None = None

    @property
    def inner(self) -> PurePath:
        """The path inside the archive, else the file's."""
        return PurePath(self.member) if self.member else self.path

    def open(self) -> BinaryIO:
        """The stored bytes as a fresh binary file. Raises UnreadableFileError."""
        try:
            return self.path.open("rb") if self.load is None else BytesIO(self.load())
        except OSError as error:
            raise UnreadableFileError(f"{self.inner.name} cannot be read: {error.strerror}.") from error

    def read(self) -> bytes:
        """The stored bytes. Raises UnreadableFileError."""
        with self.open() as stream:
            return stream.read()


@dataclass(frozen=True)
class ImageSequence:
    """Images that make one video, in order.

    title: their common name, with first and last number where one folder holds several runs of that name.
    size: (height, width) of all of them, pixels; None for an image whose header cannot be read, alone in its run.
    """

    title: str
    files: tuple[ImageFile, ...]
    size: tuple[int, int] | None
    missing: tuple[int, ...] = ()


def is_image(header: bytes) -> str | None:
    """Name of the image format that begins with `header` (32 bytes are enough), or None.

    >>> is_image(b"\\x89PNG\\r\\n\\x1a\\n"), is_image(b"GIF89a")
    ('PNG', None)
    """
    return next((name for name, signature in _SIGNATURES if signature.match(header)), None)


def find_image_sequences(files: Sequence[Path | ImageFile]) -> list[ImageSequence]:
    """Group image files into videos and stills, by folder, name without its number, extension and size.

    A video is a run of images whose names end in a number, in numeric order ("2" before "10"); where the size
    changes a new run begins. An image without a number, or named after a lung zone, is a still. Only headers are
    read. Never raises for a damaged image: opening it does.
    """
    images = [ImageFile(file) if isinstance(file, Path) else file for file in files]
    sequences: list[ImageSequence] = []
    for (_, _, stem, _), group in groupby(sorted(images, key=_place), key=lambda image: _series(image.inner)):
        runs = [(size, list(run)) for size, run in groupby(group, key=_size)]
        for size, run in runs:
            members = [[image] for image in run] if size is None else [run]
            for part in members:
                sequences.append(_sequence(stem, part, size, alone=len(runs) == 1))
    return sequences


def open_image_sequence(sequence: ImageSequence, cache: FrameCache) -> Video:
    """The video (or still) made of `sequence`. No pixel is decoded.

    8-bit images are shown as stored, 16-bit ones divided by 257; alpha and EXIF orientation are ignored.
    Raises UnreadableFileError, UnsupportedFormatError.
    """
    first = sequence.files[0]
    size = sequence.size
    if size is None:
        size = _checked_size(first)
    n = len(sequence.files)
    notes = []
    if n > 1:
        notes.append(f"Numbered images state no frame rate; {ASSUMED_FPS:g} frames/s are assumed.")
    if sequence.missing:
        some = ", ".join(str(number) for number in sequence.missing[:8])
        more = ", ..." if len(sequence.missing) > 8 else ""
        notes.append(f"Images are missing from the numbering: {some}{more}.")
    with first.open() as stream:
        kind = is_image(stream.read(_HEADER_BYTES)) or "image"
    holder = first.path if first.member else first.path.parent
    return Video(
        title=one_line(sequence.title),
        height=size[0],
        width=size[1],
        timing=Timing.regular(n, ASSUMED_FPS, TimingSource.ASSUMED),
        region=(0, 0, size[1], size[0]),
        spacing_mm=None,
        source=VideoSource(
            path=first.path if first.member or n == 1 else holder,
            member=first.member,
            format=f"numbered {kind}" if n > 1 else kind,
        ),
        group=folder_group(holder),
        store=ImageStore(sequence.files, size),
        cache=cache,
        zone=zone_from_text(sequence.title),
        notes=tuple(notes),
    )


class ImageStore:
    """Frames kept as one image file each."""

    def __init__(self, files: tuple[ImageFile, ...], size: tuple[int, int]) -> None:
        """size: (height, width) every image must have, pixels."""
        self._files = files
        self._size = size

    def read(self, i: int) -> NDArray[np.uint8]:
        """Image i as (H, W, 3) uint8 RGB. Raises FrameDecodeError."""
        name = self._files[i].inner.name
        try:
            picture = decode_image(self._files[i].read())
        except UnreadableFileError as error:
            raise FrameDecodeError(f"{name} cannot be read any more.") from error
        except ValueError as error:
            raise FrameDecodeError(f"{name} cannot be decoded: {error}.") from error
        if picture.shape[:2] != self._size:
            height, width = self._size
            raise FrameDecodeError(
                f"{name} is {picture.shape[1]} x {picture.shape[0]} pixels, expected {width} x {height}."
            )
        return picture

    def video_id(self) -> str:
        """`sha256:<hex>` over the bytes of all images in order. Raises UnreadableFileError."""
        return f"sha256:{self._digest}"

    def frame_digest(self, i: int) -> str:
        """SHA-256 (hex) of image file i. Raises UnreadableFileError."""
        return hashlib.sha256(self._files[i].read()).hexdigest()

    def close(self) -> None:
        """Nothing stays open between frames."""

    @cached_property
    def _digest(self) -> str:
        digest = hashlib.sha256()
        for file in self._files:
            digest.update(file.read())
        return digest.hexdigest()


def decode_image(data: bytes) -> NDArray[np.uint8]:
    """The (first) picture in PNG, JPEG, BMP or TIFF bytes as (H, W, 3) uint8 RGB.

    16-bit grey is divided by 257; alpha and EXIF orientation are ignored. Raises ValueError with the reason.
    """
    with _opened(BytesIO(data)) as image:
        try:
            with quietly():
                image.load()
        except (OSError, ValueError, SyntaxError) as error:
            raise ValueError("its data are damaged or incomplete") from error
        if image.mode == "F":
            raise ValueError("it holds floating-point numbers, not grey levels or colours")
        if image.mode == "I" or image.mode.startswith("I;16"):
            return _from_16_bit(np.asarray(image))
        return np.array(image.convert("RGB"), dtype=np.uint8)


def _from_16_bit(levels: NDArray[np.generic]) -> NDArray[np.uint8]:
    wide = levels.astype(np.int64)
    if wide.min() < 0 or wide.max() > _FULL_16_BIT:
        raise ValueError("its grey levels do not fit 16 bits")
    grey = ((wide + 128) // 257).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _opened(stream: BinaryIO) -> Image.Image:
    """Header read, pixels not. Raises ValueError with the reason."""
    try:
        with quietly():
            image = Image.open(stream, formats=_FORMATS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("it is not a whole PNG, JPEG, BMP or TIFF image") from error
    if image.width * image.height > _LARGEST_PIXELS:
        raise ValueError(f"{image.width} x {image.height} pixels are more than can be shown")
    return image


def _checked_size(image: ImageFile) -> tuple[int, int]:
    """(height, width). Raises UnreadableFileError, UnsupportedFormatError."""
    with image.open() as stream:
        if is_image(stream.read(_HEADER_BYTES)) is None:
            raise UnsupportedFormatError(f"{image.inner.name} is not an image (expected PNG, JPEG, BMP or TIFF).")
        stream.seek(0)
        try:
            opened = _opened(stream)
        except ValueError as error:
            raise UnreadableFileError(f"{image.inner.name} cannot be opened: {error}.") from error
        return opened.height, opened.width


def _size(image: ImageFile) -> tuple[int, int] | None:
    try:
        return _checked_size(image)
    except (UnreadableFileError, UnsupportedFormatError):
        return None


def _number(path: PurePath) -> int | None:
    found = _NUMBER_AT_END.search(path.stem)
    return int(found.group(1)) if found and not _ZONE_AT_END.search(path.stem) else None


def _series(path: PurePath) -> tuple[str, str, str, bool]:
    """What images of one video share: folder, extension, name without number, being numbered."""
    number = _number(path)
    stem = path.name if number is None else _NUMBER_AT_END.sub("", path.stem)
    return str(path.parent), path.suffix.lower(), stem, number is not None


def _place(image: ImageFile) -> tuple[tuple[str, str, str, bool], int, str]:
    number = _number(image.inner)
    return _series(image.inner), -1 if number is None else number, image.inner.name


def _sequence(stem: str, images: list[ImageFile], size: tuple[int, int] | None, *, alone: bool) -> ImageSequence:
    first, last = images[0].inner, images[-1].inner
    if len(images) == 1:
        title = first.stem
    else:
        title = stem.rstrip(" _-.") or first.parent.name or first.stem
        if not alone:
            title = f"{title} {_number(first)}-{_number(last)}"
    return ImageSequence(title, tuple(images), size, tuple(_gaps(_number(image.inner) for image in images)))


def _gaps(numbers: Iterable[int | None]) -> list[int]:
    """Numbers left out between neighbours, at most the first hundred of each gap."""
    known = [number for number in numbers if number is not None]
    return [number for a, b in pairwise(known) for number in range(a + 1, min(b, a + 101))]
