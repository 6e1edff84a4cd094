"""The grammar of a labelling sheet's pattern columns (systems.md 1.2): a cell's frames, or what is wrong with it.

    cell := blank | item { "," item }      item := frame | frame sep frame      sep := "_" | "-"

Frames are 1-based and inclusive in the cell and half-open from 0 in what comes out. Nothing is guessed: whatever
could mean two things is refused with a sentence, and so is an empty place between commas, since a number may be lost.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal

from luv_viewer.domain.sheet_date import DateText, read_date_text, typed_as_date, typed_as_time
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet

CellValue = str | int | float | bool | datetime | date | time | timedelta | None
"""What a spreadsheet or CSV file holds in one cell."""

BeyondEnd = Literal["reject", "clip"]
"""What becomes of an interval that ends after the last frame."""

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212~\u223c\u301c"
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x3001: 0x2C}
_NUMBER = r"\d+(?:\.0+)?"
_ITEM = re.compile(rf"({_NUMBER})(?:\s*[_-]\s*({_NUMBER}))?", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+", re.ASCII)
_MAX_DIGITS = 7
_EXPECTED = "expected frame numbers such as 24_51 or 57, or an empty cell for absent"


@dataclass(frozen=True)
class CellReading:
    """frames: what the cell says; none when it has problems. warnings, problems: sentences without file and place."""

    frames: SpanSet = NO_FRAMES
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class _RefusedError(Exception):
    """str(error) says why an item cannot be read."""


def is_blank(value: CellValue) -> bool:
    """Empty, only spaces (of any kind), or not a number (how pandas writes an empty cell).

    >>> is_blank("   "), is_blank(float("nan")), is_blank("NaN"), is_blank(0)
    (True, True, True, False)
    """
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (
        isinstance(value, str) and value.strip(" \t\r\n\xa0\u3000\ufeff").casefold() in ("", "nan")
    )


def parse_cell(
    value: CellValue, *, n_frames: int | None = None, still: bool = False, beyond_end: BeyondEnd = "reject"
) -> CellReading:
    """Frames in which the pattern of this column is present.

    n_frames: of the video, None where unknown (the end is then not checked). still: the row is a single image, whose
    cell is `1` for present. beyond_end: `clip` cuts an interval at the last frame with a warning; one that lies wholly
    after it is refused all the same. Overlapping and adjacent intervals become one.

    >>> parse_cell("1_24, 44-100").frames.label, parse_cell(57.0).frames.label, parse_cell("  ").frames.label
    ('1_24, 44_100', '57', '')
    >>> parse_cell("24_1").problems
    ("found '24_1', an interval that ends before it starts; write 1_24 if that is meant.",)
    """
    limit = 1 if still else n_frames
    if isinstance(value, str):
        text = unwrapped(value.strip())
    elif value is None or is_blank(value):
        text = ""
    else:
        try:
            text = _number_text(value, limit)
        except _RefusedError as refused:
            return CellReading(problems=(str(refused),))
    return CellReading() if is_blank(text) else _parse_text(text, limit, still, beyond_end)


def shown(text: str) -> str:
    """A cell's text in quotes for a sentence, on one line, cut after 40 characters.

    >>> shown("a" * 50) == "'" + "a" * 40 + "...'"
    True
    """
    line = " ".join(text.split())
    return f"'{line[:40]}...'" if len(line) > 40 else f"'{line}'"


def unwrapped(text: str) -> str:
    """Without what keeps a spreadsheet program from changing the text: `="1_24"` or a leading apostrophe.

    >>> unwrapped('="1_24"'), unwrapped("'1_24"), unwrapped("=A1")
    ('1_24', '1_24', '=A1')
    """
    wrapped = re.fullmatch(r'=\s*"([^"]*)"', text)
    return wrapped.group(1).strip() if wrapped else text.removeprefix("'").strip()


def _number_text(value: int | float | datetime | date | time | timedelta, limit: int | None) -> str:
    if isinstance(value, bool):
        raise _RefusedError(f"found {str(value).upper()}; {_EXPECTED}; write the frames in which it is present.")
    if isinstance(value, datetime | date):
        raise _RefusedError(
            _changed(f"the date {value:%Y-%m-%d}", typed_as_date(value.year, value.month, value.day), limit)
        )
    if isinstance(value, time | timedelta):
        raise _RefusedError(_changed(f"the time {value}", typed_as_time(value), limit))
    if not math.isfinite(value):
        raise _RefusedError(f"found {value}; {_EXPECTED}.")
    return str(int(value)) if value == int(value) else repr(value)


def _changed(found: str, typed: tuple[tuple[int, int], ...], limit: int | None) -> str:
    """The sentence on a cell that the spreadsheet program turned into a date or time."""
    possible = [pair for pair in typed if 1 <= pair[0] <= pair[1] and (limit is None or pair[1] <= limit)]
    words = list(dict.fromkeys(f"{a}_{b}" if a != b else str(a) for a, b in possible))
    perhaps = f"perhaps {' or '.join(words)}" if words else "and what it was cannot be told"
    return (
        f"found {found}: the spreadsheet program changed what was typed, {perhaps}; format the column as text and type "
        "the frames again with _ between them."
    )


def _parse_text(text: str, limit: int | None, still: bool, beyond_end: BeyondEnd) -> CellReading:
    text, warnings = _plain(text)
    refusal = _refused_whole(text, limit)
    if refusal:
        return CellReading(problems=(refusal,))
    if still and re.fullmatch(r"0(?:\.0+)?", text):
        return CellReading(warnings=(*warnings, "found 0 in the row of a still image; it is read as absent."))
    spans, problems = [], []
    for item in text.split(","):
        try:
            span = _parse_item(item.strip())
            kept, warning = _within(span, limit, still, beyond_end, lone="," not in text)
        except _RefusedError as refused:
            problems.append(str(refused))
            continue
        spans.append(kept)
        warnings += warning
    if problems:
        return CellReading(warnings=warnings, problems=tuple(problems))
    return CellReading(SpanSet.union(spans), (*warnings, *_doubts(text, spans, limit)))


def _plain(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with ASCII digits, commas and separators, and a warning for each kind that was replaced."""
    warnings: list[str] = []
    ascii_text = text.translate(_FULL_WIDTH)
    if ascii_text != text:
        warnings.append(f"{shown(text)} has full-width characters; it is read as {shown(ascii_text)}.")
    joined = re.sub(f"[{_DASHES}]", "_", ascii_text)
    if joined != ascii_text:
        signs = " and ".join(dict.fromkeys(f"'{c}'" for c in ascii_text if c in _DASHES))
        warnings.append(f"{signs} between frame numbers is read as '_'; write {shown(joined)}.")
    return joined.replace("\xa0", " "), tuple(warnings)


