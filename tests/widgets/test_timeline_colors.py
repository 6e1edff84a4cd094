"""Every text colour can be read on every surface it stands on."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from luv_viewer.domain.pattern import Pattern
from luv_viewer.widgets.colors import DARK, LIGHT, Theme


def contrast(first: str, second: str) -> float:
    """WCAG 2.2 contrast ratio of two opaque colours."""

    def luminance(color: str) -> float:
        parts = (QColor(color).redF(), QColor(color).greenF(), QColor(color).blueF())
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_ratio_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("surface", ["background", "panel", "line"])
@pytest.mark.parametrize("text", ["text", "muted"])
def test_text_stands_out_from_every_surface(theme: Theme, surface: str, text: str) -> None:
    assert contrast(getattr(theme, text), getattr(theme, surface)) >= 4.5


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_links_truth_labels_handles_and_chips_can_be_read(theme: Theme) -> None:
    assert contrast(theme.accent, theme.background) >= 4.5
    assert contrast(theme.accent, theme.panel) >= 4.5
    assert contrast(theme.other_sheet, theme.background) >= 4.5
    assert contrast(theme.other_sheet, theme.panel) >= 4.5
    assert contrast(theme.accent_text, theme.accent) >= 4.5
    assert all(contrast(theme.background, theme.patterns[pattern]) >= 4.5 for pattern in Pattern)
