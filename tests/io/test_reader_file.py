from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luv_viewer.domain.annotation import Decision, Fate, Source, Suggestion, VideoAnnotation
from luv_viewer.domain.edit import Change, Entry, EntryKind, changes_between
from luv_viewer.domain.history import replayed
from luv_viewer.domain.lus_score import LusScore
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.reader_file import (
    Reader,
    ReaderFile,
    ReaderFileDamagedError,
    ReaderFileError,
    ReaderFileReadOnlyError,
    Role,
    SheetKey,
)
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.reader_file import Audit, open_reader_file, schema, verify_reader_file, writer_lock
from tests.io.builders_reader_file import KIM, RandomReader, made_record, time_text, video_entry


def test_a_new_file_is_made_with_its_folder_and_knows_its_reader(tmp_path: Path) -> None:
    path = tmp_path / "readers" / "kim.luv"
    reader = Reader("Kim", Role.ADJUDICATOR, blinded=True)
    with open_reader_file(path, reader) as file:
        as_protocol: ReaderFile = file
        assert (as_protocol.path, as_protocol.reader, as_protocol.read_only) == (path, reader, "")
        assert (file.last_number, file.records(), file.annotations(), file.entries()) == (0, {}, {}, ())
    with open_reader_file(path) as file:
        assert file.reader == reader
    assert [p.name for p in path.parent.iterdir()] == ["kim.luv"]


def test_every_field_comes_back(tmp_path: Path) -> None:
    record = replace(made_record(1), key=SheetKey("0012", 2, "20240131", "image"))
    whole = VideoAnnotation(
        40,
        seen=SpanSet.of(Span(0, 12), Span(30, 40)),
        zone="R2",
        sliding=False,
        lus_score=LusScore(3, "ce"),
        quality="poor",
        exclusion="wrong probe",
        note="“ß” \n\t\x00 𝄞",
        finalised=True,
        suggestions=(Suggestion(Pattern.B_LINE, Span(3, 9), 0.1 + 0.2, "luv-net 1.0", Fate.REJECTED),),
        decisions=(Decision(Pattern.CONSOLIDATION, Span(0, 1), Source.READER_B),),
    ).with_track(Pattern.A_LINE, (Span(0, 10), Span(10, 11)))
    whole = whole.with_absent(Pattern.PLEURAL_EFFUSION, SpanSet.of(Span(5, 6)))
    frames = (record.frame_identity(0), record.frame_identity(39))
    changes = changes_between(VideoAnnotation(40), whole)
    back = tuple(change.reversed for change in reversed(changes))
    entries = [
        video_entry(1, record),
        Entry(2, EntryKind.EDIT, record.video_id, "all", changes, "kim", time_text(2), frames, None, {"p": [1, 2.5]}),
        Entry(3, EntryKind.UNDO, record.video_id, "undo", back, "kim", time_text(3), frames, undoes=2),
        Entry(4, EntryKind.REDO, record.video_id, "redo", changes, "kim", time_text(4), frames, undoes=2),
        Entry(5, EntryKind.NOTE, "", "reaction time", (), "kim", time_text(5), raw={"ms": [[201.5], None, True, "x"]}),
    ]
    with open_reader_file(tmp_path / "kim.luv", KIM) as file:
        file.append(entries, [record])
    with open_reader_file(tmp_path / "kim.luv") as file:
        assert file.entries() == tuple(entries)
        assert file.entries(record.video_id) == tuple(entries[:4])
        assert file.entries("nothing") == ()
        assert file.records() == {record.video_id: record}
        assert file.annotations() == {record.video_id: whole}
        assert file.last_number == 5
    assert verify_reader_file(tmp_path / "kim.luv").first_broken is None


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), sizes=st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_random_entries_in_batches_are_the_same_after_reopening(
    tmp_path_factory: pytest.TempPathFactory, seed: int, sizes: list[int]
) -> None:
    path = tmp_path_factory.mktemp("random") / "kim.luv"
    records = [made_record(i, n_frames=5 + i) for i in range(3)]
    written = [video_entry(i + 1, record) for i, record in enumerate(records)]
    with open_reader_file(path, KIM) as file:
        file.append(written, records)
    maker = RandomReader(seed, records, number=3)
    for size in sizes:
        with open_reader_file(path, KIM) as file:
            batch = [maker.next_entry() for _ in range(size)]
            file.append(batch)
            written += batch
            assert file.last_number == len(written)
    with open_reader_file(path) as file:
        assert file.entries() == tuple(written)
        for record in records:
            own = [entry for entry in written if entry.video_id == record.video_id]
            assert file.annotations()[record.video_id] == replayed(record.n_frames, own)
    assert verify_reader_file(path) == Audit(
        len(written), None, f"{path}: all {len(written)} entries are as they were written."
    )


