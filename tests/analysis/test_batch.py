"""`luv predict` in one process: what is skipped, what moved, what a kill leaves, and how little is held."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import pytest

from luv_viewer.analysis import batch
from luv_viewer.analysis.batch_inputs import find_inputs
from luv_viewer.analysis.batch_job import BatchAnswer, BatchJob, BatchTask, failed
from luv_viewer.analysis.batch_results import BatchFolder, Outcome
from luv_viewer.io.batch_record import FILE_NAME
from luv_viewer.io.prediction_file import read_summary
from luv_viewer.io.whole_file import WriteError
from tests.analysis.builders_batch import (
    N_BAD,
    N_VIDEOS,
    QUIET,
    files_of,
    outcomes,
    predict,
    write_bad_dicom,
)
from tests.builders import moving_speckle, write_mp4

ROOT = Path(__file__).resolve().parent.parent.parent


def _counts(text: str) -> list[int]:
    """Predicted, already done, without a result."""
    return [int(word) for word in text.replace(",", " ").split() if word.isdecimal()][:3]


def test_bad_files_between_good_ones_cost_a_line_each(plain_results: Path) -> None:
    rows = {row.video: (row.file, row.status.partition(":")[0]) for row in read_summary(plain_results / "summary.csv")}
    assert rows == {
        "a": ("1/a.mp4", "ok"),
        "b": ("1/b.dcm", "failed"),
        "c": ("1/c.mp4", "ok"),
        "a_2": ("2/a.dcm", "failed"),
        "a_3": ("2/a.mp4", "ok"),
        "a_4": ("2/deep/a.mp4", "ok"),
        "a_5": ("3/a.mp4", "failed"),
        "z": ("3/z.mp4", "ok"),
    }
    assert len(files_of(plain_results)) == 3 * N_VIDEOS + 1


def test_what_is_done_is_skipped_without_a_network(
    tiny_checkpoint: Path,
    archive: Path,
    plain_results: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(plain_results, tmp_path / "out")
    (tmp_path / "out" / "summary.csv").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(batch, "open_crew", lambda *arguments: pytest.fail("nothing is to be computed"))
        assert predict(tiny_checkpoint, tmp_path / "out", archive) == 1
    assert _counts(capsys.readouterr().out) == [0, N_VIDEOS, N_BAD]
    assert files_of(tmp_path / "out") == files_of(plain_results)


def test_what_is_done_is_skipped_without_importing_an_engine(
    tiny_checkpoint: Path, archive: Path, plain_results: Path, tmp_path: Path
) -> None:
    shutil.copytree(plain_results, tmp_path / "out")
    program = (
        "import sys; from luv_viewer.cli import main; status = main(sys.argv[1:]); "
        "print(sorted({'torch', 'openvino', 'matplotlib', 'ray'} & set(sys.modules))); sys.exit(status)"
    )
    arguments = [archive, "-o", tmp_path / "out", "--checkpoint", tiny_checkpoint]
    how = ["--device", "openvino", "--precision", "fp32", "--workers", "2"]
    command = [sys.executable, "-c", program, "predict", *map(str, arguments), *how]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "[]"), done.stderr
    assert _counts(done.stdout) == [0, N_VIDEOS, N_BAD]


def test_a_moved_and_a_renamed_video_keep_their_results(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for name, seed in (("a.mp4", 0), ("b.mp4", 1)):
        write_mp4(tmp_path / "in" / name, moving_speckle(8, seed))
    outcomes(tiny_checkpoint, tmp_path / "out", [tmp_path / "in"])
    before = files_of(tmp_path / "out")
    (tmp_path / "in" / "a.mp4").rename(tmp_path / "in" / "sub" / "z.mp4")
    found = outcomes(tiny_checkpoint, tmp_path / "out", [tmp_path / "in"])
    assert [(o.row.video, o.row.file, o.reused) for o in found] == [("b", "b.mp4", True), ("a", "sub/z.mp4", True)]
    after = files_of(tmp_path / "out")
    assert {**after, "summary.csv": ""} == {**before, "summary.csv": ""}
    assert [row.file for row in read_summary(tmp_path / "out" / "summary.csv")] == ["sub/z.mp4", "b.mp4"]
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    found = outcomes(tiny_checkpoint, tmp_path / "out", [tmp_path / "elsewhere"])
    assert [(o.row.video, o.reused) for o in found] == [("b", True), ("a", True)]
    assert files_of(tmp_path / "out") == after


def test_a_copy_has_results_of_its_own(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_mp4(tmp_path / "in" / "a.mp4", moving_speckle(8))
    outcomes(tiny_checkpoint, tmp_path / "out", [tmp_path / "in"])
    shutil.copy(tmp_path / "in" / "a.mp4", tmp_path / "in" / "b.mp4")
    found = outcomes(tiny_checkpoint, tmp_path / "out", [tmp_path / "in"])
    assert [(o.row.video, o.reused) for o in found] == [("a", True), ("b", False)]
    first, second = ((tmp_path / "out" / f"{name}_clips.csv").read_bytes() for name in "ab")
    assert first == second


def test_a_file_given_twice_is_taken_once(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = write_mp4(tmp_path / "in" / "a.mp4", moving_speckle(8))
    found = outcomes(tiny_checkpoint, tmp_path / "out", [path, tmp_path / "in", path])
    assert [outcome.row.video for outcome in found] == ["a"]


def test_figures_in_the_folder_of_the_videos_are_no_videos(tiny_checkpoint: Path, tmp_path: Path) -> None:
    write_mp4(tmp_path / "a.mp4", moving_speckle(8))
    for _ in range(2):
        found = outcomes(tiny_checkpoint, tmp_path, [tmp_path])
        assert [outcome.row.video for outcome in found] == ["a"]


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_killed_again_and_again_it_ends_as_if_it_had_never_stopped(
    workers: tuple[str, ...], tiny_checkpoint: Path, archive: Path, plain_results: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    how = ["--checkpoint", tiny_checkpoint, "--device", "openvino", "--precision", "fp32", *workers]
    command = [sys.executable, "-m", "luv_viewer.cli", "predict", archive, "-o", out, *how]
    for n_results in (1, 3):
        with subprocess.Popen([str(part) for part in command], cwd=ROOT, stderr=subprocess.DEVNULL) as running:
            deadline = time.monotonic() + 600
            while len(list(out.glob("*_attention.png"))) < n_results and time.monotonic() < deadline:
                time.sleep(0.002)
            running.send_signal(signal.SIGKILL)
        assert running.returncode == -signal.SIGKILL
        assert n_results <= len(list(out.glob("*_attention.png"))) < N_VIDEOS
    (out / ".abcd1234.part").write_bytes(b"left behind by a kill")
    found = outcomes(tiny_checkpoint, out, [archive])
    assert 1 <= sum(outcome.reused for outcome in found) < N_VIDEOS
    assert files_of(out) == files_of(plain_results)


@dataclass(frozen=True)
class OneVideo:
    """A folder with a video, its results at stride 24, and what they are to become at stride 12."""

    root: Path
    before: Path
    expected: dict[str, str]


_OTHER = batch.BatchOptions(device="openvino", precision="fp32", stride=12)


@pytest.fixture(scope="module")
def one_video(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> OneVideo:
    folder = tmp_path_factory.mktemp("one")
    (folder / "in").mkdir()
    write_mp4(folder / "in" / "a.mp4", moving_speckle(32))
    outcomes(tiny_checkpoint, folder / "before", [folder / "in"])
    list(batch.run_batch([folder / "in"], folder / "expected", tiny_checkpoint, _OTHER, QUIET))
    return OneVideo(folder / "in", folder / "before", files_of(folder / "expected"))


@pytest.mark.parametrize("at", range(1, 8))
def test_a_run_that_breaks_off_at_any_write_is_repaired_by_the_next(
    at: int, one_video: OneVideo, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full from one write on, while results of other settings are being replaced."""
    out = tmp_path / "out"
    shutil.copytree(one_video.before, out)
    calls = iter(range(1, 1000))

    def fail_from_here(handle: int) -> None:
        if next(calls) >= at:
            raise OSError(errno.ENOSPC, "No space left on device")

    def run() -> list[Outcome]:
        return list(batch.run_batch([one_video.root], out, tiny_checkpoint, _OTHER, QUIET))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_from_here)
        with pytest.raises(WriteError, match="the disk is full"):
            run()
    assert not list(out.glob(".*"))
    (outcome,) = run()
    assert outcome.reused == (at >= 5)
    assert files_of(out) == one_video.expected