def _refused_whole(text: str, limit: int | None) -> str | None:
    """What is wrong with the cell as a whole, whatever its items."""
    as_date: DateText | None = read_date_text(text)
    if as_date is not None:
        return _changed(f"the date {shown(text)}", as_date.typed, limit)
    if text.startswith("="):
        return (
            f"found the formula {shown(text)} without a value; open the file in the spreadsheet program, let it "
            "calculate, save, and try again."
        )
    if text.startswith("#"):
        return f"found the spreadsheet error {shown(text)}; correct the formula or type the frames."
    if ";" in text:
        return f"found {shown(text)}; intervals are separated by commas, not by semicolons; write a comma instead."
    if re.fullmatch(r"[_\-.?/xX]+|none|na|n/a|null|no|absent", text, re.IGNORECASE):
        return f"found {shown(text)}; leave the cell empty where the pattern is absent."
    return None


def _parse_item(item: str) -> Span:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise _RefusedError(_what_is_wrong(item))
    first, last = (part.split(".")[0].lstrip("0") or "0" for part in (found.group(1), found.group(2) or found.group(1)))
    if max(len(first), len(last)) > _MAX_DIGITS:
        raise _RefusedError(f"found {shown(item)}, a frame number with more than {_MAX_DIGITS} digits; correct it.")
    start, stop = int(first), int(last)
    if start == 0 or stop == 0:
        raise _RefusedError(f"found {shown(item)}; frames are counted from 1, there is no frame 0; correct the number.")
    if start > stop:
        raise _RefusedError(
            f"found {shown(item)}, an interval that ends before it starts; write {stop}_{start} if that is meant."
        )
    return Span(start - 1, stop)


