"""The hand that labels: marks in and out, keys held while frames pass, the interval worked on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from luv_viewer.domain import track as tracks
from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import JsonValue
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.reaction import ReactionTime, corrected_parts
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import Edge, Track
from luv_viewer.notebook import Notebook
from luv_viewer.player import Player
from luv_viewer.selection import Selection

TAP_S = 0.25
"""A key released sooner was tapped, not held."""


@dataclass(frozen=True)
class Running:
    """A pattern being labelled as the frames pass. parts: what has passed so far, the newest last.

    began_s: when the key went down; first: the frame shown then; was_playing: the video ran then.
    anchor: where the newest part began; steps to either side of it, while paused, are that part.
    """

    pattern: Pattern
    is_absence: bool
    parts: tuple[Span, ...]
    began_s: float
    first: int
    was_playing: bool
    anchor: int

    @property
    def frames(self) -> SpanSet:
        """All frames that have passed."""
        return SpanSet.union(self.parts)


class Marking(QObject):
    """Turns keys and drags into edits of the notebook, on the pattern worked on.

    selection: the interval worked on. changed: marks, the running interval, or the selection.
    told: a short remark for the status bar. pattern_wanted: the Pattern to work on from now.
    pattern: gives the pattern worked on. now: monotonic seconds.
    """

    changed = Signal()
    told = Signal(str)
    pattern_wanted = Signal(object)

    def __init__(
        self,
        notebook: Notebook,
        player: Player,
        pattern: Callable[[], Pattern],
        now: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._notebook, self._player, self._pattern, self._now = notebook, player, pattern, now
        self.mark_in: int | None = None
        self.mark_out: int | None = None
        self.running: Running | None = None
        self.reaction: ReactionTime | None = None
        self._held = False
        self.selection = Selection(notebook, player, pattern, self)
        self.selection.changed.connect(self.changed)
        self.selection.pattern_wanted.connect(self.pattern_wanted)
        notebook.video_changed.connect(self.forget)
        player.sought.connect(self._jump)
        player.frame_changed.connect(self._pass_frame)

    def forget(self) -> None:
        """No marks, nothing running, nothing selected."""
        self.mark_in = self.mark_out = self.running = None
        self.selection.hold(None)
        self._held = False
        self.changed.emit()

    def set_mark(self, edge: Edge) -> None:
        """Mark in ("start") or out ("end") at the play head; another mark on its wrong side goes."""
        if not self._may_edit():
            return
        frame = self._player.frame
        if edge == "start":
            self.mark_in = frame
            self.mark_out = self.mark_out if self.mark_out is not None and self.mark_out >= frame else None
        else:
            self.mark_out = frame
            self.mark_in = self.mark_in if self.mark_in is not None and self.mark_in <= frame else None
        self.changed.emit()
        self.told.emit(f"{'In' if edge == 'start' else 'Out'} at frame {frame + 1}. Enter makes it an interval.")

    def commit(self) -> None:
        """Make the marks an interval of the pattern worked on; an open side is the play head."""
        span = self._marked()
        if span is None:
            self.told.emit("Mark an interval first: I at its first frame, O at its last.")
        elif self._may_edit():
            self.add(self._pattern(), span, "mark present", {"marks": span.label})
            self.mark_in = self.mark_out = None
            self.changed.emit()

    def add(self, pattern: Pattern, span: Span, verb: str, raw: dict[str, JsonValue] | None = None) -> bool:
        """State `span` present."""
        return self._edit(pattern, lambda a: a.with_track(pattern, tracks.add(a.track(pattern), span)), verb, span, raw)

    def state_absent(self, pattern: Pattern, frames: SpanSet, raw: dict[str, JsonValue] | None = None) -> bool:
        """State frames absent; they are no longer present."""
        before = self._notebook.annotation
        if before is None:
            return self._explain()
        if not self._notebook.apply(before.with_absent(pattern, frames), "mark absent", raw):
            return False
        gone = len(before.track(pattern)) - len(self.selection.track(pattern))
        note = f"; {gone} interval{'s' if gone != 1 else ''} gone, undo brings back" if gone > 0 else ""
        self.told.emit(f"{pattern.plural} stated absent in frames {frames.label.replace('_', '–')}{note}.")
        return True

    def toggle_whole(self) -> None:
        """The pattern worked on in the whole clip: present everywhere, or no longer where it was."""
        pattern, annotation = self._pattern(), self._notebook.annotation
        if annotation is None:
            self._explain()
            return
        whole = Span(0, annotation.n_frames)
        if annotation.present_frames(pattern) == SpanSet.of(whole):
            self._edit(pattern, lambda a: a.with_track(pattern, ()), "clear the whole clip", None)
        else:
            self._edit(pattern, lambda a: a.with_track(pattern, (whole,)), "mark the whole clip", whole)

    def press(self, pattern: Pattern, *, is_absence: bool) -> None:
        """A pattern's key goes down: its track is worked on, and frames that pass while it is held are labelled."""
        self.pattern_wanted.emit(pattern)
        if self.running is not None and (self.running.pattern, self.running.is_absence) == (pattern, is_absence):
            self._finish()
            return
        if self._notebook.lock:
            if self._notebook.reader is None:
                self.told.emit(f"{pattern.plural} chosen. To label, say who you are: Ctrl+R.")
            else:
                self._explain()
            return
        if self.running is not None:
            self._finish()
        frame, playing = self._player.frame, self._player.is_playing
        self._held = True
        self.running = Running(pattern, is_absence, (Span(frame, frame + 1),), self._now(), frame, playing, frame)
        self.changed.emit()

    def release(self) -> None:
        """The key goes up. Held: what passed is labelled. Tapped while playing: it runs on until the next tap."""
        if self.running is None or not self._held:
            return
        tapped = self._now() - self.running.began_s < TAP_S
        if tapped and self._player.is_playing:
            self._held = False
            self.told.emit(f"{self.running.pattern.plural}: labelling what passes until the key is pressed again.")
        elif tapped and len(self.running.frames) == 1:
            self._finish_tap()
        else:
            self._finish()

    def stop_running(self) -> bool:
        """Drop what is being labelled; False when nothing is."""
        was_running = self.running is not None or self.mark_in is not None or self.mark_out is not None
        self.running = self.mark_in = self.mark_out = None
        self._held = False
        if was_running:
            self.changed.emit()
        return was_running

    def change_interval(self, verb: str, change: Callable[[Track, int, int], Track]) -> None:
        """Edit the current interval. change: (track, index, n_frames) to the new track."""
        current = self.selection.current()
        if current is None:
            self.told.emit("No interval here: put the play head on one, or click it.")
            return
        self.change_at(*current, verb, change)

    def change_at(self, pattern: Pattern, index: int, verb: str, change: Callable[[Track, int, int], Track]) -> None:
        """As `change_interval`, for a given one; nothing happens where it is no longer there."""
        if index >= len(self.selection.track(pattern)):
            return
        n = self._notebook.annotation.n_frames if self._notebook.annotation else 0
        where = self.selection.track(pattern)[index]
        self._edit(pattern, lambda a: a.with_track(pattern, change(a.track(pattern), index, n)), verb, where)

    def nudge(self, edge: Edge, frames: int) -> None:
        """Move an edge of the current interval."""

        def moved(track: Track, index: int, n_frames: int) -> Track:
            at = track[index].start if edge == "start" else track[index].stop - 1
            return tracks.move_edge(track, index, edge, at + frames, n_frames)

        current = self.selection.current()
        self.change_interval(f"move the {edge}", moved)
        if current is not None:
            self.selection.hold(current)
        self.changed.emit()

    def _marked(self) -> Span | None:
        if self.mark_in is None and self.mark_out is None:
            return None
        first = self._player.frame if self.mark_in is None else self.mark_in
        last = self._player.frame if self.mark_out is None else self.mark_out
        return Span(min(first, last), max(first, last) + 1)

    def _finish_tap(self) -> None:
        """A tap on a standing picture: the track is chosen; with Shift the marks, else the whole clip, are absent."""
        running, self.running = self.running, None
        self._held = False
        self.changed.emit()
        annotation = self._notebook.annotation
        if running is None or not running.is_absence or annotation is None:
            return
        marked = self._marked()
        frames = SpanSet.of(marked) if marked else SpanSet.whole(annotation.n_frames)
        if self.state_absent(running.pattern, frames):
            self.mark_in = self.mark_out = None
            self.changed.emit()

    def _finish(self) -> None:
        running, self.running = self.running, None
        by, self._held = "hold" if self._held else "tap", False
        self.changed.emit()
        annotation = self._notebook.annotation
        if running is None or annotation is None:
            return
        raw: dict[str, JsonValue] = {
            "by": by,
            "pressed_frame": running.first + 1,
            "released_frame": self._player.frame + 1,
            "passed": running.frames.label,
            "speed": self._player.speed,
        }
        spans = running.parts
        late = self._lateness(running)
        if late is not None and self._player.times_s is not None:
            times = self._player.times_s.tolist()
            spans = corrected_parts(spans, late, times, self._player.speed, annotation.n_frames)
            raw["correction_s"] = [late.onset_s, late.release_s]
        if running.is_absence:
            self.state_absent(running.pattern, SpanSet.union(spans), raw)
            return
        track = annotation.track(running.pattern)
        for span in SpanSet.union(spans):
            track = tracks.add(track, span)
        self._edit(running.pattern, lambda a: a.with_track(running.pattern, track), "label what passes", spans[-1], raw)

    def _lateness(self, running: Running) -> ReactionTime | None:
        """How late the key went down and up. A reader who pressed, or let go, on a standing picture was not late."""
        late = self.reaction
        if late is not None and not running.was_playing:
            late = replace(late, onset_s=0.0)
        if late is not None and not self._player.is_playing:
            late = replace(late, release_s=0.0)
        return late if late is not None and (late.onset_s or late.release_s) else None

    def _jump(self, frame: int) -> None:
        """The play head was put elsewhere while playing: the frames between did not pass."""
        if self.running is not None:
            parts = (*self.running.parts, Span(frame, frame + 1))
            self.running = replace(self.running, parts=parts, anchor=frame)

    def _pass_frame(self, frame: int) -> None:
        """The play head moved: while a key is held, or an interval runs, the frames between belong to it."""
        running = self.running
        if running is None:
            return
        *before, last = running.parts
        loop, anchor = self._player.loop_span, running.anchor
        if not self._player.is_playing:
            parts = (*before, Span(min(frame, anchor), max(frame, anchor) + 1))
        elif frame >= last.stop - 1:
            parts = (*before, Span(last.start, frame + 1))
        else:
            # The loop began again: the frames up to its end passed as well.
            anchor = min(loop.start, frame)
            parts = (*before, Span(last.start, max(loop.stop, last.stop)), Span(anchor, frame + 1))
        self.running = replace(running, parts=parts, anchor=anchor)
        self.changed.emit()

    def _edit(
        self,
        pattern: Pattern,
        change: Callable[[VideoAnnotation], VideoAnnotation],
        verb: str,
        where: Span | None,
        raw: dict[str, JsonValue] | None = None,
    ) -> bool:
        before = self._notebook.annotation
        if before is None:
            self._explain()
            return False
        done = self._notebook.apply(change(before), verb, raw)
        if done:
            frames = f", frames {where.label.replace('_', '–')}" if where is not None else ""
            self.told.emit(f"{pattern.plural}: {verb}{frames}.")
        return done

    def _may_edit(self) -> bool:
        return not self._notebook.lock or self._explain()

    def _explain(self) -> bool:
        self._notebook.refused.emit(self._notebook.lock)
        return False
