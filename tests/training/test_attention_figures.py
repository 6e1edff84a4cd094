"""Figures of attention on clips: what they draw, read from the figures themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from luv_viewer import RESEARCH_USE
from luv_viewer.domain.span import Span
from luv_viewer.io import StudyError, open_study
from tests.training import builders_attention as made
from tests.training.prepare.builders_prepare import grey
from training.evaluate.attention_example import ClipCine, Example, find_cine
from training.evaluate.attention_figures import figure_png, heads_figure, raw_figure, scaled_figure, sheet_figure
from training.prepare.coding import coded_video

VIDEO = "90000001_00002"
SPAN = Span(4, 24)


def _example(**changes: object) -> Example:
    raw = np.random.default_rng(3).random((4, len(SPAN), 2)) + 0.05
    truth = {name: np.zeros(len(SPAN)) for name in made.PATTERNS}
    truth["A-line"][[2, 3, 4, 9]] = 1
    return replace(Example(made.clip(VIDEO, SPAN, raw), truth, {"A-line": "median of A-line"}), **changes)


@pytest.fixture
def cine(tmp_path: Path) -> ClipCine:
    (tmp_path / "90000001").mkdir()
    frames = grey(30, size_px=(40, 48))
    (tmp_path / "90000001" / "00002.mkv").write_bytes(coded_video(frames, 30.0))
    found = find_cine(tmp_path, _example().clip)
    assert found is not None
    return found


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def _panels(figure: Figure) -> list:
    return [axes for axes in figure.axes if axes.lines]


def test_the_scaled_figure_has_curve_truth_and_top_frames(cine: ClipCine) -> None:
    example = _example(cine=cine)
    figure = scaled_figure([(example, "A-line"), (example, "B-line")], "tiny")
    texts = _texts(figure)
    summed = example.clip.attention.sum(axis=2)[0, : len(SPAN)]
    expected = (summed - summed.min()) / (summed.max() - summed.min())
    panel = _panels(figure)[0]
    curve, truth = panel.lines
    np.testing.assert_allclose(curve.get_ydata(), expected)
    np.testing.assert_array_equal(curve.get_xdata(), np.arange(1, 21))
    assert (curve.get_color(), truth.get_linestyle()) == ("#F28E1C", "--")
    assert (np.flatnonzero(truth.get_ydata()) + 1).tolist() == [3, 4, 5, 10]
    best = np.argsort(-summed, kind="stable")[:3]
    dots = panel.collections[0]
    assert dots.get_offsets()[:, 0].tolist() == (best + 1).tolist()
    np.testing.assert_allclose(dots.get_edgecolor()[0], (0, 0, 0, 1))
    legend = [text.get_text() for text in panel.get_legend().get_texts()]
    assert legend == ["scaled attention", "ground truth", "top-3 frames"]
    assert panel.get_xlim()[1] > 30
    assert "Scaled Attention Scores for A-line" in texts
    assert f"{VIDEO}_5_24, median of A-line" in texts
    assert RESEARCH_USE in texts
    assert next(text for text in texts if text.startswith("(A) frame ")) == f"(A) frame {best[0] + 1}"
    pictures = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    video = cine.video
    np.testing.assert_array_equal(pictures[0], video.frame(SPAN.start + int(best[0])))
    assert len(pictures) == 6


def test_nothing_leaves_the_page_however_long_names_are(cine: ClipCine) -> None:
    heading = "a_very_long_name_of_a_clip_" * 8
    example = _example(cine=cine)
    example = replace(example, clip=replace(example.clip, clip_id=heading))
    made_figures = [
        raw_figure(example, heading),
        heads_figure(example, heading),
        sheet_figure(example, heading, 2),
        scaled_figure([(example, "A-line")], heading),
        scaled_figure([(_example(), "A-line")], heading),
    ]
    for figure in made_figures:
        figure_png(figure)
        for text in figure.findobj(Text):
            if text.get_text() and text.get_visible():
                box = text.get_window_extent()
                assert box.x0 >= 0, text
                assert box.x1 <= figure.bbox.x1, text
                assert box.y1 <= figure.bbox.y1, text


def test_without_pictures_there_are_curves_alone() -> None:
    figure = scaled_figure([(_example(), "A-line")], "tiny")
    assert len(figure.axes) == 1
    assert figure_png(figure).startswith(b"\x89PNG")


def test_the_sheet_has_each_patterns_own_scores(cine: ClipCine) -> None:
    example = _example(cine=cine)
    figure = sheet_figure(example, "tiny", 5)
    titles = [axes.get_title() for axes in figure.axes]
    for row, name in enumerate(made.PATTERNS):
        summed = example.clip.attention.sum(axis=2)[row, : len(SPAN)]
        scaled = (summed - summed.min()) / (summed.max() - summed.min())
        order = np.argsort(-summed, kind="stable")[:5]
        expected = [
            f"{rank}. frame {frame + 1}: {scaled[frame]:.2f}\n(raw {summed[frame] / 2:.4f})"
            for rank, frame in enumerate(order, start=1)
        ]
        assert titles[5 * row : 5 * row + 5] == expected, name
    figure.canvas.draw()
    boxes = [axes.title.get_window_extent() for axes in figure.axes]
    pictures = [axes.get_window_extent() for axes in figure.axes]
    assert not any(box.overlaps(picture) for box in boxes for picture in pictures)


def test_constant_attention_has_no_top_frames_and_says_so(cine: ClipCine) -> None:
    flat = made.clip(VIDEO, SPAN, np.ones((4, len(SPAN), 2)))
    example = _example(clip=flat, cine=cine)
    figure = scaled_figure([(example, "A-line")], "tiny")
    panel = _panels(figure)[0]
    assert not panel.collections
    assert not panel.lines[0].get_ydata().any()
    assert "attention is the same on every frame" in _texts(figure)
    assert not any(axes.images for axes in sheet_figure(example, "tiny", 5).axes)


def test_raw_curves_are_means_over_heads_and_heads_are_their_own() -> None:
    example = _example()
    panels = [axes for axes in raw_figure(example, "tiny").axes if axes.lines]
    assert len(panels) == 4
    for panel, values in zip(panels, example.clip.attention, strict=True):
        np.testing.assert_allclose(panel.lines[0].get_ydata(), values.mean(axis=1)[: len(SPAN)])
    assert len(panels[0].patches) == 2
    figure = heads_figure(example, "tiny")
    for panel, values in zip(figure.axes, example.clip.attention, strict=True):
        np.testing.assert_allclose([line.get_ydata() for line in panel.lines], values[: len(SPAN)].T)
    summed = replace(example.clip, attention=example.clip.attention.sum(axis=2, keepdims=True), has_heads=False)
    assert any("sum over heads" in text for text in _texts(raw_figure(replace(example, clip=summed), "tiny")))
    with pytest.raises(ValueError, match="is a sum over heads"):
        heads_figure(replace(example, clip=summed), "tiny")
    with pytest.raises(ValueError, match="no pictures"):
        sheet_figure(example, "tiny", 5)


def test_pictures_are_found_as_clip_and_as_video(tmp_path: Path, cine: ClipCine) -> None:
    clip = _example().clip
    assert cine.first == SPAN.start
    assert find_cine(tmp_path / "elsewhere", clip) is None
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / f"{clip.clip_id}.mkv").write_bytes(coded_video(grey(30, seed=5, size_px=(40, 48)), 30.0))
    found = find_cine(tmp_path, clip)
    assert found is not None
    assert found.first == 0
    np.testing.assert_array_equal(found.frame(3), open_study(tmp_path / "clips").videos[0].frame(3))
    (tmp_path / "clips" / f"{clip.clip_id}.mkv").write_bytes(b"nothing")
    with pytest.raises(StudyError):
        find_cine(tmp_path, clip)
