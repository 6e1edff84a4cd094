"""What painting one frame of 924x1232 costs, in several ways: `python -m tests.benchmarks.painting` prints medians.

The cine is drawn from 32-bit pictures because of what this says; run it in a real window (X11, Windows, macOS).
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from luv_viewer.session import WindowLevel
from luv_viewer.widgets.video_view import VideoView
from tests.benchmarks.cines import HEIGHT, WIDTH

Picture = QImage | QPixmap
VIEWS_PX = {"in a window of 1280x720": (780, 430), "of 1920x1080": (1420, 700), "full screen": (1920, 1040)}
TIMES = 60


def stored(rgb: np.ndarray) -> QImage:
    """The frame as it was decoded, not copied."""
    return QImage(rgb.data, WIDTH, HEIGHT, 3 * WIDTH, QImage.Format.Format_RGB888)


WAYS: dict[str, Callable[[np.ndarray], Picture]] = {
    "24 bits, no copy": stored,
    "32 bits": lambda rgb: stored(rgb).convertToFormat(QImage.Format.Format_RGB32),
    "RGBX": lambda rgb: stored(rgb).convertToFormat(QImage.Format.Format_RGBX8888),
    "pixmap": lambda rgb: QPixmap.fromImage(stored(rgb)),
}


class Plain(QWidget):
    """Paints one picture smoothly, as large as it can be."""

    picture: Picture = QImage()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        scale = min(self.width() / WIDTH, self.height() / HEIGHT)
        area = QRectF(0, 0, WIDTH * scale, HEIGHT * scale)
        if isinstance(self.picture, QPixmap):
            painter.drawPixmap(area, self.picture, QRectF(self.picture.rect()))
        else:
            painter.drawImage(area, self.picture)
        painter.end()


def median_ms(act: Callable[[int], object]) -> float:
    """The median of TIMES calls."""
    times = []
    for i in range(TIMES):
        start = time.perf_counter()
        act(i)
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times))


def shown(widget: QWidget, size_px: tuple[int, int]) -> None:
    """Have the widget on the screen: before that nothing is painted."""
    widget.resize(*size_px)
    widget.show()
    while not (handle := widget.windowHandle()) or not handle.isExposed():
        QApplication.processEvents()


def time_way(name: str, size_px: tuple[int, int], frames: list[np.ndarray]) -> None:
    """Print what one way takes, with another frame each time and with the same one."""
    plain, picture_of = Plain(), WAYS[name]
    shown(plain, size_px)

    def show(i: int) -> None:
        plain.picture = picture_of(frames[i % len(frames)])
        plain.repaint()

    print(f"  {name}: next frame {median_ms(show):.2f} ms, again {median_ms(lambda _: plain.repaint()):.2f} ms")
    plain.close()


def time_view(size_px: tuple[int, int], frames: list[np.ndarray]) -> None:
    """Print what the cine of the program takes."""
    view = VideoView()
    shown(view, size_px)

    def show(i: int) -> None:
        view.set_picture(frames[i % len(frames)], i, None)
        view.repaint()

    def set_window(i: int) -> None:
        view.set_window_level(WindowLevel(100 + i, 128))
        view.repaint()

    print(f"  the cine: next frame {median_ms(show):.2f} ms, another window {median_ms(set_window):.2f} ms", flush=True)
    view.close()


def main() -> None:
    """Print a line for each way and size."""
    application = QApplication([])
    rng = np.random.default_rng(0)
    frames = [np.repeat(rng.integers(0, 255, (HEIGHT, WIDTH, 1), np.uint8), 3, 2) for _ in range(4)]
    for place, size_px in VIEWS_PX.items():
        print(place)
        for way in WAYS:
            time_way(way, size_px, frames)
        time_view(size_px, frames)
    application.quit()


if __name__ == "__main__":
    main()
