"""Cached features are what the viewer's own reading, preprocessing and the encoder give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from luv_viewer.io import StudyError, open_study
from model import Preprocessing
from model.preprocessing import normalize, video_frame
from tests.builders import moving_speckle, write_mp4
from training.cohort import Cohort, LabelledVideo
from training.features import FeatureStore, fused

SMALL = Preprocessing(size=64)


def _encoder() -> nn.Sequential:
    """Two convolutions with batch norm and a pool, random but far from constant; nested as torchvision nests them."""
    torch.manual_seed(0)
    layers = [nn.Sequential(nn.Conv2d(n, 12, 3, 2, bias=False), nn.BatchNorm2d(12), nn.ReLU6()) for n in (3, 12)]
    for _, norm, _ in layers:
        nn.init.uniform_(norm.running_mean, -0.5, 0.5)
        nn.init.uniform_(norm.running_var, 0.2, 2.0)
        nn.init.uniform_(norm.weight, 0.5, 2.0)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()


def _labelled(name: str) -> LabelledVideo:
    return LabelledVideo(name, "made up", "g", "convex", "CC BY 4.0", (1, 0, -1, 0))


def test_features_are_those_of_the_viewers_frames(tmp_path: Path) -> None:
    write_mp4(tmp_path / "a.mp4", moving_speckle(5))
    encoder = _encoder()
    cohort = Cohort((_labelled("a.mp4"),))
    seen: list[tuple[int, int]] = []
    store = FeatureStore(encoder, SMALL, tmp_path, tmp_path / "cache")
    (plain,) = store.of_cohort(cohort, "plain", lambda done, total: seen.append((done, total)))
    (mirrored,) = store.of_cohort(cohort, "mirrored")
    assert seen == [(1, 1)]
    video = open_study(tmp_path / "a.mp4").videos[0]
    images = [video_frame(video.frame(i), video.region, SMALL) for i in range(5)]
    with torch.inference_mode():
        expected = encoder(normalize(images, SMALL)).numpy()
        flipped = encoder(normalize([image[:, ::-1].copy() for image in images], SMALL)).numpy()
    np.testing.assert_allclose(plain, expected, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_allclose(mirrored, flipped, atol=1e-5 * np.abs(flipped).max())
    assert not np.allclose(plain, mirrored, atol=1e-3 * np.abs(expected).max())


def test_what_is_in_the_folder_is_not_encoded_again_and_other_weights_do_not_use_it(tmp_path: Path) -> None:
    write_mp4(tmp_path / "a.mp4", moving_speckle(3))
    encoder = _encoder()
    first = FeatureStore(encoder, SMALL, tmp_path, tmp_path / "cache").of_video(_labelled("a.mp4"))
    (stored,) = (tmp_path / "cache").rglob("*.npy")
    np.save(stored, first + 1)
    again = FeatureStore(encoder, SMALL, tmp_path, tmp_path / "cache").of_video(_labelled("a.mp4"))
    np.testing.assert_array_equal(again, first + 1)
    with torch.no_grad():
        next(encoder.parameters()).mul_(1.5)
    other = FeatureStore(encoder, SMALL, tmp_path, tmp_path / "cache").of_video(_labelled("a.mp4"))
    assert not np.allclose(other, first + 1)
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 2


def test_a_missing_video_is_named(tmp_path: Path) -> None:
    store = FeatureStore(_encoder(), SMALL, tmp_path, tmp_path / "cache")
    with pytest.raises(StudyError, match=r"gone\.mp4"):
        store.of_video(_labelled("gone.mp4"))


def test_the_fused_encoder_is_the_same_function_without_batch_norm() -> None:
    encoder = _encoder()
    frames = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        expected, found = encoder(frames), fused(encoder)(frames)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in fused(encoder).modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in encoder.modules())
