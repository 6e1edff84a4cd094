"""Dialogs: values in, values out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QDialogButtonBox, QLabel
from pytestqt.qtbot import QtBot

from luv_viewer.domain.checkpoint_info import CheckpointInfo, Metric
from luv_viewer.domain.pattern import Pattern
from luv_viewer.settings import Settings
from luv_viewer.widgets.dialogs.checkpoint_dialog import model_card
from luv_viewer.widgets.dialogs.keys_dialog import KeysDialog
from luv_viewer.widgets.dialogs.settings_dialog import SettingsDialog
from luv_viewer.widgets.key_table import ACTIONS, PRESETS, key_table

CARD = CheckpointInfo(
    name="net",
    version="0123456789ab",
    network="luv_net",
    title="A <small> network",
    description="For tests.",
    licence="CC0",
    date="2026-11-21",
    data=("Two videos",),
    limitations=("Knows nothing",),
    thresholds=((Pattern.A_LINE, 0.5), (Pattern.B_LINE, 0.019)),
    metrics=(Metric("grouped folds", "video", "A-line", 3, 4, 0.75, 0.5, 1.0, "DeLong"),),
)


def open_settings(qtbot: QtBot, settings: Settings) -> SettingsDialog:
    dialog = SettingsDialog(settings)
    qtbot.addWidget(dialog)
    return dialog


def row_of(action: str) -> int:
    return next(row for row, spec in enumerate(ACTIONS) if spec.name == action)


def ok_enabled(dialog: SettingsDialog) -> bool:
    return dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).isEnabled()


def test_settings_come_back_unchanged_when_nothing_is_touched(qtbot: QtBot) -> None:
    settings = Settings(theme="light", scale_percent=150, key_overrides={"play": "P"}, device="cpu", dense=True)
    assert open_settings(qtbot, settings).chosen() == settings


def test_a_changed_key_is_an_override(qtbot: QtBot) -> None:
    dialog = open_settings(qtbot, Settings())
    dialog.keys.item(row_of("play"), 1).setText("p; Space")
    assert ok_enabled(dialog)
    assert dialog.chosen().key_overrides == {"play": "P; Space"}


def test_keys_in_conflict_or_unknown_cannot_be_accepted(qtbot: QtBot) -> None:
    dialog = open_settings(qtbot, Settings())
    dialog.keys.item(row_of("play"), 1).setText("Left")
    assert not ok_enabled(dialog)
    dialog.keys.item(row_of("play"), 1).setText("NoSuchKey")
    assert not ok_enabled(dialog)
    dialog.keys.item(row_of("play"), 1).setText("Space")
    assert ok_enabled(dialog)


def test_a_preset_fills_the_table(qtbot: QtBot) -> None:
    dialog = open_settings(qtbot, Settings(key_overrides={"play": "P"}))
    dialog.preset.setCurrentText("DICOM viewer")
    dialog.preset.activated.emit(dialog.preset.currentIndex())
    assert dialog.keys.item(row_of("next_frame"), 1).text() == "Down"
    chosen = dialog.chosen()
    assert (chosen.key_preset, chosen.key_overrides) == ("DICOM viewer", {})


def test_every_action_with_a_key_is_listed(qtbot: QtBot) -> None:
    table = key_table("LUV", {})
    dialog = KeysDialog(table, "LUV")
    qtbot.addWidget(dialog)
    listed = {label.text() for label in dialog.findChildren(QLabel)}
    assert {spec.text.replace("&", "") for spec in ACTIONS if table[spec.name]} <= listed


def test_the_model_card_says_numbers_and_limits() -> None:
    text = model_card(CARD)
    for words in ("A &lt;small&gt; network", "0.75", "0.50 to 1.00", "3 / 4", "Knows nothing", "CC0", "B-lines 0.019"):
        assert words in text
    assert "Not for diagnosis" in text


def test_patterns_that_no_set_tells_from_chance_are_named() -> None:
    assert CARD.unproven == ("A-line",)
    sure = Metric("external", "video", "A-line", 30, 40, 0.75, 0.6, 0.9, "DeLong")
    wide = replace(sure, low=0.4, method="bootstrap")
    assert replace(CARD, metrics=(*CARD.metrics, sure)).unproven == ()
    assert replace(CARD, metrics=(*CARD.metrics, sure, wide)).unproven == ("A-line",)
    assert replace(CARD, metrics=(replace(sure, level="clip"),)).unproven == ()


@pytest.mark.parametrize("preset", PRESETS)
def test_no_key_stands_twice_under_its_plain_and_its_shifted_name(preset: str) -> None:
    """A keyboard sends `Shift+]` and `}` as one; Qt calls two shortcuts for it ambiguous and fires neither."""
    keys = {key for keys in key_table(preset, {}).values() for key in keys}
    shifted = dict(zip("1234567890[];',./", '!@#$%^&*(){}:"<>?', strict=True))
    assert not [(plain, upper) for plain, upper in shifted.items() if {f"Shift+{plain}", upper} <= keys]


def test_the_memory_for_frames_is_chosen_within_its_bounds(qtbot: QtBot) -> None:
    dialog = SettingsDialog(Settings(frame_budget_mb=256))
    qtbot.addWidget(dialog)
    assert dialog.frame_budget.value() == dialog.chosen().frame_budget_mb == 256
    for typed, taken in ((1, 32), (512, 512), (10**6, 8192)):
        dialog.frame_budget.setValue(typed)
        assert dialog.chosen().frame_budget_mb == taken
