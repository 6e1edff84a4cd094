"""What a reader states about a whole video: zone, sliding, score, quality, exclusion, note."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from luv_viewer.domain.annotation import QUALITIES, VideoAnnotation
from luv_viewer.domain.lus_score import LUS_SCORES, LusScore
from luv_viewer.widgets.quiet_controls import GAP_PX, NoteEdit, QuietButton, Segments, TextLine, heading, titled_row

_AREAS = ("anterior, upper", "anterior, lower", "lateral, upper", "lateral, lower", "posterior, upper")
_POINTS = {1: "; upper BLUE point", 2: "; lower BLUE point", 3: "; PLAPS point"}

EXCLUSION_REASONS = (
    "Not a lung view",
    "Image quality too poor",
    "Probe moved during the loop",
    "Wrong depth or preset",
    "Duplicate of another video",
    "Text or marks burnt into the image",
    "Waiting for a senior reader",
)


def zone_words(zone: str) -> str:
    """Where a zone lies, for a tool tip.

    >>> zone_words("R1"), zone_words("L6")
    ('R1: right, anterior, upper (12 zones; upper BLUE point)', 'L6: left, posterior, lower (12 zones)')
    """
    number = int(zone[1])
    side = "right" if zone[0] == "R" else "left"
    area = (*_AREAS, "posterior, lower")[number - 1]
    return f"{zone}: {side}, {area} (12 zones{_POINTS.get(number, '')})"


class ZonePicker(QWidget):
    """Two rows of six zones, and none. The zone that the file names is offered until the reader has chosen."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._zone, self._hint = "", ""
        self._offer = QuietButton("", kind="link")
        self._offer.clicked.connect(lambda: self._choose(self._hint))
        self._other = QLabel()
        self._other.setObjectName("small")
        self.buttons: dict[str, QuietButton] = {}
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(4)
        for row, side in enumerate("RL"):
            for number in range(1, 7):
                zone = f"{side}{number}"
                self._add(zone, zone_words(zone))
                self.buttons[zone].setProperty("first", "yes" if number == 1 else "")
                grid.addWidget(self.buttons[zone], row, number - 1)
                grid.setColumnStretch(number - 1, 1)
        self._add("", "No zone")
        self.buttons[""].setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Expanding)
        self.buttons[""].setProperty("first", "yes")
        self.buttons[""].setMinimumWidth(38)
        grid.setColumnMinimumWidth(6, 4)
        grid.addWidget(self.buttons[""], 0, 7, 2, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(titled_row(heading("Lung zone"), self._other, self._offer))
        layout.addLayout(grid)
        self.show_zone("", "")

    def show_zone(self, zone: str, hint: str) -> None:
        """The zone stated, and the one that the file names ("" for none)."""
        self._zone, self._hint = zone, hint
        offered = hint if not zone and hint in self.buttons else ""
        for own, button in self.buttons.items():
            button.setChecked(own == zone)
            dashed = "yes" if own and own == offered else ""
            if button.property("offered") != dashed:
                button.setProperty("offered", dashed)
                button.style().polish(button)
        self._offer.setVisible(bool(offered))
        self._offer.setText(f"use {hint} (file)")
        self._offer.setToolTip(f"The file says {hint}. Press to state it as the zone of this video.")
        differs = f"the file says {hint}" if zone in self.buttons and hint and zone and hint != zone else ""
        self._other.setText(f"“{zone}”" if zone not in self.buttons else differs)
        self._other.setToolTip("The zone as it is written in an imported sheet" if zone not in self.buttons else "")
        self._other.setVisible(bool(self._other.text()))

    def _add(self, zone: str, tip: str) -> None:
        button = QuietButton(zone or "none", tip, kind="segment")
        button.setCheckable(True)
        button.setMinimumWidth(24)
        button.setAccessibleName(f"Lung zone {zone or 'none'}")
        button.clicked.connect(lambda: self._choose(zone))
        self.buttons[zone] = button

    def _choose(self, zone: str) -> None:
        changed = zone != self._zone
        self.show_zone(zone, self._hint)
        if changed:
            self.chosen.emit(zone)


class VideoFields(QWidget):
    """Every field of a video. `field_changed(field, value)`: what the reader chose, never what was only shown.

    zone, quality, exclusion, note: str; sliding: True, False or None; lus_score: LusScore or None.
    """

    field_changed = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._video = ""
        self._awaits_reason = False
        self.zone = ZonePicker()
        self.sliding = Segments(
            "Lung sliding",
            (("present", True, "The pleura slides"), ("absent", False, "It does not"), ("unknown", None, "Not stated")),
        )
        scores = [(str(score), score, _score_words(score)) for score in LUS_SCORES]
        self.score = Segments("LUS score", (*scores, ("none", None, "No score")))
        self.implied = QLabel()
        self.implied.setObjectName("small")
        self.quality = Segments("Image quality", [(quality, quality, "") for quality in QUALITIES])
        self.use = Segments(
            "Use of this video",
            (("use it", False, ""), ("exclude it", True, "It stays in your file, and out of the sheets' clips")),
        )
        self.reason = TextLine("Reason for the exclusion", "Because …")
        self.note = NoteEdit("Note on this video", "Note on this video")
        self._reason_row = self._build_reason_row()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_PX + 2)
        layout.addWidget(self.zone)
        layout.addLayout(_titled("Lung sliding", self.sliding))
        layout.addLayout(_titled("LUS score", self.score, self.implied))
        layout.addLayout(_titled("Image quality", self.quality))
        layout.addLayout(_titled("Use", self.use))
        layout.addWidget(self._reason_row)
        layout.addLayout(_titled("Note", self.note))
        self._connect()
        self._show_reason_row(False)

    def show_annotation(self, annotation: VideoAnnotation, zone_hint: str, video: str) -> None:
        """Show what is stated. video: tells videos apart, so that text being typed never goes to another one."""
        other = video != self._video
        self._video = video
        self.zone.show_zone(annotation.zone, zone_hint)
        self.sliding.set_value(annotation.sliding)
        self.score.set_value(annotation.lus_score)
        self.quality.set_value(annotation.quality)
        self.reason.show_kept(annotation.exclusion, replaces_typing=other)
        self.note.show_kept(annotation.note, replaces_typing=other)
        self._awaits_reason = self._awaits_reason and not other and not annotation.exclusion
        excluded = bool(annotation.exclusion) or self._awaits_reason
        self.use.set_value(excluded)
        self._show_reason_row(excluded)
        self._show_implied(annotation)

    def commit_typing(self) -> None:
        """Say what is being typed, now: before another video comes, or the window closes."""
        self.reason.commit()
        self.note.commit()

    def _show_implied(self, annotation: VideoAnnotation) -> None:
        grade, score = annotation.derived_grade, annotation.lus_score
        words = "labels: no finding" if grade is None else f"labels imply {grade}"
        differs = score is not None and score.grade != grade
        if differs:
            words = f"{words}, not {score}"
        elif score is not None and score not in LUS_SCORES:
            words = f"sheet: {score}; {words}"
        self.implied.setText(words)
        self.implied.setToolTip(
            "The largest grade of the patterns marked present: A-line 0, B-line 1, confluent B-line 2, "
            "consolidation and effusion 3. Your own score is kept beside it."
        )
        if self.implied.objectName() != ("loud" if differs else "small"):
            self.implied.setObjectName("loud" if differs else "small")
            self.implied.style().polish(self.implied)

    def _connect(self) -> None:
        for name, control in (("sliding", self.sliding), ("lus_score", self.score), ("quality", self.quality)):
            control.chosen.connect(lambda value, name=name: self.field_changed.emit(name, value))
        self.zone.chosen.connect(lambda zone: self.field_changed.emit("zone", zone))
        self.note.committed.connect(lambda text: self.field_changed.emit("note", text))
        self.reason.committed.connect(self._reason_given)
        self.use.chosen.connect(self._use_chosen)

    def _build_reason_row(self) -> QWidget:
        menu = QMenu(self)
        for reason in EXCLUSION_REASONS:
            menu.addAction(reason)
        menu.triggered.connect(lambda action: self._take_reason(action.text()))
        choose = QuietButton("", "Common reasons")
        choose.setAccessibleName("Common reasons")
        choose.setFixedWidth(30)
        choose.setMenu(menu)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.reason, 1)
        row.addWidget(choose)
        self._needed = QLabel("Give a reason; until then the video is used.")
        self._needed.setObjectName("small")
        self._needed.setWordWrap(True)
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(holder)
        column.addWidget(self._needed)
        return both

    def _show_reason_row(self, shown: bool) -> None:
        self._reason_row.setVisible(shown)
        self._needed.setVisible(not self.reason.text().strip())

    def _use_chosen(self, excluded: object) -> None:
        self._awaits_reason = bool(excluded)
        self._show_reason_row(bool(excluded))
        if excluded:
            self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.reason.setText("")
            self.reason.commit()

    def _take_reason(self, reason: str) -> None:
        self.reason.setText(reason)
        self.reason.commit()
        self.reason.clearFocus()

    def _reason_given(self, reason: str) -> None:
        self._awaits_reason = False
        self.use.set_value(bool(reason))
        self._show_reason_row(bool(reason))
        self.field_changed.emit("exclusion", reason)


def _score_words(score: LusScore) -> str:
    grades = ("A-lines or nothing", "B-lines", "confluent B-lines", "consolidation or effusion")
    letters = {"c": " (consolidation)", "e": " (effusion)", "ce": " (consolidation and effusion)"}
    return f"{score.grade}: {grades[score.grade]}" if not score.letters else f"{score.grade}{letters[score.letters]}"


def _titled(title: str, control: QWidget, *beside: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(4)
    column.addLayout(titled_row(heading(title), *beside))
    column.addWidget(control)
    return column
