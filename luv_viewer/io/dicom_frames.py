"""The frames of one DICOM file, decoded one at a time (contract: luv_viewer.domain.video.FrameStore)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels import get_decoder
from pydicom.uid import ExplicitVRLittleEndian

from luv_viewer.io.byte_source import ByteSource, digest
from luv_viewer.io.dicom_codec import FrameDecoder
from luv_viewer.io.dicom_color import Display, Picture
from luv_viewer.io.dicom_fragments import FragmentIndex
from luv_viewer.io.dicom_header import CONVERSION_ERRORS, PixelElement
from luv_viewer.io.dicom_image import ImageFormat
from luv_viewer.io.errors import FrameDecodeError
from luv_viewer.io.library_silence import quietly


@dataclass(frozen=True, eq=False)
class DicomFile:
    """The stored file. uid: its SOP Instance UID, empty when it has none."""

    source: ByteSource
    name: str
    uid: str

    def video_id(self) -> str:
        """SOP Instance UID, or `sha256:<hex>` of the file."""
        return self.uid or f"sha256:{digest(self.source)}"


@dataclass(frozen=True, eq=False)
class NativeLayout:
    """swapped_bytes: size of the words whose bytes are stored in the other order, 1 for none; display: to RGB."""

    swapped_bytes: int
    display: Display

    @classmethod
    def of(cls, image: ImageFormat, vr: str | None, little: bool, display: Display) -> NativeLayout:
        """Big-endian files swap samples, and 8-bit samples too where they are stored as OW (PS3.5 section 8.1.1)."""
        if little:
            return cls(1, display)
        word = image.bits_allocated // 8 if image.bits_allocated > 8 else 2 if vr == "OW" else 1
        return cls(word, display)


class NativeFrames:
    """Uncompressed frames, each read straight from its place in the mapped file.

    data: where the pixel element's position counts from; little: byte order of the file.
    """

    def __init__(
        self, file: DicomFile, data: ByteSource, pixels: PixelElement, image: ImageFormat, layout: NativeLayout
    ) -> None:
        self._file = file
        self._data = data
        self._start = pixels.start
        self._image = image
        self._layout = layout
        self._display = layout.display

    def read(self, i: int) -> Picture:
        """Frame i as (H, W, 3) uint8 RGB. Raises FrameDecodeError."""
        image = self._image
        stored = self._stored(i)
        if image.bits_allocated == 1:
            return self._display.rgb(self._unpacked_bits(i, stored))
        raw = self._in_little_order(i, stored)
        shape = (image.rows, image.columns)
        is_plain = image.bits_allocated == 8 and image.bits_stored == 8 and not image.is_signed
        if is_plain and image.samples == 1:
            return self._display.rgb(np.frombuffer(raw, np.uint8).reshape(shape))
        if is_plain and image.photometric == "RGB":
            if image.planar == 0:
                return np.frombuffer(raw, np.uint8).reshape(*shape, 3).copy()
            return np.ascontiguousarray(np.frombuffer(raw, np.uint8).reshape(3, *shape).transpose(1, 2, 0))
        return self._display.rgb(self._decoded(i, bytes(raw)))

    def video_id(self) -> str:
        """See FrameStore."""
        return self._file.video_id()

    def frame_digest(self, i: int) -> str:
        """SHA-256 (hex) of the bytes of frame i as they stand in the file."""
        return hashlib.sha256(self._stored(i)).hexdigest()

    def close(self) -> None:
        """See FrameStore."""
        self._data.close()
        self._file.source.close()

    def _span(self, i: int) -> tuple[int, int]:
        """First and last + 1 byte of frame i in the pixel data; whole words where bytes are swapped in pairs."""
        bits = self._image.frame_bits
        first, last = i * bits // 8, -(-(i + 1) * bits // 8)
        word = self._layout.swapped_bytes
        return (first // word * word, -(-last // word) * word) if word > 1 else (first, last)

    def _stored(self, i: int) -> memoryview:
        first, last = self._span(i)
        stored = self._data.view(self._start + first, last - first)
        if len(stored) < -(-self._image.frame_bits // 8):
            raise FrameDecodeError(f"{self._file.name} ends before frame {i + 1}: the file is cut off.")
        return stored

    def _in_little_order(self, i: int, stored: memoryview) -> memoryview:
        """Exactly the bytes of frame i, in little-endian order."""
        word = self._layout.swapped_bytes
        length = self._image.frame_bits // 8
        if word == 1:
            return stored[:length]
        padded = bytes(stored).ljust(-(-len(stored) // word) * word, b"\0")
        swapped = np.frombuffer(padded, f">u{word}").astype(f"<u{word}").tobytes()
        skip = i * length - self._span(i)[0]
        return memoryview(swapped)[skip : skip + length]

    def _unpacked_bits(self, i: int, stored: memoryview) -> NDArray[np.uint8]:
        """Frame i of 1-bit pixel data, which run on without padding between frames (PS3.5 section 8.1.1)."""
        image, word = self._image, self._layout.swapped_bytes
        raw = np.frombuffer(bytes(stored).ljust(-(-len(stored) // word) * word, b"\0"), np.uint8)
        ordered = raw.reshape(-1, word)[:, ::-1].ravel()
        skip = i * image.frame_bits - self._span(i)[0] * 8
        bits = np.unpackbits(ordered, bitorder="little")[skip : skip + image.frame_bits]
        return bits.reshape(image.rows, image.columns)

    def _decoded(self, i: int, raw: bytes) -> NDArray[Any]:
        with quietly():
            try:
                options = cast(Any, self._image.decode_options())
                return get_decoder(ExplicitVRLittleEndian).as_array(raw, index=0, **options)[0]
            except (*CONVERSION_ERRORS, RuntimeError) as error:
                raise FrameDecodeError(f"{self._file.name}: frame {i + 1} cannot be turned into a picture.") from error


class EncapsulatedFrames:
    """Compressed frames, each decoded from its own fragments."""

    def __init__(self, file: DicomFile, data: ByteSource, index: FragmentIndex, decoder: FrameDecoder) -> None:
        self._file = file
        self._data = data
        self._index = index
        self._decoder = decoder

    def read(self, i: int) -> Picture:
        """Frame i as (H, W, 3) uint8 RGB. Raises FrameDecodeError."""
        return self._decoder.decode(self._payload(i), i)

    def video_id(self) -> str:
        """See FrameStore."""
        return self._file.video_id()

    def frame_digest(self, i: int) -> str:
        """SHA-256 (hex) of the payload of the frame's fragments, joined."""
        return hashlib.sha256(self._payload(i)).hexdigest()

    def close(self) -> None:
        """See FrameStore."""
        self._data.close()
        self._file.source.close()

    def _payload(self, i: int) -> bytes:
        frames = self._index.frames()
        if i >= len(frames):
            raise FrameDecodeError(f"{self._file.name} ends before frame {i + 1}: the file is cut off.")
        return b"".join(self._data.read(fragment.start, fragment.length) for fragment in frames[i])
