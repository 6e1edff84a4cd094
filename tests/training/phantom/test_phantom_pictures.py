"""The sheet of pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from luv_viewer.domain.pattern import TRACK_PATTERNS
from training.phantom.pictures import EXAMPLES, Example, contact_sheet, main


def test_every_pattern_has_a_picture_and_the_file_is_the_sheet(tmp_path: Path) -> None:
    assert main([str(tmp_path / "a.png")]) == 0
    stored = cv2.imread(str(tmp_path / "a.png"))[:, :, ::-1]
    sheet = contact_sheet()
    assert (stored == sheet).all()
    rows = -(-len(EXAMPLES) // 4)
    height, width = sheet.shape[0] // rows, sheet.shape[1] // 4
    for number in range(len(EXAMPLES)):
        row, column = divmod(number, 4)
        tile = sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]
        assert tile.std() > 20


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.caption)
def test_a_picture_is_of_a_frame_with_its_pattern(example: Example) -> None:
    assert example.index in example.scene.frames(example.pattern)


def test_all_patterns_are_shown() -> None:
    assert {example.pattern for example in EXAMPLES} == set(TRACK_PATTERNS)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none" / "a.png")]) == 1
    assert "cannot be written" in capsys.readouterr().err
