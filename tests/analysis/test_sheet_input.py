"""Whatever holds labels becomes one kind of sheet; what nobody looked at stays unknown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luv_viewer.analysis.sheet_input import InputKind, SheetInputError, Videos, load_sheet
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import ReaderFileError
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.bridges import BridgedVideo, Outgoing, write_elan, write_interval_table
from tests.builders_project import LEE, annotation, make_project, records_of, write_reader_file


def _video(name: str, n_frames: int | None = 40, label: str = "3_9") -> BridgedVideo:
    frames = SpanSet.of(Span.from_label(label))
    return BridgedVideo(
        name, n_frames, None, tuple(frames if p is Pattern.B_LINE else SpanSet() for p in TRACK_PATTERNS)
    )


def test_a_reader_file_is_read_whoever_writes_it_and_a_video_without_row_is_said(tmp_path: Path) -> None:
    _, index = make_project(tmp_path / "project", n_videos=1)
    record = records_of(index)["R1"]
    path = write_reader_file(tmp_path / "lee.luv", LEE, {record: annotation(Pattern.B_LINE, "1_24")})
    before = path.read_bytes()
    loaded = load_sheet(path)
    assert (loaded.kind, loaded.sheet.name, loaded.warnings) == (InputKind.READER_FILE, "lee", ())
    assert loaded.sheet.rows[0].frames(Pattern.B_LINE).label == "1_24"
    assert path.read_bytes() == before


def test_frames_without_a_label_are_unseen_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "intervals.csv"
    write_interval_table(path, [_video("0012_00002.avi"), _video("loop.avi", None)])
    known, unknown = load_sheet(path).sheet.rows
    assert (known.study_id, unknown.study_id) == ("0012_2", "loop_1")
    assert known.unlooked_frames(Pattern.B_LINE).label == "1_2, 10_40"
    assert known.unlooked_frames(Pattern.A_LINE).label == "1_40"
    assert unknown.unlooked_frames(Pattern.A_LINE).label == "1_9"
    assert not known.finalised
    said = load_sheet(path, unlabelled="absent")
    assert said.sheet.rows[0].finalised
    assert not any(said.sheet.rows[0].unlooked)
    assert said.warnings[-1] == "intervals.csv: frames without a label are taken as looked at and absent."


def test_a_project_gives_rows_times_and_lengths_to_files_of_other_tools(tmp_path: Path) -> None:
    _, index = make_project(tmp_path / "project", n_videos=2)
    times_s = np.arange(40) / 25.0
    video = _video("R2.mp4")
    write_elan(tmp_path / "a.eaf", Outgoing(video.name, 40, tuple(f.spans for f in video.present)), times_s)
    with pytest.raises(SheetInputError):
        load_sheet(tmp_path / "a.eaf")
    (row,) = load_sheet(tmp_path / "a.eaf", Videos(index.lengths(), index)).sheet.rows
    assert (row.study_id, row.video_id) == ("1_2", index.videos[1].video_id)
    assert row.frames(Pattern.B_LINE).label == "3_9"


def test_two_videos_of_one_row_are_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "intervals.csv"
    write_interval_table(path, [_video("0012_00002.avi"), _video("0012_2.mp4", label="1_2")])
    loaded = load_sheet(path)
    assert [row.frames(Pattern.B_LINE).label for row in loaded.sheet.rows] == ["3_9"]
    assert loaded.problems == ("intervals.csv: 0012_2.mp4 is a second video for row 0012_2; it is left out.",)


def test_other_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("colour,size\nred,3\n")
    with pytest.raises(SheetInputError, match=r"a\.csv.*labelling sheet"):
        load_sheet(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text("video,pattern,start_frame,end_frame\nloop.avi,B-line,few,9\n")
    with pytest.raises(SheetInputError, match=r"b\.csv, row 2: expected a whole number as start_frame, found 'few'"):
        load_sheet(tmp_path / "b.csv")
    with pytest.raises(SheetInputError, match="does not exist; choose another file"):
        load_sheet(tmp_path / "none.csv")
    with pytest.raises(ReaderFileError, match="does not exist"):
        load_sheet(tmp_path / "none.luv")
