"""Under the cine: transport buttons, where the play head is, speed, loop, dropped frames, the AI worker."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QToolButton, QWidget

from luv_viewer.domain.ai_state import AiPhase
from luv_viewer.domain.playback import SPEEDS, LoopMode
from luv_viewer.session import Session
from luv_viewer.widgets.bar_parts import bar_button, value_label
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.icons import icon

_LOOP_ICONS = {LoopMode.VIDEO: "loop-video", LoopMode.CLIP: "loop-clip", LoopMode.OFF: "play-once"}


def clock_text(seconds: float) -> str:
    """Minutes, seconds and hundredths.

    >>> clock_text(1.234), clock_text(61.5)
    ('00:01.23', '01:01.50')
    """
    hundredths = int(seconds * 100 + 1e-6)
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


_AI_TIP = "Where LUV-Net runs, and how many frames it has done"


class PlaybackBar(QFrame):
    """Shows the session's playback state; buttons trigger the window's actions so that keys and buttons agree."""

    speed_chosen = Signal(float)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._session = session
        self._theme: Theme = DARK
        self._buttons: dict[str, QToolButton] = {}
        self.time = value_label("00:00.00", "Time of this frame, in minutes and seconds from the first frame")
        self.position = value_label("frame 00000 of 00000", "Number of the frame shown, counted from 1")
        self.rate = value_label("", "Frame rate and where it comes from")
        self.dropped = value_label(
            "dropped 0000", "Frames that came due while playing but were not on the screen in time"
        )
        self.ai = value_label("", _AI_TIP)
        self.speed = QComboBox()
        self.speed.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.speed.setToolTip("Speed: 1 is the speed at which the video was taken  [- + 0]")
        self.speed.setAccessibleName("Playback speed")
        for speed in SPEEDS:
            self.speed.addItem(f"×{speed:g}", speed)
        self.speed.activated.connect(lambda index: self.speed_chosen.emit(self.speed.itemData(index)))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 4, 12, 4)
        self._row.setSpacing(4)
        for name in ("first_frame", "previous_frame", "play", "next_frame", "last_frame"):
            self._row.addWidget(self._button(name))
        for widget in (self.time, self.position, self.rate, self.speed, self._button("loop_mode"), self.dropped):
            self._row.addSpacing(4)
            self._row.addWidget(widget)
        self._row.addStretch(1)
        self._row.addWidget(self.ai)
        session.player.frame_changed.connect(self._show_position)
        session.video_changed.connect(self._show_video)
        session.player.playback_changed.connect(self._show_playback)
        session.ai_state_changed.connect(self._show_ai)
        self._show_video()
        self._show_playback()

    def bind(self, actions: dict[str, QAction]) -> None:
        """Let each button trigger its action."""
        for name, button in self._buttons.items():
            button.clicked.connect(actions[name].trigger)
            button.setAccessibleName(actions[name].text().replace("&", ""))

    def name_keys(self, actions: dict[str, QAction]) -> None:
        """Say each button's key in its tool tip."""
        for name, button in self._buttons.items():
            keys = " or ".join(key.toString() for key in actions[name].shortcuts())
            button.setToolTip(f"{actions[name].text().replace('&', '')}  [{keys}]")

    def set_theme(self, theme: Theme) -> None:
        """Redraw the icons."""
        self._theme = theme
        names = {
            "first_frame": "first",
            "previous_frame": "step-back",
            "next_frame": "step-forward",
            "last_frame": "last",
        }
        for action, name in names.items():
            self._buttons[action].setIcon(icon(name, theme))
        self._show_playback()

    def _button(self, action: str) -> QToolButton:
        button = bar_button()
        self._buttons[action] = button
        return button

    def _show_position(self) -> None:
        video = self._session.video
        if video is None:
            self.time.setText("00:00.00")
            self.position.setText("no video")
            return
        self.time.setText(clock_text(float(video.times_s[self._session.player.frame])))
        self.position.setText(f"frame {self._session.player.frame + 1} of {video.n_frames}")

    def _show_video(self) -> None:
        video = self._session.video
        if video is None or video.is_still:
            self.rate.setText("" if video is None else "still image")
        else:
            self.rate.setText(f"{video.timing.fps:.4g} fps ({video.timing.source.value})")
        for button in self._buttons.values():
            button.setEnabled(video is not None and not video.is_still)
        self._show_position()
        self._show_playback()

    def _show_playback(self) -> None:
        session = self._session
        self._buttons["play"].setIcon(icon("pause" if session.player.is_playing else "play", self._theme))
        self._buttons["loop_mode"].setIcon(icon(_LOOP_ICONS[session.player.loop_mode], self._theme))
        self._buttons["loop_mode"].setText(session.player.loop_mode.value)
        self._buttons["loop_mode"].setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.speed.setCurrentIndex(SPEEDS.index(session.player.speed))
        self.dropped.setText(f"dropped {session.player.dropped}")

    def _show_ai(self) -> None:
        state = self._session.ai_state
        words = {AiPhase.RUNNING: state.sentence.split(",")[0], AiPhase.DONE: state.sentence.split(",")[0]}
        where = f"{state.device}  " if state.device else ""
        self.ai.setText(f"{where}AI {words.get(state.phase, state.phase.value)}")
        self.ai.setToolTip("\n".join(filter(None, (_AI_TIP, state.why))))
