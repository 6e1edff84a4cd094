"""Clips and frames: published columns, names and counts; pixels exact; tails; bad files cost themselves alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.cli import main
from luv_viewer.domain.clip_rule import ClipRule, clip_spans
from luv_viewer.domain.exclusion import Exclusion
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.merge import MergeMode
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.label_sheet_file import write_sheet
from model.preprocessing import letterbox
from tests.builders_sheets import development_sheet, lengths_of
from tests.training.prepare.builders_prepare import frames_of, grey, write_videos
from training.prepare.clip_pixels import fill_up
from training.prepare.clip_tables import FRAME_COLUMNS, ClipChoice, published_clip_table, published_frame_table
from training.prepare.clips import LabelSource, labels_of
from training.prepare.coding import coded_video
from training.prepare.errors import PrepareError

LENGTHS = {"0012_2": 39, "0012_3": 30, "0034_2": 24}


def _row(study_id: str, n_frames: int | None = None, **spans: str) -> SheetRow:
    patient, _, idx = study_id.rpartition("_")
    by_name = {"a": Pattern.A_LINE, "b": Pattern.B_LINE, "cb": Pattern.CONFLUENT_B_LINE, "c": Pattern.CONSOLIDATION}
    marked = {by_name[name]: SpanSet.of(Span.from_label(label)) for name, label in spans.items()}
    present = tuple(marked.get(pattern, SpanSet()) for pattern in TRACK_PATTERNS)
    return SheetRow(SheetKey(patient, int(idx), "20210115"), present, n_frames=n_frames)


def _sheet(name: str, *rows: SheetRow) -> LabelSheet:
    return LabelSheet(name, rows)


def test_the_published_columns() -> None:
    sheet = _sheet("kim", _row("0012_2", 39, a="1_5", cb="31_39"))
    clips = published_clip_table(sheet, {}, ClipChoice(ClipRule(), suffix=".avi", video_suffix=".avi"))
    assert list(clips.columns) == [
        *("256_clip_path", "PatientID", "study_id", "A-line_lbl", "B-line_lbl", "Confluent B-line_lbl"),
        *("Consolidation_lbl", "Pleural effusion_lbl", "raw_avi_path", "Lung ultrasound score_lbl", "total-B-line_lbl"),
    ]
    assert clips["256_clip_path"].tolist() == ["clips/0012_00002_1_30.avi", "clips/0012_00002_25_39.avi"]
    assert clips["raw_avi_path"].tolist() == ["0012/00002.avi"] * 2
    assert clips["Lung ultrasound score_lbl"].tolist() == [0, 2]
    frames = published_frame_table(sheet, {}, ".avi")
    assert len(FRAME_COLUMNS) == 22
    assert list(frames.columns) == [
        *("PatientID", "Data_idx", "StudyDate", "Data_type", "A-line", "B-line", "Confluent B-line"),
        *("Consolidation", "Pleural effusion", "Lung sliding", "Lung Ultrasound Score", "study_id", "FileName"),
        *("A-line_lbl", "B-line_lbl", "Confluent B-line_lbl", "Consolidation_lbl", "Pleural effusion_lbl"),
        *("total-B-line_lbl", "img_path", "Lung ultrasound score_lbl", "raw_avi_path"),
    ]
    last = frames.iloc[-1]
    assert (last["FileName"], last["img_path"]) == ("0012_00002_39", "0012/0012_00002_39.png")
    assert (last["A-line"], last["study_id"], last["total-B-line_lbl"]) == ("1_5", "0012_2", 1)
    assert frames["A-line_lbl"].sum() == 5


@pytest.mark.parametrize(
    ("length", "step", "total"),
    [(30, 24, 2210), (40, 32, 1573), (50, 40, 1275), (60, 48, 1275), (70, 56, 978), (90, 72, 935)],
)
def test_the_published_totals_of_version_1(length: int, step: int, total: int) -> None:
    sheet = development_sheet(1)
    table = published_clip_table(sheet, lengths_of(sheet), ClipChoice(ClipRule(length, step)))
    assert len(table) == total
    assert table.columns[0] == ("256_clip_path" if length == 30 else f"{length}frame_clip_path")


@pytest.mark.parametrize(("version", "clips", "frames"), [(1, 2210, 47849), (2, 2238, 48457)])
def test_the_command_makes_the_published_cohort_from_sheets_and_lengths(
    tmp_path: Path, version: int, clips: int, frames: int
) -> None:
    sheet = development_sheet(1 if version == 1 else 2)
    write_sheet(tmp_path / "sheet.csv", sheet, SheetLayout.MERGED)
    lengths = pd.DataFrame({"study_id": list(lengths_of(sheet)), "n_frames": list(lengths_of(sheet).values())})
    lengths.to_csv(tmp_path / "lengths.csv", index=False)
    out = tmp_path / "out"
    arguments = ["prepare", "clips", str(tmp_path / "sheet.csv"), "-o", str(out), "--no-pixels"]
    assert main([*arguments, "--lengths", str(tmp_path / "lengths.csv")]) == 0
    assert len(pd.read_csv(out / "clips.csv")) == clips
    assert len(pd.read_csv(out / "frames.csv")) == frames
    split = tmp_path / "split"
    command = ["prepare", "split", str(out / "clips.csv"), "-o", str(split), "--preset", "paper-code"]
    assert main([*command, "--sheet", str(tmp_path / "sheet.csv")]) == 0
    sizes = [pd.read_csv(split / f"fold_{k}" / "train.csv")["PatientID"].nunique() for k in range(5)]
    assert sizes == [22, 22, 22, 23, 23]


@given(st.integers(1, 200), st.integers(1, 30))
def test_only_short_tails_are_left_out(n_frames: int, least: int) -> None:
    spans = ClipRule(min_real_frames=least).spans(n_frames)
    assert spans[0].start == 0
    assert spans == tuple(span for span in clip_spans(n_frames) if span.start == 0 or len(span) >= least)


@given(st.integers(1, 12), st.integers(12, 20), st.sampled_from(["duplicate", "black"]))
def test_a_filled_clip_holds_the_real_frames_once_in_order(n: int, length: int, tail: str) -> None:
    real = [np.full((2, 2), i + 1, np.uint8) for i in range(n)]
    values = [int(frame[0, 0]) for frame in fill_up(real, length, tail)]
    assert len(values) == length
    start = values.index(1)
    assert values[start : start + n] == list(range(1, n + 1))
    if tail == "duplicate":
        assert values[n:] == [n] * (length - n)
    else:
        assert sum(values) == sum(range(1, n + 1))
        assert abs(start - (length - n - start)) <= 1


def test_lossless_video_is_exact_and_repeatable(tmp_path: Path) -> None:
    frames = grey(5)
    made = coded_video(frames, 30)
    assert made == coded_video(frames, 30)
    (tmp_path / "a.mkv").write_bytes(made)
    np.testing.assert_array_equal(frames_of(tmp_path / "a.mkv"), np.repeat(frames[:, :, :, None], 3, axis=3))
    with pytest.raises(ValueError, match="at least one frame"):
        coded_video([], 30)


def test_mjpg_video_is_close_and_has_all_frames(tmp_path: Path) -> None:
    frames = np.stack([np.tile(np.linspace(i, 200 + i, 64), (48, 1)) for i in range(4)]).astype(np.uint8)
    (tmp_path / "a.avi").write_bytes(coded_video(frames, 30, "mjpg"))
    shown = frames_of(tmp_path / "a.avi").astype(int)
    assert shown.shape == (4, 48, 64, 3)
    assert np.abs(shown - frames[:, :, :, None]).max() <= 4


@pytest.mark.parametrize("workers", [0, 2])
def test_clips_of_videos_are_exact_and_a_bad_file_costs_itself(tmp_path: Path, workers: int) -> None:
    write_videos(tmp_path / "data", {**LENGTHS, "0034_3": 30})
    broken = tmp_path / "data" / "0034" / "00003.mkv"
    broken.write_bytes(broken.read_bytes()[:300])
    rows = [_row("0012_2", a="1_5"), _row("0012_3"), _row("0034_2", b="3_9"), _row("0034_3"), _row("0099_2")]
    write_sheet(tmp_path / "kim.csv", _sheet("kim", *rows), SheetLayout.MERGED)
    out = tmp_path / "out"
    arguments = ["prepare", "clips", str(tmp_path / "kim.csv"), "--videos", str(tmp_path / "data" / "videos.csv")]
    arguments += ["-o", str(out), "--size", "32", "--workers", str(workers)]
    assert main(arguments) == 1
    table = pd.read_csv(out / "clips.csv", dtype={"PatientID": str})
    assert table["32_clip_path"].tolist() == [
        *("clips/0012_00002_1_30.mkv", "clips/0012_00002_25_39.mkv"),
        *("clips/0012_00003_1_30.mkv", "clips/0012_00003_25_30.mkv", "clips/0034_00002_1_24.mkv"),
    ]
    assert set(pd.read_csv(out / "left_out.csv")["study_id"]) == {"0034_3", "0099_2"}
    shown = frames_of(out / "clips" / "0012_00002_25_39.mkv")[:, :, :, 0]
    real = [letterbox(frame, 32) for frame in grey(39, 0)[24:]]
    np.testing.assert_array_equal(shown, np.stack([*real, *[real[-1]] * 15]))
    times = {path: path.stat().st_mtime_ns for path in (out / "clips").iterdir()}
    changed = out / "clips" / "0034_00002_1_24.mkv"
    changed.write_bytes(b"half")
    assert main(arguments) == 1
    assert frames_of(changed).shape == (30, 32, 32, 3)
    assert {path for path, time in times.items() if path.stat().st_mtime_ns != time} == {changed}


def test_two_readers_are_merged_and_exclusions_hold_for_their_version() -> None:
    kim = _sheet("kim", _row("1_2", 40, a="15_32"), _row("1_3", 30, a="1_9"), _row("1_4", 30, b="1_4"))
    lee = _sheet("lee", _row("1_2", 40, a="24_33"), _row("1_3", 30, a="10_20"), _row("1_4", 30, b="1_4"))
    exclusions = (Exclusion("1_4", "screenshot", "version1"),)
    both = labels_of(LabelSource((kim, lee), MergeMode.AND, exclusions=exclusions))
    assert [(row.study_id, row.frames(Pattern.A_LINE).label) for row in both.sheet.rows] == [
        ("1_2", "24_32"),
        ("1_3", ""),
    ]
    assert both.left_out == {"1_4": "screenshot"}
    assert [found.study_id for found in both.look_at] == ["1_3"]
    either = labels_of(LabelSource((kim, lee), MergeMode.OR, exclusions=exclusions))
    assert [row.frames(Pattern.A_LINE).label for row in either.sheet.rows] == ["15_33", "1_20", ""]
    assert labels_of(LabelSource((kim,), MergeMode.AND, exclusions=exclusions)).left_out == {"1_4": "screenshot"}
    with pytest.raises(PrepareError, match="at least 3 sheets"):
        labels_of(LabelSource((kim, lee), MergeMode.MAJORITY))


def test_clips_without_finding_can_be_dropped() -> None:
    sheet = _sheet("kim", _row("0012_2", 60, a="1_5"))
    assert len(published_clip_table(sheet, {}, ClipChoice(ClipRule()))) == 3
    assert len(published_clip_table(sheet, {}, ClipChoice(ClipRule(), drops_no_finding=True))) == 1


def test_usage_that_makes_no_sense_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sheet(tmp_path / "kim.csv", _sheet("kim", _row("1_2", a="1_5")), SheetLayout.MERGED)
    command = ["prepare", "clips", str(tmp_path / "kim.csv"), "-o", str(tmp_path / "out")]
    assert main(command) == 2
    assert main([*command, "--no-pixels", "--min-real-frames", "40"]) == 1
    assert "min_real_frames must be at most" in capsys.readouterr().err
    assert main([*command, "--no-pixels"]) == 1
    assert "no video is left" in capsys.readouterr().err
