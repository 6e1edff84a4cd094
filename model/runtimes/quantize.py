"""The frame encoder in int8: post-training quantisation (NNCF) on calibration frames, as much of it as agrees.

Tried in order of cost: every layer in int8; its features corrected; the layers that disturb the features most left in
float32, with and without that correction. Pooling and projection stay in float32 throughout: they cost next to nothing
and every feature passes through them. On the bundled network NNCF's thorough bias correction and symmetric activations
were now a little better and now a little worse than its defaults, and three other range estimators were worse.
"""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.runtimes.agreement import MAX_PROBABILITY_DIFFERENCE, MIN_TOP3_AGREEMENT, Agreement
from model.runtimes.feature_correction import FeatureCorrection
from model.runtimes.layer_groups import LayerGroups
from model.runtimes.openvino_model import compile_encoder, encode_images
from model.runtimes.telemetry import switch_off_telemetry

if TYPE_CHECKING:
    import openvino

Report = Callable[[int, int], None]
Judge = Callable[["openvino.Model"], Agreement]
Images = NDArray[np.uint8]

_N_GROUPS = 12
_N_SENSITIVITY_FRAMES = 12
_TIMED_BATCH, _TIMED_ROUNDS = 4, 5


@dataclass(frozen=True, eq=False)
class Quantized:
    """model: takes and gives what the float model does. recipe: how it was made, in plain words.

    agreement: what the judge said of it; None without a judge.
    """

    model: openvino.Model
    recipe: str
    agreement: Agreement | None


@dataclass(frozen=True, eq=False)
class _Candidate:
    """n_float: convolutions left in float32."""

    made: Quantized
    n_float: int

    @property
    def passes(self) -> bool:
        return self.made.agreement is not None and self.made.agreement.passes

    @property
    def distance(self) -> float:
        """How far from the gate: above 1 is outside."""
        if self.made.agreement is None:
            return np.inf
        missed = (1.0 - self.made.agreement.top3_agreement) / (1.0 - MIN_TOP3_AGREEMENT)
        return max(self.made.agreement.max_probability_difference / MAX_PROBABILITY_DIFFERENCE, missed)


def spread_frames(videos: Sequence[tuple[int, Callable[[int], Images]]], n_frames: int) -> Images:
    """(M, size, size, 3) letterboxed frames for calibration, spread evenly over all frames of all videos.

    videos: (number of frames, frame getter) each; a getter gives (size, size) grey or (size, size, 3) uint8.
    M is n_frames, or all there are. Raises ValueError when there is no frame or n_frames is below 1.
    """
    total = sum(count for count, _ in videos)
    if total < 1 or n_frames < 1:
        raise ValueError(f"calibration needs at least one frame, got {n_frames} of {total}")
    owners = [(getter, i) for count, getter in videos for i in range(count)]
    chosen = np.linspace(0, total - 1, min(n_frames, total)).round().astype(int)
    images = [owners[place][0](owners[place][1]) for place in chosen]
    return np.stack([np.repeat(i[:, :, None], 3, axis=2) if i.ndim == 2 else i for i in images])


def quantize_encoder(model: openvino.Model, images: Images, *, judge: Judge | None = None, report: Report) -> Quantized:
    """`model` with int8 weights and activations where that agrees; `model` itself stays as it is.

    images: (M, size, size, 3) uint8, the calibration frames, one or more. judge: agreement of a candidate with float32.
    The result is the candidate with the fewest layers in float32 that passes the judge's gate and is faster than
    `model`; where there is none, all layers in int8, with the figures of that. Without a judge: all int8.
    report(done, total): called between steps and for every calibration frame; what it raises ends the work.
    Raises ValueError without images.
    """
    if images.ndim != 4 or len(images) < 1:
        raise ValueError(f"calibration images must have shape (M, size, size, 3), at least one, got {images.shape}")
    groups = LayerGroups.of(model, _N_GROUPS)
    # All layers, the look for sensitive ones, and a search by halves between none and all groups.
    steps = _Steps(report, 1 if judge is None else 3 + groups.n_groups.bit_length())
    if judge is None:
        made = Quantized(_quantized(model, images, groups.tail, steps.within), _words(groups, ()), None)
    else:
        made = _Search(model, images, groups, judge, steps).best()
    steps.finish()
    return made


