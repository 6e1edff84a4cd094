"""What the wishes of the menu Sheets do: import, export, merge, the work queue and the check of the record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject

from luv_viewer.commands.table import counted
from luv_viewer.domain.label_form import Form
from luv_viewer.domain.merge import MergeMode
from luv_viewer.domain.project import BlindedError, Project
from luv_viewer.domain.project_index import IndexedVideo, ProjectIndex
from luv_viewer.domain.project_queue import project_queue
from luv_viewer.domain.reader_file import Reader, ReaderFile, VideoRecord
from luv_viewer.domain.work_queue import QueueItem
from luv_viewer.importing import Imported, Importing
from luv_viewer.jobs.labelling import LabelJobs
from luv_viewer.session import Session
from luv_viewer.task import Report
from luv_viewer.widgets.dialogs import queue_dialog
from luv_viewer.widgets.dialogs.export_dialog import ExportChoice, ask_export
from luv_viewer.widgets.dialogs.merge_dialog import MergeChoice, ask_merge
from luv_viewer.widgets.dialogs.problems_dialog import Problem, ask_problems
from luv_viewer.widgets.dialogs.queue_dialog import ask_queue
from luv_viewer.widgets.dialogs.sheet_source import SheetSource, ask_sheet_file
from luv_viewer.widgets.main_window import MainWindow

if TYPE_CHECKING:
    from luv_viewer.analysis.reader_merge import MergedFiles
    from luv_viewer.analysis.sheet_export import Exported
    from luv_viewer.analysis.sheet_import import SheetToImport
    from luv_viewer.io.reader_file import Audit

NO_READER = "Choose a reader first (Ctrl+R)."


@dataclass(frozen=True, eq=False)
class Work:
    """Who reads, what, and where, at one moment."""

    reader: Reader
    file: ReaderFile
    project: Project
    index: ProjectIndex


class SheetDesk(QObject):
    """Asks in the window, works in a thread, and says what came of it in the notice bar."""

    def __init__(self, session: Session, jobs: LabelJobs, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._notebook, self._jobs, self._window = session, session.notebook, jobs, window

    def verbs(self) -> dict[str, Callable[[], object]]:
        """What to do, by the names of the actions."""
        return {
            "import_sheet": self.import_sheet,
            "export_sheet": self.export_sheet,
            "merge_sheets": self.merge_sheets,
            "work_queue": self.show_queue,
            "audit": self.audit,
        }

    def import_sheet(self) -> None:
        """Take the labels of a file over into the reader's own work, video by video."""
        work = self._work()
        if work is None:
            return
        if work.file.read_only:
            self._fail(f"Nothing can be imported. Read only: {work.file.read_only}.")
            return
        source = ask_sheet_file(self._window)
        if source is None or source.path is None:
            return
        path = source.path

        def read(_report: Report) -> SheetToImport:
            from luv_viewer.analysis.sheet_import import read_to_import

            return read_to_import(path, work.project, work.index, work.reader)

        self._run(f"Reading {path.name} …", read, lambda found: self._agree(work, path, cast("SheetToImport", found)))

    def export_sheet(self) -> None:
        """Write the reader's own work, in a layout of the user's choice."""
        work = self._work()
        if work is None:
            return
        known = [a for video_id, a in self._notebook.annotations.items() if video_id in self._notebook.records]
        n_finalised = sum(annotation.finalised for annotation in known)
        folder = work.project.folder / "sheets"
        choice = ask_export(n_finalised, len(known) - n_finalised, folder, work.reader.name, self._window)
        if choice is not None:
            export = self._exporting(work, choice)
            self._run(f"Writing {choice.path.name} …", export, lambda done: self._tell_export(cast("Exported", done)))

    def merge_sheets(self) -> None:
        """Make one sheet of several readers' work."""
        work = self._work()
        if work is None:
            return
        try:
            work.project.may_see_others(work.project.reader(work.reader.name) or work.reader)
            work.project.may_see_others(work.reader)
        except BlindedError as error:
            self._fail(str(error))
            return
        sources = [SheetSource(r.name) for r in work.project.readers if work.project.reader_path(r.name).is_file()]
        choice = ask_merge(sources, work.project.folder / "sheets", self._window)
        if choice is not None:
            merge = self._merging(work, choice)
            self._run("Merging sheets …", merge, lambda done: self._tell_merge(cast("MergedFiles", done)))

    def show_queue(self) -> None:
        """List the videos in the order to take them, and show the one that is chosen."""
        work = self._work()
        if work is None:
            return
        annotations = dict(self._notebook.annotations)
        is_blinded = any(r.blinded for r in (work.reader, work.project.reader(work.reader.name)) if r is not None)

        def order(_report: Report) -> tuple[QueueItem, ...]:
            from luv_viewer.io.project_access import ai_tables

            ids = work.index.by_video_id()
            tables = None if is_blinded else ai_tables(work.project, work.reader, ids)
            return project_queue(work.index, annotations, None if tables is None else tables.summaries)

        self._run("Ordering the videos …", order, lambda items: self._offer(work, cast("tuple[QueueItem, ...]", items)))

    def audit(self) -> None:
        """Check every entry of the reader's own file, as it is on the disk."""
        work = self._work()
        if work is None:
            return
        path = work.file.path

        def verify(_report: Report) -> Audit:
            from luv_viewer.io.reader_file import verify_reader_file

            return verify_reader_file(path)

        self._run(f"Checking {path.name} …", verify, lambda found: self._tell_audit(cast("Audit", found)))

    def _work(self) -> Work | None:
        file, project, index = self._notebook.file, self._jobs.project, self._jobs.index
        if file is None or project is None or index is None:
            self._fail(NO_READER)
            return None
        return Work(file.reader, file, project, index)

    def _run(self, name: str, function: Callable[[Report], object], succeeded: Callable[[object], object]) -> None:
        self._jobs.run(name, function, succeeded, self._fail)

    def _fail(self, sentence: str) -> None:
        self._session.problem_raised.emit(sentence)

    def _agree(self, work: Work, path: Path, found: SheetToImport) -> None:
        """Show what is wrong with the sheet, then recognise the videos that the reader's file does not know yet."""
        if not self._is_current(work):
            return
        problems = [Problem("error", sentence) for sentence in found.problems]
        problems += [Problem("warning", sentence) for sentence in found.warnings]
        if problems and not ask_problems(f"Import {path.name}", problems, len(found.rows), self._window):
            return
        if not found.rows:
            self._fail(f"{path.name} holds no row of a video of this project; nothing was imported.")
            return
        unknown = [video_id for video_id, _ in found.rows if video_id not in self._notebook.records]

        def recognise(report: Report) -> tuple[dict[str, VideoRecord], tuple[str, ...]]:
            from luv_viewer.analysis.sheet_import import records_of

            return records_of(unknown, work.index, report)

        def begin(value: object) -> None:
            records, unread = cast("tuple[dict[str, VideoRecord], tuple[str, ...]]", value)
            if self._is_current(work):
                known = {**self._notebook.records, **records}
                importing = Importing(self._notebook, found.rows, known, path.name, self)
                importing.done.connect(lambda done: self._tell_import(path, done, (*unread, *found.problems)))
                importing.start()

        self._run(f"Importing {path.name} …", recognise, begin)

    def _tell_import(self, path: Path, done: Imported, others: Sequence[str]) -> None:
        """others: rows that were not imported, beside the locked ones."""
        left = [*done.left, *others]
        words = f"{path.name}: {counted(done.n_changed, 'video')} imported"
        words += f", {done.n_same} already said the same" if done.n_same else ""
        words += f", {len(left)} left out." if left else "."
        words += " Each can be undone in its video." if done.n_changed else ""
        self._window.notice.say(words, "\n".join(left))

    def _is_current(self, work: Work) -> bool:
        """False when another reader has sat down since."""
        return self._notebook.file is work.file

    def _exporting(self, work: Work, choice: ExportChoice) -> Callable[[Report], object]:
        records, annotations = dict(self._notebook.records), dict(self._notebook.annotations)

        def export(_report: Report) -> Exported:
            from luv_viewer.analysis.sheet_export import ReaderWork, export_labels

            own = ReaderWork(work.reader.name, records, annotations, work.index)
            return export_labels(choice.path, own, Form(choice.layout), identifiers=choice.identifiers)

        return export

    def _tell_export(self, done: Exported) -> None:
        words = f"{counted(done.n, done.what)} written to {done.path}."
        words += f" {counted(len(done.left_out), 'video')} left out." if done.left_out else ""
        details = [f"Left out: {out.study_id}: {out.reason}." for out in done.left_out]
        if done.left_out_path is not None:
            details.append(f"They are listed in {done.left_out_path}.")
        if done.suggestions is not None:
            details.append(f"What the model suggested, and what became of it: {done.suggestions}.")
        details += [f"Lost: {loss}" for loss in done.losses]
        self._window.notice.say(words, "\n".join(details))

    def _merging(self, work: Work, choice: MergeChoice) -> Callable[[Report], object]:
        records, annotations = dict(self._notebook.records), dict(self._notebook.annotations)

        def merge(_report: Report) -> MergedFiles:
            from luv_viewer.analysis.reader_merge import MergePlan, merge_readers
            from luv_viewer.analysis.sheet_export import ReaderWork

            plan = MergePlan(
                tuple(source.path or source.name for source in choice.sheets),
                MergeMode(choice.mode),
                choice.output,
                choice.at_least,
                choice.union_b_first,
                choice.exclusions,
                None if choice.leader is None else choice.leader.path or choice.leader.name,
            )
            own = ReaderWork(work.reader.name, records, annotations, work.index)
            return merge_readers(plan, work.project, work.reader, own)

        return merge

    def _tell_merge(self, done: MergedFiles) -> None:
        merged, written = done.merged, done.written
        words = (
            f"{counted(written.n_rows, 'row')} merged by {merged.mode.value} to {written.path}; {len(merged.excluded)} "
            f"not merged, {len(written.left_out)} merged and not in this layout, {len(merged.exclusion_candidates)} "
            "lost a label that every reader gave."
        )
        details = [f"Not merged: {entry.study_id}: {entry.reason}." for entry in merged.excluded]
        details += [f"Not in this layout: {out.study_id}: {out.reason}." for out in written.left_out]
        details += [f"Look at: {one.study_id}: {one.reason}." for one in merged.exclusion_candidates]
        details += [f"The report: {done.report}.", *done.problems, *done.warnings]
        self._window.notice.say(words, "\n".join(details))

    def _offer(self, work: Work, items: Sequence[QueueItem]) -> None:
        videos = work.index.by_video_id()
        rows = [
            queue_dialog.QueueItem(f"{item.name} ({item.study_id})" if item.study_id else item.name, item.reason)
            for item in items
        ]
        place = ask_queue(rows, self._window)
        if place is not None:
            self._show(videos[items[place].video_id])

    def _show(self, wanted: IndexedVideo) -> None:
        study = self._session.study
        place = (wanted.source.path.absolute(), wanted.source.member)
        for i, video in enumerate(study.videos if study is not None else ()):
            if (video.source.path.absolute(), video.source.member) == place:
                self._session.show_video(i)
                return
        self._fail(f"{wanted.source.name} is not among the videos that are open: open {wanted.source.path} first.")

    def _tell_audit(self, found: Audit) -> None:
        if found.first_broken is None:
            self._window.notice.say(found.sentence)
        else:
            self._fail(found.sentence)
