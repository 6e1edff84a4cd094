"""The columns of a labelling sheet other than the pattern columns, cell by cell (systems.md 1.1, 1.3).

Every function takes a cell as the file holds it and raises FieldError for one that cannot be read.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from luv_viewer.domain.lus_score import LusScore
from luv_viewer.domain.sheet_cell import CellValue, is_blank, shown, unwrapped

_YES = frozenset({"1", "true", "yes", "y"})
_NO = frozenset({"0", "false", "no", "n"})


class FieldError(ValueError):
    """A cell cannot be read; str(error) is a sentence without file, row and column."""


def cell_text(value: CellValue) -> str:
    """The cell as text: whole floats without their `.0`, dates as YYYY-MM-DD, blank as "".

    >>> cell_text(12345678.0), cell_text(" 0012 "), cell_text(float("nan")), cell_text('="0012"')
    ('12345678', '0012', '', '0012')
    """
    if is_blank(value):
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        return f"{value:%Y-%m-%d}"
    text = str(value).strip()
    return "" if is_blank(unwrapped(text)) else unwrapped(text)


def patient_id(value: CellValue) -> str:
    """PatientID as text, its leading zeros kept; `12345678.0` is what pandas makes of a number.

    >>> patient_id("0012"), patient_id(12345678.0), patient_id("12345678.0")
    ('0012', '12345678', '12345678')
    """
    text = cell_text(value)
    if not text:
        raise FieldError("the cell is empty; every row needs its patient: write the PatientID or delete the row.")
    if isinstance(value, bool | date):
        raise FieldError(
            f"found {shown(text)}: the spreadsheet program changed the PatientID; format the column as text and type "
            "it again."
        )
    _no_error(text)
    if re.fullmatch(r"\d(?:[.,]\d+)?E\+?\d+", text, re.IGNORECASE | re.ASCII):
        raise FieldError(
            f"found {shown(text)}: the spreadsheet program shortened the PatientID and its last digits are lost; "
            "format the column as text and type it again."
        )
    return re.sub(r"^(\d+)\.0+$", r"\1", text)


def data_idx(value: CellValue) -> int:
    """Data_idx, a whole number from 0.

    >>> data_idx("00002"), data_idx(2.0)
    (2, 2)
    """
    text = cell_text(value)
    found = re.fullmatch(r"(\d{1,9})(?:\.0+)?", text, re.ASCII)
    if found is None or isinstance(value, bool):
        what = f"found {shown(text)}" if text else "the cell is empty"
        raise FieldError(f"{what}; expected the number of the file within its patient, such as 2.")
    return int(found.group(1))


def study_date(value: CellValue) -> str:
    """StudyDate as YYYYMMDD, "" for blank; spreadsheet dates and `2024-01-31` are understood.

    >>> study_date(20240131.0), study_date(datetime(2024, 1, 31)), study_date(None)
    ('20240131', '20240131', '')
    """
    if isinstance(value, date):
        return f"{value:%Y%m%d}"
    text = cell_text(value)
    if not text:
        return ""
    found = re.fullmatch(r"(\d{4})(-?)(\d\d)\2(\d\d)(?:[ T]00:00:00|\.0)?", text, re.ASCII)
    if found is not None:
        year, month, day = (int(found.group(i)) for i in (1, 3, 4))
        try:
            return f"{date(year, month, day):%Y%m%d}".zfill(8)
        except ValueError:
            pass
    raise FieldError(f"found {shown(text)}; expected a date as YYYYMMDD, such as 20240131, or an empty cell.")


def data_type(value: CellValue) -> str:
    """`video` or `image`, whatever the case of its letters."""
    text = cell_text(value)
    if text.casefold() not in ("video", "image"):
        what = f"found {shown(text)}" if text else "the cell is empty"
        raise FieldError(f"{what}; expected video or image.")
    return text.casefold()


def mark(value: CellValue) -> bool | None:
    """1 or 0, None for blank; TRUE, yes, FALSE and no mean the same.

    >>> mark(1.0), mark("0"), mark("  "), mark("Yes")
    (True, False, None, True)
    """
    text = re.sub(r"^([01])\.0+$", r"\1", cell_text(value)).casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    if not text:
        return None
    raise FieldError(f"found {shown(text)}; expected 1 (yes), 0 (no) or an empty cell (unknown).")


def lus_score(value: CellValue) -> LusScore | None:
    """A LUS score, None for blank. 4 is the clip tables' mark for "no finding" and no score.

    >>> str(lus_score("3CE")), str(lus_score(2.0)), lus_score(" ")
    ('3_ce', '2', None)
    """
    text = cell_text(value)
    if not text:
        return None
    if re.fullmatch(r"4(?:\.0+)?", text):
        raise FieldError("found 4, the mark for no finding in clip tables and no score; leave the cell empty.")
    try:
        return LusScore.parse(text)
    except ValueError:
        raise FieldError(
            f"found {shown(text)}; expected a LUS score: 0, 1, 2, 3_c, 3_e, 3_ce or an empty cell."
        ) from None


def _no_error(text: str) -> None:
    if text.startswith(("=", "#")):
        raise FieldError(f"found {shown(text)}, a formula without a value or an error; type the value.")
