from __future__ import annotations

import csv
from pathlib import Path

import pytest

from luv_viewer.domain.annotation import Suggestion, VideoAnnotation
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.suggesting import accept, reject
from luv_viewer.domain.track import move_edge
from luv_viewer.io.suggestion_table import write_suggestions
from luv_viewer.io.whole_file import WriteError

MADE_BY = "tiny, small 0123456789ab"


def annotation() -> VideoAnnotation:
    """Four suggestions: accepted, accepted and edited, rejected, pending."""
    patterns = (Pattern.A_LINE, Pattern.B_LINE, Pattern.CONSOLIDATION, Pattern.PLEURAL_EFFUSION)
    suggestions = tuple(Suggestion(p, Span(23, 51), 0.25 * (i + 1), MADE_BY) for i, p in enumerate(patterns))
    made = reject(accept(accept(VideoAnnotation(152, suggestions=suggestions), 0), 1), 2)
    made = made.with_track(Pattern.B_LINE, move_edge(made.track(Pattern.B_LINE), 0, "end", 59, 152))
    return made.with_track(Pattern.PLEURAL_EFFUSION, (Span(0, 1), Span(20, 24), Span(24, 30), Span(50, 51)))


def test_suggestions_stand_beside_what_became_of_them(tmp_path: Path) -> None:
    single = VideoAnnotation(3, suggestions=(Suggestion(Pattern.A_LINE, Span(2, 3), 0.5, MADE_BY),))
    write_suggestions(tmp_path / "s.csv", [("0012_1", annotation()), ("0012_2", VideoAnnotation(9)), ("é_3", single)])
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["study_id", "pattern", "suggested frames", "probability", "made_by", "fate", "frames now"],
            ["0012_1", "A-line", "24_51", "0.250000", MADE_BY, "accepted", "24_51"],
            ["0012_1", "B-line", "24_51", "0.500000", MADE_BY, "edited", "24_60"],
            ["0012_1", "Consolidation", "24_51", "0.750000", MADE_BY, "rejected", ""],
            ["0012_1", "Pleural effusion", "24_51", "1.000000", MADE_BY, "pending", "21_30, 51"],
            ["é_3", "A-line", "3", "0.500000", MADE_BY, "pending", ""],
        ]


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    write_suggestions(path, [("0012_1", annotation())])
    before = path.read_bytes()
    with pytest.raises(WriteError, match="its folder does not exist"):
        write_suggestions(tmp_path / "none" / "s.csv", [])

    def broken() -> object:
        yield "0012_1", annotation()
        raise OSError("the reader file is gone")

    with pytest.raises(OSError, match="gone"):
        write_suggestions(path, broken())  # type: ignore[arg-type]
    assert path.read_bytes() == before
