"""A comparison of readers written to a folder: tables, a figure, and the report."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from luv_viewer import RESEARCH_USE
from luv_viewer.io.whole_file import make_folder, write_whole
from training.evaluate.evaluation_files import REPORT_NAME, rows_table
from training.evaluate.frame_readers import FramePair, frame_pair_rows, frame_video_rows
from training.evaluate.readers import JudgePair, ReaderComparison
from training.evaluate.report import ReportPage
from training.evaluate.rows import Row, rows_csv
from training.tables import write_table

_FRAME_REMARKS = (
    "Frame by frame: over frames that both readers looked at, in videos of known length; B-line is B-line or confluent "
    "B-line. Kappa and Jaccard (frames both mark / frames either marks) of all videos together, with a bootstrap over "
    "patients; of every video alone in frames_by_video.csv. Intervals are matched one to one within a video.",
)
_INK, _GRID, _MUTED = "#2F6DB5", "#E3E7EB", "#9AA5B1"


def write_reader_comparison(folder: Path, comparison: ReaderComparison, frames: Sequence[FramePair] = ()) -> Path:
    """pairs.csv, readers.csv, consensus.csv with all numbers, the same as tables .md and .tex, kappa.png, report.html.

    frames: adds frames (.csv, .md, .tex) and frames_by_video.csv. Tables of what was not computed (fewer than two
    readers) are left out. Returns the report. Raises WriteError.
    """
    make_folder(folder)
    rows = {
        "pairs": ("All pairs", pair_rows(comparison)),
        "readers": ("All readers together", group_rows(comparison)),
        "consensus": ("Against what the readers say together", consensus_rows(comparison)),
        "frames": ("Readers frame by frame", frame_pair_rows(frames)),
    }
    tables = []
    for name, (title, held) in rows.items():
        if held:
            tables.append(rows_table(title, held))
            write_table(folder, name, tables[-1])
            write_whole(folder / f"{name}.csv", rows_csv(held).encode())
    if frames:
        write_whole(folder / "frames_by_video.csv", rows_csv(frame_video_rows(frames)).encode())
    drawn = {"kappa.png": kappa_png(comparison.pairs)}
    write_whole(folder / "kappa.png", drawn["kappa.png"])
    page = ReportPage(
        title=f"Readers compared, {comparison.options.level} level",
        remarks=[*_remarks(comparison), *(_FRAME_REMARKS if frames else ())],
        tables=tables,
        figures=drawn,
    )
    write_whole(folder / REPORT_NAME, page.html().encode())
    return folder / REPORT_NAME


def pair_rows(comparison: ReaderComparison) -> list[Row]:
    """A row per pair of judges and pattern."""
    return [
        {
            "first": pair.first,
            "second": pair.second,
            "pattern": pair.pattern,
            "n": pair.agreement.n,
            "agreement": pair.agreement.rate,
            "kappa": pair.kappa.kappa,
            "kappa_low": pair.kappa.low,
            "kappa_high": pair.kappa.high,
            "clustered_low": pair.clustered.low,
            "clustered_high": pair.clustered.high,
            "pabak": pair.agreement.pabak,
            "ac1": pair.agreement.ac1,
            "positive_agreement": pair.agreement.positive,
            "negative_agreement": pair.agreement.negative,
            "reason": pair.kappa.reason,
        }
        for pair in comparison.pairs
    ]


def group_rows(comparison: ReaderComparison) -> list[Row]:
    """A row per pattern: coefficients of all readers."""
    return [
        {
            "pattern": group.pattern,
            "readers": group.fleiss.readers,
            "n": group.fleiss.n,
            "fleiss_kappa": group.fleiss.kappa,
            "fleiss_p": group.fleiss.p,
            "alpha": group.alpha.value,
            "alpha_low": group.alpha.low,
            "alpha_high": group.alpha.high,
            "ac1": group.ac1.value,
            "ac1_low": group.ac1.low,
            "ac1_high": group.ac1.high,
            "reason": group.fleiss.reason,
        }
        for group in comparison.groups
    ]


def consensus_rows(comparison: ReaderComparison) -> list[Row]:
    """A row per judge, rule and pattern; the agreement with the consensus is the judge's accuracy against it."""
    return [
        {
            "judge": pair.judge,
            "consensus": pair.consensus,
            "pattern": pair.pattern,
            "accuracy": pair.agreement.rate,
            "kappa": pair.kappa.kappa,
            "kappa_low": pair.kappa.low,
            "kappa_high": pair.kappa.high,
            "reason": pair.kappa.reason,
        }
        for pair in comparison.consensus
    ]


def kappa_png(pairs: Sequence[JudgePair]) -> bytes:
    """Kappa of every pair with its clustered interval, a panel per pattern; an undefined one has no dot."""
    patterns = list(dict.fromkeys(pair.pattern for pair in pairs))
    names = list(dict.fromkeys(f"{pair.first} - {pair.second}" for pair in pairs))
    figure = Figure(figsize=(3.2 * len(patterns) + 1.5, 1.8 + 0.35 * len(names)), dpi=120, facecolor="white")
    panels = figure.subplots(1, len(patterns), squeeze=False, sharey=True)[0]
    for panel, pattern in zip(panels, patterns, strict=True):
        held = [pair for pair in pairs if pair.pattern == pattern]
        for y, pair in enumerate(held):
            panel.plot([pair.clustered.low, pair.clustered.high], [y, y], color=_MUTED, linewidth=2)
            panel.plot([pair.kappa.kappa], [y], marker="o", color=_INK)
        panel.set(title=pattern, xlim=(-1.05, 1.05), xlabel="kappa", ylim=(len(names) - 0.5, -0.5))
        panel.axvline(0, color=_MUTED, linewidth=0.8)
        panel.grid(axis="x", color=_GRID)
        panel.set_yticks(range(len(names)), names, fontsize=8)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.text(0.995, 0.01, RESEARCH_USE, fontsize=6, ha="right", color=_MUTED)
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()


def _remarks(comparison: ReaderComparison) -> list[str]:
    names = ", ".join(f"{judge.name} ({judge.kind})" for judge in comparison.judges)
    return [
        f"{comparison.n} cases at {comparison.options.level} level. Judges: {names}.",
        "The interval beside kappa takes every case for independent; the clustered one is a bootstrap over "
        f"{comparison.clusters} clusters (one per {comparison.cluster_kind}) and is the one to trust.",
        "PABAK and AC1 are not bent by how rare a pattern is, as kappa is. The consensus `or` needs one reader, `and` "
        "all, `majority` more than half of three or more.",
    ]
