"""Makes the window follow the settings."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from luv_viewer.settings import Settings
from luv_viewer.widgets.colors import THEMES, dress
from luv_viewer.widgets.key_table import KeyConflictError, key_table
from luv_viewer.widgets.main_window import MainWindow


def apply_theme(name: str, window: MainWindow) -> None:
    """Colours of everything; takes some tens of milliseconds, so only when the theme changes."""
    application = QApplication.instance()
    if isinstance(application, QApplication):
        dress(application, name)
    window.set_theme(THEMES[name])


def apply_keys(settings: Settings, window: MainWindow) -> None:
    """Keys of every action; where two would share one, the plain preset and a sentence."""
    try:
        table = key_table(settings.key_preset, settings.key_overrides)
    except KeyConflictError as error:
        table = key_table("LUV", {})
        window.notice.say(f"{error} Until then the keys of “LUV” are used.")
    window.set_keys(table)


def apply_view(settings: Settings, window: MainWindow) -> None:
    """What is shown, and the check marks that say so."""
    window.study_panel.setVisible(settings.show_study_panel)
    window.right_panel.setVisible(settings.show_pattern_panel)
    window.video_view.shows_ruler = settings.show_ruler
    window.video_view.shows_region = settings.show_region
    window.video_view.update()
    checks = {
        "ruler": settings.show_ruler,
        "region": settings.show_region,
        "study_panel": settings.show_study_panel,
        "pattern_panel": settings.show_pattern_panel,
        "ai": settings.ai_enabled,
        "dense": settings.dense,
    }
    for name, checked in checks.items():
        window.menu_actions[name].setChecked(checked)
