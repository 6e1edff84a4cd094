"""Synthetic videos and stills as the DICOM files of a scanner (systems.md 2.1), with everything that must be removed
before they leave a hospital: made-up identifiers, burned-in text, and a vendor's block with an icon."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from luv_viewer.io.dicom_writer import uid_from_text
from luv_viewer.io.whole_file import write_whole
from training.phantom.screen import Screen
from training.phantom.video import PhantomVideo

_ICON_GROUP, _VENDOR = 0x0029, "PHANTOM SCANNER 1.0"
_JPEG_QUALITY = 90
_ICON_PX = 64


@dataclass(frozen=True)
class ScanIdentity:
    """Whose scan it is, all made up. patient_id, data_idx: as in the sheets. study_date: YYYYMMDD."""

    patient_id: str
    data_idx: int
    study_date: str

    @property
    def patient_name(self) -> str:
        """A name that nobody has."""
        return f"Phantom^Patient {self.patient_id[-3:]}"

    @property
    def burned_in(self) -> tuple[str, ...]:
        """What the scanner writes on its screen."""
        name, date = self.patient_name.replace("^", ", "), self.study_date
        return (f"{name}  ID {self.patient_id}", f"Nowhere Hospital  {date[:4]}-{date[4:6]}-{date[6:]}", "Lung  C2-8")


def write_scan(
    path: Path, video: PhantomVideo, screen: Screen, identity: ScanIdentity, *, compress: bool = False
) -> None:
    """A scene as a file: many frames as Ultrasound Multi-frame Image, one as Ultrasound Image.

    video: of the shape of the screen's picture, else ValueError. compress: JPEG baseline instead of plain RGB. Frames
    are written as they are made. Raises WriteError.
    """
    if video.shape != screen.picture_shape:
        raise ValueError(f"the video is {video.shape}, the screen's picture {screen.picture_shape}")
    background = screen.background(identity.burned_in)
    frames = (screen.filled(background, picture) for picture in video.greys())
    dataset = _dataset(identity, screen.shape, video.n_frames if video.n_frames > 1 else None)
    dataset.SequenceOfUltrasoundRegions = Sequence([_region_item(screen, video.cm_per_px)])
    if video.n_frames > 1:
        _describe_time(dataset, video.scene.fps)
    first = next(frames)
    _add_vendor_block(dataset, first)
    _write(path, dataset, chain([first], frames), compress=compress)


def write_patient_screen(path: Path, screen: Screen, identity: ScanIdentity, *, compress: bool = False) -> None:
    """The still of the patient's data that a scanner saves first; it has no ultrasound region. Raises WriteError."""
    image = np.zeros((*screen.shape, 3), np.uint8)
    for number, text in enumerate((*identity.burned_in, f"Birth date {_birth_date(identity)}"), start=1):
        place = (10, number * screen.shape[0] // 6)
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, screen.shape[0] / 700, (255, 255, 255), 1)
    _write(path, _dataset(identity, screen.shape, None), iter([image]), compress=compress)


def _write(path: Path, dataset: FileDataset, frames: Iterable[NDArray[np.uint8]], *, compress: bool) -> None:
    if compress:
        coded = [_jpeg(frame) for frame in frames]
        dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        dataset.PhotometricInterpretation = "YBR_FULL_422"
        dataset.PixelData = encapsulate(coded)
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        write_whole(path, _stored(dataset))
    else:
        write_whole(path, _native(dataset, frames))


def _native(dataset: FileDataset, frames: Iterable[NDArray[np.uint8]]) -> Iterator[bytes]:
    """The file in pieces: pixel data comes last, so a long video is never in memory as a whole."""
    n_bytes = dataset.Rows * dataset.Columns * 3 * int(dataset.get("NumberOfFrames", 1))
    yield _stored(dataset)
    yield struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, n_bytes + n_bytes % 2)
    for frame in frames:
        yield frame.tobytes()
    yield b"\0" * (n_bytes % 2)


