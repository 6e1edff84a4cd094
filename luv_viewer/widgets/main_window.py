"""The window: where everything stands, its menus and keys. What an action does is wired in `luv_viewer.desk`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QMainWindow,
    QMenu,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from luv_viewer import RESEARCH_USE
from luv_viewer.session import Session
from luv_viewer.widgets.colors import Theme
from luv_viewer.widgets.key_table import ACTIONS, HELD, MENUS, ActionSpec
from luv_viewer.widgets.notice_bar import NoticeBar
from luv_viewer.widgets.pattern_panel import PatternPanel
from luv_viewer.widgets.playback_bar import PlaybackBar
from luv_viewer.widgets.study_panel import StudyPanel
from luv_viewer.widgets.timeline import Timeline
from luv_viewer.widgets.top_frames import TopFrames
from luv_viewer.widgets.video_view import VideoView
from luv_viewer.widgets.welcome import Welcome

if TYPE_CHECKING:
    from luv_viewer.widgets.comparison_panel import ComparisonPanel
    from luv_viewer.widgets.label_panel import LabelPanel

STUDY_WIDTH_PX, PATTERNS_WIDTH_PX = 220, 280
TIMELINE_SHARE = 0.4
FRAME_PX = (4, 32)
"""Room for the frame that a window manager draws around the window."""
HINT_MS = 4000
TABS = ("AI", "Label", "Compare")


class Themed(Protocol):
    """What is redrawn in another theme."""

    def set_theme(self, theme: Theme) -> None: ...


class MainWindow(QMainWindow):
    """Lays out the study panel, the cine, the patterns, the playback bar and the timeline."""

    closing = Signal()
    paths_dropped = Signal(list)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setWindowTitle("LUV Viewer")
        self.setAcceptDrops(True)
        self.study_panel = StudyPanel()
        self.video_view = VideoView()
        self.welcome = Welcome()
        self.notice = NoticeBar()
        self.pattern_panel = PatternPanel()
        self.top_frames = TopFrames()
        self.playback_bar = PlaybackBar(session)
        self.timeline = Timeline()
        self._themed: list[Themed] = [
            self.study_panel,
            self.pattern_panel,
            self.top_frames,
            self.playback_bar,
            self.timeline,
        ]
        self.menu_actions: dict[str, QAction] = {}
        self._scenes = QStackedWidget()
        self._live_page: QWidget | None = None
        self.may_close: Callable[[], bool] = lambda: True
        self._build_layout()
        self._build_menus()
        self.playback_bar.bind(self.menu_actions)
        self.welcome.bind([self.menu_actions[name] for name in ("open_file", "open_folder", "open_demo")])
        self._fit_the_screen()

    @cached_property
    def label_panel(self) -> LabelPanel:
        """Built when it is first asked for: not before the first picture is on the screen."""
        from luv_viewer.widgets.label_panel import LabelPanel

        panel = LabelPanel()
        self._fill_tab("Label", panel)
        return panel

    @cached_property
    def comparison_panel(self) -> ComparisonPanel:
        """Built when it is first asked for, as `label_panel`."""
        from luv_viewer.widgets.comparison_panel import ComparisonPanel

        panel = ComparisonPanel()
        self._fill_tab("Compare", panel)
        return panel

    def set_theme(self, theme: Theme) -> None:
        """Redraw every part in another theme."""
        for part in self._themed:
            part.set_theme(theme)
        self.video_view.theme = theme
        self.video_view.update()

    def set_keys(self, table: Mapping[str, tuple[str, ...]]) -> None:
        """Give every action its keys."""
        for name, keys in table.items():
            self.menu_actions[name].setShortcuts([QKeySequence(key) for key in keys])
        self.playback_bar.name_keys(self.menu_actions)

    def show_cine(self, shown: bool) -> None:
        """The cine, or the page that says what to do first."""
        page = self.video_view if shown else self.welcome
        self._pages.setCurrentWidget(page)
        page.setFocus()

    def show_live(self, page: QWidget | None) -> None:
        """The page of live mode in place of the study; None: the study again, and the page is gone."""
        if self._live_page is not None:
            self._scenes.removeWidget(self._live_page)
            self._live_page.deleteLater()
        self._live_page = page
        if page is not None:
            self._scenes.addWidget(page)
        self._scenes.setCurrentWidget(self._rows if page is None else page)

    def say_working(self, text: str) -> None:
        """What goes on in the background; empty for nothing."""
        self._working.setText(text)
        self.welcome.say(text)

    def show_reader(self, text: str) -> None:
        """Who reads and since when everything is on the disk, at the end of the menu bar; empty for nobody."""
        self._reader.setText(text)
        # The menu bar gives its corner room only when the widget is put there.
        self.menuBar().setCornerWidget(self._reader)
        self._reader.setVisible(bool(text))

    def hint(self, text: str) -> None:
        """A short remark in the status bar that goes by itself."""
        self.statusBar().showMessage(text, HINT_MS)

    def saved_state(self) -> dict[str, str]:
        """Geometry and splitter sizes as hex text."""
        return {
            "geometry": bytes(self.saveGeometry().toHex().data()).decode(),
            "columns": bytes(self._columns.saveState().toHex().data()).decode(),
            "rows": bytes(self._rows.saveState().toHex().data()).decode(),
        }

    def restore_state(self, state: Mapping[str, str]) -> None:
        """Back to what `saved_state` said; unknown text changes nothing."""
        restore = {
            "geometry": self.restoreGeometry,
            "columns": self._columns.restoreState,
            "rows": self._rows.restoreState,
        }
        for name, apply in restore.items():
            if name in state:
                apply(QByteArray.fromHex(state[name].encode()))
        self._user_rows = "rows" in state

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the wiring stop every thread before the window goes; `may_close` can keep it open."""
        if not self.may_close():
            event.ignore()
            return
        self.closing.emit()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files anywhere on the window."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask for what was dropped to be opened."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.paths_dropped.emit(paths)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the timeline at 40 % of the height at most."""
        super().resizeEvent(event)
        self._lower.setMaximumHeight(int(self.height() * TIMELINE_SHARE) + self.playback_bar.sizeHint().height())

    def _fill_tab(self, name: str, page: LabelPanel | ComparisonPanel) -> None:
        """Put a page in place of the empty one that held its tab."""
        place = TABS.index(name)
        is_shown, empty = self.right_panel.currentIndex() == place, self.right_panel.widget(place)
        self.right_panel.removeTab(place)
        if empty is not None:
            empty.deleteLater()
        self.right_panel.insertTab(place, page, name)
        if is_shown:
            self.right_panel.setCurrentIndex(place)
        page.set_theme(self.video_view.theme)
        self._themed.append(page)

    def _fit_the_screen(self) -> None:
        """Nine tenths of a large screen; all of a small one but what a window frame takes."""
        room = self.screen().availableSize()
        width = min(room.width() - FRAME_PX[0], max(1280, int(room.width() * 0.9)))
        height = min(room.height() - FRAME_PX[1], max(720, int(room.height() * 0.9)))
        self.resize(width, height)

    def _build_layout(self) -> None:
        self._pages = QStackedWidget()
        self._pages.addWidget(self.welcome)
        self._pages.addWidget(self.video_view)
        centre = _column(self.notice, self._pages)
        panels = QFrame()
        panels.setObjectName("panel")
        right = QVBoxLayout(panels)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.pattern_panel)
        right.addWidget(self.top_frames)
        right.addStretch(1)
        # Long sentences of the AI state scroll here; they must not make the window taller than the screen.
        ai_page = QScrollArea()
        ai_page.setFrameShape(QFrame.Shape.NoFrame)
        ai_page.setWidgetResizable(True)
        ai_page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        ai_page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        ai_page.setWidget(panels)
        self.right_panel = QTabWidget()
        self.right_panel.setDocumentMode(True)
        self.right_panel.setMinimumWidth(PATTERNS_WIDTH_PX - 40)
        self.right_panel.tabBar().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.right_panel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for page, name in zip((ai_page, QWidget(), QWidget()), TABS, strict=True):
            self.right_panel.addTab(page, name)
        self._columns = QSplitter(Qt.Orientation.Horizontal)
        for widget, stretch in ((self.study_panel, 0), (centre, 1), (self.right_panel, 0)):
            self._columns.addWidget(widget)
            self._columns.setStretchFactor(self._columns.count() - 1, stretch)
        self._columns.setSizes([STUDY_WIDTH_PX, 780, PATTERNS_WIDTH_PX])
        self._lower = _column(self.playback_bar, self.timeline)
        self._rows = QSplitter(Qt.Orientation.Vertical)
        self._rows.addWidget(self._columns)
        self._rows.addWidget(self._lower)
        self._rows.setStretchFactor(0, 1)
        self._rows.setStretchFactor(1, 0)
        for splitter in (self._columns, self._rows):
            splitter.setHandleWidth(1)
            splitter.setChildrenCollapsible(False)
        self._scenes.addWidget(self._rows)
        self.setCentralWidget(self._scenes)
        research = QLabel(RESEARCH_USE)
        research.setObjectName("muted")
        self._working = QLabel()
        self._working.setObjectName("muted")
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().setContentsMargins(8, 0, 8, 0)
        self.statusBar().addWidget(research)
        self.statusBar().addPermanentWidget(self._working)

    def _build_menus(self) -> None:
        self._reader = QLabel()
        self._reader.setObjectName("muted")
        self._reader.setContentsMargins(8, 4, 12, 4)
        self.menuBar().setCornerWidget(self._reader)
        menus = {name: self.menuBar().addMenu(f"&{name}") for name in MENUS}
        for spec in ACTIONS:
            action = QAction(spec.text, self)
            action.setCheckable(spec.checkable)
            action.setObjectName(spec.name)
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setAutoRepeat(spec.name not in HELD)
            self._menu_of(spec, menus).addAction(action)
            self.menu_actions[spec.name] = action

    @staticmethod
    def _menu_of(spec: ActionSpec, menus: dict[str, QMenu]) -> QMenu:
        """The menu or submenu of an action; a submenu is made for its first one."""
        if not spec.submenu:
            return menus[spec.menu]
        if spec.submenu not in menus:
            menus[spec.submenu] = menus[spec.menu].addMenu(spec.submenu)
        return menus[spec.submenu]


def _column(*widgets: QWidget) -> QWidget:
    """Widgets one above the other without gaps; the last one takes the space."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.setStretchFactor(widgets[-1], 1)
    return column
