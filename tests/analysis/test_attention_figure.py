from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from luv_viewer.analysis.attention_figure import attention_figure, attention_png
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from tests.analysis.builders_prediction import prediction, speckle_cine


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def _curve_axes(figure: Figure) -> list:
    return [axes for axes in figure.axes if axes.lines]


def test_every_pattern_has_its_curve_top_frames_and_pictures() -> None:
    made = prediction(62)
    figure = attention_figure("R2", speckle_cine(62), made)
    texts = _texts(figure)
    for row, pattern in enumerate(NETWORK_PATTERNS):
        assert f"Scaled Attention Scores for {pattern.value}" in texts
        axes = _curve_axes(figure)[row]
        x, y = axes.lines[0].get_data()
        np.testing.assert_array_equal(x, np.arange(1, 63))
        np.testing.assert_array_equal(y, made.frame_attention[:, row])
        dots = axes.collections[0].get_offsets()
        np.testing.assert_array_equal(dots[:, 0], [f + 1 for f in made.top_frames[row]])
        for letter, frame in zip("ABC", made.top_frames[row], strict=True):
            assert f"({letter}) frame {frame + 1}" in texts
    pictures = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    shown = [frame for frames in made.top_frames for frame in frames]
    assert len(pictures) == 12
    for picture, frame in zip(pictures, shown, strict=True):
        np.testing.assert_array_equal(picture, speckle_cine(62).frame(frame))


def test_it_says_who_made_it_and_what_for() -> None:
    texts = " | ".join(_texts(attention_figure("R2", speckle_cine(62), prediction(62))))
    for part in ("R2", "62 frames", "Research use only. Not for diagnosis.", "tiny 0123456789ab", "cpu", "fp32"):
        assert part in texts


def test_a_pattern_below_its_threshold_is_dimmed_and_says_so() -> None:
    made = prediction(20, seed=4)
    assert made.present.any()
    assert not made.present.all()
    figure = attention_figure("x", speckle_cine(20), made)
    for row, axes in enumerate(_curve_axes(figure)):
        verdict = "present" if made.present[row] else "below threshold"
        assert any(text.get_text().endswith(f": {verdict}") for text in axes.texts)
        assert (axes.lines[0].get_alpha() == 1.0) == made.present[row]


def test_constant_attention_is_said_in_words() -> None:
    figure = attention_figure("x", speckle_cine(40), prediction(40, constant=(2,)))
    flagged = [any("same on every frame" in t.get_text() for t in axes.texts) for axes in _curve_axes(figure)]
    assert flagged == [False, False, True, False]
    dotted = [bool(axes.collections) for axes in _curve_axes(figure)]
    assert dotted == [True, True, False, True]
    assert sum("frame " in axes.get_title() for axes in figure.axes) == 9


def test_a_still_has_nothing_to_compare() -> None:
    texts = _texts(attention_figure("x", speckle_cine(1), prediction(1, constant=(0, 1, 2, 3))))
    assert texts.count("one frame: nothing to compare") == 4
    assert "x   1 frame" in texts


def test_ground_truth_is_a_dashed_line_of_0_and_1() -> None:
    truth = {Pattern.B_LINE: [Span(3, 10), Span(12, 13)]}
    axes = _curve_axes(attention_figure("x", speckle_cine(30), prediction(30), truth))[1]
    line = next(line for line in axes.lines if line.get_label() == "ground truth")
    assert line.get_linestyle() == "--"
    assert np.flatnonzero(line.get_ydata()).tolist() == [3, 4, 5, 6, 7, 8, 9, 12]


@pytest.mark.parametrize("n_frames", [1, 2, 3, 7, 62])
def test_no_two_letters_overlap_and_nothing_leaves_the_page(n_frames: int) -> None:
    figure = attention_figure("x" * 300, speckle_cine(n_frames), prediction(n_frames, constant=(0,)))
    figure.canvas.draw()
    page = figure.bbox
    for text in figure.findobj(Text):
        if text.get_text() and text.get_visible():
            box = text.get_window_extent()
            assert box.x0 >= page.x0, text
            assert box.x1 <= page.x1, text
            assert box.y0 >= page.y0, text
            assert box.y1 <= page.y1, text
    for axes in _curve_axes(figure):
        boxes = [t.get_window_extent() for t in axes.texts if t.get_text() in "ABC"]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


@pytest.mark.parametrize("name", ["cost $5 and $6", "\u80ba\u8d85\u97f3\u6ce2", "a_{b}^c \\frac", "tab\there"])
def test_any_name_can_be_drawn(name: str) -> None:
    png = attention_png(name, speckle_cine(8), prediction(8))
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        assert image.width > 1000
        assert image.height > 1000


def test_threads_draw_the_same_picture() -> None:
    cine, made = speckle_cine(30), prediction(30)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: attention_png("x", cine, made), range(2))
    assert one == other
