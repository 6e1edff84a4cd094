"""The lung-ultrasound score of a video: the reader's own, and the one its labels imply."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from luv_viewer.domain.pattern import Pattern

_GRADE = {
    Pattern.A_LINE: 0,
    Pattern.B_LINE: 1,
    Pattern.CONFLUENT_B_LINE: 2,
    Pattern.CONSOLIDATION: 3,
    Pattern.PLEURAL_EFFUSION: 3,
}
_FORM = re.compile(r"([0-3])(?:\.0+)?(?:_?([ce]{1,2}))?")


@dataclass(frozen=True)
class LusScore:
    """grade: 0 to 3. letters: subset of `ce` (consolidation, effusion), only with grade 3; "" where a sheet says 3.

    >>> LusScore.parse("3ce") == LusScore.parse(" 3_CE "), str(LusScore.parse("3_c")), LusScore.parse("2.0").grade
    (True, '3_c', 2)
    """

    grade: int
    letters: str = ""

    def __post_init__(self) -> None:
        if self.grade not in (0, 1, 2, 3) or self.letters not in ("", "c", "e", "ce"):
            raise ValueError(f"a LUS score is 0, 1, 2, 3_c, 3_e or 3_ce, got {self.grade} {self.letters!r}")
        if self.letters and self.grade != 3:
            raise ValueError(f"only score 3 has letters, got {self.grade}_{self.letters}")

    def __str__(self) -> str:
        return f"{self.grade}_{self.letters}" if self.letters else str(self.grade)

    @classmethod
    def parse(cls, text: str) -> LusScore:
        """From a sheet's cell (`0 1 2 3 3_c 3_e 3_ce 3ce`, also `2.0`). Raises ValueError."""
        found = _FORM.fullmatch(re.sub(r"\s", "", text).casefold())
        if found is None:
            raise ValueError(f"a LUS score is 0, 1, 2, 3_c, 3_e or 3_ce, got {text.strip()!r}")
        return cls(int(found.group(1)), "".join(sorted(found.group(2) or "")))


LUS_SCORES = tuple(map(LusScore.parse, ("0", "1", "2", "3_c", "3_e", "3_ce")))
"""What a reader can choose."""


def derived_grade(present: Iterable[Pattern]) -> int | None:
    """The largest grade of the patterns present: A-line 0, B-line 1, confluent 2, consolidation and effusion 3.

    None without any pattern: "no finding", written as 4 in the published tables only (systems.md 1.3).

    >>> derived_grade([Pattern.A_LINE, Pattern.CONFLUENT_B_LINE]), derived_grade([])
    (2, None)
    """
    return max((_GRADE[pattern] for pattern in present), default=None)
