"""Programs that test_reader_file_crash.py starts, limits and kills: real processes that write a reader file.

Started with a name of a program and its arguments. `luv_viewer.io` is put in place without its own imports (decoders of
every kind), so that a program is ready in a moment.
"""

from __future__ import annotations

import json
import os
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _light_imports() -> None:
    sys.path.insert(0, str(ROOT))
    package = types.ModuleType("luv_viewer.io")
    package.__path__ = [str(ROOT / "luv_viewer" / "io")]
    sys.modules["luv_viewer.io"] = package


if __name__ == "__main__":
    _light_imports()

from luv_viewer.domain.edit import Entry, EntryKind  # noqa: E402
from luv_viewer.domain.reader_file import ReaderFileError  # noqa: E402
from luv_viewer.io.reader_file import SqliteReaderFile, open_reader_file, verify_reader_file  # noqa: E402
from tests.io.builders_reader_file import KIM, RandomReader, made_record, time_text, video_entry  # noqa: E402

RECORDS = [made_record(i) for i in range(3)]
N_EDITS = 500


def say(**words: object) -> None:
    """A line of JSON, out at once and whole, whatever kills the process."""
    os.write(sys.stdout.fileno(), (json.dumps(words) + "\n").encode())


def edit(path: Path, seed: int) -> None:
    """500 random edits on from what the file holds; says the number of each after `append` has returned."""
    with open_reader_file(path, KIM) as file:
        if file.last_number == 0:
            file.append([video_entry(i + 1, record) for i, record in enumerate(RECORDS)], RECORDS)
            say(kept=3)
        maker = RandomReader(seed, RECORDS)
        maker.follow(list(file.entries()))
        for _ in range(N_EDITS):
            entry = maker.next_entry()
            file.append([entry])
            say(kept=entry.number)


def edit_often() -> None:
    """`edit` in a process of its own for every line `PATH SEED` that comes in; says its id."""
    for line in sys.stdin:
        path, seed = json.loads(line)
        child = os.fork()
        if child == 0:
            edit(Path(path), seed)
            os._exit(0)
        say(child=child)
        os.waitpid(child, 0)
        say(ended=child)


def hold(path: Path) -> None:
    """Keep the file open until killed."""
    file = open_reader_file(path, KIM)
    say(read_only=file.read_only)
    time.sleep(600)


def take_turns(path: Path, rounds: int) -> None:
    """Open, write a note where that can be, close; says how many notes were kept."""
    kept = 0
    for _ in range(rounds):
        with open_reader_file(path, KIM) as file:
            if not file.read_only:
                number = file.last_number + 1
                file.append([Entry(number, EntryKind.NOTE, "", "turn", (), "kim", time_text(number))])
                kept += 1
    say(kept=kept)


def fill_up(path: Path, limit: int) -> None:
    """Edit until no file may grow beyond `limit` bytes; then go on without the limit."""
    import resource

    with open_reader_file(path, KIM) as file:
        file.append([video_entry(i + 1, record) for i, record in enumerate(RECORDS)], RECORDS)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        until_full(file, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2))


def fill_disk(path: Path, ballast: Path) -> None:
    """Edit until the disk is full; then go on after `ballast` on the same disk is removed."""
    with open_reader_file(path, KIM) as file:
        file.append([video_entry(i + 1, record) for i, record in enumerate(RECORDS)], RECORDS)
        until_full(file, ballast.unlink)


def until_full(file: SqliteReaderFile, make_room: Callable[[], object]) -> None:
    """Edit until it is refused, check that nothing is lost, make room, and go on with the same edit."""
    maker = RandomReader(1, RECORDS, number=3)
    refusal = ""
    while not refusal:
        entry = maker.next_entry()
        before = file.annotations(), file.last_number
        refusal = _refusal(file, entry)
    say(refusal=refusal, kept=file.last_number)
    assert (file.annotations(), file.last_number) == before
    assert [_refusal(file, entry) for _ in range(3)] == [refusal] * 3
    assert verify_reader_file(file.path).n_entries == file.last_number
    with open_reader_file(file.path, KIM) as second:
        assert second.entries() == file.entries()
    make_room()
    file.append([entry])
    file.append([maker.next_entry() for _ in range(20)])
    say(kept=file.last_number)


def _refusal(file: SqliteReaderFile, entry: Entry) -> str:
    """The kind of error and its sentence; "" when the entry was kept."""
    try:
        file.append([entry])
    except ReaderFileError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def without_rights(path: Path) -> None:
    """Open for writing as somebody who may only read, and say what comes of it."""
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        with open_reader_file(path, KIM) as file:
            say(read_only=file.read_only, n_entries=len(file.entries()), n_records=len(file.records()))
            say(refusal=_refusal(file, RandomReader(1, RECORDS, number=3).next_entry()))
    except ReaderFileError as error:
        say(refusal=f"{type(error).__name__}: {error}")


PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "edit-often": lambda _: edit_often(),
    "hold": lambda words: hold(Path(words[0])),
    "take-turns": lambda words: take_turns(Path(words[0]), int(words[1])),
    "fill-up": lambda words: fill_up(Path(words[0]), int(words[1])),
    "fill-disk": lambda words: fill_disk(Path(words[0]), Path(words[1])),
    "without-rights": lambda words: without_rights(Path(words[0])),
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](sys.argv[2:])
