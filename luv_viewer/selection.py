"""Which interval keys work on: the one selected, else the one at the play head."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from luv_viewer.domain import track as tracks
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.track import Track
from luv_viewer.notebook import Notebook
from luv_viewer.player import Player


class Selection(QObject):
    """At most one selected interval, followed through edits and left by stepping onto another.

    selected: (pattern, index in its track); None: keys work on the interval at the play head.
    changed: another interval, or none, is selected. pattern_wanted: the Pattern to work on from now.
    pattern: gives the pattern worked on.
    """

    changed = Signal()
    pattern_wanted = Signal(object)

    def __init__(
        self, notebook: Notebook, player: Player, pattern: Callable[[], Pattern], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._notebook, self._player, self._pattern = notebook, player, pattern
        self.selected: tuple[Pattern, int] | None = None
        self._selected_from: Track = ()
        notebook.annotation_changed.connect(self._follow)
        player.frame_changed.connect(self._leave)

    def select(self, pattern: Pattern, index: int | None) -> None:
        """Work on one interval; None: on the one at the play head."""
        self.hold(None if index is None else (pattern, index))
        self.pattern_wanted.emit(pattern)
        self.changed.emit()

    def hold(self, interval: tuple[Pattern, int] | None) -> None:
        """Select without a signal, for callers that tell of more than this; an interval that is not there is none."""
        track = () if interval is None else self.track(interval[0])
        self.selected = interval if interval is not None and interval[1] < len(track) else None
        self._selected_from = track

    def current(self) -> tuple[Pattern, int] | None:
        """(pattern, index) of the interval that keys work on: the selected one, else the one at the play head."""
        pattern = self._pattern()
        if self.selected is not None and self.selected[0] is pattern:
            return self.selected
        index = tracks.interval_at(self.track(pattern), self._player.frame)
        return None if index is None else (pattern, index)

    def current_span(self) -> Span | None:
        """The frames of the current interval."""
        current = self.current()
        return None if current is None else self.track(current[0])[current[1]]

    def track(self, pattern: Pattern) -> Track:
        """The intervals of the video shown that can be selected; none where nothing can be annotated."""
        annotation = self._notebook.annotation
        return () if annotation is None else annotation.track(pattern)

    def _follow(self) -> None:
        """Where intervals came or went, the selected one is followed by its frames."""
        if self.selected is None:
            return
        (pattern, index), track = self.selected, self.track(self.selected[0])
        if len(track) != len(self._selected_from):
            was = self._selected_from[index]
            met = [i for i, span in enumerate(track) if span.start < was.stop and was.start < span.stop]
            self.hold((pattern, met[0]) if met else None)
            self.changed.emit()
        else:
            self._selected_from = track

    def _leave(self, frame: int) -> None:
        """Who steps onto another interval works on that one."""
        if self.selected is not None and not self._player.is_playing:
            here = tracks.interval_at(self.track(self.selected[0]), frame)
            if here is not None and here != self.selected[1]:
                self.hold(None)
                self.changed.emit()
