"""`videos.json`: two thousand videos at once without opening one, rows of the sheets, frames decoded when asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.project import ProjectError
from luv_viewer.domain.project_index import IndexedVideo, ProjectIndex, merge_index, unmatched_rows
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.timing import Timing, TimingSource
from luv_viewer.domain.video import StudyGroup, Video, VideoSource
from luv_viewer.domain.video_record import video_record
from luv_viewer.io import MissingFileError, StudyError, UnreadableFileError, open_study
from luv_viewer.io.dicom_writer import CineFormat, CineIdentity, write_cine
from luv_viewer.io.project_index import index_study, read_index, study_of, write_index
from resources import demo_study_path
from tests.builders import moving_speckle, write_mp4


def _indexed(number: int, folder: Path, *, jitter: bool = False) -> IndexedVideo:
    times = np.arange(152) / 30.0
    if jitter:
        times = np.cumsum(np.random.default_rng(number).uniform(0.02, 0.05, 152))
        times -= times[0]
    return IndexedVideo(
        video_id=f"1.2.3.{number}",
        key=SheetKey(str(number // 10 + 1), number % 10 + 1, "20240131"),
        title=f"{number:05d}",
        height=771,
        width=988,
        timing=Timing(times, TimingSource.FRAME_TIME),
        region=(10, 20, 900, 700),
        spacing_mm=(0.1, 0.1),
        source=VideoSource(folder / "videos" / str(number // 10) / f"{number:05d}.dcm", None, "DICOM, JPEG Baseline"),
        group=StudyGroup(f"g{number // 10}", "Study 2024-01-31", f"p{number // 10}", "20240131"),
        zone="R2",
        modality="US",
        notes=("A note.",),
    )


def _same(a: IndexedVideo, b: IndexedVideo) -> bool:
    assert np.allclose(a.timing.times_s, b.timing.times_s, rtol=0, atol=1e-9)
    assert a.timing.source is b.timing.source
    fields = ("video_id", "key", "title", "height", "width", "region", "spacing_mm", "source", "group", "zone", "notes")
    return all(getattr(a, name) == getattr(b, name) for name in fields) and a.modality == b.modality


@pytest.mark.parametrize("jitter", [False, True])
def test_two_thousand_videos_open_at_once_and_no_video_is_touched(tmp_path: Path, jitter: bool) -> None:
    index = ProjectIndex(tmp_path, "Ward 3", tuple(_indexed(i, tmp_path, jitter=jitter) for i in range(2000)))
    write_index(index)
    read = read_index(tmp_path)
    study = study_of(read)
    assert len(study.videos) == 2000
    assert all(_same(a, b) for a, b in zip(index.videos, read.videos, strict=True))
    assert study.videos[7].identity == "1.2.3.7"  # known without the file, which does not even exist


def test_opening_an_index_opens_no_other_file(tmp_path: Path) -> None:
    video = write_mp4(tmp_path / "R1.mp4", moving_speckle(5))
    write_index(index_study(open_study(video), tmp_path))
    program = f"""
import sys
from pathlib import Path
from luv_viewer.io.project_index import read_index, study_of
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
study = study_of(read_index(Path({str(tmp_path)!r})))
study.videos[0].identity, study.videos[0].n_frames
print([name for name in opened if name.startswith({str(tmp_path)!r})])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == str([str(tmp_path / "videos.json")])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with the demo clips in it, indexed."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(demo_study_path(), folder / "clips")
    write_index(index_study(open_study(folder / "clips"), folder))
    return folder


