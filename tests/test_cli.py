"""`luv`, through its entry point and as a process of its own, on small real files."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import luv_viewer
import model
from luv_viewer.analysis.batch_results import BatchFolder
from luv_viewer.analysis.predict import default_checkpoint_path
from luv_viewer.cli import main
from luv_viewer.io import open_study
from luv_viewer.io.ai_summary_folder import read_ai_folder
from luv_viewer.io.batch_record import FILE_NAME
from luv_viewer.io.prediction_file import SummaryRow, read_clips, read_frames, read_summary
from model.preprocessing import normalize, video_frame
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint

ROOT = Path(__file__).resolve().parent.parent
PATTERNS = ("A-line", "B-line", "Consolidation", "Pleural effusion")

Luv = Callable[..., int]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.pt")


@pytest.fixture
def luv(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Luv:
    """`luv predict ARGUMENTS -o <tmp>/out` with the tiny checkpoint, torch on the CPU; gives the exit status."""
    monkeypatch.setenv("LUV_CONFIG_DIR", str(tmp_path / "config"))
    how = ["--checkpoint", str(checkpoint), "--device", "torch"]

    def run(*arguments: object) -> int:
        return main(["predict", *map(str, arguments), "-o", str(tmp_path / "out"), *how])

    return run


def _videos(folder: Path, *names: str, n_frames: int = 40) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [write_mp4(folder / name, moving_speckle(n_frames, seed)) for seed, name in enumerate(names)]


def _summary(tmp_path: Path) -> dict[str, SummaryRow]:
    return {row.video: row for row in read_summary(tmp_path / "out" / "summary.csv")}


def _clip_by_clip(path: Path, checkpoint_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(K, P) probabilities and (K, L, P) head-summed attention of the whole network, clip after clip."""
    checkpoint = model.load_checkpoint(checkpoint_path)
    video = open_study(path).videos[0]
    images = [video_frame(video.frame(i), video.region, checkpoint.preprocessing) for i in range(video.n_frames)]
    probabilities, attention = [], []
    for start in range(0, video.n_frames, 24):
        rows = [min(start + t, video.n_frames - 1) for t in range(30)]
        clip = normalize([images[row] for row in rows], checkpoint.preprocessing)
        with torch.inference_mode():
            logits, weights = checkpoint.network(clip[None])
        probabilities.append(torch.sigmoid(logits[0]).numpy())
        attention.append(weights[0].sum(dim=2).T.numpy())
    return np.stack(probabilities), np.stack(attention)


def test_it_writes_the_tables_the_figure_and_the_summary(luv: Luv, tmp_path: Path, checkpoint: Path) -> None:
    (path,) = _videos(tmp_path / "in", "R2.mp4", n_frames=52)
    assert luv(path) == 0
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"R2_clips.csv", "R2_frames.csv", "R2_attention.png", "summary.csv", FILE_NAME}

    probabilities, attention = _clip_by_clip(path, checkpoint)
    clips = read_clips(tmp_path / "out" / "R2_clips.csv")
    assert clips.clip_spans.tolist() == [[0, 30], [24, 52], [48, 52]]
    np.testing.assert_allclose(clips.probabilities, probabilities, atol=1.1e-5)

    frames = read_frames(tmp_path / "out" / "R2_frames.csv")
    assert frames.attention.shape == (52, 4)
    np.testing.assert_allclose(frames.times_s, np.arange(52) / 25, atol=1e-6)
    # The last clip has 4 real frames, fewer than 15, and the second covers them: it does not count.
    raw = np.concatenate([attention[0, :24], (attention[0, 24:] + attention[1, :6]) / 2, attention[1, 6:28]])
    low, high = raw.min(axis=0), raw.max(axis=0)
    np.testing.assert_allclose(frames.attention, (raw - low) / (high - low), atol=1e-3)

    row = _summary(tmp_path)["R2"]
    assert (row.file, row.n_frames, row.fps, row.status) == ("R2.mp4", 52, 25, "ok")
    assert (row.device, row.precision) == ("cpu", "fp32")
    assert row.checkpoint == f"tiny {model.load_checkpoint(checkpoint).version}"
    for at, found in enumerate(row.patterns.values()):
        assert found.probability == pytest.approx(probabilities[:, at].max(), abs=1.1e-5)
        assert found.present == (found.probability >= 0.5)
        order = np.argsort(-frames.attention[:, at], kind="stable")[:3]
        assert sorted(found.top_frames) == sorted(order)
    with Image.open(tmp_path / "out" / "R2_attention.png") as figure:
        assert figure.width > 1000
    (kept,) = read_ai_folder(tmp_path / "out", [open_study(path).videos[0].identity])
    assert kept.video_id.startswith("sha256:")
    assert kept.thresholds == (0.5,) * 4


