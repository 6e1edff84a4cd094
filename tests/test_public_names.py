"""architecture.md, "Names other people build on": they exist, with these parameters and defaults."""

from __future__ import annotations

import dataclasses
import importlib
import inspect

import pytest

import luv_viewer.io
import model
from luv_viewer.domain.study import Study
from luv_viewer.domain.video import Video
from model.networks.luv_net import LUVNetOptions

REQUIRED = inspect.Parameter.empty


def _defaults(function: object) -> dict[str, object]:
    parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return {p.name: p.default for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD}


def test_open_study_takes_a_path() -> None:
    assert list(inspect.signature(luv_viewer.io.open_study).parameters) == ["path"]


def test_study_has_videos_and_failures() -> None:
    assert {"videos", "failures"} <= {field.name for field in dataclasses.fields(Study)}


@pytest.mark.parametrize("name", ["n_frames", "times_s", "region", "spacing_mm", "identity", "source"])
def test_video_has_the_attribute(name: str) -> None:
    assert hasattr(Video, name) or name in {field.name for field in dataclasses.fields(Video)}


def test_video_gives_frames_by_index() -> None:
    assert list(inspect.signature(Video.frame).parameters) == ["self", "i"]


def test_study_error_is_the_root_of_what_reading_raises() -> None:
    names = ("UnreadableFileError", "UnsupportedFormatError", "FrameDecodeError")
    assert all(issubclass(getattr(luv_viewer.io, name), luv_viewer.io.StudyError) for name in names)


def test_build_network_knows_luv_net_with_the_papers_defaults() -> None:
    assert list(inspect.signature(model.build_network).parameters) == ["name", "options"]
    held = {field.name: field.default for field in dataclasses.fields(LUVNetOptions)}
    expected = {
        "encoder": "densenet161",
        "kernel_size": 13,
        "n_heads": 8,
        "head": "code",
        "temporal": True,
        "projection": None,
        "mlp_hidden": 4096,
        "n_patterns": 4,
    }
    assert held | expected == held


def test_load_checkpoint_takes_a_path() -> None:
    assert list(inspect.signature(model.load_checkpoint).parameters) == ["path"]


def test_plan_clips_defaults_are_the_papers() -> None:
    assert _defaults(model.plan_clips) == {"n_frames": REQUIRED, "clip_length": 30, "stride": 24, "tail": "pad"}


def test_predict_video_takes_its_settings_by_keyword() -> None:
    signature = inspect.signature(model.predict_video)
    assert _defaults(model.predict_video) == {
        "frames": REQUIRED,
        "checkpoint": REQUIRED,
        "clip_length": 30,
        "stride": 24,
        "tail": "pad",
        "device": "auto",
        "precision": "auto",
        "report": None,
    }
    keywords = [p.name for p in signature.parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    assert keywords == ["clip_length", "stride", "tail", "device", "precision", "report"]


@pytest.mark.parametrize(
    "name",
    [
        "clip_spans",
        "logits",
        "probabilities",
        "video_probabilities",
        "clip_attention",
        "frame_attention",
        "top_frames",
        "provenance",
    ],
)
def test_video_prediction_has(name: str) -> None:
    held = model.VideoPrediction
    assert hasattr(held, name) or name in {field.name for field in dataclasses.fields(held)}


def test_top_frames_are_three_by_default() -> None:
    assert _defaults(model.VideoPrediction.top_frames) == {"self": REQUIRED, "pattern_index": REQUIRED, "k": 3}


@pytest.mark.parametrize(
    ("module", "function"), [("delong", "delong_test"), ("mrmc", "analyse_mrmc"), ("agreement", "cohen_kappa")]
)
def test_statistics_are_where_they_are_promised(module: str, function: str) -> None:
    statistics = importlib.import_module("training.statistics")
    assert callable(getattr(getattr(statistics, module), function))
