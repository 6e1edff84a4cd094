"""Settings: kept whole, refused when damaged, never half-known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.settings import Settings, SettingsError, load_settings, save_settings
from luv_viewer.widgets.key_table import ACTIONS, PRESETS, KeyConflictError, key_table


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "below" / "settings.json"
    changed = Settings().with_value("theme", "light").with_value("key_overrides", {"play": "P"})
    save_settings(changed, path)
    assert load_settings(path) == changed
    assert [p.name for p in path.parent.iterdir()] == ["settings.json"]


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.json") == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 99}',
        '{"version": 1, "theme": "pink"}',
        '{"version": 1, "volume": 3}',
        '{"version": 1, "scale_percent": "100"}',
        '{"version": 1, "scale_percent": 900}',
        '{"version": 1, "frame_budget_mb": 31}',
        '{"version": 1, "frame_budget_mb": 8193}',
        '{"version": 1, "key_overrides": {"play": 3}}',
    ],
)
def test_a_damaged_file_is_reported(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    with pytest.raises(SettingsError):
        load_settings(path)
    assert path.read_text() == text


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(SettingsError, match="cannot be saved"):
        save_settings(Settings(), blocker / "settings.json")


def test_every_setting_survives_json() -> None:
    stored = json.loads(json.dumps({name: getattr(Settings(), name) for name in Settings.__dataclass_fields__}))
    restored = Settings()
    for name, value in stored.items():
        restored = restored.with_value(name, value)
    assert restored == Settings()


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_have_no_conflict_and_cover_every_action(preset: str) -> None:
    assert set(key_table(preset, {})) == {spec.name for spec in ACTIONS}


def test_two_actions_never_share_a_key() -> None:
    with pytest.raises(KeyConflictError, match="“Play or pause” and “Next frame”"):
        key_table("LUV", {"next_frame": "Space"})


def test_swapping_keys_is_allowed_and_old_names_are_ignored() -> None:
    table = key_table("LUV", {"next_frame": "Left", "previous_frame": "Right", "gone": "X"})
    assert table["next_frame"] == ("Left",)
    assert "gone" not in table


@given(st.dictionaries(st.sampled_from([s.name for s in ACTIONS]), st.sampled_from(["A", "Space", "Ctrl+O", "F9", ""])))
def test_a_table_that_is_accepted_never_has_a_double_key(overrides: dict[str, str]) -> None:
    try:
        table = key_table("LUV", overrides)
    except KeyConflictError:
        return
    keys = [key for keys in table.values() for key in keys]
    assert len(keys) == len(set(keys))
