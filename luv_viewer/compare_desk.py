"""Comparing two sheets in the window, walking through where they differ, and deciding who is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop, QObject, Qt, Signal

from luv_viewer.comparing import (
    SOURCES,
    VERDICTS,
    ComparedSheets,
    Comparing,
    ComparisonOrder,
    OwnWork,
    compare,
    study_ids,
)
from luv_viewer.domain.adjudication import begun, decide, is_begun, usable_sources
from luv_viewer.domain.annotation import Decision, VideoAnnotation
from luv_viewer.domain.disagreement import Disagreement, next_disagreement, previous_disagreement
from luv_viewer.domain.edit import JsonValue
from luv_viewer.domain.label_sheet import SheetRow, row_of
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.project import BlindedError
from luv_viewer.domain.reader_file import Role
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.jobs.labelling import LabelJobs
from luv_viewer.session import Session
from luv_viewer.task import Report, Task
from luv_viewer.widgets.dialogs.compare_dialog import CompareChoice, ask_compare
from luv_viewer.widgets.dialogs.comparison_dialog import tell_comparison
from luv_viewer.widgets.dialogs.sheet_source import SheetSource
from luv_viewer.widgets.disagreement_list import Verdict
from luv_viewer.widgets.main_window import MainWindow

NO_COMPARISON = "No comparison yet. Choose two sheets: two readers of the project, or files."
DASHED = "dashed and green, over your own tracks"
IN_LANES = "dashed, in the lanes of the AI's curves (four patterns)"
OWN_TRACKS = "as your own tracks"


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
        self._study_ids: list[str] = []
        self._titles: dict[str, str] = {}
        self._places: list[tuple[str, Disagreement]] = []
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
        verdicts: dict[str, Verdict] = {
            "decide_a": "A",
            "decide_b": "B",
            "decide_both": "both",
            "decide_mine": "mine",
        }
        return {
            "compare_sheets": self.compare_sheets,
            "next_disagreement": lambda: self.step(1),
            "previous_disagreement": lambda: self.step(-1),
            **{name: partial(self.decide, verdict) for name, verdict in verdicts.items()},
        }

    def compare_sheets(self) -> None:
        """Ask which two, and compare them in the background; a blinded reader is told why not before anything opens."""
        self._window.right_panel.setCurrentWidget(self._panel)
        blinded = self._blinded()
        if blinded:
            self._forget()
            self._panel.show_nothing(blinded, offers_sheets=False)
            return
        choice = ask_compare(self._readers(), self._choice, self._window)
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
        study_id, one = self._places[index]
        if study_id not in self._study_ids:
            self._window.hint(f"{self._titles.get(study_id, study_id)} is not among the videos that are open.")
            return
        place = self._study_ids.index(study_id)
        if place != self._session.video_index:
            self._session.show_video(place)
        self._current = (study_id, one)
        self._session.player.pause()
        self._session.player.show_frame(one.span.start)
        self._session.select_pattern(one.pattern)
        self._present()

    def start_adjudicating(self) -> None:
        """Take over what both readers say of the video shown; what is left is decided piece by piece."""
        pair, annotation = self._pair(), self._notebook.annotation
        refusal = self._refusal()
        if refusal or pair is None or annotation is None:
            self._window.hint(refusal)
            return
        try:
            after = begun(annotation, *pair)
        except ValueError as error:
            self._window.hint(f"This video cannot be adjudicated: {error}.")
            return
        if self._notebook.apply(after, "begin adjudication", self._raw()):
            self._show_next_open()

    def decide(self, verdict: Verdict) -> None:
        """Decide the current disagreement of the video shown, and go on to the next open one."""
        refusal = self._refusal()
        pair, annotation, current = self._pair(), self._notebook.annotation, self._current
        if refusal or pair is None or annotation is None:
            self._window.hint(refusal)
        elif not is_begun(annotation, *pair):
            self._window.hint("Start adjudicating this video first (button in the panel Compare).")
        elif current is None or current[0] != self._study_id:
            self._window.hint("Choose a disagreement of this video first (N).")
        else:
            self._decide(verdict, current[1], annotation, pair)

    def _decide(
        self, verdict: Verdict, one: Disagreement, annotation: VideoAnnotation, pair: tuple[SheetRow, SheetRow]
    ) -> None:
        own = annotation.present_frames(one.pattern) & SpanSet.of(one.span)
        try:
            after = decide(annotation, Decision(one.pattern, one.span, SOURCES[verdict]), *pair, own=own)
        except ValueError as error:
            self._window.hint(f"{str(error)[:1].upper()}{str(error)[1:].rstrip('.')}.")
            return
        if after == annotation or self._notebook.apply(after, f"decide as {SOURCES[verdict].value}", self._raw()):
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
        first, second = self._drawing(comparing.mine)
        self._panel.names.tell_drawing(f"In the timeline: {first}", f"In the timeline: {second}")
        if compared.notes:
            count = len(compared.notes)
            words = f"{count} note{'s' if count != 1 else ''} on what was compared."
            self._window.notice.say(words, "\n".join(compared.notes), unfolded=False)
        self._locate()
        # What was stated while the sheets were read.
        self._follow_edit()

    def _drawing(self, mine: int | None) -> tuple[str, str]:
        """How A and B are drawn: two other readers' sheets cannot both be dashed over the tracks."""
        if mine is None:
            reads = self._notebook.reader is not None
            return (DASHED if reads else "not drawn while nobody reads (Ctrl+R)", IN_LANES)
        return (OWN_TRACKS, DASHED) if mine == 0 else (DASHED, OWN_TRACKS)

    def _begin_reader(self) -> None:
        """Another reader may see other things: nothing of a comparison stays."""
        self._forget()
        blinded = self._blinded()
        self._panel.show_nothing(blinded or NO_COMPARISON, offers_sheets=not blinded)

    def _forget(self) -> None:
        self._stop()
        self._comparing = self._choice = self._current = None
        self._places = []
        self._present()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = None

    def _blinded(self) -> str:
        """Why the reader may not see other sheets; "" for one who may."""
        reader, project = self._notebook.reader, self._jobs.project
        if reader is None or project is None:
            return ""
        try:
            project.may_see_others(reader)
            project.may_see_others(project.reader(reader.name) or reader)
        except BlindedError as error:
            return str(error)
        return ""

    def _readers(self) -> list[SheetSource]:
        """Readers of the project who have begun, the one at the screen among them."""
        project, me = self._jobs.project, self._notebook.reader
        if project is None or me is None:
            return []
        begun_by = [r for r in project.readers if project.reader_path(r.name).is_file()]
        if me.role is Role.ADJUDICATOR:
            # An adjudicator compares the others: they are offered first.
            begun_by.sort(key=lambda reader: reader.name.casefold() == me.name.casefold())
        return [SheetSource(reader.name) for reader in begun_by]

    def _locate(self) -> None:
        """Which videos of the open study have which rows, and what people call them."""
        comparing, study, index = self._comparing, self._session.study, self._jobs.index
        if comparing is None:
            return
        videos = study.videos if study is not None else ()
        rows = [row.study_id for sheet in comparing.compared.sheets for row in sheet.rows]
        ids = comparing.compared.ids if comparing.compared.order.videos == videos else {}
        self._study_ids = study_ids(videos, index, rows, ids)
        self._titles = {i: f"{v.title} ({i})" for i, v in zip(self._study_ids, videos, strict=True) if i}
        if index is not None:
            self._titles |= {v.key.study_id: f"{v.title} ({v.key.study_id})" for v in index.videos if v.key is not None}
        comparing.forget_all_items()
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
        shown = self._session.video_index
        return self._study_ids[shown] if 0 <= shown < len(self._study_ids) else ""

    def _pair(self) -> tuple[SheetRow, SheetRow] | None:
        return None if self._comparing is None else self._comparing.pair(self._study_id)

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
        self._show_in_timeline()
        if self._comparing is not None:
            self._show_in_panel(self._comparing)

    def _show_in_timeline(self) -> None:
        timeline, video, comparing = self._window.timeline, self._session.video, self._comparing
        pattern, span = (self._current[1].pattern, self._current[1].span) if self._current else (None, None)
        timeline.set_disagreement(pattern, span)
        side = 1 if comparing is not None and comparing.mine == 0 else 0
        row = comparing.row(side, self._study_id) if comparing is not None else None
        if comparing is None or video is None or row is None:
            timeline.set_other_sheet(None, "")
        else:
            timeline.set_other_sheet(tuple(f.within(video.n_frames) for f in row.present), comparing.names[side])
        lanes = comparing.row(1, self._study_id) if comparing is not None and comparing.mine is None else None
        n_frames = 0 if video is None else video.n_frames
        drawn = {} if lanes is None else {p: lanes.frames(p).within(n_frames).spans for p in TRACK_PATTERNS}
        timeline.set_ground_truth(drawn)

    def _show_in_panel(self, comparing: Comparing) -> None:
        video = self._session.video
        self._places = comparing.differing()
        shown = self._titles.get(self._study_id) or (video.title if video is not None else "")
        self._panel.show_disagreements(comparing.items(self._titles, self._decided(comparing)), shown)
        self._panel.set_current(self._index())
        self._show_adjudication()

    def _decided(self, comparing: Comparing) -> Mapping[str, VideoAnnotation]:
        """The adjudicator's annotations by study_id; nothing for others."""
        if not comparing.compared.order.adjudicates or self._jobs.index is None:
            return {}
        keys, annotations = self._jobs.index.keys(), self._notebook.annotations
        return {keys[video_id].study_id: one for video_id, one in annotations.items() if video_id in keys}

    def _refusal(self) -> str:
        """Why the video shown cannot be adjudicated, as a sentence; "" when it can."""
        reader, comparing, notebook = self._notebook.reader, self._comparing, self._notebook
        if comparing is None:
            return "Compare two sheets first."
        if reader is None or reader.role is not Role.ADJUDICATOR:
            who = "Nobody reads now" if reader is None else f"{reader.name} reads as {reader.role.value}"
            return f"{who}: deciding between two sheets is for an adjudicator of the project."
        if comparing.mine is not None:
            return "Nobody decides about their own sheet: compare two other readers."
        if self._pair() is None:
            return "The video shown is not in both sheets, or not with the same pictures."
        if notebook.annotation is None:
            return notebook.refusal or "The video shown is still being recognised."
        return notebook.lock

    def _show_adjudication(self) -> None:
        refusal, pair, annotation = self._refusal(), self._pair(), self._notebook.annotation
        if refusal or pair is None or annotation is None:
            self._panel.refuse_adjudication(refusal)
        elif not is_begun(annotation, *pair):
            self._panel.offer_adjudication()
        else:
            index, items = self._index(), self._panel.items
            here = [i for i, (study_id, _) in enumerate(self._places) if study_id == self._study_id]
            usable: list[Verdict] = []
            if index is not None:
                one = self._places[index][1]
                usable = [VERDICTS[source] for source in usable_sources(one.pattern, one.span, *pair)]
            self._panel.ask_decision(index, sum(items[i].decision is None for i in here), usable)

    def _raw(self) -> dict[str, JsonValue]:
        """Whose sheets a decision is about, for the record."""
        names = self._comparing.names if self._comparing is not None else ("", "")
        return {"sheet_a": names[0], "sheet_b": names[1]}

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

    def _connect_panel(self) -> None:
        panel = self._panel
        panel.sheets_requested.connect(self.compare_sheets)
        panel.disagreement_chosen.connect(self.show_disagreement)
        panel.step_requested.connect(self.step)
        panel.decision_made.connect(self.decide)
        panel.adjudication_requested.connect(self.start_adjudicating)
        panel.details_requested.connect(self._tell_details)
        panel.merge_requested.connect(self.merge_requested)
