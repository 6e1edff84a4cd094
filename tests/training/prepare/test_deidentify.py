"""De-identified files: nothing of the original survives but the numbers and the region's pixels, which are exact."""

from __future__ import annotations

import csv
import stat
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from luv_viewer.cli import main
from luv_viewer.io import open_study
from luv_viewer.io.deidentification_key import DeidentificationKey, load_key, make_key
from luv_viewer.io.dicom_deidentify import CleanPixels, deidentified
from luv_viewer.io.errors import StudyError
from tests.builders import moving_speckle, write_mp4
from tests.io.builders_dicom import color_frames, dataset, grey_frames, region, save
from training.prepare.deidentify import DeidentifyJob, clean_pixels, deidentify_files, may_hold_text, read_reviewed
from training.prepare.errors import PrepareError
from training.prepare.index import IndexRule, index_videos, write_index
from training.prepare.video_list import read_video_list

CORNERS = (4, 2, 33, 19)
KEY = DeidentificationKey(bytes(range(32)))
SECRETS = (
    *("Muster", "Hanna", "12345678", "20210115", "19500203", "101112", "Klinik am See", "Dr Sommer", "SN-4711"),
    *("1.2.276.0.7230010.3.1.2", "1.2.276.0.7230010.3.1.3", "1.2.276.0.7230010.3.1.4", "ACC-99", "Nested Person"),
    *("PRIVATE TEXT", "ICONBYTES", "OVERLAYBYTES", "SENDING_AE", "CURVEBYTES"),
)


def _private(made: Dataset) -> None:
    block = made.private_block(0x0037, "VENDOR OF HANNA", create=True)
    block.add_new(0x23, "OB", b"ICONBYTES of the whole picture ")
    block.add_new(0x24, "LO", "PRIVATE TEXT")
    made.add_new(0x60003000, "OB", b"OVERLAYBYTES")
    made.add_new(0x60000010, "US", 8)
    made.add_new(0x50003000, "OB", b"CURVEBYTES")


def _identified(frames: np.ndarray, **elements: object) -> Dataset:
    made = dataset(frames, PatientID="12345678", CineRate=25, StudyDate="20210115", **elements)
    made.PatientName = "Muster^Hanna"
    made.PatientBirthDate, made.PatientSex, made.PatientAge = "19500203", "F", "071Y"
    made.SeriesDate = made.AcquisitionDate = "20210116"
    made.StudyTime = made.ContentTime = "101112"
    made.InstitutionName, made.ReferringPhysicianName = "Klinik am See", "Dr Sommer"
    made.DeviceSerialNumber, made.AccessionNumber = "SN-4711", "ACC-99"
    made.SOPInstanceUID = "1.2.276.0.7230010.3.1.4"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.276.0.7230010.3.1.2", "1.2.276.0.7230010.3.1.3"
    item = Dataset()
    item.PatientName, item.RequestedProcedureDescription = "Nested Person", "Nested Person asked"
    made.RequestAttributesSequence = DicomSequence([item])
    icon = Dataset()
    icon.PixelData, icon.Rows, icon.Columns = b"ICONBYTES", 3, 3
    icon["PixelData"].VR = "OB"
    made.IconImageSequence = DicomSequence([icon])
    tissue = region(CORNERS)
    tissue.add_new(0x00371099, "LO", "PRIVATE TEXT")
    made.SequenceOfUltrasoundRegions = DicomSequence([region((0, 0, 3, 3), spatial=3), tissue])
    _private(made)
    return made


def _hospital(root: Path) -> Path:
    root.mkdir()
    save(root / "00002.dcm", _identified(grey_frames(6)))
    other = _identified(color_frames(2))
    other.SOPInstanceUID = "1.2.276.0.7230010.3.1.4.5"
    path = save(root / "00003.dcm", other)
    held = dcmread(path)
    held.file_meta.SourceApplicationEntityTitle = "SENDING_AE"
    held.save_as(path)
    return root


def _jobs(root: Path, out: Path, *, keeps_dates: bool = True) -> list[DeidentifyJob]:
    found = index_videos([root], IndexRule()).videos
    return [DeidentifyJob(root, out, video, KEY, keeps_dates) for video in found]


