"""The index lists what can be labelled, and says of everything else why not."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
from pydicom.sequence import Sequence as DicomSequence

from luv_viewer.cli import main
from luv_viewer.io.label_sheet_file import read_sheet
from tests.builders import moving_speckle, write_mp4
from tests.io.builders_dicom import dataset, grey_frames, region, save
from training.prepare.errors import PrepareError
from training.prepare.index import IndexRule, index_videos, write_index
from training.prepare.video_list import open_listed, read_video_list


def _dicom(path: Path, patient: str, n_frames: int = 4, *, has_region: bool = True, uid: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = dataset(grey_frames(n_frames, seed=len(str(path))), PatientID=patient, StudyDate="20210115", CineRate=25)
    if has_region:
        made.SequenceOfUltrasoundRegions = DicomSequence([region((4, 2, 33, 19))])
    if uid:
        made.SOPInstanceUID = uid
    return save(path, made)


def _hospital(root: Path) -> Path:
    _dicom(root / "a" / "IM1.dcm", "0012", 1, has_region=False)
    _dicom(root / "a" / "IM2.dcm", "0012", uid="1.2.3.5")
    _dicom(root / "a" / "IM10.dcm", "0012", 1)
    _dicom(root / "b" / "copy.dcm", "0012", uid="1.2.3.5")
    _dicom(root / "b" / "00007.dcm", "0034")
    _dicom(root / "b" / "00003.dcm", "0034")
    (root / "b" / "broken.dcm").write_bytes(b"no DICOM")
    return root


def test_a_hospital_folder(tmp_path: Path) -> None:
    root = _hospital(tmp_path / "hospital")
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in root.rglob("*.dcm")}
    found = index_videos([root], IndexRule())
    assert [(v.key.study_id, v.key.data_type, v.n_frames, v.file) for v in found.videos] == [
        ("0012_2", "video", 4, "a/IM2.dcm"),
        ("0012_3", "image", 1, "a/IM10.dcm"),
        ("0034_3", "video", 4, "b/00003.dcm"),
        ("0034_7", "video", 4, "b/00007.dcm"),
    ]
    assert {(out.file, out.kind) for out in found.left_out} == {
        ("a/IM1.dcm", "no region"),
        ("b/copy.dcm", "duplicate"),
        ("b/broken.dcm", "cannot be opened"),
    }
    assert next(out.reason for out in found.left_out if out.kind == "duplicate").startswith("the same object as a/IM2")
    write_index(tmp_path / "index", found)
    sheet = read_sheet(tmp_path / "index" / "template.csv")
    assert [row.key for row in sheet.sheet.rows] == [video.key for video in found.videos]
    assert read_video_list(tmp_path / "index" / "videos.csv") == found.videos
    assert open_listed(root, found.videos[0]).region == (4, 2, 34, 20)
    assert {path: hashlib.sha256(path.read_bytes()).digest() for path in before} == before


def test_objects_without_region_on_request(tmp_path: Path) -> None:
    found = index_videos([_hospital(tmp_path)], IndexRule(keeps_without_region=True))
    assert [video.key.data_idx for video in found.videos if video.key.patient_id == "0012"] == [1, 2, 3]


def test_folders_of_other_videos(tmp_path: Path) -> None:
    for seed, name in enumerate(("0012/00002.mp4", "0012/late.mp4", "0034_00005.mp4", "nobody.mp4")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_mp4(tmp_path / name, moving_speckle(5, seed, (32, 48)))
    found = index_videos([tmp_path], IndexRule())
    assert [(v.key.study_id, v.file) for v in found.videos] == [
        ("0012_1", "0012/late.mp4"),
        ("0012_2", "0012/00002.mp4"),
        ("0034_5", "0034_00005.mp4"),
    ]
    assert [(out.file, out.kind) for out in found.left_out] == [("nobody.mp4", "no patient")]
    told = index_videos([tmp_path], IndexRule(patient_pattern=r"(?P<patient>nobody)"))
    assert "nobody_1" in [video.key.study_id for video in told.videos]


@pytest.mark.parametrize("pattern", ["(", "P[0-9]+"])
def test_patterns_that_tell_no_patient_are_refused(pattern: str) -> None:
    with pytest.raises(PrepareError):
        IndexRule(patient_pattern=pattern)


def test_the_command_says_what_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = _hospital(tmp_path / "hospital"), tmp_path / "index"
    assert main(["prepare", "index", str(root), "-o", str(out)]) == 1
    said = capsys.readouterr()
    assert "3 videos and 1 still of 2 patients; 3 files left out" in said.out
    assert "left out: b/broken.dcm" in said.err
    with (out / "left_out.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 3
    (root / "b" / "broken.dcm").unlink()
    assert main(["prepare", "index", str(root), "-o", str(out)]) == 0
    assert main(["prepare", "index", str(root / "a" / "IM1.dcm"), "-o", str(out)]) == 1
    assert "no 2D tissue region" in capsys.readouterr().err


def test_real_dicom_files(data_dir: Path) -> None:
    folder = data_dir / "dicom" / "us"
    found = index_videos([folder], IndexRule())
    with (data_dir / "dicom_manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "us"]
    no_region = {out.file for out in found.left_out if out.kind == "no region"}
    stated = {row["file"].removeprefix("us/") for row in rows if '"fmt": 1, "typ": 1' in row["regions"]}
    listed = {video.file for video in found.videos}
    assert stated
    assert stated.isdisjoint(no_region)
    assert listed <= stated
    assert len(found.videos) + len(found.left_out) == len(rows)
    for video in found.videos[:3]:
        assert open_listed(found.root, video).frame(0).ndim == 3
