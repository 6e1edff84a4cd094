from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_sample_image

from luv_viewer.analysis.plausibility import frame_problem, why_implausible
from luv_viewer.io import open_study
from tests.analysis.builders_prediction import Cine, speckle_cine


def _cine(*frames: np.ndarray) -> Cine:
    return Cine(np.stack(frames).astype(np.uint8))


def test_speckle_passes() -> None:
    assert why_implausible(speckle_cine(5)) is None


@given(st.integers(0, 255), st.integers(0, 4))
def test_uniform_frames_are_refused(level: int, noise: int) -> None:
    rng = np.random.default_rng(level)
    frame = np.clip(level + rng.integers(-noise, noise + 1, (64, 64, 1)), 0, 255).repeat(3, axis=2)
    assert "one brightness" in (why_implausible(_cine(frame, frame)) or "")


@pytest.mark.parametrize("channels", [1, 3])
def test_pixel_noise_is_refused(channels: int) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (3, 64, 64, channels))
    frames = np.broadcast_to(noise, (3, 64, 64, 3)).astype(np.uint8)
    assert "noise" in (why_implausible(Cine(frames)) or "")


@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
def test_colour_photographs_are_refused(name: str) -> None:
    assert "photograph" in (why_implausible(_cine(load_sample_image(name))) or "")


def test_a_page_of_text_is_refused() -> None:
    page = np.full((128, 128, 3), 250, np.uint8)
    page[10:120:8, 10:110] = 20
    assert "page" in (frame_problem(page) or "")


def test_a_small_picture_is_refused_and_says_its_size() -> None:
    assert "31 x 64" in (why_implausible(_cine(speckle_cine(1).frame(0)[:, :31])) or "")


def test_the_one_tint_of_a_scanner_is_not_a_photograph() -> None:
    ramp = np.linspace(0, 180, 128)[:, None].repeat(128, axis=1)
    tinted = np.stack([ramp, ramp * 0.75, ramp * 0.35], axis=2).astype(np.uint8)
    chroma = tinted.max(axis=2).astype(int) - tinted.min(axis=2)
    assert np.mean(chroma > 40) > 0.25, "the tint must be strong enough to meet the first half of the rule"
    assert frame_problem(tinted) is None


def test_one_good_frame_of_three_is_enough() -> None:
    good = speckle_cine(1).frame(0)
    black = np.zeros_like(good)
    assert why_implausible(_cine(black, black, good)) is None
    assert why_implausible(_cine(black, good, black)) is None
    assert why_implausible(_cine(black, black, black, good, black, black, black)) is None
    assert why_implausible(_cine(black, good, black, black, black)) is not None


def test_no_real_lung_clip_is_refused(data_dir: Path) -> None:
    videos = open_study(data_dir / "lus").videos
    assert len(videos) >= 240
    refused = {video.source.name: why for video in videos if (why := why_implausible(video))}
    assert refused == {}


def test_no_real_ultrasound_is_taken_for_a_photograph(data_dir: Path) -> None:
    videos = open_study(data_dir / "dicom" / "us").videos
    assert len(videos) >= 15
    reasons = {video.source.name: why_implausible(video) or "" for video in videos}
    assert [name for name, why in reasons.items() if "photograph" in why] == []


@pytest.mark.parametrize(
    ("modality", "refused"), [("", False), ("US", False), ("OT", False), ("MR", True), ("CT", True)]
)
def test_a_stated_modality_other_than_ultrasound_is_refused(modality: str, refused: bool) -> None:
    cine = Cine(speckle_cine(3).frames, modality)
    assert (why_implausible(cine) is not None) == refused


def test_magnetic_resonance_of_the_data_folder_is_refused(data_dir: Path) -> None:
    video = open_study(data_dir / "dicom/odd/pydicom__pydicom/MR_small_implicit.dcm").videos[0]
    assert why_implausible(video) == "its modality is MR, not ultrasound (US)"
