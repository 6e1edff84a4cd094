"""Killed processes, full disks, missing rights, two windows: with real processes and real files."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from luv_viewer.domain.reader_file import Reader, ReaderFileFullError
from luv_viewer.io.reader_file import open_reader_file, verify_reader_file
from tests.io.builders_reader_file import KIM, RandomReader, made_record, video_entry

WRITER = Path(__file__).with_name("reader_file_writer.py")
RECORDS = [made_record(i) for i in range(3)]


def _start(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), *map(str, words)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _heard(program: subprocess.Popen[str]) -> dict:
    assert program.stdout is not None
    return json.loads(program.stdout.readline())


def _all_said(*words: object) -> list[dict]:
    done = subprocess.run(
        [sys.executable, str(WRITER), *map(str, words)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _end(program: subprocess.Popen[str]) -> None:
    program.kill()
    program.communicate()


def test_killed_50_times_at_any_moment_at_most_the_edit_under_way_is_missing(tmp_path: Path) -> None:
    moments = random.Random(20261121)
    program = _start("edit-often")
    assert program.stdin is not None
    n_left_within_an_edit = already = 0
    try:
        for run in range(50):
            # Ten kills for each file: the first from before it is made, the others on from what the last one left.
            path = tmp_path / f"{run // 10}.luv"
            program.stdin.write(json.dumps([str(path), run]) + "\n")
            program.stdin.flush()
            child = _heard(program)["child"]
            time.sleep(moments.uniform(0.0, 0.02 if run % 10 == 0 else 0.3))
            os.kill(child, signal.SIGKILL)
            kept = 0
            while "ended" not in (said := _heard(program)):
                kept = said["kept"]
            already = already if run % 10 else 0
            if not path.exists():
                assert kept == already == 0
                continue
            journal = Path(f"{path}-journal")
            n_left_within_an_edit += journal.exists() and journal.stat().st_size > 0
            # Read only first: the file must be sound before anybody repairs it.
            audit = verify_reader_file(path)
            assert audit.first_broken is None, audit.sentence
            # On from a file of earlier runs, an edit may be kept and the kill come before its number was said.
            least = kept or already
            assert least <= audit.n_entries <= least + (3 if least == 0 else 1)
            already = audit.n_entries
            with open_reader_file(path, KIM) as file:
                assert file.read_only == ""
                assert file.last_number == audit.n_entries
            assert verify_reader_file(path).first_broken is None
    finally:
        _end(program)
    # Without kills within a transaction the test would show nothing.
    assert n_left_within_an_edit > 0


def test_a_file_left_within_an_edit_is_read_without_repairing_it(tmp_path: Path) -> None:
    path, torn = tmp_path / "kim.luv", tmp_path / "torn" / "kim.luv"
    torn.parent.mkdir()
    with open_reader_file(path, KIM) as file:
        file.append([video_entry(i + 1, record) for i, record in enumerate(RECORDS)], RECORDS)
        shutil.copyfile(path, tmp_path / "before.luv")
        con = file._con
        con.execute("PRAGMA cache_size = 1")
        con.execute("BEGIN IMMEDIATE")
        for number in range(200):
            con.execute("INSERT INTO snapshot VALUES (?, 1, 1, ?)", (str(number), "x" * 500))
        # As a kill would leave it: pages in the file already, the journal synced.
        for name in ("kim.luv", "kim.luv-journal"):
            shutil.copyfile(tmp_path / name, torn.with_name(name))
        con.execute("ROLLBACK")
    names = {p.name: p.read_bytes() for p in torn.parent.iterdir()}
    assert names["kim.luv"] != (tmp_path / "before.luv").read_bytes()
    with open_reader_file(torn) as file:
        assert file.last_number == len(file.annotations()) == 3
    assert verify_reader_file(torn).first_broken is None
    assert {p.name: p.read_bytes() for p in torn.parent.iterdir()} == names
    with open_reader_file(torn, KIM) as file:
        assert file.last_number == 3
    assert [p.name for p in torn.parent.iterdir()] == ["kim.luv"]


def test_two_processes_one_writes_and_the_other_is_told_who(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    program = _start("hold", path)
    try:
        assert _heard(program) == {"read_only": ""}
        with open_reader_file(path, KIM) as second:
            assert f"kim has it open in another window on {socket.gethostname()} since " in second.read_only
            assert second.entries() == ()
        also = _start("hold", path)
        assert _heard(also)["read_only"].startswith("kim has it open in another window on ")
        _end(also)
    finally:
        _end(program)
    assert (tmp_path / "kim.luv.lock").read_text().startswith('{"reader": "kim"')
    with open_reader_file(path, KIM) as third:
        assert third.read_only == ""
        third.append([video_entry(1, RECORDS[0])], RECORDS[:1])


def test_processes_that_open_and_close_at_once_never_write_together(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    programs = [_start("take-turns", path, 60) for _ in range(4)]
    kept = [json.loads(program.communicate(timeout=60)[0])["kept"] for program in programs]
    audit = verify_reader_file(path)
    assert (audit.n_entries, audit.first_broken) == (sum(kept), None)
    assert audit.n_entries > 0
    assert [p.name for p in tmp_path.iterdir()] == ["kim.luv"]


def test_a_file_that_may_not_grow_says_so_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kim.luv"
    full, after = _all_said("fill-up", path, 120_000)
    assert full["refusal"] == (
        f"ReaderFileError: {path} cannot be written: the disk, its quota or the network refuses it; "
        "the edit was not kept; try again, or save a copy elsewhere."
    )
    assert after["kept"] == full["kept"] + 21
    assert verify_reader_file(path).sentence == f"{path}: all {after['kept']} entries are as they were written."


def _mounted(folder: Path) -> bool:
    """Whether a disk of 400 KB could be put in `folder`: not every account may."""
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(folder)]
    return sys.platform == "linux" and subprocess.run(command, capture_output=True, check=False).returncode == 0


def _can_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        return _mounted(Path(folder)) and subprocess.run(["umount", folder], check=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    assert _mounted(folder)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


if _can_mount():
    # Elsewhere the two tests beside it show the same: a file that may not grow, a database that may not grow.
    def test_a_full_disk_says_so_and_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
        path, ballast = small_disk / "kim.luv", small_disk / "ballast"
        ballast.write_bytes(bytes(150_000))
        full, after = _all_said("fill-disk", path, ballast)
        assert full["refusal"] == (
            f"ReaderFileFullError: {path} cannot be written: the disk is full and the edit was not kept; "
            "free some space and try again, or save a copy elsewhere."
        )
        assert after["kept"] == full["kept"] + 21
        assert verify_reader_file(path).first_broken is None
        (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free))
        with open_reader_file(path, KIM) as file:
            assert file.read_only == ""
            file.copy_to(tmp_path / "elsewhere.luv")
            with pytest.raises(ReaderFileFullError) as caught:
                file.copy_to(small_disk / "copy.luv")
        assert str(caught.value).endswith("the disk is full; free some space or choose another folder.")
        assert verify_reader_file(tmp_path / "elsewhere.luv").n_entries == after["kept"]
        with pytest.raises(ReaderFileFullError):
            open_reader_file(small_disk / "lee.luv", Reader("lee"))
        assert sorted(p.name for p in small_disk.iterdir()) == ["ballast", "kim.luv"]


def test_a_database_that_may_not_grow_is_a_full_disk(tmp_path: Path) -> None:
    with open_reader_file(tmp_path / "kim.luv", KIM) as file:
        file.append([video_entry(i + 1, record) for i, record in enumerate(RECORDS)], RECORDS)
        n_pages = file._con.execute("PRAGMA page_count").fetchone()[0]
        file._con.execute(f"PRAGMA max_page_count = {n_pages}")
        batch = [maker.next_entry() for maker in [RandomReader(1, RECORDS, number=3)] for _ in range(100)]
        before = file.entries(), file.annotations(), file.last_number
        for _ in range(2):
            with pytest.raises(ReaderFileFullError) as caught:
                file.append(batch)
            assert str(caught.value).startswith(f"{file.path} cannot be written: the disk is full and the edit was not")
            assert (file.entries(), file.annotations(), file.last_number) == before
        file._con.execute("PRAGMA max_page_count = 1000000")
        file.append(batch)
        assert file.last_number == 103
    assert verify_reader_file(tmp_path / "kim.luv").first_broken is None


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can reach, with a file of three entries."""
    # pytest's own folders are closed to other accounts, and the account with all rights is never refused.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with open_reader_file(folder / "kim.luv", KIM) as file:
            file.append([video_entry(i + 1, record) for i, record in enumerate(RECORDS)], RECORDS)
        yield folder
        folder.chmod(0o755)


