from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from luv_viewer.io.reader_file import Audit, open_reader_file, verify_reader_file
from luv_viewer.io.reader_file.chain import EntryRow, entry_hash, origin_hash
from luv_viewer.io.reader_file.rows import insertion
from tests.io.builders_reader_file import KIM, RandomReader, made_record, time_text, video_entry

N_ENTRIES = 24
MIDDLE = 12
CHANGED = "its content and its hash do not belong together, one of them was changed"
TRIGGERS = ("entry_no_update", "entry_no_delete", "video_no_update", "video_no_delete")


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three videos (entries 1 to 3), random entries up to 24."""
    path = tmp_path_factory.mktemp("audit") / "kim.luv"
    records = [made_record(i, n_frames=20) for i in range(3)]
    maker = RandomReader(7, records, number=3)
    with open_reader_file(path, KIM) as file:
        file.append([video_entry(i + 1, record) for i, record in enumerate(records)], records)
        file.append([maker.next_entry() for _ in range(N_ENTRIES - 3)])
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, whole_file: bytes) -> Path:
    (tmp_path / "kim.luv").write_bytes(whole_file)
    return tmp_path / "kim.luv"


def _tamper(path: Path, *statements: str, rows: Sequence[EntryRow] = ()) -> None:
    """Run SQL behind the program's back; rows: entries to put in the place of those of their number."""
    con = sqlite3.connect(path, isolation_level=None)
    for trigger in TRIGGERS:
        con.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        assert con.execute(statement).rowcount != 0, f"{statement} changed nothing"
    con.executemany(insertion("entry", EntryRow._fields).replace("INSERT", "INSERT OR REPLACE"), rows)
    con.close()


def _row(path: Path, number: int) -> EntryRow:
    con = sqlite3.connect(path)
    row = con.execute(f"SELECT {', '.join(EntryRow._fields)} FROM entry WHERE number = ?", (number,)).fetchone()
    con.close()
    return EntryRow(*row)


def test_a_whole_file_is_sound(path: Path) -> None:
    audit = verify_reader_file(path)
    assert (audit.n_entries, audit.first_broken) == (N_ENTRIES, None)
    assert audit.sentence == f"{path}: all 24 entries are as they were written."


def test_the_chain_can_be_computed_by_others(path: Path) -> None:
    # The rule of the docstring, written out with nothing of the program.
    con = sqlite3.connect(path)
    con.row_factory = sqlite3.Row
    meta = dict(tuple(row) for row in con.execute("SELECT key, value FROM meta"))
    previous = origin_hash(meta["file_id"], meta["reader"], meta["created_utc"])
    for row in con.execute("SELECT * FROM entry ORDER BY number"):
        held = {key: row[key] for key in row.keys() if key != "hash"}  # noqa: SIM118 - a Row iterates over its values
        held |= {key: json.loads(row[key]) for key in ("changes", "frames", "raw")}
        text = json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert held["previous_hash"] == previous
        previous = hashlib.sha256(text.encode("utf-8")).hexdigest()
        assert row["hash"] == previous
    assert meta["head_hash"] == previous
    con.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "'seen'"),
        ("kind", "'nonsense'"),
        ("video_id", "video_id || '1'"),
        ("verb", "'mark absent'"),
        ("verb", "x'ff00'"),
        ("changes", "'[]'"),
        ("changes", "replace(changes, ',', ', ')"),
        ("changes", "CAST(x'ff' AS TEXT)"),
        ("frames", '\'[["1",1,0.0,"x"]]\''),
        ("reader", "'lee'"),
        ("time_utc", "'2020-01-01T00:00:00.000Z'"),
        ("undoes", "3"),
        ("raw", "'{\"pressed\":[2,9]}'"),
        ("record", "'0'"),
        ("previous_hash", "hash"),
        ("hash", "previous_hash"),
        ("hash", "'none'"),
    ],
)
def test_a_changed_column_in_the_middle_names_its_entry(path: Path, column: str, value: str) -> None:
    row = _row(path, MIDDLE)
    _tamper(path, f"UPDATE entry SET {column} = {value} WHERE number = {MIDDLE}")
    audit = verify_reader_file(path)
    assert (audit.n_entries, audit.first_broken) == (N_ENTRIES, MIDDLE)
    assert audit.sentence.startswith(f"{path}: entry {MIDDLE} (")
    assert audit.sentence.endswith(f") is broken: {CHANGED}.")
    if column not in ("verb", "reader", "time_utc"):
        assert f"({row.verb}, by kim, {time_text(MIDDLE)})" in audit.sentence


