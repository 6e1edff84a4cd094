"""One thread class: exactly one ending, in the maker's thread, whatever the function does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from luv_viewer.task import Report, Task


class ExpectedError(Exception):
    """An error whose text is a sentence."""


def endings(qtbot: QtBot, function: Callable[[Report], object], *, cancel: bool = False) -> list[tuple[str, object]]:
    """Run a task to its end; what it emitted, in order, asserting that all of it came to this thread."""
    told: list[tuple[str, object]] = []

    def note(name: str) -> Callable[..., None]:
        def take(*values: object) -> None:
            assert threading.current_thread() is threading.main_thread()
            told.append((name, values[0] if values else None))

        return take

    task = Task("test", function, lambda: (ExpectedError,))
    for name in ("progressed", "succeeded", "failed", "cancelled", "ended"):
        getattr(task, name).connect(note(name))
    if cancel:
        task.cancel()
    with qtbot.waitSignal(task.ended, timeout=10_000):
        task.start()
    assert task.wait(10_000)
    return told


def test_success_gives_progress_then_the_result(qtbot: QtBot) -> None:
    def count(report: Report) -> str:
        for i in range(1, 4):
            report(i)
        return "done"

    assert endings(qtbot, count) == [
        ("progressed", 1),
        ("progressed", 2),
        ("progressed", 3),
        ("succeeded", "done"),
        ("ended", None),
    ]


def test_a_cancelled_function_stops_at_its_next_report(qtbot: QtBot) -> None:
    reached: list[str] = []

    def work(report: Report) -> None:
        reached.append("before")
        report("never delivered")
        reached.append("after")

    assert endings(qtbot, work, cancel=True) == [("cancelled", None), ("ended", None)]
    assert reached == ["before"]


def test_an_expected_error_is_its_sentence(qtbot: QtBot) -> None:
    def fail(report: Report) -> None:
        raise ExpectedError("The file is broken.")

    assert endings(qtbot, fail) == [("failed", "The file is broken."), ("ended", None)]


def test_any_other_error_is_logged_and_said_in_general_words(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    def fail(report: Report) -> None:
        raise KeyError("secret detail")

    with caplog.at_level(logging.ERROR):
        told = endings(qtbot, fail)
    assert [name for name, _ in told] == ["failed", "ended"]
    assert "secret" not in str(told[0][1])
    assert "secret detail" in caplog.text
