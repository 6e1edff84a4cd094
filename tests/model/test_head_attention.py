"""The attention of every head: that of the network itself, beside a sum that does not change, and only when asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model import Checkpoint, iter_predictions, predict_video
from model.attention import HeadAttention, sum_heads
from model.clips import clip_rows
from model.preprocessing import array_frame, normalize

MakeFrames = Callable[[int], NDArray[np.uint8]]


@pytest.mark.parametrize("stride", [5, 24])
def test_heads_are_those_of_the_network_on_each_clip(
    stride: int, small_checkpoint: Checkpoint, make_frames: MakeFrames
) -> None:
    frames, rules = make_frames(40), small_checkpoint.preprocessing
    found = predict_video(frames, small_checkpoint, stride=stride, device="cpu", precision="fp32")
    *_, watched = iter_predictions(frames, small_checkpoint, stride=stride, device="cpu", precision="fp32")
    assert watched.head_attention is None
    np.testing.assert_allclose(found.clip_attention, watched.clip_attention, atol=1e-5)
    assert found.head_attention is not None
    assert found.head_attention.dtype == np.float32
    np.testing.assert_allclose(sum_heads(found.head_attention), found.clip_attention, atol=1e-6)
    inputs = normalize([array_frame(frame, rules) for frame in frames], rules)
    with torch.inference_mode():
        for clip, rows in enumerate(clip_rows(found.clip_spans, 30)):
            _, attention = small_checkpoint.network(inputs[rows][None])
            np.testing.assert_allclose(found.head_attention[clip], attention[0].numpy(), atol=1e-5)
    with pytest.raises(ValueError, match="read-only"):
        found.head_attention[0] = 0


def test_clips_come_in_any_order_and_the_others_are_not_known_yet() -> None:
    kept = HeadAttention(3)
    assert kept.copy() is None
    kept.put(np.array([2, 0]), np.stack([np.full((4, 5, 2), 2.0), np.zeros((4, 5, 2))]))
    found = kept.copy()
    assert found is not None
    assert found.shape == (3, 4, 5, 2)
    assert np.isnan(found[1]).all()
    assert (found[2] == 2).all()
    assert not found[0].any()
