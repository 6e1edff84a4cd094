"""Readers' work and sheets in files, merged into one sheet with its report beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from luv_viewer.analysis.sheet_export import ReaderWork
from luv_viewer.analysis.sheet_import import load_of_project
from luv_viewer.domain.exclusion import Exclusion
from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.merge import Merged, MergeMode, merge_sheets
from luv_viewer.domain.project import Project
from luv_viewer.domain.reader_file import Reader
from luv_viewer.domain.sheet_reading import LabelSheetError, SheetLayout, WrittenSheet
from luv_viewer.io.exclusion_file import read_exclusions
from luv_viewer.io.label_sheet_file import write_sheet
from luv_viewer.io.merge_report import report_table
from luv_viewer.io.project_access import check_may_see, open_sheet_of
from luv_viewer.io.sheet_table import check_suffix, write_table
from luv_viewer.io.whole_file import make_folder


@dataclass(frozen=True)
class MergePlan:
    """sheets, leader: a reader of the project by name, or a file. at_least: for MAJORITY. exclusions: a CSV."""

    sheets: tuple[str | Path, ...]
    mode: MergeMode
    output: Path
    at_least: int
    union_b_first: bool
    exclusions: Path | None
    leader: str | Path | None


@dataclass(frozen=True)
class MergedFiles:
    """problems, warnings: of the files that were read, plain sentences; a row with a problem was not merged."""

    merged: Merged
    written: WrittenSheet
    report: Path
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def merge_readers(plan: MergePlan, project: Project, me: Reader, own: ReaderWork) -> MergedFiles:
    """Merge, write the merged sheet and `<name>_report.csv`.

    own: the work of `me` as it is now, saved or not. Raises BlindedError before any file is touched; ProjectError,
    ReaderFileError, LabelSheetError, SheetInputError, WriteError.
    """
    check_may_see(project, me)
    check_suffix(plan.output)
    exclusions = _exclusions(plan.exclusions)
    problems: list[str] = []
    warnings: list[str] = []

    def opened(source: str | Path) -> LabelSheet:
        if isinstance(source, Path):
            loaded = load_of_project(source, own.index)
            problems.extend(loaded.problems)
            warnings.extend(loaded.warnings)
            return loaded.sheet
        return own.sheet() if source.casefold() == me.name.casefold() else open_sheet_of(project, me, source)

    sheets = _told_apart([opened(source) for source in plan.sheets], plan.sheets)
    leader = opened(plan.leader) if plan.leader is not None else None
    k = plan.at_least if plan.mode is MergeMode.MAJORITY else None
    try:
        merged = merge_sheets(
            sheets, plan.mode, leader=leader, k=k, union_b_first=plan.union_b_first, exclusions=exclusions
        )
    except ValueError as error:
        raise LabelSheetError(f"The sheets cannot be merged so: {error}.") from error
    make_folder(plan.output.parent)
    report = plan.output.with_name(f"{plan.output.stem}_report.csv")
    write_table(report, report_table(merged))
    written = write_sheet(plan.output, merged.sheet, SheetLayout.MERGED)
    return MergedFiles(merged, written, report, tuple(problems), tuple(warnings))


def _told_apart(sheets: Sequence[LabelSheet], sources: Iterable[str | Path]) -> list[LabelSheet]:
    names = [sheet.name.casefold() for sheet in sheets]
    return [
        replace(sheet, name=str(source)) if names.count(sheet.name.casefold()) > 1 else sheet
        for sheet, source in zip(sheets, sources, strict=True)
    ]


def _exclusions(path: Path | None) -> tuple[Exclusion, ...]:
    """Raises LabelSheetError, also for a list with problems: a row that cannot be read excludes nothing."""
    if path is None:
        return ()
    reading = read_exclusions(path)
    if reading.problems:
        more = f" ({len(reading.problems) - 1} more)" if len(reading.problems) > 1 else ""
        raise LabelSheetError(f"Nothing was written: {reading.problems[0]}{more}")
    return reading.exclusions