@pytest.mark.parametrize("workers", [0, 2])
def test_no_secret_survives_and_the_region_is_exact(tmp_path: Path, workers: int) -> None:
    root, out = _hospital(tmp_path / "data"), tmp_path / "out"
    sources = b"".join(path.read_bytes() for path in root.iterdir())
    assert all(secret.encode() in sources for secret in SECRETS)
    done = deidentify_files(_jobs(root, out), out, workers)
    assert not done.left_out
    written = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert not [secret for secret in SECRETS if secret.encode() in written]
    (grey,) = open_study(out / done.videos[0].file).videos
    assert grey.region == (4, 2, 34, 20)
    assert grey.timing.fps == 25
    assert grey.spacing_mm is not None
    for i, source in enumerate(grey_frames(6)):
        expected = np.zeros((24, 40), np.uint8)
        expected[2:20, 4:34] = source[2:20, 4:34]
        np.testing.assert_array_equal(grey.frame(i)[:, :, 2], expected)
    (colour,) = open_study(out / done.videos[1].file).videos
    np.testing.assert_array_equal(colour.frame(1)[2:20, 4:34], color_frames(2)[1, 2:20, 4:34])
    assert not colour.frame(1)[:2].any()


def test_the_new_header(tmp_path: Path) -> None:
    root, out = _hospital(tmp_path / "data"), tmp_path / "out"
    deidentify_files(_jobs(root, out), out)
    first, second = (dcmread(path) for path in sorted(out.rglob("*.dcm")))
    assert first.PatientID == str(first.PatientName) == KEY.pseudonym("12345678")
    assert first.StudyInstanceUID == second.StudyInstanceUID == KEY.uid("1.2.276.0.7230010.3.1.2")
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID
    assert first.PatientIdentityRemoved == "YES"
    codes = [[item.CodeValue for item in made.DeidentificationMethodCodeSequence] for made in (first, second)]
    assert codes == [["113100", "113107", "113101"], ["113100", "113107"]]
    assert (first.BurnedInAnnotation, second.BurnedInAnnotation) == ("NO", "YES")
    assert first.LongitudinalTemporalInformationModified == "MODIFIED"
    assert "SourceApplicationEntityTitle" not in second.file_meta
    assert not [element for element in first.iterall() if element.tag.is_private]
    assert not [element for element in first.iterall() if element.tag.group in range(0x5000, 0x6100)]
    assert len(first.SequenceOfUltrasoundRegions) == 1
    assert (first.PatientBirthDate, first.StudyTime, first.PatientSex) == ("", "", "")
    shift = np.datetime64("2021-01-15") - KEY.shift_days("12345678")
    assert first.StudyDate == str(shift).replace("-", "")
    assert int(first.SeriesDate) != int(first.StudyDate)


def test_reviewed_files_claim_clean_pixels(tmp_path: Path) -> None:
    root, out = _hospital(tmp_path / "data"), tmp_path / "out"
    name = f"{KEY.pseudonym('12345678')}/00003.dcm"
    (tmp_path / "seen.txt").write_text(f"{name}\n")
    jobs = [replace(job, reviewed=read_reviewed(tmp_path / "seen.txt")) for job in _jobs(root, out)]
    assert deidentify_files(_jobs(root, out), out).n_marked == 1
    assert deidentify_files(jobs, out).n_marked == 0
    made = dcmread(out / name)
    assert made.BurnedInAnnotation == "NO"
    assert [item.CodeValue for item in made.DeidentificationMethodCodeSequence] == ["113100", "113107", "113101"]


def test_a_lossy_original_stays_named_lossy(tmp_path: Path) -> None:
    original = _identified(grey_frames(1))
    save(tmp_path / "a.dcm", original)
    original.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
    clean = CleanPixels([b"\xff\xd8"], (24, 40), 1, (4, 2, 34, 20), is_clean=False)
    made = dcmread(BytesIO(deidentified(original, clean, KEY, "12345678", keeps_dates=True).data))
    assert made.LossyImageCompression == "01"


def test_dates_can_be_removed(tmp_path: Path) -> None:
    root, out = _hospital(tmp_path / "data"), tmp_path / "out"
    done = deidentify_files(_jobs(root, out, keeps_dates=False), out)
    made = dcmread(out / done.videos[0].file)
    assert made.StudyDate == ""
    assert "SeriesDate" not in made
    assert made.LongitudinalTemporalInformationModified == "REMOVED"
    assert [video.key.study_date for video in done.videos] == ["", ""]


