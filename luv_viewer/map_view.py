"""Which map lies over the picture, and the maps that are known of the video shown: a part of the session."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from luv_viewer.domain.saliency import ClipMaps, MapKind
from luv_viewer.domain.span import Span


class MapView(QObject):
    """changed: the kind, the maps known, or the sentence is another one."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.kind: MapKind | None = None
        self.sentence = ""
        self._known: dict[Span, ClipMaps] = {}

    def choose(self, kind: MapKind | None) -> None:
        """Show maps of this kind; None: none. What is known stays."""
        self.kind, self.sentence = kind, ""
        self.changed.emit()

    def say(self, sentence: str) -> None:
        """What is being made, or why there is no map; empty for nothing."""
        if sentence != self.sentence:
            self.sentence = sentence
            self.changed.emit()

    def take(self, maps: ClipMaps) -> None:
        """Keep the maps of one clip of the video shown."""
        self._known[maps.span] = maps
        self.sentence = ""
        self.changed.emit()

    def forget(self) -> None:
        """Another video, or another network: nothing is known of it."""
        self._known.clear()
        self.sentence = ""
        self.changed.emit()

    def at(self, frame: int) -> ClipMaps | None:
        """The maps of the clip around a frame, of those known the one whose middle is nearest; None for none."""
        covering = [span for span in self._known if frame in span]
        if not covering:
            return None
        return self._known[min(covering, key=lambda span: (abs(span.start + span.stop - 1 - 2 * frame), span))]
