"""The window's end of `map_worker`: maps of one clip after the other, from a process that keeps the network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import luv_viewer
from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError, NotAssessedError
from luv_viewer.analysis.plausibility import why_implausible
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import Provenance
from luv_viewer.domain.saliency import ClipMaps, MapKind, SaliencyMaps
from luv_viewer.domain.span import Span
from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError
from model.clips import Tail, nearest_clips, plan_clips
from model.frames import InputFrames
from model.preprocessing import Preprocessing

STRIDE = 24
TAIL: Tail = "pad"

if sys.platform == "win32":
    _FLAGS = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
else:
    _FLAGS = 0

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class _Facts:
    """What the process says of its network. preprocessing: without mean and std, which the process applies."""

    preprocessing: Preprocessing
    clip_length: int
    patterns: tuple[Pattern, ...]
    provenance: Provenance


class MapProcess:
    """A network in a process of its own; used by one thread at a time. Close it, or it stays until this one ends."""

    def __init__(self, checkpoint: Path, device: str, report: Report) -> None:
        """report(0, 0) is called several times a second while the network is loaded; what it raises ends the process.

        Raises CheckpointUnusableError for the file, AnalysisError where the network has no maps or cannot run.
        """
        here = str(Path(luv_viewer.__file__).resolve().parents[1])
        path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "luv_viewer.analysis.map_worker", str(checkpoint), device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            creationflags=_FLAGS,
        )
        try:
            said, _ = self._heard(report)
            self._facts = _facts(said)
        except BaseException:
            self.close()
            raise

    def maps_around(self, video: Video, frame: int, report: Report) -> ClipMaps:
        """Maps of the frames of the clip around `frame`: of the paper's clips the one whose middle is nearest.

        report(done, total) in frames, several times a second; what it raises ends the process.
        Raises NotAssessedError for an input unlike lung ultrasound, AnalysisError when a frame cannot be decoded or the
        network cannot run.
        """
        facts = self._facts
        spans = plan_clips(video.n_frames, facts.clip_length, STRIDE, TAIL)
        clip_of = nearest_clips(spans, video.n_frames)
        start, stop = spans[clip_of[frame]].tolist()
        own = np.flatnonzero(clip_of == clip_of[frame])
        try:
            reason = why_implausible(video)
            if reason is not None:
                raise NotAssessedError(video.source.name, reason)
            frames, images = InputFrames(video, facts.preprocessing), []
            for i in range(start, stop):
                report(0, stop - start)
                images.append(frames.image(i))
        except StudyError as error:
            raise AnalysisError(str(error)) from error
        try:
            arrays = self._asked(video, np.stack(images), report)
        except BaseException:
            self.close()
            raise
        layers = _layers(arrays, facts, Span(start, stop), video.region)
        return ClipMaps(layers.get(MapKind.ATTENTION), layers[MapKind.GRADIENT], Span(int(own[0]), int(own[-1]) + 1))

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        # Leaving the context closes both pipes and waits for the end; a request that was never read breaks its pipe.
        with suppress(BrokenPipeError), self._process:
            pass

    def _asked(self, video: Video, images: NDArray[np.uint8], report: Report) -> dict[str, NDArray[np.float32]]:
        request = {"region": [int(side) for side in video.region], "n": len(images)}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n" + images.tobytes())
            self._process.stdin.flush()
        except OSError as error:
            raise self._ended() from error
        said, body = self._heard(report)
        if "error" in said:
            raise NotAssessedError(video.source.name, said["error"])
        arrays, at = {}, 0
        for name, shape in said["arrays"]:
            size = int(np.prod(shape)) * 4
            arrays[name] = np.frombuffer(body[at : at + size], np.float32).reshape(shape).copy()
            at += size
        return arrays

    def _heard(self, report: Report) -> tuple[dict[str, Any], bytes]:
        """The next answer, past signs of life and progress."""
        assert self._process.stdout is not None
        done, total = 0, 0
        while line := self._process.stdout.readline():
            said = json.loads(line)
            body = self._process.stdout.read(said.pop("length"))
            done, total = said.get("done", done), said.get("total", total)
            report(done, total)
            if said and "done" not in said:
                return said, body
        raise self._ended()

    def _ended(self) -> AnalysisError:
        status = self._process.wait()
        return AnalysisError(
            f"The maps could not be made: their process ended (exit status {status}), perhaps for want of memory."
        )


def _facts(said: dict[str, Any]) -> _Facts:
    if "error" in said:
        raise (CheckpointUnusableError if said["unusable"] else AnalysisError)(said["error"])
    made = Provenance(said["checkpoint"], said["version"], said["device"], "fp32", STRIDE, TAIL)
    preprocessing = Preprocessing(said["size"], said["channel_rule"])
    return _Facts(preprocessing, said["clip_length"], tuple(map(Pattern, said["patterns"])), made)


def _layers(
    arrays: dict[str, NDArray[np.float32]], facts: _Facts, span: Span, region: tuple[int, int, int, int]
) -> dict[MapKind, SaliencyMaps]:
    return {
        kind: SaliencyMaps(
            kind=kind,
            span=span,
            patterns=facts.patterns,
            maps=arrays[kind.value],
            rows=arrays["rows"],
            columns=arrays["columns"],
            region=region,
            provenance=facts.provenance,
        )
        for kind in MapKind
        if kind.value in arrays
    }
