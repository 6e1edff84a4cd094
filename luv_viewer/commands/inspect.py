"""`luv inspect`: which files open, as what, and why the others do not."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import as_table
from luv_viewer.io.inspection import InspectionRow
from luv_viewer.io.inspection import inspect as inspect_files
from luv_viewer.io.whole_file import WriteError, write_whole

COLUMNS = (
    "file",
    "outcome",
    "videos",
    "frames",
    "width",
    "height",
    "format",
    "timing",
    "fps",
    "region",
    "spacing_mm",
    "seconds",
    "error",
    "message",
)


def inspect(paths: Sequence[Path], table: Path | None) -> int:
    """Print a line per file, or write `table`. Returns the exit status: 1 when a file was refused."""
    line = ProgressLine(sys.stderr)
    try:
        rows = inspect_files(paths, lambda done, total: line.show(f"[{done}/{total}]"))
    finally:
        line.clear()
    if not rows:
        click.echo("Nothing to inspect: the given folders hold no file.", err=True)
        return 1
    names = _names(rows, paths)
    if table is None:
        lines = [(name, row.outcome, _found(row), row.message) for name, row in zip(names, rows, strict=True)]
        click.echo("\n".join(as_table(lines, indent="")))
    else:
        try:
            write_whole(table, _csv(names, rows))
        except WriteError as error:
            click.echo(str(error), err=True)
            return 1
    refused = sum(row.outcome == "refused" for row in rows)
    click.echo(f"{len(rows) - refused} opened, {refused} refused", err=True)
    return 1 if refused else 0


def _names(rows: Sequence[InspectionRow], paths: Sequence[Path]) -> list[str]:
    """Each file's path below the folder that was given; its name alone when the file itself was."""
    folders = [path for path in paths if path.is_dir()]

    def name(path: Path) -> str:
        below = (path.relative_to(folder).as_posix() for folder in folders if path.is_relative_to(folder))
        return next(below, path.name)

    return [name(row.path) for row in rows]


def _found(row: InspectionRow) -> str:
    if row.size is None or row.frames is None:
        return ""
    more = f", {row.n_videos} videos" if row.n_videos > 1 else ""
    return f"{row.format}, {row.frames} x {row.size[0]}x{row.size[1]}{more}"


def _csv(names: Sequence[str], rows: Sequence[InspectionRow]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, row in zip(names, rows, strict=True):
        width, height = row.size or ("", "")
        writer.writerow(
            [
                name,
                row.outcome,
                row.n_videos,
                "" if row.frames is None else row.frames,
                width,
                height,
                row.format,
                row.timing_source,
                "" if row.fps is None else f"{row.fps:.6g}",
                " ".join(map(str, row.region or ())),
                " ".join(f"{mm:.6g}" for mm in row.spacing_mm or ()),
                f"{row.seconds:.3f}",
                row.error,
                row.message,
            ]
        )
    return text.getvalue().encode("utf-8")
