"""Clips and labels of whole sheets: the published counts, names, columns, and blanks where nobody looked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.analysis.clip_labels import LABEL_COLUMNS, SCORE, TOTAL_B_LINE, ClipLabelError, clip_table
from luv_viewer.analysis.clip_labels import write_clip_table as write
from luv_viewer.domain.clip_rule import NO_FINDING, ClipRule, clip_score, clip_spans
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.whole_file import WriteError
from tests.builders_sheets import development_sheet, lengths_of, temporal_sheet
from tests.domain.builders_rows import N_FRAMES, read_rows, row, sheet, state

A, B, CB, C, E = TRACK_PATTERNS


@pytest.mark.parametrize(
    ("length", "step", "per_video", "total"),
    [
        (30, 24, (7, 3, 2), 2210),
        (40, 32, (5, 2, 2), 1573),
        (50, 40, (4, 2, 1), 1275),
        (60, 48, (4, 2, 1), 1275),
        (70, 56, (3, 2, 1), 978),
        (90, 72, (3, 1, 1), 935),
    ],
)
def test_the_published_clip_counts(length: int, step: int, per_video: tuple[int, ...], total: int) -> None:
    assert tuple(len(clip_spans(n, length, step)) for n in (152, 62, 39)) == per_video
    version1 = development_sheet(1)
    table = clip_table(version1, lengths_of(version1), clip_length=length, step=step)
    assert len(table) == total
    assert table.study_id.nunique() == 341
    assert table[f"{length}frame_clip_path"].is_unique


def test_counts_of_version_2_and_of_the_temporal_set() -> None:
    version2, temporal = development_sheet(2), temporal_sheet()
    assert len(clip_table(version2, lengths_of(version2))) == 2238
    assert len(clip_table(temporal, lengths_of(temporal))) == 392


def test_labels_of_a_generated_sheet_are_those_of_meeting_intervals() -> None:
    version1 = development_sheet(1)
    rows = version1.by_study_id()
    for line in clip_table(version1, {}).to_dict("records")[::7]:
        first, last = map(int, line["30frame_clip_path"].removesuffix(".avi").split("_")[2:])
        for pattern in TRACK_PATTERNS:
            meets = any(
                max(span.start + 1, first) <= min(span.stop, last) for span in rows[line["study_id"]].frames(pattern)
            )
            assert line[f"{pattern.value}_lbl"] == int(meets)
        assert line[TOTAL_B_LINE] == max(line["B-line_lbl"], line["Confluent B-line_lbl"])


def test_a_table_by_hand() -> None:
    rows = [
        row({A: "1_5", CB: "55_60"}, idx=3, n_frames=62),
        row({E: "30"}, {B: "40_41", A: "1_31"}, idx=2, n_frames=62),
        row({A: "1"}, idx=4, still=True, n_frames=1),
        row({A: "1"}, idx=5, n_frames=62, exclusion="no pleura"),
    ]
    table = clip_table(sheet("kim", *rows), {})
    assert list(table.columns) == [
        *("30frame_clip_path", "PatientID", "study_id", "A-line_lbl", "B-line_lbl", "Confluent B-line_lbl"),
        *("Consolidation_lbl", "Pleural effusion_lbl", "raw_avi_path", SCORE, TOTAL_B_LINE),
    ]
    names = [f"0012_{idx}_{clip}.avi" for idx in ("00002", "00003") for clip in ("1_30", "25_54", "49_62")]
    assert table["30frame_clip_path"].tolist() == names
    assert set(table.raw_avi_path) == {"0012/00002.avi", "0012/00003.avi"}
    shown = table[list(LABEL_COLUMNS)].astype(object).where(table[list(LABEL_COLUMNS)].notna(), None)
    assert shown.to_numpy().tolist() == [
        # A, B, CB, C, E, score, total B
        [None, 0, 0, 0, 1, 3, 0],
        [None, None, 0, 0, 1, 3, None],
        [0, 0, 0, 0, 0, NO_FINDING, 0],
        [1, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, NO_FINDING, 0],
        [0, 0, 1, 0, 0, 2, 1],
    ]


def test_lengths_may_come_from_elsewhere_but_must_fit() -> None:
    kim = sheet("kim", row({A: "1_152"}))
    assert len(clip_table(kim, {"0012_2": 152})) == 7
    with pytest.raises(ClipLabelError, match=r"kim, 0012_2: the number of frames of this video is unknown"):
        clip_table(kim, {})
    with pytest.raises(ClipLabelError, match="frame 152 is labelled, but there are only 150; correct one"):
        clip_table(kim, {"0012_2": 150})
    with pytest.raises(ClipLabelError, match="they are of 150 and 152 frames"):
        clip_table(sheet("kim", row(n_frames=152)), {"0012_2": 150})
    assert clip_table(sheet("nobody"), {}).empty


@given(read_rows(), st.integers(1, N_FRAMES), st.integers(1, 5), st.integers(1, 4), st.sampled_from([0.0, 0.1, 0.5, 1]))
def test_a_label_is_blank_exactly_where_unlooked_frames_decide_it(
    read: SheetRow, length: int, step: int, min_frames: int, min_fraction: float
) -> None:
    rule = ClipRule(length, step, min_frames, min_fraction)
    for clip in rule.spans(N_FRAMES):
        states = [state(read, B, frame) for frame in range(clip.start, clip.stop)]
        possible = {
            sum(s == "p" or (s == "u" and filled == "p") for s in states) >= max(min_frames, min_fraction * len(clip))
            for filled in "pa"
        }
        expected = possible.pop() if len(possible) == 1 else None
        assert rule.label(clip, read.frames(B), read.unlooked_frames(B)) is expected


def test_a_fraction_does_not_ask_for_a_frame_more_than_it_says() -> None:
    for n, fraction in ((30, 0.1), (10, 0.7), (30, 0.7), (20, 0.15)):
        needed = round(n * fraction)
        rule = ClipRule(min_fraction=fraction)
        assert rule.label(Span(0, n), SpanSet.of(Span(0, needed)), SpanSet()) is True
        assert rule.label(Span(0, n), SpanSet.of(Span(0, needed - 1)), SpanSet()) is False


def test_clip_score_is_blank_where_an_unknown_pattern_would_raise_it() -> None:
    nothing = dict.fromkeys(TRACK_PATTERNS, False)
    assert clip_score({**nothing}) == NO_FINDING
    assert clip_score({**nothing, A: None}) is None
    assert clip_score({**nothing, B: True, A: None}) == 1
    assert clip_score({**nothing, C: True, E: None}) == 3


def test_numbers_that_are_no_rule_are_refused() -> None:
    with pytest.raises(ValueError, match="step must be at least 1, got 0"):
        ClipRule(step=0)
    with pytest.raises(ValueError, match="min_fraction must be 0 to 1"):
        ClipRule(min_fraction=1.5)
    with pytest.raises(ValueError, match="n_frames must be at least 1"):
        clip_spans(0)


def test_the_file_reads_back_and_is_whole_or_not_written(tmp_path: Path) -> None:
    table = clip_table(sheet("kim", row({A: "1_5"}, {B: "1_62"}, n_frames=62)), {})
    path = tmp_path / "clips.csv"
    write(path, table)
    back = pd.read_csv(path, dtype={"PatientID": str}).astype(dict.fromkeys(LABEL_COLUMNS, "Int64"))
    pd.testing.assert_frame_equal(back, table, check_dtype=False)
    assert path.read_text().splitlines()[1].startswith("0012_00002_1_30.avi,0012,0012_2,1,,0,0,0,0012/00002.avi,,")
    with pytest.raises(WriteError, match="its folder does not exist"):
        write(tmp_path / "missing" / "clips.csv", table)
