"""Decodes frames in a process of its own, for native decoders that damaged frames can crash or keep busy for ever.

The other end is `decoder_worker.py`; they talk over pipes: a line of JSON, then that many raw bytes, each way.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TIME_LIMIT_S = 2.5
START_LIMIT_S = 60.0
_WORKER = Path(__file__).with_name("decoder_worker.py")


class DecoderProcessError(Exception):
    """The frame could not be decoded: the decoder refused it, died of it, or took too long."""


class DecoderProcess:
    """One worker process, started when first needed and again after it died. Safe to use from several threads."""

    def __init__(self, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._time_limit_s = time_limit_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, payload: bytes, uid: str, plugin: str, options: dict[str, object]) -> NDArray[Any]:
        """The samples in `payload` by pydicom's `plugin`, as its Decoder.as_array. Raises DecoderProcessError."""
        request = {"uid": uid, "plugin": plugin, "options": options, "length": len(payload)}
        with self._lock:
            process = self._started()
            answer, body = self._exchange(process, json.dumps(request).encode(), payload, self._time_limit_s)
        if "error" in answer:
            raise DecoderProcessError(answer["error"])
        return np.frombuffer(body, dtype=np.dtype(answer["dtype"])).reshape(answer["shape"])

    def close(self) -> None:
        """End the worker, if there is one."""
        with self._lock:
            self._stop()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            # -P: the worker's own folder must not hide modules of the same name.
            command = [sys.executable, "-P", "-W", "ignore", str(_WORKER)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            self._exchange(self._process, json.dumps({"length": 0}).encode(), b"", START_LIMIT_S)
        return self._process

    def _exchange(
        self, process: subprocess.Popen[bytes], header: bytes, payload: bytes, limit_s: float
    ) -> tuple[dict[str, Any], bytes]:
        is_late = threading.Event()

        def end() -> None:
            is_late.set()
            process.kill()

        watchdog = threading.Timer(limit_s, end)
        watchdog.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(header + b"\n" + payload)
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            body = process.stdout.read(answer["length"])
            if len(body) != answer["length"]:
                raise ValueError("the answer is cut off")
        except (OSError, ValueError) as error:
            self._stop()
            raise DecoderProcessError("the decoder died of this frame or took too long") from error
        finally:
            watchdog.cancel()
            watchdog.join()
            if is_late.is_set():
                # Killed just as its answer came: it may look alive for a moment, and must not get the next request.
                self._stop()
        return answer, body

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        # Leaving the context closes both pipes and waits for the end; a request the worker never read breaks its pipe.
        with suppress(BrokenPipeError), self._process:
            self._process = None


shared_decoder = DecoderProcess()
atexit.register(shared_decoder.close)