def test_a_patient_of_the_data_folder_is_predicted_as_clip_by_clip(
    luv: Luv, data_dir: Path, tmp_path: Path, checkpoint: Path
) -> None:
    paths = sorted((data_dir / "lus" / "covid-blues").glob("patient_10_*.mp4"))
    assert len(paths) == 6
    assert luv(*paths) == 0
    rows = _summary(tmp_path)
    assert set(rows) == {path.stem for path in paths}
    assert {row.status for row in rows.values()} == {"ok"}
    for path in paths:
        assert all((tmp_path / "out" / f"{path.stem}_{end}").is_file() for end in ("frames.csv", "attention.png"))
        probabilities, _ = _clip_by_clip(path, checkpoint)
        clips = read_clips(tmp_path / "out" / f"{path.stem}_clips.csv")
        np.testing.assert_allclose(clips.probabilities, probabilities, atol=1.1e-5)


def test_the_bundled_checkpoint_predicts_as_clip_by_clip(tmp_path: Path) -> None:
    (path,) = _videos(tmp_path / "in", "a.mp4", n_frames=32)
    assert main(["predict", str(path), "-o", str(tmp_path / "out"), "--device", "cpu"]) == 0
    probabilities, _ = _clip_by_clip(path, default_checkpoint_path())
    clips = read_clips(tmp_path / "out" / "a_clips.csv")
    np.testing.assert_allclose(clips.probabilities, probabilities, atol=1.1e-5)


