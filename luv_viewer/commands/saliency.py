"""`luv saliency`: the run, said to a person."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.predict import default_checkpoint_path, load_checkpoint
from luv_viewer.analysis.saliency_batch import SUMMARY_NAME, SaliencyOutcome, SaliencyTask, run_saliency
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.saliency import MapKind


@dataclass(frozen=True)
class SaliencyWishes:
    """What the command line says. kinds: empty for attention where the network has it, else gradient; patterns: names,
    empty for all; formats: of `FORMATS`, empty for movies; truth: a table of what is present."""

    kinds: tuple[str, ...]
    patterns: tuple[str, ...]
    formats: tuple[str, ...]
    truth: Path | None
    stride: int
    device: str
    overwrite: bool

    def task(self, *, has_attention: bool) -> SaliencyTask:
        """For a network. Raises AnalysisError for a truth that cannot be read."""
        usual = MapKind.ATTENTION if has_attention else MapKind.GRADIENT
        return SaliencyTask(
            kinds=tuple(MapKind(kind) for kind in dict.fromkeys(self.kinds)) or (usual,),
            formats=tuple(dict.fromkeys(self.formats)) or ("video",),
            patterns=tuple(Pattern(name) for name in dict.fromkeys(self.patterns)),
            stride=self.stride,
            device=self.device,
            overwrite=self.overwrite,
            truth={} if self.truth is None else read_true_patterns(self.truth),
        )


@one_sentence
def saliency(paths: Sequence[Path], folder: Path, checkpoint: Path | None, wishes: SaliencyWishes) -> int:
    """Make the maps, with a line on stderr per failed input and progress there on a terminal.

    Returns the exit status: 0 all done, 1 some inputs failed or the run could not go on.
    """
    line = ProgressLine(sys.stderr)
    done: list[SaliencyOutcome] = []

    def show(video: str, frames_done: int, total: int) -> None:
        line.show(f"video {len(done) + 1}, {video}, {100 * frames_done // max(total, 1)} %")

    line.show("Loading the network ...")
    try:
        network = load_checkpoint(checkpoint or default_checkpoint_path())
        task = wishes.task(has_attention=network.has_attention)
        with closing(run_saliency(paths, folder, network, task, show)) as outcomes:
            for outcome in outcomes:
                done.append(outcome)
                if outcome.failed:
                    line.clear()
                    say(outcome.status.removeprefix("failed: "))
    finally:
        line.clear()
    if not done:
        say("There is nothing to explain: the given folders hold no study.")
        return 1
    n_failed = sum(outcome.failed for outcome in done)
    n_reused = sum(outcome.reused for outcome in done)
    click.echo(
        f"{len(done) - n_failed - n_reused} done, {n_reused} already done, {n_failed} without maps; "
        f"see {folder / SUMMARY_NAME}"
    )
    return 1 if n_failed else 0


def read_true_patterns(path: Path) -> dict[str, tuple[Pattern, ...]]:
    """Patterns present by clip id, from a table as `luv evaluate` takes it. Raises AnalysisError naming the file."""
    from training.evaluate.predictions import EvaluationError, read_truth

    try:
        truth = read_truth(path, [pattern.value for pattern in NETWORK_PATTERNS])
    except EvaluationError as error:
        raise AnalysisError(str(error)) from error
    return {
        clip: tuple(pattern for pattern, there in zip(NETWORK_PATTERNS, row, strict=True) if there)
        for clip, row in zip(truth.ids, truth.labels.tolist(), strict=True)
    }
