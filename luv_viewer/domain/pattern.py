"""The lung-ultrasound patterns a reader marks and LUV-Net scores."""

from __future__ import annotations

from enum import Enum


class Pattern(Enum):
    """One finding; the value is the column name used in sheets and result files.

    >>> Pattern.B_LINE.value, Pattern.B_LINE.short
    ('B-line', 'B')
    >>> Pattern("Pleural effusion").plural
    'Pleural effusion'
    """

    A_LINE = "A-line"
    B_LINE = "B-line"
    CONFLUENT_B_LINE = "Confluent B-line"
    CONSOLIDATION = "Consolidation"
    PLEURAL_EFFUSION = "Pleural effusion"

    @property
    def short(self) -> str:
        """One or two letters for chips and narrow lanes."""
        return _SHORT[self]

    @property
    def plural(self) -> str:
        """The name as a heading on screen."""
        return _PLURAL[self]


_SHORT = {
    Pattern.A_LINE: "A",
    Pattern.B_LINE: "B",
    Pattern.CONFLUENT_B_LINE: "CB",
    Pattern.CONSOLIDATION: "C",
    Pattern.PLEURAL_EFFUSION: "E",
}
_PLURAL = {
    Pattern.A_LINE: "A-lines",
    Pattern.B_LINE: "B-lines",
    Pattern.CONFLUENT_B_LINE: "Confluent B-lines",
    Pattern.CONSOLIDATION: "Consolidation",
    Pattern.PLEURAL_EFFUSION: "Pleural effusion",
}

NETWORK_PATTERNS = (Pattern.A_LINE, Pattern.B_LINE, Pattern.CONSOLIDATION, Pattern.PLEURAL_EFFUSION)
"""LUV-Net's outputs in order; its B-line means B-line or confluent B-line (systems: "total-B-line")."""

TRACK_PATTERNS = tuple(Pattern)
"""What readers label, in the order of the sheets' columns."""
