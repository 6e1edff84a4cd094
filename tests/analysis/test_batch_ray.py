"""`luv predict --ray` on a cluster of two nodes, both on this computer, with one processor each."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from luv_viewer.analysis import batch_ray
from luv_viewer.analysis.batch_job import BatchEngine, BatchJob, BatchTask, VideoWorker, file_version
from luv_viewer.analysis.batch_ray import JOBS_AHEAD, open_ray_crew
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.io.study_parts import StudyPart, parts_of_files
from tests.analysis.builders_batch import files_of, predict
from tests.builders import moving_speckle, write_mp4


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of two nodes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "disabled")
        nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        nodes.add_node(num_cpus=1)
        try:
            yield nodes.address
        finally:
            nodes.shutdown()


def _job(path: Path, number: int = 1) -> BatchJob:
    (part,) = parts_of_files([path])
    assert isinstance(part, StudyPart)
    return BatchJob(number, path.stem, part, path.name)


def _task(checkpoint: Path) -> BatchTask:
    return BatchTask(file_version(checkpoint), device="openvino", precision="fp32", stride=1)


def test_two_nodes_write_the_same_bytes_as_one_process(
    cluster: str,
    tiny_checkpoint: Path,
    archive: Path,
    plain_results: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert predict(tiny_checkpoint, tmp_path / "out", archive, "--ray", cluster) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert files_of(tmp_path / "out") == files_of(plain_results)
    assert not ray.is_initialized()


def test_every_node_works_and_an_actor_that_dies_costs_its_video(
    cluster: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    long = write_mp4(tmp_path / "long.mp4", moving_speckle(1500))
    short = [write_mp4(tmp_path / f"{i}.mp4", moving_speckle(5, i)) for i in range(3)]
    crew = open_ray_crew(tiny_checkpoint, _task(tiny_checkpoint), cluster, None, said.append)
    try:
        assert len(crew._members) == 2
        for number, path in enumerate((long, *short), start=1):
            assert crew.has_room
            crew.add(_job(path, number))
        assert not crew.has_room
        assert [len(member.jobs) for member in crew._members] == [0, 0]
        for member in crew._members:
            assert crew._heard(member, member.hello) is None
        assert [len(member.jobs) for member in crew._members] == [JOBS_AHEAD, JOBS_AHEAD]
        places = {ray.get(member.hello).node for member in crew._members}
        assert len(places) == 2
        (busy,) = [member for member in crew._members if member.jobs[0][1].name == "long"]
        ray.kill(busy.actor)
        answers = []
        while (answer := crew.next_answer()) is not None:
            answers.append(answer)
        by_name = {answer.job.name: answer for answer in answers}
        assert sorted(by_name) == ["0", "1", "2", "long"]
        assert by_name["long"].message == (
            "long.mp4 failed: its worker on the Ray cluster ended, perhaps for want of memory."
        )
        assert all(by_name[name].result is not None for name in "012")
        assert all(len(member.jobs) <= JOBS_AHEAD for member in crew._members)
    finally:
        crew.close()
    assert "Joining the Ray cluster ..." in said


def test_another_version_on_a_node_is_said(
    cluster: str, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = open_ray_crew(tiny_checkpoint, _task(tiny_checkpoint), cluster, 1, lambda sentence: None)
    try:
        monkeypatch.setattr(batch_ray, "__version__", "99.0")
        crew.add(_job(write_mp4(tmp_path / "a.mp4", moving_speckle(5))))
        with pytest.raises(AnalysisError, match=r"has LUV Viewer .*, this computer 99\.0: install the same version"):
            crew.next_answer()
    finally:
        crew.close()


def test_more_workers_than_fit_is_one_sentence(cluster: str, tiny_checkpoint: Path) -> None:
    with pytest.raises(AnalysisError, match="3 workers do not fit into the Ray cluster, which has 2 processors"):
        open_ray_crew(tiny_checkpoint, _task(tiny_checkpoint), cluster, 3, lambda sentence: None)
    assert not ray.is_initialized()


def test_a_cluster_without_cards_and_a_card_by_number_are_one_sentence(cluster: str, tiny_checkpoint: Path) -> None:
    task = _task(tiny_checkpoint)
    with pytest.raises(AnalysisError, match="the Ray cluster has no CUDA card"):
        open_ray_crew(tiny_checkpoint, replace(task, device="cuda"), cluster, None, lambda sentence: None)
    with pytest.raises(AnalysisError, match="use --device cuda, not cuda:1"):
        open_ray_crew(tiny_checkpoint, replace(task, device="cuda:1"), cluster, None, lambda sentence: None)


def test_a_node_that_does_not_see_the_files_says_what_to_do(tiny_checkpoint: Path, tmp_path: Path) -> None:
    path = write_mp4(tmp_path / "a.mp4", moving_speckle(5))
    job = _job(path)
    path.unlink()
    engine = BatchEngine(tiny_checkpoint, "openvino:cpu", "fp32")
    worker = VideoWorker(_task(tiny_checkpoint), engine, node="node-7")
    answer = worker.do(job, lambda done, total: None)
    assert answer.message == (
        "a.mp4 cannot be read on node-7: with --ray every node must reach the files under the same path, "
        "in a shared folder."
    )


def test_without_ray_it_is_said_how_to_install_it(
    tiny_checkpoint: Path, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert predict(tiny_checkpoint, tmp_path / "out", archive, "--ray", "auto") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("--ray needs Ray, which is not installed: python -m pip install")
    assert not (tmp_path / "out").exists()


def test_no_cluster_at_the_address_is_one_line(
    tiny_checkpoint: Path, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(tiny_checkpoint, tmp_path / "out", archive, "--ray", "nowhere::1::2") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("The Ray cluster 'nowhere::1::2' cannot be reached: ")
    assert not (tmp_path / "out").exists()


def test_a_cluster_of_its_own_is_started_and_ended(
    tiny_checkpoint: Path, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(tiny_checkpoint, tmp_path / "out", archive / "1", "--ray", "local", "--workers", 1) == 1
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert capsys.readouterr().out.startswith("2 predicted, 0 already done, 1 without a result")
    assert not ray.is_initialized()
