"""A DICOM ultrasound image without whoever it is of (PS3.15 Annex E, Basic Profile with Clean Pixel Data).

Nothing is edited: a new data set is made from the few attributes that are known to be harmless, none of which Table
E.1-1 names but with a replacement given here. Whatever else the file holds, private groups, icons, overlays, curves,
nested sequences, is not taken over, so that it does not matter what a vendor put there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import JPEGLSLossless, UltrasoundMultiFrameImageStorage

from luv_viewer.domain.video import Region
from luv_viewer.io.deidentification_key import DeidentificationKey
from luv_viewer.io.dicom_header import CONVERSION_ERRORS, number_of
from luv_viewer.io.dicom_writer import uid_from_text
from luv_viewer.io.library_silence import quietly

KEPT_NUMBERS = (
    *("FrameTime", "FrameTimeVector", "FrameIncrementPointer", "CineRate", "RecommendedDisplayFrameRate"),
    *("LossyImageCompressionRatio", "SeriesNumber", "InstanceNumber"),
)
"""Taken over as they are, where their values are numbers below a million."""
KEPT_CODES = {
    "SOPClassUID": re.compile(r"1\.2\.840\.10008\.5\.1\.4\.1\.1(\.\d+)+"),
    "Modality": re.compile("US|IVUS|OT|ES|XC"),
    "LossyImageCompression": re.compile("0[01]"),
    "LossyImageCompressionMethod": re.compile(r"ISO_[0-9_]{5,12}"),
}
"""Taken over where their values are of these forms: a name or number in their place is not."""
_EMPTY = (
    *("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID"),
    *("AccessionNumber", "Manufacturer", "PatientOrientation", "Laterality"),
)
_MAPPED = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_SHIFTED = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
_NUMBER_VRS = frozenset({"US", "UL", "SS", "SL", "FL", "FD"})
_TEXT_VRS = frozenset({"AE", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT", "OB", "UN"})
_LARGEST_NUMBER = 1e6
_SHORTEST = 3
_SHORTEST_ANYWHERE = 6
_PRINTABLE = re.compile(rb"[\x20-\x7e\xa0-\xff]{6,64}")
_METHOD = (
    "PS3.15 E Basic Profile; only known harmless attributes kept",
    "pixels outside the ultrasound region blanked",
)
_LOSSY_SYNTAXES = re.compile(r"1\.2\.840\.10008\.1\.2\.4\.(50|51|81|91|203|10\d)(\.1)?")
_PROFILE, _CLEAN_PIXELS = ("113100", "Basic Application Confidentiality Profile"), ("113101", "Clean Pixel Data Option")
_SHIFTED_DATES = ("113107", "Retain Longitudinal Temporal Information Modified Dates Option")


@dataclass(frozen=True)
class CleanPixels:
    """What is left of the pictures.

    frames: each a JPEG-LS codestream (ISO 14495-1, lossless). shape: (H, W) pixels. samples: 1 grey, 3 RGB by pixel.
    region: half-open, all outside it black. is_clean: nothing inside it tells the patient either; only then the new
    file claims the Clean Pixel Data Option and says that no annotation is burned in.
    """

    frames: Sequence[bytes]
    shape: tuple[int, int]
    samples: int
    region: Region
    is_clean: bool


@dataclass(frozen=True)
class Deidentified:
    """data: the new file. n_removed, n_private: elements of the original that are not in it, nested ones too, and
    how many of these were private. survivors: keywords or tags whose value was found in the new file; must be empty."""

    data: bytes
    n_removed: int
    n_private: int
    survivors: tuple[str, ...]


def deidentified(
    original: Dataset, pixels: CleanPixels, key: DeidentificationKey, patient_id: str, *, keeps_dates: bool
) -> Deidentified:
    """The original as a new file without what tells the patient. patient_id: as the sheets have it.

    keeps_dates: dates go back by the patient's secret number of days, so that intervals stay; else they are removed.
    Times of day are removed always.
    """
    made = _new_dataset(original, key, patient_id, keeps_dates=keeps_dates)
    if pixels.is_clean:
        made.DeidentificationMethodCodeSequence.append(_code_item(*_CLEAN_PIXELS))
    _describe_pixels(made, original, pixels)
    header = _saved(made)
    made.PixelData = encapsulate(list(pixels.frames), has_bot=True)
    made["PixelData"].VR = "OB"
    data = _saved(made)
    elements = list(_all_elements(original))
    kept = {element.keyword for element in made}
    removed = [tag for tag, keyword, _ in elements if keyword not in kept]
    return Deidentified(
        data,
        len(removed),
        sum((tag >> 16) % 2 for tag in removed),
        tuple(_survivors(elements, made, header, data)),
    )


def _new_dataset(original: Dataset, key: DeidentificationKey, patient_id: str, *, keeps_dates: bool) -> FileDataset:
    meta = FileMetaDataset()
    made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    made.SpecificCharacterSet = "ISO_IR 192"
    made.ImageType = ["DERIVED", "PRIMARY"]
    for keyword in _EMPTY:
        setattr(made, keyword, "")
    for keyword in (*KEPT_CODES, *KEPT_NUMBERS):
        value = _harmless(original, keyword)
        if value is not None:
            setattr(made, keyword, value)
    if "SOPClassUID" not in made:
        made.SOPClassUID = UltrasoundMultiFrameImageStorage
    for keyword in _MAPPED:
        setattr(made, keyword, key.uid(_text(original, keyword) or f"{keyword} of {patient_id}"))
    made.PatientID = made.PatientName = key.pseudonym(patient_id)
    codes = [_PROFILE]
    if keeps_dates:
        codes.append(_SHIFTED_DATES)
        for keyword in _SHIFTED:
            if day := key.shifted(_text(original, keyword), patient_id):
                setattr(made, keyword, day)
    made.PatientIdentityRemoved = "YES"
    made.DeidentificationMethod = list(_METHOD)
    made.DeidentificationMethodCodeSequence = DicomSequence([_code_item(*code) for code in codes])
    made.LongitudinalTemporalInformationModified = "MODIFIED" if keeps_dates else "REMOVED"
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = JPEGLSLossless
    meta.ImplementationClassUID = uid_from_text("implementation")
    meta.ImplementationVersionName = "LUV_VIEWER"
    return made


def _describe_pixels(made: Dataset, original: Dataset, pixels: CleanPixels) -> None:
    """Image Pixel module (PS3.3 C.7.6.3) of what is left, and the region that is left of it (C.8.5.5)."""
    if len(pixels.frames) > 1 or made.SOPClassUID == UltrasoundMultiFrameImageStorage:
        made.NumberOfFrames = len(pixels.frames)
    if _LOSSY_SYNTAXES.fullmatch(_text(getattr(original, "file_meta", None) or Dataset(), "TransferSyntaxUID")):
        made.LossyImageCompression = "01"  # once lossy, always: PS3.3 C.7.6.1.1.5
    made.Rows, made.Columns = pixels.shape
    made.SamplesPerPixel = pixels.samples
    made.PhotometricInterpretation = "MONOCHROME2" if pixels.samples == 1 else "RGB"
    if pixels.samples > 1:
        made.PlanarConfiguration = 0
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit = 7
    made.PixelRepresentation = 0
    made.BurnedInAnnotation = "NO" if pixels.is_clean else "YES"
    items = [_region_item(item) for item in original.SequenceOfUltrasoundRegions if _is_at(item, pixels)]
    made.SequenceOfUltrasoundRegions = DicomSequence(items[:1])


def _region_item(item: Dataset) -> Dataset:
    """An item of the region sequence with its numbers only."""
    clean = Dataset()
    for element in item:
        if element.VR in _NUMBER_VRS and not element.tag.is_private and element.tag.group == 0x0018:
            clean.add(element)
    return clean


def _is_at(item: Dataset, pixels: CleanPixels) -> bool:
    height, width = pixels.shape
    keywords = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    x0, y0, x1, y1 = (number_of(item, keyword) or 0 for keyword in keywords)
    is_tissue = number_of(item, "RegionSpatialFormat") == 1 and number_of(item, "RegionDataType") == 1
    return is_tissue and pixels.region == (max(x0, 0), max(y0, 0), min(x1 + 1, width), min(y1 + 1, height))


def _code_item(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def _harmless(original: Dataset, keyword: str) -> object:
    """The value of an attribute that is kept, None where it is missing or holds what it should not."""
    with quietly():
        try:
            element = original[keyword]
            values = list(element.value) if element.VM > 1 else [element.value]
            if element.is_empty:
                return None
            if keyword in KEPT_CODES:
                is_harmless = all(KEPT_CODES[keyword].fullmatch(str(value)) for value in values)
            else:
                is_harmless = element.VR == "AT" or all(abs(float(value)) < _LARGEST_NUMBER for value in values)
        except CONVERSION_ERRORS:
            return None
    return element.value if is_harmless else None


def _text(original: Dataset, keyword: str) -> str:
    with quietly():
        try:
            return str(original.get(keyword, "") or "").strip("\0 ")
        except CONVERSION_ERRORS:
            return ""


def _saved(made: FileDataset) -> bytes:
    stored = BytesIO()
    made.save_as(stored, enforce_file_format=True)
    return stored.getvalue()


def _all_elements(dataset: Dataset) -> Iterator[tuple[int, str, tuple[bytes, ...]]]:
    """Tag, keyword and texts of every element, the file's meta information and nested ones included."""
    with quietly():
        meta = getattr(dataset, "file_meta", None)
        if meta is not None:
            yield from _all_elements(meta)
        for tag in list(dataset.keys()):
            try:
                element = dataset[tag]
            except CONVERSION_ERRORS:
                yield int(tag), "", _texts_of_bytes(getattr(dataset.get_item(tag), "value", b"") or b"")
                continue
            if element.VR == "SQ":
                yield int(tag), element.keyword, ()
                for item in element.value or ():
                    yield from _all_elements(item)
            elif element.keyword not in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
                yield int(tag), element.keyword, _texts(element.VR, element.value)