def test_a_changed_number_leaves_a_gap(path: Path) -> None:
    _tamper(path, "UPDATE entry SET number = 99 WHERE number = 12")
    audit = verify_reader_file(path)
    assert (audit.n_entries, audit.first_broken) == (N_ENTRIES, 12)
    assert audit.sentence == f"{path}: entry 12 is broken: it is missing, entry 13 comes in its place."


def test_a_deleted_entry_is_missing(path: Path) -> None:
    _tamper(path, "DELETE FROM entry WHERE number = 12")
    audit = verify_reader_file(path)
    assert (audit.n_entries, audit.first_broken) == (N_ENTRIES - 1, 12)
    assert audit.sentence == f"{path}: entry 12 is broken: it is missing, entry 13 comes in its place."


def test_a_tail_that_was_cut_off_is_missing(path: Path) -> None:
    _tamper(path, "DELETE FROM entry WHERE number > 20")
    audit = verify_reader_file(path)
    assert (audit.n_entries, audit.first_broken) == (20, 21)
    assert audit.sentence == f"{path}: entry 21 is broken: it is missing, the file should end with entry 24."


def test_all_entries_deleted_are_missing(path: Path) -> None:
    _tamper(path, "DELETE FROM entry")
    assert verify_reader_file(path).first_broken == 1


def test_a_changed_entry_with_a_new_hash_breaks_the_next_one(path: Path) -> None:
    row = _row(path, MIDDLE)._replace(verb="another")
    _tamper(path, f"UPDATE entry SET verb = 'another', hash = '{entry_hash(row)}' WHERE number = {MIDDLE}")
    audit = verify_reader_file(path)
    assert audit.first_broken == MIDDLE + 1
    assert audit.sentence.endswith("it does not follow entry 12, which was changed and given a new hash.")


def test_a_changed_newest_entry_with_a_new_hash_is_not_the_stated_one(path: Path) -> None:
    row = _row(path, N_ENTRIES)._replace(verb="another")
    _tamper(path, f"UPDATE entry SET verb = 'another', hash = '{entry_hash(row)}' WHERE number = {N_ENTRIES}")
    audit = verify_reader_file(path)
    assert audit.first_broken == N_ENTRIES
    assert audit.sentence.endswith("it is not the entry that the file states as its newest, one of them was changed.")


def test_an_entry_added_from_outside_is_named(path: Path) -> None:
    row = _row(path, N_ENTRIES)
    row = row._replace(number=25, kind="note", video_id="", changes="[]", frames="[]", undoes=None, raw="{}")
    row = row._replace(previous_hash=row.hash)
    row = row._replace(hash=entry_hash(row))
    _tamper(path, rows=[row])
    audit = verify_reader_file(path)
    assert (audit.n_entries, audit.first_broken) == (25, 25)
    assert audit.sentence.endswith("the file should end with entry 24, it was added from outside.")


@pytest.mark.parametrize("key", ["file_id", "reader", "created_utc"])
def test_a_changed_origin_breaks_the_first_entry(path: Path, key: str) -> None:
    _tamper(path, f"UPDATE meta SET value = 'lee' WHERE key = '{key}'")
    audit = verify_reader_file(path)
    assert audit.first_broken == 1
    assert audit.sentence.endswith(
        "it does not follow the file's origin, its reader, identity or date of making was changed."
    )


def test_a_changed_origin_without_entries_is_named(tmp_path: Path) -> None:
    path = tmp_path / "new.luv"
    open_reader_file(path, KIM).close()
    assert verify_reader_file(path) == Audit(0, None, f"{path}: all 0 entries are as they were written.")
    _tamper(path, "UPDATE meta SET value = 'lee' WHERE key = 'reader'")
    sentence = f"{path}: its beginning is broken: its reader, identity or date of making was changed."
    assert verify_reader_file(path) == Audit(0, 0, sentence)


