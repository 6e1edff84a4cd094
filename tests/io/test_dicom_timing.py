"""True timing and its source: Frame Time Vector, Frame Time, Cine Rate, Recommended Display Frame Rate, 30."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from luv_viewer.domain.timing import TimingSource
from luv_viewer.domain.video import Video
from luv_viewer.io import open_study
from luv_viewer.io.byte_source import FileSource
from luv_viewer.io.dicom_header import DicomHeader
from luv_viewer.io.dicom_syntax import EXPLICIT_LITTLE
from luv_viewer.io.dicom_timing import read_timing
from tests.io.builders_dicom import dataset, grey_frames, save

ALL = {"FrameTimeVector": [0, 10, 30], "FrameTime": 40, "CineRate": 20, "RecommendedDisplayFrameRate": 10}


def video(path: Path, n: int, **elements: Any) -> Video:
    (opened,) = open_study(save(path / "v.dcm", dataset(grey_frames(n), **elements))).videos
    return opened


@pytest.mark.parametrize(
    ("missing", "source", "times_ms"),
    [
        (0, TimingSource.FRAME_TIME_VECTOR, [0, 10, 40]),
        (1, TimingSource.FRAME_TIME, [0, 40, 80]),
        (2, TimingSource.CINE_RATE, [0, 50, 100]),
        (3, TimingSource.RECOMMENDED_RATE, [0, 100, 200]),
        (4, TimingSource.ASSUMED, [0, 1000 / 30, 2000 / 30]),
    ],
)
def test_the_first_one_present_counts(
    tmp_path: Path, missing: int, source: TimingSource, times_ms: list[float]
) -> None:
    opened = video(tmp_path, 3, **dict(list(ALL.items())[missing:]))
    assert opened.timing.source is source
    assert opened.times_s * 1000 == pytest.approx(times_ms)
    assert bool(opened.notes) is (source is TimingSource.ASSUMED)


def test_the_first_increment_does_not_delay_the_first_frame(tmp_path: Path) -> None:
    assert video(tmp_path, 3, FrameTimeVector=[33, 10, 30]).times_s * 1000 == pytest.approx([0, 10, 40])


@pytest.mark.parametrize("vector", [[0, 10], [0, 10, 20, 30], [0, 0, 10], [0, -5, 10], [0, 1e9, 1]])
def test_a_bad_vector_is_passed_over_with_a_note(tmp_path: Path, vector: list[float]) -> None:
    opened = video(tmp_path, 3, FrameTimeVector=vector, FrameTime=40)
    assert opened.timing.source is TimingSource.FRAME_TIME
    assert any(note.startswith("Frame Time Vector") for note in opened.notes)


def test_a_cine_that_is_cut_off_keeps_its_vector(tmp_path: Path) -> None:
    path = save(tmp_path / "v.dcm", dataset(grey_frames(4), FrameTimeVector=[0, 10, 30, 20], FrameTime=40))
    path.write_bytes(path.read_bytes()[:-100])
    (opened,) = open_study(path).videos
    assert opened.timing.source is TimingSource.FRAME_TIME_VECTOR
    assert opened.times_s * 1000 == pytest.approx([0, 10, 40])


@pytest.mark.parametrize("frame_time", [0, -40, 1e12, 1e-9])
def test_a_bad_frame_time_is_passed_over_with_a_note(tmp_path: Path, frame_time: float) -> None:
    opened = video(tmp_path, 3, FrameTime=frame_time, CineRate=25)
    assert (opened.timing.source, opened.timing.fps) == (TimingSource.CINE_RATE, 25)
    assert any(note.startswith("Frame Time is not") for note in opened.notes)


def test_text_that_is_no_number_is_passed_over(tmp_path: Path) -> None:
    path = save(tmp_path / "v.dcm", dataset(grey_frames(3), FrameTime="12.5", CineRate=25))
    for rubbish in (b"NaN ", b"inf ", b"a\\b "):
        damaged = tmp_path / "damaged.dcm"
        damaged.write_bytes(path.read_bytes().replace(b"12.5", rubbish))
        (opened,) = open_study(damaged).videos
        assert opened.timing.source is TimingSource.CINE_RATE


def test_a_still_has_no_note(tmp_path: Path) -> None:
    opened = video(tmp_path, 1)
    assert opened.is_still
    assert opened.notes == ()


numbers = st.floats(allow_nan=True, allow_infinity=True, width=64)


@settings(max_examples=200)
@given(vector=st.lists(numbers, min_size=0, max_size=6), frame_time=numbers, rate=numbers, n=st.integers(1, 6))
def test_whatever_the_numbers_times_start_at_zero_and_increase(
    vector: list[float], frame_time: float, rate: float, n: int
) -> None:
    """`Timing` itself refuses anything else, so that no numbers may make it raise."""
    values = {"FrameTimeVector": vector, "FrameTime": frame_time, "RecommendedDisplayFrameRate": rate}

    class Numbers(Dataset):
        def get(self, key: Any, default: Any = None) -> Any:
            return values.get(key, default)

        def __contains__(self, key: Any) -> bool:
            return key in values

    header = DicomHeader(EXPLICIT_LITTLE, True, Numbers(), None, FileSource(Path(__file__)))
    timing, _ = read_timing(header, n)
    assert timing.times_s.size == n
    assert np.isfinite(timing.fps)
