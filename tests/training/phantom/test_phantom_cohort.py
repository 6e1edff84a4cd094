"""The published counts (systems.md 1.4 to 1.6), out of the sheets as written and read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luv_viewer.domain.clip_rule import clip_spans
from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.merge import MergeMode, merge_sheets
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.io.exclusion_file import read_exclusions
from luv_viewer.io.label_sheet_file import read_sheet
from luv_viewer.io.lengths_file import read_lengths
from luv_viewer.io.sheet_table import read_table
from training.phantom.cohort import Cohort, published_cohort, small_cohort
from training.phantom.readers import reader_sheets, senior_sheet
from training.phantom.sheets import write_sheets


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return published_cohort(1234)


@pytest.fixture(scope="module")
def folder(cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("cohort")
    write_sheets(made, cohort)
    return made


def _n_clips(sheet: LabelSheet, folder: Path, clip_length: int = 30, step: int = 24) -> int:
    lengths = read_lengths(folder / "lengths.csv")
    videos = [row.study_id for row in sheet.rows if not row.is_still]
    return sum(len(clip_spans(lengths[video], clip_length, step)) for video in videos)


def _read(folder: Path, name: str) -> LabelSheet:
    reading = read_sheet(folder / "sheets" / name, lengths=read_lengths(folder / "lengths.csv"))
    assert not reading.problems
    return reading.sheet


@pytest.mark.parametrize(
    ("name", "layout", "n_rows"),
    [
        ("template.csv", SheetLayout.TEMPLATE, 388),
        ("reader_1.xlsx", SheetLayout.DEVELOPMENT, 388),
        ("reader_2.csv", SheetLayout.DEVELOPMENT, 388),
        ("senior.csv", SheetLayout.DEVELOPMENT, 388),
        ("version1_v1.csv", SheetLayout.MERGED, 377),
        ("version2_v1.csv", SheetLayout.MERGED, 382),
        ("temporal_senior.xlsx", SheetLayout.LEADER, 56),
        ("temporal_reader_1.xlsx", SheetLayout.READER, 56),
        ("temporal_reader_2.xlsx", SheetLayout.READER, 56),
    ],
)
def test_every_kind_of_sheet_reads_without_a_problem(folder: Path, name: str, layout: SheetLayout, n_rows: int) -> None:
    reading = read_sheet(folder / "sheets" / name, lengths=read_lengths(folder / "lengths.csv"))
    assert not reading.problems
    assert reading.layout is layout
    assert len(reading.sheet.rows) == n_rows


def test_clips_come_out_as_published(folder: Path) -> None:
    first, second = _read(folder, "version1_v1.csv"), _read(folder, "version2_v1.csv")
    temporal = _read(folder, "temporal_senior.xlsx")
    assert [_n_clips(sheet, folder) for sheet in (first, second, temporal)] == [2210, 2238, 392]
    assert _n_clips(first, folder, 40, 32) == 1573
    lengths = read_lengths(folder / "lengths.csv")
    frames = [
        sum(lengths[row.study_id] for row in sheet.rows if not row.is_still) for sheet in (first, second, temporal)
    ]
    assert frames == [47_849, 48_457, 8_508]


def test_rows_videos_stills_and_patients_come_out_as_published(cohort: Cohort, folder: Path) -> None:
    rows = cohort.development
    assert sum(planned.key.data_type == "video" for planned in rows) == 349
    assert len({planned.key.patient_id for planned in rows}) == 36
    version1, version2 = _read(folder, "version1_v1.csv"), _read(folder, "version2_v1.csv")
    assert sum(not row.is_still for row in version1.rows) == 341
    assert sum(not row.is_still for row in version2.rows) == 345
    assert len({row.key.patient_id for row in version1.rows}) == 35
    temporal = {planned.key.patient_id for planned in cohort.temporal}
    assert len(temporal) == 11
    assert not temporal & {planned.key.patient_id for planned in rows}


def test_the_program_merges_the_readers_files_into_the_two_versions(folder: Path) -> None:
    readers = (_read(folder, "reader_1.xlsx"), _read(folder, "reader_2.csv"))
    exclusions = read_exclusions(folder / "exclusions.csv").exclusions
    for mode, name in ((MergeMode.AND, "version1_v1.csv"), (MergeMode.OR, "version2_v1.csv")):
        merged = merge_sheets(readers, mode, exclusions=exclusions).sheet.by_study_id()
        written = _read(folder, name).by_study_id()
        assert {key: row.present for key, row in merged.items()} == {key: row.present for key, row in written.items()}


def test_no_row_of_a_version_is_without_a_label(folder: Path) -> None:
    for name in ("version1_v1.csv", "version2_v1.csv"):
        assert all(any(row.present) for row in _read(folder, name).rows)


def test_excluded_rows_are_the_ones_that_merging_finds(folder: Path) -> None:
    readers = (_read(folder, "reader_1.xlsx"), _read(folder, "reader_2.csv"))
    exclusions = read_exclusions(folder / "exclusions.csv").exclusions
    found = merge_sheets(readers, MergeMode.AND).exclusion_candidates
    of_version1 = {exclusion.study_id for exclusion in exclusions if exclusion.applies_to == "version1"}
    assert of_version1 <= {candidate.study_id for candidate in found}


def test_readers_differ_by_some_frames_and_some_scores(cohort: Cohort) -> None:
    first, second = reader_sheets(cohort.development)
    truth = senior_sheet(cohort.development)
    aligned = [row.score_aligned for row in first.rows]
    assert 0.6 < np.mean(aligned) < 0.95
    overlaps = [
        len(a.present[p] & b.present[p]) / len(a.present[p] | b.present[p])
        for a, b in zip(first.rows, truth.rows, strict=True)
        for p in range(5)
        if a.present[p] and b.present[p] and not a.is_still
    ]
    assert 0.75 < np.mean(overlaps) < 0.98
    assert [row.score_aligned for row in second.rows] == aligned


def test_sheets_hold_every_way_of_writing(folder: Path) -> None:
    table = read_table(folder / "sheets" / "reader_1.xlsx")
    cells = [cell for row in table.rows for cell in row.cells[5:10]]
    texts = [cell for cell in cells if isinstance(cell, str)]
    assert any(isinstance(cell, int) for cell in cells)
    for mark in ("-", " _ ", ", ", "\u2013", "~", ".0"):
        assert any(mark in text for text in texts)
    assert any("," in text and ", " not in text for text in texts)
    assert ",   ," in (folder / "sheets" / "reader_2.csv").read_text()
    assert any("overlap" in warning.sentence for warning in read_sheet(folder / "sheets" / "reader_1.xlsx").warnings)
    scores = {str(row.cells[11]) for row in table.rows}
    assert {"0", "1", "2", "3_c", "3_e", "3ce", "3_ce"} <= scores
    assert (folder / "sheets" / "template.csv").read_text().splitlines()[0].endswith("Lung Ultrasoung Score")
    assert read_table(folder / "sheets" / "temporal_senior.xlsx").n_blank_rows == 366 - 56


def test_a_seed_decides_all_and_another_gives_another_cohort() -> None:
    assert published_cohort(3) == published_cohort(3)
    assert published_cohort(3).development[0].scene != published_cohort(4).development[0].scene


def test_a_small_cohort_uses_its_lengths_in_turn() -> None:
    cohort = small_cohort(0, 2, 3, (152, 62, 1))
    assert [planned.scene.n_frames for planned in cohort.videos] == [152, 62, 1] * 2
    assert [planned.key.data_idx for planned in cohort.videos] == [2, 3, 4] * 2
    assert [planned.key.data_type for planned in cohort.videos] == ["video", "video", "image"] * 2
    with pytest.raises(ValueError, match="at least 1"):
        small_cohort(0, 0, 3, (10,))
