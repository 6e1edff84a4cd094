"""What the mouse wishes on the timeline's tracks: intervals drawn, moved, looped, and their menu."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from luv_viewer.domain import track as tracks
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import Edge
from luv_viewer.session import Session
from luv_viewer.widgets.main_window import MainWindow

INTERVAL_MENU = (
    "loop_interval",
    "split",
    "merge",
    "delete",
    "start_earlier",
    "start_later",
    "end_earlier",
    "end_later",
)


class TimelineDesk:
    """Turns what is done with intervals into edits, and into what plays."""

    def __init__(self, session: Session, window: MainWindow) -> None:
        self._session, self._window, self._marking = session, window, session.marking
        timeline, hand = window.timeline, session.marking
        timeline.interval_drawn.connect(lambda pattern, span: hand.add(pattern, span, "mark present"))
        timeline.absence_drawn.connect(lambda pattern, span: hand.state_absent(pattern, SpanSet.of(span)))
        timeline.interval_selected.connect(hand.selection.select)
        timeline.edge_moved.connect(self._move_edge)
        timeline.interval_moved.connect(
            lambda pattern, index, frames: hand.change_at(
                pattern, index, "move", lambda t, i, n: tracks.shift(t, i, frames, n)
            )
        )
        timeline.interval_loop_requested.connect(self._loop_at)
        timeline.track_menu_requested.connect(self._show_menu)

    def loop_interval(self) -> None:
        """Loop the interval worked on, or the next way of looping where there is none; the second time plays on."""
        player = self._session.player
        span = self._marking.selection.current_span()
        if player.loop_interval is not None:
            player.loop(None)
        elif span is None:
            player.set_loop_mode(player.loop_mode.next)
        else:
            player.loop(span)
            self._window.hint(f"Looping frames {span.label.replace('_', '–')}. L plays on.")

    def _move_edge(self, pattern: Pattern, index: int, edge: Edge, frame: int) -> None:
        self._marking.change_at(
            pattern, index, f"move the {edge}", lambda t, i, n: tracks.move_edge(t, i, edge, frame, n)
        )

    def _loop_at(self, pattern: Pattern, index: int) -> None:
        self._marking.selection.select(pattern, index)
        self._session.player.loop(None)
        self.loop_interval()

    def _show_menu(self, pattern: Pattern, index: int | None, frame: int, where: QPoint) -> None:
        self._marking.selection.select(pattern, index)
        self._session.player.stop_at(frame)
        menu = QMenu(self._window)
        names = INTERVAL_MENU if index is not None else ("mark_in", "mark_out", "commit_marks", "whole_clip")
        actions: list[QAction] = [self._window.menu_actions[name] for name in names]
        menu.addActions(actions)
        menu.exec(where)
        menu.deleteLater()
