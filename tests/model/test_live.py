"""Frames one by one give what the plain network gives for the same clip."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model import Checkpoint
from model.attention import sum_heads
from model.live import MIN_FRAMES, LiveClips, even_run
from model.preprocessing import normalize, video_frame
from model.runtimes.opening import open_runtime
from tests.model.conftest import MakeFrames

N_FRAMES = 48
REGION = (5, 4, 45, 38)


def plain(checkpoint: Checkpoint, frames: np.ndarray, numbers: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (P,) and head-summed attention (L, P) of one clip, run through the whole network at once."""
    rows = [*numbers, *[numbers[-1]] * (checkpoint.clip_length - len(numbers))]
    images = [video_frame(frames[i], REGION, checkpoint.preprocessing) for i in rows]
    with torch.inference_mode():
        logits, attention = checkpoint.network(normalize(images, checkpoint.preprocessing)[None])
    return torch.sigmoid(logits)[0].double().numpy(), sum_heads(attention.numpy())[0]


def test_frames_handed_in_four_at_a_time_equal_the_plain_network(
    small_checkpoint: Checkpoint, make_frames: MakeFrames
) -> None:
    frames = make_frames(N_FRAMES)
    compare_positions(small_checkpoint, frames, 4, lambda numbers: plain(small_checkpoint, frames, numbers))


def test_every_position_equals_the_plain_network(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    frames = make_frames(N_FRAMES)
    images = [video_frame(frame, REGION, small_checkpoint.preprocessing) for frame in frames]
    with torch.inference_mode():
        features = small_checkpoint.network.encode(normalize(images, small_checkpoint.preprocessing))

    def of_features(numbers: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """The plain head: the encoder sees each frame alone, so that its features are the same in every clip."""
        rows = [*numbers, *[numbers[-1]] * (small_checkpoint.clip_length - len(numbers))]
        with torch.inference_mode():
            logits, attention = small_checkpoint.network.head(features[rows][None])
        return torch.sigmoid(logits)[0].double().numpy(), sum_heads(attention.numpy())[0]

    compare_positions(small_checkpoint, frames, 1, of_features)


def compare_positions(
    small_checkpoint: Checkpoint,
    frames: np.ndarray,
    at_once: int,
    expect: Callable[[list[int]], tuple[np.ndarray, np.ndarray]],
) -> None:
    """Hand frames in, so many at a time, and compare every clip with what is expected of it."""
    live = LiveClips(open_runtime(small_checkpoint, "torch"), small_checkpoint.preprocessing, 30)
    for first in range(0, N_FRAMES, at_once):
        numbers = list(range(first, min(first + at_once, N_FRAMES)))
        live.encode(numbers, [frames[i] for i in numbers], REGION)
        newest = numbers[-1]
        clip = live.newest()
        if newest + 1 < MIN_FRAMES:
            assert clip is None
            continue
        assert clip is not None
        expected = list(range(max(0, newest - 29), newest + 1))
        assert clip.numbers.tolist() == expected
        probabilities, attention = expect(expected)
        np.testing.assert_allclose(clip.probabilities, probabilities, atol=1e-5)
        np.testing.assert_allclose(clip.attention, attention, atol=1e-5)


def test_every_second_frame_is_a_clip_of_its_own(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    frames = make_frames(64)
    live = LiveClips(open_runtime(small_checkpoint, "torch"), small_checkpoint.preprocessing, 30, longest_spacing=4)
    for i in range(0, 64, 2):
        live.encode([i], [frames[i]], REGION)
    clip = live.newest(2)
    assert clip is not None
    assert clip.numbers.tolist() == list(range(4, 64, 2))
    probabilities, attention = plain(small_checkpoint, frames, clip.numbers.tolist())
    np.testing.assert_allclose(clip.probabilities, probabilities, atol=1e-5)
    np.testing.assert_allclose(clip.attention, attention, atol=1e-5)


def test_a_finer_spacing_goes_on_with_wider_clips_until_it_has_enough(
    small_checkpoint: Checkpoint, make_frames: MakeFrames
) -> None:
    frames = make_frames(64)
    live = LiveClips(open_runtime(small_checkpoint, "torch"), small_checkpoint.preprocessing, 30, longest_spacing=2)
    spacings, newest = [], []
    for i in [*range(0, 40, 2), *range(40, 64)]:
        live.encode([i], [frames[i]], REGION)
        clip = live.newest(2 if i < 40 else 1)
        spacings.append(0 if clip is None else int(np.diff(clip.numbers)[0]))
        newest.append(0 if clip is None else int(clip.numbers[-1]))
    assert spacings == [0] * 14 + [2] * 6 + [2] * 14 + [1] * 10
    assert newest[-24:-10] == [40, 40, 42, 42, 44, 44, 46, 46, 48, 48, 50, 50, 52, 52]
    assert newest[-10:] == list(range(54, 64))


def test_each_frame_is_encoded_once(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    runtime = open_runtime(small_checkpoint, "torch")
    encoded = []
    encode = runtime.encode

    def counting(frames, indices):
        encoded.extend(indices.tolist())
        return encode(frames, indices)

    runtime.encode = counting
    live = LiveClips(runtime, small_checkpoint.preprocessing, 30)
    for i, frame in enumerate(make_frames(40)):
        live.encode([i], [frame], REGION)
        live.newest()
    assert len(encoded) == 40
    assert len(live.held) == 30


def test_wrong_numbers_are_refused(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    frames = make_frames(3)
    live = LiveClips(open_runtime(small_checkpoint, "torch"), small_checkpoint.preprocessing, 30)
    live.encode([4], [frames[0]], REGION)
    with pytest.raises(ValueError, match="must rise"):
        live.encode([4], [frames[1]], REGION)
    with pytest.raises(ValueError, match="every frame needs a number"):
        live.encode([5, 6], [frames[1]], REGION)
    live.forget()
    live.encode([1], [frames[1]], REGION)
    assert live.held == (1,)


@given(st.sets(st.integers(0, 200), max_size=80), st.sampled_from([1, 2, 4, 8]), st.integers(1, 30))
def test_a_run_is_even_ends_with_the_newest_and_cannot_be_longer(held: set[int], spacing: int, longest: int) -> None:
    run = even_run(held, spacing, longest)
    assert set(run) <= held
    assert len(run) <= longest
    assert all(b - a == spacing for a, b in pairwise(run))
    assert bool(run) == bool(held)
    if held:
        assert run[-1] == max(held)
        assert len(run) == longest or run[0] - spacing not in held
