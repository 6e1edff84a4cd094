"""`luv-viewer`: starts the window. Parses arguments before Qt, so that wrong usage never needs a display."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import platformdirs

import luv_viewer
from luv_viewer.display import display_problem

if TYPE_CHECKING:
    from PySide6.QtCore import QCoreApplication

    from luv_viewer.program import Program
    from luv_viewer.session import Session
    from luv_viewer.settings import Settings

log = logging.getLogger(__name__)

SWITCH_INTERVAL_S = 0.001
SIGNAL_POLL_MS = 200
_DEVICES = ("auto", "cpu", "cuda", "mps", "openvino", "torch")


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line of `luv-viewer`; exits with status 2 and a usage line when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="luv-viewer",
        description=f"Plays lung-ultrasound studies and shows what LUV-Net attends to. {luv_viewer.RESEARCH_USE}",
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="DICOM file, folder, DICOMDIR, zip or video"
    )
    parser.add_argument("--demo", action="store_true", help="open the bundled demo study")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="network to use instead of the bundled one")
    parser.add_argument("--device", choices=_DEVICES, help="where LUV-Net runs")
    parser.add_argument("--reader", metavar="NAME", help="who labels; the work is kept in the project")
    parser.add_argument("--project", type=Path, metavar="DIR", help="folder of the labelling project")
    parser.add_argument(
        "--live", metavar="SOURCE", help="watch a capture device (0, 1, ..., its path or address) or a file as it plays"
    )
    parser.add_argument(
        "--record", nargs="?", const="", metavar="FILE", help="with --live: record to this .mkv file or folder"
    )
    parser.add_argument("--version", action="version", version=f"luv-viewer {luv_viewer.__version__}")
    arguments = parser.parse_args(argv)
    if arguments.demo and arguments.paths:
        parser.error("give either --demo or paths, not both")
    if arguments.live is not None and (arguments.demo or arguments.paths or not arguments.live.strip()):
        parser.error("--live needs a device or a file, and goes without other paths and --demo")
    if arguments.record is not None:
        if arguments.live is None:
            parser.error("--record needs --live")
        if arguments.record and Path(arguments.record).suffix != ".mkv" and not Path(arguments.record).is_dir():
            parser.error("--record needs a file that ends in .mkv, or a folder that exists")
    return arguments


def log_path() -> Path:
    """The log file; below `LUV_CONFIG_DIR` when that is set."""
    folder = os.environ.get("LUV_CONFIG_DIR") or platformdirs.user_log_dir("luv-viewer", appauthor=False)
    return Path(folder) / "luv-viewer.log"


@contextmanager
def logging_to_file() -> Iterator[None]:
    """Log to a file of the user's while inside, or nowhere when it cannot be written. Logs hold no patient names."""
    handler: logging.Handler
    try:
        log_path().parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(log_path(), encoding="utf-8", delay=True)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("luv_viewer")
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window; returns the exit status. argv: without the program's name; None for the process's own."""
    arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    problem = display_problem(os.environ)
    if problem is not None:
        print(problem, file=sys.stderr)
        return 1
    from luv_viewer.settings import Settings, SettingsError, load_settings, set_aside, settings_path

    settings, notice = Settings(), ""
    try:
        settings = load_settings(settings_path())
    except SettingsError as error:
        notice = f"{error} {set_aside(settings_path())}"
    if settings.scale_percent != 100:
        os.environ.setdefault("QT_SCALE_FACTOR", str(settings.scale_percent / 100))
    # The AI thread runs Python too; asking it for the interpreter every millisecond keeps the window's answers prompt.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with logging_to_file():
        return run(settings, arguments, notice)


def import_before_qt(platform: str = sys.platform) -> None:
    """On Windows some releases of torch find the wrong runtime libraries once Qt has loaded its own, and then do not
    load at all: there torch comes first, which makes that start slower. Elsewhere nothing is imported."""
    if platform == "win32":
        import torch  # noqa: F401


def paths_to_open(arguments: argparse.Namespace) -> list[Path]:
    """What is opened at the start: the bundled study for `--demo`, else the paths; nothing in live mode."""
    from resources import demo_study_path

    if arguments.live is not None:
        return []
    return [demo_study_path()] if arguments.demo else list(arguments.paths)


def run(settings: Settings, arguments: argparse.Namespace, notice: str) -> int:
    """Build the window, show it, and stay until it is closed. notice: a sentence to start with, or empty."""
    before = sys.excepthook
    with garbage_kept():
        application, session, program = _built(settings, arguments)
        sys.excepthook = lambda kind, error, trace: _tell_unexpected(session, kind, error, trace)
        program.start(arguments, opens_study=bool(paths_to_open(arguments)))
        if notice:
            program.window.notice.say(notice)
    try:
        with closed_by_signals(program.window.close):
            return int(application.exec())
    finally:
        sys.excepthook = before
        program.close()
        application.sendPostedEvents(None, 0)


def _built(settings: Settings, arguments: argparse.Namespace) -> tuple[QCoreApplication, Session, Program]:
    """The window with all its parts, not shown yet, while the study is being read."""
    import_before_qt()
    from PySide6.QtWidgets import QApplication

    from luv_viewer.jobs import Jobs
    from luv_viewer.session import Session
    from luv_viewer.widgets.colors import dress

    application = QApplication.instance() or QApplication(sys.argv[:1])
    application.setApplicationName("luv-viewer")
    session = Session()
    jobs = Jobs(session, lambda: program.is_calm)
    # The study is read while the window is built. It arrives in the event loop, so not before the window is there.
    opened = paths_to_open(arguments)
    if opened:
        jobs.open_paths(opened)
    # Dressed before there are widgets: Qt would visit each of them again.
    if isinstance(application, QApplication):
        dress(application, settings.theme)
    from luv_viewer.program import Program

    once = {name: str(getattr(arguments, name)) for name in ("checkpoint", "device") if getattr(arguments, name)}
    program = Program(application, session, jobs, settings, once)
    return application, session, program


@contextmanager
def garbage_kept() -> Iterator[None]:
    """Nothing is collected while modules are imported and the window is built: nearly all of it stays, and looking
    through it again and again delays the first picture."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


@contextmanager
def closed_by_signals(close: Callable[[], object]) -> Iterator[None]:
    """Ctrl+C in the terminal and a polite kill close the window as its own button does.

    Python looks at signals only while it runs, so an idle window is woken now and then.
    """
    from PySide6.QtCore import QTimer

    before = {number: signal.signal(number, lambda *_: close()) for number in (signal.SIGINT, signal.SIGTERM)}
    wake = QTimer()
    wake.timeout.connect(lambda: None)
    wake.start(SIGNAL_POLL_MS)
    try:
        yield
    finally:
        wake.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_unexpected(
    session: Session, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """An error in a slot: its traceback goes to the log, one sentence to the window."""
    log.error("unexpected error in the window", exc_info=(kind, error, trace))
    session.problem_raised.emit(f"Something unexpected went wrong ({kind.__name__}); details are in {log_path()}.")


if __name__ == "__main__":
    sys.exit(main())
