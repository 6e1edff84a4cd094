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
        self._known[maps.own] = maps
        self.sentence = ""
        self.changed.emit()

    def forget(self) -> None:
        """Another video, or another network: nothing is known of it."""
        self._known.clear()
        self.sentence = ""
        self.changed.emit()

    def at(self, frame: int) -> ClipMaps | None:
        """The maps of the clip to which a frame belongs; None where they are not known."""
        return next((maps for own, maps in self._known.items() if frame in own), None)
