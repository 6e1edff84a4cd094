from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luv_viewer.domain.pattern import Pattern
from luv_viewer.io.batch_journal import BatchJournal
from luv_viewer.io.batch_record import (
    FILE_NAME,
    FIRST_FILE_NAME,
    BatchRecord,
    BatchRecordError,
    Entry,
    digest,
    read_record,
    safe_stem,
    write_record,
)
from luv_viewer.io.prediction_file import PatternSummary, SummaryRow, write_summary

_ROW = SummaryRow("R2", "a/R2.mp4", "ok", 5, 25.0, {Pattern.B_LINE: PatternSummary(0.25, True, (3, 0))}, "net 1", "cpu")
_FULL = Entry(digest("a"), digest("b"), digest("1.2.3"), {"A-line": 0.5, "B-line": 0.18}, 99, 2, _ROW)
_HEAD = '{"format": "luv predict record", "version": 2}\n'
_LINE = json.dumps({"name": "a", "place": digest("p"), "video": digest("v"), "thresholds": {"A-line": 0.5}}) + "\n"
_PLACED = {"place": digest("p"), "key": digest("k")}
_FIRST = json.dumps({"format": "luv predict record", "version": 1, "videos": {"a": _PLACED}})


def _names(folder: Path, file_names: list[tuple[str, int]], *, is_fresh: bool = False) -> list[str | None]:
    journal = BatchJournal(folder, is_fresh=is_fresh)
    try:
        claimed = [journal.claim(name, digest(place), 1) for name, place in file_names]
        return [found.name if found is not None else None for found in claimed]
    finally:
        journal.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["a.mp4", "A.avi", "a_2.mp4", "a_2_2", "b.dcm", "a_3.x", "", "\udcff"]), max_size=9))
