"""The part of a DICOM ultrasound image that shows tissue, and how large its pixels are."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from luv_viewer.domain.video import Region
from luv_viewer.io.dicom_header import DicomHeader, items_of, number_of, numbers_of

# PS3.3 C.8.5.5.1: Region Spatial Format 1 is 2D, Region Data Type 1 is tissue, units code 3 is cm.
_SPATIAL_2D = 1
_TISSUE = 1
_CENTIMETRE = 3
_SMALLEST_MM = 1e-4
_LARGEST_MM = 100.0


@dataclass(frozen=True)
class TissueRegion:
    """region: half-open, inside the image; spacing_mm: (horizontal, vertical) or None; notes: for the user.

    is_stated: the file states the region; else it is the whole image.
    """

    region: Region
    spacing_mm: tuple[float, float] | None
    notes: tuple[str, ...]
    is_stated: bool = False


def read_region(header: DicomHeader, width: int, height: int) -> TissueRegion:
    """The largest 2D tissue region of PS3.3 C.8.5.5 (ties: the first), else the whole image.

    DICOM's inclusive maximum becomes half-open by + 1; a region that leaves the image is clamped, one outside it or
    turned inside out is passed over, each with a note. Spacing comes from Physical Delta of that region where its
    units are centimetres; without any 2D tissue region, from Pixel Spacing (0028,0030).
    """
    notes: list[str] = []
    best: tuple[int, Region, Dataset] | None = None
    found_any = False
    for item in items_of(header.dataset, "SequenceOfUltrasoundRegions"):
        if number_of(item, "RegionSpatialFormat") != _SPATIAL_2D or number_of(item, "RegionDataType") != _TISSUE:
            continue
        found_any = True
        region = _clamped(item, width, height, notes)
        if region is not None:
            area = (region[2] - region[0]) * (region[3] - region[1])
            if best is None or area > best[0]:
                best = area, region, item
    if best is not None:
        return TissueRegion(best[1], _delta_mm(best[2]), tuple(dict.fromkeys(notes)), is_stated=True)
    spacing = None if found_any else _pixel_spacing_mm(header.dataset)
    return TissueRegion((0, 0, width, height), spacing, tuple(dict.fromkeys(notes)))


def _clamped(item: Dataset, width: int, height: int, notes: list[str]) -> Region | None:
    keywords = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    corners = [number_of(item, keyword) for keyword in keywords]
    if any(corner is None for corner in corners):
        notes.append("An ultrasound region without all its corners was passed over.")
        return None
    x0, y0, x1, y1 = (int(corner) for corner in corners if corner is not None)
    region = max(x0, 0), max(y0, 0), min(x1 + 1, width), min(y1 + 1, height)
    if region[0] >= region[2] or region[1] >= region[3]:
        notes.append("An ultrasound region outside the image was passed over.")
        return None
    # Many scanners write the exclusive maximum: one pixel too many is no news.
    if x1 > width or y1 > height or min(x0, y0) < 0:
        notes.append("The ultrasound region reaches beyond the image and was cut to it.")
    return region


def _delta_mm(item: Dataset) -> tuple[float, float] | None:
    units = {number_of(item, "PhysicalUnitsXDirection"), number_of(item, "PhysicalUnitsYDirection")}
    x_cm, y_cm = number_of(item, "PhysicalDeltaX"), number_of(item, "PhysicalDeltaY")
    if units != {_CENTIMETRE} or x_cm is None or y_cm is None:
        return None
    return _plausible(abs(x_cm) * 10.0, abs(y_cm) * 10.0)


def _pixel_spacing_mm(dataset: Dataset) -> tuple[float, float] | None:
    """(horizontal, vertical) of Pixel Spacing, which DICOM gives as row spacing, column spacing."""
    spacing = numbers_of(dataset, "PixelSpacing")
    return _plausible(spacing[1], spacing[0]) if len(spacing) == 2 else None


def _plausible(x_mm: float, y_mm: float) -> tuple[float, float] | None:
    return (x_mm, y_mm) if all(_SMALLEST_MM <= v <= _LARGEST_MM for v in (x_mm, y_mm)) else None
