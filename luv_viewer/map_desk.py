"""What the user's wishes do to the maps over the picture: which kind, how strong. None for a blinded reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.saliency import ClipMaps, MapKind
from luv_viewer.jobs import FramePicture, Jobs
from luv_viewer.jobs.maps import MapSettings
from luv_viewer.label_presenter import AI_HIDDEN
from luv_viewer.session import Session
from luv_viewer.settings import Settings
from luv_viewer.widgets.main_window import MainWindow
from luv_viewer.widgets.map_overlay import MapOverlay

OPACITIES = (30, 60, 90)
_ACTIONS: dict[str, MapKind | None] = {
    "map_off": None,
    "map_attention": MapKind.ATTENTION,
    "map_gradient": MapKind.GRADIENT,
}
_NO_ATTENTION = "This network has no pattern attention: choose “What moves the answer (gradient)”."


class MapDesk(QObject):
    """Lays maps over the picture of the window.

    settings: those in force. change: changes one of them by name and keeps it. engine: checkpoint file (None: the
    bundled one) and device in force.
    """

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        window: MainWindow,
        settings: Callable[[], Settings],
        change: Callable[[str, object], None],
        engine: Callable[[], tuple[Path | None, str]],
    ) -> None:
        super().__init__(window)
        self._session, self._jobs, self._window = session, jobs, window
        self._settings, self._change, self._engine = settings, change, engine
        self._asked: MapSettings | None = None
        self._made_with: MapSettings | None = None
        self._frame = 0
        self._connect()
        self._show_choice()

    def choose(self, kind: MapKind | None) -> None:
        """Show this kind of map from now on; None: none."""
        self._session.maps.choose(kind)
        if kind is not None:
            # Chosen again is tried again, also after a failure.
            self._asked = None
        self._apply()
        self._show_choice()

    def next(self) -> None:
        """The next of: none, attention, gradient."""
        kinds = list(_ACTIONS.values())
        self.choose(kinds[(kinds.index(self._session.maps.kind) + 1) % len(kinds)])

    def step_opacity(self) -> None:
        """The next of the opacities, from the strongest to the faintest again."""
        now = self._settings().map_opacity_percent
        self._change("map_opacity_percent", next((step for step in OPACITIES if step > now), OPACITIES[0]))
        self._window.hint(f"Map opacity {self._settings().map_opacity_percent} %")
        self._show()

    def _connect(self) -> None:
        session, window, actions = self._session, self._window, self._window.menu_actions
        group = QActionGroup(self)
        for name, kind in _ACTIONS.items():
            group.addAction(actions[name])
            actions[name].triggered.connect(lambda _=False, kind=kind: self.choose(kind))
        actions["next_map"].triggered.connect(lambda _=False: self.next())
        actions["map_opacity"].triggered.connect(lambda _=False: self.step_opacity())
        session.maps.changed.connect(self._show)
        session.view_changed.connect(self._show)
        # What the AI is told (off, another checkpoint, another device) holds for maps too.
        session.ai_state_changed.connect(self._apply)
        session.notebook.reader_changed.connect(self._apply)
        self._jobs.picture_ready.connect(self._show_with)
        self._jobs.maps.made.connect(window.hint)

    def _apply(self) -> None:
        """Make maps, or stop making them, as kind, settings and reader say."""
        wanted = self._wanted()
        if wanted == self._asked:
            return
        self._asked = wanted
        if wanted is None:
            self._jobs.maps.stop()
        else:
            if wanted != self._made_with:
                self._session.maps.forget()
            self._made_with = wanted
            self._jobs.maps.start(wanted)
        self._show()

    def _wanted(self) -> MapSettings | None:
        if self._session.maps.kind is None or self._why_not():
            return None
        file, device = self._engine()
        return MapSettings(file, device)

    def _why_not(self) -> str:
        reader = self._session.notebook.reader
        if reader is not None and reader.blinded:
            return AI_HIDDEN
        return "" if self._settings().ai_enabled else "AI is off, and maps with it."

    def _show_choice(self) -> None:
        for name, kind in _ACTIONS.items():
            self._window.menu_actions[name].setChecked(self._session.maps.kind is kind)

    def _show_with(self, picture: FramePicture) -> None:
        self._frame = picture.frame
        if self._session.maps.kind is not None:
            self._show()

    def _show(self) -> None:
        self._window.video_view.set_map(self._overlay())

    def _overlay(self) -> MapOverlay | None:
        maps, pattern = self._session.maps, self._session.selected_pattern
        if maps.kind is None or self._session.video is None:
            return None
        why_not = self._why_not()
        if why_not:
            return MapOverlay.sentence_only(maps.kind, pattern, why_not)
        known = maps.at(self._frame)
        if known is None:
            return MapOverlay.sentence_only(maps.kind, pattern, maps.sentence)
        return self._of(known, maps.kind, pattern)

    def _of(self, known: ClipMaps, kind: MapKind, pattern: Pattern) -> MapOverlay:
        layer = known.of_kind(kind)
        if layer is None:
            return MapOverlay.sentence_only(kind, pattern, _NO_ATTENTION)
        if pattern not in layer.patterns:
            return MapOverlay.sentence_only(
                kind, pattern, f"The network has no answer of its own for {pattern.plural.lower()}."
            )
        return MapOverlay.of(layer, self._frame, pattern, self._settings().map_opacity_percent / 100)
