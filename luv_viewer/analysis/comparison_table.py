"""A comparison of two sheets as a table, a line per number with the method it was made by, and as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from luv_viewer.analysis.comparison import Comparison, PatternComparison
from luv_viewer.io.whole_file import write_whole
from training.statistics.agreement import Kappa

COLUMNS = ("sheet_a", "sheet_b", "pattern", "measure", "value", "low", "high", "n", "n_of", "method")

_Line = tuple[str, float | None, float | None, float | None, int, str, str]


def comparison_table(comparison: Comparison) -> pd.DataFrame:
    """Columns `COLUMNS`, for research use: a row per pattern and measure, then `all patterns`, then `LUS score`.

    value, with its 95 % interval low, high: blank where it cannot be told. n: how many `n_of` it rests on. method: how.
    """
    records = [
        (comparison.name_a, comparison.name_b, pattern, *line)
        for pattern, lines in _groups(comparison)
        for line in lines
    ]
    table = pd.DataFrame(records, columns=list(COLUMNS))
    return table.astype({"value": "float64", "low": "float64", "high": "float64"})


def write_comparison(path: Path, comparison: Comparison) -> None:
    """Replace `path` by the table as CSV, numbers with six decimals. Raises WriteError."""
    table = comparison_table(comparison)
    write_whole(path, table.to_csv(index=False, lineterminator="\n", float_format="%.6f").encode())


def comparison_notes(comparison: Comparison) -> tuple[str, ...]:
    """What was not compared, and what a merge would lose: plain sentences with study_ids, for whoever may see them."""
    a, b = comparison.name_a, comparison.name_b
    notes = [f"{study_id} was not compared: {why}." for study_id, why in comparison.conflicts]
    notes += [f"{study_id} is only in {a}." for study_id in comparison.only_a]
    notes += [f"{study_id} is only in {b}." for study_id in comparison.only_b]
    if comparison.without_length:
        notes.append(
            "The number of frames is unknown, so absences are not counted and frame agreement leaves these out: "
            f"{', '.join(comparison.without_length)}."
        )
    for part in comparison.patterns:
        name = part.pattern.value if part.pattern is not None else "all patterns"
        notes += [f"{i}: both mark {name}, without a common frame." for i in part.empty_intersections]
        notes += [f"{i}: only one marks {name}." for i in part.label_conflicts]
    notes += [f"{i}: the LUS scores differ." for i in comparison.scores.not_aligned]
    return tuple(notes)


def _groups(comparison: Comparison) -> Iterator[tuple[str, list[_Line]]]:
    for part in (*comparison.patterns, comparison.total):
        name = "all patterns" if part.pattern is None else part.pattern.value
        yield name, [*_frame_lines(part, comparison.cluster), *_interval_lines(part), *_label_lines(part)]
    scores = comparison.scores
    share = scores.aligned / scores.n if scores.n else None
    yield (
        "LUS score",
        [
            ("aligned", share, None, None, scores.n, "rows", "same text in normal form, such as 3_ce"),
            _kappa_line("kappa of grades, linear", scores.linear, scores.n, "rows"),
            _kappa_line("kappa of grades, quadratic", scores.quadratic, scores.n, "rows"),
        ],
    )


def _frame_lines(part: PatternComparison, cluster: str) -> list[_Line]:
    frames, n = part.frames, part.frames.n_frames
    drawn = frames.clustered
    looked = "frames both looked at, videos of known length"
    rule = f"{drawn.method} (clusters: {cluster}s)" if drawn is not None else looked
    low, high = (drawn.rate_low, drawn.rate_high) if drawn is not None else (None, None)
    lines: list[_Line] = [
        ("frame agreement", frames.rate, low, high, n, "frames", f"{looked}; {rule}"),
        ("positive agreement", frames.positive, None, None, n, "frames", looked),
        ("negative agreement", frames.negative, None, None, n, "frames", looked),
        _kappa_line("kappa, frames independent", frames.kappa, n, "frames"),
    ]
    if drawn is not None:
        lines.append(("kappa, frames clustered", drawn.kappa, drawn.low, drawn.high, n, "frames", rule))
    videos = part.n_videos
    lines += [
        ("frames left out", float(frames.left_out), None, None, n, "frames", "not looked at by one or both"),
        ("Jaccard", part.jaccard, None, None, videos, "videos", "frames both mark / frames either marks, pooled"),
        ("Jaccard, mean", part.mean_jaccard, None, None, videos, "videos", "as above, mean over videos with a mark"),
    ]
    return lines


def _interval_lines(part: PatternComparison) -> list[_Line]:
    found = part.intervals
    n, edges = found.n_matched, found.edges
    rule = "one to one within a video, largest sum of IoU above 0"
    distance = f"starts and ends of matched intervals, in frames; {rule}"
    return [
        ("interval IoU, mean", found.mean_iou, None, None, n, "matched intervals", rule),
        ("edge distance, mean", edges.mean, None, None, edges.n, "edges", distance),
        ("edge distance, median", edges.median, None, None, edges.n, "edges", distance),
        ("edge distance, largest", edges.largest, None, None, edges.n, "edges", distance),
        ("intervals only in A", float(found.alone_a), None, None, part.n_videos, "videos", rule),
        ("intervals only in B", float(found.alone_b), None, None, part.n_videos, "videos", rule),
        (
            *("videos without interval comparison", float(found.n_left_out), None, None, part.n_videos, "videos"),
            "an interval meets frames that a reader has not looked at",
        ),
    ]


def _label_lines(part: PatternComparison) -> list[_Line]:
    empty, conflicts = float(len(part.empty_intersections)), float(len(part.label_conflicts))
    videos = part.n_videos
    return [
        ("empty intersections", empty, None, None, videos, "videos", "both mark it, no common frame; stills as well"),
        ("label-set conflicts", conflicts, None, None, videos, "videos", "only one marks it; stills as well"),
    ]


def _kappa_line(name: str, kappa: Kappa | None, n: int, n_of: str) -> _Line:
    if kappa is None:
        return (name, None, None, None, n, n_of, "nothing to compare")
    method = f"{kappa.method}; {kappa.reason}" if kappa.reason else kappa.method
    return (name, kappa.kappa, kappa.low, kappa.high, n, n_of, method)
