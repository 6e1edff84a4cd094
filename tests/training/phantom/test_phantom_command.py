"""`luv phantom`, through the entry point of the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from luv_viewer.cli import main
from luv_viewer.io import open_study
from luv_viewer.io.label_sheet_file import read_sheet
from luv_viewer.io.lengths_file import read_lengths

SMALL = ("--patients", "2", "--videos", "2", "--lengths", "9,1", "--size", "32")


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUV_CONFIG_DIR", str(tmp_path / "config"))


def test_a_small_cohort_with_its_sheets_truth_and_masks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["phantom", "-o", str(out), *SMALL, "--masks"]) == 0
    assert capsys.readouterr().out == f"{out}: 4 files of 2 patients.\n"
    study = open_study(out / "videos")
    assert not study.failures
    # Per patient a video, a still and the screen of the patient's data; and one file that came twice.
    files = sorted(path.relative_to(out / "videos").as_posix() for path in (out / "videos").rglob("*.dcm"))
    assert files == [
        *(f"90000001/0000{number}.dcm" for number in range(1, 5)),
        *(f"90000002/0000{number}.dcm" for number in range(1, 4)),
    ]
    uids = [pydicom.dcmread(out / "videos" / name, stop_before_pixels=True).SOPInstanceUID for name in files]
    assert len(set(uids)) == 6
    assert uids[2] == uids[3]
    lengths = read_lengths(out / "lengths.csv")
    assert lengths == {"90000001_2": 9, "90000001_3": 1, "90000002_2": 9, "90000002_3": 1}
    for patient in ("90000001", "90000002"):
        assert len((out / "truth" / patient / "00002.csv").read_text().splitlines()) == 10
        assert (out / "truth" / patient / "00002_masks.npz").is_file()
    for sheet in sorted((out / "sheets").iterdir()):
        assert not read_sheet(sheet, lengths=lengths).problems


@pytest.mark.parametrize("kind", ["dicom-jpeg", "avi", "mp4", "npy"])
def test_other_formats(kind: str, tmp_path: Path) -> None:
    assert main(["phantom", "-o", str(tmp_path / "out"), *SMALL, "--format", kind]) == 0
    folder = tmp_path / "out" / "videos" / "90000001"
    if kind == "npy":
        assert np.load(folder / "00002.npy").shape[0] == 9
    else:
        suffix = "dcm" if kind == "dicom-jpeg" else kind
        (video,) = open_study(folder / f"00002.{suffix}").videos
        assert video.n_frames == 9


def test_the_same_command_gives_the_same_videos_and_leaves_finished_ones(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert main(["phantom", "-o", str(tmp_path / name), *SMALL, "--seed", "7"]) == 0
    one, other = (tmp_path / name / "videos" / "90000002" / "00002.dcm" for name in ("a", "b"))
    assert one.read_bytes() == other.read_bytes()
    before = one.stat().st_mtime_ns
    assert main(["phantom", "-o", str(tmp_path / "a"), *SMALL, "--seed", "7"]) == 0
    assert one.stat().st_mtime_ns == before


def test_a_cohort_of_other_options_is_not_mixed_into_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["phantom", "-o", str(tmp_path), *SMALL]) == 0
    before = (tmp_path / "lengths.csv").read_bytes()
    assert main(["phantom", "-o", str(tmp_path), *SMALL, "--seed", "8"]) == 1
    assert "choose another folder" in capsys.readouterr().err
    assert (tmp_path / "lengths.csv").read_bytes() == before


def test_the_published_cohort_without_pixels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["phantom", "-o", str(out), "--published", "--no-pixels"]) == 0
    assert capsys.readouterr().out == f"{out}: 444 files of 47 patients, sheets only.\n"
    assert not (out / "videos").exists()
    assert len(read_lengths(out / "lengths.csv")) == 444


@pytest.mark.parametrize(
    "wrong",
    [
        ("--published", "--patients", "3"),
        ("--no-pixels", "--masks"),
        ("--lengths", "152,x"),
        ("--lengths", "0"),
        ("--lengths", "0x5"),
        ("--size", "10"),
    ],
)
def test_wrong_usage_is_status_2_and_writes_nothing(wrong: tuple[str, ...], tmp_path: Path) -> None:
    assert main(["phantom", "-o", str(tmp_path / "out"), *wrong]) == 2
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["phantom", "-o", str(tmp_path / "file" / "out"), *SMALL]) == 1
    assert "cannot be written" in capsys.readouterr().err
