"""Small DICOM files made on the fly, with made-up identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid

ULTRASOUND_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"
HEIGHT, WIDTH = 24, 40


def grey_frames(n: int, *, high: int = 255, dtype: Any = np.uint8, seed: int = 0) -> NDArray[Any]:
    """(n, 24, 40) frames of soft blobs and noise, every value from 0 to `high` reachable."""
    noise = np.random.default_rng(seed).random((n, HEIGHT, WIDTH))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    soft = (np.sin(x / 7) + np.cos(y / 5) + 2) / 4
    return np.rint((0.8 * soft + 0.2 * noise) * high).astype(dtype)


def color_frames(n: int, *, high: int = 255, dtype: Any = np.uint8) -> NDArray[Any]:
    """(n, 24, 40, 3) frames whose channels differ."""
    return np.stack([grey_frames(n, high=high, dtype=dtype, seed=seed) for seed in range(3)], axis=-1)


def dataset(frames: NDArray[Any], photometric: str | None = None, **elements: Any) -> Dataset:
    """An ultrasound data set with `frames` (T, H, W) or (T, H, W, 3) as native pixel data, samples as given."""
    n, rows, columns, *samples = frames.shape
    made = Dataset()
    made.SOPClassUID = ULTRASOUND_MULTIFRAME
    made.SOPInstanceUID = generate_uid()
    made.StudyInstanceUID = "1.2.3.4"
    made.PatientID = "made-up-1"
    made.PatientName = "Nobody^Made Up"
    made.Modality = "US"
    made.SamplesPerPixel = samples[0] if samples else 1
    made.PhotometricInterpretation = photometric or ("RGB" if samples else "MONOCHROME2")
    if samples:
        made.PlanarConfiguration = 0
    made.NumberOfFrames, made.Rows, made.Columns = n, rows, columns
    made.BitsAllocated = made.BitsStored = frames.dtype.itemsize * 8
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(frames.dtype.kind == "i")
    made.PixelData = frames.tobytes() + b"\0" * (frames.nbytes % 2)
    made["PixelData"].VR = "OW" if frames.dtype.itemsize > 1 else "OB"
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def save(path: Path, made: Dataset, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write a data set as a DICOM file."""
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = UID(syntax)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    if syntax == ExplicitVRBigEndian and made["PixelData"].VR == "OW":
        words = np.frombuffer(made.PixelData, f"<u{max(made.BitsAllocated // 8, 2)}")
        made.PixelData = words.astype(words.dtype.newbyteorder(">")).tobytes()
    made.save_as(path, enforce_file_format=True)
    return path


def encapsulated(made: Dataset, payloads: Sequence[bytes], *, fragments: int = 1, table: str = "basic") -> Dataset:
    """`made` with compressed frames in so many fragments each. table: "basic", "none" or "extended"."""
    if table == "extended":
        made.PixelData, made.ExtendedOffsetTable, made.ExtendedOffsetTableLengths = encapsulate_extended(list(payloads))
    else:
        made.PixelData = encapsulate(list(payloads), fragments_per_frame=fragments, has_bot=table == "basic")
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    return made


def region(
    corners: tuple[int, int, int, int], *, spatial: int = 1, data_type: int = 1, delta_cm: float = 0.02, units: int = 3
) -> Dataset:
    """An item of the Sequence of Ultrasound Regions; corners are x0, y0, x1, y1, the last two inclusive."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = spatial, data_type, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = corners
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = -delta_cm, delta_cm * 2
    return item


def directory(path: Path, names: list[list[str]]) -> Path:
    """A DICOMDIR that names these files."""
    made = Dataset()
    records = []
    for name in names:
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = name
        records.append(record)
    made.DirectoryRecordSequence = DicomSequence(records)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    made.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    made.save_as(path, enforce_file_format=True)
    return path
