"""Converting, quantising and running call nobody; shown beside what happens without our switch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# Every attempt to reach another machine is written down and refused, in this process and in children it forks.
WATCH = """
import os, sys, time
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "os.fork"):
        with open(os.environ["CALLS_FILE"], "a") as file:
            file.write(event + "\\n")
        raise OSError("refused by the test: " + event)
sys.addaudithook(refuse)
"""
ALL_OUR_WORK = """
import numpy as np
from model import Preprocessing, build_network
from model.runtimes.openvino_model import compile_encoder, convert_encoder, encode_images
from model.runtimes.quantize import quantize_encoder
network = build_network("luv_net", encoder="resnet18", projection=8, mlp_hidden=8, n_heads=2).eval()
model = convert_encoder(network, Preprocessing(size=32))
images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
quantized = quantize_encoder(model, images, report=lambda done, total: None)
assert encode_images(compile_encoder(quantized.model, precision="int8"), images).shape == (4, 8)
"""
# Their sender works in a thread: give it the time that it needs.
WAIT = "\ntime.sleep(1)\n"


def watched(code: str, folder: Path) -> tuple[list[str], list[Path], subprocess.CompletedProcess[str]]:
    """Run `code` in a fresh interpreter, home folder empty: attempts to call, files at home, how it ended."""
    home, calls = folder / "home", folder / "calls"
    home.mkdir()
    calls.touch()
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "TF_BUILD", "JENKINS_URL", "NNCF_CI", "NNCF_DEV")}
    root = str(Path(__file__).parents[3])
    env = {**kept, "HOME": str(home), "LOCALAPPDATA": str(home), "CALLS_FILE": str(calls), "PYTHONPATH": root}
    done = subprocess.run([sys.executable, "-c", WATCH + code + WAIT], env=env, capture_output=True, text=True)
    # Their files lie in home/intel; caches of other packages are none of this test's business.
    return calls.read_text().split(), list(home.glob("[iI]ntel*/*")), done


def test_nothing_is_sent_and_nothing_is_put_into_the_home_folder(tmp_path: Path) -> None:
    calls, files, done = watched(ALL_OUR_WORK, tmp_path)
    assert done.returncode == 0, done.stderr
    assert calls == []
    assert files == []
    assert done.stdout == ""


def test_without_the_switch_the_import_alone_tries_to_send(tmp_path: Path) -> None:
    calls, files, done = watched("import openvino\n", tmp_path)
    assert done.returncode == 0, done.stderr
    assert calls
    assert files
