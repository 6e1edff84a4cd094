"""LUV-Net on live frames: never a number for what is no lung ultrasound, and no clip across a break."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from luv_viewer.analysis.live import LiveAssessor
from luv_viewer.analysis.predict import load_checkpoint
from luv_viewer.domain.live import LiveFrame, LiveOutcome, LiveRefusal, LiveResult, LiveWaiting
from model.runtimes.opening import open_runtime
from tests.builders import moving_speckle, write_tiny_checkpoint


@pytest.fixture
def assessor(tmp_path: Path) -> LiveAssessor:
    checkpoint = load_checkpoint(write_tiny_checkpoint(tmp_path / "tiny.pt"))
    return LiveAssessor(checkpoint, open_runtime(checkpoint, "torch"))


def live_frame(rgb: NDArray[np.uint8], number: int) -> LiveFrame:
    height, width = rgb.shape[:2]
    return LiveFrame(number, number / 25, number / 25, rgb.copy(), (0, 0, width, height))


def feed(assessor: LiveAssessor, pictures: NDArray[np.uint8], first: int = 0) -> list[LiveOutcome | None]:
    return [assessor.assess([live_frame(rgb, first + i)]) for i, rgb in enumerate(pictures)]


def test_the_first_second_is_waited_for_and_then_clips_grow(assessor: LiveAssessor) -> None:
    assert assessor.assess([]) is None
    said = feed(assessor, moving_speckle(34))
    assert [w.n_frames for w in said[:14] if isinstance(w, LiveWaiting)] == list(range(1, 15))
    results = [r for r in said[14:] if isinstance(r, LiveResult)]
    assert [len(r.numbers) for r in results] == [*range(15, 31), 30, 30, 30, 30]
    assert results[-1].attention.shape == (30, 4)
    assert results[-1].arrived_s == 33 / 25
    assert results[-1].times_s.tolist() == [n / 25 for n in range(4, 34)]


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (np.zeros((96, 128, 3), np.uint8), "empty or of one brightness"),
        (np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8), "look like noise"),
        (np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), dtype=np.uint8), "look like noise"),
        (moving_speckle(1, size_px=(20, 128))[0], "too small for lung ultrasound"),
    ],
)
def test_what_is_no_lung_ultrasound_gets_no_number(
    assessor: LiveAssessor, picture: NDArray[np.uint8], words: str
) -> None:
    for said in feed(assessor, np.repeat(picture[None], 20, axis=0)):
        assert isinstance(said, LiveRefusal)
        assert words in said.reason


def test_an_empty_picture_ends_a_clip_at_once(assessor: LiveAssessor) -> None:
    assert isinstance(feed(assessor, moving_speckle(20))[-1], LiveResult)
    empty = feed(assessor, np.zeros((1, 96, 128, 3), np.uint8), first=20)
    assert isinstance(empty[0], LiveRefusal)
    again = feed(assessor, moving_speckle(15), first=21)
    assert all(isinstance(said, LiveWaiting) for said in again[:14])
    assert isinstance(again[14], LiveResult)
    assert again[14].numbers[0] == 21


def test_noise_that_begins_later_is_seen_within_half_a_second(assessor: LiveAssessor) -> None:
    feed(assessor, moving_speckle(20))
    noise = np.random.default_rng(0).integers(0, 256, (14, 96, 128, 3), dtype=np.uint8)
    said = feed(assessor, noise, first=20)
    assert any(isinstance(outcome, LiveRefusal) for outcome in said)
    assert isinstance(said[-1], LiveRefusal)


def test_another_size_or_another_source_begins_anew(assessor: LiveAssessor) -> None:
    feed(assessor, moving_speckle(20))
    larger = feed(assessor, moving_speckle(3, size_px=(120, 160)), first=20)
    assert [w.n_frames for w in larger if isinstance(w, LiveWaiting)] == [1, 2, 3]
    restarted = feed(assessor, moving_speckle(2, size_px=(120, 160)))
    assert [w.n_frames for w in restarted if isinstance(w, LiveWaiting)] == [1, 2]
    pictures = moving_speckle(6, size_px=(120, 160))
    numbers = [2, 3, 0, 1, 2, 3]
    mixed = assessor.assess([live_frame(rgb, n) for rgb, n in zip(pictures, numbers, strict=True)])
    assert isinstance(mixed, LiveWaiting)
    assert mixed.n_frames == 4


def test_only_the_region_counts(assessor: LiveAssessor) -> None:
    inside = moving_speckle(30)
    outside = np.zeros((30, 200, 300, 3), np.uint8)
    outside[:, :50] = 200
    outside[:, 60:156, 100:228] = inside
    height, width = 96, 128
    for i in range(30):
        region = (100, 60, 100 + width, 60 + height)
        said = assessor.assess([LiveFrame(i, i / 25, i / 25, outside[i].copy(), region)])
    plain = feed(assessor, inside)[-1]
    assert isinstance(said, LiveResult)
    assert isinstance(plain, LiveResult)
    np.testing.assert_allclose(said.probabilities, plain.probabilities, atol=1e-6)
