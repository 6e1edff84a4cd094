"""What a reader answers to the AI's suggestions: accept, edit, reject, each one edit that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject

from luv_viewer.domain import track as tracks
from luv_viewer.domain.annotation import Fate, Suggestion
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.suggesting import accept, reject
from luv_viewer.label_presenter import LabelPresenter
from luv_viewer.session import Session
from luv_viewer.widgets.main_window import MainWindow


class SuggestionDesk(QObject):
    """Answers in the label panel, in the timeline and by keys. presenter: knows what is offered."""

    def __init__(self, session: Session, presenter: LabelPresenter, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._presenter, self._window = session, presenter, window
        self._notebook = session.notebook
        panel = window.label_panel
        panel.suggestion_decided.connect(lambda index, how: self._answer([index], how))
        panel.all_suggestions_accepted.connect(lambda: self._answer(range(len(self.offered())), "accept"))
        window.timeline.suggestion_clicked.connect(self._show_suggestion)

    def verbs(self) -> dict[str, Callable[[], object]]:
        """What the menu's actions do, by name."""
        return {
            "accept_suggestion": partial(self._answer_here, "accept"),
            "reject_suggestion": partial(self._answer_here, "reject"),
        }

    def offered(self) -> tuple[Suggestion, ...]:
        """Every suggestion for the video shown, answered or not; a blinded reader is offered nothing new."""
        reader = self._notebook.reader
        annotation = self._notebook.annotation
        if reader is not None and reader.blinded and annotation is not None:
            return annotation.suggestions
        return self._presenter.suggestions()

    def _answer(self, indices: Sequence[int], how: str) -> None:
        """Accept or reject suggestions by their place in what is offered, as one edit."""
        annotation = self._notebook.annotation
        offered = self.offered()
        indices = [i for i in indices if i < len(offered) and offered[i].fate is Fate.PENDING]
        if annotation is None or not indices:
            return
        after = replace(annotation, suggestions=offered)
        for index in indices:
            after = reject(after, index) if how == "reject" else accept(after, index)
        words = f"{'reject' if how == 'reject' else 'accept'} suggestion{'s' if len(indices) > 1 else ''}"
        if self._notebook.apply(after, words) and how == "edit":
            one = offered[indices[0]]
            self._session.marking.selection.select(
                one.pattern, tracks.interval_at(after.track(one.pattern), one.span.start)
            )
            self._session.player.stop_at(one.span.start)

    def _answer_here(self, how: str) -> None:
        pattern, frame = self._session.selected_pattern, self._session.player.frame
        here = [
            i
            for i, s in enumerate(self.offered())
            if s.pattern is pattern and frame in s.span and s.fate is Fate.PENDING
        ]
        if here:
            self._answer(here[:1], how)
        else:
            self._window.hint(f"No open suggestion for {pattern.plural} at this frame.")

    def _show_suggestion(self, pattern: Pattern, span: Span) -> None:
        self._session.select_pattern(pattern)
        self._session.player.stop_at(span.start)
        self._window.hint("Y accepts this suggestion of the AI, X rejects it.")
