"""The study that is timed: the demo study's first clip as a scanner would show it, long enough and large enough."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import JPEGBaseline8Bit, generate_uid

from luv_viewer.io import open_study
from resources import demo_study_path

_ULTRASOUND_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"
_JPEG_QUALITY = 90
_FRAME_TIME_MS = "33.333"


@dataclass(frozen=True)
class CineSize:
    """frames, and pixels of each. The default is what most videos of the LUV-Net data set have."""

    n_frames: int = 152
    height_px: int = 924
    width_px: int = 1232


def demo_frames(size: CineSize) -> NDArray[np.uint8]:
    """(T, height, width, 3) uint8 RGB: frames of the bundled DICOM clip, aspect kept, black at the sides, begun again
    from the first when they run out."""
    video = open_study(demo_study_path()).videos[0]
    made = np.zeros((size.n_frames, size.height_px, size.width_px, 3), np.uint8)
    left, width = _picture(size)
    for i in range(size.n_frames):
        if i < video.n_frames:
            picture = cv2.resize(video.frame(i), (width, size.height_px), interpolation=cv2.INTER_LINEAR)
            made[i, :, left : left + width] = picture
        else:
            made[i] = made[i - video.n_frames]
    return made


def write_jpeg_dicom(path: Path, frames: NDArray[np.uint8]) -> None:
    """Write (T, H, W, 3) uint8 RGB as an ultrasound DICOM file of JPEG-baseline frames, its region the picture without
    the black sides of `demo_frames`. Raises OSError when that fails."""
    n_frames, height, width = frames.shape[:3]
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = _ULTRASOUND_MULTIFRAME, generate_uid(prefix=None)
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(prefix=None), generate_uid(prefix=None)
    made.Modality, made.PatientName, made.PatientID = "US", "Demo^Study", "DEMO-1"
    made.FrameTime, made.NumberOfFrames = _FRAME_TIME_MS, n_frames
    made.FrameIncrementPointer = 0x00181063
    made.Rows, made.Columns, made.SamplesPerPixel, made.PlanarConfiguration = height, width, 3, 0
    made.PhotometricInterpretation = "YBR_FULL_422"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.SequenceOfUltrasoundRegions = Sequence([_region(CineSize(n_frames, height, width))])
    made.PixelData = encapsulate([_jpeg(frame) for frame in frames])
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.save_as(path, enforce_file_format=True)


def _picture(size: CineSize) -> tuple[int, int]:
    """First column and width of the picture: a square as high as the frame, or as much of it as fits."""
    width = min(size.width_px, size.height_px)
    return (size.width_px - width) // 2, width


def _region(size: CineSize) -> Dataset:
    left, width = _picture(size)
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = left, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = left + width - 1, size.height_px - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 0
    region.PhysicalDeltaX = region.PhysicalDeltaY = 1.0
    return region


def _jpeg(frame: NDArray[np.uint8]) -> bytes:
    done, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    )
    if not done:
        raise OSError("a frame could not be encoded as JPEG")
    return encoded.tobytes()
