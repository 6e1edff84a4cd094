"""What can be done from the keyboard, with which keys; presets and the user's own keys. No two actions share a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence


@dataclass(frozen=True)
class ActionSpec:
    """name: stable, used in settings. text: menu entry. menu: where it stands. keys: in the preset `LUV`.

    submenu: of that menu, empty where it stands in the menu itself.
    """

    name: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    checkable: bool = False
    submenu: str = ""


MAPS = "Attention &map"
ACTIONS = (
    ActionSpec("open_file", "&Open files …", "File", ("Ctrl+O",)),
    ActionSpec("open_folder", "Open &folder …", "File", ("Ctrl+Shift+O",)),
    ActionSpec("open_demo", "Open the &demo study", "File"),
    ActionSpec("live", "Watch &live …", "File", ("Ctrl+L",)),
    ActionSpec("close_study", "&Close the study", "File", ("Ctrl+W",)),
    ActionSpec("quit", "&Quit", "File", ("Ctrl+Q",)),
    ActionSpec("settings", "&Settings …", "Edit", ("Ctrl+,",)),
    ActionSpec("undo", "&Undo", "Edit", ("Ctrl+Z",)),
    ActionSpec("redo", "&Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y")),
    ActionSpec("fit", "&Fit the picture", "View", ("F",)),
    ActionSpec("zoom_in", "Zoom &in", "View", ("Ctrl++", "Ctrl+=")),
    ActionSpec("zoom_out", "Zoom &out", "View", ("Ctrl+-",)),
    ActionSpec("reset_window", "Reset &window and level", "View", ("W",)),
    ActionSpec("ruler", "&Ruler", "View", ("R",), checkable=True),
    ActionSpec("region", "Outline of the ultrasound re&gion", "View", ("G",), checkable=True),
    ActionSpec("map_off", "&No map over the picture", "View", checkable=True, submenu=MAPS),
    ActionSpec("map_attention", "Where it looks (&attention)", "View", checkable=True, submenu=MAPS),
    ActionSpec("map_gradient", "What moves the answer (&gradient)", "View", checkable=True, submenu=MAPS),
    ActionSpec("next_map", "Ne&xt map over the picture", "View", ("V",), submenu=MAPS),
    ActionSpec("map_opacity", "&Fainter or stronger map", "View", ("Shift+V",), submenu=MAPS),
    ActionSpec("study_panel", "&Study panel", "View", ("Ctrl+B",), checkable=True),
    ActionSpec("pattern_panel", "&Pattern panel", "View", ("Ctrl+Shift+B",), checkable=True),
    ActionSpec("full_screen", "F&ull screen", "View", ("F11",), checkable=True),
    ActionSpec("play", "&Play or pause", "Playback", ("Space", "C")),
    ActionSpec("record", "&Record what is live", "Playback", ("Shift+R",)),
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
    ActionSpec("loop_interval", "&Loop this interval", "Playback", ("L",)),
    ActionSpec("loop_mode", "Change the l&oop", "Playback", ("Shift+L",)),
    ActionSpec("next_key_frame", "Next &top frame or interval", "AI", (".",)),
    ActionSpec("previous_key_frame", "&Previous top frame or interval", "AI", (",",)),
    ActionSpec("next_pattern", "Pattern &down", "AI", ("Down",)),
    ActionSpec("previous_pattern", "Pattern &up", "AI", ("Up",)),
    ActionSpec("choose_reader", "&Reader and project …", "Annotate", ("Ctrl+R",)),
    ActionSpec("annotations", "&Annotations shown", "Annotate", ("H",), checkable=True),
    ActionSpec("mark_in", "Mark &in", "Annotate", ("I",)),
    ActionSpec("mark_out", "Mark &out", "Annotate", ("O",)),
    ActionSpec("commit_marks", "Make the &marks an interval", "Annotate", ("Return", "Enter")),
    ActionSpec("label_1", "A-line (hold: label what passes)", "Annotate", ("1",)),
    ActionSpec("label_2", "B-line (hold: label what passes)", "Annotate", ("2",)),
    ActionSpec("label_3", "Confluent B-line (hold: label what passes)", "Annotate", ("3",)),
    ActionSpec("label_4", "Consolidation (hold: label what passes)", "Annotate", ("4",)),
    ActionSpec("label_5", "Pleural effusion (hold: label what passes)", "Annotate", ("5",)),
    ActionSpec("absent_1", "A-line absent (marks, else whole clip)", "Annotate", ("Shift+1",)),
    ActionSpec("absent_2", "B-line absent (marks, else whole clip)", "Annotate", ("Shift+2",)),
    ActionSpec("absent_3", "Confluent B-line absent (marks, else whole clip)", "Annotate", ("Shift+3",)),
    ActionSpec("absent_4", "Consolidation absent (marks, else whole clip)", "Annotate", ("Shift+4",)),
    ActionSpec("absent_5", "Pleural effusion absent (marks, else whole clip)", "Annotate", ("Shift+5",)),
    ActionSpec("whole_clip", "&Whole clip on or off", "Annotate", ("T",)),
    ActionSpec("start_earlier", "Start a frame earlier", "Annotate", ("[",)),
    ActionSpec("start_later", "Start a frame later", "Annotate", ("]",)),
    ActionSpec("end_earlier", "End a frame earlier", "Annotate", ("Shift+[",)),
    ActionSpec("end_later", "End a frame later", "Annotate", ("Shift+]",)),
    ActionSpec("split", "&Split at the play head", "Annotate", ("S",)),
    ActionSpec("merge", "Mer&ge with the next interval", "Annotate", ("M",)),
    ActionSpec("delete", "&Delete the interval", "Annotate", ("Del", "Backspace")),
    ActionSpec("finalise", "&Finalise or reopen the video", "Annotate", ("Ctrl+Return", "Ctrl+Enter")),
    ActionSpec("accept_suggestion", "Accept the AI's suggestion here", "Annotate", ("Y",)),
    ActionSpec("reject_suggestion", "Reject the AI's suggestion here", "Annotate", ("X",)),
    ActionSpec("reaction_correction", "Correct for my reaction &time", "Annotate", checkable=True),
    ActionSpec("measure_reaction", "Measure my reaction time …", "Annotate"),
    ActionSpec("import_sheet", "&Import a sheet …", "Sheets"),
    ActionSpec("export_sheet", "&Export my sheet …", "Sheets", ("Ctrl+E",)),
    ActionSpec("compare_sheets", "&Compare two sheets …", "Sheets"),
    ActionSpec("merge_sheets", "&Merge sheets …", "Sheets"),
    ActionSpec("next_disagreement", "&Next disagreement", "Sheets", ("N",)),
    ActionSpec("previous_disagreement", "&Previous disagreement", "Sheets", ("Shift+N",)),
    ActionSpec("decide_a", "Decide as reader &A", "Sheets", ("Ctrl+1",)),
    ActionSpec("decide_b", "Decide as reader &B", "Sheets", ("Ctrl+2",)),
    ActionSpec("decide_both", "Decide: only what &both say", "Sheets", ("Ctrl+3",)),
    ActionSpec("decide_mine", "Decide: as I &labelled it", "Sheets", ("Ctrl+4",)),
    ActionSpec("work_queue", "&Work queue …", "Sheets"),
    ActionSpec("audit", "Check the &record …", "Sheets"),
    ActionSpec("ai", "&AI on", "AI", ("A",), checkable=True),
    ActionSpec("stop_ai", "&Stop the AI run", "AI", ("Esc",)),
    ActionSpec("clip_alone", "Attention of this &clip alone", "AI", ("Shift+C",), checkable=True),
    ActionSpec("dense", "&Dense (a clip at every frame)", "AI", ("Shift+D",), checkable=True),
    ActionSpec("choose_checkpoint", "Choose a &checkpoint …", "AI"),
    ActionSpec("checkpoint_info", "About this c&heckpoint", "AI"),
    ActionSpec("next_video", "&Next video", "Study", ("PgDown",)),
    ActionSpec("previous_video", "&Previous video", "Study", ("PgUp",)),
    ActionSpec("next_unfinished", "Next &unfinished video", "Study", ("U",)),
    ActionSpec("filter_videos", "&Find a video", "Study", ("Ctrl+F",)),
    ActionSpec("failures", "&Files left out …", "Study"),
    ActionSpec("keys", "&Keys", "Help", ("F1",)),
    ActionSpec("about", "&About LUV Viewer", "Help"),
)
MENUS = ("File", "Edit", "View", "Playback", "Annotate", "Sheets", "AI", "Study", "Help")
HELD = tuple(spec.name for spec in ACTIONS if spec.name.startswith(("label_", "absent_")))
"""Actions whose key may be held down: they start at the press, and end when the key goes up."""
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