def test_lazy_videos_are_those_of_open_study(demo: Path) -> None:
    opened = open_study(demo / "clips").videos
    lazy = study_of(read_index(demo)).videos
    assert len(opened) == len(lazy) == 4
    for a, b in zip(opened, lazy, strict=True):
        assert (a.identity, a.title, a.region, a.spacing_mm, a.zone) == (
            b.identity,
            b.title,
            b.region,
            b.spacing_mm,
            b.zone,
        )
        assert (a.modality, a.notes, a.source, a.group.label) == (b.modality, b.notes, b.source, b.group.label)
        for i in (0, a.n_frames // 2, a.n_frames - 1):
            assert np.array_equal(a.frame(i), b.frame(i))
            assert a.frame_identity(i).digest == b.frame_identity(i).digest
        assert video_record(a).difference(video_record(b)) is None


def test_a_project_moves_with_its_videos(demo: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(demo, moved)
    index = read_index(moved)
    assert all(video.source.path.is_relative_to(moved) for video in index.videos)
    assert study_of(index).videos[0].frame(0).shape[2] == 3


def test_threads_share_one_lazy_video(demo: Path) -> None:
    video = study_of(read_index(demo)).videos[0]
    wanted = open_study(demo / "clips").videos[0]
    results: dict[int, bool] = {}

    def check(i: int) -> None:
        results[i] = np.array_equal(video.read(i), wanted.read(i))

    threads = [threading.Thread(target=check, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(8), True)


def test_a_file_that_is_gone_or_changed_is_refused_and_comes_back(tmp_path: Path) -> None:
    path = write_mp4(tmp_path / "R1.mp4", moving_speckle(6))
    write_index(index_study(open_study(path), tmp_path))
    video = study_of(read_index(tmp_path)).videos[0]
    aside = path.rename(tmp_path / "aside.mp4")
    with pytest.raises(MissingFileError, match=r"R1\.mp4 is not where the project looks for it: put it back"):
        video.frame(0)
    write_mp4(path, moving_speckle(6, seed=1))
    with pytest.raises(UnreadableFileError, match=r"R1\.mp4 is no longer the video that was added"):
        video.frame(0)
    aside.replace(path)
    with pytest.raises(StudyError, match="no longer"):
        video.frame(0)
    video.store.close()
    assert np.array_equal(video.frame(0), open_study(path).videos[0].frame(0))


def test_members_of_an_archive_and_numbered_images_are_found_again(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_mp4(tmp_path / f"clip{seed}.mp4", moving_speckle(4, seed))
    with zipfile.ZipFile(tmp_path / "clips.zip", "w") as archive:
        for seed in (1, 2):
            archive.write(tmp_path / f"clip{seed}.mp4", f"in/clip{seed}.mp4")
            (tmp_path / f"clip{seed}.mp4").unlink()
    images = tmp_path / "images"
    images.mkdir()
    for i, frame in enumerate(moving_speckle(3)):
        Image.fromarray(frame).save(images / f"a{i}.png")
        Image.fromarray(255 - frame).save(images / f"b{i}.png")
    project = tmp_path / "project"
    project.mkdir()
    opened = open_study([tmp_path / "clips.zip", images])
    write_index(index_study(opened, project))
    lazy = study_of(read_index(project))
    assert len(lazy.videos) == 4
    for a, b in zip(opened.videos, lazy.videos, strict=True):
        assert a.source == b.source
        assert np.array_equal(a.frame(2), b.frame(2))


def _cine(path: Path, patient: str, number: int, frames: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    identity = CineIdentity(
        patient, "Made^Up", f"study {patient}", f"series {patient}", f"{path.name} {patient}", "loop"
    )
    fmt = CineFormat(frame_time_ms=40.0)
    write_cine(path, moving_speckle(frames, number), identity, fmt)
    return path


def _keys(index: ProjectIndex) -> list[str]:
    return [video.key.study_id if video.key else "-" for video in index.videos]


def test_rows_are_numbered_by_patient_and_never_carry_a_dicom_number_unasked(tmp_path: Path) -> None:
    for patient in ("DEMO-7", "DEMO-8"):
        for i in range(2):
            _cine(tmp_path / "in" / f"{patient}_{i}.dcm", patient, i)
    study = open_study(tmp_path / "in")
    index = index_study(study, tmp_path)
    assert sorted(_keys(index)) == ["1_1", "1_2", "2_1", "2_2"]
    write_index(index)
    assert "DEMO" not in (tmp_path / "videos.json").read_text().replace("DEMO-7_", "").replace("DEMO-8_", "")
    asked = index_study(study, tmp_path, patient_ids="dicom")
    assert sorted(_keys(asked)) == ["DEMO-7_1", "DEMO-7_2", "DEMO-8_1", "DEMO-8_2"]


def test_the_second_file_of_one_identity_is_left_out_and_said(tmp_path: Path) -> None:
    first = write_mp4(tmp_path / "a.mp4", moving_speckle(4))
    shutil.copy(first, tmp_path / "b.mp4")
    index = index_study(open_study(tmp_path), tmp_path)
    assert [video.title for video in index.videos] == ["a"]
    assert [f.message for f in index.failures] == ["b.mp4 is the same video as a.mp4 and is left out."]
    write_index(index)
    assert [f.message for f in read_index(tmp_path).failures] == [f.message for f in index.failures]


def _row(patient: str, number: int, **extra: str) -> SheetRow:
    return SheetRow(SheetKey(patient, number, "20240131"), extra=extra)


def test_a_template_gives_rows_by_folder_name_or_file_column_and_lists_the_rest(tmp_path: Path) -> None:
    names = ("0012/00002.mp4", "0012_00003.mp4", "0012_4.mp4", "deep/loop.mp4", "stranger.mp4")
    for seed, name in enumerate(names):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        write_mp4(tmp_path / "in" / name, moving_speckle(4, seed))
    rows = (_row("0012", 2), _row("0012", 3), _row("0012", 4), _row("77", 5, File="deep\\loop.mp4"), _row("78", 1))
    template = LabelSheet("template.csv", rows)
    reports: list[tuple[int, int]] = []
    index = index_study(open_study(tmp_path / "in"), tmp_path, template, report=lambda *at: reports.append(at))
    got = {video.source.name: video.key.study_id if video.key else None for video in index.videos}
    assert got == {
        "00002.mp4": "0012_2", "0012_00003.mp4": "0012_3", "0012_4.mp4": "0012_4", "loop.mp4": "77_5",
        "stranger.mp4": None,
    }  # fmt: skip
    assert unmatched_rows(index, template) == ("78_1",)
    assert reports == [(i, 5) for i in range(1, 6)]
    assert index.lengths() == dict.fromkeys(("0012_2", "0012_3", "0012_4", "77_5"), 4)


def test_added_videos_are_numbered_on_and_known_ones_keep_their_rows(tmp_path: Path) -> None:
    old = ProjectIndex(tmp_path, "Ward 3", tuple(_indexed(i, tmp_path) for i in (0, 1, 10)))
    moved = replace(_indexed(1, tmp_path / "new"), key=SheetKey("1", 1))
    added = [
        replace(_indexed(2, tmp_path), key=SheetKey("1", 2)),
        replace(_indexed(30, tmp_path), key=SheetKey("2", 1)),
    ]
    merged = merge_index(old, ProjectIndex(tmp_path, "more", (moved, *added)))
    # Videos 0 and 1 are 1_1 and 1_2, video 10 is 2_1; the new patient came as 2, which is taken.
    assert _keys(merged) == ["1_1", "1_2", "2_1", "1_3", "3_1"]
    assert merged.videos[1].source.path == moved.source.path
    assert _keys(merge_index(merged, merged)) == _keys(merged)
    kept = merge_index(old, ProjectIndex(tmp_path, "more", tuple(added)), "keep")
    assert _keys(kept) == ["1_1", "1_2", "2_1", "-", "-"]


def test_no_index_is_a_project_without_videos(tmp_path: Path) -> None:
    assert read_index(tmp_path).videos == ()


def _edited(folder: Path, **changes: object) -> None:
    path = folder / "videos.json"
    held = json.loads(path.read_text())
    held["videos"][0].update(changes)
    path.write_text(json.dumps(held))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"colour": 1}, 'video 1: unknown key "colour"'),
        ({"height": "771"}, 'video 1: "height" must be a whole number, found "771"'),
        ({"region": [0, 0, 5000, 10]}, "region (0, 0, 5000, 10) does not lie inside 988 x 771 pixels"),
        ({"region": [0, 0, 5]}, "video 1: expected 4 numbers, found [0, 0, 5]"),
        ({"timing": "sundial"}, "video 1: 'sundial' is not a valid TimingSource"),
        ({"fps": -1.0}, "video 1: frame rate must be positive, got -1.0"),
        ({"key": ["1", "2", "", "video"]}, 'video 1: "key" must be PatientID, Data_idx, StudyDate and Data_type'),
        ({"video_id": "1.2.3.1"}, "video 1.2.3.1 stands twice"),
        ({"group": ["a"]}, "video 1: expected 4 texts, found ['a']"),
        ({"frames": 10**9}, "video 1: expected 1 to 10000000 frames, found 1000000000"),
    ],
)
def test_a_damaged_index_is_refused_in_one_sentence(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    write_index(ProjectIndex(tmp_path, "Ward 3", (_indexed(0, tmp_path), _indexed(1, tmp_path))))
    _edited(tmp_path, **changes)
    with pytest.raises(ProjectError) as caught:
        study_of(read_index(tmp_path))
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "videos.json"))