class _Steps:
    """Turns steps of unknown length into report(done, total): each counts 100."""

    def __init__(self, report: Report, n_steps: int) -> None:
        self._report, self._total, self._done = report, 100 * n_steps, 0
        report(0, self._total)

    def within(self, done: int, total: int) -> None:
        """Part of the present step."""
        self._report(min(self._total, self._done + 100 * done // total), self._total)

    def next(self) -> None:
        """The present step is over."""
        self._done = min(self._total, self._done + 100)
        self._report(self._done, self._total)

    def finish(self) -> None:
        """All is done, also what turned out not to be needed."""
        self._report(self._total, self._total)


class _Search:
    """One run of `quantize_encoder` with a judge."""

    def __init__(self, model: openvino.Model, images: Images, groups: LayerGroups, judge: Judge, steps: _Steps) -> None:
        self._model, self._images, self._groups, self._judge, self._steps = model, images, groups, judge, steps

    def best(self) -> Quantized:
        whole = self._candidate(())
        if whole.passes:
            return whole.made
        passing = [one for one in self._with_float_layers(whole) if one.passes and self._is_faster(one.made.model)]
        # Who asks for int8 where nothing passes the gate wants its speed; layers in float32 would only take that away.
        return min(passing, key=lambda one: one.n_float).made if passing else whole.made

    def _candidate(self, float_layers: tuple[str, ...]) -> _Candidate:
        """As it comes or with its features corrected, whichever comes nearer to the gate."""
        words = _words(self._groups, float_layers)
        plain = _quantized(self._model, self._images, (*self._groups.tail, *float_layers), self._steps.within)
        first = _Candidate(Quantized(plain, words, self._judge(plain)), len(float_layers))
        if not first.passes:
            correction = FeatureCorrection.fitted(self._exact_features, self._features(plain))
            corrected = correction.put_into(plain)
            made = Quantized(corrected, f"{words}, features corrected", self._judge(corrected))
            first = min(first, _Candidate(made, len(float_layers)), key=lambda one: one.distance)
        self._steps.next()
        return first

    def _features(self, model: openvino.Model) -> NDArray[np.float32]:
        return encode_images(compile_encoder(model, precision="int8"), self._images)

    @cached_property
    def _exact_features(self) -> NDArray[np.float32]:
        return encode_images(compile_encoder(self._model), self._images)

    def _with_float_layers(self, whole: _Candidate) -> list[_Candidate]:
        """Candidates with the worst groups of layers in float32, their number searched by halves.

        The mildest group alone in int8 comes first: where not even that passes nothing will, and the search ends.
        """
        order = self._worst_first(whole.made.model)
        too_few, enough = 0, len(order) - 1
        if enough < 1:
            return []
        tried = [self._candidate(self._groups.names_of(order[:enough]))]
        if not tried[0].passes:
            return []
        while enough - too_few > 1:
            n_float = (too_few + enough) // 2
            tried.append(self._candidate(self._groups.names_of(order[:n_float])))
            if tried[-1].passes:
                enough = n_float
            else:
                too_few = n_float
        return tried

    def _worst_first(self, plain: openvino.Model) -> list[int]:
        """Groups of layers by how much each alone, in int8, disturbs the features of some calibration frames."""
        places = np.linspace(0, len(self._images) - 1, min(_N_SENSITIVITY_FRAMES, len(self._images))).astype(int)
        frames = self._images[np.unique(places)]

        def features(model: openvino.Model) -> NDArray[np.float32]:
            return encode_images(compile_encoder(model, precision="int8"), frames)

        nothing = features(self._groups.only_in_int8(plain, self._model, -1))
        harm = []
        for group in range(self._groups.n_groups):
            self._steps.within(group, self._groups.n_groups)
            disturbed = features(self._groups.only_in_int8(plain, self._model, group))
            harm.append(float(np.square(disturbed - nothing).sum()))
        self._steps.next()
        return sorted(range(self._groups.n_groups), key=lambda group: -harm[group])

    def _is_faster(self, model: openvino.Model) -> bool:
        """Than the float model, both timed in turn so that a busy moment hits both."""
        batch = np.resize(self._images, (_TIMED_BATCH, *self._images.shape[1:]))
        compiled = [compile_encoder(self._model), compile_encoder(model, precision="int8")]
        took_s: list[list[float]] = [[], []]
        for _ in range(_TIMED_ROUNDS + 1):
            for place, one in enumerate(compiled):
                started_s = time.perf_counter()
                one(batch)
                took_s[place].append(time.perf_counter() - started_s)
        # The first round warms up.
        return statistics.median(took_s[1][1:]) < statistics.median(took_s[0][1:])


def _words(groups: LayerGroups, float_layers: tuple[str, ...]) -> str:
    n_int8 = groups.n_layers - len(float_layers)
    return f"{n_int8} of {groups.n_layers} convolutions in int8" if float_layers else "all convolutions in int8"


def _quantized(model: openvino.Model, images: Images, in_float: tuple[str, ...], within: Report) -> openvino.Model:
    """in_float: names of layers to leave as they are."""
    switch_off_telemetry()
    # NNCF makes torch look for compilers, which says on stderr that there is no CUDA.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    import nncf

    nncf.set_log_level(logging.ERROR)

    def frame(number: int) -> Images:
        within(number, len(images))
        return images[number : number + 1]

    with _without_progress_bars():
        return nncf.quantize(
            model.clone(),
            nncf.Dataset(range(len(images)), frame),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(images),
            ignored_scope=nncf.IgnoredScope(names=list(in_float), validate=False),
        )


@contextmanager
def _without_progress_bars() -> Iterator[None]:
    """NNCF draws bars on rich's console, which people did not ask for and a program without a terminal lacks."""
    import rich

    console = rich.get_console()
    before, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = before
