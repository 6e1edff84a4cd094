"""`luv labels`, through its entry point, on real files."""

from __future__ import annotations

import csv
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from luv_viewer.analysis.sheet_input import load_sheet
from luv_viewer.cli import main
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.lus_score import LusScore
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.project import Project
from luv_viewer.domain.reader_file import Reader, SheetKey
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.label_sheet_file import read_sheet, write_sheet, write_template
from luv_viewer.io.project_file import load_project
from luv_viewer.io.project_index import read_index
from luv_viewer.io.sheet_table import TableToWrite, write_table
from tests.builders import moving_speckle, write_mp4
from tests.builders_project import KIM, LEE, annotation, make_project, records_of, write_ai, write_reader_file


@dataclass(frozen=True)
class Ran:
    """Exit status and what was written to the terminal."""

    status: int
    out: str
    err: str


Luv = Callable[..., Ran]


@pytest.fixture
def luv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Luv:
    """`luv labels ARGUMENTS`."""
    monkeypatch.setenv("LUV_CONFIG_DIR", str(tmp_path / "config"))

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = main(["labels", *map(str, arguments)])
        written = capsys.readouterr()
        return Ran(status, written.out, written.err)

    return run


def _row(number: int, pattern: Pattern, label: str, score: str, n_frames: int | None = None) -> SheetRow:
    frames = SpanSet.of(*(Span.from_label(part) for part in label.split(", "))) if label else SpanSet()
    present = tuple(frames if p is pattern else SpanSet() for p in TRACK_PATTERNS)
    return SheetRow(SheetKey("0012", number, "20240131"), present, n_frames=n_frames, lus_score=LusScore.parse(score))


@pytest.fixture
def sheets(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Two readers and a senior. Row 2: equal scores. Row 3: scores differ. Row 4: no common frame. Row 5: only in A."""
    b = Pattern.B_LINE
    rows = {
        "kim": (_row(2, b, "15_32", "1"), _row(3, b, "1_24", "1"), _row(4, b, "1_9", "1"), _row(5, b, "", "0")),
        "lee": (_row(2, b, "24_33", "1"), _row(3, b, "1_20", "2"), _row(4, b, "20_30", "1")),
        "senior": (_row(2, b, "1_2", "1"), _row(3, b, "2_22", "2")),
    }
    paths = []
    for name, some in rows.items():
        paths.append(tmp_path / f"{name}.csv")
        write_sheet(paths[-1], LabelSheet(name, some), SheetLayout.DEVELOPMENT)
    return paths[0], paths[1], paths[2]


@pytest.fixture
def lengths(tmp_path: Path) -> Path:
    path = tmp_path / "lengths.csv"
    path.write_text("study_id,n_frames\n" + "".join(f"0012_{i},40\n" for i in (2, 3, 4, 5)))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which kim and lee have begun and the AI was run; copied by tests that change it."""
    project, index = make_project(tmp_path_factory.mktemp("ward") / "project")
    records = records_of(index)
    done, begun = annotation(Pattern.B_LINE, "1_24"), annotation(Pattern.A_LINE, "1_5", finalised=False)
    nothing = replace(annotation(Pattern.B_LINE), finalised=True)
    write_reader_file(project.reader_path("kim"), KIM, {records["R1"]: done, records["R2"]: begun})
    write_reader_file(project.reader_path("lee"), LEE, {records["R1"]: nothing, records["R2"]: begun})
    write_ai(project.folder / "ai", {f"R{i}": (records[f"R{i}"].video_id, p) for i, p in ((1, 0.97), (3, 0.52))})
    return project


def _labels(path: Path, pattern: Pattern = Pattern.B_LINE) -> dict[str, str]:
    return {row.study_id: row.frames(pattern).label for row in read_sheet(path).sheet.rows}


def _lines(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


# check


def test_check_of_good_sheets_says_a_line_each(luv: Luv, sheets: tuple[Path, Path, Path], lengths: Path) -> None:
    ran = luv("check", *sheets, "--lengths", lengths)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == (
        "kim.csv: development sheet, 4 rows (4 videos, 0 stills), 1 patient, 1 without any pattern, 0 problems, "
        "0 warnings"
    )


def test_check_names_row_and_column_of_every_problem(luv: Luv, tmp_path: Path, lengths: Path) -> None:
    bad = tmp_path / "bad.csv"
    header = ["PatientID", "Data_idx", "StudyDate", "Data_type", "Point Zone", *(p.value for p in TRACK_PATTERNS)]
    rows = [
        ["0012", 2, "20240131", "video", "", "0_5", "9_3", "", "", ""],
        ["0012", 3, "20240131", "video", "", "", "30_41", "", "", ""],
        ["0012", 4, "20240131", "video", "", "1~4", "", "", "", ""],
    ]
    write_table(bad, TableToWrite([*header, "Lung sliding", "Lung Ultrasound Score"], [[*r, "", ""] for r in rows]))
    ran = luv("check", bad, "--lengths", lengths)
    assert ran.status == 1
    lines = ran.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error"] * 3 + ["warning"] * (len(lines) - 3)
    assert "bad.csv, row 2, column A-line: found '0_5'; frames are counted from 1" in lines[0]
    assert "bad.csv, row 2, column B-line" in lines[1]
    assert "bad.csv, row 3, column B-line: found '30_41', which ends after frame 40" in lines[2]
    clipped = luv("check", bad, "--lengths", lengths, "--clip-to-length")
    assert clipped.err.count("error: ") == 2
    assert "'30_41' ends after frame 40, the last one; it is read as 30_40." in clipped.err


def test_check_goes_on_after_a_file_that_cannot_be_read(
    luv: Luv, sheets: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)))
    ran = luv("check", tmp_path / "none.csv", tmp_path / "noise.csv", sheets[0])
    assert ran.status == 1
    assert "none.csv does not exist" in ran.err
    assert len([line for line in ran.err.splitlines() if line.startswith("error: ")]) == 2
    assert ran.out.startswith("kim.csv: development sheet, 4 rows")