def _stored(dataset: FileDataset) -> bytes:
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _jpeg(frame: NDArray[np.uint8]) -> bytes:
    settings = (
        (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY),
        (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422),
    )
    _, coded = cv2.imencode(".jpg", frame[:, :, ::-1], [value for pair in settings for value in pair])
    return coded.tobytes()


def _dataset(identity: ScanIdentity, shape: tuple[int, int], n_frames: int | None) -> FileDataset:
    """Everything but time, region, vendor's block and pixels; n_frames None for a still."""
    kind: UID = UltrasoundImageStorage if n_frames is None else UltrasoundMultiFrameImageStorage
    instance = uid_from_text(f"phantom/{identity.patient_id}/{identity.study_date}/{identity.data_idx}")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = kind, instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = kind, instance
    dataset.StudyInstanceUID = uid_from_text(f"phantom/{identity.patient_id}/{identity.study_date}")
    dataset.SeriesInstanceUID = uid_from_text(f"phantom/{identity.patient_id}/{identity.study_date}/series")
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.Modality, dataset.Manufacturer, dataset.ManufacturerModelName = "US", "Phantom", "luv phantom"
    _identify(dataset, identity)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.Rows, dataset.Columns = shape
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    # The scanner compressed the frames; an archive has unpacked them since.
    dataset.LossyImageCompression, dataset.LossyImageCompressionMethod = "01", "ISO_10918_1"
    dataset.LossyImageCompressionRatio = "16"
    dataset.BurnedInAnnotation = "YES"
    if n_frames is not None:
        dataset.NumberOfFrames = n_frames
    return dataset


def _identify(dataset: Dataset, identity: ScanIdentity) -> None:
    """What de-identification has to find."""
    dataset.PatientID, dataset.PatientName = identity.patient_id, identity.patient_name
    dataset.PatientBirthDate, dataset.PatientSex = _birth_date(identity), "O"
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        setattr(dataset, keyword, identity.study_date)
    dataset.StudyTime = dataset.ContentTime = f"10{identity.data_idx % 60:02d}00"
    dataset.AccessionNumber = f"A{identity.patient_id}"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = "1", 1, identity.data_idx
    dataset.InstitutionName, dataset.StationName = "Nowhere Hospital", "PHANTOM01"
    dataset.ReferringPhysicianName, dataset.OperatorsName = "Referrer^Made Up", "Operator^Made Up"
    dataset.DeviceSerialNumber, dataset.PatientOrientation = "S0000", ""
    dataset.PatientComments = f"Made-up patient {identity.patient_id}"


def _birth_date(identity: ScanIdentity) -> str:
    number = sum(map(ord, identity.patient_id))
    return f"{1935 + number % 60}{1 + number % 12:02d}{1 + number % 28:02d}"


def _describe_time(dataset: Dataset, fps: float) -> None:
    """Cine and Multi-frame modules (PS3.3 C.7.6.5, C.7.6.6)."""
    dataset.CineRate = dataset.RecommendedDisplayFrameRate = round(fps)
    dataset.FrameTime = f"{1000 / fps:.6g}"
    dataset.add(DataElement(Tag(0x0028, 0x0009), "AT", Tag(0x0018, 0x1063)))


def _region_item(screen: Screen, cm_per_px: float) -> Dataset:
    """US Region Calibration (PS3.3 C.8.5.5); its maximum corner is the last pixel of the region."""
    x0, y0, x1, y1 = screen.region
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, 1, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = x0, y0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = x1 - 1, y1 - 1
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX = item.PhysicalDeltaY = cm_per_px
    return item


def _add_vendor_block(dataset: Dataset, frame: NDArray[np.uint8]) -> None:
    """A private group (PS3.5 7.8) with a small JPEG of the whole screen, names and all."""
    icon = cv2.resize(frame, (_ICON_PX * frame.shape[1] // frame.shape[0], _ICON_PX), interpolation=cv2.INTER_AREA)
    block = dataset.private_block(_ICON_GROUP, _VENDOR, create=True)
    block.add_new(0x01, "LO", f"Icon of {dataset.PatientID}")
    coded = _jpeg(np.asarray(icon, np.uint8))
    block.add_new(0x10, "OB", coded + b"\0" * (len(coded) % 2))
