"""`luv benchmark ...` through its entry point, on networks that are quick on a CPU. No time is judged."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import model
from luv_viewer.analysis.benchmarks import precision as precision_runs
from luv_viewer.analysis.benchmarks import study as study_runs
from luv_viewer.analysis.benchmarks.cine import CineSize
from luv_viewer.analysis.benchmarks.encoders import EncoderRow
from luv_viewer.analysis.benchmarks.engines import EngineName
from luv_viewer.analysis.benchmarks.heads import ONE_BY_ONE, OURS, UNFOLDED
from luv_viewer.analysis.benchmarks.rows import RowFile
from luv_viewer.analysis.benchmarks.source import checkpoint_source
from luv_viewer.analysis.benchmarks.study import DICOM, MEMORY, ONCE, PLAIN, StudyRow, StudyRuns
from luv_viewer.analysis.benchmarks.study_figure import study_png
from luv_viewer.cli import main
from tests.builders import moving_speckle, write_mp4

OPENVINO = EngineName.parse("openvino:fp32")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Torch's threads wait for one another in a loop: beside other programs that takes many times longer."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _is_picture(path: Path) -> bool:
    with Image.open(path) as picture:
        return picture.width > 1000 and np.asarray(picture.convert("L")).std() > 1


def test_without_a_command_it_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark"]) in (0, 2)
    shown = "".join(capsys.readouterr())
    for name in ("networks", "study", "encoders", "heads", "precision", "all", "--quick"):
        assert name in shown


def test_networks_are_counted_and_timed_with_the_paper_beside(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    how = ["--network", "luv_net/resnet18", "--runs", "2", "--warm-up", "1", "--quick"]
    assert main(["benchmark", "networks", "-o", str(out), *how, "--precision", "fp32", "--precision", "bf16"]) == 0
    plain, reduced = _rows(out / "networks.csv")
    assert (plain["precision"], reduced["precision"]) == ("fp32", "bf16")
    for row in (plain, reduced):
        assert (row["configuration"], row["n_parameters"], row["clip"]) == ("luv_net/resnet18", "25342532", "4x3x64x64")
        assert float(row["quartile_1_s"]) <= float(row["median_s"]) <= float(row["quartile_3_s"])
        assert (row["n_runs"], row["n_warm_up"], row["batch_clips"], row["device"]) == ("2", "1", "1", "cpu")
        assert "torch" in row["libraries"]
        assert row["paper_model"] == ""
    assert _is_picture(out / "networks.png")
    assert "luv_net/resnet18" in capsys.readouterr().out


def test_networks_are_counted_alone_with_the_numbers_of_the_paper(out: Path) -> None:
    how = ["--network", "luv_net/densenet161", "--network", "luv_net/resnet18", "--runs", "0"]
    assert main(["benchmark", "networks", "-o", str(out), *how]) == 0
    rows = {row["configuration"]: row for row in _rows(out / "networks.csv")}
    assert list(rows) == ["luv_net/densenet161", "luv_net/resnet18"]
    ours = rows["luv_net/densenet161"]
    assert (ours["gmacs"], ours["thop_gmacs"], ours["thop_params_m"]) == ("304.67", "304.684", "135.994")
    assert (ours["paper_gmacs"], ours["paper_params_m"], ours["paper_seconds"]) == ("304.68", "135.99", "0.0652")
    assert (ours["median_s"], ours["n_runs"]) == ("", "0")
    assert ours["note"].startswith("not timed")


def test_a_network_of_one_size_is_counted_and_says_why_a_quick_clip_is_not_timed(out: Path) -> None:
    how = ["--network", "vivit", "--runs", "1", "--warm-up", "0", "--quick"]
    assert main(["benchmark", "networks", "-o", str(out), *how]) == 0
    (row,) = _rows(out / "networks.csv")
    assert (row["n_parameters"], row["median_s"]) == ("5184580", "")
    assert row["note"] == (
        "not timed: this network was built for at most 30 frames of 256 x 256 pixels, got 4 of 64 x 64"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["networks", "--network", "vgg"], "Unknown network 'vgg'"),
        (["networks", "--device", "abacus"], "unknown device 'abacus'"),
        (["heads", "--network", "vgg"], "Unknown network 'vgg'"),
        (["study", "--engine", "abacus:fp32"], "Unknown device 'abacus'"),
        (["encoders", "--engine", "torch:fp8"], "Unknown precision 'fp8'"),
        (["precision", "nowhere"], "does not exist"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(
    arguments: list[str], sentence: str, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", *arguments, "-o", str(out)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line
    assert line.endswith(".")


def test_heads_are_equal_and_ours_is_the_measure(out: Path) -> None:
    assert main(["benchmark", "heads", "-o", str(out), "--quick"]) == 0
    rows = _rows(out / "heads.csv")
    assert [row["way"] for row in rows] == [OURS, ONE_BY_ONE, UNFOLDED]
    assert float(rows[0]["times_ours"]) == 1
    for row in rows:
        assert (row["n_frames"], row["clip_length"], row["n_clips"], row["stride"]) == ("40", "30", "11", "1")
        assert float(row["probability_difference"]) <= 1e-5
        assert float(row["attention_difference"]) <= 1e-5
        assert float(row["logit_difference"]) <= 1e-5
        assert float(row["times_ours"]) == pytest.approx(float(row["seconds"]) / float(rows[0]["seconds"]), rel=1e-4)


def test_encoders_are_measured_against_a_scanner(out: Path, tiny_checkpoint: Path) -> None:
    how = ["--checkpoint", str(tiny_checkpoint), "--engine", "openvino:fp32", "--engine", "cuda:fp16", "--quick"]
    assert main(["benchmark", "encoders", "-o", str(out), *how]) == 0
    rows = _rows(out / "encoders.csv")
    assert [row["engine"] for row in rows] == ["torch:fp32", "openvino:fp32", "cuda:fp16"]
    assert rows[1]["device"] == "cpu (OpenVINO)"
    for row in rows[:2]:
        assert row["checkpoint"].startswith("tiny ")
        assert float(row["of_scanner"]) == pytest.approx(float(row["frames_per_s"]) / 30, rel=1e-4)
    assert (rows[2]["frames_per_s"] == "") == bool(rows[2]["note"])
    assert _is_picture(out / "encoders.png")


@pytest.fixture(scope="module")
def study_table(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> RowFile[StudyRow]:
    """A study of 36 frames at strides 12 and 3 in two rounds, torch and OpenVINO."""
    table = RowFile(tmp_path_factory.mktemp("study") / "study.csv", StudyRow)
    runs = StudyRuns((OPENVINO,), CineSize(36, 60, 80), clips=((12, "pad"), (3, "align")), n_rounds=2, plain_clips=1)
    with checkpoint_source(tiny_checkpoint) as network:
        study_runs.measure_study(table, network, runs, lambda text: None)
    return table


def test_a_study_has_a_row_per_source_stride_and_way(study_table: RowFile[StudyRow]) -> None:
    rows = study_table.rows
    assert [(row.frames_from, row.stride, row.way, row.engine) for row in rows] == [
        (source, stride, way, engine)
        for source in (MEMORY, DICOM)
        for stride in (12, 3)
        for way, engine in ((PLAIN, "torch"), (ONCE, "torch:fp32"), (ONCE, "openvino:fp32"))
    ]
    assert {(row.stride, row.tail, row.n_clips) for row in rows} == {(12, "pad", 3), (3, "align", 3)}
    assert {(row.n_frames, row.frame_px, row.n_runs) for row in rows} == {(36, "60x80", 2)}


def test_ratios_rates_and_agreement_of_a_study_belong_together(study_table: RowFile[StudyRow]) -> None:
    plain = {(row.frames_from, row.stride): row for row in study_table.rows if row.way == PLAIN}
    for row in study_table.rows:
        assert row.seconds is not None
        assert row.frames_per_s == pytest.approx(36 / row.seconds)
        assert row.of_scanner == pytest.approx(36 / row.seconds / 30)
        assert row.ratio == pytest.approx((plain[row.frames_from, row.stride].seconds or 0) / row.seconds)
        assert row.max_probability_difference is not None
        assert row.max_probability_difference <= 1e-4
        assert row.n_compared == (2 if row.way == PLAIN else 3)
        assert row.top3_agreement == 1
    assert all("2 clips timed" in row.scaled and "x 3" in row.scaled for row in plain.values())


def test_a_study_is_drawn(study_table: RowFile[StudyRow], tmp_path: Path) -> None:
    path = tmp_path / "study.png"
    path.write_bytes(study_png(study_table.rows))
    assert _is_picture(path)


def test_the_study_command_runs_and_counts_its_plain_clips(
    out: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    how = ["--checkpoint", str(tiny_checkpoint), "--engine", "openvino:fp32", "--quick"]
    assert main(["benchmark", "study", "-o", str(out), *how]) == 0
    rows = _rows(out / "study.csv")
    assert {(row["stride"], row["tail"]) for row in rows} == {("24", "pad"), ("1", "align")}
    assert len(rows) == 12
    assert _is_picture(out / "study.png")
    assert "openvino:fp32" in capsys.readouterr().out


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    for seed in range(3):
        write_mp4(folder / f"{seed}.mp4", moving_speckle(20, seed))
    (folder / "labels.csv").write_text("file,A-line,B-line\n0.mp4,1,1\n1.mp4,0,1\n2.mp4,1,?\n", encoding="utf-8")
    return folder


def test_precision_tables_hold_agreement_and_areas(
    out: Path, clips: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (clips / "bad.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"rubbish" * 20)
    how = ["--checkpoint", str(tiny_checkpoint), "--labels", str(clips / "labels.csv"), "--engine", "openvino:fp32"]
    assert main(["benchmark", "precision", str(clips), "-o", str(out), *how]) == 1
    said = capsys.readouterr()
    assert [line for line in said.err.splitlines() if "bad.dcm" in line]
    reference, fast = _rows(out / "precision.csv")
    assert (reference["engine"], fast["engine"]) == ("torch:fp32", "openvino:fp32")
    for row in (reference, fast):
        assert (row["n_videos"], row["n_clips"], row["n_pairs"], row["may_be_auto"]) == ("3", "3", "12", "yes")
        assert float(row["max_probability_difference"]) <= 1e-4
        assert float(row["p95_probability_difference"]) <= float(row["max_probability_difference"])
        assert float(row["frames_per_s"]) > 0
    areas = _rows(out / "precision_auc.csv")
    found = {(row["engine"], row["pattern"]): row for row in areas}
    assert {pattern for _, pattern in found} == {"A-line", "B-line"}
    scores = [_video_probabilities(clips / f"{i}.mp4", tiny_checkpoint)[0] for i in range(3)]
    expected = np.mean([scores[0] > scores[1], scores[2] > scores[1]])
    assert float(found["torch:fp32", "A-line"]["auc"]) == pytest.approx(expected)
    assert float(found["openvino:fp32", "A-line"]["auc_difference"]) == 0
    assert (found["torch:fp32", "B-line"]["n_present"], found["torch:fp32", "B-line"]["auc"]) == ("2", "")
    text = (out / "precision.md").read_text(encoding="utf-8")
    assert "| openvino:fp32 | fp32 |" in text
    assert "AUC A-line (2 of 3)" in text
    assert text in said.out


def _video_probabilities(path: Path, checkpoint: Path) -> np.ndarray:
    from luv_viewer.io import open_study

    return model.predict_video(
        open_study(path).videos[0], model.load_checkpoint(checkpoint), device="torch"
    ).video_probabilities


def test_a_folder_without_a_video_is_one_sentence(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    assert main(["benchmark", "precision", str(tmp_path / "in"), "-o", str(out)]) == 1
    assert "hold no video" in capsys.readouterr().err


def test_ctrl_c_keeps_what_is_measured(
    out: Path, clips: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, calls = precision_runs.model.predict_video, iter(range(99))

    def stopped(*args: object, **how: object) -> model.VideoPrediction:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return real(*args, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(precision_runs, "model", SimpleNamespace(predict_video=stopped, PredictionError=OSError))
    how = ["--checkpoint", str(tiny_checkpoint), "--engine", "openvino:fp32"]
    assert main(["benchmark", "precision", str(clips), "-o", str(out), *how]) == 130
    assert {row["n_videos"] for row in _rows(out / "precision.csv")} == {"2"}
    assert (out / "precision.md").is_file()
    assert "What was measured is in the tables" in capsys.readouterr().err


def test_all_of_them_in_one_run(out: Path, clips: Path, tiny_checkpoint: Path) -> None:
    how = ["--checkpoint", str(tiny_checkpoint), "--engine", "openvino:fp32", "--quick"]
    assert main(["benchmark", "all", str(clips), "-o", str(out), *how]) == 0
    names = {file.name for file in out.iterdir()}
    assert names == {
        *("heads.csv", "networks.csv", "networks.png", "encoders.csv", "encoders.png", "study.csv", "study.png"),
        *("precision.csv", "precision.md"),
    }
    for name in ("study.csv", "encoders.csv"):
        assert {row["checkpoint"].partition(" ")[0] for row in _rows(out / name)} == {"tiny"}
    assert {row["n_videos"] for row in _rows(out / "precision.csv")} == {"2"}


def test_an_engine_that_stops_has_a_row_that_says_so(tmp_path: Path, tiny_checkpoint: Path) -> None:
    class Failing:
        """A runtime that gives out."""

        name, precision, frames_at_once, clips_at_once = "cpu", "fp32", 2, 8

        def __init__(self, head: object) -> None:
            self.head = head

        def encode(self, frames: object, indices: object) -> object:
            raise model.PredictionError("the network failed on cpu: it was unplugged")

    from luv_viewer.analysis.benchmarks import encoders
    from luv_viewer.analysis.benchmarks.engines import Engine
    from luv_viewer.analysis.engine import open_network
    from model.runtimes.opened import OpenedNetwork

    opened = open_network(tiny_checkpoint, "torch", "fp32")
    engine = Engine(OPENVINO, OpenedNetwork(opened.source, Failing(opened.runtime.head)))  # type: ignore[arg-type]
    table = RowFile(tmp_path / "encoders.csv", EncoderRow)
    runs = encoders.EncoderRuns((OPENVINO,), n_frames=2, n_runs=1)

    with checkpoint_source(tiny_checkpoint) as network, pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoders, "open_engines", lambda *asked: (engine,))
        encoders.measure_encoders(table, network, runs, lambda text: None)
    (row,) = table.rows
    assert row.frames_per_s is None
    assert row.note == "it stopped: the network failed on cpu: it was unplugged"
