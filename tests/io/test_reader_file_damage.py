from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from luv_viewer.domain.edit import Change, Entry, EntryKind
from luv_viewer.domain.reader_file import (
    Reader,
    ReaderFileDamagedError,
    ReaderFileError,
)
from luv_viewer.io.reader_file import open_reader_file, verify_reader_file
from tests.io.builders_reader_file import KIM, made_record, time_text, video_entry

_EDIT = Entry(2, EntryKind.EDIT, "1.2.826.0.1.1", "zone", (Change("zone", "", "R2"),), "kim", time_text(2))
_NOT_OURS = "is not a reader file: expected one made by LUV Viewer; choose another file."
_DAMAGED = "is damaged: its content is not what was written; take the newest copy of it and keep this one for repair."


def _sql(*statements: str):
    def spoil(path: Path) -> None:
        con = sqlite3.connect(path, isolation_level=None)
        for statement in statements:
            con.execute(statement)
        con.close()

    return spoil


def _bytes(change):
    return lambda path: path.write_bytes(change(path.read_bytes()))


def _page_of_entries_lost(path: Path) -> None:
    con = sqlite3.connect(path)
    (page,) = con.execute("SELECT rootpage FROM sqlite_master WHERE name = 'entry'").fetchone()
    con.close()
    content = path.read_bytes()
    path.write_bytes(content[: (page - 1) * 4096] + bytes(range(16)) * 256 + content[page * 4096 :])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = {
    "empty": (_bytes(lambda b: b""), "is empty: expected a reader file; take the newest copy of it."),
    "cut in the header": (_bytes(lambda b: b[:60]), _NOT_OURS),
    "cut in the middle": (_bytes(lambda b: b[: len(b) // 2]), _DAMAGED),
    "cut by one page": (_bytes(lambda b: b[:-4096]), _DAMAGED),
    "noise": (_bytes(lambda b: bytes(range(256)) * 40), _NOT_OURS),
    "text": (_bytes(lambda b: b"study_id,A-line\n1_1,3_9\n"), _NOT_OURS),
    "zeroes": (_bytes(lambda b: bytes(len(b))), _NOT_OURS),
    "pages of zeroes": (_bytes(lambda b: b[:4096] + bytes(len(b) - 4096)), _DAMAGED),
    "one page lost": (_page_of_entries_lost, _DAMAGED),
    "other program": (_sql("PRAGMA application_id = 7"), _NOT_OURS),
    "no mark": (_sql("PRAGMA application_id = 0"), _NOT_OURS),
    "newer": (
        _sql("PRAGMA user_version = 9"),
        "was written by a newer LUV Viewer: it has format 9, this program reads up to 2; install the newer one.",
    ),
    "no format": (_sql("PRAGMA user_version = 0"), _DAMAGED),
    "no table": (_sql("DROP TABLE snapshot"), _DAMAGED),
    "other column": (_sql("ALTER TABLE entry ADD COLUMN extra"), _DAMAGED),
    "no reader": (_sql("DELETE FROM meta WHERE key = 'reader'"), _DAMAGED),
    "no newest entry": (_sql("DELETE FROM meta WHERE key = 'head_number'"), _DAMAGED),
    "unknown role": (_sql("UPDATE meta SET value = 'king' WHERE key = 'role'"), _DAMAGED),
    "folder": (_folder, "is a folder: expected a reader file; choose a file."),
    "missing": (Path.unlink, "does not exist; check the name, or choose another file."),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_no_reader_file_is_told_in_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "kim.luv"
    with open_reader_file(path, KIM) as file:
        file.append([video_entry(1, made_record(1))], [made_record(1)])
    spoil, sentence = DAMAGES[name]
    spoil(path)
    content = path.read_bytes() if path.is_file() else b""
    expected = ReaderFileError if name in ("folder", "missing") else ReaderFileDamagedError
    for attempt in (lambda: open_reader_file(path), lambda: verify_reader_file(path)):
        with pytest.raises(expected) as caught:
            attempt()
        assert str(caught.value) == f"{path} {sentence}"
    if name not in ("missing", "unknown role"):
        with pytest.raises(expected) as caught:
            open_reader_file(path, KIM)
        assert str(caught.value) == f"{path} {sentence}"
        assert path.is_dir() or path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ([] if name == "missing" else ["kim.luv"])


def test_a_snapshot_that_is_none_is_told_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    with open_reader_file(path, KIM) as file:
        file.append([video_entry(1, made_record(1))], [made_record(1)])
        _sql("UPDATE snapshot SET annotation = '[1'")(path)
        for attempt in (file.annotations, lambda: file.append([_EDIT])):
            with pytest.raises(ReaderFileDamagedError) as caught:
                attempt()
            assert str(caught.value) == f"{path} {_DAMAGED}"


def test_a_record_without_its_end_is_not_written_on(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    with open_reader_file(path, KIM) as file:
        file.append([video_entry(1, made_record(1)), _EDIT], [made_record(1)])
    _sql("DROP TRIGGER entry_no_delete", "DELETE FROM entry WHERE number = 2")(path)
    with open_reader_file(path, KIM) as file:
        assert file.read_only == "its record does not end as it should, which luv labels audit tells more about"
        assert len(file.entries()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["kim.luv"]


def test_another_readers_file_stays_closed(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    open_reader_file(path, KIM).close()
    with pytest.raises(ReaderFileError) as caught:
        open_reader_file(path, Reader("lee"))
    assert str(caught.value) == f"{path} is the work of kim, not of lee; open it as kim, or choose another file."
    with open_reader_file(path, KIM) as file:
        assert file.read_only == ""


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "readers").write_text("in the way")
    with pytest.raises(ReaderFileError, match=r"readers cannot be written: a file of that name is in the way"):
        open_reader_file(tmp_path / "readers" / "kim.luv", KIM)
