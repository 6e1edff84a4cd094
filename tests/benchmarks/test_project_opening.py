"""Opening a project of 2,000 videos in the real window: from the wish to a list that is drawn. Goal: 1 s at most."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop

from luv_viewer.domain.reader_file import Reader
from luv_viewer.settings import Settings, save_settings, settings_path
from tests.benchmarks.builders_project import write_project
from tests.e2e.conftest import Hand, RunViewer, run_viewer  # noqa: F401 -- a fixture

N_VIDEOS = 2000


def test_opening_a_project(run_viewer: RunViewer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    project = write_project(tmp_path / "project", N_VIDEOS)
    monkeypatch.setenv("LUV_CONFIG_DIR", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    save_settings(Settings(ai_enabled=False, autoplay=False), settings_path())
    took: list[float] = []

    def script(hand: Hand) -> None:
        for _ in range(5):
            # A loop of Qt's own: QTest's waiting keeps the interpreter from the thread that opens.
            loop = QEventLoop()
            hand.desk.labels.reader_opened.connect(loop.quit)
            began = time.perf_counter()
            hand.desk.labels.open_reader(Reader("kim"), project)
            loop.exec()
            hand.desk.labels.reader_opened.disconnect(loop.quit)
            hand.window.study_panel.repaint()
            took.append(time.perf_counter() - began)
            assert hand.session.study is not None
            assert len(hand.session.study.videos) == N_VIDEOS
            hand.session.set_study(None)

    assert run_viewer([], script) == 0
    print(f"\nopening {N_VIDEOS} videos: {', '.join(f'{1000 * t:.0f}' for t in took)} ms")
