"""`luv labels agreement`: how far two sheets agree, pattern by pattern."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from luv_viewer import RESEARCH_USE
from luv_viewer.analysis.comparison import Cluster, Comparison, PatternComparison, compare_sheets
from luv_viewer.analysis.comparison_table import comparison_notes, write_comparison
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.labels_input import InputOptions, known_videos, load_all, status_of
from luv_viewer.commands.table import as_table
from luv_viewer.domain.disagreement import sheet_disagreements
from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.io.sheet_table import TableToWrite, check_suffix, write_table

_NONE = "-"
_HEADER = (
    "pattern",
    "frames",
    "agreement",
    "kappa",
    "95 % interval",
    "Jaccard",
    "IoU",
    "edges",
    "no common frame",
    "label conflicts",
)


@dataclass(frozen=True)
class AgreementOptions:
    """output: CSV of every number; disagreements: CSV or XLSX of the stretches that differ. cluster: what is drawn
    for the intervals of kappa."""

    output: Path | None = None
    disagreements: Path | None = None
    patterns: tuple[Pattern, ...] = TRACK_PATTERNS
    cluster: Cluster = "video"


@one_sentence
def agreement(a: Path, b: Path, options: AgreementOptions, inputs: InputOptions) -> int:
    """Print the table, write what was asked for. Returns 1 when rows were left out because of problems in them."""
    if options.disagreements is not None:
        check_suffix(options.disagreements)
    loaded = load_all([a, b], inputs)
    sheet_a, sheet_b = (one.sheet for one in loaded)
    lengths = known_videos(inputs).lengths
    comparison = compare_sheets(sheet_a, sheet_b, patterns=options.patterns, lengths=lengths, cluster=options.cluster)
    for note in comparison_notes(uncompared(comparison)):
        say(f"note: {note}")
    if options.output is not None:
        write_comparison(options.output, comparison)
    if options.disagreements is not None:
        write_table(options.disagreements, disagreement_table(sheet_a, sheet_b, comparison))
    click.echo("\n".join(agreement_lines(comparison)))
    return status_of(loaded)


def uncompared(comparison: Comparison) -> Comparison:
    """What was not compared, for notes. What was compared and differs is counted in the table and listed on request: it
    can be a thousand lines."""
    return replace(comparison, patterns=(), scores=replace(comparison.scores, not_aligned=()))


def agreement_lines(comparison: Comparison) -> list[str]:
    """The comparison as lines of text."""
    scores = comparison.scores
    head = (
        f"A: {comparison.name_a}   B: {comparison.name_b}   {comparison.n_videos} videos and {comparison.n_stills} "
        "stills in both"
    )
    parts = (*comparison.patterns, comparison.total)
    lines = [head, "", *as_table([_HEADER, *map(_row, parts)], indent="")]
    if scores.n:
        lines += ["", f"LUS score: {scores.aligned} of {scores.n} rows aligned{_weighted(comparison)}"]
    method = next((part.frames.clustered.method for part in parts if part.frames.clustered is not None), "")
    if method:
        lines += ["", f"kappa and its interval: {method} (clusters: {comparison.cluster}s)."]
    lines.append("IoU and edges: matched intervals, edges as mean distance in frames.")
    return [*lines, RESEARCH_USE]


def _row(part: PatternComparison) -> tuple[str, ...]:
    frames, edges = part.frames, part.intervals.edges
    drawn = frames.clustered
    kappa = (drawn.kappa, drawn.low, drawn.high) if drawn is not None else (None, None, None)
    return (
        "all patterns" if part.pattern is None else part.pattern.value,
        str(frames.n_frames),
        _number(frames.rate),
        _number(kappa[0]),
        f"{_number(kappa[1])} to {_number(kappa[2])}" if kappa[1] is not None else _NONE,
        _number(part.jaccard),
        _number(part.intervals.mean_iou),
        _number(edges.mean, 1),
        str(len(part.empty_intersections)),
        str(len(part.label_conflicts)),
    )


def _weighted(comparison: Comparison) -> str:
    kappa = comparison.scores.linear
    if kappa is None or kappa.kappa is None:
        return ""
    return f", linear kappa of the grades {_number(kappa.kappa)} ({_number(kappa.low)} to {_number(kappa.high)})"


def _number(value: float | None, decimals: int = 3) -> str:
    return _NONE if value is None or value != value else f"{value:.{decimals}f}"


def disagreement_table(a: LabelSheet, b: LabelSheet, comparison: Comparison) -> TableToWrite:
    """A row per stretch of frames (1-based, inclusive) that the sheets do not say the same of, then a row per pair of
    LUS scores that differ."""
    header = ("study_id", "pattern", "first frame", "last frame", "what", "A", "B")
    patterns = [part.pattern for part in comparison.patterns if part.pattern is not None]
    found = sheet_disagreements(a, b, patterns=patterns)
    rows: list[tuple[str | int | None, ...]] = [
        (item.study_id, item.pattern.value, item.span.start + 1, item.span.stop, item.kind.value, a.name, b.name)
        for item in found
    ]
    rows_a, rows_b = a.by_study_id(), b.by_study_id()
    for study_id in comparison.scores.not_aligned:
        scores = [str(rows[study_id].lus_score) for rows in (rows_a, rows_b)]
        what = f"LUS score {scores[0]} in A, {scores[1]} in B"
        rows.append((study_id, None, None, None, what, a.name, b.name))
    return TableToWrite(header, rows)
