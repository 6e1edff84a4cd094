"""Exported videos hold the region's pixels exactly, under the published names; a killed run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom.sequence import Sequence as DicomSequence

from luv_viewer.cli import main
from luv_viewer.io import open_study
from luv_viewer.io.errors import UnreadableFileError
from tests.builders import moving_speckle, write_mp4
from tests.io.builders_dicom import color_frames, dataset, grey_frames, region, save
from tests.training.prepare.builders_prepare import frames_of
from training.prepare.export import FORMS, ExportJob, export_videos
from training.prepare.index import IndexRule, index_videos, write_index
from training.prepare.video_list import read_video_list
from training.prepare.workers import CRASHED, run_jobs

CORNERS = (4, 2, 33, 19)


def _study(root: Path) -> Path:
    """Two grey videos, one in colour, one still."""
    for name, frames in (
        ("00002", grey_frames(5)),
        ("00003", grey_frames(3, seed=1)),
        ("00004", color_frames(2)),
        ("00005", grey_frames(1)),
    ):
        made = dataset(frames, PatientID="0012", CineRate=25)
        made.SequenceOfUltrasoundRegions = DicomSequence([region(CORNERS)])
        root.mkdir(exist_ok=True)
        save(root / f"{name}.dcm", made)
    return root


def _jobs(root: Path, out: Path, preset: str = "default") -> list[ExportJob]:
    return [ExportJob(root, out, video, FORMS[preset]) for video in index_videos([root], IndexRule()).videos]


@pytest.mark.parametrize("workers", [0, 2])
def test_the_region_is_exact_with_its_last_row_and_column(tmp_path: Path, workers: int) -> None:
    root, out = _study(tmp_path / "data"), tmp_path / "out"
    done = export_videos(_jobs(root, out), out, workers)
    assert [video.file for video in done.videos] == [
        *("0012/00002.mkv", "0012/00003.mkv", "0012/00004.mkv", "0012/0012_00005.png"),
    ]
    np.testing.assert_array_equal(frames_of(out / "0012/00002.mkv")[:, :, :, 1], grey_frames(5)[:, 2:20, 4:34])
    assert list(done.warnings) == ["0012_4"]
    luminance = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY)[2:20, 4:34] for f in color_frames(2)]
    np.testing.assert_array_equal(frames_of(out / "0012/00004.mkv")[:, :, :, 0], np.stack(luminance))
    assert read_video_list(out / "videos.csv") == done.videos
    (video,) = open_study(out / "0012/00002.mkv").videos
    assert video.timing.fps == pytest.approx(25)


def test_paper_code_leaves_out_the_last_row_and_column_and_takes_red(tmp_path: Path) -> None:
    root, out = _study(tmp_path / "data"), tmp_path / "out"
    done = export_videos(_jobs(root, out, "paper-code"), out)
    assert [video.file for video in done.videos][:2] == ["0012/00002.avi", "0012/00003.avi"]
    assert frames_of(out / "0012/00002.avi").shape == (5, 17, 29, 3)
    picture = cv2.imread(str(out / "0012/0012_00004_2.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(picture, color_frames(2)[1, 2:19, 4:33, 0])
    assert sorted(path.name for path in (out / "0012").glob("0012_00002_*.png")) == [
        f"0012_00002_{frame}.png" for frame in range(1, 6)
    ]


@pytest.mark.parametrize(
    ("stated", "ours", "papers"),
    [
        ({"CineRate": 25, "FrameTime": 50}, 20, 25),
        ({"FrameTime": 50}, 20, 30),
        ({"CineRate": 0, "RecommendedDisplayFrameRate": 15}, 15, 30),
        ({"CineRate": 25}, 25, 25),
        ({}, 30, 30),
    ],
)
def test_paper_code_takes_the_cine_rate_else_30(stated: dict[str, int], ours: int, papers: int, tmp_path: Path) -> None:
    made = dataset(grey_frames(5), PatientID="0012", **stated)
    made.SequenceOfUltrasoundRegions = DicomSequence([region(CORNERS)])
    root = tmp_path / "data"
    root.mkdir()
    save(root / "00002.dcm", made)
    for preset, name, fps in (("default", "00002.mkv", ours), ("paper-code", "00002.avi", papers)):
        (exported,) = export_videos(_jobs(root, tmp_path / preset, preset), tmp_path / preset).videos
        assert exported.fps == fps
        (video,) = open_study(tmp_path / preset / "0012" / name).videos
        assert video.timing.fps == pytest.approx(fps, rel=5e-3)  # Matroska's times are whole ms
        assert read_video_list(tmp_path / preset / "videos.csv")[0].fps == fps


def test_a_movie_keeps_its_own_rate(tmp_path: Path) -> None:
    root = tmp_path / "data" / "0012"
    root.mkdir(parents=True)
    write_mp4(root / "00002.mp4", moving_speckle(6), fps=20)
    found = index_videos([tmp_path / "data"], IndexRule(patient_pattern=r"(?P<patient>\d{4})/(?P<idx>\d{5})")).videos
    out = tmp_path / "out"
    jobs = [ExportJob(tmp_path / "data", out, video, FORMS["paper-code"]) for video in found]
    assert [video.fps for video in export_videos(jobs, out).videos] == [pytest.approx(20)]


def test_finished_videos_are_kept_and_changed_ones_made_again(tmp_path: Path) -> None:
    root, out = _study(tmp_path / "data"), tmp_path / "out"
    export_videos(_jobs(root, out), out)
    times = {path: path.stat().st_mtime_ns for path in (out / "0012").iterdir()}
    (out / "0012/00003.mkv").write_bytes(b"half")
    done = export_videos(_jobs(root, out), out)
    assert done.n_kept == 3
    assert [p.name for p, t in times.items() if p.stat().st_mtime_ns != t] == ["00003.mkv"]
    again = export_videos(_jobs(root, out, "paper-code"), out)
    assert again.n_kept == 0
    assert not list(out.rglob("*.mkv"))


def test_a_bad_file_is_left_out_and_the_others_go_on(tmp_path: Path) -> None:
    root, out = _study(tmp_path / "data"), tmp_path / "out"
    jobs = _jobs(root, out)
    whole = (root / "00003.dcm").read_bytes()
    (root / "00003.dcm").write_bytes(whole[:-2000])
    (root / "00004.dcm").unlink()
    done = export_videos(jobs, out)
    assert set(done.left_out) == {"0012_3", "0012_4"}
    assert len(done.videos) == 2


@dataclass(frozen=True)
class Task:
    """name: what becomes of it."""

    name: str


def _work(task: Task) -> str | int:
    if task.name == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if task.name == "bad":
        raise UnreadableFileError("bad is damaged.")
    if task.name == "bug":
        raise ZeroDivisionError
    return len(task.name)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_that_kills_its_process_costs_itself_alone(workers: int) -> None:
    tasks = [Task(name) for name in ("a", "bb", "crash", "bad", "ccc", "bug", "crash", "dddd")]
    results = dict.fromkeys(tasks)
    for task, result in run_jobs(_work, tasks, workers):
        results[task] = result
    assert {task.name: result for task, result in results.items()} == {
        "a": 1,
        "bb": 2,
        "ccc": 3,
        "dddd": 4,
        "crash": CRASHED,
        "bad": "bad is damaged.",
        "bug": "it could not be worked on (ZeroDivisionError).",
    }


def test_the_command_goes_on_after_a_kill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = _study(tmp_path / "data"), tmp_path / "out"
    for i in range(20, 60):
        made = dataset(grey_frames(40, seed=i), PatientID="0012")
        made.SequenceOfUltrasoundRegions = DicomSequence([region(CORNERS)])
        save(root / f"{i:05d}.dcm", made)
    write_index(tmp_path / "index", index_videos([root], IndexRule()))
    command = ["prepare", "export", str(tmp_path / "index" / "videos.csv"), "--root", str(root), "-o", str(out)]
    command += ["--workers", "0"]
    program = [sys.executable, "-m", "luv_viewer.cli", *command]
    with subprocess.Popen(program, cwd=Path(__file__).parents[3], stderr=subprocess.DEVNULL) as process:
        for _ in range(1200):
            if len(list(out.rglob("*.mkv"))) > 2 or process.poll() is not None:
                break
            time.sleep(0.05)
        process.kill()
    finished = len((out / "finished.jsonl").read_text().splitlines())
    assert finished >= 2
    assert main(command) == 0
    said = capsys.readouterr()
    assert f"44 videos ({finished} from before)" in said.out
    assert "warning: 0012_4: its channels differ" in said.err
    assert len(read_video_list(out / "videos.csv")) == 44


def test_real_dicom_files(tmp_path: Path, data_dir: Path) -> None:
    index = index_videos([data_dir / "dicom" / "us"], IndexRule())
    short = sorted(index.videos, key=lambda video: video.n_frames)[:3]
    done = export_videos([ExportJob(index.root, tmp_path, video, FORMS["default"]) for video in short], tmp_path)
    assert done.videos
    for video in done.videos:
        source = next(one for one in short if one.key == video.key)
        (original,) = open_study(index.root / source.file).videos
        x0, y0, x1, y1 = original.region
        shown = frames_of(tmp_path / video.file)
        assert shown.shape == (original.n_frames, y1 - y0, x1 - x0, 3)
        grey = cv2.cvtColor(np.ascontiguousarray(original.frame(0)[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY)
        np.testing.assert_array_equal(shown[0, :, :, 0], grey)
