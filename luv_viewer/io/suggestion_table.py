"""The table of what the model suggested beside what became of it: one line per suggestion, every one of them.

`study_id,pattern,suggested frames,probability,made_by,fate,frames now`: frames are 1-based and inclusive, as in the
labelling sheets, intervals separated by a comma and a space; the probability of the video has six decimals; fate is
pending, accepted, edited (accepted and then changed) or rejected. UTF-8, comma-separated.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.suggesting import outcome_rows
from luv_viewer.domain.track import track_text
from luv_viewer.io.whole_file import write_whole

HEADER = ("study_id", "pattern", "suggested frames", "probability", "made_by", "fate", "frames now")


def write_suggestions(path: Path, videos: Iterable[tuple[str, VideoAnnotation]]) -> None:
    """Write the table of (study_id, annotation) pairs, whole or not at all. Raises WriteError."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for study_id, annotation in videos:
        for outcome in outcome_rows(annotation):
            made = outcome.suggestion
            frames = track_text((made.span,))
            probability, now = f"{made.probability:.6f}", outcome.frames_now.label
            writer.writerow([study_id, made.pattern.value, frames, probability, made.made_by, outcome.fate.value, now])
    write_whole(path, text.getvalue().encode("utf-8", "replace"))
