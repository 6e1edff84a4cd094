from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.io.batch_record import (
    BatchRecord,
    BatchRecordError,
    Entry,
    digest,
    read_record,
    safe_stem,
    write_record,
)

_RECORD = (
    '{"format": "luv predict record", "version": 1, "videos": {"a": {'
    f'"place": "{digest("p")}", "key": "", "video": "{digest("v")}", "thresholds": {{"A-line": 0.5}}}}}}}}'
)


@given(st.lists(st.text(max_size=12), max_size=8))
def test_names_are_unique_whatever_the_case_and_stay_the_same_next_time(file_names: list[str]) -> None:
    record, claimed = BatchRecord(), set[str]()
    places = [digest(i) for i in range(len(file_names))]
    names = [record.name_for(name, place, claimed) for name, place in zip(file_names, places, strict=True)]
    assert len({name.casefold() for name in names}) == len(names)
    record.entries.update({name: Entry(place, "") for name, place in zip(names, places, strict=True)})
    again = {
        place: record.name_for(name, place, claimed)
        for claimed in [set[str]()]
        for name, place in reversed(list(zip(file_names, places, strict=True)))
    }
    assert [again[place] for place in places] == names


def test_a_repeated_stem_gets_a_number() -> None:
    record, claimed = BatchRecord(), set[str]()
    names = [record.name_for(name, digest(i), claimed) for i, name in enumerate(["a.mp4", "A.avi", "a_2.mp4", "a.dcm"])]
    assert names == ["a", "A_2", "a_2_2", "a_3"]


def test_another_file_of_the_same_name_never_takes_the_name_of_an_earlier_run() -> None:
    record = BatchRecord({"R2": Entry(digest("old"), digest("key"))})
    assert record.name_for("R2.mp4", digest("new"), set()) == "R2_2"
    assert record.name_for("R2.mp4", digest("old"), set()) == "R2"


@given(st.text(max_size=300))
def test_a_stem_is_a_good_file_name(name: str) -> None:
    stem = safe_stem(name)
    assert stem
    assert len(stem.encode()) <= 180
    assert not set(stem) & set('/\\<>:"|?*\0\n')
    assert stem not in (".", "..")


def test_the_record_survives_the_round_trip(tmp_path: Path) -> None:
    full = Entry(digest("a"), digest("b"), digest("1.2.3"), {"A-line": 0.5, "B-line": 0.18})
    record = BatchRecord({"R2": full, "\u00e9": Entry(digest("c"), "")})
    write_record(tmp_path / "r.json", record)
    assert read_record(tmp_path / "r.json") == record
    assert read_record(tmp_path / "none.json") == BatchRecord()


def test_a_record_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    videos = f'{{"R2": {{"place": "{digest("a")}", "key": "{digest("b")}"}}}}'
    (tmp_path / "r.json").write_text(f'{{"format": "luv predict record", "version": 1, "videos": {videos}}}')
    assert read_record(tmp_path / "r.json") == BatchRecord({"R2": Entry(digest("a"), digest("b"))})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"format": "luv predict record", "version": 2, "videos": {}}',
        '{"format": "luv predict record", "version": 1, "videos": {"a": {"place": "x", "key": ""}}}',
        '{"format": "luv predict record", "version": 1, "videos": {"a": 3}}',
        _RECORD.replace("0.5", "1.5"),
        _RECORD.replace("0.5", "null"),
        _RECORD.replace(digest("v"), "1.2.3"),
        "\udcff",
    ],
)
def test_a_damaged_record_is_never_taken_for_an_empty_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text, errors="surrogateescape")
    with pytest.raises(BatchRecordError, match=r"r\.json is damaged.*--overwrite"):
        read_record(path)


def test_the_record_that_is_damaged_above_is_whole_before(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(_RECORD)
    assert read_record(tmp_path / "r.json").entries["a"].thresholds == {"A-line": 0.5}
