"""Sheets of every layout, read from files written by hand, and written and read back."""

from __future__ import annotations

import csv
import io
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.lus_score import LUS_SCORES, LusScore
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.sheet_reading import LabelSheetError, SheetLayout
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.frame_table import write_frame_table
from luv_viewer.io.label_sheet_file import read_sheet, write_sheet, write_template
from luv_viewer.io.sheet_columns import COLUMNS
from luv_viewer.io.whole_file import WriteError
from tests.builders_sheets import development_sheets, lengths_of, temporal_sheet

MERGED = """\
,PatientID,Data_idx,StudyDate,Data_type,A-line,B-line,Confluent B-line,Consolidation,Pleural effusion,\
Lung sliding,Lung Ultrasound Score,study_id
0,90000001,2,20210115,video,,"1_24, 44_100",,24_32,,0.0,3_c,90000001_2
7,90000001,3.0,20210115.0,image,1,   ,,,1,,3ce,90000001_3
421,0012,2,,video,57,,15-33,,,1,2.0,0012_2
"""


def labels(row: SheetRow) -> dict[str, str]:
    """Pattern: cell, of the patterns that are present."""
    return {p.value: row.frames(p).label for p in row.patterns_present()}


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def spreadsheet(path: Path, *rows: tuple[object, ...]) -> Path:
    book = openpyxl.Workbook()
    sheet = book[book.sheetnames[0]]
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_merged_sheet_is_read_with_its_gaps_in_the_index(tmp_path: Path) -> None:
    reading = read_sheet(write(tmp_path / "version1_v1.csv", MERGED))
    assert (reading.layout, reading.warnings, reading.problems) == (SheetLayout.MERGED, (), ())
    video, still, other = reading.sheet.rows
    assert reading.sheet.name == "version1_v1.csv"
    assert labels(video) == {"B-line": "1_24, 44_100", "Consolidation": "24_32"}
    assert (video.sliding, video.lus_score, video.n_frames, video.extra) == (
        False,
        LusScore(3, "c"),
        None,
        {"index": "0"},
    )
    assert still.key == SheetKey("90000001", 3, "20210115", "image")
    assert (labels(still), still.n_frames, still.sliding) == ({"A-line": "1", "Pleural effusion": "1"}, 1, None)
    assert still.lus_score == LusScore(3, "ce")
    assert (other.study_id, labels(other)) == ("0012_2", {"A-line": "57", "Confluent B-line": "15_33"})
    assert (other.sliding, other.lus_score, other.extra["index"]) == (True, LusScore(2), "421")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_do_not_matter(encoding: str, newline: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", MERGED.replace("\n", newline), encoding)
    plain = write(tmp_path / "b.csv", MERGED)
    reading = read_sheet(path)
    assert reading.sheet.rows == read_sheet(plain).sheet.rows
    assert not reading.warnings


@pytest.mark.parametrize(("delimiter", "first_line"), [(";", ""), ("\t", ""), (";", "sep=;\r\n"), (",", "sep=,\n")])
def test_the_delimiter_is_found(delimiter: str, first_line: str, tmp_path: Path) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows(csv.reader(MERGED.splitlines()))
    reading = read_sheet(write(tmp_path / "a.csv", first_line + stream.getvalue()))
    assert reading.sheet.rows == read_sheet(write(tmp_path / "b.csv", MERGED)).sheet.rows
    assert not reading.warnings
    assert not reading.problems


def test_rows_are_counted_as_the_spreadsheet_program_does(tmp_path: Path) -> None:
    # The line break in the header and the blank row are what a count of lines gets wrong.
    text = '"Patient \nnumber",' + ",".join(COLUMNS[SheetLayout.LEADER][1:]) + "\n"
    text += "1,90000001,2,,video,,,,,,,,,\n" + ",,,,,,,,,,,,,\n" + "\n" + "1,90000001,3,,video,,,0,,,,,,\n"
    reading = read_sheet(write(tmp_path / "lee.csv", text))
    assert [str(problem) for problem in reading.problems] == [
        "lee.csv, row 5, column B-line: found '0'; frames are counted from 1, there is no frame 0; correct the number."
    ]
    assert reading.n_blank_rows == 2


def test_the_seniors_export_with_empty_rows_and_floats_is_read(tmp_path: Path) -> None:
    header = ("Patient \nnumber", *COLUMNS[SheetLayout.LEADER][1:])
    row = (1.0, 90000001.0, 2.0, 20210115.0, "video", None, "1_24", None, None, 57.0, None, 1.0, 2.0, "3_ce")
    numbered = tuple((float(number), *[None] * 13) for number in range(2, 300))
    reading = read_sheet(spreadsheet(tmp_path / "senior.xlsx", header, row, *numbered))
    assert (reading.layout, reading.warnings, reading.problems) == (SheetLayout.LEADER, (), ())
    (video,) = reading.sheet.rows
    assert reading.n_blank_rows == 298
    assert video.key == SheetKey("90000001", 2, "20210115", "video")
    assert labels(video) == {"A-line": "1_24", "Consolidation": "57"}
    assert video.lus_score == LusScore(3, "ce")
    assert video.extra == {"Patient number": "1", "Lung Ultrasound Score Leader": "2"}


def test_a_spreadsheets_dates_and_typed_cells_are_read(tmp_path: Path) -> None:
    header = COLUMNS[SheetLayout.READER]
    row = (3, "0012", "00002", datetime(2021, 1, 15), "VIDEO", "R2", None, 57, "1_2", None, None, True, 1, 0)
    (video,) = read_sheet(spreadsheet(tmp_path / "kim.xlsx", header, row)).sheet.rows
    assert video.key == SheetKey("0012", 2, "20210115", "video")
    assert (video.zone, video.sliding, video.score_aligned) == ("R2", True, False)


def test_headers_differ_in_case_spaces_and_the_published_misspelling(tmp_path: Path) -> None:
    header = "patientid, DATA_IDX ,StudyDate,data_type,point  zone,a-line,B-LINE,Confluent\tB-line,consolidation"
    text = header + ',"pleural\neffusion",LUNG SLIDING,Lung Ultrasoung Score\n90000001,2,,video,,,1_2,,,,,1\n'
    reading = read_sheet(write(tmp_path / "kim.csv", text))
    assert (reading.layout, reading.warnings, reading.problems) == (SheetLayout.TEMPLATE, (), ())
    assert reading.sheet.rows[0].lus_score == LusScore(1)


def test_a_merged_sheet_is_known_without_its_index_too(tmp_path: Path) -> None:
    text = "\n".join(line.partition(",")[2] for line in MERGED.splitlines())
    reading = read_sheet(write(tmp_path / "a.csv", text))
    assert (reading.layout, reading.warnings, len(reading.sheet.rows)) == (SheetLayout.MERGED, (), 3)


def test_the_name_that_pandas_gives_the_index_is_none(tmp_path: Path) -> None:
    reading = read_sheet(write(tmp_path / "a.csv", "Unnamed: 0" + MERGED))
    assert (reading.layout, reading.warnings) == (SheetLayout.MERGED, ())
    assert [row.extra for row in reading.sheet.rows] == [{"index": "0"}, {"index": "7"}, {"index": "421"}]


def test_a_hidden_worksheet_comes_last(tmp_path: Path) -> None:
    path = spreadsheet(tmp_path / "kim.xlsx", COLUMNS[SheetLayout.READER], (1, "0012", 2, None, "video"))
    book = openpyxl.load_workbook(path)
    old = book.copy_worksheet(book[book.sheetnames[0]])
    old["B2"] = "0013"
    old.sheet_state = "hidden"
    book.move_sheet(old, -1)
    book.active = 1
    book.save(path)
    (row,) = read_sheet(path).sheet.rows
    assert row.study_id == "0012_2"


def test_a_title_above_the_header_and_unknown_columns_are_kept_out_of_the_way(tmp_path: Path) -> None:
    header = (*COLUMNS[SheetLayout.TEMPLATE], "Remark", None, "Remark")
    row = ("90000001", 2, None, "video", *[None] * 8, "look again", "x", "and again")
    path = spreadsheet(tmp_path / "kim.xlsx", ("Labels of May",), (), header, row)
    reading = read_sheet(path)
    assert reading.sheet.rows[0].extra == {"Remark": "look again", "column 14": "x", "Remark (2)": "and again"}
    assert len(reading.warnings) == 3


def test_the_external_images_say_present_absent_and_nothing_of_confluent(tmp_path: Path) -> None:
    text = "filename,A,B,Effusion,Consolidation,probe\n12/3_57.png,1,0,0,1,convex\n12/4_56.png,0,1,0,0,linear\n"
    reading = read_sheet(write(tmp_path / "cauh.csv", text))
    first, second = reading.sheet.rows
    assert reading.layout is SheetLayout.EXTERNAL
    assert labels(first) == {"A-line": "1", "Consolidation": "1"}
    assert labels(second) == {"B-line": "1"}
    assert [p for p in TRACK_PATTERNS if first.unlooked_frames(p)] == [Pattern.CONFLUENT_B_LINE]
    assert (first.key.patient_id, first.video_id, first.extra) == ("12", "12/3_57.png", {"probe": "convex"})
    assert (first.study_id, second.study_id, first.is_still) == ("12_300057", "12_400056", True)


def test_lengths_decide_what_lies_beyond_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", MERGED)
    lengths = {"90000001_2": 90, "0012_2": 152}
    reading = read_sheet(path, lengths=lengths)
    assert [str(problem) for problem in reading.problems] == [
        "a.csv, row 2, column B-line: found '44_100', which ends after frame 90, the last one of the video; correct "
        "the numbers."
    ]
    assert [row.study_id for row in reading.sheet.rows] == ["90000001_3", "0012_2"]
    clipped = read_sheet(path, lengths=lengths, beyond_end="clip")
    assert not clipped.problems
    assert clipped.sheet.rows[0].frames(Pattern.B_LINE).label == "1_24, 44_90"
    assert [str(warning) for warning in clipped.warnings] == [
        "a.csv, row 2, column B-line: '44_100' ends after frame 90, the last one; it is read as 44_90."
    ]


def test_a_still_that_is_a_video_elsewhere_is_a_problem(tmp_path: Path) -> None:
    (problem,) = read_sheet(write(tmp_path / "a.csv", MERGED), lengths={"90000001_3": 152}).problems
    assert str(problem) == (
        "a.csv, row 3, column Data_type: found image, but 90000001_3 is a video of 152 frames; correct the cell."
    )


def test_the_exact_published_headers_are_written(tmp_path: Path) -> None:
    sheet = LabelSheet("kim", ())
    key = "PatientID,Data_idx,StudyDate,Data_type,"
    patterns = "A-line,B-line,Confluent B-line,Consolidation,Pleural effusion,Lung sliding,"
    expected = {
        SheetLayout.TEMPLATE: key + "Point Zone," + patterns + "Lung Ultrasoung Score\n",
        SheetLayout.DEVELOPMENT: key + "Point Zone," + patterns + "Lung Ultrasound Score,LUS score align,study_id\n",
        SheetLayout.MERGED: "," + key + patterns + "Lung Ultrasound Score,study_id\n",
        SheetLayout.LEADER: '"Patient \nnumber",'
        + (key + "Point Zone," + patterns + "Lung Ultrasound Score Leader,Lung Ultrasound Score Final\n"),
        SheetLayout.READER: "Patient number,"
        + (key + "Point Zone," + patterns + "Lung Ultrasound Score,LUS score align\n"),
    }
    assert set(expected) == set(COLUMNS)
    for layout, header in expected.items():
        write_sheet(tmp_path / "kim.csv", sheet, layout)
        assert (tmp_path / "kim.csv").read_text() == header


def some_rows() -> tuple[SheetRow, ...]:
    frames = (SpanSet.of(Span(0, 24), Span(43, 100)), *(SpanSet() for _ in range(4)))
    row = SheetRow(SheetKey("0012", 2, "20210115", "video"), frames, n_frames=152, video_id="1.2.3")
    unlooked = (SpanSet.of(Span(24, 43)), *(SpanSet() for _ in range(4)))
    return (
        row,
        replace(row, key=SheetKey("0012", 3), finalised=False, unlooked=unlooked, video_id="1.2.4"),
        replace(row, key=SheetKey("0012", 4), exclusion="linear probe"),
        replace(row, key=SheetKey("0012", 5), unlooked=unlooked),
        replace(row, key=SheetKey("0012", 6), finalised=False),
    )


def test_only_finished_videos_are_written_and_the_others_are_listed_beside(tmp_path: Path) -> None:
    written = write_sheet(tmp_path / "kim.xlsx", LabelSheet("kim", some_rows()), SheetLayout.DEVELOPMENT)
    assert (written.n_rows, len(written.left_out)) == (1, 4)
    assert [row.study_id for row in read_sheet(tmp_path / "kim.xlsx").sheet.rows] == ["0012_2"]
    assert written.left_out_path == tmp_path / "kim_not_included.csv"
    assert written.left_out_path.read_text() == (
        "study_id,video_id,reason,frames not looked at\n"
        "0012_3,1.2.4,not finalised; some frames were not looked at,25_43\n"
        "0012_4,1.2.3,excluded: linear probe,\n"
        "0012_5,1.2.3,some frames were not looked at,25_43\n"
        "0012_6,1.2.3,not finalised,\n"
    )


def test_a_sheet_never_holds_what_reading_it_would_refuse(tmp_path: Path) -> None:
    first, *_ = some_rows()
    rows = (replace(first, n_frames=60), replace(first, key=SheetKey("0012", 3, "", "image"), n_frames=None))
    written = write_sheet(tmp_path / "kim.csv", LabelSheet("kim", rows), SheetLayout.READER)
    assert [out.reason for out in written.left_out] == [
        "its intervals end after frame 60, the last",
        "its intervals end after frame 1, the last",
    ]


def test_a_list_of_an_earlier_sheet_does_not_stay_beside_a_complete_one(tmp_path: Path) -> None:
    write_sheet(tmp_path / "kim.csv", LabelSheet("kim", some_rows()), SheetLayout.DEVELOPMENT)
    written = write_sheet(tmp_path / "kim.csv", LabelSheet("kim", some_rows()[:1]), SheetLayout.DEVELOPMENT)
    assert written.left_out_path is None
    assert (tmp_path / "kim_not_included.csv").read_text() == "study_id,video_id,reason,frames not looked at\n"


def test_without_the_list_no_sheet_is_written(tmp_path: Path) -> None:
    sheet = LabelSheet("kim", some_rows())
    write_sheet(tmp_path / "kim.csv", sheet, SheetLayout.TEMPLATE)
    before = (tmp_path / "kim.csv").read_bytes()
    (tmp_path / "kim_not_included.csv").unlink()
    (tmp_path / "kim_not_included.csv").mkdir()
    with pytest.raises(WriteError, match=r"kim_not_included\.csv cannot be written"):
        write_sheet(tmp_path / "kim.csv", sheet, SheetLayout.DEVELOPMENT)
    assert (tmp_path / "kim.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kim.csv", "kim_not_included.csv"]


def test_other_endings_and_layouts_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    sheet = LabelSheet("kim", some_rows())
    with pytest.raises(LabelSheetError) as refused:
        write_sheet(tmp_path / "kim.xls", sheet, SheetLayout.MERGED)
    assert str(refused.value) == "kim.xls is no name for a sheet; choose one that ends in .csv or .xlsx."
    with pytest.raises(ValueError, match="external image sheet"):
        write_sheet(tmp_path / "kim.csv", sheet, SheetLayout.EXTERNAL)
    with pytest.raises(LabelSheetError, match=r"ends in \.csv\.$"):
        write_frame_table(tmp_path / "kim.xlsx", sheet)
    assert list(tmp_path.iterdir()) == []


def test_interval_cells_of_a_spreadsheet_are_text_even_where_they_are_empty(tmp_path: Path) -> None:
    write_template(tmp_path / "blank.xlsx", [SheetKey("0012", 2, "20210115"), SheetKey("=1+1", 3)])
    book = openpyxl.load_workbook(tmp_path / "blank.xlsx")
    sheet = book[book.sheetnames[0]]
    assert [sheet.cell(2, column).number_format for column in range(6, 11)] == ["@"] * 5
    assert [sheet.column_dimensions[column].number_format for column in "FGHIJ"] == ["@"] * 5
    assert sheet.freeze_panes == "A2"
    assert (sheet["A2"].value, sheet["A3"].value, sheet["A3"].data_type) == ("0012", "=1+1", "s")


def test_a_blank_template_has_a_row_per_key(tmp_path: Path) -> None:
    keys = [SheetKey("0012", 2, "20210115"), SheetKey("0012", 3, "", "image")]
    written = write_template(tmp_path / "blank.csv", keys)
    reading = read_sheet(tmp_path / "blank.csv")
    assert (written.n_rows, reading.layout, reading.problems) == (2, SheetLayout.TEMPLATE, ())
    assert [row.key for row in reading.sheet.rows] == keys
    assert not any(row.patterns_present() for row in reading.sheet.rows)


PATIENTS = st.from_regex(r"[0-9]{1,8}|[A-Z][A-Za-z0-9-]{0,6}|[a-z]{1,4}_[0-9]{1,3}", fullmatch=True)
WORDS = st.text(alphabet="RL 123456abcé,;\"'\n_", max_size=12).map(lambda text: " ".join(text.replace("'", "").split()))


def frames_within(n_frames: int) -> st.SearchStrategy[SpanSet]:
    frame = st.integers(1, n_frames)
    span = st.tuples(frame, frame).map(lambda pair: Span(min(pair) - 1, max(pair)))
    return st.one_of(st.just(SpanSet()), st.lists(span, max_size=5).map(SpanSet.union))


@st.composite
def sheet_rows(draw: st.DrawFn, finished: bool) -> SheetRow:
    n_frames = draw(st.one_of(st.just(1), st.integers(2, 200)))
    day = draw(st.one_of(st.just(""), st.dates().map(lambda day: f"{day.year:04}{day:%m%d}")))
    kind = "image" if n_frames == 1 else "video"
    present = tuple(draw(frames_within(n_frames)) for _ in TRACK_PATTERNS)
    row = SheetRow(
        SheetKey(draw(PATIENTS), draw(st.integers(0, 99)), day, kind),
        present,
        n_frames=n_frames,
        zone=draw(WORDS),
        sliding=draw(st.sampled_from([None, False, True])),
        lus_score=draw(st.sampled_from([None, LusScore(3), *LUS_SCORES])),
        score_aligned=draw(st.sampled_from([None, False, True])),
    )
    if finished:
        return row
    unlooked = tuple(draw(frames_within(n_frames)) - stated for stated in present)
    return replace(
        row,
        unlooked=unlooked,
        score_aligned=None,
        video_id=draw(st.from_regex(r"(1(\.[1-9][0-9]{0,5}){3})?", fullmatch=True)),
        finalised=draw(st.booleans()),
        exclusion=draw(WORDS),
    )


def sheets(finished: bool) -> st.SearchStrategy[LabelSheet]:
    rows = st.lists(sheet_rows(finished), max_size=6, unique_by=lambda row: row.study_id)
    return rows.map(lambda unique: LabelSheet("kim", tuple(unique)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(sheets(finished=True), st.sampled_from(list(COLUMNS)), st.sampled_from([".csv", ".xlsx"]))
def test_a_written_sheet_is_read_back_equal(sheet: LabelSheet, layout: SheetLayout, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"kim{suffix}"
        write_sheet(path, sheet, layout)
        reading = read_sheet(path, lengths=lengths_of(sheet))
    assert reading.problems == ()
    assert reading.layout is layout
    has_zone, has_align = "Point Zone" in COLUMNS[layout], "LUS score align" in COLUMNS[layout]
    assert [replace(row, extra={}) for row in reading.sheet.rows] == [
        replace(row, zone=row.zone if has_zone else "", score_aligned=row.score_aligned if has_align else None)
        for row in sheet.rows
    ]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_sheet_that_went_through_pandas_is_read_equal(suffix: str, tmp_path: Path) -> None:
    # pandas makes floats of columns with blanks and takes the leading zeros of PatientID; study_id still has them.
    present = (SpanSet.of(Span(56, 57)), *(SpanSet() for _ in range(4)))
    rows = (
        SheetRow(SheetKey("0012", 2, "20210115"), present, n_frames=152, sliding=True, lus_score=LusScore(0)),
        SheetRow(SheetKey("0013", 2), n_frames=152, score_aligned=False),
    )
    path = tmp_path / f"kim{suffix}"
    write_sheet(path, LabelSheet("kim", rows), SheetLayout.DEVELOPMENT)
    frame = pandas.read_csv(path) if suffix == ".csv" else pandas.read_excel(path)
    frame["PatientID"] = frame["PatientID"].astype(float)
    frame.to_csv(path) if suffix == ".csv" else frame.to_excel(path)
    reading = read_sheet(path, lengths={row.study_id: 152 for row in rows})
    assert reading.problems == ()
    assert [replace(row, extra={}) for row in reading.sheet.rows] == list(rows)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(sheets(finished=False))
def test_a_frame_table_keeps_all_videos_and_states(sheet: LabelSheet) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kim_frames.csv"
        written = write_frame_table(path, sheet)
        reading = read_sheet(path)
    assert (written.left_out, reading.problems, reading.warnings) == ((), (), () if sheet.rows else reading.warnings)
    assert reading.layout is SheetLayout.FRAME_TABLE
    assert reading.sheet.rows == sheet.rows
    assert reading.sheet.name == ("kim" if sheet.rows else "kim_frames.csv")


def test_a_frame_table_is_long_form(tmp_path: Path) -> None:
    absent = (SpanSet(),) * 4
    row = SheetRow(
        SheetKey("0012", 2, "20210115"),
        (SpanSet.of(Span(1, 2)), *absent),
        (SpanSet.of(Span(0, 1)), *absent),
        n_frames=3,
        video_id="1.2.3",
        zone="R2",
        sliding=False,
        lus_score=LusScore(0),
        finalised=False,
    )
    write_frame_table(tmp_path / "kim.csv", LabelSheet("kim", (row,)))
    lines = (tmp_path / "kim.csv").read_text().splitlines()
    assert lines[0] == (
        "reader,study_id,PatientID,Data_idx,StudyDate,Data_type,video_id,n_frames,Point Zone,Lung sliding,"
        "Lung Ultrasound Score,exclusion,finalised,frame,pattern,state"
    )
    same = "kim,0012_2,0012,2,20210115,video,1.2.3,3,R2,0,0,,0"
    assert lines[1:4] == [f"{same},1,A-line,not looked at", f"{same},2,A-line,present", f"{same},3,A-line,absent"]
    assert len(lines) == 1 + 3 * 5


def test_frames_without_a_row_in_a_frame_table_were_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "kim.csv"
    write_frame_table(path, LabelSheet("kim", some_rows()[:1]))
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if ",30,B-line," not in line and ",1,A-line," not in line))
    (row,) = read_sheet(path).sheet.rows
    assert row.unlooked_frames(Pattern.B_LINE).label == "30"
    assert (row.unlooked_frames(Pattern.A_LINE).label, row.frames(Pattern.A_LINE).label) == ("1", "2_24, 44_100")


def test_videos_whose_frames_cannot_be_counted_are_listed_beside_a_frame_table(tmp_path: Path) -> None:
    first, *_ = some_rows()
    rows = (replace(first, n_frames=None), replace(first, key=SheetKey("0012", 9), n_frames=60))
    written = write_frame_table(tmp_path / "kim.csv", LabelSheet("kim", rows))
    assert [out.reason for out in written.left_out] == [
        "its number of frames is unknown",
        "its intervals end after frame 60, the last",
    ]
    assert (tmp_path / "kim_not_included.csv").read_text().count("\n") == 3


def test_the_made_up_data_sets_survive_every_layout(tmp_path: Path) -> None:
    version_1, version_2 = development_sheets()
    assert [sum(not row.is_still for row in sheet.rows) for sheet in (version_1, version_2)] == [341, 345]
    assert sum(row.n_frames or 0 for row in version_1.rows if not row.is_still) == 47_849
    assert sum(row.n_frames or 0 for row in version_2.rows if not row.is_still) == 48_457
    temporal = temporal_sheet()
    assert (len(temporal.rows), sum(row.n_frames or 0 for row in temporal.rows)) == (56, 8_508)
    for sheet, layout in ((version_1, SheetLayout.MERGED), (version_2, SheetLayout.MERGED)):
        write_sheet(tmp_path / "sheet.xlsx", sheet, layout)
        reading = read_sheet(tmp_path / "sheet.xlsx", lengths=lengths_of(sheet))
        assert tuple(replace(row, extra={}) for row in reading.sheet.rows) == sheet.rows
    write_frame_table(tmp_path / "frames.csv", temporal)
    assert read_sheet(tmp_path / "frames.csv").sheet == temporal


def broken(data: bytes) -> st.SearchStrategy[bytes]:
    """The file cut off, or with some bytes changed."""
    changes = st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), min_size=1, max_size=8)

    def changed(at: list[tuple[int, int]]) -> bytes:
        copy = bytearray(data)
        for place, value in at:
            copy[place] = value
        return bytes(copy)

    return st.one_of(st.integers(1, len(data) - 1).map(lambda end: data[:end]), changes.map(changed))


def example(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_sheet(path, LabelSheet("kim", some_rows()[:1]), SheetLayout.MERGED)
        return path.read_bytes()


@settings(max_examples=150)
@given(st.one_of(broken(example("kim.xlsx")), broken(example("kim.csv")), broken(MERGED.encode("utf-16"))))
def test_a_broken_file_is_read_or_refused_with_a_sentence(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kim.xlsx"
        path.write_bytes(data)
        sentences = told(path)
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in sentences)


def told(path: Path) -> list[str]:
    """Everything a person is told of a file."""
    try:
        reading = read_sheet(path)
    except LabelSheetError as refused:
        return [str(refused)]
    return [str(message) for message in (*reading.problems, *reading.warnings)]
