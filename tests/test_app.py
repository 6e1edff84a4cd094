"""Starting the program: usage, and a machine without a display."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from luv_viewer.app import main, parse_arguments
from luv_viewer.display import display_problem


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run(
        [sys.executable, "-m", "luv_viewer.app", *arguments],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_without_a_display_one_sentence_names_the_way_without_a_window(tmp_path: Path) -> None:
    done = start("--demo", LUV_CONFIG_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "luv predict" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_display_that_does_not_answer_is_said() -> None:
    problem = display_problem({"DISPLAY": ":7654"})
    assert problem is not None
    assert ":7654 does not answer" in problem


def test_a_listening_display_is_not_refused_for_being_silent() -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0/tmp/.X11-unix/X7655")
        server.listen()
        problem = display_problem({"DISPLAY": ":7655"})
    assert problem is None or "does not answer" not in problem


def test_offscreen_and_wayland_need_no_x_server() -> None:
    assert display_problem({"QT_QPA_PLATFORM": "offscreen"}) is None
    assert display_problem({"WAYLAND_DISPLAY": "wayland-0"}) is None


@pytest.mark.parametrize("wrong", [["--demo", "file.dcm"], ["--device", "tpu"], ["--no-such-option"]])
def test_wrong_usage_is_status_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(wrong)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse_arguments(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("luv-viewer ")
