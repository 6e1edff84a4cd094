"""Writes a cine loop as JPEG-compressed multi-frame ultrasound DICOM."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UID, JPEGBaseline8Bit, UltrasoundMultiFrameImageStorage

from luv_viewer.domain.video import Region
from luv_viewer.io.whole_file import write_whole

_LARGEST_SIDE = 65535


@dataclass(frozen=True)
class CineIdentity:
    """Whose loop it is and where it belongs; the UIDs follow from the names, so the same names give the same file.

    patient_id, patient_name: made up, or already replaced. study, series, instance: any text; equal texts mean the
    same study, series or image. description: Series Description.
    """

    patient_id: str
    patient_name: str
    study: str
    series: str
    instance: str
    description: str = ""
    instance_number: int = 1


@dataclass(frozen=True)
class CineFormat:
    """How a loop is stored.

    frame_time_ms: milliseconds from one frame to the next. region: the 2D tissue region, half-open, pixels; None for
    the whole image. quality: JPEG, 1 to 100. Raises ValueError for values outside those ranges.
    """

    frame_time_ms: float
    region: Region | None = None
    quality: int = 90

    def __post_init__(self) -> None:
        if not (np.isfinite(self.frame_time_ms) and self.frame_time_ms > 0):
            raise ValueError(f"the frame time must be positive milliseconds, got {self.frame_time_ms}")
        if not 1 <= self.quality <= 100:
            raise ValueError(f"the JPEG quality must lie in 1 to 100, got {self.quality}")


def uid_from_text(text: str) -> UID:
    """A DICOM UID that only this text gives: UUID version 5 under the root 2.25 (PS3.5 B.2).

    >>> uid_from_text("demo") == uid_from_text("demo"), uid_from_text("demo").startswith("2.25.")
    (True, True)
    """
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, f'luv-viewer/{text}').int}")


def write_cine(path: Path, frames: Iterable[NDArray[np.uint8]], identity: CineIdentity, form: CineFormat) -> None:
    """Write frames as one Ultrasound Multi-frame Image (PS3.3 A.7), JPEG baseline, whole or not at all.

    frames: each (H, W, 3) uint8 RGB, all of one size. The file states the region and the frame time but no physical
    spacing: the units of the region are "none" (PS3.3 C.8.5.5), so readers show no ruler. The same arguments give the
    same bytes. Raises ValueError for frames that cannot be stored, WriteError when the file cannot be written.
    """
    coded: list[bytes] = []
    size: tuple[int, int] | None = None
    for frame in frames:
        size = _checked_size(frame, size)
        coded.append(_jpeg(frame, form.quality))
    if size is None:
        raise ValueError("a cine loop needs at least one frame")
    dataset = _dataset(identity, len(coded))
    _describe_pixels(dataset, coded, size)
    _describe_time(dataset, form.frame_time_ms)
    dataset.SequenceOfUltrasoundRegions = Sequence([_region_item(form.region, size)])
    dataset.PixelData = encapsulate(coded, has_bot=True)
    dataset["PixelData"].VR = "OB"
    stored = BytesIO()
    dataset.save_as(stored, enforce_file_format=True)
    write_whole(path, stored.getvalue())


def _checked_size(frame: NDArray[np.uint8], size: tuple[int, int] | None) -> tuple[int, int]:
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise ValueError(f"frames must be (H, W, 3) uint8, got {frame.shape} {frame.dtype}")
    height, width = frame.shape[:2]
    if not (1 <= height <= _LARGEST_SIDE and 1 <= width <= _LARGEST_SIDE):
        raise ValueError(f"JPEG holds 1 to {_LARGEST_SIDE} pixels a side, got {width} x {height}")
    if size is not None and size != (height, width):
        raise ValueError(f"all frames must be {size[1]} x {size[0]} pixels, got one of {width} x {height}")
    return height, width


def _jpeg(frame: NDArray[np.uint8], quality: int) -> bytes:
    """Baseline JPEG, YCbCr with chroma halved horizontally, as YBR_FULL_422 says (PS3.5 8.2.1)."""
    settings = (
        (cv2.IMWRITE_JPEG_QUALITY, quality),
        (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422),
    )
    done, coded = cv2.imencode(".jpg", frame[:, :, ::-1], [value for pair in settings for value in pair])
    if not done:
        raise ValueError("a frame could not be coded as JPEG")
    return coded.tobytes()


def _dataset(identity: CineIdentity, n_frames: int) -> FileDataset:
    """Patient, study, series, equipment and SOP common attributes; what is not known is empty where type 2 allows."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    meta.MediaStorageSOPInstanceUID = uid_from_text(f"instance/{identity.instance}")
    meta.TransferSyntaxUID = JPEGBaseline8Bit
    meta.ImplementationClassUID = uid_from_text("implementation")
    meta.ImplementationVersionName = "LUV_VIEWER"
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = uid_from_text(f"study/{identity.study}")
    dataset.SeriesInstanceUID = uid_from_text(f"series/{identity.series}")
    dataset.PatientID = identity.patient_id
    dataset.PatientName = identity.patient_name
    for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName"):
        setattr(dataset, keyword, "")
    for keyword in ("StudyID", "AccessionNumber", "Manufacturer", "PatientOrientation", "Laterality"):
        setattr(dataset, keyword, "")
    dataset.Modality = "US"
    dataset.SeriesNumber = 1
    dataset.InstanceNumber = identity.instance_number
    if identity.description:
        dataset.SeriesDescription = identity.description
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.NumberOfFrames = n_frames
    return dataset


def _describe_pixels(dataset: Dataset, coded: list[bytes], size: tuple[int, int]) -> None:
    """Image Pixel module (PS3.3 C.7.6.3) and the lossy compression attributes (C.7.6.1.1.5)."""
    dataset.Rows, dataset.Columns = size
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    plain_bytes = len(coded) * size[0] * size[1] * 3
    dataset.LossyImageCompression = "01"
    dataset.LossyImageCompressionRatio = f"{plain_bytes / sum(len(frame) for frame in coded):.2f}"
    dataset.LossyImageCompressionMethod = "ISO_10918_1"


def _describe_time(dataset: Dataset, frame_time_ms: float) -> None:
    """Cine and Multi-frame modules (PS3.3 C.7.6.5, C.7.6.6): even frame times."""
    dataset.FrameTime = f"{frame_time_ms:.10g}"
    dataset.add(DataElement(Tag(0x0028, 0x0009), "AT", Tag(0x0018, 0x1063)))
    dataset.CineRate = max(1, round(1000 / frame_time_ms))
    dataset.RecommendedDisplayFrameRate = max(1, round(1000 / frame_time_ms))


def _region_item(region: Region | None, size: tuple[int, int]) -> Dataset:
    """US Region Calibration (PS3.3 C.8.5.5) of one 2D tissue region without physical units.

    Physical Delta is type 1 and so must stand there; with units "none" it is a count of pixels, 1.
    """
    height, width = size
    x0, y0, x1, y1 = region or (0, 0, width, height)
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise ValueError(f"region {region} does not lie inside {width} x {height} pixels")
    item = Dataset()
    item.RegionSpatialFormat = 1
    item.RegionDataType = 1
    item.RegionFlags = 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = x0, y0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = x1 - 1, y1 - 1
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 0
    item.PhysicalDeltaX = item.PhysicalDeltaY = 1.0
    return item
