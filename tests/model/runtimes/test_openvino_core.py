"""One core for the whole process."""

from __future__ import annotations

import subprocess
import sys

from model.runtimes.openvino_core import openvino_core

_COMPILE_THEN_INTERRUPT = """
import os, signal
from model.runtimes.openvino_core import import_openvino
from model.runtimes.openvino_model import compile_encoder

ops = import_openvino().opset13
images = ops.parameter([1, 4], import_openvino().Type.f32)
model = import_openvino().Model([ops.relu(images)], [images])
first, second = compile_encoder(model), compile_encoder(model)
del first
del second
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_every_caller_has_the_same_core() -> None:
    assert openvino_core() is openvino_core()


def test_ctrl_c_is_an_interruption_after_compiled_networks_came_and_went() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _COMPILE_THEN_INTERRUPT], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
