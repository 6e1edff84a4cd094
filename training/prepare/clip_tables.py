"""The published clip table and frame table of a sheet (systems.md 1.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from luv_viewer.analysis.clip_labels import (
    LABEL_COLUMNS,
    SCORE,
    TOTAL_B_LINE,
    clip_table_by,
    length_of,
    total_b_line,
)
from luv_viewer.domain.clip_rule import NO_FINDING, ClipRule, clip_score
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.domain.span import Span
from luv_viewer.io.label_sheet_file import sheet_cells
from luv_viewer.io.sheet_columns import written_header

CLIP_FOLDER = "clips"
Tail = Literal["duplicate", "black", "drop"]

FRAME_LABELS = (*(f"{pattern.value}_lbl" for pattern in TRACK_PATTERNS), TOTAL_B_LINE)
FRAME_COLUMNS = (
    *written_header(SheetLayout.MERGED)[1:],
    *("FileName", *FRAME_LABELS, "img_path", SCORE, "raw_avi_path"),
)
"""22 columns: the sheet's but for its unnamed number, then what is known of the frame."""


@dataclass(frozen=True)
class ClipChoice:
    """Which clips, and how their files are called.

    rule: the clips and their labels. size: side of the square picture, pixels. suffix: ending of the clips' files.
    video_suffix: ending of the videos they come from. drops_no_finding: without clips that have no pattern (the
    published "4 artifacts" folders; the outputs are four either way).
    """

    rule: ClipRule
    size: int = 256
    suffix: str = ".mkv"
    video_suffix: str = ".mkv"
    drops_no_finding: bool = False

    @property
    def path_column(self) -> str:
        """`256_clip_path` for clips of the usual 30 frames, `40frame_clip_path` for others."""
        length = self.rule.clip_length
        return f"{self.size}_clip_path" if length == 30 else f"{length}frame_clip_path"


def published_clip_table(sheet: LabelSheet, lengths: Mapping[str, int], choice: ClipChoice) -> pd.DataFrame:
    """A row per clip with exactly the published columns, paths relative to the folder of the table.

    Raises ClipLabelError, as `clip_table`.
    """
    table = clip_table_by(choice.rule, sheet, lengths)
    ours = f"{choice.rule.clip_length}frame_clip_path"
    table[ours] = [f"{CLIP_FOLDER}/{name.removesuffix('.avi')}{choice.suffix}" for name in table[ours]]
    table["raw_avi_path"] = [name.removesuffix(".avi") + choice.video_suffix for name in table["raw_avi_path"]]
    if choice.drops_no_finding:
        table = table[table[SCORE].ne(NO_FINDING).fillna(True)].reset_index(drop=True)
    return table.rename(columns={ours: choice.path_column})


def published_frame_table(sheet: LabelSheet, lengths: Mapping[str, int], video_suffix: str = ".mkv") -> pd.DataFrame:
    """A row per frame of the videos (stills and excluded videos have none), sorted by patient, Data_idx and frame.

    Columns: FRAME_COLUMNS; labels 1, 0, blank where nobody looked. The published table has six label columns; the sixth
    is taken to be `total-B-line_lbl`. Raises ClipLabelError, as `clip_table`.
    """
    videos = [row for row in sheet.rows if not row.is_still and not row.exclusion]
    cells = dict(zip((row.study_id for row in videos), sheet_cells(videos, SheetLayout.MERGED), strict=True))
    videos.sort(key=lambda row: (row.key.patient_id, row.key.data_idx))
    records = [
        (*cells[row.study_id][1:], *frame)
        for row in videos
        for frame in _frames(row, length_of(sheet.name, row, lengths), video_suffix)
    ]
    table = pd.DataFrame.from_records(records, columns=list(FRAME_COLUMNS))
    return table.astype(dict.fromkeys(LABEL_COLUMNS, "Int64"))


def _frames(row: SheetRow, n_frames: int, video_suffix: str) -> Iterator[tuple[Any, ...]]:
    patient, stem = row.key.patient_id, f"{row.key.data_idx:05d}"
    one = ClipRule(clip_length=1, step=1)
    for i in range(n_frames):
        frame = Span(i, i + 1)
        labels = {p: one.label(frame, row.frames(p), row.unlooked_frames(p)) for p in TRACK_PATTERNS}
        told = [*labels.values(), total_b_line(row, frame, one)]
        name = f"{patient}_{stem}_{i + 1}"
        yield (
            *(name, *map(_number, told), f"{patient}/{name}.png"),
            *(_number(clip_score(labels)), f"{patient}/{stem}{video_suffix}"),
        )


def _number(label: int | None) -> Any:
    return pd.NA if label is None else int(label)
