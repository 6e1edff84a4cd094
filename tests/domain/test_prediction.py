"""The prediction value: what it refuses and what it derives."""

from __future__ import annotations

import numpy as np
import pytest

from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.domain.prediction import Prediction, Provenance

MADE_BY = Provenance("net", "0123456789ab", "cpu", "fp32", 24, "pad")


def prediction(probabilities: np.ndarray | None = None, **changes: object) -> Prediction:
    values: dict[str, object] = {
        "patterns": NETWORK_PATTERNS,
        "clip_spans": np.array([[0, 30], [24, 40]]),
        "probabilities": np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.1, 0.1, 0.1]])
        if probabilities is None
        else probabilities,
        "thresholds": np.full(4, 0.3),
        "clip_attention": np.tile(np.arange(30.0)[None, :, None], (2, 1, 4)),
        "frame_attention": np.tile(np.linspace(0, 1, 40)[:, None], (1, 4)),
        "constant_attention": np.zeros(4, bool),
        "top_frames": ((39, 38, 37),) * 4,
        "provenance": MADE_BY,
    }
    return Prediction(**(values | changes))  # type: ignore[arg-type]


def test_video_probability_is_the_largest_over_clips() -> None:
    np.testing.assert_array_equal(prediction().video_probabilities, [0.5, 0.2, 0.3, 0.4])
    np.testing.assert_array_equal(prediction().present, [True, False, True, True])


def test_clips_that_have_not_run_do_not_count() -> None:
    partial = prediction(np.array([[0.1, 0.2, 0.3, 0.4], [np.nan] * 4]))
    assert partial.clips_done == 1
    assert not partial.is_complete
    np.testing.assert_array_equal(partial.video_probabilities, [0.1, 0.2, 0.3, 0.4])
    nothing = prediction(np.full((2, 4), np.nan))
    assert np.isnan(nothing.video_probabilities).all()
    assert not nothing.present.any()


def test_clip_at_takes_the_nearest_middle_and_the_earlier_of_two() -> None:
    p = prediction()
    assert [p.clip_at(f) for f in (0, 23, 24, 29, 30, 39)] == [0, 0, 1, 1, 1, 1]
    symmetric = prediction(clip_spans=np.array([[0, 30], [10, 40]]))
    assert symmetric.clip_at(19) == 0
    assert symmetric.clip_at(20) == 1


def test_clip_at_is_none_where_nothing_covers() -> None:
    assert prediction(clip_spans=np.array([[0, 10], [20, 30]])).clip_at(15) is None


def test_clip_curve_scales_real_frames_only() -> None:
    curve = prediction().clip_curve(1)
    assert curve.shape == (16, 4)
    assert curve.min() == 0
    assert curve.max() == 1
    rounding = np.full((2, 30, 4), 0.2) + np.linspace(0, 1e-7, 30)[None, :, None]
    flat = prediction(clip_attention=rounding)
    assert not flat.clip_curve(0).any()
    assert flat.clip_top_frames(0) == ((), (), (), ())
    assert np.isnan(prediction(clip_attention=np.full((2, 30, 4), np.nan)).clip_curve(0)).all()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("thresholds", np.zeros(3), "thresholds must have shape"),
        ("frame_attention", np.full((40, 4), 1.5), "frame_attention must lie"),
        ("top_frames", ((40,),) * 4, "top_frames"),
        ("clip_attention", np.zeros((3, 30, 4)), "clip_attention must have shape"),
        ("head_attention", np.zeros((2, 30, 4, 8)), "head_attention must have shape"),
    ],
)
def test_values_that_break_the_rules_are_refused(name: str, value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        prediction(**{name: value})


def test_arrays_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="read-only"):
        prediction().probabilities[0, 0] = 1
