"""The shape and sample layout of the frames of a DICOM file (Image Pixel module, PS3.3 C.7.6.3)."""

from __future__ import annotations

from dataclasses import dataclass

from luv_viewer.io.dicom_header import DicomHeader, PixelElement
from luv_viewer.io.dicom_syntax import Coding
from luv_viewer.io.errors import UnreadableFileError, UnsupportedFormatError

# About 100 MB as RGB. Larger claims come from slide scanners or damaged headers.
MAX_FRAME_PIXELS = 32_000_000
MAX_FRAMES = 1_000_000
_PHOTOMETRICS = {
    1: frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}),
    3: frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420", "YBR_PARTIAL_422"}),
}
_BITS_ALLOCATED = {"PixelData": (1, 8, 16, 32), "FloatPixelData": (32,), "DoubleFloatPixelData": (64,)}


@dataclass(frozen=True)
class ImageFormat:
    """How one frame is laid out; field names as in DICOM. n_frames is the declared number, at least 1."""

    keyword: str
    rows: int
    columns: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    is_signed: bool
    planar: int
    n_frames: int

    @property
    def frame_bits(self) -> int:
        """Bits of one native frame; half the chroma of YBR_FULL_422 is stored (PS3.3 C.7.6.3.1.2)."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.bits_allocated

    def decode_options(self) -> dict[str, object]:
        """The same for pydicom's decoders, of one frame."""
        return {
            "rows": self.rows,
            "columns": self.columns,
            "samples_per_pixel": self.samples,
            "photometric_interpretation": self.photometric,
            "bits_allocated": self.bits_allocated,
            "bits_stored": self.bits_stored,
            "pixel_representation": int(self.is_signed),
            "planar_configuration": self.planar,
            "pixel_keyword": self.keyword,
            "number_of_frames": 1,
        }


def read_format(header: DicomHeader, pixels: PixelElement, name: str) -> ImageFormat:
    """The checked image format of a file with pixel data.

    Raises UnreadableFileError when an element is missing or contradicts the others.
    """
    rows = _required(header, "Rows", 1, 65535, name)
    columns = _required(header, "Columns", 1, 65535, name)
    if rows * columns > MAX_FRAME_PIXELS:
        raise UnreadableFileError(
            f"{name} declares frames of {columns} x {rows} pixels, more than the {MAX_FRAME_PIXELS} that can be shown."
        )
    samples = header.whole("SamplesPerPixel") if "SamplesPerPixel" in header.dataset else 1
    photometric = header.text("PhotometricInterpretation").upper()
    if samples not in _PHOTOMETRICS or photometric not in _PHOTOMETRICS[samples]:
        raise UnsupportedFormatError(
            f"{name} declares {samples} samples per pixel with a photometric interpretation that does not fit them "
            "or is not known."
        )
    is_video = header.syntax.coding is Coding.VIDEO
    bits_allocated = 8 if is_video else _required(header, "BitsAllocated", 1, 64, name)
    if bits_allocated not in _BITS_ALLOCATED[pixels.keyword]:
        raise UnsupportedFormatError(f"{name} declares {bits_allocated} bits per sample; 1, 8, 16 and 32 can be read.")
    is_float = pixels.keyword != "PixelData"
    bits_stored = bits_allocated if is_video or is_float else _required(header, "BitsStored", 1, bits_allocated, name)
    planar = header.whole("PlanarConfiguration") if samples == 3 else 0
    return ImageFormat(
        keyword=pixels.keyword,
        rows=rows,
        columns=columns,
        samples=samples,
        photometric=photometric,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        is_signed=header.whole("PixelRepresentation") == 1,
        planar=planar if planar in (0, 1) else 0,
        n_frames=_number_of_frames(header, name),
    )


def _required(header: DicomHeader, keyword: str, low: int, high: int, name: str) -> int:
    number = header.whole(keyword)
    if number is None or not low <= number <= high:
        found = "none" if number is None else str(number)
        raise UnreadableFileError(
            f"{name} has no usable {keyword}: expected a number from {low} to {high}, found {found}."
        )
    return number


def _number_of_frames(header: DicomHeader, name: str) -> int:
    number = header.whole("NumberOfFrames")
    if number is None and header.value("NumberOfFrames") in (None, "") and not _is_damaged(header):
        return 1
    if number is None or not 0 <= number <= MAX_FRAMES:
        raise UnreadableFileError(f"{name} has no usable NumberOfFrames: a number from 1 to {MAX_FRAMES} was expected.")
    return max(number, 1)


def _is_damaged(header: DicomHeader) -> bool:
    """True when Number of Frames is there and holds something that is not a number."""
    raw = header.dataset.get_item("NumberOfFrames") if "NumberOfFrames" in header.dataset else None
    value = getattr(raw, "value", None)
    return isinstance(value, bytes) and bool(value.strip(b" \0"))