def test_a_name_that_is_no_text_is_kept_with_question_marks(tmp_path: Path) -> None:
    record = replace(made_record(1), name="clip\udcff\n.dcm")
    with open_reader_file(tmp_path / "kim.luv", KIM) as file:
        file.append([video_entry(1, record)], [record])
        assert file.records()[record.video_id].name == "clip??.dcm"


def test_a_video_can_get_a_key_later_and_nothing_else(tmp_path: Path) -> None:
    record = made_record(1, with_key=False)
    keyed = replace(record, key=SheetKey("0012", 2))
    with open_reader_file(tmp_path / "kim.luv", KIM) as file:
        file.append([video_entry(1, record)], [record])
        file.append([video_entry(2, keyed)], [keyed])
        assert file.records() == {record.video_id: keyed}
        changed = replace(keyed, digests=(*keyed.digests[:2], "0" * 64, *keyed.digests[3:]))
        with pytest.raises(ValueError, match=r"^entry 3 names a video that is known already, and frame 3 changed$"):
            file.append([video_entry(3, changed)], [changed])
    assert verify_reader_file(tmp_path / "kim.luv").first_broken is None


_EDIT = Entry(2, EntryKind.EDIT, "1.2.826.0.1.1", "zone", (Change("zone", "", "R2"),), "kim", time_text(2))


@pytest.mark.parametrize(
    ("entries", "records", "sentence"),
    [
        ([replace(_EDIT, number=3)], [], "entry 3 cannot follow entry 1"),
        ([replace(_EDIT, number=1)], [], "entry 1 cannot follow entry 1"),
        ([_EDIT, _EDIT], [], "entry 2 cannot follow entry 2"),
        ([replace(_EDIT, video_id="9")], [], "entry 2 is about a video that no VIDEO entry names"),
        ([replace(_EDIT, kind=EntryKind.NOTE)], [], "entry 2 is a note about the reader and cannot change a video"),
        ([replace(_EDIT, changes=(Change("colour", 1, 2),))], [], "an annotation has no field 'colour'"),
        ([replace(_EDIT, raw={"x": float("nan")})], [], "Out of range float values are not JSON compliant"),
        ([replace(_EDIT, raw={"x": object})], [], "a value cannot be kept as JSON: Object of type type"),
        ([replace(_EDIT, verb="\ud800")], [], "surrogates not allowed"),
        ([video_entry(2, made_record(2))], [], "entry 2 names a video whose record is missing"),
        ([_EDIT], [made_record(2)], "no VIDEO entry names 1.2.826.0.1.2"),
        (
            [video_entry(2, made_record(2))],
            [replace(made_record(2), digests=("ABC",))],
            "video 1.2.826.0.1.2: a digest is a SHA-256 of 64 characters 0-9 and a-f",
        ),
    ],
)
def test_entries_that_do_not_fit_are_refused_whole(
    tmp_path: Path, entries: list[Entry], records: list, sentence: str
) -> None:
    with open_reader_file(tmp_path / "kim.luv", KIM) as file:
        file.append([video_entry(1, made_record(1))], [made_record(1)])
        with pytest.raises(ValueError, match=sentence):
            file.append(entries, records)
        assert (file.last_number, len(file.entries()), len(file.records())) == (1, 1, 1)
        file.append([_EDIT])
        assert file.annotations()["1.2.826.0.1.1"].zone == "R2"


@pytest.mark.parametrize("table", ["entry", "video"])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_sql_cannot_change_the_record(tmp_path: Path, table: str, verb: str) -> None:
    with open_reader_file(tmp_path / "kim.luv", KIM) as file:
        file.append([video_entry(1, made_record(1))], [made_record(1)])
    statement = f"DELETE FROM {table}" if verb == "DELETE" else f"UPDATE {table} SET video_id = 'x'"
    con = sqlite3.connect(tmp_path / "kim.luv")
    with pytest.raises(sqlite3.IntegrityError, match="the record of edits only grows"):
        con.execute(statement)
    con.close()


