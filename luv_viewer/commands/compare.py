"""`luv compare`: readers, the truth and an AI, all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from luv_viewer import RESEARCH_USE
from luv_viewer.analysis.comparison_table import comparison_notes
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.labels_agreement import uncompared
from luv_viewer.commands.labels_input import InputOptions, load_all, status_of
from luv_viewer.commands.table import as_table
from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.io.lengths_file import read_lengths
from training.evaluate import EvaluationError
from training.evaluate.frame_readers import FramePair, compare_frames, frame_pair_rows
from training.evaluate.reader_files import write_reader_comparison
from training.evaluate.readers import ReaderComparison, ReaderOptions, compare_readers


@dataclass(frozen=True)
class SheetsToCompare:
    """Labelling sheets of readers for the comparison frame by frame, none for none; lengths: how long their videos
    are, where they do not say."""

    sheets: tuple[Path, ...] = ()
    lengths: Path | None = None


@one_sentence
def compare(truth: Path, readers: Sequence[Path], folder: Path, options: ReaderOptions, sheets: SheetsToCompare) -> int:
    """Write tables, figure and report to `folder`; print agreement and kappa of all pairs. Returns 1 also when rows of
    the sheets were left out because of problems in them."""
    loaded = load_all(sheets.sheets, InputOptions(sheets.lengths))
    lengths = read_lengths(sheets.lengths) if sheets.lengths is not None else None
    try:
        found = compare_readers(truth, readers, [pattern.value for pattern in NETWORK_PATTERNS], options)
        frames = compare_frames([one.sheet for one in loaded], lengths) if loaded else ()
    except EvaluationError as error:
        say(str(error))
        return 1
    for pair in frames:
        for note in comparison_notes(uncompared(pair.compared)):
            say(f"note: {note}")
    report = write_reader_comparison(folder, found, frames)
    lines = pair_lines(found)
    if frames:
        lines += ["", *frame_lines(frames)]
    click.echo("\n".join([*lines, f"See {report}", RESEARCH_USE]))
    return status_of(loaded)


def frame_lines(pairs: Sequence[FramePair]) -> list[str]:
    """A line per pair of readers and pattern."""
    rows: list[tuple[str, ...]] = [("frames of", "pattern", "frames", "kappa", "over patients", "Jaccard")]
    for row in frame_pair_rows(pairs):
        interval = f"{_number(float(row['kappa_low']))} to {_number(float(row['kappa_high']))}"
        names = (f"{row['first']} - {row['second']}", str(row["pattern"]), str(row["frames"]))
        rows.append((*names, _number(float(row["kappa"])), interval, _number(float(row["jaccard"]))))
    return as_table(rows, indent="")


def pair_lines(comparison: ReaderComparison) -> list[str]:
    """A line per pair and pattern."""
    rows: list[tuple[str, ...]] = [("pair", "pattern", "agreement", "kappa", "clustered 95 % interval", "AC1")]
    for pair in comparison.pairs:
        interval = f"{_number(pair.clustered.low)} to {_number(pair.clustered.high)}"
        shares = (_number(pair.agreement.rate), _number(pair.kappa.kappa), interval, _number(pair.agreement.ac1))
        rows.append((f"{pair.first} - {pair.second}", pair.pattern, *shares))
    return as_table(rows, indent="")


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.3f}"
