"""Rows of a sheet as a reader's statements."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.label_sheet import SheetRow, row_of
from luv_viewer.domain.lus_score import LusScore
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.project_index import IndexedVideo, ProjectIndex
from luv_viewer.domain.reader_file import SheetKey, VideoRecord
from luv_viewer.domain.sheet_import import matched_rows, with_row
from luv_viewer.domain.sheet_privacy import without_identifiers
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.timing import Timing, TimingSource
from luv_viewer.domain.video import StudyGroup, VideoSource
from tests.domain.builders_rows import N_FRAMES, frames, row, sheet

B = Pattern.B_LINE


def _video(name: str, video_id: str, key: SheetKey | None, n_frames: int = N_FRAMES) -> IndexedVideo:
    return IndexedVideo(
        video_id=video_id,
        key=key,
        title=name,
        height=4,
        width=6,
        timing=Timing.regular(n_frames, 25.0, TimingSource.CINE_RATE),
        region=(0, 0, 6, 4),
        spacing_mm=None,
        source=VideoSource(Path("ward") / name, None, "test"),
        group=StudyGroup("a", "Study 1"),
    )


INDEX = ProjectIndex(
    Path("project"),
    "Ward 3",
    (
        _video("R1.mp4", "sha256:aa", SheetKey("0012", 1)),
        _video("R2.mp4", "1.2.3", SheetKey("0012", 2)),
        _video("L1.png", "1.2.4", SheetKey("0012", 3, "", "image"), 1),
    ),
)

sets = st.frozensets(st.integers(0, N_FRAMES - 1)).map(lambda on: SpanSet.of(*(Span(i, i + 1) for i in on)))


@st.composite
def rows(draw: st.DrawFn) -> SheetRow:
    present = tuple(draw(sets) for _ in TRACK_PATTERNS)
    unlooked = tuple(draw(sets) - frames for frames in present)
    return SheetRow(SheetKey("0012", 2), present, unlooked, finalised=draw(st.booleans()))


@given(rows())
def test_a_row_comes_back_as_it_went_in(given_row: SheetRow) -> None:
    after = with_row(VideoAnnotation(N_FRAMES), given_row)
    record = VideoRecord("1.2.3", "R2.mp4", N_FRAMES, tuple(i / 25 for i in range(N_FRAMES)), ("00",))
    back = row_of(record, given_row.key, after)
    assert back.present == given_row.present
    assert back.unlooked == given_row.unlooked
    assert back.finalised == (given_row.finalised and not any(given_row.unlooked))
    assert with_row(after, given_row) == after


@given(rows(), rows())
def test_frames_that_a_row_did_not_look_at_stay_as_they_were(first: SheetRow, second: SheetRow) -> None:
    before = with_row(VideoAnnotation(N_FRAMES), first)
    after = with_row(before, second)
    for pattern in TRACK_PATTERNS:
        kept = second.unlooked_frames(pattern)
        assert (after.present_frames(pattern) & kept) == (before.present_frames(pattern) & kept)
        assert (after.unlooked_frames(pattern)) == (before.unlooked_frames(pattern) & kept)


def test_cuts_between_touching_intervals_are_kept_and_blank_columns_change_nothing() -> None:
    before = replace(
        VideoAnnotation(N_FRAMES, zone="R2", sliding=False, lus_score=LusScore(1)),
        exclusion="waiting",
    ).with_track(B, (Span(2, 4), Span(4, 6)))
    after = with_row(before, row({B: "3_6"}))
    assert after.track(B) == (Span(2, 4), Span(4, 6))
    assert (after.zone, after.sliding, str(after.lus_score), after.exclusion) == ("R2", False, "1", "waiting")
    said = with_row(before, row({B: "3_6"}, zone="L4", sliding=True, score="0", exclusion="blurred"))
    assert (said.zone, said.sliding, str(said.lus_score), said.exclusion) == ("L4", True, "0", "blurred")


@pytest.mark.parametrize(
    ("given_row", "video_id"),
    [
        (row(), "1.2.3"),
        (row(idx=9, video_id="sha256:aa"), "sha256:aa"),
        (row(patient="R1", idx=1), "sha256:aa"),
        (row(idx=9, extra={"File": "old\\r2.mp4"}), "1.2.3"),
        (row(idx=3, still=True), "1.2.4"),
    ],
)
def test_a_row_finds_its_video(given_row: SheetRow, video_id: str) -> None:
    found = matched_rows(sheet("kim.csv", given_row), INDEX)
    assert found.rows == ((video_id, given_row),)
    assert found.unmatched == ()


@pytest.mark.parametrize(
    ("given_row", "sentence"),
    [
        (row(idx=9), "kim.csv, 0012_9: the project has no such video."),
        (row(video_id="9.9"), "kim.csv, 0012_2: the project has another video there."),
        (row(n_frames=13), "kim.csv, 0012_2: it is of 13 frames, and R2.mp4 has 12."),
        (row({B: "3_13"}), "kim.csv, 0012_2: frame 13 is labelled, and R2.mp4 has 12."),
        (row(still=True), "kim.csv, 0012_2: it is of an image, and R2.mp4 has 12 frames."),
        (row(idx=3), "kim.csv, 0012_3: it is of a video, and L1.png has 1 frame."),
    ],
)
def test_a_row_that_fits_no_video_is_named(given_row: SheetRow, sentence: str) -> None:
    assert matched_rows(sheet("kim.csv", given_row), INDEX).unmatched == (sentence,)


def test_a_second_row_of_a_video_is_named() -> None:
    found = matched_rows(sheet("kim.csv", row(), row(idx=9, video_id="1.2.3")), INDEX)
    assert [video_id for video_id, _ in found.rows] == ["1.2.3"]
    assert found.unmatched == ("kim.csv, 0012_9: the video has another row above.",)


def test_without_identifiers_a_patient_has_one_number_in_all_sheets() -> None:
    known = [SheetKey("P-77", 1, "20240131"), SheetKey("P-12", 1, "20240131")]
    made = sheet("kim", row({B: "1_3"}, patient="P-12", idx=1, video_id="1.2.3", extra={"name": "Doe"}))
    (hidden,) = without_identifiers(made, known).rows
    assert (hidden.study_id, hidden.key.study_date, hidden.video_id, dict(hidden.extra)) == ("2_1", "", "", {})
    assert hidden.frames(B) == frames("1_3")
    (digest,) = without_identifiers(sheet("kim", row(video_id="sha256:aa"))).rows
    assert digest.video_id == "sha256:aa"
