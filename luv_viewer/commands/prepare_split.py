"""`luv prepare split`: a table divided by patient."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.labels_input import InputOptions, load_all, status_of
from luv_viewer.commands.table import as_table, counted
from training.prepare.split import rule_of
from training.prepare.split_files import RowTable, WrittenSplit, read_manifest, read_rows, split_table, write_split


@one_sentence
def split(
    table: Path, folder: Path, *, sheet: Path | None, manifest: Path | None, rule: tuple[str, Mapping[str, object]]
) -> int:
    """Divide and write. rule: name of a preset and what is to be different. Returns 1 for problems in the sheet."""
    rows = read_rows(table)
    status, patients = 0, None
    if manifest is not None:
        divided = read_manifest(manifest)
    else:
        if sheet is not None:
            loaded = load_all([sheet], InputOptions())
            patients, status = [row.key.patient_id for row in loaded[0].sheet.rows], status_of(loaded)
        preset, changes = rule
        divided = split_table(rows, rule_of(preset, **changes), patients)
    _tell(write_split(folder, rows, divided), rows)
    return status


def _tell(written: WrittenSplit, rows: RowTable) -> None:
    for warning in written.warnings:
        say(f"warning: {warning}")
    lines: list[tuple[str, ...]] = [("", "train", "valid", "test")]
    for k, fold in enumerate(written.split.folds):
        lines.append((f"fold_{k}", *(f"{len(rows.of(who))} rows of {len(who)}" for who in fold.parts().values())))
    click.echo("\n".join(as_table(lines)))
    rule = written.split.rule
    click.echo(
        f"{written.manifest}: {counted(len(written.split.patients), 'patient')}, preset {rule.preset}, {rule.scheme}, "
        f"seed {rule.seed}."
    )
