"""Maps of clips in a process of its own, so that torch is never imported beside the window.

`python -m luv_viewer.analysis.map_worker CHECKPOINT DEVICE`. Answers are a line of JSON, then as many raw bytes as its
"length" says; between them stand signs of life ({}) and {"done", "total"}. First comes {"size", "channel_rule",
"clip_length", ...} or {"error"}. A request is a line {"region", "n"}, then n pictures of size x size bytes; its answer
names the arrays that follow as float32: "arrays" [[name, shape], ...]. It ends when nobody asks or listens any more.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from model.explainer import Explainer

NICENESS = 5
BEAT_S = 0.25


def main(arguments: list[str]) -> int:
    """Serve until standard input is closed; returns the exit status."""
    checkpoint, device = arguments
    speaker = _Speaker()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    threading.Thread(target=_show_life, args=(speaker,), daemon=True).start()
    from luv_viewer.analysis.engine import load_checkpoint
    from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError
    from luv_viewer.analysis.saliency import open_explainer

    _leave_a_core_to_the_window()
    try:
        explainer = open_explainer(load_checkpoint(Path(checkpoint)), _torch_device(device))
    except AnalysisError as error:
        speaker.say({"error": str(error), "unusable": isinstance(error, CheckpointUnusableError)})
        return 1
    facts = explainer.checkpoint
    speaker.say(
        {
            "size": facts.preprocessing.size,
            "channel_rule": facts.preprocessing.channel_rule,
            "clip_length": facts.clip_length,
            "patterns": list(facts.patterns),
            "checkpoint": facts.name,
            "version": facts.version,
            "device": explainer.device,
        }
    )
    requests = sys.stdin.buffer
    while line := requests.readline():
        _answer(json.loads(line), requests, explainer, speaker)
    return 0


def _answer(request: dict[str, Any], requests: IO[bytes], explainer: Explainer, speaker: _Speaker) -> None:
    import torch

    import model

    size = explainer.checkpoint.preprocessing.size
    n_images, step = int(request["n"]), explainer.frames_at_once
    stored = np.frombuffer(requests.read(n_images * size * size), np.uint8).reshape(n_images, size, size)
    try:
        maps = []
        for first in range(0, n_images, step):
            maps.append(explainer.encode(list(stored[first : first + step])))
            speaker.say({"done": min(first + step, n_images), "total": n_images})
        found = explainer.explain(torch.cat(maps), explainer.checkpoint.clip_length)
    except model.PredictionError as error:
        speaker.say({"error": str(error)})
        return
    h, w = found.gradients.shape[2:]
    x0, y0, x1, y1 = request["region"]
    grid = explainer.grid((h, w), (x0, y0, x1, y1))
    arrays: dict[str, NDArray[np.float32]] = {"gradient": found.gradients, "rows": grid.rows, "columns": grid.columns}
    if found.scores is not None:
        arrays["attention"] = found.scores.sum(axis=2)
    body = b"".join(np.ascontiguousarray(array, dtype=np.float32).tobytes() for array in arrays.values())
    speaker.say({"arrays": [[name, array.shape] for name, array in arrays.items()]}, body)


def _torch_device(device: str) -> str:
    """What the window's choice of a device means on torch."""
    return "cpu" if device.partition(":")[0] == "openvino" else device


def _leave_a_core_to_the_window() -> None:
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


class _Speaker:
    """Writes a table as one line, and bytes behind it; safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Libraries print to standard output; the parent must only see our lines.
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def say(self, table: dict[str, Any], body: bytes = b"") -> None:
        with self._lock:
            try:
                self._out.write(json.dumps({**table, "length": len(body)}).encode() + b"\n" + body)
                self._out.flush()
            except OSError:
                # The parent has gone: nobody wants the result, and nobody is there to stop us.
                os._exit(1)


def _show_life(speaker: _Speaker) -> None:
    pause = threading.Event()
    while not pause.wait(BEAT_S):
        speaker.say({})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
