"""Shows the notebook and the labelling hand in the window. One way only; wishes go through the label desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from luv_viewer.domain.annotation import Fate, Suggestion, VideoAnnotation
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.project_index import ProjectIndex
from luv_viewer.domain.suggesting import merge_suggestions, suggest
from luv_viewer.domain.video_status import not_begun, status_of
from luv_viewer.jobs.labelling import LabelJobs
from luv_viewer.session import Session
from luv_viewer.widgets.main_window import MainWindow
from luv_viewer.widgets.suggestion_list import suggestion_items
from luv_viewer.widgets.track_counts import frames_words

SEEN_REFRESH_MS = 150
"""Frames seen while playing are drawn this often: the strip need not grow thirty times a second."""
PANELS_AFTER_MS = 30
"""Between an edit in the tracks and what the panels say of it."""
AI_HIDDEN = "Hidden on purpose: you read blinded in this project."


class LabelPresenter(QObject):
    """Keeps tracks, label panel and the list of videos true to the notebook."""

    def __init__(self, session: Session, jobs: LabelJobs, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._jobs, self._window = session, jobs, window
        self._video_ids: list[str] = []
        self._refused_by_disk = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEEN_REFRESH_MS)
        self._timer.timeout.connect(self.show_annotation)
        self._panels = QTimer(self)
        self._panels.setSingleShot(True)
        self._panels.setInterval(PANELS_AFTER_MS)
        self._panels.timeout.connect(self._show_panels)
        notebook = session.notebook
        notebook.reader_changed.connect(self.show_reader)
        notebook.video_changed.connect(self.show_annotation)
        notebook.annotation_changed.connect(self._show_edit)
        notebook.seen_grew.connect(self._show_seen_soon)
        notebook.refused.connect(window.hint)
        session.marking.changed.connect(self.show_hand)
        session.marking.told.connect(window.hint)
        session.prediction_changed.connect(self.show_suggestions)
        session.study_changed.connect(self._forget_study)
        jobs.saved.connect(self._show_saved)
        jobs.not_saved.connect(self._show_not_saved)
        self.show_reader()

    @property
    def video_ids(self) -> list[str]:
        """Identity of every video of the study as far as the project knows it, else ""."""
        return self._video_ids

    def suggestions(self) -> tuple[Suggestion, ...]:
        """Of the video shown: those answered or kept before, and what the model of now proposes."""
        annotation, prediction = self._session.notebook.annotation, self._session.prediction
        if annotation is None:
            return ()
        if prediction is None or not prediction.is_complete or prediction.n_frames != annotation.n_frames:
            return annotation.suggestions
        return merge_suggestions(annotation.suggestions, suggest(prediction))

    def show_reader(self) -> None:
        """Who reads, and the state of every video."""
        window, reader = self._window, self._session.notebook.reader
        words = "" if reader is None else f"{reader.name} ({reader.role.value}{', blinded' if reader.blinded else ''})"
        window.label_panel.show_reader(words)
        window.label_panel.show_saved("", "saved")
        window.show_reader(f"Reader: {reader.name}" if reader is not None else "")
        window.timeline.set_ai_shown(reader is None or not reader.blinded)
        if reader is not None and reader.blinded:
            window.comparison_panel.show_nothing(AI_HIDDEN, offers_sheets=False)
        self.show_annotation()
        self.show_statuses(self._jobs.index)

    def show_statuses(self, index: ProjectIndex | None) -> None:
        """How far the reader is with every video of the study."""
        study, annotations = self._session.study, self._session.notebook.annotations
        videos = study.videos if study is not None else ()
        ids = {(v.source.path, v.source.member): v.video_id for v in index.videos} if index is not None else {}
        self._video_ids = [ids.get((v.source.path.absolute(), v.source.member), "") for v in videos]
        for place, (video, video_id) in enumerate(zip(videos, self._video_ids, strict=True)):
            status = None
            if index is not None:
                annotation = annotations.get(video_id)
                status = not_begun(video.n_frames) if annotation is None else status_of(annotation)
            self._window.study_panel.set_status(place, status)

    def show_annotation(self) -> None:
        """The tracks and fields of the video shown."""
        self._show_tracks()
        self._show_panels()

    def _show_edit(self) -> None:
        """The tracks at once, because the eye is there; the panels a moment later, in one go after a burst of edits."""
        self._show_tracks()
        self._panels.start()

    def _shown(self) -> VideoAnnotation | None:
        annotation, video = self._session.notebook.annotation, self._session.video
        if video is None or annotation is None or annotation.n_frames != video.n_frames:
            return None
        return annotation

    def _show_tracks(self) -> None:
        notebook, timeline = self._session.notebook, self._window.timeline
        lock = notebook.lock if notebook.reader is not None else ""
        timeline.set_annotation(self._shown())
        timeline.set_editable(not lock, lock or "Can be edited")
        self.show_hand()

    def _show_panels(self) -> None:
        self._panels.stop()
        session, window = self._session, self._window
        annotation, video = self._shown(), session.video
        lock = session.notebook.lock if session.notebook.reader is not None else ""
        hint = (video.zone or "") if video is not None else ""
        window.label_panel.show_annotation(annotation, hint, session.notebook.record_id)
        window.label_panel.set_locked("" if annotation is not None and annotation.finalised else lock)
        if annotation is not None and session.notebook.reader is not None:
            window.study_panel.set_status(session.video_index, status_of(annotation))
        self.show_suggestions()

    def show_suggestions(self) -> None:
        """What the model proposes, unless it is hidden from the reader."""
        window, notebook = self._window, self._session.notebook
        annotation, reader = notebook.annotation, notebook.reader
        if annotation is None or reader is None or reader.blinded:
            window.timeline.set_suggestions(())
            window.label_panel.hide_suggestions(AI_HIDDEN if reader is not None and reader.blinded else "")
            return
        both = self.suggestions()
        window.timeline.set_suggestions([s for s in both if s.fate is Fate.PENDING])
        window.label_panel.show_suggestions(suggestion_items(replace(annotation, suggestions=both)))

    def show_hand(self) -> None:
        """Marks, what is being labelled now, and the interval worked on."""
        marking, timeline = self._session.marking, self._window.timeline
        if self._session.notebook.annotation is None:
            return
        timeline.set_marks(marking.mark_in, marking.mark_out)
        running = marking.running
        if running is None:
            timeline.set_running(None, None)
        else:
            timeline.set_running(running.pattern, running.parts[-1], running.is_absence)
        pattern, index = marking.selection.selected or (None, None)
        timeline.set_selected_interval(pattern, index)

    def _show_seen_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _forget_study(self) -> None:
        self._video_ids = []

    def _show_saved(self, time_of_day: str) -> None:
        self._window.label_panel.show_saved(f"saved {time_of_day}", "saved")
        if self._refused_by_disk:
            self._refused_by_disk = False
            self._window.notice.clear()
            self._window.hint("Everything is saved again.")
        reader = self._session.notebook.reader
        self._window.show_reader(f"Reader: {reader.name}   saved {time_of_day}" if reader is not None else "")

    def _show_not_saved(self, sentence: str) -> None:
        self._window.label_panel.show_saved(sentence, "failed")
        self._refused_by_disk = True
        self._window.show_reader("NOT SAVED")
        self._window.notice.say(f"Not saved: {sentence}")


def unlooked_words(annotation: VideoAnnotation) -> Sequence[tuple[str, str]]:
    """(pattern, frames) of what nobody has looked at, one line where it is the same for every pattern."""
    unlooked = {pattern: annotation.unlooked_frames(pattern) for pattern in TRACK_PATTERNS}
    if len(set(unlooked.values())) == 1:
        frames = unlooked[TRACK_PATTERNS[0]]
        return [("Every pattern", frames_words(frames))] if frames else []
    return [(pattern.plural, frames_words(frames)) for pattern, frames in unlooked.items() if frames]
