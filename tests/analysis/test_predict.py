from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import model
from luv_viewer.analysis.checkpoint_info import describe_checkpoint
from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError, NotAssessedError
from luv_viewer.analysis.predict import (
    check_engine,
    default_checkpoint_path,
    iter_video_predictions,
    load_checkpoint,
    predict_video,
)
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.video import Video
from luv_viewer.io import open_study
from model.clips import Tail
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> model.Checkpoint:
    return load_checkpoint(write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.pt"))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    path = write_mp4(tmp_path_factory.mktemp("video") / "R2.mp4", moving_speckle(62))
    return open_study(path).videos[0]


def _assert_equal(one: Prediction, other: Prediction) -> None:
    np.testing.assert_array_equal(one.clip_spans, other.clip_spans)
    for name in ("probabilities", "clip_attention", "frame_attention"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-5)
    assert one.provenance == other.provenance


@pytest.mark.parametrize("tail", ["pad", "align", "drop"])
def test_a_prediction_says_what_the_model_says(video: Video, checkpoint: model.Checkpoint, tail: Tail) -> None:
    made = predict_video(video, checkpoint, stride=20, tail=tail, device="cpu")
    expected = model.predict_video(video, checkpoint, stride=20, tail=tail, device="cpu")
    np.testing.assert_array_equal(made.clip_spans, expected.clip_spans)
    np.testing.assert_array_equal(made.probabilities, expected.probabilities)
    np.testing.assert_array_equal(made.video_probabilities, expected.video_probabilities)
    np.testing.assert_array_equal(made.clip_attention, expected.clip_attention)
    np.testing.assert_array_equal(made.frame_attention, expected.frame_attention)
    assert made.patterns == NETWORK_PATTERNS
    assert made.top_frames == tuple(expected.top_frames(p) for p in range(4))
    assert (made.provenance.checkpoint, made.provenance.version) == ("tiny", checkpoint.version)
    assert (made.provenance.device, made.provenance.precision) == ("cpu", "fp32")
    assert (made.provenance.stride, made.provenance.tail) == (20, tail)


def test_no_frame_stands_out_where_attention_is_constant(checkpoint: model.Checkpoint, tmp_path: Path) -> None:
    for number in range(33):
        Image.fromarray(moving_speckle(1)[0]).save(tmp_path / f"im{number:02d}.png")
    made = predict_video(open_study(tmp_path).videos[0], checkpoint, device="cpu")
    assert made.constant_attention.all()
    assert made.frame_attention.max() == 0
    assert made.top_frames == ((), (), (), ())


def test_predictions_grow_and_the_last_one_is_the_whole(video: Video, checkpoint: model.Checkpoint) -> None:
    done: list[tuple[int, int]] = []
    steps = list(
        iter_video_predictions(
            video,
            checkpoint,
            device="cpu",
            play_head=lambda: 60,
            report=lambda part, whole: done.append((part, whole)),
        )
    )
    counts = [step.clips_done for step in steps]
    assert counts == sorted(counts)
    assert steps[-1].is_complete
    assert len(done) > 1
    assert done[-1][0] == done[-1][1]
    _assert_equal(steps[-1], predict_video(video, checkpoint, device="cpu"))


def test_what_report_raises_stops_the_run_unchanged(video: Video, checkpoint: model.Checkpoint) -> None:
    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        predict_video(video, checkpoint, device="cpu", report=stop)
    with pytest.raises(Stop):
        list(iter_video_predictions(video, checkpoint, device="cpu", report=stop))


def test_an_implausible_input_is_not_assessed(tmp_path: Path, checkpoint: model.Checkpoint) -> None:
    path = write_mp4(tmp_path / "black.mp4", np.zeros((31, 96, 128, 3), np.uint8))
    black = open_study(path).videos[0]
    with pytest.raises(NotAssessedError, match=r"black\.mp4 was not assessed: the frames are empty"):
        predict_video(black, checkpoint, device="cpu")
    with pytest.raises(NotAssessedError):
        next(iter_video_predictions(black, checkpoint, device="cpu"))


def test_a_frame_that_cannot_be_decoded_is_one_sentence(tmp_path: Path, checkpoint: model.Checkpoint) -> None:
    for number, frame in enumerate(moving_speckle(5), start=1):
        Image.fromarray(frame).save(tmp_path / f"im{number}.png")
    cine = open_study(tmp_path).videos[0]
    (tmp_path / "im3.png").write_bytes(b"no longer a picture")
    with pytest.raises(AnalysisError, match=r"im3\.png") as raised:
        predict_video(cine, checkpoint, device="cpu")
    assert not isinstance(raised.value, NotAssessedError)


def test_a_network_that_gives_no_numbers_is_not_shown(video: Video, tmp_path: Path) -> None:
    broken = load_checkpoint(write_tiny_checkpoint(tmp_path / "broken.pt"))
    next(iter(broken.network.parameters())).data.fill_(float("nan"))
    with pytest.raises(NotAssessedError, match="not numbers"):
        predict_video(video, broken, device="cpu")


@pytest.mark.parametrize(("device", "precision"), [("abacus", "auto"), ("cuda:99", "auto"), ("cpu", "fp7")])
def test_a_device_or_precision_that_is_not_there_is_one_sentence(device: str, precision: str) -> None:
    with pytest.raises(AnalysisError, match="LUV-Net cannot run"):
        check_engine(device, precision)
    check_engine("cpu", "fp32")


@pytest.mark.parametrize("content", [None, b"", b"not a checkpoint", b"PK\x03\x04broken"])
def test_an_unusable_checkpoint_file_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "c.pt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointUnusableError, match=r"c\.pt"):
        load_checkpoint(path)


def test_a_checkpoint_of_unknown_patterns_is_refused(tmp_path: Path, checkpoint: model.Checkpoint) -> None:
    coughs = replace(checkpoint, patterns=("A-line", "B-line", "Cough", "Pleural effusion"))
    model.save_checkpoint(tmp_path / "c.pt", coughs)
    with pytest.raises(CheckpointUnusableError, match="'Cough'"):
        load_checkpoint(tmp_path / "c.pt")


def test_the_bundled_checkpoint_loads_and_has_its_card() -> None:
    info = describe_checkpoint(load_checkpoint(default_checkpoint_path()))
    assert [pattern for pattern, _ in info.thresholds] == list(NETWORK_PATTERNS)
    assert info.licence
    assert info.date
    assert info.data
    assert {metric.pattern for metric in info.metrics} >= {Pattern.A_LINE.value, Pattern.B_LINE.value}
    assert all(0 <= metric.low <= metric.auc <= metric.high <= 1 for metric in info.metrics)


def test_a_card_survives_missing_and_odd_metadata(checkpoint: model.Checkpoint) -> None:
    good = {"set": "folds", "level": "video", "pattern": "A-line", "positives": 3, "negatives": 4, "method": "m"}
    good |= {"auc": 0.75, "low": 0.5, "high": 0.9}
    odd = replace(checkpoint, metadata={"data": "one set", "metrics": [good, {"auc": "high"}, "text"], "date": 2026})
    info = describe_checkpoint(odd)
    assert (info.data, info.date, info.licence, info.limitations) == (("one set",), "2026", "", ())
    (metric,) = info.metrics
    assert (metric.test_set, metric.pattern, metric.positives, metric.auc) == ("folds", "A-line", 3, 0.75)
    assert describe_checkpoint(replace(checkpoint, metadata={})).metrics == ()
