"""The notebook's rules on a real reader file: random edits, undo, redo and restarts; locks and refusals."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pytestqt.qtbot import QtBot

from luv_viewer.domain import track as tracks
from luv_viewer.domain.annotation import QUALITIES, VideoAnnotation
from luv_viewer.domain.edit import Change, EntryKind
from luv_viewer.domain.history import replayed
from luv_viewer.domain.lus_score import LUS_SCORES
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import Reader, SheetKey, VideoRecord
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.frame_table import write_frame_table
from luv_viewer.io.label_sheet_file import write_sheet
from luv_viewer.io.reader_file import SqliteReaderFile, open_reader_file, verify_reader_file
from luv_viewer.notebook import FINALISED, Notebook, touched_frames
from tests.builders_labelling import KIM, DirectWriter, open_notebook, recognise, sheet_in

N = 40
RECORDS = tuple(
    VideoRecord(
        f"1.2.3.{i}",
        f"clip_{i}.dcm",
        N,
        tuple(frame / 25 for frame in range(N)),
        tuple(f"{i:032d}{frame:032d}" for frame in range(N)),
        SheetKey(f"{i:04d}", 1, "20260131"),
    )
    for i in range(2)
)
PATTERNS = st.sampled_from(TRACK_PATTERNS)
FRAMES = st.integers(0, N - 1)
SPANS = st.tuples(FRAMES, FRAMES).map(lambda ends: Span(min(ends), max(ends) + 1))


class Work:
    """A notebook on a reader file in a folder; can be closed and opened again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "kim.luv"
        self.start()

    def start(self) -> None:
        self.file: SqliteReaderFile = open_reader_file(self.path, KIM)
        self.notebook = Notebook()
        self.writer = DirectWriter(self.notebook)
        self.refusals: list[str] = []
        self.notebook.refused.connect(self.refusals.append)
        open_notebook(self.notebook, self.file)
        recognise(self.notebook, RECORDS[0])

    def stop(self) -> None:
        self.notebook.close()
        self.file.close()

    @property
    def annotation(self) -> VideoAnnotation:
        assert self.notebook.annotation is not None
        return self.notebook.annotation

    def edit_track(self, pattern: Pattern, track: tracks.Track, verb: str = "edit") -> bool:
        return self.notebook.apply(self.annotation.with_track(pattern, track), verb)

    def exported(self) -> tuple[bytes, bytes]:
        """Frame table and published sheet (empty for what is not finalised) of the first video."""
        sheet = sheet_in(self.file)
        sheet = replace(sheet, rows=tuple(row for row in sheet.rows if row.video_id == RECORDS[0].video_id))
        table, published = self.folder / "frames.csv", self.folder / "sheet.csv"
        write_frame_table(table, sheet)
        write_sheet(published, sheet, SheetLayout.DEVELOPMENT)
        return table.read_bytes(), published.read_bytes()


@pytest.fixture
def work(qtbot: QtBot, tmp_path: Path) -> Iterator[Work]:
    work = Work(tmp_path)
    yield work
    work.stop()


@contextmanager
def read_only_notebook(path: Path) -> Iterator[Notebook]:
    with open_reader_file(path) as file:
        assert file.read_only
        notebook = Notebook()
        open_notebook(notebook, file)
        recognise(notebook, RECORDS[0])
        yield notebook
        notebook.close()