def test_a_folder_that_may_not_be_written_opens_read_only(open_folder: Path) -> None:
    path = open_folder / "kim.luv"
    content = path.read_bytes()
    path.chmod(0o666)
    open_folder.chmod(0o555)
    opened, refused = _all_said("without-rights", path)
    assert opened == {"read_only": "you may not write in its folder", "n_entries": 3, "n_records": 3}
    assert refused == {
        "refusal": f"ReaderFileReadOnlyError: {path} cannot be written: you may not write in its folder."
    }
    assert path.read_bytes() == content


def test_a_folder_that_may_not_be_written_with_an_old_lock_in_it_opens_read_only(open_folder: Path) -> None:
    path = open_folder / "kim.luv"
    path.chmod(0o666)
    (open_folder / "kim.luv.lock").touch()
    (open_folder / "kim.luv.lock").chmod(0o666)
    open_folder.chmod(0o555)
    opened, _ = _all_said("without-rights", path)
    assert opened == {"read_only": "you may not write in its folder", "n_entries": 3, "n_records": 3}


def test_a_file_that_may_not_be_written_opens_read_only(open_folder: Path) -> None:
    path = open_folder / "kim.luv"
    open_folder.chmod(0o777)
    path.chmod(0o444)
    opened, refused = _all_said("without-rights", path)
    assert opened == {"read_only": "you may not write this file", "n_entries": 3, "n_records": 3}
    assert refused["refusal"] == f"ReaderFileReadOnlyError: {path} cannot be written: you may not write this file."
    assert [p.name for p in open_folder.iterdir()] == ["kim.luv"]


def test_a_file_that_may_not_be_read_is_told(open_folder: Path) -> None:
    path = open_folder / "kim.luv"
    open_folder.chmod(0o777)
    path.chmod(0o000)
    (refused,) = _all_said("without-rights", path)
    assert refused["refusal"] == (
        f"ReaderFileError: {path} cannot be opened: it is gone, or you may not read it or write in its folder."
    )


def test_a_file_that_cannot_be_made_is_told(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    (refused,) = _all_said("without-rights", open_folder / "lee.luv")
    assert refused["refusal"] == (
        f"ReaderFileReadOnlyError: {open_folder / 'lee.luv'} cannot be made: you may not write in its folder."
    )