ODD: tuple[object, ...] = (None, True, -1, 0, 1e308, "", "x" * 50, "\0", [], [1, 2], [[1]], {}, {"a": 1}, ["a"] * 4)


def test_whatever_stands_in_a_field_it_is_read_or_refused_in_words(tmp_path: Path) -> None:
    write_index(ProjectIndex(tmp_path, "Ward 3", (_indexed(0, tmp_path), _indexed(1, tmp_path, jitter=True))))
    path = tmp_path / "videos.json"
    good = json.loads(path.read_text())
    sentences = []
    for place in [*good, *good["videos"][0], "times_s", "member"]:
        for value in (*ODD, [1], [[1, 2]], [["a", "b"]]):
            held = json.loads(json.dumps(good))
            (held if place in good else held["videos"][1])[place] = value
            path.write_text(json.dumps(held))
            try:
                study_of(read_index(tmp_path))
            except ProjectError as error:
                sentences.append(str(error))
    assert len(sentences) > 250
    assert all(sentence.startswith(str(path)) and len(sentence.splitlines()) == 1 for sentence in sentences)


def test_a_record_has_a_digest_per_stored_frame_or_one_for_a_movie(demo: Path) -> None:
    videos: dict[str, Video] = {video.source.path.suffix: video for video in open_study(demo / "clips").videos}
    reports: list[tuple[int, int]] = []
    cine = video_record(videos[".dcm"], SheetKey("1", 1), lambda *at: reports.append(at))
    assert len(cine.digests) == cine.n_frames == len(reports)
    assert cine.frame_identity(3).digest == videos[".dcm"].frame_identity(3).digest
    assert len(video_record(videos[".mp4"]).digests) == 1
