"""Where two readers differ: every frame in exactly one kind, in the order in which a person walks."""

from __future__ import annotations

import pytest
from hypothesis import given

from luv_viewer.domain.disagreement import (
    Disagreement,
    DisagreementKind,
    disagreements,
    next_disagreement,
    previous_disagreement,
    sheet_disagreements,
)
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.span import Span
from tests.domain.builders_rows import N_FRAMES, read_rows, row, sheet, state

A, B, CB, C, E = TRACK_PATTERNS
KIND_OF = {
    ("p", "a"): DisagreementKind.ONLY_A,
    ("a", "p"): DisagreementKind.ONLY_B,
    ("u", "u"): DisagreementKind.NEITHER_LOOKED,
    **dict.fromkeys([("u", "a"), ("u", "p"), ("a", "u"), ("p", "u")], DisagreementKind.ONE_NOT_LOOKED),
}


def test_by_hand() -> None:
    first = row({A: "1_10, 50", B: "5_9"}, {E: "30_40"})
    second = row({A: "4_12", B: "5_9"}, {E: "35_50"})
    found = disagreements(first, second)
    assert [(d.pattern, d.span.label, d.kind.value) for d in found] == [
        (A, "1_3", "only A"),
        (A, "11_12", "only B"),
        (E, "30_34", "one has not looked"),
        (E, "41_50", "one has not looked"),
        (A, "50_50", "only A"),
    ]
    assert disagreements(first, second, patterns=[B]) == ()
    assert disagreements(first, first) == ()


@given(read_rows(), read_rows())
def test_every_frame_has_its_kind(first: SheetRow, second: SheetRow) -> None:
    found = disagreements(first, second, kinds=tuple(DisagreementKind))
    assert [d.span.start for d in found] == sorted(d.span.start for d in found)
    for pattern in (B, CB):
        for frame in range(N_FRAMES):
            kinds = [d.kind for d in found if d.pattern is pattern and frame in d.span]
            expected = KIND_OF.get((state(first, pattern, frame), state(second, pattern, frame)))
            assert kinds == ([] if expected is None else [expected])
    assert set(disagreements(first, second)) == {d for d in found if d.kind is not DisagreementKind.NEITHER_LOOKED}


def test_sheets_keep_the_order_of_the_first_and_leave_out_what_cannot_be_compared() -> None:
    a = sheet("a", row({A: "5"}, idx=9), row({A: "3"}, idx=2), row(idx=4, n_frames=9), row({A: "1"}, idx=7))
    b = sheet("b", row(idx=2), row({C: "1"}, idx=9), row({A: "1"}, idx=4, n_frames=8))
    found = sheet_disagreements(a, b)
    assert [(d.study_id, d.pattern, d.span.label) for d in found] == [
        ("0012_9", C, "1_1"),
        ("0012_9", A, "5_5"),
        ("0012_2", A, "3_3"),
    ]


def test_next_and_previous_walk_over_the_videos() -> None:
    items = [
        Disagreement(video, A, Span(start, start + 2), DisagreementKind.ONLY_A)
        for video, start in (("1_1", 4), ("1_1", 20), ("1_2", 0))
    ]
    assert next_disagreement(items, "1_1", 0) == items[0]
    assert next_disagreement(items, "1_1", 4) == items[1]
    assert next_disagreement(items, "1_1", 20) == items[2]
    assert next_disagreement(items, "1_2", 0) is None
    assert previous_disagreement(items, "1_2", 0) == items[1]
    assert previous_disagreement(items, "1_1", 20) == items[0]
    assert previous_disagreement(items, "1_1", 4) is None
    assert next_disagreement(items, "1_9", 0) is None
    assert previous_disagreement(items, "1_9", 0) is None


def test_rows_of_two_videos_are_refused() -> None:
    with pytest.raises(ValueError, match="0012_2 and 0012_3"):
        disagreements(row(), row(idx=3))
