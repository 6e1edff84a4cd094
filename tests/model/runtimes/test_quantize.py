"""Int8: which frames calibrate, that it works and can be stopped, and which candidate is taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model import Preprocessing, build_network
from model.runtimes.agreement import Agreement
from model.runtimes.layer_groups import LayerGroups
from model.runtimes.openvino_model import compile_encoder, convert_encoder, encode_images
from model.runtimes.quantize import Quantized, quantize_encoder, spread_frames

if TYPE_CHECKING:
    import openvino

SIZE = 32


@pytest.fixture(scope="module")
def float_model() -> openvino.Model:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = build_network("luv_net", encoder="resnet18", projection=8, mlp_hidden=8, n_heads=2).eval()
    return convert_encoder(network, Preprocessing(size=SIZE))


@pytest.fixture(scope="module")
def images() -> NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 256, (6, SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def few_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five groups of four convolutions, so that a search is short."""
    monkeypatch.setattr("model.runtimes.quantize._N_GROUPS", 5)


def quiet(done: int, total: int) -> None:
    """The report of a caller who wants none."""


def n_int8(model: openvino.Model) -> int:
    """Convolutions whose weights are stored as 8-bit numbers."""
    roots = [op.input_value(1).get_node() for op in model.get_ordered_ops() if op.get_type_name() == "Convolution"]
    for place, node in enumerate(roots):
        while node.get_type_name() != "Constant":
            node = node.input_value(0).get_node()
        roots[place] = node
    return sum(node.get_element_type().get_type_name() == "i8" for node in roots)


def judge_by(passes: Callable[[int], bool]) -> Callable[[openvino.Model], Agreement]:
    """Passes or not by the number of convolutions in int8; fewer of them agree better."""

    def judge(model: openvino.Model) -> Agreement:
        count = n_int8(model)
        return Agreement(0.01 if passes(count) else min(1.0, 0.1 + count / 100), 1.0, None, 1, 1)

    return judge


def test_without_a_judge_every_convolution_is_in_int8_and_features_stay_near(
    float_model: openvino.Model, images: NDArray[np.uint8]
) -> None:
    made = quantize_encoder(float_model, images, report=quiet)
    assert made.agreement is None
    assert n_int8(made.model) == LayerGroups.of(float_model, 4).n_layers == 20
    assert n_int8(float_model) == 0
    expected = encode_images(compile_encoder(float_model), images)
    found = encode_images(compile_encoder(made.model, precision="int8"), images)
    assert not np.array_equal(found, expected)
    assert np.abs(found - expected).max() < 0.1 * np.abs(expected).max()


def test_a_first_candidate_that_passes_is_taken_at_once(float_model: openvino.Model, images: NDArray[np.uint8]) -> None:
    judged = []

    def judge(model: openvino.Model) -> Agreement:
        judged.append(n_int8(model))
        return Agreement(0.0, 1.0, None, 1, 4)

    made = quantize_encoder(float_model, images, judge=judge, report=quiet)
    assert judged == [20]
    assert made.agreement == Agreement(0.0, 1.0, None, 1, 4)
    assert "all convolutions in int8" in made.recipe


