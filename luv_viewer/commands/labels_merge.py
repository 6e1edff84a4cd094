"""`luv labels merge`: several readers' sheets into one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.labels_input import InputOptions, load_all, status_of
from luv_viewer.commands.table import counted
from luv_viewer.domain.exclusion import Exclusion
from luv_viewer.domain.merge import Merged, MergeMode, merge_sheets
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.io.exclusion_file import read_exclusions
from luv_viewer.io.frame_table import write_frame_table
from luv_viewer.io.label_sheet_file import write_sheet
from luv_viewer.io.merge_report import report_table
from luv_viewer.io.sheet_table import check_suffix, write_table


@dataclass(frozen=True)
class MergeOptions:
    """What `luv labels merge` is asked for. layout: a SheetLayout that can be written. k: readers of a majority."""

    sheets: tuple[Path, ...]
    output: Path
    mode: MergeMode
    layout: SheetLayout = SheetLayout.MERGED
    leader: Path | None = None
    k: int | None = None
    union_b_first: bool = False
    exclusions: Path | None = None
    report: Path | None = None


@one_sentence
def merge(options: MergeOptions, inputs: InputOptions) -> int:
    """Merge, write the sheet and the report. Returns 1 when rows were left out because of problems in them."""
    check_suffix(options.output)
    if options.report is not None:
        check_suffix(options.report)
    paths = [*options.sheets, *([options.leader] if options.leader else [])]
    loaded = load_all(paths, inputs)
    sheets = [one.sheet for one in loaded]
    leader = sheets.pop() if options.leader else None
    exclusions, problems = _exclusions(options.exclusions)
    if problems:
        say("Nothing was written: correct the list of exclusions first.")
        return 1
    try:
        merged = merge_sheets(
            sheets,
            options.mode,
            leader=leader,
            k=options.k,
            union_b_first=options.union_b_first,
            exclusions=exclusions,
        )
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    for entry in merged.excluded:
        say(f"left out: {entry.study_id}: {entry.reason}.")
    for candidate in merged.exclusion_candidates:
        say(f"look at: {candidate.study_id}: {candidate.reason}.")
    _write(options, merged)
    return status_of(loaded)


def _write(options: MergeOptions, merged: Merged) -> None:
    if options.report is not None:
        write_table(options.report, report_table(merged))
    if options.layout is SheetLayout.FRAME_TABLE:
        written = write_frame_table(options.output, merged.sheet)
    else:
        written = write_sheet(options.output, merged.sheet, options.layout)
    click.echo(
        f"{written.path}: {counted(written.n_rows, 'row')} by {options.mode.value}; {len(merged.excluded)} not merged, "
        f"{len(written.left_out)} merged and not in this layout, "
        f"{len(merged.exclusion_candidates)} that lost a label both gave."
    )
    if written.left_out_path is not None:
        click.echo(f"The rows that this layout cannot hold are listed in {written.left_out_path}.")


def _exclusions(path: Path | None) -> tuple[tuple[Exclusion, ...], bool]:
    """Raises LabelSheetError."""
    if path is None:
        return (), False
    reading = read_exclusions(path)
    for problem in reading.problems:
        say(f"error: {problem}")
    return reading.exclusions, bool(reading.problems)
