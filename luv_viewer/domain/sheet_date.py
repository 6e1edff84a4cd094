"""What a spreadsheet program made of a typed interval: `1-24` becomes a date, `1:24` a time.

The functions tell which two numbers may have been typed, as (first, last), the likelier ones first; pairs that make no
interval are for the caller to leave out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time, timedelta

Typed = tuple[tuple[int, int], ...]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar",
            "feb february februar",
            "mar march mrz mär märz",
            "apr april",
            "may mai",
            "jun june juni",
            "jul july juli",
            "aug august",
            "sep sept september",
            "oct october okt oktober",
            "nov november",
            "dec december dez dezember",
        ),
        start=1,
    )
    for name in names.split()
}
_SEP = r"[\s./-]+"
_DAY_MONTH = re.compile(rf"(\d{{1,2}}){_SEP}([^\W\d_]{{3,9}})(?:{_SEP}(\d{{2}}|\d{{4}}))?", re.IGNORECASE)
_MONTH_NUMBER = re.compile(rf"([^\W\d_]{{3,9}}){_SEP}(\d{{4}}|\d{{1,2}})", re.IGNORECASE)
_ISO = re.compile(r"((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?", re.ASCII)
_NUMBERS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.]((?:19|20)\d\d)(?: \d{1,2}:\d\d(?::\d\d)?)?", re.ASCII)


@dataclass(frozen=True)
class DateText:
    """A text that is a date. typed: the pairs it may have been."""

    typed: Typed


def typed_as_date(year: int, month: int, day: int) -> Typed:
    """Pairs from which a spreadsheet program makes this date.

    `10-22` becomes 22 October of this year, `1-92` January 1992, and the number 24 in a cell formatted as a date
    24 January 1900.

    >>> typed_as_date(2026, 10, 22)[0], typed_as_date(1992, 1, 1)[0], typed_as_date(1900, 1, 24)
    ((10, 22), (1, 92), ((24, 24),))
    """
    if year <= 1900:
        # Serial numbers count 29 February 1900, a day that never was.
        serial = (date(year, month, day) - date(1899, 12, 31)).days
        serial += (year, month) > (1900, 2)
        return ((serial, serial),)
    with_year = ((month, year % 100),) if day == 1 else ()
    return (*with_year, (month, day), (day, month))


def typed_as_time(value: time | timedelta) -> Typed:
    """The pair `1:24` was typed as.

    >>> typed_as_time(time(1, 24)), typed_as_time(timedelta(hours=44, minutes=50))
    (((1, 24),), ((44, 50),))
    """
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds() // 60)
        return (divmod(minutes, 60),)
    return ((value.hour, value.minute),)


def read_date_text(text: str) -> DateText | None:
    """A text such as `24-Jan`, `Jan-92`, `2026-01-24` or `1/24/2026`; None for any other.

    >>> read_date_text("24-Jan").typed, read_date_text("1_24"), read_date_text("1-24")
    (((1, 24), (24, 1)), None, None)
    """
    if found := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
        return DateText(typed_as_date(year, month, day)) if _is_date(year, month, day) else None
    if found := _NUMBERS.fullmatch(text):
        a, b, year = (int(part) for part in found.groups())
        pairs = [typed_as_date(year, m, d) for m, d in ((a, b), (b, a)) if _is_date(year, m, d)]
        return DateText(tuple(pair for typed in pairs for pair in typed)) if pairs else None
    if (found := _DAY_MONTH.fullmatch(text)) and (month := _MONTHS.get(found.group(2).casefold(), 0)):
        day = int(found.group(1))
        return DateText(((month, day), (day, month)))
    if (found := _MONTH_NUMBER.fullmatch(text)) and (month := _MONTHS.get(found.group(1).casefold(), 0)):
        number = int(found.group(2)) % 100
        return DateText(((month, number), (number, month)))
    return None


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
