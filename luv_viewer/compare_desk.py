"""Comparing two sheets in the window, walking through where they differ, and deciding who is right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence

from luv_viewer.adjudicating import Adjudicating
from luv_viewer.comparing import ComparedSheets, Comparing, ComparisonOrder, OwnWork, compare
from luv_viewer.domain.disagreement import Disagreement, next_disagreement, previous_disagreement
from luv_viewer.domain.label_sheet import row_of
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.project import BlindedError, Project
from luv_viewer.domain.reader_file import Reader, Role
from luv_viewer.domain.video import Video
from luv_viewer.jobs.labelling import LabelJobs
from luv_viewer.session import Session
from luv_viewer.task import Report, Task
from luv_viewer.widgets.dialogs.compare_dialog import CompareChoice, ask_compare
from luv_viewer.widgets.dialogs.comparison_dialog import tell_comparison
from luv_viewer.widgets.dialogs.sheet_source import SheetSource
from luv_viewer.widgets.disagreement_list import Verdict
from luv_viewer.widgets.main_window import MainWindow
from luv_viewer.widgets.timeline import Timeline

NO_COMPARISON = "No comparison yet. Choose two sheets: two readers of the project, or files."
DASHED = "dashed and green, over your own tracks"
IN_LANES = "dashed, in the lanes of the AI's curves (four patterns)"
OWN_TRACKS = "as your own tracks"
DECISIONS: dict[str, Verdict] = {"decide_a": "A", "decide_b": "B", "decide_both": "both", "decide_mine": "mine"}
"""Answers by the names of their actions."""


class CompareDesk(QObject):
    """Where two sheets are compared. merge_requested: the panel's wish for a merged sheet, passed on."""

    merge_requested = Signal()

    def __init__(self, session: Session, jobs: LabelJobs, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._jobs, self._window = session, jobs, window
        self._notebook, self._panel = session.notebook, window.comparison_panel
        self._comparing: Comparing | None = None
        self._choice: CompareChoice | None = None
        self._task: Task | None = None
        self._adjudicating = Adjudicating(session.notebook, window)
        self._places: tuple[tuple[str, Disagreement], ...] = ()
        self._current: tuple[str, Disagreement] | None = None
        self._notebook.reader_changed.connect(self._begin_reader)
        self._notebook.annotation_changed.connect(self._follow_edit)
        session.study_changed.connect(self._locate)
        # The presenters clear the timeline for another video first; queued, this comes after them.
        session.video_changed.connect(self._present, Qt.ConnectionType.QueuedConnection)
        self._notebook.video_changed.connect(self._present, Qt.ConnectionType.QueuedConnection)
        self._connect_panel()

    def verbs(self) -> dict[str, Callable[[], object]]:
        """What the menu's actions do, by name."""
        return {
            "compare_sheets": self.compare_sheets,
            "next_disagreement": lambda: self.step(1),
            "previous_disagreement": lambda: self.step(-1),
            **{name: partial(self.decide, verdict) for name, verdict in DECISIONS.items()},
        }

    def compare_sheets(self) -> None:
        """Ask which two, and compare them in the background; a blinded reader is told why not before anything opens."""
        self._window.right_panel.setCurrentWidget(self._panel)
        blinded = blinded_sentence(self._jobs.project, self._notebook.reader)
        if blinded:
            self._forget()
            self._panel.show_nothing(blinded, offers_sheets=False)
            return
        choice = ask_compare(readers_offered(self._jobs.project, self._notebook.reader), self._choice, self._window)
        if choice is not None:
            self._choice = choice
            self._compare(choice)

    def step(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) disagreement that the panel's filter keeps, then on to other videos."""
        if self._comparing is None:
            self._window.hint("Compare two sheets first.")
            return
        index = self._neighbour(direction)
        if index is None:
            self._window.hint(f"No {'further' if direction > 0 else 'earlier'} disagreement.")
        else:
            self.show_disagreement(index)

    def show_disagreement(self, index: int) -> None:
        """Show the first frame of one of the panel's disagreements, paused."""
        if self._comparing is None:
            return
        (study_id, one), ids = self._places[index], self._comparing.study_ids
        if study_id not in ids:
            name = self._comparing.titles.get(study_id, study_id)
            self._window.hint(f"{name} is not among the videos that are open.")
            return
        place = ids.index(study_id)
        if place != self._session.video_index:
            self._session.show_video(place)
        self._current = (study_id, one)
        self._session.player.stop_at(one.span.start)
        self._session.select_pattern(one.pattern)
        self._present()

    def start_adjudicating(self) -> None:
        """Take over what both readers say of the video shown; what is left is decided piece by piece."""
        if self._adjudicating.start(self._comparing, self._study_id):
            self._show_next_open()

    def decide(self, verdict: Verdict) -> None:
        """Decide the current disagreement of the video shown, and go on to the next open one."""
        one = self._current[1] if self._current is not None and self._current[0] == self._study_id else None
        if self._adjudicating.decide(self._comparing, self._study_id, one, verdict):
            self._show_next_open()

    def _show_next_open(self) -> None:
        """The next of this video without decision, after the current one and round."""
        items, here = self._panel.items, self._study_id
        still_open = [i for i, (study_id, _) in enumerate(self._places) if study_id == here and not items[i].decision]
        if not still_open:
            self._present()
            self._window.hint("All is decided in this video. N goes on to the next one, Ctrl+Enter finalises it.")
            return
        at = self._index()
        self.show_disagreement(next((i for i in still_open if at is not None and i > at), still_open[0]))

    def _compare(self, choice: CompareChoice) -> None:
        study, reader = self._session.study, self._notebook.reader
        own = None
        if reader is not None:
            own = OwnWork(reader, dict(self._notebook.records), dict(self._notebook.annotations))
        order = ComparisonOrder(
            (choice.first, choice.second),
            self._jobs.project,
            self._jobs.index,
            own,
            study.videos if study is not None else (),
        )
        self._stop()
        name = f"Comparing {choice.first.name} and {choice.second.name} …"
        self._task = self._jobs.run(name, lambda report: compare(order, report), self._take, self._window.notice.say)

    def _take(self, compared: object) -> None:
        assert isinstance(compared, ComparedSheets)
        comparing = self._comparing = Comparing(compared)
        self._current = None
        self._panel.show_comparison(comparing.names, compared.rows, compared.score)
        first, second = how_drawn(comparing.mine, self._notebook.reader)
        self._panel.names.tell_drawing(f"In the timeline: {first}", f"In the timeline: {second}")
        if compared.notes:
            count = len(compared.notes)
            words = f"{count} note{'s' if count != 1 else ''} on what was compared."
            self._window.notice.say(words, "\n".join(compared.notes), unfolded=False)
        self._locate()
        # What was stated while the sheets were read.
        self._follow_edit()

    def _begin_reader(self) -> None:
        """Another reader may see other things: nothing of a comparison stays."""
        self._forget()
        blinded = blinded_sentence(self._jobs.project, self._notebook.reader)
        self._panel.show_nothing(blinded or NO_COMPARISON, offers_sheets=not blinded)

    def _forget(self) -> None:
        self._stop()
        self._comparing = self._choice = self._current = None
        self._places = ()
        self._present()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = None

    def _locate(self) -> None:
        """Another study is open, or another comparison."""
        if self._comparing is not None:
            study = self._session.study
            self._comparing.locate(study.videos if study is not None else (), self._jobs.index)
        self._present()

    def _follow_edit(self) -> None:
        """The reader's own statements changed: what they differ in is found again, for the video shown."""
        comparing, record = self._comparing, self._notebook.record
        annotation, study_id = self._notebook.annotation, self._study_id
        if comparing is None or record is None or annotation is None:
            return
        key = self._jobs.index.keys().get(record.video_id) if self._jobs.index is not None else record.key
        if comparing.mine is not None and key is not None and record.video_id in self._notebook.records:
            comparing.take_own_row(row_of(record, key, annotation))
        comparing.forget_items(study_id)
        self._present()

    @property
    def _study_id(self) -> str:
        """Row of the video shown, "" where it has none."""
        shown, ids = self._session.video_index, self._comparing.study_ids if self._comparing is not None else []
        return ids[shown] if 0 <= shown < len(ids) else ""

    def _index(self) -> int | None:
        """Place of the current disagreement in the panel's list."""
        return self._places.index(self._current) if self._current in self._places else None

    def _neighbour(self, direction: int) -> int | None:
        panel, frame, here = self._panel, self._session.player.frame, self._study_id
        if self._index() is None:
            of_video = [i for i in panel.list.listed if self._places[i][0] == here]
            starts = [(i, self._places[i][1].span.start) for i in of_video]
            ahead = [i for i, start in starts if (start >= frame if direction > 0 else start < frame)]
            if ahead:
                return ahead[0 if direction > 0 else -1]
            find = next_disagreement if direction > 0 else previous_disagreement
            found = find([one for _, one in self._places], here, frame)
            if found is not None:
                return self._places.index((found.study_id, found))
        listed = panel.neighbour(direction)
        return panel.neighbour_in_all(direction) if listed is None else listed

    def _present(self) -> None:
        """Timeline and panel, for the video shown."""
        if self._current is not None and self._current[0] != self._study_id:
            self._current = None
        pattern, span = (self._current[1].pattern, self._current[1].span) if self._current else (None, None)
        self._window.timeline.set_disagreement(pattern, span)
        draw_sheets(self._window.timeline, self._session.video, self._comparing, self._study_id)
        if self._comparing is not None:
            self._show_in_panel(self._comparing)

    def _show_in_panel(self, comparing: Comparing) -> None:
        video, panel = self._session.video, self._panel
        self._places, items = comparing.listed(self._notebook.annotations, self._jobs.index)
        shown = comparing.titles.get(self._study_id) or (video.title if video is not None else "")
        panel.show_disagreements(items, shown)
        panel.set_current(self._index())
        here = [i for i, (study_id, _) in enumerate(self._places) if study_id == self._study_id]
        left = sum(panel.items[i].decision is None for i in here)
        one = self._current[1] if self._current is not None else None
        self._adjudicating.show(comparing, self._study_id, one, self._index(), left)

    def _tell_details(self) -> None:
        if self._comparing is not None:
            compared = self._comparing.compared
            tell_comparison(self._comparing.names, compared.rows, compared.score, self._save, self._window)

    def _save(self, path: Path, _: str) -> None:
        """Write every number of the comparison, in a thread, and wait for it. Raises OSError."""
        comparing = self._comparing
        if comparing is None:
            return

        def write(report: Report) -> None:
            from luv_viewer.analysis.comparison_table import write_comparison

            report()
            write_comparison(path, comparing.compared.comparison)

        waiting = QEventLoop()
        task = self._jobs.run(f"Writing {path.name} …", write, lambda _: None, lambda _: None)
        task.ended.connect(waiting.quit)
        waiting.exec()
        if task.error is not None:
            # The dialog says the reason in its own sentence.
            raise task.error.__cause__ if isinstance(task.error.__cause__, OSError) else OSError(str(task.error))

    def _name_keys(self) -> None:
        """The panel shows which keys answer."""
        actions = self._window.menu_actions
        native = QKeySequence.SequenceFormat.NativeText
        self._panel.set_decision_keys(
            {verdict: actions[name].shortcut().toString(native) for name, verdict in DECISIONS.items()}
        )

    def _connect_panel(self) -> None:
        panel = self._panel
        for name in DECISIONS:
            self._window.menu_actions[name].changed.connect(self._name_keys)
        self._name_keys()
        panel.sheets_requested.connect(self.compare_sheets)
        panel.disagreement_chosen.connect(self.show_disagreement)
        panel.step_requested.connect(self.step)
        panel.decision_made.connect(self.decide)
        panel.adjudication_requested.connect(self.start_adjudicating)
        panel.details_requested.connect(self._tell_details)
        panel.merge_requested.connect(self.merge_requested)


def blinded_sentence(project: Project | None, reader: Reader | None) -> str:
    """Why a reader may not see other sheets; "" for one who may. Touches no file."""
    if reader is None or project is None:
        return ""
    try:
        project.may_see_others(reader)
        project.may_see_others(project.reader(reader.name) or reader)
    except BlindedError as error:
        return str(error)
    return ""


def readers_offered(project: Project | None, me: Reader | None) -> list[SheetSource]:
    """Readers of the project who have begun, the one at the screen among them; for an adjudicator the others first."""
    if project is None or me is None:
        return []
    begun = [reader for reader in project.readers if project.reader_path(reader.name).is_file()]
    if me.role is Role.ADJUDICATOR:
        begun.sort(key=lambda reader: reader.name.casefold() == me.name.casefold())
    return [SheetSource(reader.name) for reader in begun]


def how_drawn(mine: int | None, reader: Reader | None) -> tuple[str, str]:
    """How A and B are drawn: two other readers' sheets cannot both be dashed over the tracks."""
    if mine is None:
        return (DASHED if reader is not None else "not drawn while nobody reads (Ctrl+R)", IN_LANES)
    return (OWN_TRACKS, DASHED) if mine == 0 else (DASHED, OWN_TRACKS)


def draw_sheets(timeline: Timeline, video: Video | None, comparing: Comparing | None, study_id: str) -> None:
    """Draw what the sheets say of the video shown, as `how_drawn` tells; without a comparison nothing."""
    n_frames = 0 if video is None else video.n_frames
    side = 1 if comparing is not None and comparing.mine == 0 else 0
    row = comparing.row(side, study_id) if comparing is not None else None
    if comparing is None or row is None:
        timeline.set_other_sheet(None, "")
    else:
        timeline.set_other_sheet(tuple(frames.within(n_frames) for frames in row.present), comparing.names[side])
    second = comparing.row(1, study_id) if comparing is not None and comparing.mine is None else None
    timeline.set_ground_truth(
        {} if second is None else {p: second.frames(p).within(n_frames).spans for p in TRACK_PATTERNS}
    )
