"""`luv sweep`: a network trained once per value of a setting, and a table of all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from luv_viewer import RESEARCH_USE
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import as_table, counted
from luv_viewer.commands.train import STAGES, TrainOptions, asked_settings, missing_packages, weights_file


@dataclass(frozen=True)
class CutOptions:
    """What clips of several lengths are cut from; as `luv prepare clips` takes it. step: None for 4/5 of a clip."""

    sheets: tuple[Path, ...]
    videos: Path
    root: Path | None = None
    mode: str = "and"
    leader: Path | None = None
    exclusions: Path | None = None
    clip_to_length: bool = False
    step: int | None = None
    tail: Any = "duplicate"
    size: int = 256


@dataclass(frozen=True)
class SweepOptions:
    """name: key of `training.sweep.kinds.KINDS`. values: as typed, none for the usual ones. training: what all points
    have in common. cutting: for clip lengths only."""

    name: str
    values: tuple[str, ...]
    level: Any
    training: TrainOptions
    cutting: CutOptions | None = None


@one_sentence
def sweep(options: SweepOptions) -> int:
    """Train, compare, write; a line per point on stderr, the areas on stdout. Returns 1 when a point failed."""
    if missing := missing_packages():
        say(f"Training needs {' and '.join(missing)}: pip install 'luv-viewer[training]'.")
        return 1
    from training.sweep.plan import SweepBase, plan_sweep
    from training.sweep.run import POINTS_FOLDER, SweepJob, run_sweep
    from training.train.job import Machine, TrainSource
    from training.train.presets import parse_changes
    from training.train.run import folds_of

    how = options.training
    base = SweepBase(
        how.preset,
        asked_settings(how) | parse_changes(how.changes),
        how.network,
        weights_file(how.encoder_weights),
        weights_file,
    )
    plan = plan_sweep(options.name, options.values, base)
    _say_notes(options, plan)
    source = TrainSource(how.split, how.clips, None, how.cache)
    screen = _Screen(plan.kind.heading)
    job = SweepJob(
        plan,
        _sources(options, plan.points, source, screen),
        folds_of(how.split) if how.fold is None else (how.fold,),
        Machine(how.accelerator, how.devices, how.nodes, how.workers),
        options.level,
        ("luv", *sys.argv[1:]),
    )
    try:
        outcome = run_sweep(job, how.folder, screen.show)
    finally:
        screen.clear()
    _tell(outcome, {point.value: how.folder / POINTS_FOLDER / point.slug for point in plan.points})
    return int(bool(outcome.failed))


def _say_notes(options: SweepOptions, plan: Any) -> None:
    for sentence in plan.left_out:
        say(f"note: {sentence}")
    has_encoder = "encoder" in plan.points[0].config.network.options
    if has_encoder and options.name != "encoder" and options.training.encoder_weights is None:
        say("note: the encoder starts from random weights; --encoder-weights FILE gives it those of ImageNet.")


def _sources(options: SweepOptions, points: Any, source: Any, screen: _Screen) -> Callable[[Any], Any]:
    """Clips and split of a point: the same for all, or cut for it. Raises PrepareError, SweepError."""
    if options.cutting is None:
        return lambda point: replace(source, encoder_weights=point.encoder_weights)
    if options.training.nodes > 1:
        from training.sweep.errors import SweepError

        raise SweepError("Clips are cut by one computer; leave out --nodes.")
    from luv_viewer.commands.sweep_clips import cutting_of
    from training.sweep.clip_lengths import cut_clips

    # Every point asks for the same grey, which is a setting of the training.
    cutting = cutting_of(options.cutting, options.training, points[0].config.data.channel_rule)
    for point in points:
        cutting.choice(point.clip_length)

    def cut(point: Any) -> Any:
        folder = options.training.folder / "clips" / point.slug
        made = cut_clips(
            cutting, point.clip_length, folder, lambda done, total: screen.line(f"{done} of {total} videos cut")
        )
        for name, why in made.failed.items():
            screen.say(f"left out: {name}: {why}")
        return replace(source, split=made.split, clips=made.clips, encoder_weights=point.encoder_weights)

    return cut


def _tell(outcome: Any, runs: Mapping[str, Path]) -> None:
    """The table on stdout, then where the rest is. runs: folders by value."""
    from training.sweep.layout import OPTIMISTIC, choice_sentence

    for one in outcome.failed:
        say(f"failed: {one.value}: {one.reason}")
    if outcome.results is None:
        return
    results = outcome.results
    lines = area_lines(results)
    if results.missing:
        lines.append(f"Not in the table: {', '.join(one.value for one in results.missing)}.")
    lines += [line for line in (choice_sentence(results), OPTIMISTIC, f"See {outcome.report}") if line]
    truth = runs[results.points[0].value] / "truth_test.csv"
    if results.has_same_cases() and truth.exists():
        predictions = " ".join(f"{runs[point.value]}/*_fold*.csv" for point in results.points)
        lines.append(f"All numbers: luv evaluate {truth} {predictions} -o evaluation")
    click.echo("\n".join([*lines, RESEARCH_USE]))


def area_lines(results: Any) -> list[str]:
    """A line per value: means over folds on the test set, then the validation set's averages."""
    test, valid = results.summary("test"), results.summary("valid")
    n_patterns = len(results.patterns)
    header = (results.kind.heading, *test.columns, *(f"Validation {name}" for name in valid.columns[n_patterns:]))
    rows = [header]
    for ours, theirs in zip(test.rows, valid.rows, strict=True):
        rows.append((ours.name.model, *map(str, ours.values), *map(str, theirs.values[n_patterns:])))
    return as_table(rows, indent="")


class _Screen:
    """A line on stderr for each point that begins, ends or fails; what is in between on one line that is rewritten."""

    def __init__(self, heading: str) -> None:
        self._heading = heading
        self._line = ProgressLine(sys.stderr)
        self._at = ""

    def show(self, step: Any) -> None:
        """step: a `training.sweep.run.SweepStep`."""
        self._at = f"{self._heading} {step.point.value} ({step.number} of {step.total})"
        if step.failure:
            self.say(f"{self._at} failed: {step.failure}")
        elif step.scores is not None:
            self.say(f"{self._at}: {counted(len(step.scores.folds), 'fold')}, {_scored(step.scores)}")
        elif step.step is None:
            self.say(f"{self._at}: begun")
        else:
            self.line(_told(step.step))

    def line(self, text: str) -> None:
        """Rewrite the line."""
        self._line.show(f"{self._at}: {text}")

    def say(self, text: str) -> None:
        """A line that stays."""
        self._line.clear()
        say(text)

    def clear(self) -> None:
        """Remove the line."""
        self._line.clear()


def _told(step: Any) -> str:
    if step.record is None:
        return f"fold {step.fold}, {step.done} of {step.total} {STAGES[step.stage]}"
    return (
        f"fold {step.fold}, epoch {step.done} of {step.total}, loss {step.record.train_loss:.4f}, validation "
        f"{step.record.valid_loss:.4f}"
    )


def _scored(scores: Any) -> str:
    """Macro areas by curve, mean over folds."""
    means = {
        part: sum(fold.part(part).averages.macro_by_curve.value for fold in scores.folds) / len(scores.folds)
        for part in ("valid", "test")
    }
    return f"macro AUC {means['valid']:.3f} on the validation set, {means['test']:.3f} on the test set"
