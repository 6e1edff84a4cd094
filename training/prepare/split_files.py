"""A clip or frame table divided by patient: `fold_k/{train,valid,test}.csv` and a manifest that says how."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from luv_viewer.io.byte_source import os_reason
from luv_viewer.io.whole_file import make_folder, write_whole
from training.prepare.errors import PrepareError
from training.prepare.split import Fold, PatientSplit, SplitRule, split_patients

MANIFEST_NAME = "split.json"
PATIENT = "PatientID"
LABEL_END = "_lbl"
SCORE = "Lung ultrasound score_lbl"
_FORMAT = "luv-split"
_VERSION = 1


@dataclass(frozen=True)
class RowTable:
    """A CSV as text. name: of its file. digest: SHA-256 (hex) of its bytes. rows: each as long as the header.

    Raises PrepareError where a column PatientID or a row's patient is missing.
    """

    name: str
    digest: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if PATIENT not in self.header:
            raise PrepareError(f"{self.name} has no column {PATIENT}; give a clip table or a frame table.")
        for number, row in enumerate(self.rows, start=2):
            if len(row) != len(self.header):
                raise PrepareError(
                    f"{self.name}, row {number}: {len(self.header)} cells were expected, {len(row)} found."
                )
            if not row[self.header.index(PATIENT)].strip():
                raise PrepareError(f"{self.name}, row {number}: the {PATIENT} is blank; whose row is it?")
        if not self.rows:
            raise PrepareError(f"{self.name} has no rows below its header.")

    @property
    def labels(self) -> tuple[str, ...]:
        """Columns that hold 1 for present and 0 for absent."""
        return tuple(name for name in self.header if name.endswith(LABEL_END) and name != SCORE)

    def patient_of(self, row: Sequence[str]) -> str:
        """Whose row it is."""
        return row[self.header.index(PATIENT)].strip()

    def patients(self) -> tuple[str, ...]:
        """In the order in which they first come."""
        return tuple(dict.fromkeys(map(self.patient_of, self.rows)))

    def of(self, patients: Iterable[str]) -> list[tuple[str, ...]]:
        """The rows of some patients, in order."""
        wanted = frozenset(patients)
        return [row for row in self.rows if self.patient_of(row) in wanted]

    def counts(self, patients: Iterable[str]) -> dict[str, int]:
        """Rows of some patients with each label present."""
        rows = self.of(patients)
        return {name: sum(_is_one(row[self.header.index(name)]) for row in rows) for name in self.labels}

    def bytes_of(self, patients: Iterable[str]) -> bytes:
        """Their rows as CSV, with the header."""
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.of(patients))
        return stream.getvalue().encode()


@dataclass(frozen=True)
class WrittenSplit:
    """manifest: its path. warnings: plain sentences, of parts in which a label never or always occurs."""

    split: PatientSplit
    manifest: Path
    warnings: tuple[str, ...]


def read_rows(path: Path) -> RowTable:
    """A table as text, cell for cell as it stands. Raises PrepareError."""
    try:
        data = path.read_bytes()
        records = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except OSError as error:
        raise PrepareError(f"{path} cannot be read: {os_reason(error)}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise PrepareError(f"{path.name} is no CSV file in UTF-8 ({error}).") from error
    header, *rows = records or [[]]
    return RowTable(
        path.name, hashlib.sha256(data).hexdigest(), tuple(header), tuple(tuple(row) for row in rows if row)
    )


def split_table(table: RowTable, rule: SplitRule, patients: Sequence[str] | None = None) -> PatientSplit:
    """Divide the patients of a table. patients: those of the sheet in its order, which may know some without rows.

    Raises PrepareError, also for a row of a patient that the sheet does not know.
    """
    order = table.patients() if patients is None else tuple(dict.fromkeys(patients))
    _check_known(table, order, "the sheet")
    by_label = {patient: tuple(table.counts([patient]).values()) for patient in order} if rule.is_stratified else {}
    if rule.is_stratified and not table.labels:
        raise PrepareError(f"{table.name} has no column that ends in {LABEL_END}, which a stratified split needs.")
    return split_patients(order, rule, by_label)


def write_split(folder: Path, table: RowTable, split: PatientSplit) -> WrittenSplit:
    """Write `fold_k/{train,valid,test}.csv` (k from 0) and the manifest, last, into `folder`.

    Raises PrepareError for a row of a patient that the split does not know, WriteError.
    """
    _check_known(table, split.patients, "the split")
    warnings: list[str] = []
    folds = []
    for k, fold in enumerate(split.folds):
        place = folder / f"fold_{k}"
        make_folder(place)
        for part, patients in fold.parts().items():
            write_whole(place / f"{part}.csv", table.bytes_of(patients))
        described, found = _described(table, fold, k)
        folds.append(described)
        warnings.extend(found)
    manifest = {
        "format": _FORMAT,
        "version": _VERSION,
        "rule": asdict(split.rule),
        "table": {"name": table.name, "sha256": table.digest, "rows": len(table.rows)},
        "split_sha256": split.digest,
        "folds": folds,
        "warnings": warnings,
    }
    path = folder / MANIFEST_NAME
    write_whole(path, (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())
    return WrittenSplit(split, path, tuple(warnings))


def read_manifest(path: Path) -> PatientSplit:
    """Who was where in an earlier split. Raises PrepareError when it is damaged or its lists were changed."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["format"] != _FORMAT or held["version"] != _VERSION:
            raise PrepareError(f"{path.name} is no split manifest of version {_VERSION}.")
        folds = tuple(
            Fold(*(_texts(fold["patients"][part]) for part in ("train", "valid", "test"))) for fold in held["folds"]
        )
        split = PatientSplit(SplitRule(**held["rule"]), folds)
        digest = held["split_sha256"]
    except OSError as error:
        raise PrepareError(f"{path} cannot be read: {os_reason(error)}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PrepareError(f"{path.name} is damaged and cannot be used; split again.") from error
    if split.digest != digest:
        raise PrepareError(f"{path.name} does not match its own checksum: its lists of patients were changed.")
    return split


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("expected a list of text")
    return tuple(values)


def _check_known(table: RowTable, known: Iterable[str], where: str) -> None:
    strangers = [patient for patient in table.patients() if patient not in frozenset(known)]
    if strangers:
        more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
        raise PrepareError(f"{table.name} has rows of patient {strangers[0]}{more}, whom {where} does not know.")


def _described(table: RowTable, fold: Fold, k: int) -> tuple[dict[str, Any], list[str]]:
    counts: dict[str, dict[str, int]] = {}
    warnings = []
    for part, patients in fold.parts().items():
        n = len(table.of(patients))
        found = table.counts(patients)
        counts[part] = {"patients": len(patients), "rows": n, **found}
        for name, count in found.items():
            if count in (0, n):
                says = "no row has" if count == 0 else "every row has"
                warnings.append(f"fold_{k}/{part}.csv: {says} {name.removesuffix(LABEL_END)}.")
    return {"patients": {part: list(who) for part, who in fold.parts().items()}, "counts": counts}, warnings


def _is_one(cell: str) -> bool:
    return cell.strip() in ("1", "1.0")
