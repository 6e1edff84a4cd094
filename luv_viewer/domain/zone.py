"""Lung zones: where on the chest a video was taken."""

from __future__ import annotations

import re

_POINT = re.compile(r"(?<![A-Za-z0-9])([LR])\s?([1-6])(?![0-9A-Za-z])", re.IGNORECASE)


def zone_from_text(text: str) -> str | None:
    """The zone named in a file name or series description, as side and point (`R2`), or None.

    Both the six BLUE points a side (1 to 3) and the 12-zone scheme (1 to 6) are written this way.

    >>> zone_from_text("patient_10_L1"), zone_from_text("Lung r 4 sitting"), zone_from_text("ULTRA12")
    ('L1', 'R4', None)
    """
    found = _POINT.search(text.replace("_", " "))
    return f"{found.group(1).upper()}{found.group(2)}" if found else None