def _texts(vr: str, value: object) -> tuple[bytes, ...]:
    """What of a value could be recognised again."""
    if vr not in _TEXT_VRS or value is None:
        return ()
    if isinstance(value, bytes):
        return _texts_of_bytes(value)
    parts = [
        part for one in _values(value) for part in ((re.split(r"[\^= ]", str(one)) if vr == "PN" else []) + [str(one)])
    ]
    return tuple(dict.fromkeys(part.strip("\0 ").encode("utf-8", "replace") for part in parts if part.strip("\0 ")))


def _texts_of_bytes(value: bytes) -> tuple[bytes, ...]:
    """Readable runs in the head of a value of unknown kind."""
    return tuple(dict.fromkeys(run.strip() for run in _PRINTABLE.findall(value[:4096])))


def _survivors(
    elements: Sequence[tuple[int, str, tuple[bytes, ...]]], made: Dataset, header: bytes, data: bytes
) -> Iterator[str]:
    """Where the values come from that are found in the new file again: short ones in its header, longer ones anywhere.

    The new UIDs, pseudonym and dates are taken out first: a patient's number may well be a part of a UID's digits.
    What the new file says of any patient, such as `Basic Application Confidentiality Profile`, is no one's value.
    """
    told = [element for element in (*made.iterall(), *made.file_meta) if element.keyword != "PixelData"]
    own = {str(value).encode() for element in told for value in _values(element.value)}
    replaced = {str(made.get(keyword)).encode() for keyword in (*_MAPPED, "PatientID", *_SHIFTED) if made.get(keyword)}
    for text in replaced:
        header, data = header.replace(text, b"\0"), data.replace(text, b"\0")
    said = own - replaced
    for tag, keyword, texts in elements:
        for text in texts:
            if text not in replaced and (len(text) < _SHORTEST or any(text in one for one in said)):
                continue
            wanted = {text, text.decode("utf-8", "replace").encode("latin-1", "replace")}
            is_long = len(text) >= _SHORTEST_ANYWHERE
            if text in replaced or any(one in header or (is_long and one in data) for one in wanted):
                yield keyword or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _values(value: object) -> list[object]:
    """Every value of an element; none of a sequence, whose items' elements come by themselves."""
    if value is None or isinstance(value, (Dataset, DicomSequence)):
        return []
    return [value] if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__") else list(value)
