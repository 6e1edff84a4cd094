"""Sheets without what tells who a patient is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.reader_file import SheetKey


def running_numbers(keys: Iterable[SheetKey]) -> dict[str, str]:
    """PatientIDs to "1", "2" ... in the order in which they come.

    >>> running_numbers([SheetKey("P-77", 1), SheetKey("P-12", 1), SheetKey("P-77", 2)])
    {'P-77': '1', 'P-12': '2'}
    """
    numbers: dict[str, str] = {}
    for key in keys:
        numbers.setdefault(key.patient_id, str(len(numbers) + 1))
    return numbers


def without_identifiers(sheet: LabelSheet, known: Iterable[SheetKey] = ()) -> LabelSheet:
    """With a running number for each PatientID, no StudyDate, no SOP Instance UID, and no column of unknown content.

    known: rows of all videos of the project, in order: a patient has the same number in the sheets of all its readers.
    Digests of files stay as video_id.
    """
    numbers = running_numbers((*known, *(row.key for row in sheet.rows)))
    rows = tuple(
        replace(
            row,
            key=replace(row.key, patient_id=numbers[row.key.patient_id], study_date=""),
            video_id=row.video_id if row.video_id.startswith("sha256:") else "",
            extra={},
        )
        for row in sheet.rows
    )
    return LabelSheet(sheet.name, rows)
