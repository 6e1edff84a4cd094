"""A blinded reader's process never opens another's file nor the AI's: watched by Python's own audit hook."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.project import BlindedError, Project, ProjectError
from luv_viewer.io.project_access import ai_tables, open_sheet_of
from tests.builders_project import ANN, KIM, LEE, annotation, make_project, records_of, write_ai, write_reader_file


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project, index = make_project(tmp_path_factory.mktemp("ward") / "project")
    records = records_of(index)
    write_reader_file(project.reader_path("kim"), KIM, {records["R1"]: annotation(Pattern.B_LINE, "1_24")})
    write_reader_file(project.reader_path("lee"), LEE, {records["R1"]: annotation(Pattern.B_LINE, "5_30")})
    write_ai(project.folder / "ai", {"R1": (records["R1"].video_id, 0.52)})
    return project


def test_who_is_not_blinded_sees_the_others_and_the_ai(project: Project) -> None:
    (row,) = open_sheet_of(project, ANN, "KIM").rows
    assert (row.study_id, row.frames(Pattern.B_LINE).label) == ("1_1", "1_24")
    tables = ai_tables(project, LEE, [row.video_id])
    assert tables is not None
    assert [summary.video_id for summary in tables.summaries] == [row.video_id]
    assert tables.clips("R1").probabilities[0, 1] == 0.52
    assert tables.frames("R1").times_s.size == 40


def test_a_blinded_reader_sees_only_their_own(project: Project) -> None:
    assert open_sheet_of(project, KIM, "kim").rows[0].frames(Pattern.B_LINE).label == "1_24"
    with pytest.raises(BlindedError, match="kim reads blinded in project Ward 3"):
        open_sheet_of(project, KIM, "lee")
    with pytest.raises(BlindedError):
        ai_tables(project, KIM)
    with pytest.raises(BlindedError):
        ai_tables(project, KIM, folder=project.folder / "ai")


def test_what_the_project_says_counts_not_what_the_reader_says_of_themselves(project: Project) -> None:
    with pytest.raises(BlindedError):
        open_sheet_of(project, replace(KIM, blinded=False), "lee")
    with pytest.raises(BlindedError):
        ai_tables(project, replace(KIM, name="Kim", blinded=False))


PROGRAM = """
import sys
from pathlib import Path
from dataclasses import replace
from luv_viewer.domain.project import BlindedError
from luv_viewer.io.project_access import ai_tables, open_sheet_of
from luv_viewer.io.project_file import load_project
from luv_viewer.io.project_index import read_index, study_of
folder = Path(sys.argv[1])
touched = []
watched = ("open", "sqlite3.connect", "os.listdir", "os.scandir", "shutil.copyfile")
sys.addaudithook(lambda event, args: touched.append(str(args[0])) if event in watched else None)
project = load_project(folder)
me = project.reader(sys.argv[2])
study_of(read_index(folder))
own = open_sheet_of(project, me, me.name)
refused = 0
for attempt in (
    lambda: open_sheet_of(project, me, "lee"),
    lambda: open_sheet_of(project, replace(me, blinded=False), "lee"),
    lambda: ai_tables(project, me),
    lambda: ai_tables(project, replace(me, blinded=False), folder=folder / "ai"),
):
    try:
        attempt()
    except BlindedError:
        refused += 1
here = [str(name).replace("file://", "").partition("?")[0] for name in touched if str(folder) in str(name)]
print(refused, *sorted({Path(name).relative_to(folder).as_posix() for name in here}))
"""


def _watched(project: Project, name: str) -> str:
    command = [sys.executable, "-c", PROGRAM, str(project.folder), name]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def test_the_process_of_a_blinded_reader_opens_nothing_of_the_others_nor_of_the_ai(project: Project) -> None:
    assert _watched(project, "kim") == "4 project.json readers/kim.luv videos.json"


def test_the_watch_sees_what_a_reader_who_is_not_blinded_opens(project: Project) -> None:
    seen = _watched(project, "lee").split()
    assert seen[0] == "0"
    assert {"readers/lee.luv", "ai/summary.csv"} <= set(seen)


def test_what_is_not_there_is_said(project: Project) -> None:
    with pytest.raises(ProjectError, match="zoe is no reader of project Ward 3; its readers are kim, lee, ann"):
        open_sheet_of(project, LEE, "zoe")
    with pytest.raises(ProjectError, match="ann has not begun yet"):
        open_sheet_of(project, LEE, "ann")


def test_no_ai_is_no_error_and_a_damaged_table_is(project: Project, tmp_path: Path) -> None:
    other, _ = make_project(tmp_path / "other", n_videos=1)
    assert ai_tables(other, LEE) is None
    write_ai(other.folder / "ai", {"R1": ("1.2.3", 0.5)})
    tables = ai_tables(other, LEE)
    assert tables is not None
    (other.folder / "ai" / "R1_clips.csv").write_text("nonsense")
    with pytest.raises(ProjectError, match=r"R1_clips\.csv"):
        tables.clips("R1")
    (other.folder / "ai" / "summary.csv").write_text("nonsense")
    with pytest.raises(ProjectError, match=r"summary\.csv"):
        ai_tables(other, LEE)