def test_layers_are_left_in_float_until_it_passes_but_no_more(
    float_model: openvino.Model, images: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.runtimes.quantize._Search._is_faster", lambda self, model: True)
    made = quantize_encoder(float_model, images, judge=judge_by(lambda count: count <= 13), report=quiet)
    assert made.agreement is not None
    assert made.agreement.passes
    assert n_int8(made.model) == 12
    assert made.recipe == "12 of 20 convolutions in int8"


def test_where_nothing_that_is_faster_passes_all_is_in_int8_with_its_figures(
    float_model: openvino.Model, images: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = judge_by(lambda count: count <= 13)
    monkeypatch.setattr("model.runtimes.quantize._Search._is_faster", lambda self, model: False)
    made: Quantized = quantize_encoder(float_model, images, judge=judge, report=quiet)
    assert made.agreement == judge(made.model)
    assert not made.agreement.passes
    assert n_int8(made.model) == 20


def test_the_search_ends_early_where_not_even_the_mildest_layers_pass(
    float_model: openvino.Model, images: NDArray[np.uint8]
) -> None:
    judged = []

    def judge(model: openvino.Model) -> Agreement:
        judged.append(n_int8(model))
        return Agreement(0.5, 0.5, None, 1, 4)

    quantize_encoder(float_model, images, judge=judge, report=quiet)
    # Each with and without its features corrected.
    assert judged == [20, 20, 4, 4]


def test_features_are_corrected_where_that_is_enough(float_model: openvino.Model, images: NDArray[np.uint8]) -> None:
    exact = encode_images(compile_encoder(float_model), images)
    errors = []

    def judge(model: openvino.Model) -> Agreement:
        errors.append(np.abs(encode_images(compile_encoder(model, precision="int8"), images).mean(0) - exact.mean(0)))
        return Agreement(0.01 if len(errors) == 2 else 0.1, 1.0, None, 1, 1)

    made = quantize_encoder(float_model, images, judge=judge, report=quiet)
    assert made.recipe == "all convolutions in int8, features corrected"
    assert len(errors) == 2
    assert errors[1].max() < 1e-5 < errors[0].max()
    assert made.model.output("features").partial_shape[1].get_length() == 8


def test_progress_only_grows_and_ends_at_its_total(float_model: openvino.Model, images: NDArray[np.uint8]) -> None:
    seen: list[tuple[int, int]] = []
    quantize_encoder(
        float_model, images, judge=judge_by(lambda count: count <= 13), report=lambda *step: seen.append(step)
    )
    done = [step[0] for step in seen]
    assert done == sorted(done)
    assert done[0] == 0
    assert seen[-1] == (seen[0][1], seen[0][1])
    assert len({total for _, total in seen}) == 1


class _Stopped(Exception):
    pass


@pytest.mark.parametrize("after", [1, 3, 12])
def test_what_report_raises_stops_it_and_leaves_no_thread(
    float_model: openvino.Model, images: NDArray[np.uint8], after: int
) -> None:
    calls = 0

    def report(done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == after:
            raise _Stopped

    before = threading.active_count()
    with pytest.raises(_Stopped):
        quantize_encoder(float_model, images, judge=judge_by(lambda count: False), report=report)
    assert threading.active_count() == before


def test_nothing_is_printed(
    float_model: openvino.Model, images: NDArray[np.uint8], capfd: pytest.CaptureFixture[str]
) -> None:
    quantize_encoder(float_model, images[:1], report=quiet)
    assert capfd.readouterr().out == ""


def test_no_frame_to_calibrate_with_is_refused(float_model: openvino.Model) -> None:
    with pytest.raises(ValueError, match="calibration images"):
        quantize_encoder(float_model, np.zeros((0, SIZE, SIZE, 3), np.uint8), report=quiet)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=5), st.integers(1, 20))
def test_calibration_frames_are_spread_evenly_over_all_videos(counts: list[int], wanted: int) -> None:
    def getter(video: int) -> Callable[[int], NDArray[np.uint8]]:
        return lambda i: np.full((2, 2), 20 * video + i, np.uint8)

    videos = [(count, getter(video)) for video, count in enumerate(counts)]
    if sum(counts) == 0:
        with pytest.raises(ValueError, match="at least one frame"):
            spread_frames(videos, wanted)
        return
    frames = spread_frames(videos, wanted)
    everything = [20 * video + i for video, count in enumerate(counts) for i in range(count)]
    assert frames.shape == (min(wanted, len(everything)), 2, 2, 3)
    places = [everything.index(int(value)) for value in frames[:, 0, 0, 0]]
    steps = np.diff(places)
    assert np.all(steps >= 1)
    assert steps.size == 0 or steps.max() - steps.min() <= 1
    assert (frames == frames[:, :1, :1, :1]).all()


def test_colour_frames_keep_their_colours() -> None:
    red = np.zeros((2, 2, 3), np.uint8)
    red[:, :, 0] = 200
    assert np.array_equal(spread_frames([(1, lambda i: red)], 5), red[None])


def test_groups_hold_every_convolution_once_in_order_and_the_tail_is_behind_them(float_model: openvino.Model) -> None:
    names = [op.get_friendly_name() for op in float_model.get_ordered_ops() if op.get_type_name() == "Convolution"]
    for n_groups in (1, 3, 12, 99):
        groups = LayerGroups.of(float_model, n_groups)
        assert groups.names_of(range(groups.n_groups)) == tuple(names)
        assert groups.n_groups == min(n_groups, len(names))
        sizes = [len(group) for group in groups.groups]
        assert max(sizes) - min(sizes) <= 1
    kinds = [op.get_type_name() for op in float_model.get_ordered_ops() if op.get_friendly_name() in groups.tail]
    assert "ReduceMean" in kinds
    assert "MatMul" in kinds
    assert "Convolution" not in kinds


def test_only_the_asked_group_rounds(float_model: openvino.Model, images: NDArray[np.uint8]) -> None:
    quantized = quantize_encoder(float_model, images, report=quiet).model
    groups = LayerGroups.of(float_model, 5)
    alone = {group: groups.only_in_int8(quantized, float_model, group) for group in range(-1, 5)}
    assert [n_int8(model) for model in alone.values()] == [0, 4, 4, 4, 4, 4]
    assert n_int8(quantized) == 20
    assert "FakeQuantize" not in [op.get_type_name() for op in alone[-1].get_ordered_ops()]
    features = [encode_images(compile_encoder(model), images) for model in (float_model, *alone.values())]
    spread = float(np.abs(features[0]).max())
    # Only the corrected biases differ where nothing rounds; each group alone differs from that.
    assert np.abs(features[1] - features[0]).max() < 0.05 * spread
    assert all(0 < np.abs(one - features[1]).max() < 0.05 * spread for one in features[2:])