# merge


@pytest.mark.parametrize(
    ("mode", "merged"),
    [
        ("and", {"0012_2": "24_32", "0012_3": "1_20", "0012_4": ""}),
        ("or", {"0012_2": "15_33", "0012_3": "1_24", "0012_4": "1_9, 20_30"}),
        ("adjudicated", {"0012_2": "24_32", "0012_3": "2_22", "0012_4": ""}),
    ],
)
def test_merge_writes_the_sheet_and_says_what_was_left_out(
    luv: Luv, sheets: tuple[Path, Path, Path], tmp_path: Path, mode: str, merged: dict[str, str]
) -> None:
    out, report = tmp_path / "merged.csv", tmp_path / "report.csv"
    senior = ["--leader", sheets[2]] if mode == "adjudicated" else []
    ran = luv("merge", *sheets[:2], "-o", out, "--mode", mode, "--report", report, *senior)
    assert ran.status == 0
    assert read_sheet(out).layout is SheetLayout.MERGED
    assert _labels(out) == merged
    assert "left out: 0012_5: only in kim.csv, not in lee.csv." in ran.err
    assert ("look at: 0012_4: no common frame: B-line." in ran.err) == (mode != "or")
    lines = _lines(report)
    assert lines[0][:3] == ["study_id", "merged", "reason"]
    assert [line[:2] for line in lines[1:]] == [["0012_2", "1"], ["0012_3", "1"], ["0012_4", "1"], ["0012_5", "0"]]
    assert float(lines[1][lines[0].index("B-line Jaccard")]) == pytest.approx(9 / 19, abs=1e-6)


