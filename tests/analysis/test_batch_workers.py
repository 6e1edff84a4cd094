"""Worker processes of `luv predict`: the same files, a death costs one video, nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.analysis.batch_crew import MAX_LOST_IN_A_ROW, chosen_engine, engines_for, threads_for
from luv_viewer.analysis.batch_job import BatchEngine, BatchJob, BatchTask, file_version
from luv_viewer.analysis.batch_workers import JOBS_AHEAD, ProcessCrew
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.io.study_parts import StudyPart, parts_of_files
from tests.analysis.builders_batch import files_of, predict
from tests.builders import moving_speckle, write_mp4

ROOT = Path(__file__).resolve().parent.parent.parent


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # One that ended but was not waited for by its new parent is no longer running either.
    status = Path(f"/proc/{process_id}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def _wait_until_gone(process_ids: list[int]) -> None:
    deadline = time.monotonic() + 30
    while any(map(_is_running, process_ids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [number for number in process_ids if _is_running(number)]


def _jobs(*paths: Path) -> list[BatchJob]:
    parts = [part for part in parts_of_files(paths) if isinstance(part, StudyPart)]
    return [BatchJob(number, part.path.stem, part, part.name) for number, part in enumerate(parts, start=1)]


@contextmanager
def _crew(checkpoint: Path, n_workers: int, **how: int) -> Iterator[ProcessCrew]:
    task = BatchTask(file_version(checkpoint), device="openvino", precision="fp32", **how)
    engine = chosen_engine(checkpoint, task, lambda sentence: None)
    crew = ProcessCrew(task, engines_for(engine, n_workers, 0, 2), lambda job, done, total: None)
    try:
        yield crew
    finally:
        crew.close()


def test_two_workers_write_the_same_bytes_as_one_process(
    tiny_checkpoint: Path, archive: Path, plain_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(tiny_checkpoint, tmp_path / "out", archive, "--workers", 2) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert files_of(tmp_path / "out") == files_of(plain_results)


def test_half_done_by_one_process_two_workers_do_the_rest(
    tiny_checkpoint: Path, archive: Path, plain_results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predict(tiny_checkpoint, tmp_path / "out", archive / "1")
    for path in (tmp_path / "out").glob("c_*.png"):
        path.unlink()
    capsys.readouterr()
    assert predict(tiny_checkpoint, tmp_path / "out", archive, "--workers", 2) == 1
    assert capsys.readouterr().out.startswith("4 predicted, 1 already done, 3 without a result")
    # Lines of the summary name files below the folder that was given.
    made, expected = files_of(tmp_path / "out"), files_of(plain_results)
    assert {**made, "summary.csv": ""} == {**expected, "summary.csv": ""}


def test_torch_gives_the_same_bytes_in_a_worker(tmp_path: Path) -> None:
    """The bundled network, whose last digits change with the number of torch's threads."""
    from luv_viewer.analysis.predict import default_checkpoint_path
    from luv_viewer.cli import main

    path = write_mp4(tmp_path / "a.mp4", moving_speckle(32))
    for name, workers in (("plain", []), ("worker", ["--workers", "1"])):
        how = ["--checkpoint", str(default_checkpoint_path()), "--device", "torch", *workers]
        assert main(["predict", str(path), "-o", str(tmp_path / name), *how]) == 0
    assert files_of(tmp_path / "plain") == files_of(tmp_path / "worker")


def test_a_worker_that_dies_costs_its_video_and_is_replaced(tiny_checkpoint: Path, tmp_path: Path) -> None:
    long = write_mp4(tmp_path / "long.mp4", moving_speckle(1500))
    short = [write_mp4(tmp_path / f"{i}.mp4", moving_speckle(5, i)) for i in range(3)]
    with _crew(tiny_checkpoint, 1, stride=1) as crew:
        (first,) = crew.process_ids
        begun = []
        crew._progress = lambda job, done, total: begun.append(job.name) or os.kill(first, signal.SIGKILL)
        jobs = _jobs(long, *short)
        for job in jobs[:JOBS_AHEAD]:
            assert crew.has_room
            crew.add(job)
        assert not crew.has_room
        answer = crew.next_answer()
        assert answer is not None
        assert begun == ["long"]
        assert (answer.job.name, answer.result) == ("long", None)
        assert answer.message == (
            "long.mp4 failed: its worker process ended (killed by SIGKILL, perhaps because memory ran out)."
        )
        crew._progress = lambda job, done, total: None
        assert crew.process_ids != (first,)
        for job in jobs[JOBS_AHEAD:]:
            crew.add(job)
        answers = [crew.next_answer() for _ in jobs[1:]]
        assert [a.job.name for a in answers if a is not None and a.result is not None] == ["0", "1", "2"]
        assert crew.next_answer() is None
        second = list(crew.process_ids)
    _wait_until_gone([first, *second])


def test_closing_stops_workers_in_the_middle_of_a_video(tiny_checkpoint: Path, tmp_path: Path) -> None:
    path = write_mp4(tmp_path / "long.mp4", moving_speckle(1500))
    with _crew(tiny_checkpoint, 2, stride=1) as crew:
        numbers = list(crew.process_ids)
        begun = []

        class Stop(Exception):
            pass

        def stop(job: BatchJob, done: int, total: int) -> None:
            begun.append(job)
            raise Stop

        crew._progress = stop
        crew.add(_jobs(path)[0])
        with pytest.raises(Stop):
            crew.next_answer()
    assert begun
    _wait_until_gone(numbers)