def test_one_bad_file_costs_one_line_and_status_1(luv: Luv, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, other = _videos(tmp_path / "in", "a.mp4", "c.mp4", n_frames=7)
    bad = tmp_path / "in" / "b.dcm"
    bad.write_bytes(b"\0" * 128 + b"DICM" + b"rubbish" * 20)
    black = write_mp4(tmp_path / "in" / "d.mp4", np.zeros((7, 96, 128, 3), np.uint8))
    missing = tmp_path / "in" / "e.mp4"
    assert luv(good, bad, other, black, missing) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    for name in ("b.dcm", "d.mp4", "e.mp4"):
        assert sum(name in line for line in lines) == 1
    rows = _summary(tmp_path)
    assert {name: row.status.partition(":")[0] for name, row in rows.items()} == {
        "a": "ok",
        "c": "ok",
        "b": "failed",
        "d": "not assessed",
        "e": "failed",
    }
    assert rows["d"].patterns == {}
    assert rows["d"].status == "not assessed: the frames are empty or of one brightness"
    assert not list((tmp_path / "out").glob("[bde]_*"))


def test_nothing_that_opens_is_status_1(luv: Luv, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert luv(tmp_path / "empty") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "x.mp4"],
        ["predict", "-o", "out"],
        ["predict", "x.mp4", "-o", "out", "--stride", "0"],
        ["predict", "x.mp4", "-o", "out", "--device", "abacus"],
        ["predict", "x.mp4", "-o", "out", "--device", "cuda:one"],
        ["predict", "x.mp4", "-o", "out", "--workers", "0"],
        ["predict", "x.mp4", "-o", "out", "--checkpoint", "none.pt"],
        ["bogus"],
        ["--bogus"],
        [],
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage: luv" in capsys.readouterr().err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert luv_viewer.__version__ in capsys.readouterr().out
    for command in ([], ["predict"], ["inspect"], ["checkpoint"]):
        assert main([*command, "--help"]) == 0
        assert "Exit status" in capsys.readouterr().out


def test_a_checkpoint_that_is_none_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = _videos(tmp_path, "a.mp4", n_frames=7)
    assert main(["predict", str(path), "-o", str(tmp_path / "out"), "--checkpoint", str(path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "a.mp4" in line
    assert not (tmp_path / "out").exists()


def test_repeated_stems_get_numbers_and_keep_them(luv: Luv, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        _videos(tmp_path / "in" / folder, "R2.mp4", n_frames=7)
    (tmp_path / "in" / "two" / "R2.mp4").unlink()
    write_mp4(tmp_path / "in" / "two" / "R2.mp4", moving_speckle(9, seed=5))
    assert luv(tmp_path / "in") == 0
    files = {name: (row.file, row.n_frames) for name, row in _summary(tmp_path).items()}
    assert files == {"R2": ("one/R2.mp4", 7), "R2_2": ("two/R2.mp4", 9)}
    assert luv(tmp_path / "in" / "two" / "R2.mp4") == 0
    assert {name: row.n_frames for name, row in _summary(tmp_path).items()} == {"R2": 7, "R2_2": 9}


def test_a_second_run_goes_on_and_other_settings_start_over(
    luv: Luv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = _videos(tmp_path / "in", "a.mp4", "b.mp4", n_frames=40)
    assert luv(first) == 0
    made = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").glob("a_*")}
    capsys.readouterr()
    assert luv(first, second) == 0
    assert "1 predicted, 1 already done, 0 without a result" in capsys.readouterr().out
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "out").glob("a_*")} == made
    assert set(_summary(tmp_path)) == {"a", "b"}

    assert luv(first, "--stride", "10") == 0
    assert "1 predicted" in capsys.readouterr().out
    assert read_clips(tmp_path / "out" / "a_clips.csv").clip_spans.tolist() == [[0, 30], [10, 40], [20, 40], [30, 40]]
    assert set(_summary(tmp_path)) == {"a", "b"}

    (tmp_path / "out" / "a_frames.csv").unlink()
    assert luv(first, "--stride", "10") == 0
    assert (tmp_path / "out" / "a_frames.csv").exists()
    write_mp4(first, moving_speckle(31, seed=9))
    assert luv(first, "--stride", "10") == 0
    assert _summary(tmp_path)["a"].n_frames == 31
    assert luv(first, "--stride", "10", "--overwrite") == 0
    assert set(_summary(tmp_path)) == {"a"}


def test_a_file_that_turns_bad_loses_its_old_results(luv: Luv, tmp_path: Path) -> None:
    (path,) = _videos(tmp_path / "in", "a.mp4", n_frames=7)
    assert luv(path) == 0
    path.write_bytes(b"")
    assert luv(path) == 1
    assert not list((tmp_path / "out").glob("a_*"))
    assert _summary(tmp_path)["a"].status.startswith("failed: ")


def test_a_damaged_record_is_reported_and_not_overwritten(
    luv: Luv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = _videos(tmp_path / "in", "a.mp4", n_frames=7)
    assert luv(path) == 0
    (tmp_path / "out" / FILE_NAME).write_text("{")
    capsys.readouterr()
    assert luv(path) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{FILE_NAME} is damaged" in line
    assert (tmp_path / "out" / FILE_NAME).read_text() == "{"
    assert luv(path, "--overwrite") == 0


def test_results_inside_the_study_folder_are_not_taken_for_input(
    luv: Luv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _videos(tmp_path / "study", "a.mp4", n_frames=7)
    shutil.copytree(tmp_path / "study", tmp_path / "out")
    for _ in range(2):
        assert luv(tmp_path / "study", tmp_path / "out" / "a.mp4") == 0
    assert main(["predict", str(tmp_path), "-o", str(tmp_path / "out")]) in (0, 1)
    assert not [name for name in _summary(tmp_path) if "attention" in name]


def test_stills_and_numbered_pictures_are_videos(luv: Luv, tmp_path: Path) -> None:
    frames = moving_speckle(5)
    (tmp_path / "cine").mkdir()
    for number, frame in enumerate(frames, start=1):
        Image.fromarray(frame).save(tmp_path / "cine" / f"im{number}.png")
    Image.fromarray(frames[0]).save(tmp_path / "still.png")
    assert luv(tmp_path / "cine", tmp_path / "still.png") == 0
    rows = _summary(tmp_path)
    assert {name: (row.n_frames, row.fps) for name, row in rows.items()} == {"cine": (5, 30), "still": (1, None)}
    assert read_clips(tmp_path / "out" / "still_clips.csv").clip_spans.tolist() == [[0, 1]]


def test_an_unwritable_folder_is_one_line(tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = _videos(tmp_path / "in", "a.mp4", n_frames=7)
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "out"
    assert main(["predict", str(path), "-o", str(out), "--checkpoint", str(checkpoint)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be written" in line


def test_two_runs_into_one_folder_are_refused(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = _videos(tmp_path / "in", "a.mp4", n_frames=7)
    how = [str(path), "-o", str(tmp_path / "out"), "--checkpoint", str(checkpoint)]
    first = BatchFolder(tmp_path / "out", is_fresh=True)
    assert main(["predict", *how]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == ("Another luv predict is writing to out: wait until it has ended, or give another folder with -o.")
    first.close()
    assert main(["predict", *how]) == 0
    assert not list((tmp_path / "out").glob("*.lock"))


def test_a_full_disk_is_one_line_and_leaves_no_half_file(tmp_path: Path, checkpoint: Path) -> None:
    _videos(tmp_path / "in", "a.mp4", n_frames=7)
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); "
    ignore = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    run = "from luv_viewer.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["predict", tmp_path / "in", "-o", tmp_path / "out", "--checkpoint", checkpoint, "--device", "torch"]
    done = _process([sys.executable, "-c", limit + ignore + run, *arguments], tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert "a_attention.png cannot be written" in line
    assert not [file for file in (tmp_path / "out").iterdir() if "attention" in file.name]


def test_as_a_process_it_is_quiet_and_ends_with_status_0(tmp_path: Path, checkpoint: Path) -> None:
    _videos(tmp_path / "in", "a.mp4", n_frames=7)
    command = [sys.executable, "-m", "luv_viewer.cli", "predict", tmp_path / "in", "-o", tmp_path / "out"]
    done = _process([*command, "--checkpoint", checkpoint], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"1 predicted, 0 already done, 0 without a result; see {tmp_path / 'out' / 'summary.csv'}"
    ]


def test_ctrl_c_ends_it_at_once_and_the_same_command_goes_on(
    luv: Luv, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _videos(tmp_path / "in", *(f"{i}.mp4" for i in range(3)), n_frames=60)
    command = [sys.executable, "-m", "luv_viewer.cli", "predict", tmp_path / "in", "-o", tmp_path / "out"]
    how = ["--checkpoint", checkpoint, "--device", "torch", "--stride", "6"]
    with subprocess.Popen(
        [str(part) for part in (*command, *how)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(tmp_path),
    ) as running:
        deadline = time.monotonic() + 60
        while not (tmp_path / "out" / "summary.csv").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        sent = time.monotonic()
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert time.monotonic() - sent < 10
    assert errors.splitlines() == ["Stopped. What is finished is kept; the same command goes on from there."]
    assert not list((tmp_path / "out").glob(".*"))
    finished = len(_summary(tmp_path))
    assert 1 <= finished < 3
    assert luv(tmp_path / "in", "--stride", "6") == 0
    already = int(capsys.readouterr().out.split(" already done")[0].split()[-1])
    assert finished - 1 <= already <= finished
    assert {row.status for row in _summary(tmp_path).values()} == {"ok"}


def test_an_internal_error_is_one_line_and_its_traceback_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LUV_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setattr("luv_viewer.commands.checkpoint.load_checkpoint", lambda path: 1 / 0)
    assert main(["checkpoint", __file__]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "ZeroDivisionError" in line
    log = tmp_path / "config" / "luv-viewer.log"
    assert str(log) in line
    assert "Traceback" in log.read_text()
    with pytest.raises(ZeroDivisionError):
        main(["--debug", "checkpoint", __file__])


def test_checkpoint_prints_the_model_card(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoint", str(checkpoint)]) == 0
    text = capsys.readouterr().out
    for part in ("A tiny network for tests", "2026-11-21", "luv_net", "0.500", luv_viewer.RESEARCH_USE, *PATTERNS):
        assert part in text


def test_inspect_says_what_opens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _videos(tmp_path / "in", "a.mp4", n_frames=7)
    (tmp_path / "in" / "b.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"rubbish")
    assert main(["inspect", str(tmp_path / "in")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["a.mp4", "opened"], ["b.dcm", "refused"]]
    assert main(["inspect", str(tmp_path / "in"), "--csv", str(tmp_path / "t.csv")]) == 1
    header, first, second = (tmp_path / "t.csv").read_text().splitlines()
    assert header.startswith("file,outcome,videos,frames,width,height,format")
    assert first.startswith("a.mp4,opened,1,7,128,96,")
    assert second.startswith("b.dcm,refused,0,,,,")
    assert main(["inspect", str(tmp_path / "in" / "a.mp4")]) == 0


def _environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "LUV_CONFIG_DIR": str(tmp_path / "config")}


def _process(command: list, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env=_environment(tmp_path),
        check=False,
    )