def test_majority_exclusions_and_other_layouts(luv: Luv, sheets: tuple[Path, Path, Path], tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("study_id,reason,applies_to\n0012_3,waiting for review,\n")
    merged = tmp_path / "merged.xlsx"
    how = ["--mode", "majority", "--exclusions", tmp_path / "out.csv", "--layout", "development"]
    ran = luv("merge", *sheets, "-o", merged, *how)
    assert ran.status == 0, ran.err
    assert _labels(merged) == {"0012_2": "24_32"}
    assert "left out: 0012_3: waiting for review." in ran.err
    assert luv("merge", *sheets, "-o", merged, *how, "--k", "3").status == 0
    assert _labels(merged) == {"0012_2": ""}


def test_merge_takes_reader_files_and_keeps_unfinished_videos_for_the_frame_table(
    luv: Luv, made: Project, tmp_path: Path
) -> None:
    files = [made.reader_path(name) for name in ("kim", "lee")]
    ran = luv("merge", *files, "-o", tmp_path / "m.csv", "--mode", "or")
    assert ran.status == 0
    assert _labels(tmp_path / "m.csv") == {"1_1": "1_24"}
    assert "m_not_included.csv" in ran.out
    assert luv("merge", *files, "-o", tmp_path / "f.csv", "--mode", "or", "--layout", "frames").status == 0
    assert _labels(tmp_path / "f.csv", Pattern.A_LINE) == {"1_1": "", "1_2": "1_5"}


def test_merge_of_two_sheets_of_one_name_tells_them_apart(
    luv: Luv, sheets: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    other = shutil.copy(sheets[1], tmp_path / "b" / "kim.csv")
    ran = luv("merge", sheets[0], other, "-o", tmp_path / "m.csv", "--mode", "and")
    assert ran.status == 0
    assert f"only in {sheets[0]}, not in {other}" in ran.err


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["-o", "m.csv"], 2, "Missing option '--mode'"),
        (["-o", "m.csv", "--mode", "best"], 2, "Invalid value for '--mode'"),
        (["-o", "m.csv", "--mode", "majority"], 2, "merging by majority needs at least 3 sheets, got 2."),
        (["-o", "m.csv", "--mode", "and", "--k", "2"], 2, "only a majority has a number of readers"),
        (["-o", "m.txt", "--mode", "and"], 1, "m.txt is no name for a sheet; choose one that ends in .csv or .xlsx."),
        (["-o", "no/m.csv", "--mode", "and"], 1, "cannot be written: its folder does not exist"),
        (["-o", "m.csv", "--mode", "and", "--exclusions", "no.csv"], 1, "no.csv"),
        (["-o", "m.csv", "--mode", "and", "--leader", "no.csv"], 1, "no.csv does not exist"),
    ],
)
def test_merge_refuses_what_cannot_be_done_and_writes_nothing(
    luv: Luv,
    sheets: tuple[Path, Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    ran = luv("merge", *sheets[:2], *arguments)
    assert (ran.status, sentence in ran.err) == (status, True), ran.err
    assert {path for path in tmp_path.iterdir() if path.name != "config"} <= before


def test_a_damaged_list_of_exclusions_stops_the_merge(
    luv: Luv, sheets: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "out.csv").write_text("study_id,reason,applies_to\n0012_3,,\n")
    ran = luv("merge", *sheets[:2], "-o", tmp_path / "m.csv", "--mode", "and", "--exclusions", tmp_path / "out.csv")
    assert ran.status == 1
    assert "Nothing was written" in ran.err
    assert not (tmp_path / "m.csv").exists()


# agreement


def test_agreement_prints_a_table_and_lists_what_differs(
    luv: Luv, sheets: tuple[Path, Path, Path], lengths: Path, tmp_path: Path
) -> None:
    numbers, differ = tmp_path / "numbers.csv", tmp_path / "differ.csv"
    ran = luv("agreement", *sheets[:2], "--lengths", lengths, "-o", numbers, "--disagreements", differ)
    assert ran.status == 0, ran.err
    (b_line,) = [line.split() for line in ran.out.splitlines() if line.startswith("B-line")]
    # 120 frames: both 9 + 20, only A 9 + 4 + 9, only B 1 + 11.
    assert b_line[1:3] == ["120", f"{(120 - 34) / 120:.3f}"]
    kappa = (86 / 120 - (51 * 41 + 69 * 79) / 120**2) / (1 - (51 * 41 + 69 * 79) / 120**2)
    assert b_line[3] == f"{kappa:.3f}"
    assert "LUS score: 2 of 3 rows aligned" in ran.out
    assert "note: 0012_5 is only in kim.csv." in ran.err
    assert _lines(differ)[1:] == [
        ["0012_2", "B-line", "15", "23", "only A", "kim.csv", "lee.csv"],
        ["0012_2", "B-line", "33", "33", "only B", "kim.csv", "lee.csv"],
        ["0012_3", "B-line", "21", "24", "only A", "kim.csv", "lee.csv"],
        ["0012_4", "B-line", "1", "9", "only A", "kim.csv", "lee.csv"],
        ["0012_4", "B-line", "20", "30", "only B", "kim.csv", "lee.csv"],
        ["0012_3", "", "", "", "LUS score 1 in A, 2 in B", "kim.csv", "lee.csv"],
    ]
    assert _lines(numbers)[0][:4] == ["sheet_a", "sheet_b", "pattern", "measure"]


def test_agreement_of_one_pattern_without_lengths(luv: Luv, sheets: tuple[Path, Path, Path]) -> None:
    ran = luv("agreement", *sheets[:2], "--pattern", "B-line", "--cluster", "patient")
    assert ran.status == 0
    assert "Consolidation" not in ran.out
    assert "The number of frames is unknown" in ran.err


def test_agreement_with_a_sheet_that_is_none(luv: Luv, sheets: tuple[Path, Path, Path], tmp_path: Path) -> None:
    ran = luv("agreement", sheets[0], tmp_path / "none.csv")
    assert ran.status == 1
    assert ran.err.strip() == f"{tmp_path / 'none.csv'} does not exist; choose another file."


# convert


@pytest.mark.parametrize("form", ["template", "development", "leader", "reader"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_convert_between_layouts_keeps_the_frames(
    luv: Luv, sheets: tuple[Path, Path, Path], tmp_path: Path, form: str, ending: str
) -> None:
    out = tmp_path / f"out.{ending}"
    assert luv("convert", sheets[0], "-o", out, "--to", form).status == 0
    assert _labels(out) == _labels(sheets[0])


def test_convert_of_a_reader_file_leaves_out_what_is_not_finalised(luv: Luv, made: Project, tmp_path: Path) -> None:
    ran = luv("convert", made.reader_path("kim"), "-o", tmp_path / "kim.csv")
    assert ran.status == 0
    assert _labels(tmp_path / "kim.csv") == {"1_1": "1_24"}
    assert "left out: 1_2: not finalised." in ran.err


def test_convert_to_frames_and_back_needs_lengths(
    luv: Luv, sheets: tuple[Path, Path, Path], lengths: Path, tmp_path: Path
) -> None:
    frames, back = tmp_path / "frames.csv", tmp_path / "back.csv"
    assert "its number of frames is unknown" in luv("convert", sheets[0], "-o", frames, "--to", "frames").err
    assert luv("convert", sheets[0], "-o", frames, "--to", "frames", "--lengths", lengths).status == 0
    assert len(_lines(frames)) == 1 + 4 * 40 * 5
    assert luv("convert", frames, "-o", back).status == 0
    assert _labels(back) == _labels(sheets[0])


def test_convert_to_clips(luv: Luv, sheets: tuple[Path, Path, Path], lengths: Path, tmp_path: Path) -> None:
    out = tmp_path / "clips.csv"
    ran = luv("convert", sheets[0], "-o", out, "--to", "clips", "--lengths", lengths)
    assert (ran.status, ran.out) == (0, f"{out}: 8 clips\n")
    refused = luv("convert", sheets[0], "-o", out, "--to", "clips")
    assert refused.status == 1
    assert "the number of frames of this video is unknown" in refused.err


@pytest.mark.parametrize(("form", "more"), [("cvat", []), ("elan", ["--fps", "25"]), ("intervals", [])])
def test_convert_to_other_tools_and_back(
    luv: Luv,
    sheets: tuple[Path, Path, Path],
    lengths: Path,
    tmp_path: Path,
    form: str,
    more: list[str],
) -> None:
    out = tmp_path / ("table.csv" if form == "intervals" else "out")
    ran = luv("convert", sheets[0], "-o", out, "--to", form, "--lengths", lengths, *more)
    assert ran.status == 0, ran.err
    assert "loss: LUS score of 4 rows has no place there." in ran.err
    files = [out] if form == "intervals" else sorted(out.iterdir())
    found: dict[str, str] = {}
    for path in files:
        back = tmp_path / f"{path.stem}_back.csv"
        assert luv("convert", path, "-o", back, "--lengths", lengths, "--unlabelled", "absent", *more).status == 0
        found |= _labels(back)
    assert found == _labels(sheets[0])


def test_elan_takes_its_times_from_the_project_and_one_video_is_one_file(
    luv: Luv, made: Project, tmp_path: Path
) -> None:
    row = load_sheet(made.reader_path("kim")).sheet.rows[0]
    write_sheet(tmp_path / "one.csv", LabelSheet("one", (replace(row, n_frames=None),)), SheetLayout.DEVELOPMENT)
    assert luv("convert", tmp_path / "one.csv", "-o", tmp_path / "a.eaf", "--lengths", made.folder).status == 0
    how = ["--lengths", made.folder, "--unlabelled", "absent"]
    assert luv("convert", tmp_path / "a.eaf", "-o", tmp_path / "back.csv", *how).status == 0
    assert _labels(tmp_path / "back.csv") == {"1_1": "1_24"}
    lengths = tmp_path / "lengths.csv"
    lengths.write_text("study_id,frames\n1_1,40\n")
    ran = luv("convert", tmp_path / "one.csv", "-o", tmp_path / "b.eaf", "--lengths", lengths)
    assert (ran.status, "give the frame rate with --fps" in ran.err) == (2, True)


def test_labels_of_a_real_cvat_export_say_nothing_of_the_other_frames(luv: Luv, data_dir: Path, tmp_path: Path) -> None:
    (folder,) = (data_dir / "cvat").iterdir()
    out = tmp_path / "cvat.csv"
    ran = luv("convert", folder, "-o", out, "--to", "template")
    assert "frames without a label count as not looked at, so no video is finalised." in ran.err
    assert read_sheet(out).sheet.rows == ()
    assert luv("convert", folder, "-o", out, "--to", "template", "--unlabelled", "absent").status == ran.status
    assert len(read_sheet(out).sheet.rows) >= 70
    frames = tmp_path / "frames.csv"
    luv("convert", folder, "-o", frames, "--to", "frames")
    rows = read_sheet(frames).sheet.rows
    assert len(rows) >= 70
    for row in rows:
        for present, unlooked in zip(row.present, row.unlooked, strict=True):
            assert len(present) + len(unlooked) == row.n_frames


def test_convert_asks_for_a_form_it_cannot_guess(luv: Luv, sheets: tuple[Path, Path, Path], tmp_path: Path) -> None:
    ran = luv("convert", sheets[0], "-o", tmp_path / "out.bin")
    assert (ran.status, "say with --to what out.bin shall be." in ran.err) == (2, True)
    none = luv("convert", sheets[0], "-o", tmp_path / "out", "--to", "cvat")
    assert none.status == 1
    assert "kim.csv holds no video that can be written; nothing was written." in none.err
    assert not (tmp_path / "out").exists()


# audit


def test_audit_of_whole_files_and_the_record_as_a_table(luv: Luv, made: Project, tmp_path: Path) -> None:
    kim = made.reader_path("kim")
    ran = luv("audit", kim, made.reader_path("lee"))
    assert (ran.status, ran.err, len(ran.out.splitlines())) == (0, "", 2)
    assert luv("audit", kim, "--log", tmp_path / "log.csv").status == 0
    lines = _lines(tmp_path / "log.csv")
    assert [line[3] for line in lines] == ["kind", "video", "edit", "video", "edit"]
    assert "present/B-line" in lines[2][lines[0].index("changes")]


def test_audit_names_the_first_broken_entry(luv: Luv, made: Project, tmp_path: Path) -> None:
    broken = tmp_path / "kim.luv"
    shutil.copy(made.reader_path("kim"), broken)
    with sqlite3.connect(broken) as con:
        for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            con.execute(f"DROP TRIGGER {name}")
        table = next(
            name
            for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if "verb" in [column[1] for column in con.execute(f"PRAGMA table_info({name})")]
        )
        con.execute(f"UPDATE {table} SET verb = 'nothing' WHERE number = 2")
    con.close()
    ran = luv("audit", broken)
    assert (ran.status, ran.out) == (1, "")
    assert "entry 2" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_audit_of_what_is_no_reader_file(
    luv: Luv, sheets: tuple[Path, Path, Path], made: Project, tmp_path: Path
) -> None:
    ran = luv("audit", tmp_path / "none.luv", sheets[0], made.reader_path("kim"))
    assert (ran.status, len(ran.err.splitlines()), len(ran.out.splitlines())) == (1, 2, 1)
    assert luv("audit", sheets[0], sheets[1], "--log", tmp_path / "log.csv").status == 2


# queue


def test_queue_of_a_reader_who_sees_the_ai(luv: Luv, made: Project, tmp_path: Path) -> None:
    out = tmp_path / "queue.csv"
    assert luv("queue", made.folder, "--reader", "lee", "-o", out).status == 0
    lines = _lines(out)
    assert lines[0] == ["place", "study_id", "video", "part", "why", "margin"]
    assert [line[1] for line in lines[1:]] == ["1_2", "1_3", "1_1"]
    assert "model says B-line 0.97, you stated none" in lines[3][4]
    of_file = luv("queue", made.reader_path("lee"))
    assert [line.split()[1] for line in of_file.out.splitlines()[1:]] == ["1_2", "1_3", "1_1"]
    alone = shutil.copy(made.reader_path("lee"), tmp_path / "lee.luv")
    ran = luv("queue", alone, "--ai", made.folder / "ai")
    assert [line.split()[1] for line in ran.out.splitlines()[1:]] == ["1_2", "1_1"]
    assert "margin" not in luv("queue", alone).out


def test_queue_of_a_blinded_reader_has_no_ai_and_opens_none(luv: Luv, made: Project, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(made.folder, folder)
    # A damaged table would be refused by anybody who opens it.
    (folder / "ai" / "summary.csv").write_text("nonsense")
    for source in ([folder, "--reader", "kim"], [folder / "readers" / "kim.luv"]):
        ran = luv("queue", *source)
        assert ran.status == 0, ran.err
        assert "margin" not in ran.out
        assert "1_2" in ran.out
    ran = luv("queue", folder, "--reader", "kim", "--ai", folder / "ai")
    assert (ran.status, "kim reads blinded" in ran.err) == (1, True)
    ran = luv("queue", folder, "--reader", "lee")
    assert (ran.status, "summary.csv" in ran.err) == (1, True)


def test_queue_of_a_project_file_that_blinds_later_wins_over_the_reader_file(
    luv: Luv, made: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(made.folder, folder)
    text = (folder / "project.json").read_text()
    (folder / "project.json").write_text(text.replace('"blinded": false', '"blinded": true'))
    (folder / "ai" / "summary.csv").write_text("nonsense")
    assert luv("queue", folder / "readers" / "lee.luv").status == 0


def test_queue_asks_whose_and_says_when_all_is_done(luv: Luv, made: Project, tmp_path: Path) -> None:
    ran = luv("queue", made.folder)
    assert (ran.status, "say whose queue with --reader; the readers are kim, lee, ann." in ran.err) == (2, True)
    assert "zoe is no reader of project Ward 3" in luv("queue", made.folder, "--reader", "zoe").err
    assert luv("queue", tmp_path).status == 1
    records = records_of(read_index(made.folder))
    done = annotation(Pattern.B_LINE, "1_24")
    path = write_reader_file(tmp_path / "pat.luv", Reader("pat"), {records["R1"]: done})
    assert luv("queue", path).out == "Nothing is left to do.\n"
    assert luv("queue", path, "--reader", "kim").status == 1


# project


def test_a_project_is_set_up_added_to_and_shown(luv: Luv, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"day{number}").mkdir()
        write_mp4(tmp_path / f"day{number}" / "R1.mp4", moving_speckle(4, number))
    folder = tmp_path / "project"
    people = ["--reader", "kim:annotator", "--reader", "lee:adjudicator", "--reader", "pat", "--blinded", "kim"]
    ran = luv("project", "create", folder, "--name", "Ward 3", *people, tmp_path / "day1")
    assert ran.status == 0, ran.err
    assert [(r.name, r.role.value, r.blinded) for r in load_project(folder).readers] == [
        ("kim", "annotator", True), ("lee", "adjudicator", False), ("pat", "annotator", False),
    ]  # fmt: skip
    assert luv("project", "add", folder, tmp_path / "day1", tmp_path / "day2").status == 0
    assert [v.key.study_id for v in read_index(folder).videos if v.key] == ["1_1", "2_1"]
    shown = luv("project", "show", folder)
    assert shown.status == 0
    assert "2 videos, 0 stills, 2 patients" in shown.out
    assert "kim  annotator    blinded  has not begun" in shown.out


def test_a_template_gives_the_rows_and_what_does_not_fit_is_said(luv: Luv, tmp_path: Path) -> None:
    (tmp_path / "in" / "0012").mkdir(parents=True)
    for number in (2, 7):
        write_mp4(tmp_path / "in" / "0012" / f"{number:05d}.mp4", moving_speckle(4, number))
    template = tmp_path / "template.csv"
    write_template(template, [SheetKey("0012", 2, "20240131"), SheetKey("0012", 3, "20240131")])
    ran = luv("project", "create", tmp_path / "p", "--name", "W", tmp_path / "in", "--template", template)
    assert ran.status == 0
    assert "warning: no video was found for row 0012_3 of template.csv." in ran.err
    assert "warning: 00007.mp4 has no row in template.csv." in ran.err
    assert [v.key.study_id if v.key else None for v in read_index(tmp_path / "p").videos] == ["0012_2", None]


def test_a_project_that_cannot_be_made_leaves_nothing(luv: Luv, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    assert "does not exist" in luv("project", "create", folder, "--name", "W", tmp_path / "none").err
    wrong = luv("project", "create", folder, "--name", "W", "--reader", "kim:boss")
    assert (wrong.status, "--reader kim:boss: expected NAME:ROLE with one of annotator" in wrong.err) == (2, True)
    wrong = luv("project", "create", folder, "--name", "W", "--blinded", "kim")
    assert (wrong.status, "--blinded kim: no --reader of that name." in wrong.err) == (2, True)
    assert luv("project", "create", folder, "--name", "W", "--reader", "kim", "--reader", "KIM").status == 1
    assert not folder.exists()
    assert luv("project", "create", folder, "--name", "W").status == 0
    assert "holds a project already" in luv("project", "create", folder, "--name", "W").err
    assert luv("project", "show", tmp_path).status == 1


# help


@pytest.mark.parametrize(
    "command",
    ["check", "merge", "agreement", "convert", "audit", "queue", "project create", "project add", "project show"],
)
def test_every_command_explains_itself_and_its_exit_status(luv: Luv, command: str) -> None:
    ran = luv(*command.split(), "--help")
    assert ran.status == 0
    assert "Exit status: 0 all done" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100
    assert luv(*command.split(), "--nonsense").status == 2
