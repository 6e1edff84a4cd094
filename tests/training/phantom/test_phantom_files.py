"""Files of synthetic videos, opened by the one reader that all of the program uses."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest

from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.io import open_study
from training.phantom.dicom import ScanIdentity, write_patient_screen, write_scan
from training.phantom.media import read_masks, write_array, write_masks, write_movie, write_truth
from training.phantom.scene import Lung, draw_scene
from training.phantom.screen import FULL_SIZE_PX, Screen
from training.phantom.video import PhantomVideo

IDENTITY = ScanIdentity("90000012", 2, "20210315")
SMALL = Screen.for_picture(48)


@pytest.fixture(scope="module")
def video() -> PhantomVideo:
    return PhantomVideo(draw_scene(4, 9, Lung.EFFUSION), SMALL.picture_shape)


@pytest.mark.parametrize(("compress", "most"), [(False, 0), (True, 12)])
def test_the_viewer_reads_back_the_frames_the_region_and_the_times(
    video: PhantomVideo, compress: bool, most: int, tmp_path: Path
) -> None:
    write_scan(tmp_path / "00002.dcm", video, SMALL, IDENTITY, compress=compress)
    (opened,) = open_study(tmp_path / "00002.dcm").videos
    assert opened.n_frames == 9
    assert opened.region == SMALL.region
    assert opened.spacing_mm == pytest.approx((video.cm_per_px * 10,) * 2)
    assert opened.times_s[1] == pytest.approx(1 / 30, abs=1e-5)
    x0, y0, x1, y1 = SMALL.region
    shown = opened.frame(5)[y0:y1, x0:x1].astype(int)
    assert np.abs(shown - video.frame(5)).mean() <= most


def test_a_full_screen_has_the_published_tags(tmp_path: Path) -> None:
    screen = Screen.for_picture(FULL_SIZE_PX)
    still = PhantomVideo(draw_scene(4, 1), screen.picture_shape)
    write_scan(tmp_path / "a.dcm", still, screen, IDENTITY)
    stored = pydicom.dcmread(tmp_path / "a.dcm")
    item = stored.SequenceOfUltrasoundRegions[0]
    assert (stored.Rows, stored.Columns, stored.PhotometricInterpretation) == (924, 1232, "RGB")
    assert (item.RegionLocationMinX0, item.RegionLocationMinY0) == (160, 106)
    assert (item.RegionLocationMaxX1, item.RegionLocationMaxY1) == (1148, 877)
    assert 0.012 < item.PhysicalDeltaX < 0.03
    assert "NumberOfFrames" not in stored
    assert len(stored.PixelData) == 924 * 1232 * 3


def test_identifiers_text_and_an_icon_are_there_to_be_removed(video: PhantomVideo, tmp_path: Path) -> None:
    write_scan(tmp_path / "a.dcm", video, SMALL, IDENTITY)
    stored = pydicom.dcmread(tmp_path / "a.dcm")
    assert stored.PatientID == "90000012"
    assert stored.StudyDate == "20210315"
    assert (stored.CineRate, stored.NumberOfFrames) == (30, 9)
    icon = stored.private_block(0x0029, "PHANTOM SCANNER 1.0")[0x10].value
    assert icon.startswith(b"\xff\xd8")
    assert cv2.imdecode(np.frombuffer(icon, np.uint8), cv2.IMREAD_COLOR).shape[0] == 64
    frame = stored.pixel_array[0]
    x0, y0, x1, y1 = SMALL.region
    outside = frame.copy()
    outside[y0:y1, x0:x1] = 0
    assert outside[:y0].max() > 100


def test_the_same_scene_gives_the_same_bytes(video: PhantomVideo, tmp_path: Path) -> None:
    for name in "ab":
        write_scan(tmp_path / name, video, SMALL, IDENTITY, compress=True)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_patient_screen_has_no_region(tmp_path: Path) -> None:
    write_patient_screen(tmp_path / "00001.dcm", SMALL, IDENTITY)
    stored = pydicom.dcmread(tmp_path / "00001.dcm")
    assert "SequenceOfUltrasoundRegions" not in stored
    assert stored.pixel_array.max() > 150


@pytest.mark.parametrize("suffix", [".avi", ".mp4"])
def test_movies_open_and_look_alike(video: PhantomVideo, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    write_movie(path, video)
    (opened,) = open_study(path).videos
    assert opened.n_frames == 9
    assert opened.times_s[1] == pytest.approx(1 / 30, abs=1e-3)
    frame = opened.frame(4).astype(int)
    assert np.abs(frame - video.frame(4)[: frame.shape[0], : frame.shape[1]]).mean() < 8


def test_another_ending_is_refused(video: PhantomVideo, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.avi or \.mp4"):
        write_movie(tmp_path / "a.gif", video)


def test_arrays_truth_and_masks_are_those_of_the_video(video: PhantomVideo, tmp_path: Path) -> None:
    write_array(tmp_path / "a.npy", video)
    write_truth(tmp_path / "a.csv", video.scene)
    write_masks(tmp_path / "a.npz", video)
    assert (np.load(tmp_path / "a.npy")[3] == video.grey(3)).all()
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    masks = read_masks(tmp_path / "a.npz")
    assert [int(row["frame"]) for row in rows] == list(range(1, 10))
    for place, pattern in enumerate(TRACK_PATTERNS):
        present = [row[pattern.value] == "1" for row in rows]
        assert present == video.scene.present[place].mask(9).tolist()
        assert any(present) == (pattern.value in masks)
        if any(present):
            assert (masks[pattern.value][3] == video.masks(3)[place]).all()
