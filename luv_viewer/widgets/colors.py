"""Every colour of the program, in both themes, and the style sheet made from them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from luv_viewer.domain.pattern import Pattern


@dataclass(frozen=True)
class Theme:
    """One set of colours as `#RRGGBB`; text on every surface keeps a contrast of at least 4.5 : 1."""

    name: str
    background: str
    panel: str
    line: str
    text: str
    muted: str
    accent: str
    accent_text: str
    top_frame: str
    other_sheet: str
    patterns: dict[Pattern, str]

    def pattern(self, pattern: Pattern) -> QColor:
        """The colour of a pattern's lane, curve, bar and chip."""
        return QColor(self.patterns[pattern])

    def curve(self, pattern: Pattern, present: bool) -> QColor:
        """The colour of a curve: half transparent when the pattern's probability is below its threshold."""
        color = self.pattern(pattern)
        color.setAlphaF(1.0 if present else 0.45)
        return color


DARK = Theme(
    name="dark",
    background="#101418",
    panel="#181D23",
    line="#2A313A",
    text="#E6EAF0",
    muted="#9AA5B1",
    accent="#7AA2F7",
    accent_text="#101418",
    top_frame="#FF5A5F",
    other_sheet="#8FE388",
    patterns={
        Pattern.A_LINE: "#56B4E9",
        Pattern.B_LINE: "#E69F00",
        Pattern.CONFLUENT_B_LINE: "#F0733A",
        Pattern.CONSOLIDATION: "#2DBE8D",
        Pattern.PLEURAL_EFFUSION: "#D98AB9",
    },
)
LIGHT = Theme(
    name="light",
    background="#FFFFFF",
    panel="#F4F6F8",
    line="#D5DBE1",
    text="#1B2129",
    muted="#55606C",
    accent="#2F5FD0",
    accent_text="#FFFFFF",
    top_frame="#C81E2B",
    other_sheet="#2E7D32",
    patterns={
        Pattern.A_LINE: "#0B6FA8",
        Pattern.B_LINE: "#9A6300",
        Pattern.CONFLUENT_B_LINE: "#B5410A",
        Pattern.CONSOLIDATION: "#00734F",
        Pattern.PLEURAL_EFFUSION: "#9C3F77",
    },
)
HATCHES = {
    Pattern.A_LINE: Qt.BrushStyle.HorPattern,
    Pattern.B_LINE: Qt.BrushStyle.VerPattern,
    Pattern.CONFLUENT_B_LINE: Qt.BrushStyle.DiagCrossPattern,
    Pattern.CONSOLIDATION: Qt.BrushStyle.BDiagPattern,
    Pattern.PLEURAL_EFFUSION: Qt.BrushStyle.Dense6Pattern,
}
"""What fills a pattern's intervals where colours cannot be told apart: in print and in high contrast."""

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def opaque(color: QColor, ground: QColor) -> QColor:
    """The opaque colour that looks like a half transparent one on `ground`.

    >>> opaque(QColor(255, 0, 0, 51), QColor(0, 0, 0)).getRgb()
    (51, 0, 0, 255)
    """
    alpha = color.alphaF()

    def mix(front: int, back: int) -> int:
        return round(alpha * front + (1 - alpha) * back)

    return QColor(mix(color.red(), ground.red()), mix(color.green(), ground.green()), mix(color.blue(), ground.blue()))


def faint(color: str, alpha: float) -> QColor:
    """A colour with an opacity of `alpha`, 0 to 1."""
    thin = QColor(color)
    thin.setAlphaF(alpha)
    return thin


def palette(theme: Theme) -> QPalette:
    """Qt's palette for a theme, so that native dialogs follow it too."""
    colors = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.background,
        QPalette.ColorRole.Base: theme.panel,
        QPalette.ColorRole.AlternateBase: theme.background,
        QPalette.ColorRole.Button: theme.panel,
        QPalette.ColorRole.ToolTipBase: theme.panel,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.accent_text,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.Mid: theme.line,
    }
    for role, color in roles.items():
        colors.setColor(role, QColor(color))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        colors.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    return colors


def dress(application: QApplication, name: str) -> None:
    """Show everything in the theme called so; nothing is done where it is that one already, which takes Qt a while."""
    sheet = style_sheet(THEMES[name])
    if application.styleSheet() != sheet:
        application.setPalette(palette(THEMES[name]))
        application.setStyleSheet(sheet)


