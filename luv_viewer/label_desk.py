"""What labelling wishes do: the reader, marks and held keys, fields, the AI's suggestions, finalising."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QObject, Signal

from luv_viewer.domain import track as tracks
from luv_viewer.domain.edit import EntryKind
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reaction import ReactionTime
from luv_viewer.domain.reader_file import Reader, ReaderFileError
from luv_viewer.domain.work_queue import next_unfinished
from luv_viewer.jobs.labelling import LabelJobs, OpenedReader
from luv_viewer.key_watch import KeyWatch
from luv_viewer.label_presenter import LabelPresenter, unlooked_words
from luv_viewer.session import Session
from luv_viewer.suggestion_desk import SuggestionDesk
from luv_viewer.timeline_desk import TimelineDesk
from luv_viewer.widgets.dialogs.finalise_dialog import ask_finalise
from luv_viewer.widgets.dialogs.reaction_dialog import ask_reaction
from luv_viewer.widgets.dialogs.reader_dialog import ReaderChoice, ask_reader
from luv_viewer.widgets.dialogs.unsaved_dialog import ask_copy_path, ask_unsaved
from luv_viewer.widgets.main_window import MainWindow

WRITE_WAIT_S = 5.0


def default_project_folder(title: str) -> Path:
    """Where the work on a study is kept when nobody says otherwise: in the user's documents, by the study's name."""
    base = os.environ.get("LUV_CONFIG_DIR") or platformdirs.user_documents_dir()
    safe = "".join(c if c.isalnum() or c in " -_" else "_" for c in title).strip(" .") or "project"
    return Path(base) / "LUV Viewer projects" / safe


class LabelDesk(QObject):
    """Where a reader labels.

    choice: the reader and project of now or of the last time.
    reader_opened: a reader is at work, and the study of the project is shown where none was open.
    """

    reader_opened = Signal()

    def __init__(self, session: Session, jobs: LabelJobs, window: MainWindow, keys: KeyWatch) -> None:
        super().__init__(window)
        self._session, self._jobs, self._window, self._keys = session, jobs, window, keys
        self._notebook, self._marking = session.notebook, session.marking
        self.choice: ReaderChoice | None = None
        self._measured: ReactionTime | None = None
        self._wanted: tuple[str | None, Path | None] | None = None
        self._takes_own_study = False
        self.presenter = LabelPresenter(session, jobs, window)
        self._suggestions = SuggestionDesk(session, self.presenter, window)
        self._timeline = TimelineDesk(session, window)
        jobs.opened.connect(self._take_reader)
        jobs.open_failed.connect(window.notice.say)
        jobs.busy.connect(window.say_working)
        session.video_changed.connect(self._identify)
        session.study_changed.connect(self.take_study)
        jobs.open_failed.connect(lambda _: self.reader_opened.emit())
        self._notebook.video_changed.connect(self._see_what_was_shown)
        self._notebook.video_closing.connect(window.label_panel.commit_typing)
        keys.held_key_released.connect(self._marking.release)
        window.may_close = self.may_close
        self._connect_panel()

    def verbs(self) -> dict[str, Callable[[], object]]:
        """What the menu's actions do, by name."""
        hand, notebook = self._marking, self._notebook
        verbs: dict[str, Callable[[], object]] = {
            "undo": lambda: self._go(notebook.undo, notebook.next_undo, "undo"),
            "redo": lambda: self._go(notebook.redo, notebook.next_redo, "redo"),
            "choose_reader": self.choose_reader,
            "mark_in": lambda: self._labelling(lambda: hand.set_mark("start")),
            "mark_out": lambda: self._labelling(lambda: hand.set_mark("end")),
            "commit_marks": lambda: self._labelling(hand.commit),
            "whole_clip": lambda: self._labelling(hand.toggle_whole),
            "start_earlier": lambda: hand.nudge("start", -1),
            "start_later": lambda: hand.nudge("start", 1),
            "end_earlier": lambda: hand.nudge("end", -1),
            "end_later": lambda: hand.nudge("end", 1),
            "split": lambda: hand.change_interval("split", lambda t, i, n: tracks.split(t, self._session.player.frame)),
            "merge": lambda: hand.change_interval("merge", lambda t, i, n: tracks.merge(t, i)),
            "delete": lambda: hand.change_interval("delete", lambda t, i, n: tracks.delete(t, i)),
            "loop_interval": self._timeline.loop_interval,
            "finalise": lambda: self._labelling(self.finalise),
            **self._suggestions.verbs(),
            "measure_reaction": self._measure_reaction,
        }
        for number, pattern in enumerate(TRACK_PATTERNS, start=1):
            verbs[f"label_{number}"] = partial(self._press, pattern, is_absence=False)
            verbs[f"absent_{number}"] = partial(self._press, pattern, is_absence=True)
        return verbs

    def _go(self, step: Callable[[], bool], what: str, way: str) -> None:
        """Undo or redo, and say which edit it was."""
        done = step()
        self._window.hint(f"{way.capitalize()}: {what}." if done else f"Nothing to {way} in this video.")

    def choose_reader(self) -> None:
        """Ask who labels and where the work is kept, and open it."""
        study = self._session.study
        folder = default_project_folder(study.title if study is not None else "project")
        choice = ask_reader(self.choice, folder, _readers_of, self._window)
        if choice is not None:
            self.open_reader(choice.reader, choice.folder)

    def open_reader(self, reader: Reader, folder: Path | None) -> None:
        """Open a reader's work in the background. folder: of the project; None: the usual one for the study shown."""
        if not self.may_close():
            return
        study = self._session.study
        folder = folder or default_project_folder(study.title if study is not None else "project")
        self.choice = ReaderChoice(reader, folder)
        self._jobs.open_reader(folder, reader, study)

    def start(self, name: str | None, folder: Path | None, *, opens_study: bool) -> None:
        """As the command line says: the reader's work opens at once, or with the study that opens now."""
        self._wanted = (name, folder)
        if not opens_study:
            self._open_wanted()

    def take_study(self) -> None:
        """A study was opened by the user: its videos join the project of the reader who is at work, or was named."""
        reader = self._notebook.reader
        if self._session.study is None or self._takes_own_study:
            return
        if self._wanted is not None:
            self._open_wanted()
        elif self.choice is not None and reader is not None:
            self.open_reader(reader, self.choice.folder)

    def _open_wanted(self) -> None:
        (name, folder), self._wanted = self._wanted or (None, None), None
        if name is None:
            study = self._session.study
            usual = folder or default_project_folder(study.title if study is not None else "project")
            choice = ask_reader(None, usual, _readers_of, self._window)
            if choice is None:
                self.reader_opened.emit()
            else:
                self.open_reader(choice.reader, choice.folder)
            return
        try:
            self.open_reader(Reader(name), folder)
        except ValueError as error:
            self._window.notice.say(f"--reader: {error}.")
            self.reader_opened.emit()

    def next_unfinished(self) -> bool:
        """Show the next video that is not finalised; False without a reader."""
        ids = self.presenter.video_ids
        if self._notebook.reader is None or not ids:
            return False
        here = ids[self._session.video_index] if self._session.video_index >= 0 else None
        found = next_unfinished(ids, here, self._notebook.annotations)
        if found is None:
            self._window.hint("Every video is finalised or excluded.")
        else:
            self._session.show_video(ids.index(found))
        return True

    def finalise(self) -> None:
        """Finalise the video shown, asking about what was not looked at; a finalised one is reopened."""
        annotation = self._notebook.annotation
        if annotation is None:
            self._window.hint(self._notebook.lock)
            return
        if annotation.finalised:
            self._notebook.apply(replace(annotation, finalised=False), "reopen")
            return
        kept = replace(annotation, suggestions=self._suggestions.offered())
        unlooked = annotation.unlooked_anywhere()
        if unlooked:
            answer = ask_finalise(unlooked_words(annotation), self._window)
            if answer == "show":
                self._session.player.stop_at(unlooked.spans[0].start)
            if answer != "state_absent":
                return
            for pattern in TRACK_PATTERNS:
                kept = kept.with_absent(pattern, annotation.unlooked_frames(pattern))
        if self._notebook.apply(replace(kept, finalised=True), "finalise"):
            self._window.hint("Finalised. Ctrl+Enter opens it again; U shows the next one.")

    def may_close(self) -> bool:
        """Everything is on the disk, or the reader has decided about what is not."""
        self._window.label_panel.commit_typing()
        while self._jobs.is_unwritten(WRITE_WAIT_S):
            answer = ask_unsaved(self._window)
            if answer == "copy":
                path = ask_copy_path(self._window)
                if path is None:
                    continue
                try:
                    self._jobs.save_elsewhere(path)
                except ReaderFileError as error:
                    self._window.notice.say(str(error))
                    continue
                return True
            if answer != "again":
                return answer == "lose"
        return True

    def switch_reaction(self, on: bool) -> None:
        """Correct held and tapped intervals for the reader's reaction time, or no longer."""
        if on and self._measured is None:
            self._measure_reaction()
        self._marking.reaction = self._measured if on else None
        self._window.menu_actions["reaction_correction"].setChecked(self._marking.reaction is not None)

    def _take_reader(self, opened: OpenedReader) -> None:
        notes = [entry for entry in opened.file.entries("") if entry.kind is EntryKind.NOTE]
        measured = [e.raw for e in notes if e.verb == "reaction time"]
        self._measured = None
        if measured:
            last = measured[-1]
            self._measured = ReactionTime(float(last["onset_s"]), float(last["release_s"]), int(last["n"]))
        self.switch_reaction(False)
        self.choice = ReaderChoice(opened.file.reader, opened.project.folder)
        if opened.study is not None:
            self._takes_own_study = True
            self._session.set_study(opened.study)
            self._takes_own_study = False
        self.presenter.show_statuses(opened.index)
        if opened.file.read_only:
            self._window.notice.say(f"{opened.file.path.name} opens read only: {opened.file.read_only}.")
        self._window.right_panel.setCurrentWidget(self._window.label_panel)
        self._identify()
        self.reader_opened.emit()

    def _identify(self) -> None:
        video = self._session.video
        if video is None:
            self._jobs.stop_identifying()
        elif self._notebook.file is not None and self._notebook.record is None:
            self._jobs.identify(video)

    def _see_what_was_shown(self) -> None:
        """Frames that were on the screen while the file was still being recognised count as seen, and so does the one
        that stood there before the reader came."""
        if self._notebook.record is None:
            return
        shown = self._session.seen_frames()
        for frame in [] if shown is None else shown.nonzero()[0].tolist():
            self._notebook.see(int(frame))
        self._window.video_view.say_painted_again()

    def _labelling(self, verb: Callable[[], object]) -> None:
        """Do something that needs a reader, or ask for one."""
        if self._notebook.reader is None:
            self.choose_reader()
        else:
            verb()

    def _press(self, pattern: Pattern, *, is_absence: bool) -> None:
        self._keys.hold()
        self._marking.press(pattern, is_absence=is_absence)

    def _change_field(self, name: str, value: object) -> None:
        annotation = self._notebook.annotation
        if annotation is not None:
            changed: dict[str, Any] = {name: value}
            self._notebook.apply(replace(annotation, **changed), f"set {name.replace('_', ' ')}")

    def _measure_reaction(self) -> None:
        measured = ask_reaction(self._window.video_view.theme, self._window)
        if measured is not None:
            self._measured = measured
            raw = {"onset_s": measured.onset_s, "release_s": measured.release_s, "n": measured.n}
            self._notebook.note("reaction time", raw)

    def _connect_panel(self) -> None:
        panel = self._window.label_panel
        panel.field_changed.connect(self._change_field)
        panel.finalise_requested.connect(self.finalise)
        panel.frame_requested.connect(self._session.player.stop_at)
        panel.reader_requested.connect(self.choose_reader)
        panel.pattern_chosen.connect(self._session.select_pattern)


def _readers_of(folder: Path) -> tuple[Reader, ...]:
    """The readers that the project in a folder knows; none for a folder without one, or a damaged one."""
    from luv_viewer.domain.project import ProjectError
    from luv_viewer.io.project_file import load_project

    try:
        return load_project(folder).readers
    except ProjectError:
        return ()
