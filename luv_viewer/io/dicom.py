"""A DICOM file as a video: header to timing, region, identity and a store of its frames."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.video import FrameStore, StudyGroup, Video, VideoSource
from luv_viewer.domain.zone import zone_from_text
from luv_viewer.io.byte_source import ByteSource, FileSource
from luv_viewer.io.dicom_codec import FrameDecoder
from luv_viewer.io.dicom_color import Display
from luv_viewer.io.dicom_fragments import FragmentIndex, read_offset_table
from luv_viewer.io.dicom_frames import DicomFile, EncapsulatedFrames, NativeFrames, NativeLayout
from luv_viewer.io.dicom_header import DicomHeader, PixelElement, items_of, read_header
from luv_viewer.io.dicom_image import ImageFormat, read_format
from luv_viewer.io.dicom_region import read_region
from luv_viewer.io.dicom_syntax import Coding
from luv_viewer.io.dicom_timing import read_timing
from luv_viewer.io.errors import UnreadableFileError, UnsupportedFormatError, one_line

_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_VIDEO_PHOTOMETRICS = ("YBR_PARTIAL_420", "YBR_PARTIAL_422")


@dataclass(frozen=True, eq=False)
class OpenedDicom:
    """A video and where it belongs: patient_key and study_key group, order sorts within a group."""

    video: Video
    patient_key: str
    study_date: str
    order: tuple[int, int]


def open_dicom(source: ByteSource, path: Path, cache: FrameCache, *, member: str | None = None) -> OpenedDicom:
    """The video in a DICOM file; the header is read, no pixel is decoded.

    path: the file (or the archive `member` lies in). Raises StudyError.
    """
    name = Path(member).name if member else path.name
    header = read_header(source, name)
    if header.pixels is None:
        raise UnsupportedFormatError(f"{name} holds no picture: {_kind(header)}.")
    image = read_format(header, header.pixels, name)
    file = DicomFile(source, name, header.text("SOPInstanceUID"))
    store, n_frames, notes = _open_store(header, header.pixels, image, file)
    timing, timing_notes = read_timing(header, n_frames)
    tissue = read_region(header, image.columns, image.rows)
    patient_key, group_key = _keys(header)
    video = Video(
        title=_title(name),
        height=image.rows,
        width=image.columns,
        timing=timing,
        region=tissue.region,
        spacing_mm=tissue.spacing_mm,
        source=VideoSource(path, member, f"DICOM, {header.syntax.name}"),
        group=StudyGroup(group_key, "", patient_key, _study_date(header).replace("-", ""), header.text("PatientID")),
        store=store,
        cache=cache,
        zone=_zone(header, name),
        modality=header.text("Modality"),
        notes=(*notes, *timing_notes, *tissue.notes),
        has_stated_region=tissue.is_stated,
    )
    order = header.whole("SeriesNumber") or 0, header.whole("InstanceNumber") or 0
    return OpenedDicom(video, patient_key, _study_date(header), order)


def _kind(header: DicomHeader) -> str:
    if header.text("MediaStorageSOPClassUID") == _DIRECTORY_CLASS or "DirectoryRecordSequence" in header.dataset:
        return "it is a DICOM directory"
    modality = header.text("Modality")
    if not header.whole("Rows") and modality.isalpha() and len(modality) < 9:
        return f"it is a DICOM object of modality {modality}"
    return "its pixel data are missing or cut off"


def _open_store(
    header: DicomHeader, pixels: PixelElement, image: ImageFormat, file: DicomFile
) -> tuple[FrameStore, int, tuple[str, ...]]:
    """The store, the number of frames that are really there, and notes about those that are not."""
    name = file.name
    coding = header.syntax.coding
    if header.syntax.is_encapsulated != (pixels.length is None):
        raise UnreadableFileError(
            f"{name} contradicts itself: its transfer syntax ({header.syntax.name}) does not fit "
            "how its pixel data are stored."
        )
    if coding is Coding.VIDEO:
        return _open_stream(header, pixels, image, file)
    if image.photometric in _VIDEO_PHOTOMETRICS:
        raise UnsupportedFormatError(f"{name} stores {image.photometric} outside a video, which cannot be shown.")
    display = Display(header, image, name)
    if pixels.length is not None:
        layout = NativeLayout.of(image, pixels.vr, header.little, display)
        present = _whole_native_frames(header.source, pixels, image, name)
        return NativeFrames(file, header.source, pixels, image, layout), *_counted(present, image.n_frames)
    table = read_offset_table(
        header.value("ExtendedOffsetTable"), header.value("ExtendedOffsetTableLengths"), image.n_frames
    )
    index = FragmentIndex(header.source, pixels.start, image.n_frames, table, name)
    # In a packed archive the walk would unpack everything, so there the declared number is believed until read.
    present = len(index.frames()) if isinstance(header.source, FileSource) else image.n_frames
    frames = EncapsulatedFrames(file, header.source, index, FrameDecoder(header.syntax, image, display, name))
    return frames, *_counted(present, image.n_frames)


def _counted(present: int, declared: int) -> tuple[int, tuple[str, ...]]:
    if present >= declared:
        return declared, ()
    return present, (f"The file declares {declared} frames but holds only {present}: it may be cut off.",)


def _whole_native_frames(source: ByteSource, pixels: PixelElement, image: ImageFormat, name: str) -> int:
    """How many whole frames the pixel data can hold, as far as is known without reading them."""
    length = pixels.length or 0
    frames = min(length * 8 // image.frame_bits, image.n_frames)
    if not source.may_have(pixels.start + -(-frames * image.frame_bits // 8)):
        there = max(source.size() - pixels.start, 0)
        frames = min(there * 8 // image.frame_bits, frames)
    if frames < 1:
        raise UnreadableFileError(
            f"{name} declares frames of {image.columns} x {image.rows} pixels, "
            "but holds less than one frame of pixel data."
        )
    return frames


def _open_stream(
    header: DicomHeader, pixels: PixelElement, image: ImageFormat, file: DicomFile
) -> tuple[FrameStore, int, tuple[str, ...]]:
    from luv_viewer.io.dicom_stream import StreamFrames  # libav costs start-up time; most files need none

    store = StreamFrames(file, header.source, pixels.start)
    if store.size != (image.rows, image.columns):
        height, width = store.size
        raise UnreadableFileError(
            f"{file.name} declares frames of {image.columns} x {image.rows} pixels, "
            f"but its video stream has {width} x {height}."
        )
    if store.n_frames == image.n_frames:
        return store, image.n_frames, ()
    note = f"The file declares {image.n_frames} frames, its video stream has {store.n_frames}, which are shown."
    return store, store.n_frames, (note,)


def _keys(header: DicomHeader) -> tuple[str, str]:
    """Keys of the patient and of the study, free of both numbers."""
    patient = header.text("PatientID")
    study = header.text("StudyInstanceUID")
    return _hashed("patient", patient), _hashed("study", patient, study)


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _study_date(header: DicomHeader) -> str:
    """ISO date of the study, empty when unknown."""
    digits = header.text("StudyDate")
    is_date = len(digits) == 8 and digits.isascii() and digits.isdigit()
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if is_date else ""


def _title(name: str) -> str:
    """File name without a DICOM ending. Descriptions may hold patient names, so none is used."""
    return one_line(PurePath(name).stem if PurePath(name).suffix.lower() in (".dcm", ".dicom", ".ima") else name)


def _zone(header: DicomHeader, name: str) -> str | None:
    anatomy = [str(item.get("CodeMeaning", "")) for item in items_of(header.dataset, "AnatomicRegionSequence")]
    texts: Sequence[str] = (Path(name).stem, header.text("SeriesDescription"), header.text("StageName"), *anatomy)
    return next((zone for zone in map(zone_from_text, texts) if zone), None)
