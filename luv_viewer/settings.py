"""Every setting of the program, declared once with its default; kept in one JSON file of the user's."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from luv_viewer.domain.frame_cache import DEFAULT_BUDGET_MB

FILE_VERSION = 1


class SettingsError(Exception):
    """The settings file cannot be read or written; str(error) is one sentence."""


@dataclass(frozen=True)
class Settings:
    """What the user chose. Unknown names and values of another type raise SettingsError when read from a file.

    theme: `dark` or `light`. scale_percent: size of everything, 100 to 300, applied at the next start.
    key_preset: name of a key table; key_overrides: action name -> key sequences joined by `; `.
    autoplay: start playing when a video opens. ai_enabled: run LUV-Net on every opened video.
    dense: clips at every frame (stride 1, last clip aligned) instead of the paper's (stride 24, padded tail); it costs
    about the same, because LUV-Net encodes every frame once either way. Other networks run the paper's always.
    checkpoint: path of a checkpoint file, empty for the bundled one. device: `auto`, `cpu`, `cuda`, `mps`, `torch` or
    `openvino`. precision: `auto`, `fp32`, `bf16` or `int8`, of the frame encoder.
    map_opacity_percent: how much the hottest part of a map over the picture hides of it, 10 to 100.
    frame_budget_mb: megabytes (2**20 bytes) that decoded frames may take, 32 to 8192.
    show_study_panel, show_pattern_panel, show_ruler, show_region: what the window shows.
    reader, project: who labelled last and in which folder, offered when a reader is chosen.
    window_state: Qt's saved geometry and splitter sizes as hex text.
    """

    theme: str = "dark"
    scale_percent: int = 100
    key_preset: str = "LUV"
    key_overrides: dict[str, str] = field(default_factory=dict)
    autoplay: bool = True
    ai_enabled: bool = True
    dense: bool = True
    checkpoint: str = ""
    device: str = "auto"
    precision: str = "auto"
    frame_budget_mb: int = DEFAULT_BUDGET_MB
    map_opacity_percent: int = 60
    show_study_panel: bool = True
    show_pattern_panel: bool = True
    show_ruler: bool = True
    show_region: bool = False
    reader: str = ""
    project: str = ""
    window_state: dict[str, str] = field(default_factory=dict)

    def with_value(self, name: str, value: Any) -> Settings:
        """A copy with one setting changed. Raises SettingsError for a name or type that does not exist here."""
        _check(name, value)
        return replace(self, **{name: value})


_TYPES = {f.name: type(getattr(Settings(), f.name)) for f in fields(Settings)}
_ALLOWED: dict[str, tuple[object, ...]] = {"theme": ("dark", "light"), "precision": ("auto", "fp32", "bf16", "int8")}
BOUNDS = {"scale_percent": (100, 300), "frame_budget_mb": (32, 8192), "map_opacity_percent": (10, 100)}
"""Least and most of the settings that are numbers."""


def _check(name: str, value: Any) -> None:
    if name not in _TYPES:
        raise SettingsError(f"there is no setting called {name!r}")
    if type(value) is not _TYPES[name]:
        raise SettingsError(f"setting {name} must be {_TYPES[name].__name__}, got {value!r}")
    if name in _ALLOWED and value not in _ALLOWED[name]:
        raise SettingsError(f"setting {name} must be one of {', '.join(map(str, _ALLOWED[name]))}, got {value!r}")
    if name in BOUNDS:
        least, most = BOUNDS[name]
        if not least <= value <= most:
            raise SettingsError(f"setting {name} must lie between {least} and {most}, got {value}")
    if isinstance(value, dict) and not all(isinstance(v, str) for v in value.values()):
        raise SettingsError(f"setting {name} must hold texts only")


def settings_path() -> Path:
    """The user's settings file: below `LUV_CONFIG_DIR` when that is set, else where the platform keeps settings."""
    folder = os.environ.get("LUV_CONFIG_DIR") or platformdirs.user_config_dir("luv-viewer", appauthor=False)
    return Path(folder) / "settings.json"


def load_settings(path: Path) -> Settings:
    """The settings in `path`; the defaults when there is no file yet.

    Raises SettingsError when the file is there but damaged, unreadable or from a newer version.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        raise SettingsError(f"The settings file {path.name} cannot be read ({type(error).__name__}).") from error
    if not isinstance(stored, dict) or stored.pop("version", None) != FILE_VERSION:
        raise SettingsError(f"The settings file {path.name} is not of version {FILE_VERSION}.")
    settings = Settings()
    for name, value in stored.items():
        settings = settings.with_value(name, value)
    return settings


def set_aside(path: Path) -> str:
    """Keep a file that cannot be read under another name, out of the way of the next save; a sentence saying so."""
    aside = path.with_suffix(".damaged.json")
    try:
        os.replace(path, aside)
    except OSError:
        return "The defaults are used."
    return f"It was set aside as {aside.name}, and the defaults are used."


def save_settings(settings: Settings, path: Path) -> None:
    """Replace the file whole. Raises SettingsError when the folder cannot be written."""
    beside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as file:
            json.dump({"version": FILE_VERSION, **asdict(settings)}, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise SettingsError(f"The settings cannot be saved: {error.strerror or type(error).__name__}.") from error