def test_the_self_check_finds_a_value_that_survives() -> None:
    original = _identified(grey_frames(1))
    original.file_meta = None
    text = b"\xff\xd8" + b"Klinik am See"
    clean = CleanPixels([text], (24, 40), 1, (4, 2, 34, 20), is_clean=False)
    made = deidentified(original, clean, KEY, "12345678", keeps_dates=True)
    assert made.survivors == ("InstitutionName",)
    original.ImageType = ["ORIGINAL"]
    original.LossyImageCompressionMethod = "ISO_10918_1"
    original.PatientComments = "25"
    harmless = CleanPixels([b"\xff\xd8"], (24, 40), 1, (4, 2, 34, 20), is_clean=False)
    made = deidentified(original, harmless, KEY, "12345678", keeps_dates=True)
    assert made.survivors == ()
    assert made.n_private >= 4


def test_values_that_look_like_codes_but_are_not_are_dropped() -> None:
    original = _identified(grey_frames(1))
    original.file_meta = None
    original.Modality = original.LossyImageCompressionMethod = "HANNA MUSTER"
    original.InstanceNumber = 12345678
    clean = CleanPixels([b"\xff\xd8"], (24, 40), 1, (4, 2, 34, 20), is_clean=False)
    made = deidentified(original, clean, KEY, "12345678", keeps_dates=True)
    assert b"HANNA" not in made.data
    assert b"12345678" not in made.data
    assert made.survivors == ()


_TEXTS = (
    "PatientComments",
    "StationName",
    "SeriesDescription",
    "ProtocolName",
    "DerivationDescription",
    "ImageComments",
)


@given(st.lists(st.tuples(st.sampled_from(_TEXTS), st.integers(0x11, 0xFF), st.integers(0, 3)), min_size=1, max_size=6))
def test_wherever_a_secret_stands_it_does_not_survive(places: list[tuple[str, int, int]]) -> None:
    original = _identified(grey_frames(1))
    original.file_meta = None
    for keyword, element, depth in places:
        holder = original
        for _ in range(depth):
            item = Dataset()
            holder.ReferencedImageSequence = DicomSequence([item])
            holder = item
        setattr(holder, keyword, "ZQXW secret")
        holder.private_block(0x0099, "ZQXW MAKER", create=True).add_new(element, "UN", b"ZQXW bytes")
    clean = CleanPixels([b"\xff\xd8"], (24, 40), 1, (4, 2, 34, 20), is_clean=False)
    made = deidentified(original, clean, KEY, "12345678", keeps_dates=True)
    assert b"ZQXW" not in made.data
    assert made.survivors == ()
    assert made.n_private >= 2


def test_letters_are_noticed_and_moving_tissue_is_not() -> None:
    moving = moving_speckle(12, size_px=(48, 64))[:, :, :, 0]
    assert not may_hold_text(moving.min(axis=0), moving.max(axis=0))
    marked = moving.copy()
    marked[:, 10:20, 10:40] = 0
    marked[:, 12:18, 12:38:6] = 255
    assert may_hold_text(marked.min(axis=0), marked.max(axis=0))


def test_a_moving_grey_video_without_marks_is_clean(tmp_path: Path) -> None:
    frames = moving_speckle(12, size_px=(48, 64))[:, :, :, 0]
    made = dataset(frames)
    made.SequenceOfUltrasoundRegions = DicomSequence([region((2, 2, 61, 45))])
    (video,) = open_study(save(tmp_path / "a.dcm", made)).videos
    assert clean_pixels(video).is_clean


@given(st.text(min_size=1, max_size=20), st.dates(), st.dates())
def test_keys_keep_intervals_and_tell_patients_apart(patient: str, first: object, second: object) -> None:
    moved = [KEY.shifted(str(day).replace("-", ""), patient) for day in (first, second)]
    if all(moved):
        days = [np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}") for day in moved]
        assert days[1] - days[0] == np.datetime64(str(second)) - np.datetime64(str(first))
    assert KEY.pseudonym(patient) != KEY.pseudonym(patient + "x")
    assert KEY.pseudonym(patient) != DeidentificationKey(bytes(32)).pseudonym(patient)
    assert KEY.shift_days(patient) >= 30
    assert KEY.uid(patient).is_valid


