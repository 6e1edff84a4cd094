"""The exercise that measures how late a reader presses and releases a key."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QSizePolicy, QVBoxLayout, QWidget

from luv_viewer.domain.reaction import ReactionTime, TooFewTrialsError, Trial, measure
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.dialogs.modal import Buttons, run, sentence

TRIALS = 10
WAIT_S, PATIENCE_S = (1.0, 3.0), 2.0
"""Range of the random pauses; how long the release is waited for after the field has gone."""

EXPLANATION = (
    "When you label by holding a key while the video plays, you press and release it a little late. This exercise "
    "measures by how much. Hold the space bar while the field below is bright, as if it were a pattern, and let go "
    f"when it turns dark. {TRIALS} times, at moments you cannot foresee; it takes about a minute."
)


class Phase(Enum):
    """What the field shows: nothing to do yet; dark; bright; dark again and the key still down; the result."""

    READY = "ready"
    DARK = "dark"
    BRIGHT = "bright"
    RELEASE = "release"
    DONE = "done"


class Field(QWidget):
    """A plain field, dark or bright. `shown_at`: when the last change reached the screen, by the given clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.theme: Theme = DARK
        self.text = ""
        self.shown_at = 0.0
        self._clock = clock
        self._bright = False
        self._pending = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Field that turns bright and dark")

    def sizeHint(self) -> QSize:
        """As large as a small cine."""
        return QSize(440, 180)

    def show_state(self, *, bright: bool, text: str) -> None:
        """Change the field; `shown_at` is now, and again when it has been painted."""
        self._bright, self.text = bright, text
        self._pending, self.shown_at = True, self._clock()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Black, with a broad band of the accent while bright; words in the middle."""
        painter = QPainter(self)
        area = QRectF(self.rect())
        painter.fillRect(area, QColor("#000000"))
        if self._bright:
            painter.fillRect(area.adjusted(area.width() * 0.2, 0, -area.width() * 0.2, 0), QColor(self.theme.accent))
        painter.setPen(QColor("#101418" if self._bright else "#9AA5B1"))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.text)
        if self._pending:
            self._pending, self.shown_at = False, self._clock()


class ReactionDialog(QDialog):
    """Runs the trials; `reaction` holds the result once enough of them are usable."""

    def __init__(
        self,
        theme: Theme = DARK,
        parent: QWidget | None = None,
        clock: Callable[[], float] = time.perf_counter,
        pauses: random.Random | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("How fast do you react?")
        self._clock = clock
        self._pauses = pauses or random.Random()
        self._trials: list[Trial] = []
        self._onset_s: float | None = None
        self._early = False
        self._down = False
        self.reaction: ReactionTime | None = None
        self.field = Field(clock)
        self.field.theme = theme
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._time_is_up)
        self._result = sentence("")
        box = QDialogButtonBox(Buttons.Cancel)
        self.start = box.addButton("Start", QDialogButtonBox.ButtonRole.ActionRole)
        self.use = box.addButton("Use it", QDialogButtonBox.ButtonRole.AcceptRole)
        for button in box.buttons():
            # The space bar belongs to the exercise, whichever button was pressed last.
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.start.setDefault(True)
        self.start.clicked.connect(self.begin)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(sentence(EXPLANATION))
        layout.addWidget(self.field, 1)
        layout.addWidget(self._result)
        layout.addWidget(
            sentence(
                "The correction is off until you switch it on, and the times you pressed are always kept.", muted=True
            )
        )
        layout.addWidget(box)
        self._enter(Phase.READY)

    @property
    def phase(self) -> Phase:
        """Where the exercise stands."""
        return self._phase

    @property
    def trials(self) -> tuple[Trial, ...]:
        """The trials so far."""
        return tuple(self._trials)

    def begin(self) -> None:
        """Start from the first trial."""
        self._trials.clear()
        self.reaction = None
        self._enter(Phase.DARK)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The space bar pressed; Esc closes."""
        if event.key() != Qt.Key.Key_Space:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat() and not self._down:
            self._down = True
            if self._phase is Phase.DARK:
                self._early = True
            elif self._phase is Phase.BRIGHT and self._onset_s is None and not self._early:
                self._onset_s = self._clock() - self.field.shown_at

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The space bar released."""
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat():
            super().keyReleaseEvent(event)
            return
        self._down = False
        if self._phase is Phase.BRIGHT and self._onset_s is not None:
            self._early = True
        elif self._phase is Phase.RELEASE:
            self._finish_trial(self._clock() - self.field.shown_at)

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._timer.stop()
        n = f"{len(self._trials) + 1} of {TRIALS}"
        if phase is Phase.DARK:
            self._onset_s, self._early = None, self._down
            self.field.show_state(bright=False, text=n)
            self._timer.start(self._pause_ms())
        elif phase is Phase.BRIGHT:
            self.field.show_state(bright=True, text="")
            self._timer.start(self._pause_ms())
        elif phase is Phase.RELEASE:
            self.field.show_state(bright=False, text="")
            self._timer.start(round(PATIENCE_S * 1000))
        else:
            self.field.show_state(bright=False, text="Press Start." if phase is Phase.READY else "Done.")
        running = phase in (Phase.DARK, Phase.BRIGHT, Phase.RELEASE)
        self.start.setEnabled(not running)
        self.start.setText("Start" if not self._trials else "Again")
        self.use.setEnabled(phase is Phase.DONE and self.reaction is not None)
        self.use.setDefault(self.use.isEnabled())
        self._result.setText(self._words())

    def _pause_ms(self) -> int:
        return round(self._pauses.uniform(*WAIT_S) * 1000)

    def _time_is_up(self) -> None:
        if self._phase is Phase.DARK:
            self._enter(Phase.BRIGHT)
        elif self._phase is Phase.BRIGHT and self._down and not self._early:
            self._enter(Phase.RELEASE)
        else:
            self._finish_trial(None)

    def _finish_trial(self, release_s: float | None) -> None:
        self._trials.append(Trial(None if self._early else self._onset_s, release_s))
        if len(self._trials) < TRIALS:
            self._enter(Phase.DARK)
            return
        try:
            self.reaction = measure(self._trials)
        except TooFewTrialsError:
            self.reaction = None
        self._enter(Phase.DONE)

    def _words(self) -> str:
        usable = sum(trial.is_valid for trial in self._trials)
        if self._phase is not Phase.DONE:
            return f"{usable} of {len(self._trials)} usable so far." if self._trials else " "
        if self.reaction is None:
            return f"{usable} of {TRIALS} could be used; too few to measure. Please do it again."
        return reaction_words(self.reaction)


def reaction_words(reaction: ReactionTime) -> str:
    """A measured reaction time for people.

    >>> reaction_words(ReactionTime(0.2451, 0.29, 9, 0.038, 0.05))
    'You press 245 ms late (spread 38 ms) and release 290 ms late (spread 50 ms): medians of 9 trials.'
    """
    return (
        f"You press {reaction.onset_s * 1000:.0f} ms late (spread {reaction.onset_spread_s * 1000:.0f} ms) and release "
        f"{reaction.release_s * 1000:.0f} ms late (spread {reaction.release_spread_s * 1000:.0f} ms): "
        f"medians of {reaction.n} trials."
    )


def ask_reaction(theme: Theme, parent: QWidget) -> ReactionTime | None:
    """Measure the reader's reaction time; None when the exercise was not done or not accepted."""
    dialog = ReactionDialog(theme, parent)
    return dialog.reaction if run(dialog) else None
