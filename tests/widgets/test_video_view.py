"""The cine widget: where pixels land, window and level, ruler and measurement."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from luv_viewer.session import WindowLevel
from luv_viewer.widgets.overlays import Measurement, ruler_ticks
from luv_viewer.widgets.video_view import VideoView, grey_table


@pytest.fixture
def view(qtbot: QtBot) -> VideoView:
    view = VideoView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.set_video((10, 5, 90, 55), (0.2, 0.4))
    frame = np.zeros((60, 100, 3), np.uint8)
    frame[20:30, 40:50] = (200, 100, 50)
    view.set_picture(frame, 0, None)
    view.show()
    qtbot.waitExposed(view)
    return view


def test_fit_shows_the_whole_frame_as_large_as_it_can_be(view: VideoView) -> None:
    assert view.zoom == 4.0
    image = view.grab().toImage()
    inside, outside = image.pixelColor(180, 130), image.pixelColor(180, 60)
    assert (inside.red(), inside.green(), inside.blue()) == (200, 100, 50)
    assert outside.red() == 0


@given(x=st.floats(20, 380), y=st.floats(50, 250), factor=st.floats(1.1, 8))
def test_zooming_keeps_the_pixel_under_the_pointer(x: float, y: float, factor: float) -> None:
    view = VideoView()
    view.resize(400, 300)
    view.set_picture(np.zeros((60, 100, 3), np.uint8), 0, None)
    before = view.to_image(QPointF(x, y))
    view.zoom_by(factor, QPointF(x, y))
    after = view.to_image(QPointF(x, y))
    assert after.x() == pytest.approx(before.x(), abs=1e-6)
    assert after.y() == pytest.approx(before.y(), abs=1e-6)
    view.fit()
    assert view.zoom == 4.0
    view.deleteLater()


def test_drag_pans_and_double_click_fits(view: VideoView) -> None:
    view.zoom_by(4)
    before = view.to_image(QPointF(200, 150))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    QTest.mouseMove(view, QPoint(240, 150))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(240, 150))
    assert view.to_image(QPointF(240, 150)).x() == pytest.approx(before.x())
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    assert view.zoom == 4.0


def test_right_drag_asks_for_another_window_and_level(view: VideoView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.window_level_chosen) as told:
        QTest.mousePress(view, Qt.MouseButton.RightButton, pos=QPoint(200, 150))
        QTest.mouseMove(view, QPoint(170, 140))
    QTest.mouseRelease(view, Qt.MouseButton.RightButton, pos=QPoint(170, 140))
    assert told.args == [WindowLevel(window=226, level=118)]


def test_painted_is_told_once_a_picture(view: VideoView, qtbot: QtBot) -> None:
    told: list[int] = []
    view.painted.connect(lambda frame, ticket: told.append(frame))
    view.set_picture(np.zeros((60, 100, 3), np.uint8), 7, None)
    qtbot.waitUntil(lambda: told == [7])
    view.update()
    qtbot.wait(30)
    assert told == [7]


@given(st.floats(1, 512), st.floats(0, 255))
def test_grey_table_never_goes_back_and_stays_in_range(window: float, level: float) -> None:
    table = grey_table(WindowLevel(window, level)).astype(int)
    assert table.shape == (256,)
    assert (np.diff(table) >= 0).all()
    assert table.min() >= 0
    assert table.max() <= 255


def test_grey_table_follows_the_dicom_function() -> None:
    table = grey_table(WindowLevel(window=101, level=100))
    # ((x - (c - 0.5)) / (w - 1) + 0.5) * 255 at x = 49, 50, 75, 100, 125, 150
    assert table[[49, 50, 75, 100, 125, 150]].tolist() == [0, 1, 65, 129, 193, 255]


@given(depth_mm=st.floats(1, 300), px_per_mm=st.floats(0.05, 40))
def test_ruler_ticks_stay_apart_and_inside(depth_mm: float, px_per_mm: float) -> None:
    ticks = ruler_ticks(depth_mm, px_per_mm)
    depths = [depth for depth, _ in ticks]
    assert depths[0] == 0
    assert depths[-1] <= depth_mm + 1e-6
    numbered = [depth for depth, number in ticks if number]
    assert all((b - a) * px_per_mm >= 6 or b - a >= 1000 for a, b in itertools.pairwise(depths))
    assert all((b - a) * px_per_mm >= 28 or b - a >= 1000 for a, b in itertools.pairwise(numbered))


def test_a_measurement_uses_both_spacings() -> None:
    line = Measurement(QPointF(10, 10), QPointF(40, 30))
    assert line.length_mm((0.1, 0.2)) == pytest.approx(5.0)
