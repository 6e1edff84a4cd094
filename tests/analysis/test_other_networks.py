"""A network that is no LUV-Net, from its file to tables, figure and lanes: it says that it has no pattern attention."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.text import Text

from luv_viewer.analysis.attention_figure import attention_figure
from luv_viewer.analysis.engine import open_network
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.live import live_assessor
from luv_viewer.analysis.predict import iter_video_predictions, load_checkpoint, predict_video
from luv_viewer.cli import main
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.prediction import NO_PATTERN_ATTENTION, Prediction
from luv_viewer.domain.span import Span
from luv_viewer.domain.suggesting import suggest
from luv_viewer.domain.video import Video
from luv_viewer.io import open_study
from luv_viewer.io.prediction_file import read_frames, read_summary
from luv_viewer.widgets.timeline_lanes import clip_lanes, video_lanes
from model import Checkpoint, Preprocessing, build_network, save_checkpoint
from tests.builders import moving_speckle, write_mp4

CLIP_LENGTH = 16


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small C3D for clips of 16 frames of 32 x 32 pixels, every pattern present."""
    options = {"clip_length": CLIP_LENGTH, "height": 32, "width": 32, "channels": 2, "hidden": 8}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_network("c3d", **options).eval()
    path = tmp_path_factory.mktemp("checkpoint") / "c3d.pt"
    made = Checkpoint(
        network=network,
        network_name="c3d",
        network_options=options,
        name="small-c3d",
        thresholds=np.zeros(4),
        clip_length=CLIP_LENGTH,
        preprocessing=Preprocessing(size=32),
    )
    save_checkpoint(path, made)
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    path = write_mp4(tmp_path_factory.mktemp("video") / "a.mp4", moving_speckle(40, 0))
    return open_study(path).videos[0]


@pytest.fixture(scope="module")
def predicted(checkpoint: Path, video: Video) -> Prediction:
    return predict_video(video, load_checkpoint(checkpoint), device="cpu")


def test_a_prediction_has_probabilities_and_no_attention(predicted: Prediction) -> None:
    assert predicted.is_complete
    assert predicted.present.all()
    assert not predicted.has_attention
    assert np.isnan(predicted.frame_attention).all()
    assert predicted.top_frames == ((),) * 4
    assert predicted.clip_top_frames(0) == ((),) * 4
    assert suggest(predicted) == ()


def test_results_grow_clip_by_clip(checkpoint: Path, video: Video) -> None:
    grown = list(iter_video_predictions(video, load_checkpoint(checkpoint), device="cpu", play_head=lambda: 39))
    assert [made.clips_done for made in grown] == [1, 2]
    assert video_lanes(grown[0])[0].waiting == (Span(0, 24),)


def test_lanes_say_so_and_wait_only_for_clips_that_have_not_run(predicted: Prediction) -> None:
    for lanes in (video_lanes(predicted), clip_lanes(predicted, 0)):
        for lane in lanes:
            assert not lane.has_attention
            assert not lane.flat
            assert np.isnan(lane.curve).all()
            assert lane.key_frames == ()
            assert lane.present
    # Clips of 16 frames, 24 apart: no clip covers the frames between.
    assert [lane.waiting for lane in video_lanes(predicted)] == [(Span(16, 24),)] * 4
    assert [lane.waiting for lane in clip_lanes(predicted, 0)] == [()] * 4


@pytest.mark.parametrize("truth", [None, {Pattern.B_LINE: (Span(3, 9),)}])
def test_the_figure_says_so_and_draws_no_curve(
    predicted: Prediction, video: Video, truth: dict[Pattern, tuple[Span, ...]] | None
) -> None:
    figure = attention_figure("a", video, predicted, truth)
    figure.canvas.draw()
    said = [text.get_text() for text in figure.findobj(Text)]
    assert said.count(NO_PATTERN_ATTENTION) == len(NETWORK_PATTERNS)
    assert "scaled attention" not in said
    assert sum(len(axes.images) for axes in figure.axes) == 0
    assert sum(len(axes.lines) for axes in figure.axes) == (0 if truth is None else 4)


@pytest.mark.parametrize("workers", [1, 2])
def test_luv_predict_says_so_in_its_tables(
    checkpoint: Path, video: Video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setenv("LUV_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("LUV_CACHE_DIR", str(tmp_path / "cache"))
    out = tmp_path / "out"
    how = ["--checkpoint", str(checkpoint), "--device", "cpu", "--workers", str(workers)]
    assert main(["predict", str(video.source.path), "-o", str(out), *how]) == 0
    (row,) = read_summary(out / "summary.csv")
    assert row.status == "ok"
    assert row.device == "cpu"
    assert [found.top_frames for found in row.patterns.values()] == [None] * 4
    assert (out / "summary.csv").read_text().count(NO_PATTERN_ATTENTION) == 4
    assert np.isnan(read_frames(out / "a_frames.csv").attention).all()
    # What was done is read back: nothing is predicted twice.
    assert main(["predict", str(video.source.path), "-o", str(out), *how]) == 0
    assert read_summary(out / "summary.csv") == (row,)


def test_its_model_card_says_so(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoint", str(checkpoint)]) == 0
    assert "hidden 8); this network has no pattern attention" in capsys.readouterr().out


def test_it_opens_on_torch_and_nothing_is_converted(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUV_CACHE_DIR", str(tmp_path / "cache"))
    said: list[str] = []
    opened = open_network(checkpoint, "cpu", say=said.append)
    assert (opened.runtime.name, opened.runtime.precision) == ("cpu", "fp32")
    assert said == []
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("device", "precision", "sentence"),
    [
        ("openvino", "auto", "holds a C3D, and OpenVINO runs LUV-Net only: use device cpu, cuda or torch"),
        ("cpu", "int8", "holds a network of kind c3d, and only luv_net is brought to int8: use fp32 or bf16"),
    ],
)
def test_engines_it_does_not_run_on_are_refused(
    checkpoint: Path, device: str, precision: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUV_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(AnalysisError, match=sentence):
        open_network(checkpoint, device, precision)


def test_it_does_not_run_live(checkpoint: Path) -> None:
    with pytest.raises(AnalysisError, match="cannot run live: checkpoint small-c3d holds a network of kind c3d"):
        live_assessor(open_network(checkpoint, "torch"))


def test_a_prediction_without_attention_that_has_some_is_refused(predicted: Prediction) -> None:
    with pytest.raises(ValueError, match="without pattern attention has NaN as attention and no top frames"):
        replace(predicted, top_frames=((1,), (), (), ()))
    with pytest.raises(ValueError, match="without pattern attention has NaN as attention and no top frames"):
        replace(predicted, frame_attention=np.zeros((40, 4)))