class ReaderAtWork(RuleBasedStateMachine):
    """Any edits in any order, undone, redone and read again after a restart: file and notebook never differ."""

    @initialize()
    def begin(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.work = Work(Path(self._folder.name))
        # The first edit makes the video known, so that the empty sheet has its row.
        self.work.notebook.apply(replace(self.work.annotation, zone="R1", seen=SpanSet.whole(N)), "set zone")
        for frame in range(N):
            self.work.notebook.see(frame)
        self.work.notebook.undo()
        self.first = self.work.exported()
        self.work.notebook.redo()

    def edit(self, after: VideoAnnotation) -> None:
        before = self.work.annotation
        done = self.work.notebook.apply(after, "edit")
        if before.finalised and after.finalised:
            assert not done
            assert self.work.annotation == before
        else:
            assert done == (after != before)

    @rule(pattern=PATTERNS, span=SPANS)
    def mark(self, pattern: Pattern, span: Span) -> None:
        now = self.work.annotation
        self.edit(now.with_track(pattern, tracks.add(now.track(pattern), span)))

    @rule(pattern=PATTERNS, span=SPANS)
    def remove(self, pattern: Pattern, span: Span) -> None:
        now = self.work.annotation
        self.edit(now.with_track(pattern, tracks.remove(now.track(pattern), span)))

    @rule(pattern=PATTERNS, spans=st.lists(SPANS, max_size=3))
    def deny(self, pattern: Pattern, spans: list[Span]) -> None:
        self.edit(self.work.annotation.with_absent(pattern, SpanSet.union(spans)))

    @rule(pattern=PATTERNS, present=st.booleans())
    def whole(self, pattern: Pattern, present: bool) -> None:
        self.edit(self.work.annotation.with_track(pattern, (Span(0, N),) if present else ()))

    @rule(pattern=PATTERNS, index=st.integers(0, 5), frame=FRAMES, how=st.integers(0, 5))
    def change_interval(self, pattern: Pattern, index: int, frame: int, how: int) -> None:
        track = self.work.annotation.track(pattern)
        if track:
            index %= len(track)
            changed = (
                lambda: tracks.split(track, frame),
                lambda: tracks.merge(track, index),
                lambda: tracks.delete(track, index),
                lambda: tracks.move_edge(track, index, "start", frame, N),
                lambda: tracks.move_edge(track, index, "end", frame, N),
                lambda: tracks.shift(track, index, frame - N // 2, N),
            )[how]()
            self.edit(self.work.annotation.with_track(pattern, changed))

    @rule(
        zone=st.sampled_from(["", "R2", "L4"]),
        sliding=st.sampled_from([None, True, False]),
        score=st.sampled_from([None, *LUS_SCORES]),
        quality=st.sampled_from(["", *QUALITIES]),
        note=st.text(max_size=8),
    )
    def fill_fields(self, zone: str, sliding: bool | None, score: object, quality: str, note: str) -> None:
        fields = {"zone": zone, "sliding": sliding, "lus_score": score, "quality": quality, "note": note}
        self.edit(replace(self.work.annotation, **fields))  # type: ignore[arg-type]

    @rule(done=st.booleans())
    def finalise(self, done: bool) -> None:
        self.edit(replace(self.work.annotation, finalised=done))

    @rule()
    def undo(self) -> None:
        before, could = self.work.annotation, self.work.notebook.next_undo
        assert self.work.notebook.undo() == bool(could)
        assert (self.work.annotation == before) == (not could)

    @rule()
    def redo(self) -> None:
        before, could = self.work.annotation, self.work.notebook.next_redo
        assert self.work.notebook.redo() == bool(could)
        assert (self.work.annotation == before) == (not could)

    @rule()
    def restart(self) -> None:
        before = (self.work.annotation, self.work.notebook.next_undo, self.work.notebook.next_redo)
        self.work.stop()
        self.work.start()
        assert (self.work.annotation, self.work.notebook.next_undo, self.work.notebook.next_redo) == before

    @rule(zone=st.sampled_from(["R3", "L1"]))
    def edit_video_not_shown(self, zone: str) -> None:
        other = RECORDS[1]
        before = self.work.notebook.annotations.get(other.video_id, VideoAnnotation(N))
        self.work.notebook.apply_to(other, replace(before, zone=zone), "set zone")
        assert self.work.notebook.annotations[other.video_id].zone == zone

    @rule()
    def look_elsewhere(self) -> None:
        before = (self.work.annotation, self.work.notebook.next_undo)
        recognise(self.work.notebook, RECORDS[1])
        recognise(self.work.notebook, RECORDS[0])
        assert (self.work.annotation, self.work.notebook.next_undo) == before

    @precondition(lambda self: self.work.notebook.next_undo)
    @rule()
    def undo_all_and_redo_all(self) -> None:
        notebook = self.work.notebook
        while notebook.redo():
            pass
        end = self.work.exported()
        undone = 0
        while notebook.undo():
            undone += 1
        assert self.work.annotation == VideoAnnotation(N, seen=SpanSet.whole(N))
        assert self.work.exported() == self.first
        for _ in range(undone):
            assert notebook.redo()
        assert self.work.exported() == end

    @invariant()
    def file_says_what_the_notebook_says(self) -> None:
        kept = self.work.file.annotations()
        assert {i: a for i, a in self.work.notebook.annotations.items() if i in kept} == kept
        assert kept[RECORDS[0].video_id] == replayed(N, self.work.file.entries(RECORDS[0].video_id))

    def teardown(self) -> None:
        if hasattr(self, "work"):
            self.work.stop()
            audit = verify_reader_file(self.work.path)
            assert audit.first_broken is None, audit.sentence
            self._folder.cleanup()


@pytest.mark.usefixtures("qapp")
class TestReaderAtWork(ReaderAtWork.TestCase):
    """The machine above, run by hypothesis."""

    settings = settings(max_examples=60, stateful_step_count=25)


def test_undoing_all_gives_the_first_sheet_byte_for_byte_and_redoing_all_the_last(work: Work) -> None:
    notebook = work.notebook
    for frame in range(N):
        notebook.see(frame)
    notebook.write_seen()
    steps = [work.exported()]
    for step in range(6):
        assert work.edit_track(Pattern.B_LINE, (Span(step, 20 + step), Span(30, 31 + step)))
        steps.append(work.exported())
    assert notebook.apply(replace(work.annotation, finalised=True, lus_score=LUS_SCORES[3]), "finalise")
    steps.append(work.exported())
    assert b"6_25" in steps[-1][1]
    assert b"6_25" not in steps[-2][1]
    assert len(set(steps)) == len(steps)
    for expected in reversed(steps[:-1]):
        assert notebook.undo()
        assert work.exported() == expected
    assert not notebook.undo()
    work.stop()
    work.start()
    for expected in steps[1:]:
        assert work.notebook.redo()
        assert work.exported() == expected
    assert not work.notebook.redo()


def test_a_new_edit_after_an_undo_ends_what_can_be_redone(work: Work) -> None:
    work.edit_track(Pattern.A_LINE, (Span(0, 3),), "first")
    work.edit_track(Pattern.A_LINE, (Span(0, 4),), "second")
    assert work.notebook.undo()
    assert (work.notebook.next_undo, work.notebook.next_redo) == ("first", "second")
    work.edit_track(Pattern.A_LINE, (Span(0, 9),), "third")
    assert (work.notebook.next_undo, work.notebook.next_redo) == ("third", "")
    kinds = [entry.kind for entry in work.file.entries()]
    assert kinds == [EntryKind.VIDEO, EntryKind.EDIT, EntryKind.EDIT, EntryKind.UNDO, EntryKind.EDIT]


def test_seeing_is_no_edit_and_undo_leaves_it(work: Work) -> None:
    work.edit_track(Pattern.A_LINE, (Span(0, 3),), "mark")
    work.notebook.see(7)
    work.notebook.see(7)
    assert work.file.entries()[-1].kind is EntryKind.EDIT
    work.notebook.write_seen()
    entry = work.file.entries()[-1]
    assert (entry.kind, entry.changes) == (EntryKind.SEEN, (Change("seen", "", "8"),))
    assert work.notebook.next_undo == "mark"
    assert work.notebook.undo()
    assert work.annotation == VideoAnnotation(N, seen=SpanSet.of(Span(7, 8)))
    assert not work.notebook.undo()
    work.notebook.write_seen()
    assert len(work.file.entries()) == 4


def test_an_edit_names_the_first_and_last_frame_that_changed(work: Work) -> None:
    record = RECORDS[0]
    work.edit_track(Pattern.B_LINE, (Span(4, 20), Span(30, 35)))
    assert work.file.entries()[-1].frames == (record.frame_identity(4), record.frame_identity(34))
    work.edit_track(Pattern.B_LINE, (Span(4, 25), Span(30, 35)))
    assert work.file.entries()[-1].frames == (record.frame_identity(20), record.frame_identity(24))
    work.edit_track(Pattern.B_LINE, (Span(4, 9), Span(9, 25), Span(30, 35)))
    assert work.file.entries()[-1].frames == (record.frame_identity(4), record.frame_identity(24))
    work.edit_track(Pattern.B_LINE, (Span(4, 9), Span(9, 24), Span(30, 35)))
    assert work.file.entries()[-1].frames == (record.frame_identity(24),)
    work.notebook.apply(replace(work.annotation, zone="R2"), "set zone")
    assert work.file.entries()[-1].frames == ()
    assert [e.number for e in work.file.entries()] == [1, 2, 3, 4, 5, 6]


def test_frames_of_a_change_of_several_patterns_span_them_all() -> None:
    changes = (Change("present/A-line", "1_4", ""), Change("absent/B-line", "", "9_12"), Change("note", "", "x"))
    assert touched_frames(changes).label == "1_4, 9_12"


def test_a_changed_file_is_refused_in_words_and_nothing_is_written(work: Work) -> None:
    work.edit_track(Pattern.A_LINE, (Span(0, 3),))
    before = work.file.entries()
    other = replace(RECORDS[0], digests=(*RECORDS[0].digests[:4], "f" * 64, *RECORDS[0].digests[5:]))
    recognise(work.notebook, other)
    assert work.notebook.annotation is None
    assert work.notebook.lock == (
        "clip_0.dcm is not the file that kim annotated: frame 5 changed. "
        "Nothing can be added to it; put the first file back, or annotate this one in another project."
    )
    work.notebook.see(3)
    assert not work.notebook.apply(VideoAnnotation(N, zone="R1"), "set zone")
    assert not work.notebook.undo()
    assert not work.notebook.apply_to(other, VideoAnnotation(N, zone="R1"), "set zone")
    assert work.refusals[0] == work.notebook.lock
    assert work.refusals[1] == "clip_0.dcm is not the file that was annotated: frame 5 changed."
    work.notebook.close_video()
    assert work.file.entries() == before
    recognise(work.notebook, RECORDS[0])
    assert work.annotation.track(Pattern.A_LINE) == (Span(0, 3),)


def test_a_file_that_somebody_else_writes_can_be_read_and_not_edited(work: Work) -> None:
    work.edit_track(Pattern.A_LINE, (Span(0, 3),))
    before = work.file.entries()
    with read_only_notebook(work.path) as notebook:
        made: list[object] = []
        refusals: list[str] = []
        notebook.entries_made.connect(lambda *both: made.append(both))
        notebook.refused.connect(refusals.append)
        assert notebook.annotation == work.annotation
        assert not notebook.apply(VideoAnnotation(N), "clear")
        assert not notebook.undo()
        notebook.see(9)
        notebook.write_seen()
        notebook.note("reaction time", {"n": 3})
        assert made == []
        assert len(refusals) == 2
        assert all(sentence == notebook.lock and sentence.startswith("Read only: ") for sentence in refusals)
    assert work.file.entries() == before


def test_a_finalised_video_is_locked_until_it_is_reopened(work: Work) -> None:
    work.edit_track(Pattern.A_LINE, (Span(0, 3),))
    assert work.notebook.lock == ""
    assert work.notebook.apply(replace(work.annotation, finalised=True), "finalise")
    assert work.notebook.lock == FINALISED
    assert not work.edit_track(Pattern.A_LINE, (Span(0, 9),))
    assert work.refusals == [FINALISED]
    assert work.notebook.undo()
    assert not work.annotation.finalised
    assert work.notebook.redo()
    assert work.notebook.apply(replace(work.annotation, finalised=False), "reopen")
    assert work.edit_track(Pattern.A_LINE, (Span(0, 9),))


def test_without_a_reader_or_before_the_video_is_recognised_the_lock_says_which(work: Work) -> None:
    assert Notebook().lock == "No reader is chosen."
    work.notebook.close_video()
    assert work.notebook.lock == "This video is still being read; it can be labelled in a moment."
    assert not work.notebook.apply(VideoAnnotation(N, zone="R1"), "set zone")
    work.notebook.refuse_video("It cannot be read.")
    assert work.notebook.lock == "It cannot be read."
    assert work.file.entries() == ()


def test_edits_made_while_answering_an_edit_keep_their_order(work: Work) -> None:
    def answer() -> None:
        if work.notebook.annotation is not None and work.annotation.zone == "":
            work.notebook.apply(replace(work.annotation, zone="R2"), "answer")

    work.notebook.annotation_changed.connect(answer)
    work.edit_track(Pattern.A_LINE, (Span(0, 3),), "mark")
    assert [entry.verb for entry in work.file.entries()] == ["first opened", "mark", "answer"]


def test_what_is_typed_is_kept_when_the_video_goes(work: Work) -> None:
    work.notebook.video_closing.connect(lambda: work.notebook.apply(replace(work.annotation, note="typed"), "note"))
    work.notebook.close_video()
    assert work.file.annotations()[RECORDS[0].video_id].note == "typed"


def test_edits_of_a_video_not_shown_can_be_undone_once_it_is(work: Work) -> None:
    assert work.notebook.apply_to(RECORDS[1], VideoAnnotation(N, zone="R4"), "set zone")
    recognise(work.notebook, RECORDS[1])
    assert (work.annotation.zone, work.notebook.next_undo) == ("R4", "set zone")
    recognise(work.notebook, RECORDS[0])
    assert work.notebook.apply_to(RECORDS[1], VideoAnnotation(N, zone="L1"), "move")
    recognise(work.notebook, RECORDS[1])
    assert work.notebook.undo()
    assert work.annotation.zone == "R4"


def test_another_reader_starts_with_nothing(work: Work, tmp_path: Path) -> None:
    work.edit_track(Pattern.A_LINE, (Span(0, 3),))
    with open_reader_file(tmp_path / "lee.luv", Reader("lee")) as other:
        work.notebook.close()
        open_notebook(work.notebook, other)
        recognise(work.notebook, RECORDS[0])
        assert work.annotation == VideoAnnotation(N)
        assert work.notebook.next_undo == ""
        work.notebook.note("reaction time", {"n": 8})
        assert [(e.kind, e.reader, e.video_id) for e in other.entries()] == [(EntryKind.NOTE, "lee", "")]
        work.notebook.close()
