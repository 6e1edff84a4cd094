"""What can be done from the keyboard, with which keys; presets and the user's own keys. No two actions share a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence


@dataclass(frozen=True)
class ActionSpec:
    """name: stable, used in settings. text: menu entry. menu: where it stands. keys: in the preset `LUV`."""

    name: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    checkable: bool = False


ACTIONS = (
    ActionSpec("open_file", "&Open files …", "File", ("Ctrl+O",)),
    ActionSpec("open_folder", "Open &folder …", "File", ("Ctrl+Shift+O",)),
    ActionSpec("open_demo", "Open the &demo study", "File"),
    ActionSpec("close_study", "&Close the study", "File", ("Ctrl+W",)),
    ActionSpec("quit", "&Quit", "File", ("Ctrl+Q",)),
    ActionSpec("settings", "&Settings …", "Edit", ("Ctrl+,",)),
    ActionSpec("fit", "&Fit the picture", "View", ("F",)),
    ActionSpec("zoom_in", "Zoom &in", "View", ("Ctrl++", "Ctrl+=")),
    ActionSpec("zoom_out", "Zoom &out", "View", ("Ctrl+-",)),
    ActionSpec("reset_window", "Reset &window and level", "View", ("W",)),
    ActionSpec("ruler", "&Ruler", "View", ("R",), checkable=True),
    ActionSpec("region", "Outline of the ultrasound re&gion", "View", ("G",), checkable=True),
    ActionSpec("study_panel", "&Study panel", "View", ("Ctrl+B",), checkable=True),
    ActionSpec("pattern_panel", "&Pattern panel", "View", ("Ctrl+Shift+B",), checkable=True),
    ActionSpec("full_screen", "F&ull screen", "View", ("F11",), checkable=True),
    ActionSpec("play", "&Play or pause", "Playback", ("Space", "C")),
    ActionSpec("next_frame", "&Next frame", "Playback", ("Right",)),
    ActionSpec("previous_frame", "&Previous frame", "Playback", ("Left",)),
    ActionSpec("next_ten_frames", "Ten frames &on", "Playback", ("Shift+Right",)),
    ActionSpec("previous_ten_frames", "Ten frames &back", "Playback", ("Shift+Left",)),
    ActionSpec("first_frame", "F&irst frame", "Playback", ("Home",)),
    ActionSpec("last_frame", "&Last frame", "Playback", ("End",)),
    ActionSpec("go_to_frame", "&Go to frame …", "Playback", ("Ctrl+G",)),
    ActionSpec("slower", "&Slower", "Playback", ("-",)),
    ActionSpec("faster", "&Faster", "Playback", ("+", "=")),
    ActionSpec("true_speed", "&True speed", "Playback", ("0",)),
    ActionSpec("loop_mode", "Change the l&oop", "Playback", ("L",)),
    ActionSpec("next_key_frame", "Next &top frame", "AI", (".",)),
    ActionSpec("previous_key_frame", "&Previous top frame", "AI", (",",)),
    ActionSpec("next_pattern", "Pattern &down", "AI", ("Down",)),
    ActionSpec("previous_pattern", "Pattern &up", "AI", ("Up",)),
    ActionSpec("ai", "&AI on", "AI", ("A",), checkable=True),
    ActionSpec("stop_ai", "&Stop the AI run", "AI", ("Esc",)),
    ActionSpec("clip_alone", "Attention of this &clip alone", "AI", ("Shift+C",), checkable=True),
    ActionSpec("dense", "&Dense (a clip at every frame)", "AI", ("Shift+D",), checkable=True),
    ActionSpec("choose_checkpoint", "Choose a &checkpoint …", "AI"),
    ActionSpec("checkpoint_info", "About this c&heckpoint", "AI"),
    ActionSpec("next_video", "&Next video", "Study", ("PgDown",)),
    ActionSpec("previous_video", "&Previous video", "Study", ("PgUp",)),
    ActionSpec("next_unfinished", "Next &unfinished video", "Study", ("U",)),
    ActionSpec("failures", "&Files left out …", "Study"),
    ActionSpec("keys", "&Keys", "Help", ("F1",)),
    ActionSpec("about", "&About LUV Viewer", "Help"),
)
MENUS = ("File", "Edit", "View", "Playback", "AI", "Study", "Help")
SPECS = {spec.name: spec for spec in ACTIONS}

PRESETS: dict[str, dict[str, tuple[str, ...]]] = {
    "LUV": {},
    # Stack viewers scroll images with the vertical arrows and change series with the horizontal ones.
    "DICOM viewer": {
        "next_frame": ("Down",),
        "previous_frame": ("Up",),
        "next_ten_frames": ("Shift+Down",),
        "previous_ten_frames": ("Shift+Up",),
        "next_video": ("Right", "PgDown"),
        "previous_video": ("Left", "PgUp"),
        "next_pattern": ("Ctrl+Down",),
        "previous_pattern": ("Ctrl+Up",),
    },
    # The sequence keys of 3D Slicer, in which SlicerUltrasound runs, beside the plain arrows.
    "SlicerUltrasound": {
        "play": ("Space", "Ctrl+Shift+Down"),
        "next_frame": ("Right", "Ctrl+Shift+Right"),
        "previous_frame": ("Left", "Ctrl+Shift+Left"),
        "first_frame": ("Home", "Ctrl+Shift+Up"),
    },
}


class KeyConflictError(ValueError):
    """Two actions would share a key; str(error) names both."""


def normal(key: str) -> str:
    """Qt's portable spelling of a key sequence; empty for something that is none.

    >>> normal("ctrl+o"), normal("PageDown")
    ('Ctrl+O', 'PgDown')
    """
    aliases = {"PageDown": "PgDown", "PageUp": "PgUp"}
    return QKeySequence(aliases.get(key, key)).toString(QKeySequence.SequenceFormat.PortableText)


def key_table(preset: str, overrides: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Keys of every action: the preset's, else the default, replaced by the user's (`name -> "key; key"`).

    Raises KeyConflictError when two actions end up with the same key; names that no longer exist are left out.
    """
    table = {spec.name: PRESETS.get(preset, {}).get(spec.name, spec.keys) for spec in ACTIONS}
    for name, text in overrides.items():
        if name in table:
            table[name] = tuple(k for k in (normal(part.strip()) for part in text.split(";") if part.strip()) if k)
    owner: dict[str, str] = {}
    for name, keys in table.items():
        for key in map(normal, keys):
            if key in owner:
                raise KeyConflictError(
                    f"{key} would both {_words(owner[key])} and {_words(name)}: choose another key for one of them."
                )
            owner[key] = name
    return table


def _words(name: str) -> str:
    return f"“{SPECS[name].text.replace('&', '').replace(' …', '')}”"
