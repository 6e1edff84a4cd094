"""The plain network in a process of its own, as the authors run theirs: torch is all that computes there."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luv_viewer.analysis.benchmarks.plain import PlainNetwork, PlainRun
from luv_viewer.analysis.engine import load_checkpoint
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.io import open_study
from model.frames import Frames

_network: PlainNetwork
_arrays: dict[Path, NDArray[np.uint8]]


class PlainProcess:
    """A context: the process ends with it.

    checkpoint: a file `load_checkpoint` takes. device: "cpu", "cuda" or "mps". studies: by a name of the caller's, the
    files to read frames from: arrays of uint8 (.npy, (T, H, W) or (T, H, W, 3)), which are held in memory, or what
    `open_study` takes, opened anew for each run. Raises AnalysisError when the process cannot do its work.
    """

    def __init__(self, checkpoint: Path, device: str, studies: Mapping[str, Path]) -> None:
        self._studies = dict(studies)
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        try:
            self._do(_open, checkpoint, device, tuple(self._studies.values()))
        except BaseException:
            self._pool.shutdown(cancel_futures=True)
            raise

    def warm_up(self, clip_length: int) -> None:
        """One clip of black frames."""
        self._do(_warm_up, clip_length)

    def run(self, study: str, spans: NDArray[np.int64], clip_length: int, clips: tuple[int, ...]) -> PlainRun:
        """See `PlainNetwork.run`."""
        done: PlainRun = self._do(_run, self._studies[study], spans, clip_length, clips)
        return done

    def _do(self, work: Any, *arguments: Any) -> Any:
        try:
            return self._pool.submit(work, *arguments).result()
        except BrokenProcessPool as error:
            raise AnalysisError(
                "The process of the plain network ended without a word, most often for lack of memory: "
                "use a smaller network or fewer frames."
            ) from error

    def __enter__(self) -> PlainProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


def _open(checkpoint: Path, device: str, studies: tuple[Path, ...]) -> None:
    global _network, _arrays
    _network = PlainNetwork(load_checkpoint(checkpoint), device)
    _arrays = {path: np.load(path) for path in studies if path.suffix == ".npy"}


def _warm_up(clip_length: int) -> None:
    _network.warm_up(clip_length)


def _run(study: Path, spans: NDArray[np.int64], clip_length: int, clips: tuple[int, ...]) -> PlainRun:
    def frames() -> Frames:
        return _arrays[study] if study in _arrays else open_study(study).videos[0]

    return _network.run(frames, spans, clip_length, clips)