def test_a_reading_window_sees_what_is_added(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    with open_reader_file(path, KIM) as writing, open_reader_file(path) as reading:
        writing.append([video_entry(1, made_record(1))], [made_record(1)])
        assert reading.last_number == 1
        assert reading.annotations() == writing.annotations()
        assert reading.read_only == "it was opened only to be read"
        with pytest.raises(ReaderFileReadOnlyError) as caught:
            reading.append([_EDIT])
        assert str(caught.value) == f"{path} cannot be written: it was opened only to be read."


def test_reading_changes_nothing_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    with open_reader_file(path, KIM) as file:
        file.append([video_entry(1, made_record(1))], [made_record(1)])
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    with open_reader_file(path) as file:
        assert len(file.records()) == len(file.annotations()) == len(file.entries()) == 1
        assert [p.name for p in tmp_path.iterdir()] == ["kim.luv"]
    assert verify_reader_file(path).first_broken is None
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [p.name for p in tmp_path.iterdir()] == ["kim.luv"]


def test_opening_and_closing_for_writing_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    open_reader_file(tmp_path / "kim.luv", KIM).close()
    before = (tmp_path / "kim.luv").read_bytes()
    open_reader_file(tmp_path / "kim.luv", KIM).close()
    assert (tmp_path / "kim.luv").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["kim.luv"]


def test_a_second_window_is_told_who_writes_and_can_write_after_it_closes(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    first = open_reader_file(path, KIM)
    since = datetime.now().astimezone()
    with open_reader_file(path, KIM) as second:
        assert second.read_only.startswith("kim has it open in another window on ")
        assert second.read_only.endswith((f"since {since:%H:%M}", f"{since.minute - 1:02d}"))
    first.close()
    first.close()
    with open_reader_file(path, KIM) as third:
        assert third.read_only == ""


def test_a_link_to_the_file_has_the_same_lock(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "link.luv").symlink_to(tmp_path / "kim.luv")
    with open_reader_file(tmp_path / "kim.luv", KIM), open_reader_file(tmp_path / "other" / "link.luv", KIM) as second:
        assert second.read_only


def test_a_lock_without_readable_text_still_holds(tmp_path: Path) -> None:
    with open_reader_file(tmp_path / "kim.luv", KIM):
        (tmp_path / "kim.luv.lock").write_text("{")
        with open_reader_file(tmp_path / "kim.luv", KIM) as second:
            assert second.read_only == "another window has it open"


def test_a_lock_file_that_its_holder_just_removed_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock_path, lock = tmp_path / "kim.luv.lock", writer_lock._lock

    def removed_before(handle: int) -> None:
        monkeypatch.setattr(writer_lock, "_lock", lock)
        lock_path.unlink()
        lock(handle)

    # Between the opening of the file and its locking, the window that held it closes.
    monkeypatch.setattr(writer_lock, "_lock", removed_before)
    first = writer_lock.WriterLock.taken(tmp_path / "kim.luv", "kim")
    assert lock_path.exists()
    with pytest.raises(writer_lock.HeldElsewhere):
        writer_lock.WriterLock.taken(tmp_path / "kim.luv", "kim")
    first.release()
    assert not lock_path.exists()


def test_a_window_waits_while_another_one_makes_the_file(tmp_path: Path) -> None:
    path, made = tmp_path / "kim.luv", tmp_path / "made.luv"
    open_reader_file(made, KIM).close()
    lock = writer_lock.WriterLock.taken(path, "kim")
    making = threading.Timer(0.1, made.rename, [path])
    making.start()
    with open_reader_file(path, KIM) as second:
        assert second.read_only.startswith("kim has it open in another window on ")
    making.join()
    lock.release()


def test_a_writer_that_got_the_lock_wrongly_does_not_write(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    with open_reader_file(path, KIM) as first:
        # As on a folder whose server grants a lock twice.
        (tmp_path / "kim.luv.lock").unlink()
        with open_reader_file(path, KIM) as second:
            second.append([video_entry(1, made_record(1))], [made_record(1)])
            with pytest.raises(ReaderFileReadOnlyError) as caught:
                first.append([video_entry(1, made_record(2))], [made_record(2)])
            assert str(caught.value) == (
                f"{path} was written by another program meanwhile; close it and open it again."
            )
        assert list(first.records()) == [made_record(1).video_id]
    assert verify_reader_file(path).first_broken is None


def test_role_and_blinding_are_those_of_the_project(tmp_path: Path) -> None:
    open_reader_file(tmp_path / "kim.luv", KIM).close()
    open_reader_file(tmp_path / "kim.luv", Reader("KIM", Role.COORDINATOR, blinded=True)).close()
    with open_reader_file(tmp_path / "kim.luv") as file:
        assert file.reader == Reader("kim", Role.COORDINATOR, blinded=True)
    assert verify_reader_file(tmp_path / "kim.luv").first_broken is None


def test_a_file_that_is_taken_away_is_noticed_and_can_be_saved(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    with open_reader_file(path, KIM) as file:
        file.append([video_entry(1, made_record(1))], [made_record(1)])
        path.rename(tmp_path / "elsewhere.luv")
        with pytest.raises(ReaderFileReadOnlyError) as caught:
            file.append([_EDIT])
        assert str(caught.value) == (
            f"{path} was moved, replaced or deleted while it was open; the edit was not kept; save a copy elsewhere."
        )
        file.copy_to(tmp_path / "copy.luv")
        (tmp_path / "elsewhere.luv").rename(path)
        file.append([_EDIT])
    assert verify_reader_file(path).n_entries == 2
    assert verify_reader_file(tmp_path / "copy.luv").n_entries == 1


def test_a_copy_is_the_whole_file_and_replaces_nothing(tmp_path: Path) -> None:
    with open_reader_file(tmp_path / "kim.luv", KIM) as file:
        file.append([video_entry(1, made_record(1)), _EDIT], [made_record(1)])
        file.copy_to(tmp_path / "copy.luv")
        for taken in ("copy.luv", "kim.luv"):
            with pytest.raises(ReaderFileError) as caught:
                file.copy_to(tmp_path / taken)
            assert str(caught.value) == f"{tmp_path / taken} exists already; choose another name for the copy."
        with pytest.raises(ReaderFileError, match=r"its folder does not exist; choose another folder\.$"):
            file.copy_to(tmp_path / "missing" / "copy.luv")
        with open_reader_file(tmp_path / "copy.luv", KIM) as copy:
            assert copy.read_only == ""
            assert copy.entries() == file.entries()
            assert copy.records() == file.records()
            assert copy.annotations() == file.annotations()


def test_opened_in_one_thread_written_and_read_in_others(tmp_path: Path) -> None:
    records = [made_record(i) for i in range(3)]
    maker = RandomReader(0, records, number=3)
    batch = [maker.next_entry() for _ in range(60)]
    counts: list[int] = []
    with open_reader_file(tmp_path / "kim.luv", KIM) as file:
        file.append([video_entry(i + 1, record) for i, record in enumerate(records)], records)
        writing = threading.Thread(target=lambda: [file.append([entry]) for entry in batch])
        reading = threading.Thread(target=lambda: counts.extend(len(file.entries()) for _ in range(60)))
        for thread in (writing, reading):
            thread.start()
        for thread in (writing, reading):
            thread.join()
        assert file.last_number == 63
    assert counts == sorted(counts)
    assert len(counts) == 60
    assert verify_reader_file(tmp_path / "kim.luv").first_broken is None


def test_a_closed_file_says_so(tmp_path: Path) -> None:
    file = open_reader_file(tmp_path / "kim.luv", KIM)
    file.close()
    with pytest.raises(ReaderFileError) as caught:
        file.records()
    assert str(caught.value) == f"{tmp_path / 'kim.luv'} was closed; open it again."


def test_strange_characters_in_a_path(tmp_path: Path) -> None:
    path = tmp_path / "50% #1?x=ü" / "kim & co.luv"
    open_reader_file(path, Reader("kim & co")).close()
    assert path.is_file()
    assert verify_reader_file(path).n_entries == 0


def _version_1(path: Path) -> list[Entry]:
    """A file as the first format had it: without snapshots."""
    records = [made_record(i) for i in range(3)]
    maker = RandomReader(4, records, number=3)
    entries = [video_entry(i + 1, record) for i, record in enumerate(records)]
    entries += [maker.next_entry() for _ in range(40)]
    with open_reader_file(path, KIM) as file:
        file.append(entries, records)
    con = sqlite3.connect(path, isolation_level=None)
    old = sqlite3.connect(":memory:", isolation_level=None)
    schema.MIGRATIONS[0](old)
    old.execute("PRAGMA user_version = 1")
    for table in ("meta", "video", "entry"):
        rows = con.execute(f"SELECT * FROM {table}").fetchall()
        old.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    con.close()
    path.write_bytes(old.serialize())
    old.close()
    return entries


def test_the_first_format_is_migrated_and_a_copy_kept(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    entries = _version_1(path)
    before = path.read_bytes()
    for copy in ("kim.luv.format-1", "kim.luv.format-1-2"):
        with open_reader_file(path, KIM) as file:
            assert file.entries() == tuple(entries)
            assert len(file.annotations()) == 3
        assert (tmp_path / copy).read_bytes() == before
        assert verify_reader_file(path).first_broken is None
        path.write_bytes(before)


def test_the_first_format_is_read_without_a_byte_written(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    entries = _version_1(path)
    before = path.read_bytes()
    with open_reader_file(path) as file:
        assert file.entries() == tuple(entries)
        assert len(file.annotations()) == 3
    assert verify_reader_file(path).first_broken is None
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["kim.luv"]


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    _version_1(path)
    con = sqlite3.connect(path)
    con.execute("DROP TRIGGER entry_no_update")
    con.execute("UPDATE entry SET changes = '[[\"colour\",1,2]]' WHERE number = 20")
    con.commit()
    con.close()
    before = path.read_bytes()
    with pytest.raises(ReaderFileDamagedError):
        open_reader_file(path, KIM)
    assert path.read_bytes() == before
    assert (tmp_path / "kim.luv.format-1").read_bytes() == before
