"""What a person names may be called anything and be anything: content decides, and every sentence is one line."""

from __future__ import annotations

import logging
import os
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from luv_viewer.io import MissingFileError, StudyError, UnsupportedFormatError, open_study
from luv_viewer.io.byte_source import SpooledSource
from tests.io.builders_dicom import dataset, directory, grey_frames, save


def images(folder: Path, numbers: range) -> list[Path]:
    """Numbered PNG files, each a different picture."""
    paths = [folder / f"im_{number}.png" for number in numbers]
    for number, path in zip(numbers, paths, strict=True):
        cv2.imwrite(str(path), grey_frames(1, seed=number)[0])
    return paths


def test_images_named_one_by_one_make_the_same_video_as_their_folder(tmp_path: Path) -> None:
    paths = images(tmp_path, range(9, 12))
    (named,) = open_study(sorted(paths, key=str)).videos
    (found,) = open_study(tmp_path).videos
    assert named.n_frames == found.n_frames == 3
    assert named.identity == found.identity
    assert all(np.array_equal(named.frame(i)[..., 0], grey_frames(1, seed=9 + i)[0]) for i in range(3))


@pytest.mark.parametrize("i", [-1, 2])
def test_frames_a_video_does_not_have(tmp_path: Path, i: int) -> None:
    (video,) = open_study(save(tmp_path / "a.dcm", dataset(grey_frames(2)))).videos
    for read in (video.frame, video.read):
        with pytest.raises(IndexError, match="of 2 does not exist"):
            read(i)


def test_a_path_given_twice_opens_once(tmp_path: Path) -> None:
    path = save(tmp_path / "a.dcm", dataset(grey_frames(1)))
    assert len(open_study([path, str(path)]).videos) == 1


def test_a_damaged_image_of_a_folder_is_named_and_costs_only_itself(tmp_path: Path) -> None:
    paths = images(tmp_path, range(1, 6))
    paths[2].write_bytes(paths[2].read_bytes()[:20])
    study = open_study(tmp_path)
    assert [video.n_frames for video in study.videos] == [2, 2]
    assert [failure.path for failure in study.failures] == [paths[2]]


@pytest.mark.parametrize("name", ["a\nb\r\u2028.dcm", "a\x1b[31m.dcm", os.fsdecode(b"caf\xe9.dcm")])
def test_sentences_and_titles_are_one_line_whatever_the_name(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / "plain.dcm", dataset(grey_frames(1))).rename(tmp_path / name)
    (tmp_path / f"no {name}").write_text("not DICOM")
    study = open_study(tmp_path)
    with pytest.raises(StudyError) as caught:
        open_study(tmp_path / f"no {name}")
    shown = [study.failures[0].message, str(caught.value), study.videos[0].title, open_study(path).title]
    assert all(len(text.splitlines()) == 1 and "\x1b" not in text and text.encode() for text in shown)
    assert all("?" in text for text in shown)


def test_a_name_no_file_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="not a usable file name"):
        open_study(tmp_path / "a\0b.dcm")


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.dcm")
    with pytest.raises(UnsupportedFormatError, match=r"pipe\.dcm is not a regular file"):
        open_study(tmp_path / "pipe.dcm")


def test_words_that_look_like_pictures_at_first_are_left_out_quietly(tmp_path: Path) -> None:
    save(tmp_path / "a", dataset(grey_frames(1)))
    (tmp_path / "table.csv").write_text("BMI,age\n21,30\n")
    (tmp_path / "notes.txt").write_text("The wide probe was used.")
    assert open_study(tmp_path).failures == ()


def test_a_dicomdir_is_told_by_its_content(tmp_path: Path) -> None:
    save(tmp_path / "IM1", dataset(grey_frames(1)))
    index = directory(tmp_path / "index.dcm", [["IM1"]])
    assert [video.source.name for video in open_study(index).videos] == ["IM1"]
    shutil.copy(tmp_path / "IM1", tmp_path / "DICOMDIR")
    assert [video.source.name for video in open_study(tmp_path / "DICOMDIR").videos] == ["DICOMDIR"]
    with zipfile.ZipFile(tmp_path / "disc.zip", "w") as archive:
        archive.write(index, "index.dcm")
        archive.write(tmp_path / "IM1", "IM1")
    study = open_study(tmp_path)
    assert [video.source.name for video in study.videos] == ["DICOMDIR", "IM1", "IM1"]
    assert study.failures == ()


def test_a_packed_image_is_not_kept_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in images(tmp_path, range(1, 4)):
            archive.write(path, path.name)
    closed: list[str] = []
    close = SpooledSource.close

    def noted(self: SpooledSource) -> None:
        closed.append(self.name)
        close(self)

    monkeypatch.setattr(SpooledSource, "close", noted)
    (video,) = open_study(tmp_path / "all.zip").videos
    assert set(closed) == {"im_1.png", "im_2.png", "im_3.png"}
    assert np.array_equal(video.frame(2)[..., 0], grey_frames(1, seed=3)[0])


def test_libraries_log_nothing_of_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Image tags and DICOM values may hold names."""
    cv2.imwrite(str(tmp_path / "a.tif"), grey_frames(1)[0])
    save(tmp_path / "a.dcm", dataset(grey_frames(1), PatientName="Secret^Name"))
    with caplog.at_level(logging.DEBUG):
        for video in open_study(tmp_path).videos:
            video.frame(0)
    assert caplog.records == []
