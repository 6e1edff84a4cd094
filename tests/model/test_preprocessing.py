"""Crop, channel rule, letterbox and normalisation against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model import Preprocessing
from model.preprocessing import array_frame, letterbox, normalize, video_frame


def extent(square: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(square.any(axis=1)), np.flatnonzero(square.any(axis=0))
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def test_letterbox_of_the_published_crop() -> None:
    assert extent(letterbox(np.full((771, 988), 200, np.uint8))) == (28, 226, 0, 255)


def test_letterbox_enlarges_and_centres() -> None:
    assert extent(letterbox(np.full((50, 25), 9, np.uint8), 100)) == (0, 99, 25, 74)


@given(st.integers(1, 700), st.integers(1, 700))
def test_letterbox_keeps_the_aspect_and_the_colour(height: int, width: int) -> None:
    square = letterbox(np.full((height, width, 3), 77, np.uint8), 64)
    scale = min(64 / width, 64 / height)
    inside = square.any(axis=2)
    assert inside.any(axis=1).sum() == max(1, int(height * scale))
    assert inside.any(axis=0).sum() == max(1, int(width * scale))
    assert set(np.unique(square)) <= {0, 77}


def test_bilinear_takes_the_two_nearest_pixels_of_each_axis() -> None:
    image = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    halved = letterbox(image, 4)
    expected = (image[0::2, 0::2].astype(int) + image[0::2, 1::2] + image[1::2, 0::2] + image[1::2, 1::2]) / 4
    assert np.abs(halved - expected).max() <= 0.5
    quartered = letterbox(image, 2)
    assert abs(int(quartered[0, 0]) - (image[1:3, 1:3].astype(int).sum() / 4)) <= 0.5


def test_a_video_frame_is_cropped_and_made_grey_by_the_rule() -> None:
    frame = np.zeros((10, 12, 3), np.uint8)
    frame[2:6, 3:7] = (100, 200, 50)
    region = (3, 2, 7, 6)
    grey = video_frame(frame, region, Preprocessing(size=4))
    assert np.all(grey == round(0.299 * 100 + 0.587 * 200 + 0.114 * 50))
    assert np.all(video_frame(frame, region, Preprocessing(size=4, channel_rule="channel0")) == 100)


@pytest.mark.parametrize("rule", ["luminance", "channel0"])
def test_pure_grey_is_the_same_under_both_rules(rule: str) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    grey = video_frame(ramp, (0, 0, 16, 16), Preprocessing(size=16, channel_rule=rule))  # type: ignore[arg-type]
    assert np.array_equal(grey, ramp[:, :, 0])


def test_a_plain_array_keeps_its_colours() -> None:
    frame = np.zeros((4, 4, 3), np.uint8)
    frame[:] = (255, 0, 51)
    preprocessing = Preprocessing(size=4)
    batch = normalize([array_frame(frame, preprocessing)], preprocessing)
    expected = torch.tensor([(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.2 - 0.406) / 0.225])
    assert batch.shape == (1, 3, 4, 4)
    torch.testing.assert_close(batch[0, :, 2, 1], expected)


def test_grey_is_replicated_before_normalising() -> None:
    batch = normalize([np.full((2, 2), 51, np.uint8)], Preprocessing(size=2))
    torch.testing.assert_close(
        batch[0, :, 0, 0], torch.tensor([(0.2 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, (0.2 - 0.406) / 0.225])
    )


def test_what_is_not_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must have shape \(H, W, 3\), RGB, got \(4, 4\)"):
        video_frame(np.zeros((4, 4), np.uint8), (0, 0, 4, 4), Preprocessing())
    with pytest.raises(ValueError, match=r"must be uint8 .* got float64"):
        video_frame(np.zeros((4, 4, 3)), (0, 0, 4, 4), Preprocessing())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"region \(0, 0, 5, 4\) does not lie inside a frame of 4 x 4 pixels"):
        video_frame(np.zeros((4, 4, 3), np.uint8), (0, 0, 5, 4), Preprocessing())
    with pytest.raises(ValueError, match="there is no image"):
        normalize([], Preprocessing())


def test_rules_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="channel_rule must be 'luminance' or 'channel0', got 'green'"):
        Preprocessing(channel_rule="green")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="size must be at least 1 pixel, got 0"):
        Preprocessing(size=0)
    with pytest.raises(ValueError, match="std positive"):
        Preprocessing(std=(0.0, 1.0, 1.0))