@pytest.mark.parametrize(
    "change",
    [
        "name = 'other.dcm'",
        "n_frames = 19",
        "times = zeroblob(160)",
        "digests = zeroblob(32)",
        "digests = 'text'",
        "sheet_key = NULL",
        "video_id = '1.2.826.0.1.0'",
        "entry_number = 77",
    ],
)
def test_a_changed_record_names_the_entry_that_brought_it(path: Path, change: str) -> None:
    _tamper(path, f"UPDATE video SET {change} WHERE entry_number = 2")
    audit = verify_reader_file(path)
    assert audit.first_broken == 2
    words = (
        "the record of its video is missing"
        if "entry_number" in change
        else "the record of its video (frames, times, digests, name or row in the sheets) was changed"
    )
    assert audit.sentence == f"{path}: entry 2 (open, by kim, {time_text(2)}) is broken: {words}."


def test_a_deleted_record_names_the_entry_that_brought_it(path: Path) -> None:
    _tamper(path, "DELETE FROM video WHERE entry_number = 3")
    audit = verify_reader_file(path)
    assert audit.first_broken == 3
    assert audit.sentence.endswith("the record of its video is missing.")


def test_a_record_added_from_outside_is_named(path: Path) -> None:
    columns = "video_id, name, n_frames, times, digests, sheet_key"
    _tamper(path, f"INSERT INTO video SELECT 9, {columns} FROM video WHERE entry_number = 1")
    audit = verify_reader_file(path)
    assert audit.first_broken == 9
    assert audit.sentence.endswith("there is a video record for it, which was added from outside.")


def _last_of(path: Path, video_id: str) -> int:
    with open_reader_file(path) as file:
        return file.entries(video_id)[-1].number


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM snapshot WHERE {}", "the annotation kept after it is missing"),
        (
            'UPDATE snapshot SET annotation = replace(annotation, \'"zone":"\', \'"zone":"L\') WHERE {}',
            "the annotation kept after it is not what the entries give",
        ),
        ("UPDATE snapshot SET last_number = 1 WHERE {}", "the annotation kept after it is not what the entries give"),
        ("UPDATE snapshot SET n_frames = 21 WHERE {}", "the annotation kept after it is not what the entries give"),
    ],
)
def test_a_changed_snapshot_names_the_newest_entry_of_its_video(path: Path, statement: str, words: str) -> None:
    last = _last_of(path, "1.2.826.0.1.1")
    _tamper(path, statement.format("video_id = '1.2.826.0.1.1'"))
    audit = verify_reader_file(path)
    assert audit.first_broken == last
    assert audit.sentence.endswith(f" is broken: {words}.")


def test_a_snapshot_added_from_outside_is_named(path: Path) -> None:
    _tamper(path, "INSERT INTO snapshot VALUES ('x', 3, 1, '{}')")
    audit = verify_reader_file(path)
    assert audit.first_broken == N_ENTRIES
    assert audit.sentence.endswith("an annotation is kept of a video that no entry names.")


def _forge(path: Path, change: Callable[[EntryRow], EntryRow], number: int) -> None:
    """Change an entry and compute the whole chain after it anew, the newest entry's hash included."""
    rows = [_row(path, i) for i in range(number, N_ENTRIES + 1)]
    rows[0] = change(rows[0])
    forged: list[EntryRow] = []
    for row in rows:
        row = row._replace(previous_hash=forged[-1].hash if forged else row.previous_hash)
        forged.append(row._replace(hash=entry_hash(row)))
    _tamper(path, f"UPDATE meta SET value = '{forged[-1].hash}' WHERE key = 'head_hash'", rows=forged)


def test_an_undo_that_does_not_fit_is_found_in_a_sound_chain(path: Path) -> None:
    _forge(path, lambda row: row._replace(kind="undo", undoes=999), MIDDLE)
    audit = verify_reader_file(path)
    assert audit.first_broken == MIDDLE
    assert audit.sentence.endswith(
        "it does not fit the entries before it (entry 12 is about edit 999, which is not the last one)."
    )


def test_a_forged_chain_is_not_found_as_the_docstring_says(path: Path) -> None:
    _forge(path, lambda row: row._replace(time_utc="2020-01-01T00:00:00.000Z"), MIDDLE)
    assert verify_reader_file(path).first_broken is None
