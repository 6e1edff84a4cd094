"""Videos that are not to be used, as data: which, why, and for which version of the labels (systems.md 1.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

EVERYWHERE = "all"
"""`applies_to` of an exclusion that holds whatever is made of the labels."""

VERSION_NAMES = {"version1": "and", "version2": "or"}
"""The published label versions and the merge modes that make them."""

APPLIES_TO = (EVERYWHERE, "and", "or", "adjudicated", "majority", *VERSION_NAMES)
"""What `applies_to` can say."""


@dataclass(frozen=True)
class Exclusion:
    """study_id: which row. reason: why, for people. applies_to: one of APPLIES_TO.

    Case, spaces, `-` and `_` do not matter in `applies_to`. Raises ValueError for another one, and where the study_id
    or the reason is blank.

    >>> Exclusion("0012_2", "no common frame", "Version 1").holds_for("and")
    True
    """

    study_id: str
    reason: str
    applies_to: str = EVERYWHERE

    def __post_init__(self) -> None:
        if not self.study_id.strip():
            raise ValueError("an exclusion needs a study_id such as 0012_2")
        if not self.reason.strip():
            raise ValueError("an exclusion needs a reason")
        if _plain(self.applies_to) not in APPLIES_TO:
            raise ValueError(f"an exclusion applies to {', '.join(APPLIES_TO)}, found {self.applies_to!r}")

    def holds_for(self, mode: str) -> bool:
        """True when it counts in a merge of that mode: `and`, `or`, `adjudicated`, `majority`."""
        applies_to = _plain(self.applies_to)
        return applies_to == EVERYWHERE or VERSION_NAMES.get(applies_to, applies_to) == mode


def excluded_for(exclusions: Iterable[Exclusion], mode: str) -> dict[str, str]:
    """Reasons by study_id for a merge mode, several of one row joined by `; `."""
    reasons: dict[str, list[str]] = {}
    for exclusion in exclusions:
        if exclusion.holds_for(mode):
            reasons.setdefault(exclusion.study_id, []).append(exclusion.reason)
    return {study_id: "; ".join(dict.fromkeys(found)) for study_id, found in reasons.items()}


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]", "", text).casefold()
