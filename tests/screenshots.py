"""Makes the README's pictures from the running program: `python -m tests.screenshots resources/screenshots`.

Give it a real display (`xvfb-run -s "-screen 0 1284x752x24" python -m tests.screenshots ...`) to get what users see.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from luv_viewer import compare_desk
from luv_viewer.app import main
from luv_viewer.desk import Desk
from luv_viewer.domain.ai_state import AiPhase
from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry, EntryKind, changes_between
from luv_viewer.domain.lus_score import LusScore
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.project import Project
from luv_viewer.domain.reader_file import Reader
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.video_record import video_record
from luv_viewer.io import open_study
from luv_viewer.io.project_file import create_project
from luv_viewer.io.project_index import index_study, write_index
from luv_viewer.io.reader_file import open_reader_file
from luv_viewer.notebook import utc_now
from luv_viewer.widgets.dialogs.compare_dialog import CompareChoice
from luv_viewer.widgets.dialogs.sheet_source import SheetSource
from luv_viewer.widgets.main_window import MainWindow
from resources import demo_study_path

FRAME_SHOWN = 40
PATIENCE_S = 60
SETTLE_MS = 900
MINE = {Pattern.B_LINE: ((18, 44), (70, 104)), Pattern.CONFLUENT_B_LINE: ((50, 62),)}
THEIRS = {Pattern.B_LINE: ((24, 60), (70, 98)), Pattern.PLEURAL_EFFUSION: ((90, 117),)}


def let_run(milliseconds: int) -> None:
    """Let the program run. Not QTest.qWait, which keeps the interpreter from the program's threads meanwhile."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Let the program run; TimeoutError, naming `what`, when it takes too long."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}")
        let_run(100)


def make_project(folder: Path) -> Project:
    """A project of the demo study in which somebody has labelled its first video already."""
    project = create_project(folder, "demo", [Reader("kim"), Reader("lee")])
    with_study = open_study(demo_study_path())
    index = index_study(with_study, folder)
    write_index(index)
    record = video_record(with_study.videos[0], index.videos[0].key)
    before = VideoAnnotation(record.n_frames)
    after = replace(before, seen=SpanSet.whole(record.n_frames), finalised=True)
    for pattern, spans in THEIRS.items():
        after = after.with_track(pattern, tuple(Span(first - 1, last) for first, last in spans))
    changes = changes_between(before, after)
    with open_reader_file(project.reader_path("lee"), Reader("lee")) as file:
        opened = Entry(1, EntryKind.VIDEO, record.video_id, "first opened", (), "lee", utc_now())
        file.append([opened, Entry(2, EntryKind.EDIT, record.video_id, "label", changes, "lee", utc_now())], [record])
    with_study.close()
    return project


def take(folder: Path) -> None:
    """Open the demo study, wait for LUV-Net, and save the window: both themes, labelling, comparing."""
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
    desk: Desk = window.findChild(Desk)
    session = desk.session
    wait_until(lambda: session.ai_state.phase is AiPhase.DONE, "LUV-Net")
    folder.mkdir(parents=True, exist_ok=True)

    def shoot(name: str) -> None:
        let_run(SETTLE_MS)
        if not window.screen().grabWindow(window.winId()).save(str(folder / f"{name}.png")):
            raise OSError(f"the picture could not be written to {folder}")

    session.player.pause()
    session.player.show_frame(FRAME_SHOWN)
    for theme in ("dark", "light"):
        desk.change_setting("theme", theme)
        shoot(theme)
    desk.change_setting("theme", "dark")
    with tempfile.TemporaryDirectory() as projects:
        project = make_project(Path(projects) / "demo")
        assert desk.labels is not None
        desk.labels.open_reader(Reader("kim"), project.folder)
        wait_until(lambda: session.notebook.annotation is not None, "the reader")
        for pattern, spans in MINE.items():
            for first, last in spans:
                session.marking.add(pattern, Span(first - 1, last), "mark present")
        window.label_panel.field_changed.emit("lus_score", LusScore.parse("2"))
        session.select_pattern(Pattern.B_LINE)
        session.marking.selection.select(Pattern.B_LINE, 0)
        session.player.play()
        wait_until(lambda: session.seen_fraction(0) > 0.95, "most frames on the screen")
        session.player.pause()
        session.player.show_frame(FRAME_SHOWN)
        shoot("label")
        chosen = CompareChoice(SheetSource("kim"), SheetSource("lee"))
        compare_desk.ask_compare = lambda *_: chosen
        window.menu_actions["compare_sheets"].trigger()
        wait_until(lambda: window.comparison_panel.neighbour(1) is not None, "the comparison")
        shoot("compare")
        window.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as settings:
        os.environ["LUV_CONFIG_DIR"] = settings
        application = QApplication([])
        problems: list[Exception] = []

        def take_or_leave() -> None:
            try:
                take(Path(sys.argv[1]))
            except Exception as problem:  # noqa: BLE001 -- carried out of Qt's event loop and raised below
                problems.append(problem)
                application.closeAllWindows()

        QTimer.singleShot(0, take_or_leave)
        status = main(["--demo"])
        if problems:
            raise problems[0]
        sys.exit(status)
