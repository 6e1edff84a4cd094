"""Exclusion lists: read back as written, and every wrong row or file with the sentence that a person gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from luv_viewer.domain.exclusion import Exclusion
from luv_viewer.domain.sheet_reading import LabelSheetError
from luv_viewer.io.exclusion_file import read_exclusions, write_exclusions

HEADER = "study_id,reason,applies_to\n"
EXPECTED = "expected the columns study_id, reason, applies_to."


def test_what_is_written_is_read(tmp_path: Path) -> None:
    items = (Exclusion("0012_2", 'no "common" frame, A-line', "and"), Exclusion("0012_3", "waits for review"))
    path = tmp_path / "exclusions.csv"
    write_exclusions(path, items)
    reading = read_exclusions(path)
    assert (reading.exclusions, reading.problems) == (items, ())


def test_columns_in_any_order_other_columns_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "exclusions.csv"
    path.write_text(
        "\ufeffWho;Applies_to; Reason ;STUDY_ID\nkim;Version 1;review; 0012_2 \n\n;;;\nkim;;review;0012_4\n"
    )
    assert read_exclusions(path).exclusions == (
        Exclusion("0012_2", "review", "Version 1"),
        Exclusion("0012_4", "review", "all"),
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (",review,and", "row 2: an exclusion needs a study_id such as 0012_2; correct the row."),
        ("0012_2,,and", "row 2: an exclusion needs a reason; correct the row."),
        ("0012_2", "row 2: an exclusion needs a reason; correct the row."),
        (
            "0012_2,review,version3",
            "row 2: an exclusion applies to all, and, or, adjudicated, majority, version1, version2, "
            "found 'version3'; correct the row.",
        ),
    ],
)
def test_a_wrong_row_is_named_and_excludes_nothing(tmp_path: Path, line: str, sentence: str) -> None:
    path = tmp_path / "exclusions.csv"
    path.write_text(f"{HEADER}{line}\n0012_9,review,all\n")
    reading = read_exclusions(path)
    assert [str(problem) for problem in reading.problems] == [f"exclusions.csv, {sentence}"]
    assert [item.study_id for item in reading.exclusions] == ["0012_9"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            b"",
            f"x.csv: the first row lacks study_id, reason, applies_to; {EXPECTED}",
        ),
        (
            b"study_id,reason\n",
            f"x.csv: the first row lacks applies_to; {EXPECTED}",
        ),
        (b"study_id,reason,applies_to,reason\n", "x.csv: the column reason stands twice in the first row; keep one."),
        (HEADER.encode() + b"\xff\xfe,a,all\n", "x.csv is not UTF-8 text; save it as CSV UTF-8."),
        (
            HEADER.encode() + b'0012_2,"no end,all\n',
            "x.csv, row 2: a quotation mark is not closed or stands inside a cell; correct it.",
        ),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(LabelSheetError) as caught:
        read_exclusions(path)
    assert str(caught.value) == sentence


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelSheetError, match=r"none\.csv does not exist"):
        read_exclusions(tmp_path / "none.csv")