def test_workers_that_die_on_every_video_end_the_run(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """As they do when the network takes more memory than there is: then it is not the videos."""
    paths = [write_mp4(tmp_path / f"{i}.mp4", moving_speckle(300, i)) for i in range(5)]
    with _crew(tiny_checkpoint, 1, stride=1) as crew:
        crew._progress = lambda job, done, total: os.kill(crew.process_ids[0], signal.SIGKILL)
        messages = []

        def work() -> None:
            for job in _jobs(*paths):
                crew.add(job)
                answer = crew.next_answer()
                assert answer is not None
                messages.append(answer.message)

        with pytest.raises(AnalysisError, match=r"Worker processes end again and again .* fewer --workers or without"):
            work()
    assert len(messages) == MAX_LOST_IN_A_ROW + 1
    assert all("its worker process ended" in message for message in messages)


def test_workers_that_cannot_start_end_the_run(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with _crew(tiny_checkpoint, 1) as crew:
        crew.add(_jobs(write_mp4(tmp_path / "a.mp4", moving_speckle(5)))[0])
        for _ in range(2):
            os.kill(crew.process_ids[0], signal.SIGKILL)
            before = crew.process_ids
            assert crew._replaced(crew._members[0]) is None
            assert crew.process_ids != before
        os.kill(crew.process_ids[0], signal.SIGKILL)
        with pytest.raises(AnalysisError, match=r"cannot start here \(killed by SIGKILL.*run without --workers"):
            crew.next_answer()


def test_a_network_that_cannot_run_in_a_worker_ends_the_run_with_its_reason(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    task = BatchTask(file_version(tiny_checkpoint), device="mps")
    crew = ProcessCrew(task, [BatchEngine(tiny_checkpoint, "mps", "fp32")], lambda job, done, total: None)
    try:
        crew.add(_jobs(write_mp4(tmp_path / "a.mp4", moving_speckle(5)))[0])
        answer = crew.next_answer()
    finally:
        crew.close()
    assert answer is not None
    assert answer.fatal.startswith("LUV-Net cannot run: device mps is not available here")


def _running_luv(command: list[object]) -> subprocess.Popen[str]:
    program = "import sys; from luv_viewer.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", program, *map(str, command)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0)


def _group(leader: int) -> list[int]:
    """Processes of a group but for its leader."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,pgid="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    return [pid for pid, group in rows if group == leader and pid != leader]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_ctrl_c_and_a_kill_leave_no_worker_behind(how: signal.Signals, tiny_checkpoint: Path, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / "in").mkdir(exist_ok=True)
        write_mp4(tmp_path / "in" / f"{number}.mp4", moving_speckle(60, number))
    options = ["--checkpoint", tiny_checkpoint, "--device", "openvino", "--precision", "fp32", "--workers", "2"]
    with _running_luv(["predict", tmp_path / "in", "-o", tmp_path / "out", *options]) as running:
        deadline = time.monotonic() + 60
        while not (tmp_path / "out" / "summary.csv").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        workers = _group(running.pid)
        assert len(workers) >= 2
        # A terminal sends Ctrl+C to the whole group; a kill of the parent reaches nobody else.
        os.killpg(running.pid, how) if how is signal.SIGINT else os.kill(running.pid, how)
        _, errors = running.communicate(timeout=60)
    _wait_until_gone(workers)
    if how is signal.SIGINT:
        assert running.returncode == 130
        assert errors.splitlines() == ["Stopped. What is finished is kept; the same command goes on from there."]


@given(
    st.sampled_from(["cpu", "openvino:cpu", "cuda", "cuda:1", "mps"]),
    st.none() | st.integers(1, 40),
    st.integers(0, 8),
    st.integers(1, 64),
)
def test_workers_never_use_more_threads_than_there_are_cores(
    device: str, n_workers: int | None, n_cards: int, n_cores: int
) -> None:
    engines = engines_for(BatchEngine(Path("a.pt"), device, "fp32"), n_workers, n_cards, n_cores)
    assert sum(engine.n_threads for engine in engines) <= max(n_cores, len(engines))
    dealt = [engine.device for engine in engines]
    if n_workers is not None:
        assert len(engines) == n_workers
    elif device == "cuda" and n_cards > 1:
        assert dealt == [f"cuda:{card}" for card in range(n_cards)]
    else:
        assert engines == ()
    if device == "cuda" and n_cards:
        shares = [dealt.count(f"cuda:{card}") for card in range(n_cards)]
        assert sum(shares) == len(dealt)
        assert not dealt or max(shares) - min(shares) <= 1
    else:
        assert set(dealt) <= {device}


def test_torch_on_the_cpu_has_one_thread_in_every_case() -> None:
    engine = BatchEngine(Path("a.pt"), "cpu", "fp32")
    assert {threads_for(engine, n, 16) for n in range(5)} == {1}
