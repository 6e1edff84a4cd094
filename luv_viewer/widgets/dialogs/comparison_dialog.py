"""The whole table of agreement between two sheets, to read, copy and save."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QPushButton, QVBoxLayout, QWidget

from luv_viewer.widgets.agreement_table import AgreementRow, ScoreAlignment, number
from luv_viewer.widgets.dialogs.modal import Buttons, TextTable, run, sentence

HEADERS = (
    "Pattern",
    "Frames",
    "Videos",
    "Agreement",
    "Kappa",
    "95 % low",
    "95 % high",
    "IoU",
    "Edge distance",
    "No overlap",
    "One only",
)


def agreement_texts(row: AgreementRow) -> tuple[str, ...]:
    """One row as text, three decimals, a dash for what cannot be told."""
    values = (row.agreement, row.kappa, row.low, row.high, row.iou)
    return (
        row.pattern.plural,
        str(row.n_frames),
        str(row.n_videos),
        *(number(value, 3) for value in values),
        number(row.edge_frames, 1),
        str(row.no_common),
        str(row.conflicts),
    )


def agreement_csv(rows: Sequence[AgreementRow]) -> str:
    """The table as CSV: full precision, empty where nothing can be told, patterns by their column names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADERS)
    for row in rows:
        values = (row.agreement, row.kappa, row.low, row.high, row.iou, row.edge_frames)
        numbers = ["" if value is None else repr(value) for value in values]
        writer.writerow((row.pattern.value, row.n_frames, row.n_videos, *numbers, row.no_common, row.conflicts))
    return text.getvalue()


class ComparisonDialog(QDialog):
    """Shows the table. save: writes a text to a path, whole or not at all; an OSError is told."""

    def __init__(
        self,
        names: tuple[str, str],
        rows: Sequence[AgreementRow],
        score: ScoreAlignment | None,
        save: Callable[[Path, str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Agreement of {names[0]} and {names[1]}")
        self.resize(1080, 380)
        self._rows, self._save = tuple(rows), save
        self.table = TextTable(HEADERS, [agreement_texts(row) for row in rows], numbers=range(1, len(HEADERS)), room=0)
        self.said = sentence(score.sentence if score else "")
        copy, save_button = QPushButton("Copy"), QPushButton("Save as CSV …")
        copy.clicked.connect(self.table.copy)
        save_button.clicked.connect(self._ask_and_save)
        box = QDialogButtonBox(Buttons.Close)
        for button in (copy, save_button):
            button.setAutoDefault(False)
            box.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        box.rejected.connect(self.reject)
        notes = (
            "Agreement: share of frames judged alike. Kappa: Cohen's, over frames. IoU: frames that both mark, divided "
            "by those that at least one marks, mean over videos. Edge distance: frames, mean "
            "over intervals that go together. No overlap: videos in which both mark the pattern but share no frame. "
            "One only: videos in which only one marks it."
        )
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.said)
        layout.addWidget(sentence(notes, muted=True))
        layout.addWidget(box)

    def save_to(self, path: Path) -> None:
        """Write the table, and say so, or why it was not possible."""
        try:
            self._save(path, agreement_csv(self._rows))
        except OSError as error:
            self.said.setText(f"{path.name} could not be written: {error.strerror or error}.")
        else:
            self.said.setText(f"Written to {path.name}.")

    def _ask_and_save(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the table", "agreement.csv", "CSV (*.csv)")
        if chosen:
            self.save_to(Path(chosen))


def tell_comparison(
    names: tuple[str, str],
    rows: Sequence[AgreementRow],
    score: ScoreAlignment | None,
    save: Callable[[Path, str], None],
    parent: QWidget,
) -> None:
    """The agreement of two sheets."""
    run(ComparisonDialog(names, rows, score, save, parent))
