"""Merging readers: hand-written examples of both published versions, and every combination of the three states."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.exclusion import Exclusion, excluded_for
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.merge import MergeMode, RowMerge, merge_rows, merge_sheets
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.row_pairing import mismatch, scores_aligned
from tests.domain.builders_rows import N_FRAMES, read_rows, row, sheet, state

A, B, CB, C, E = TRACK_PATTERNS


def _row_of(merge: RowMerge) -> SheetRow:
    assert merge.row is not None, merge.reason
    return merge.row


def test_the_published_example() -> None:
    readers = row({B: "15_32"}), row({B: "24_33"})
    assert _row_of(merge_rows(*readers, MergeMode.AND)).frames(B).label == "24_32"
    assert _row_of(merge_rows(*readers, MergeMode.OR)).frames(B).label == "15_33"


def test_several_intervals_and_patterns_by_hand() -> None:
    first = row({A: "10_22, 66_72, 90_101", C: "5", E: "1_152"}, n_frames=152)
    second = row({A: "20_70, 101_110", C: "5_6", E: ""}, n_frames=152)
    both, any_of = (_row_of(merge_rows(first, second, mode)) for mode in (MergeMode.AND, MergeMode.OR))
    assert [both.frames(p).label for p in (A, C, E)] == ["20_22, 66_70, 101", "5", ""]
    assert [any_of.frames(p).label for p in (A, C, E)] == ["10_72, 90_110", "5_6", "1_152"]
    flags = merge_rows(first, second, MergeMode.AND)
    assert flags.label_conflicts == (E,)
    assert flags.empty_intersection == ()
    assert flags.jaccard == (9 / 84, None, None, 0.5, 0.0)


# What two and three readers' states give, worked out by hand: p present, a absent, u not looked at.
AND_2 = {"pp": "p", "pa": "a", "pu": "u", "aa": "a", "au": "a", "uu": "u"}
OR_2 = {"pp": "p", "pa": "p", "pu": "p", "aa": "a", "au": "u", "uu": "u"}
MAJORITY_3 = {
    "ppp": "p",
    "ppa": "p",
    "ppu": "p",
    "paa": "a",
    "pau": "u",
    "puu": "u",
    "aaa": "a",
    "aau": "a",
    "auu": "u",
    "uuu": "u",
}


@pytest.mark.parametrize(("mode", "truth"), [(MergeMode.AND, AND_2), (MergeMode.OR, OR_2)])
@given(first=read_rows(), second=read_rows())
def test_three_states_of_two_readers(mode: MergeMode, truth: dict[str, str], first: SheetRow, second: SheetRow) -> None:
    merged = _row_of(merge_rows(first, second, mode))
    for pattern, frame in itertools.product((B, CB), range(N_FRAMES)):
        states = "".join(sorted((state(r, pattern, frame) for r in (first, second)), key="pau".index))
        assert state(merged, pattern, frame) == truth[states]


@given(st.tuples(read_rows(), read_rows(), read_rows()))
def test_majority_of_three(rows: tuple[SheetRow, ...]) -> None:
    merged = merge_sheets([sheet(str(i), r) for i, r in enumerate(rows)], MergeMode.MAJORITY).sheet.rows[0]
    for frame in range(N_FRAMES):
        states = "".join(sorted((state(r, B, frame) for r in rows), key="pau".index))
        assert state(merged, B, frame) == MAJORITY_3[states]


@given(read_rows(), read_rows())
def test_and_lies_in_or_and_neither_depends_on_the_order(first: SheetRow, second: SheetRow) -> None:
    for mode in (MergeMode.AND, MergeMode.OR):
        assert _row_of(merge_rows(first, second, mode)).present == _row_of(merge_rows(second, first, mode)).present
        assert _row_of(merge_rows(first, first, mode)).present == first.present
    both, any_of = (_row_of(merge_rows(first, second, mode)) for mode in (MergeMode.AND, MergeMode.OR))
    assert all(not one - other for one, other in zip(both.present, any_of.present, strict=True))


def test_b_against_confluent_is_lost_by_and_and_kept_when_united_first() -> None:
    first, second = row({B: "1_30"}), row({CB: "11_40"})
    lost = _row_of(merge_rows(first, second, MergeMode.AND))
    assert lost.patterns_present() == ()
    kept = merge_rows(first, second, MergeMode.AND, union_b_first=True)
    assert _row_of(kept).frames(B).label == "11_30"
    assert not _row_of(kept).frames(CB)
    assert kept.label_conflicts == ()
    assert merge_rows(first, second, MergeMode.AND).label_conflicts == (B, CB)


def test_united_b_is_absent_only_where_both_kinds_are() -> None:
    first = row({B: "1_3"}, {B: "7_9", CB: "2_8"}, n_frames=12)
    merged = _row_of(merge_rows(first, first, MergeMode.AND, union_b_first=True))
    assert merged.frames(B).label == "1_3"
    assert merged.unlooked_frames(B).label == "4_9"
    assert not merged.unlooked_frames(CB)


def test_four_videos_without_a_common_frame_are_candidates_for_exclusion() -> None:
    readers = [
        sheet("kim", *(row({A: "1_20"}, idx=i, score="0") for i in range(2, 8))),
        sheet("lee", *(row({A: "21_40" if i < 6 else "11_40"}, idx=i, score="0") for i in range(2, 8))),
    ]
    merged = merge_sheets(readers, MergeMode.AND)
    assert [item.study_id for item in merged.exclusion_candidates] == ["0012_2", "0012_3", "0012_4", "0012_5"]
    assert merged.exclusion_candidates[0].reason == "no common frame: A-line"
    assert merge_sheets(readers, MergeMode.OR).exclusion_candidates == ()
    version1 = merge_sheets(readers, MergeMode.AND, exclusions=merged.exclusion_candidates)
    assert [r.study_id for r in version1.sheet.rows] == ["0012_6", "0012_7"]
    assert [entry.reason for entry in version1.excluded] == ["no common frame: A-line"] * 4
    version2 = merge_sheets(readers, MergeMode.OR, exclusions=merged.exclusion_candidates)
    assert len(version2.sheet.rows) == 6


def test_a_still_with_other_labels_is_a_candidate_for_exclusion() -> None:
    readers = [
        sheet("kim", row({B: "1"}, still=True, score="1"), row({B: "1"}, idx=3, still=True)),
        sheet("lee", row({A: "1"}, still=True, score="1"), row({B: "1"}, idx=3, still=True)),
    ]
    candidates = merge_sheets(readers, MergeMode.AND).exclusion_candidates
    assert [(item.study_id, item.reason) for item in candidates] == [
        ("0012_2", "the readers label this still differently: A-line, B-line")
    ]
    assert merge_sheets(readers, MergeMode.OR).exclusion_candidates == ()


def test_adjudication_takes_the_leader_where_scores_are_not_aligned() -> None:
    leader = row({A: "5_6"}, {A: "9"}, score="1")
    aligned = merge_rows(row({A: "1_5"}, score="3ce"), row({A: "3_9"}, score="3_ec"), MergeMode.ADJUDICATED)
    assert (_row_of(aligned).frames(A).label, aligned.score_aligned, aligned.of_leader) == ("3_5", True, False)
    readers = row({A: "1_5"}, score="3_c"), row({A: "3_9"}, score="3_ce")
    decided = merge_rows(*readers, MergeMode.ADJUDICATED, leader=leader)
    assert (_row_of(decided).frames(A).label, _row_of(decided).unlooked_frames(A).label) == ("5_6", "9")
    assert (decided.of_leader, decided.score_aligned, str(_row_of(decided).lus_score)) == (True, False, "1")
    undecided = merge_rows(*readers, MergeMode.ADJUDICATED)
    assert undecided.row is None
    assert undecided.reason == "the LUS scores are not aligned (3_c and 3_ce) and no leader decided"
    assert undecided.jaccard[0] == 3 / 9


def test_a_missing_score_is_aligned_only_if_the_sheets_say_so() -> None:
    assert scores_aligned((row(score="2"), row())) is None
    assert scores_aligned((row(score_aligned=True), row(score_aligned=True))) is True
    assert scores_aligned((row(score_aligned=True), row(score_aligned=False))) is None
    assert merge_rows(row(score="2"), row(), MergeMode.ADJUDICATED).row is None


def test_sliding_score_zone_and_other_columns() -> None:
    first = row(score="2", sliding=True, zone="R2", extra={"note": "x", "room": "1"}, video_id="v", finalised=True)
    second = row(score="1", sliding=True, zone="", extra={"note": "y", "room": "1"}, n_frames=30, finalised=False)
    merged = _row_of(merge_rows(first, second, MergeMode.AND))
    assert (merged.sliding, merged.lus_score, merged.zone, merged.video_id, merged.n_frames) == (
        *(True, None, "R2", "v"),
        30,
    )
    assert merged.extra == {"note": "", "room": "1"}
    assert not merged.finalised
    led = merge_rows(first, second, MergeMode.AND, leader=row(score="3_e", sliding=False))
    assert str(_row_of(led).lus_score) == "3_e"
    assert _row_of(led).sliding is True
    assert _row_of(merge_rows(row(sliding=True), row(), MergeMode.OR)).sliding is None


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (row(n_frames=152), row(n_frames=150), "they are of 150 and 152 frames"),
        (row(video_id="a"), row(video_id="b"), "their video_id differs, so they are of different files"),
        (row(), row(still=True), "the sheets call it image and video"),
        (row({A: "1_152"}), row(n_frames=150), "frame 152 is labelled, but there are only 150"),
    ],
)
def test_rows_of_different_pictures_are_reported(first: SheetRow, second: SheetRow, why: str) -> None:
    assert mismatch((first, second)) == why
    merged = merge_sheets([sheet("kim", first), sheet("lee", second)], MergeMode.OR)
    assert merged.sheet.rows == ()
    assert merged.report[0].reason == f"the rows do not fit together: {why}"


def test_every_row_of_every_sheet_is_in_the_report() -> None:
    sheets = [sheet("a", row(idx=1), row(idx=2)), sheet("b", row(idx=3), row(idx=1)), sheet("c", row(idx=1))]
    merged = merge_sheets(sheets, MergeMode.MAJORITY)
    assert [(entry.study_id, entry.reason) for entry in merged.report] == [
        ("0012_1", ""),
        ("0012_2", "only in a, not in b and c"),
        ("0012_3", "only in b, not in a and c"),
    ]
    assert merged.sheet.name == "majority of a, b, c"


def test_a_readers_own_exclusion_is_named() -> None:
    merged = merge_sheets([sheet("kim", row(exclusion="no pleura")), sheet("lee", row())], MergeMode.AND)
    assert merged.excluded[0].reason == "excluded by kim: no pleura"


def test_majority_of_four_and_five() -> None:
    readers = [sheet(str(i), row({A: "1_10" if i < 2 else ""})) for i in range(4)]
    assert not merge_sheets(readers, MergeMode.MAJORITY).sheet.rows[0].frames(A)
    five = [*readers, sheet("4", row({A: "5_20"}))]
    assert merge_sheets(five, MergeMode.MAJORITY).sheet.rows[0].frames(A).label == "5_10"
    assert not merge_sheets(five, MergeMode.MAJORITY, k=4).sheet.rows[0].frames(A)


def test_readers_that_do_not_suit_a_mode_are_refused() -> None:
    sheets = [sheet(name, row()) for name in "abc"]
    with pytest.raises(ValueError, match="majority needs at least 3 sheets, got 2"):
        merge_sheets(sheets[:2], MergeMode.MAJORITY)
    with pytest.raises(ValueError, match="adjudicated needs exactly 2 sheets, got 3"):
        merge_sheets(sheets, MergeMode.ADJUDICATED)
    with pytest.raises(ValueError, match="a majority of 3 readers is 2 to 3, got 1"):
        merge_sheets(sheets, MergeMode.MAJORITY, k=1)
    with pytest.raises(ValueError, match="only a majority has a number of readers"):
        merge_sheets(sheets, MergeMode.AND, k=2)
    with pytest.raises(ValueError, match="different names, got a, a"):
        merge_sheets([sheets[0], sheets[0]], MergeMode.AND)
    with pytest.raises(ValueError, match="at least three readers"):
        merge_rows(row(), row(), MergeMode.MAJORITY)
    with pytest.raises(ValueError, match="not of the same video"):
        merge_rows(row(), row(idx=3), MergeMode.AND)


def test_exclusions_hold_for_a_mode_a_version_or_everywhere() -> None:
    items = [Exclusion("1_1", "a", "AND"), Exclusion("1_1", "b", "version_1"), Exclusion("1_2", "c", "Version 2")]
    items.append(Exclusion("1_3", "d"))
    assert excluded_for(items, "and") == {"1_1": "a; b", "1_3": "d"}
    assert excluded_for(items, "or") == {"1_2": "c", "1_3": "d"}
    assert excluded_for(items, "majority") == {"1_3": "d"}
    with pytest.raises(ValueError, match="found 'version3'"):
        Exclusion("1_1", "a", "version3")
    with pytest.raises(ValueError, match="needs a reason"):
        Exclusion("1_1", " ")


def test_pattern_without_any_frame_has_no_jaccard_and_unlooked_frames_do_not_count() -> None:
    flags = merge_rows(row({A: "1_10"}), row({A: "1_5"}, {A: "6_10"}), MergeMode.AND)
    assert flags.jaccard == (1.0, None, None, None, None)
    assert Pattern.A_LINE not in merge_rows(row({A: "1_10"}), row({}, {A: "1_10"}), MergeMode.AND).label_conflicts
