"""Rows and sheets from the text of their cells, and strategies for readers who looked at a part of a video."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.lus_score import LusScore
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import track_from_text

N_FRAMES = 12


def frames(text: str) -> SpanSet:
    """From a cell such as `24_32, 57`."""
    return SpanSet.union(track_from_text(text))


def row(
    cells: dict[Pattern, str] | None = None, unlooked: dict[Pattern, str] | None = None, idx: int = 2, **fields: Any
) -> SheetRow:
    """A row of patient 0012. score: text of the LUS score; still: a single image."""
    if "score" in fields:
        fields["lus_score"] = LusScore.parse(fields.pop("score"))
    kind = "image" if fields.pop("still", False) else "video"
    return SheetRow(
        SheetKey(fields.pop("patient", "0012"), idx, "20240131", kind),
        present=tuple(frames((cells or {}).get(p, "")) for p in TRACK_PATTERNS),
        unlooked=tuple(frames((unlooked or {}).get(p, "")) for p in TRACK_PATTERNS),
        **fields,
    )


def sheet(name: str, *rows: SheetRow) -> LabelSheet:
    """A sheet of these rows."""
    return LabelSheet(name, rows)


@st.composite
def read_rows(draw: st.DrawFn, n_frames: int = N_FRAMES) -> SheetRow:
    """A reader's row of one video: every frame of B-line and confluent B-line present, absent or not looked at."""
    present, unlooked = {}, {}
    for pattern in (Pattern.B_LINE, Pattern.CONFLUENT_B_LINE):
        states = np.array(draw(st.lists(st.sampled_from("pau"), min_size=n_frames, max_size=n_frames)))
        present[pattern] = SpanSet.from_mask(states == "p").label
        unlooked[pattern] = SpanSet.from_mask(states == "u").label
    return row(present, unlooked, n_frames=n_frames)


def state(of: SheetRow, pattern: Pattern, frame: int) -> str:
    """`p`resent, `a`bsent or `u`nlooked."""
    if frame in of.frames(pattern):
        return "p"
    return "u" if frame in of.unlooked_frames(pattern) else "a"
