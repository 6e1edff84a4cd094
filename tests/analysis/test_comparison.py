"""Comparing two sheets: every number by hand or against scikit-learn, and nothing left out without a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, jaccard_score

from luv_viewer.analysis.comparison import compare_sheets
from luv_viewer.analysis.comparison_table import COLUMNS, comparison_notes, comparison_table, write_comparison
from luv_viewer.domain.disagreement import DisagreementKind, disagreements
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS
from tests.builders_sheets import development_sheets
from tests.domain.builders_rows import N_FRAMES, read_rows, row, sheet

A, B, CB, C, E = TRACK_PATTERNS


def test_one_video_by_hand() -> None:
    first = sheet("kim", row({A: "11_20, 41_50"}, n_frames=100))
    second = sheet("lee", row({A: "13_24, 91_95"}, n_frames=100))
    found = compare_sheets(first, second).patterns[0]
    # Both: 13_20. Only kim: 11_12 and 41_50. Only lee: 21_24 and 91_95.
    assert found.frames.table == (71, 9, 12, 8)
    assert found.frames.rate == 0.79
    assert found.frames.positive == pytest.approx(16 / 37)
    assert found.frames.negative == pytest.approx(142 / 163)
    chance = (0.2 * 0.17) + (0.8 * 0.83)
    assert found.frames.kappa is not None
    assert found.frames.kappa.kappa == pytest.approx((0.79 - chance) / (1 - chance))
    assert found.jaccard == found.mean_jaccard == 8 / 29
    assert (found.intervals.n_matched, found.intervals.mean_iou) == (1, 8 / 14)
    assert (found.intervals.alone_a, found.intervals.alone_b) == (1, 1)
    edges = found.intervals.edges
    assert (edges.mean, edges.median, edges.largest, edges.n) == (3.0, 3.0, 4.0, 2)


def test_frames_that_one_has_not_looked_at_are_left_out_and_counted() -> None:
    first = sheet("kim", row({A: "1_10"}, {A: "51_60"}, n_frames=60))
    second = sheet("lee", row({A: "1_5, 55_60"}, {A: "6_9, 50_54"}, n_frames=60))
    found = compare_sheets(first, second).patterns[0]
    assert found.frames.table == (39, 0, 1, 5)
    assert (found.frames.n_frames, found.frames.left_out) == (45, 15)
    assert found.jaccard == 5 / 6
    assert (found.intervals.n_left_out, found.intervals.n_matched, found.intervals.alone_a) == (1, 0, 0)
    assert compare_sheets(first, second).patterns[1].intervals.n_left_out == 0


@settings(max_examples=30)
@given(st.lists(st.tuples(read_rows(), read_rows()), min_size=1, max_size=4))
def test_frame_numbers_equal_scikit_learn_and_the_list_of_disagreements(pairs: list[tuple[SheetRow, SheetRow]]) -> None:
    a, b = (sheet(name, *(_at(pair[side], i) for i, pair in enumerate(pairs))) for side, name in enumerate(("a", "b")))
    found = compare_sheets(a, b, patterns=[B]).patterns[0]
    masks = []
    for row_a, row_b in zip(a.rows, b.rows, strict=True):
        looked = ~(row_a.unlooked_frames(B) | row_b.unlooked_frames(B)).mask(N_FRAMES)
        masks.append([r.frames(B).mask(N_FRAMES)[looked] for r in (row_a, row_b)])
    first, second = (np.concatenate([pair[side] for pair in masks]) for side in (0, 1))
    neither, only_b, only_a, both = found.frames.table
    assert found.frames.n_frames == first.size
    assert found.frames.left_out == N_FRAMES * len(pairs) - first.size
    items = [d for pair in zip(a.rows, b.rows, strict=True) for d in disagreements(*pair, patterns=[B])]
    by_kind = {kind: sum(len(d.span) for d in items if d.kind is kind) for kind in DisagreementKind}
    assert (by_kind[DisagreementKind.ONLY_A], by_kind[DisagreementKind.ONLY_B]) == (only_a, only_b)
    if found.frames.kappa is None or found.frames.clustered is None:
        assert first.size == 0
        return
    assert found.frames.rate == pytest.approx(np.mean(first == second))
    assert found.frames.clustered.kappa == pytest.approx(found.frames.kappa.kappa, nan_ok=True)
    if not found.frames.kappa.reason:
        assert found.frames.kappa.kappa == pytest.approx(cohen_kappa_score(first, second))
    if found.jaccard is not None:
        assert found.jaccard == pytest.approx(jaccard_score(first, second))
    assert neither == np.sum(~first & ~second)
    assert both == np.sum(first & second)


def _at(read: SheetRow, idx: int) -> SheetRow:
    return row(
        {p: read.frames(p).label for p in (B, CB)},
        {p: read.unlooked_frames(p).label for p in (B, CB)},
        idx,
        n_frames=N_FRAMES,
    )


def test_without_length_absences_are_not_counted_and_it_says_so() -> None:
    first, second = sheet("kim", row({A: "1_10"})), sheet("lee", row({A: "6_10"}))
    unknown = compare_sheets(first, second)
    assert unknown.without_length == ("0012_2",)
    frames = unknown.patterns[0].frames
    assert (frames.n_frames, frames.rate, frames.kappa, frames.clustered) == (0, None, None, None)
    assert unknown.patterns[0].jaccard == 0.5
    assert unknown.patterns[0].intervals.mean_iou == 0.5
    assert any("absences are not counted" in note for note in comparison_notes(unknown))
    known = compare_sheets(first, second, lengths={"0012_2": 20})
    assert known.patterns[0].frames.table == (10, 0, 5, 5)
    assert known.without_length == ()


def test_rows_and_labels_that_do_not_fit_are_named() -> None:
    first = sheet(
        *("kim", row({A: "1_5", C: "3"}, idx=1, n_frames=9), row(idx=2, n_frames=9), row(idx=3)),
        row({E: "1"}, idx=5, still=True),
    )
    second = sheet(
        *("lee", row({A: "6_9"}, idx=1, n_frames=9), row(idx=2, n_frames=8), row(idx=4)),
        row(idx=5, still=True),
    )
    found = compare_sheets(first, second)
    assert (found.only_a, found.only_b) == (("0012_3",), ("0012_4",))
    assert found.conflicts == (("0012_2", "they are of 8 and 9 frames"),)
    assert (found.n_videos, found.n_stills) == (1, 1)
    assert [part.empty_intersections for part in found.patterns] == [("0012_1",), (), (), (), ()]
    assert [part.label_conflicts for part in found.patterns] == [(), (), (), ("0012_1",), ("0012_5",)]
    assert found.total.label_conflicts == ("0012_1", "0012_5")
    assert found.total.frames.n_frames == 5 * 9
    assert comparison_notes(found) == (
        "0012_2 was not compared: they are of 8 and 9 frames.",
        "0012_3 is only in kim.",
        "0012_4 is only in lee.",
        "0012_1: both mark A-line, without a common frame.",
        "0012_1: only one marks Consolidation.",
        "0012_5: only one marks Pleural effusion.",
    )


def test_scores_by_hand_and_as_scikit_learn() -> None:
    pairs = [("0", "0"), ("1", "2"), ("3_c", "3_ce"), ("3ce", "3_ec"), ("2", "2"), ("0", "1"), ("3_e", "1")]
    first = sheet("kim", *(row(idx=i, score=one) for i, (one, _) in enumerate(pairs)), row(idx=9, score="1"))
    second = sheet("lee", *(row(idx=i, score=other) for i, (_, other) in enumerate(pairs)), row(idx=9))
    scores = compare_sheets(first, second).scores
    assert (scores.n, scores.aligned) == (7, 3)
    assert scores.not_aligned == ("0012_1", "0012_2", "0012_5", "0012_6")
    grades = [0, 1, 3, 3, 2, 0, 3], [0, 2, 3, 3, 2, 1, 1]
    assert scores.linear is not None
    assert scores.quadratic is not None
    assert scores.linear.kappa == pytest.approx(cohen_kappa_score(*grades, weights="linear"))
    assert scores.quadratic.kappa == pytest.approx(cohen_kappa_score(*grades, weights="quadratic"))
    assert compare_sheets(sheet("kim"), sheet("lee")).scores.linear is None


def test_patients_can_be_the_clusters() -> None:
    rows = [row({A: f"1_{5 * i}"}, idx=i, patient=f"00{i // 3}", n_frames=50) for i in range(1, 9)]
    shifted = [row({A: f"3_{5 * i + 2}"}, idx=i, patient=f"00{i // 3}", n_frames=50) for i in range(1, 9)]
    first, second = sheet("kim", *rows), sheet("lee", *shifted)
    videos, patients = (compare_sheets(first, second, cluster=c).patterns[0].frames for c in ("video", "patient"))  # type: ignore[arg-type]
    assert videos.clustered is not None
    assert patients.clustered is not None
    assert (videos.clustered.clusters, patients.clustered.clusters) == (8, 3)
    assert videos.clustered.kappa == patients.clustered.kappa
    assert videos.table == patients.table


def test_the_published_versions_compared() -> None:
    found = compare_sheets(*development_sheets())
    assert (found.n_videos, found.n_stills) == (341, 36)
    assert len(found.only_b) == 4
    assert found.total.frames.table[2] == 0, "what all readers mark, at least one marks"
    assert found.total.frames.n_frames == 5 * 47_849


def test_the_table_names_a_method_for_every_number_and_is_written_whole(tmp_path: Path) -> None:
    first = sheet("kim", row({A: "1_10"}, n_frames=20, score="0"))
    second = sheet("lee", row({A: "6_10", B: "1"}, n_frames=20, score="1"))
    found = compare_sheets(first, second)
    table = comparison_table(found)
    assert tuple(table.columns) == COLUMNS
    assert table.method.str.len().min() > 0
    assert not table.duplicated(["pattern", "measure"]).any()
    assert list(dict.fromkeys(table.pattern)) == [*(p.value for p in TRACK_PATTERNS), "all patterns", "LUS score"]
    values = table.set_index(["pattern", "measure"]).value
    assert values["A-line", "frame agreement"] == 0.75
    assert values["A-line", "edge distance, largest"] == 5
    assert values["B-line", "label-set conflicts"] == 1
    assert values["LUS score", "aligned"] == 0
    path = tmp_path / "agreement.csv"
    write_comparison(path, found)
    pd.testing.assert_frame_equal(pd.read_csv(path), table, check_dtype=False, atol=1e-6)