def test_names_are_unique_whatever_the_case_and_stay_the_same_next_time(
    tmp_path_factory: pytest.TempPathFactory, file_names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("record")
    inputs = [(name, place) for place, name in enumerate(file_names)]
    names = _names(folder, inputs)
    assert len({str(name).casefold() for name in names}) == len(names)
    assert _names(folder, inputs[::-1]) == names[::-1]
    # Stopped anywhere and continued, the names are those of a run that was never stopped.
    for stop in range(len(inputs)):
        other = tmp_path_factory.mktemp("record")
        assert _names(other, inputs[:stop]) == names[:stop]
        assert _names(other, inputs) == names


def test_a_repeated_stem_gets_a_number(tmp_path: Path) -> None:
    inputs = [("a.mp4", 0), ("A.avi", 1), ("a_2.mp4", 2), ("a.dcm", 3)]
    assert _names(tmp_path, inputs) == ["a", "A_2", "a_2_2", "a_3"]


def test_a_place_met_twice_in_a_run_is_taken_once_and_keeps_its_name(tmp_path: Path) -> None:
    assert _names(tmp_path, [("a.mp4", 0), ("a.mp4", 0), ("a.mp4", 1)]) == ["a", None, "a_2"]
    assert _names(tmp_path, [("a.mp4", 1), ("a.mp4", 0)]) == ["a_2", "a"]


def test_another_file_of_the_same_name_never_takes_the_name_of_an_earlier_run(tmp_path: Path) -> None:
    assert _names(tmp_path, [("R2.mp4", 0)]) == ["R2"]
    assert _names(tmp_path, [("R2.mp4", 1)]) == ["R2_2"]
    assert _names(tmp_path, [("R2.mp4", 1)], is_fresh=True) == ["R2"]


@given(st.text(max_size=300))
def test_a_stem_is_a_good_file_name(name: str) -> None:
    stem = safe_stem(name)
    assert stem
    assert len(stem.encode()) <= 180
    assert not set(stem) & set('/\\<>:"|?*\0\n')
    assert stem not in (".", "..")


def test_the_record_survives_the_round_trip(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    failed = Entry(digest("c"), "", row=SummaryRow("\u00e9", "\udcff.mp4", "failed: it is damaged"))
    write_record(path, [("R2", _FULL), ("\u00e9", failed)])
    assert read_record(path) == BatchRecord({"R2": _FULL, "\u00e9": failed})
    journal = BatchJournal(tmp_path, is_fresh=False)
    assert list(journal.entries()) == [("R2", _FULL), ("\u00e9", failed)]
    assert journal.patterns == {Pattern.B_LINE}
    journal.close()


def test_no_record_is_an_empty_one(tmp_path: Path) -> None:
    assert read_record(tmp_path / FILE_NAME) == BatchRecord()


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_cut_off_by_a_kill_is_no_line_and_the_next_one_is_whole(tmp_path: Path, cut: int) -> None:
    path = tmp_path / FILE_NAME
    write_record(path, [("a", _FULL), ("b", Entry(digest("b"), ""))])
    path.write_bytes(path.read_bytes()[:-cut])
    assert read_record(path).entries == {"a": _FULL}
    journal = BatchJournal(tmp_path, is_fresh=False)
    journal.put("c", Entry(digest("c"), ""))
    journal.close()
    assert read_record(path).entries == {"a": _FULL, "c": Entry(digest("c"), "")}


def test_the_newest_line_of_a_name_counts_and_old_lines_are_cleared_away(tmp_path: Path) -> None:
    journal = BatchJournal(tmp_path, is_fresh=True)
    journal.put("first", Entry(digest("x"), ""))
    for number in range(1200):
        journal.put("a", Entry(digest("p"), digest(number)), is_lasting=False)
    journal.close()
    path = tmp_path / FILE_NAME
    newest = {"first": Entry(digest("x"), ""), "a": Entry(digest("p"), digest(1199))}
    assert read_record(path).entries == newest
    assert len(path.read_text().splitlines()) == 1202
    BatchJournal(tmp_path, is_fresh=False).close()
    assert read_record(path).entries == newest
    assert len(path.read_text().splitlines()) == 3


def test_the_record_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / FIRST_FILE_NAME).write_text(_FIRST)
    row = SummaryRow("a", "a.mp4", "ok", 7, 25.0)
    write_summary(tmp_path / "summary.csv", [row], [])
    assert read_record(tmp_path / FILE_NAME) == BatchRecord({"a": Entry(digest("p"), digest("k"))})
    journal = BatchJournal(tmp_path, is_fresh=False)
    assert list(journal.rows()) == [row]
    assert journal.claim("a.mp4", digest("q"), 1).name == "a_2"  # type: ignore[union-attr]
    journal.close()
    assert not (tmp_path / FIRST_FILE_NAME).exists()
    assert read_record(tmp_path / FILE_NAME).entries["a"].row == row


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]\n",
        "{}\n",
        "null\n",
        "\n",
        _HEAD.replace("2", "3"),
        _HEAD + "3\n",
        _HEAD + "\0\0\n",
        _HEAD + _LINE[:40] + "\n" + _LINE,
        _HEAD + _LINE.replace(digest("p"), "x"),
        _HEAD + _LINE.replace("0.5", "1.5"),
        _HEAD + _LINE.replace("0.5", "null"),
        _HEAD + _LINE.replace(digest("v"), "1.2.3"),
        _HEAD + _LINE.replace('"name"', '"nom"'),
        _HEAD + "\udcff\n",
    ],
)
def test_a_damaged_record_is_never_taken_for_an_empty_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(text, errors="surrogateescape")
    for read in (lambda: read_record(path), lambda: BatchJournal(tmp_path, is_fresh=False)):
        with pytest.raises(BatchRecordError, match=r"predict_record\.jsonl is damaged.*--overwrite"):
            read()
    assert path.read_text(errors="surrogateescape") == text


@pytest.mark.parametrize("text", ["", "{}", _FIRST.replace("1,", "2,", 1), _FIRST.replace(digest("p"), "x")])
def test_a_damaged_record_of_an_earlier_version_neither(tmp_path: Path, text: str) -> None:
    (tmp_path / FIRST_FILE_NAME).write_text(text)
    with pytest.raises(BatchRecordError, match=r"predict_record\.json is damaged"):
        read_record(tmp_path / FILE_NAME)


def test_the_record_that_is_damaged_above_is_whole_before(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(_HEAD + _LINE)
    assert read_record(tmp_path / FILE_NAME).entries["a"].thresholds == {"A-line": 0.5}


def test_moved_videos_are_looked_for_only_where_one_can_be_missing(tmp_path: Path) -> None:
    write_record(tmp_path / FILE_NAME, [("R2", _FULL)])
    journal = BatchJournal(tmp_path, is_fresh=False)
    assert journal.may_have_moved(99)
    assert not journal.may_have_moved(98)
    assert [found.name for found in journal.results_with(_FULL.key)] == ["R2"]
    journal.claim("R2.mp4", _FULL.place, 99)
    assert not journal.may_have_moved(99)
    assert not list(journal.results_with(_FULL.key))
    journal.close()