def _what_is_wrong(item: str) -> str:
    parts = [part.strip() for part in re.split(r"[_-]", item)]
    whole = [re.fullmatch(_NUMBER, part, re.ASCII) is not None for part in parts]
    if not item:
        return "found nothing between two commas or at the end of the list; a number may be missing: correct the list."
    if len(parts) > 2 and all(whole):
        return f"found {shown(item)}, which has {len(parts)} numbers; an interval has two, as in 24_51: use commas."
    if re.fullmatch(r"-\s*\d+(?:\.\d+)?(?:[_-]\d+)?", item, re.ASCII):
        return f"found {shown(item)}, a negative number or an interval without its first frame; write it as 24_51."
    if len(parts) == 2 and "" in parts and any(whole):
        missing = "first" if not parts[0] else "last"
        return f"found {shown(item)}, an interval without its {missing} frame; write it as 24_51."
    if any(re.fullmatch(r"\d+\.\d+", part, re.ASCII) and not ok for part, ok in zip(parts, whole, strict=True)):
        return (
            f"found {shown(item)}; frame numbers are whole; if two frames were typed with a comma between them, format "
            "the column as text and type them again."
        )
    if re.fullmatch(r"[\d\s]+(?:[_-][\d\s]+)?", item, re.ASCII):
        return (
            f"found {shown(item)}, two numbers with only a space between them; join them by _ or part them by a comma."
        )
    if re.fullmatch(r"\d+\s*(?:/|:|\.\.+|to|bis|until)\s*\d+", item, re.ASCII | re.IGNORECASE):
        first, last = re.findall(r"\d+", item)
        return f"found {shown(item)}; the frames of an interval are joined by _; write {first}_{last} if that is meant."
    return f"found {shown(item)}; {_EXPECTED}; correct the cell."


def _within(
    span: Span, limit: int | None, still: bool, beyond_end: BeyondEnd, lone: bool
) -> tuple[Span, tuple[str, ...]]:
    """The span as it can be used in the video, and a warning where that is not the whole of it."""
    if limit is None or span.stop <= limit:
        return span, ()
    text = span.label if len(span) > 1 else str(span.stop)
    if still:
        raise _RefusedError(f"found '{text}' in the row of a still image; write 1 for present or leave the cell empty.")
    if beyond_end == "clip" and span.start < limit:
        return Span(span.start, limit), (
            f"'{text}' ends after frame {limit}, the last one; it is read as {Span(span.start, limit).label}.",
        )
    where = "lies wholly after" if span.start >= limit else "ends after"
    hint = _comma_hint(span.stop) if lone and len(span) == 1 else ""
    raise _RefusedError(
        f"found '{text}', which {where} frame {limit}, the last one of the video; correct the numbers{hint}."
    )


def _comma_hint(number: int) -> str:
    """What a number of four digits or more may have been before a comma was taken for a thousands separator."""
    if number < 1000:
        return ""
    return f"; if '{number:,}' was typed, the spreadsheet program took the comma for a thousands separator"


def _doubts(text: str, spans: list[Span], limit: int | None) -> tuple[str, ...]:
    """Warnings on cells that can be read but may not say what was meant."""
    doubts: list[str] = []
    if _THOUSANDS.fullmatch(text):
        number = text.replace(",", "")
        doubts.append(f"'{text}' is read as the frames {text.replace(',', ', ')}, not as the number {number}.")
    if limit is None and len(spans) == 1 and "," not in text and len(spans[0]) == 1 and spans[0].stop >= 1000:
        doubts.append(f"'{text}' is read as one frame{_comma_hint(spans[0].stop)}.")
    ordered = sorted(spans)
    if any(after.start < before.stop for before, after in pairwise(ordered)):
        doubts.append(f"the intervals of {shown(text)} overlap; they are read as {shown(SpanSet.union(spans).label)}.")
    return tuple(doubts)
