"""A labelling sheet as clips with labels, in the published columns (systems.md 1.6): what training starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.domain.clip_rule import ClipRule, clip_score
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.row_pairing import known_lengths, mismatch
from luv_viewer.domain.span import Span
from luv_viewer.io.whole_file import write_whole

TOTAL_B_LINE = "total-B-line_lbl"
SCORE = "Lung ultrasound score_lbl"
LABEL_COLUMNS = (*(f"{pattern.value}_lbl" for pattern in TRACK_PATTERNS), SCORE, TOTAL_B_LINE)
"""Columns of whole numbers that may be blank."""


class ClipLabelError(AnalysisError):
    """Clips of a row cannot be made; str(error) says which row and why."""


def clip_table(
    sheet: LabelSheet,
    lengths: Mapping[str, int],
    *,
    clip_length: int = 30,
    step: int = 24,
    min_frames: int = 1,
    min_fraction: float = 0.0,
) -> pd.DataFrame:
    """A row per clip, sorted by patient, Data_idx and start; stills and videos that a reader excluded have no clips.

    lengths: frames by study_id; rows that state their own need none. Columns: `{clip_length}frame_clip_path` (the
    clip's file name, `{PatientID}_{idx5}_{first}_{last}.avi`, 1-based inclusive), `PatientID`, `study_id`, a label per
    pattern (1, 0, blank where frames that nobody looked at could decide it), `raw_avi_path`, the score that the labels
    imply (4: no finding) and B-line or confluent B-line as `total-B-line_lbl`.
    Raises ClipLabelError for a video of unknown length or labelled beyond its end, ValueError for numbers that
    ClipRule refuses.
    """
    return clip_table_by(ClipRule(clip_length, step, min_frames, min_fraction), sheet, lengths)


def clip_table_by(rule: ClipRule, sheet: LabelSheet, lengths: Mapping[str, int]) -> pd.DataFrame:
    """As `clip_table`, by a rule. Raises ClipLabelError."""
    path = f"{rule.clip_length}frame_clip_path"
    columns = [path, "PatientID", "study_id", *LABEL_COLUMNS[:-2], "raw_avi_path", *LABEL_COLUMNS[-2:]]
    videos = [row for row in sheet.rows if not row.is_still and not row.exclusion]
    videos.sort(key=lambda row: (row.key.patient_id, row.key.data_idx))
    records = [{path: name, **record} for row in videos for name, record in _clips(sheet.name, row, lengths, rule)]
    return pd.DataFrame(records, columns=columns).astype(dict.fromkeys(LABEL_COLUMNS, "Int64"))


def write_clip_table(path: Path, table: pd.DataFrame) -> None:
    """Replace `path` by the table as CSV; a blank label is an empty cell. Raises WriteError."""
    write_whole(path, table.to_csv(index=False, lineterminator="\n").encode())


def length_of(sheet: str, row: SheetRow, lengths: Mapping[str, int]) -> int:
    """Frames of a row's video. sheet: its name, for the error. Raises ClipLabelError where they are unknown, or the row
    does not fit them."""
    counts = known_lengths([row], lengths)
    if not counts:
        raise ClipLabelError(
            f"{sheet}, {row.study_id}: the number of frames of this video is unknown; give it with the lengths."
        )
    wrong = mismatch([row], lengths)
    if wrong:
        raise ClipLabelError(f"{sheet}, {row.study_id}: the row does not fit the video: {wrong}; correct one of them.")
    return counts[0]


def _clips(
    sheet: str, row: SheetRow, lengths: Mapping[str, int], rule: ClipRule
) -> Iterator[tuple[str, dict[str, Any]]]:
    n_frames = length_of(sheet, row, lengths)
    stem = f"{row.key.data_idx:05d}"
    for clip in rule.spans(n_frames):
        labels = {p: rule.label(clip, row.frames(p), row.unlooked_frames(p)) for p in TRACK_PATTERNS}
        record: dict[str, Any] = {"PatientID": row.key.patient_id, "study_id": row.study_id}
        record |= {f"{p.value}_lbl": _number(label) for p, label in labels.items()}
        record |= {
            "raw_avi_path": f"{row.key.patient_id}/{stem}.avi",
            SCORE: _number(clip_score(labels)),
            TOTAL_B_LINE: _number(total_b_line(row, clip, rule)),
        }
        yield f"{row.key.patient_id}_{stem}_{clip.start + 1}_{clip.stop}.avi", record


def total_b_line(row: SheetRow, clip: Span, rule: ClipRule) -> bool | None:
    """B-line or confluent B-line, frame by frame: absent only where both are."""
    kinds = (Pattern.B_LINE, Pattern.CONFLUENT_B_LINE)
    present = row.frames(kinds[0]) | row.frames(kinds[1])
    unlooked = row.unlooked_frames(kinds[0]) | row.unlooked_frames(kinds[1])
    return rule.label(clip, present, unlooked - present)


def _number(label: int | None) -> Any:
    return pd.NA if label is None else int(label)
