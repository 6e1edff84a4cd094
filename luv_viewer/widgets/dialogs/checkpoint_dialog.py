"""What the loaded checkpoint is, what it was trained on, and how well it did."""

from __future__ import annotations

import html

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from luv_viewer import RESEARCH_USE
from luv_viewer.domain.checkpoint_info import CheckpointInfo


def model_card(info: CheckpointInfo) -> str:
    """The model card as HTML."""

    def text(value: str) -> str:
        return html.escape(value)

    def bullets(items: tuple[str, ...]) -> str:
        return "<ul>" + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul>"

    parts = [f"<h3>{text(info.title or info.name)}</h3>", f"<p>{text(info.description)}</p>"]
    facts = (
        ("File", f"{info.name} ({info.version})"),
        ("Network", info.network),
        ("Date", info.date),
        ("Licence", info.licence),
    )
    parts.append(
        "<table cellpadding=3>"
        + "".join(f"<tr><td>{k}</td><td>{text(v)}</td></tr>" for k, v in facts if v)
        + "</table>"
    )
    thresholds = ", ".join(f"{pattern.plural} {value:.3f}" for pattern, value in info.thresholds)
    parts.append(f"<p>A pattern counts as present from this probability on: {text(thresholds)}.</p>")
    if info.metrics:
        rows = "".join(
            f"<tr><td>{text(m.test_set)}</td><td>{text(m.level)}</td><td>{text(m.pattern)}</td>"
            f"<td align=right>{m.positives} / {m.negatives}</td><td>{m.auc:.2f}</td>"
            f"<td>{m.low:.2f} to {m.high:.2f}</td><td>{text(m.method)}</td></tr>"
            for m in info.metrics
        )
        head = "".join(
            f"<th align=left>{h}</th>"
            for h in ("Tested on", "Level", "Pattern", "With / without", "AUC", "95 % interval", "Method")
        )
        parts.append(f"<h4>How well it did</h4><table cellpadding=4><tr>{head}</tr>{rows}</table>")
    if info.limitations:
        parts.append("<h4>What to keep in mind</h4>" + bullets(info.limitations))
    if info.data:
        parts.append("<h4>Trained on</h4>" + bullets(info.data))
    parts.append(f"<p><b>{RESEARCH_USE}</b></p>")
    return "".join(parts)


class CheckpointDialog(QDialog):
    """Shows a model card."""

    def __init__(self, info: CheckpointInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About this checkpoint")
        self.resize(820, 600)
        self.text = QTextBrowser()
        self.text.setOpenExternalLinks(False)
        self.text.setHtml(model_card(info))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text, 1)
        layout.addWidget(buttons)