def style_sheet(theme: Theme) -> str:
    """The application's style sheet: flat surfaces, one accent, 4 px base unit."""
    return f"""
    QWidget {{ font-size: 13px; color: {theme.text}; }}
    QMainWindow, QDialog {{ background: {theme.background}; }}
    QMainWindow::separator {{ background: {theme.line}; width: 1px; height: 1px; }}
    QMenuBar, QStatusBar {{ background: {theme.background}; }}
    QMenuBar::item {{ padding: 4px 8px; background: transparent; }}
    QMenuBar::item:selected, QMenu::item:selected {{ background: {theme.line}; }}
    QMenu {{ background: {theme.panel}; border: 1px solid {theme.line}; padding: 4px; }}
    QMenu::item {{ padding: 4px 24px 4px 12px; }}
    QMenu::item:disabled {{ color: {theme.muted}; }}
    QMenu::separator {{ height: 1px; background: {theme.line}; margin: 4px 8px; }}
    QFrame#panel {{ background: {theme.panel}; border: none; }}
    QLabel#heading {{ color: {theme.muted}; font-size: 11px; font-weight: 600; }}
    QLabel#muted {{ color: {theme.muted}; }}
    QPushButton, QToolButton {{ background: transparent; border: 1px solid {theme.line};
        border-radius: 4px; padding: 4px 8px; }}
    QToolButton {{ border-color: transparent; }}
    QPushButton:hover, QToolButton:hover {{ background: {theme.line}; }}
    QPushButton:focus, QToolButton:focus, QLineEdit:focus {{
        border: 1px solid {theme.accent}; }}
    QToolButton:checked {{ background: {theme.line}; color: {theme.accent}; }}
    QPushButton:default {{ background: {theme.accent}; color: {theme.accent_text}; border-color: {theme.accent}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {theme.muted}; }}
    QPushButton:default:disabled {{ background: {theme.line}; color: {theme.muted}; border-color: {theme.line}; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; }}
    QTabWidget::pane {{ background: {theme.panel}; border: 1px solid {theme.line}; }}
    QTabBar::tab {{ background: transparent; color: {theme.muted}; padding: 6px 12px; border: none; }}
    QTabBar::tab:selected {{ color: {theme.text}; border-bottom: 2px solid {theme.accent}; }}
    QLineEdit, QTextEdit, QPlainTextEdit, QTableView, QTableWidget, QListView {{
        background: {theme.panel}; border: 1px solid {theme.line}; border-radius: 4px; padding: 2px 4px;
        selection-background-color: {theme.accent}; selection-color: {theme.accent_text}; }}
    {_choices_style(theme)}
    QHeaderView::section {{ background: {theme.background}; color: {theme.muted}; border: none; padding: 4px; }}
    QToolTip {{ background: {theme.panel}; color: {theme.text}; border: 1px solid {theme.line}; padding: 4px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {theme.line}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QProgressBar {{ background: {theme.line}; border: none; border-radius: 2px; max-height: 4px; }}
    QProgressBar::chunk {{ background: {theme.accent}; border-radius: 2px; }}
    QSplitter::handle {{ background: {theme.line}; }}
    """


def _choices_style(theme: Theme) -> str:
    """Combo boxes and check boxes. A style sheet takes pictures from files only."""
    icons = f"{files('resources') / 'icons'}".replace("\\", "/")
    return f"""
    QComboBox {{ background: {theme.panel}; border: 1px solid {theme.line}; border-radius: 4px; padding: 4px 8px; }}
    QComboBox:focus {{ border-color: {theme.accent}; }}
    QComboBox:disabled, QCheckBox:disabled {{ color: {theme.muted}; }}
    QComboBox::drop-down {{ border: none; width: 24px; }}
    QComboBox::down-arrow {{ image: url("{icons}/down_{theme.name}.svg"); width: 12px; height: 12px; }}
    QComboBox QLineEdit {{ border: none; padding: 0; }}
    QComboBox QAbstractItemView {{ background: {theme.panel}; border: 1px solid {theme.line}; }}
    QCheckBox::indicator, QListView::indicator {{ width: 14px; height: 14px; border: 1px solid {theme.muted};
        border-radius: 3px; background: {theme.panel}; }}
    QCheckBox::indicator:focus {{ border-color: {theme.accent}; }}
    QCheckBox::indicator:checked, QListView::indicator:checked {{ background: {theme.accent};
        border-color: {theme.accent}; image: url("{icons}/check_{theme.name}.svg"); }}
    QCheckBox::indicator:disabled {{ border-color: {theme.line}; }}
    QCheckBox::indicator:checked:disabled {{ background: {theme.muted}; }}
    """