def test_keys_in_files(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key.txt")
    assert load_key(tmp_path / "key.txt") == key
    assert stat.S_IMODE((tmp_path / "key.txt").stat().st_mode) == 0o600
    assert key.secret.hex() not in repr(key)
    (tmp_path / "key.txt").write_text("short")
    with pytest.raises(StudyError, match="64 hexadecimal digits"):
        load_key(tmp_path / "key.txt")
    with pytest.raises(StudyError, match="cannot be read"):
        load_key(tmp_path / "none.txt")


def test_what_cannot_be_made_harmless_is_left_out(tmp_path: Path) -> None:
    root, out = _hospital(tmp_path / "data"), tmp_path / "out"
    plain = _identified(grey_frames(2))
    plain.SOPInstanceUID = "1.2.9"
    del plain.SequenceOfUltrasoundRegions
    save(root / "00004.dcm", plain)
    (root / "12345678").mkdir()
    write_mp4(root / "12345678" / "00009.mp4", moving_speckle(3, size_px=(32, 48)))
    jobs = [
        DeidentifyJob(root, out, video, KEY)
        for video in index_videos([root], IndexRule(keeps_without_region=True)).videos
    ]
    done = deidentify_files(jobs, out)
    assert set(done.left_out) == {"12345678_4", "12345678_9"}
    assert "no 2D tissue region" in done.left_out["12345678_4"]
    assert "no DICOM" in done.left_out["12345678_9"]
    assert len(done.videos) == 2


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out, key = _hospital(tmp_path / "data"), tmp_path / "out", tmp_path / "secret" / "key.txt"
    write_index(tmp_path / "index", index_videos([root], IndexRule()))
    command = ["prepare", "deidentify", str(tmp_path / "index" / "videos.csv"), "--root", str(root), "--workers", "0"]
    assert main([*command, "--key", str(key), "-o", str(out)]) == 0
    assert "2 files (0 from before)" in capsys.readouterr().out
    with (out / "report.csv").open(newline="") as file:
        report = list(csv.DictReader(file))
    assert [row["self_check"] for row in report] == ["passed", "passed"]
    assert all(int(row["private_elements_removed"]) >= 3 for row in report)
    with key.with_name("key.txt.patients.csv").open(newline="") as file:
        (patient,) = csv.DictReader(file)
    assert patient["PatientID"] == "12345678"
    assert {video.key.patient_id for video in read_video_list(out / "videos.csv")} == {patient["pseudonym"]}
    assert main([*command, "--key", str(key), "-o", str(out)]) == 0
    assert "2 files (2 from before)" in capsys.readouterr().out
    assert main([*command, "--key", str(out / "key.txt"), "-o", str(out)]) == 1
    assert main([*command, "--key", str(key), "-o", str(root)]) == 1
    again = index_videos([out], IndexRule())
    assert [video.key.data_idx for video in again.videos] == [2, 3]


def test_two_patients_with_one_pseudonym_are_refused(tmp_path: Path) -> None:
    class Short(DeidentificationKey):
        def pseudonym(self, patient_id: str) -> str:
            return "P"

    root = _hospital(tmp_path / "data")
    other = _identified(grey_frames(2))
    other.PatientID, other.SOPInstanceUID = "87654321", "1.2.8"
    save(root / "00004.dcm", other)
    key = Short(bytes(32))
    jobs = [DeidentifyJob(root, tmp_path / "out", job.video, key) for job in _jobs(root, tmp_path / "out")]
    with pytest.raises(PrepareError, match="same pseudonym"):
        deidentify_files(jobs, tmp_path / "out")


def test_real_dicom_files(tmp_path: Path, data_dir: Path) -> None:
    index = index_videos([data_dir / "dicom" / "us"], IndexRule())
    small = sorted(index.videos, key=lambda video: video.n_frames)[:4]
    done = deidentify_files([DeidentifyJob(index.root, tmp_path, video, KEY) for video in small], tmp_path)
    assert done.videos
    assert not [why for why in done.left_out.values() if "self-check" in why]
    for video in done.videos:
        source = next(
            one
            for one in small
            if one.key.data_idx == video.key.data_idx and KEY.pseudonym(one.key.patient_id) == video.key.patient_id
        )
        (old,), (new,) = open_study(index.root / source.file).videos, open_study(tmp_path / video.file).videos
        x0, y0, x1, y1 = old.region
        assert new.region == old.region
        np.testing.assert_array_equal(new.frame(0)[y0:y1, x0:x1], old.frame(0)[y0:y1, x0:x1])
        assert source.video_id.encode() not in (tmp_path / video.file).read_bytes()