def test_nothing_grows_with_the_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times the files, the same memory: a crew that does no work stands in for the network."""

    class Idle:
        """Fails every job at once, so that only the walk and the books are measured."""

        def __init__(self) -> None:
            self.jobs: list[BatchJob] = []

        @property
        def has_room(self) -> bool:
            return len(self.jobs) < 4

        def add(self, job: BatchJob) -> None:
            self.jobs.append(job)

        def next_answer(self) -> BatchAnswer | None:
            return failed(self.jobs.pop(0), "no network") if self.jobs else None

        def close(self) -> None:
            self.jobs.clear()

    for root, n_files in (("few", 40), ("many", 400)):
        (tmp_path / root).mkdir()
        for number in range(n_files):
            folder = tmp_path / root / f"{number // 20:02}"
            folder.mkdir(exist_ok=True)
            (folder / f"{number % 20}.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(30))
    (tmp_path / "checkpoint.pt").write_bytes(b"stands for a network")
    monkeypatch.setattr(batch, "open_crew", lambda *arguments: Idle())
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    peaks = {}
    for root in ("few", "few", "many"):
        tracemalloc.start()
        run = batch.run_batch(
            [tmp_path / root], tmp_path / f"out {root}", tmp_path / "checkpoint.pt", batch.BatchOptions(), QUIET
        )
        n_outcomes = sum(1 for _ in run)
        peaks[root] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert n_outcomes == 400
    assert peaks["many"] < peaks["few"] + 150_000


def test_inputs_are_found_while_others_are_worked_on(tiny_checkpoint: Path, tmp_path: Path) -> None:
    for name in ("1", "2", "3"):
        (tmp_path / "in" / name).mkdir(parents=True)
    write_mp4(tmp_path / "in" / "1" / "a.mp4", moving_speckle(5))
    write_mp4(tmp_path / "in" / "2" / "b.mp4", moving_speckle(5, seed=2))

    def add_another(outcome: Outcome) -> None:
        if outcome.row.video == "a":
            write_mp4(tmp_path / "in" / "3" / "late.mp4", moving_speckle(6, seed=1))

    found = outcomes(tiny_checkpoint, tmp_path / "out", [tmp_path / "in"], add_another)
    assert [outcome.row.video for outcome in found] == ["a", "b", "late"]


def test_the_same_file_has_the_same_place_whichever_way_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_bad_dicom(tmp_path / "in" / "a.dcm")
    path = write_mp4(tmp_path / "in" / "b.mp4", moving_speckle(3))
    below = {item.file_name: item.place for item in find_inputs([tmp_path / "in"], tmp_path / "out")}
    (named,) = find_inputs([path], tmp_path / "out")
    assert below["b.mp4"] == named.place
    assert len(set(below.values())) == 2


def test_the_summary_is_not_written_again_for_every_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    for number in range(30):
        (tmp_path / "in" / f"{number}.dcm").write_text("not DICOM at all")
    written: list[Path] = []
    monkeypatch.setattr(
        "luv_viewer.analysis.batch_results.write_summary", lambda path, rows, patterns: written.append(path)
    )
    results = BatchFolder(tmp_path / "out", is_fresh=True)
    for item in find_inputs([tmp_path / "in"], tmp_path / "out"):
        assert isinstance(results.claim(item, BatchTask("0")), Outcome)
    assert len(written) < 30
    results.close()
    assert len((tmp_path / "out" / FILE_NAME).read_text().splitlines()) == 61
