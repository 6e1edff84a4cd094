"""`luv benchmark`: the runs, said to a person."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from luv_viewer.analysis.benchmarks import encoders as encoder_runs
from luv_viewer.analysis.benchmarks import heads as head_runs
from luv_viewer.analysis.benchmarks import networks as network_runs
from luv_viewer.analysis.benchmarks import precision as precision_runs
from luv_viewer.analysis.benchmarks import study as study_runs
from luv_viewer.analysis.benchmarks.cine import CineSize
from luv_viewer.analysis.benchmarks.encoders_figure import FILE_NAME as ENCODERS_FIGURE
from luv_viewer.analysis.benchmarks.encoders_figure import encoders_png
from luv_viewer.analysis.benchmarks.engines import EngineName, default_engines
from luv_viewer.analysis.benchmarks.markdown import PRECISION_NAME, precision_markdown
from luv_viewer.analysis.benchmarks.networks_figure import FILE_NAME as NETWORKS_FIGURE
from luv_viewer.analysis.benchmarks.networks_figure import networks_png
from luv_viewer.analysis.benchmarks.rows import RowFile, cell
from luv_viewer.analysis.benchmarks.source import MeasuredNetwork, checkpoint_source, random_source
from luv_viewer.analysis.benchmarks.study_figure import study_png
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.predict import default_checkpoint_path
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import as_table
from luv_viewer.io.whole_file import write_whole
from resources import resource_path

INTERRUPTED = 130
_QUICK_NETWORK = "luv_net/mobilenet_v2"
_QUICK_SIZE = CineSize(32, 231, 308)
_LONGEST_CELL = 60
_LEAST_CLIPS = 5
"""The plain side is timed on at least so many clips."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What the commands with engines take. names: configurations with random weights; checkpoints: files."""

    names: tuple[str, ...] = ()
    checkpoints: tuple[Path, ...] = ()
    engines: tuple[str, ...] = ()
    calibration: tuple[Path, ...] = ()
    n_runs: int = 3
    quick: bool = False

    def random_names(self, default: Sequence[str]) -> tuple[str, ...]:
        """Those with random weights; `default` where nothing was named."""
        if self.names or self.checkpoints:
            return self.names
        return (_QUICK_NETWORK,) if self.quick else tuple(default)

    @property
    def calibration_paths(self) -> tuple[Path, ...]:
        """What int8 is made with; one short clip in a quick run."""
        return self.calibration or ((resource_path("demo", "1_B-lines_convex.dcm"),) if self.quick else ())


class Sources(AbstractContextManager["Sources"]):
    """The networks to measure, each opened when it is first wanted: what was prepared of one serves every command."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._found: dict[str | Path, MeasuredNetwork] = {}

    def of(self, asked: Asked, default: Sequence[str], tell: Say) -> Iterator[MeasuredNetwork]:
        """Those with random weights, then those of files. Raises AnalysisError."""
        for name in asked.random_names(default):
            if name not in self._found:
                self._found[name] = self._open.enter_context(random_source(name, tell))
            yield self._found[name]
        for path in asked.checkpoints:
            if path not in self._found:
                self._found[path] = self._open.enter_context(checkpoint_source(path))
            yield self._found[path]

    def __exit__(self, *error: object) -> None:
        self._open.close()


@one_sentence
def networks(folder: Path, runs: network_runs.NetworkRuns) -> int:
    """Write the table and the figure; print the table."""
    table = RowFile(folder / network_runs.FILE_NAME, network_runs.NetworkRow)
    columns = ("configuration", "n_parameters", "gmacs", "thop_gmacs", "median_s", "device", "precision", "note")

    def finish() -> None:
        _write_figure(folder / NETWORKS_FIGURE, networks_png, table.rows)
        _print(table, columns)

    return _watched(lambda tell: network_runs.measure_networks(table, runs, tell), finish)


@one_sentence
def study(folder: Path, asked: Asked, shared: Sources | None = None) -> int:
    """Write the table and a figure for each network; print the table."""
    table = RowFile(folder / study_runs.FILE_NAME, study_runs.StudyRow)
    runs = study_runs.StudyRuns(
        engines=_engines(asked.engines),
        size=_QUICK_SIZE if asked.quick else CineSize(),
        n_rounds=1 if asked.quick else asked.n_runs,
        plain_clips=1 if asked.quick else max(2, -(-_LEAST_CLIPS // asked.n_runs)),
        calibration=asked.calibration_paths,
    )

    def measure(tell: Say) -> None:
        with nullcontext(shared) if shared is not None else Sources() as sources:
            for network in sources.of(asked, ["luv_net/densenet161"], tell):
                study_runs.measure_study(table, network, runs, tell)

    def finish() -> None:
        for number, name in enumerate(dict.fromkeys(row.checkpoint for row in table.rows), start=1):
            figure = folder / ("study.png" if number == 1 else f"study_{number}.png")
            _write_figure(figure, study_png, [row for row in table.rows if row.checkpoint == name])
        _print(
            table, ("checkpoint", "frames_from", "stride", "engine", "precision", "seconds", "ratio", "top3_agreement")
        )

    return _watched(measure, finish)


@one_sentence
def encoders(folder: Path, asked: Asked, shared: Sources | None = None) -> int:
    """Write the table and the figure; print the table."""
    table = RowFile(folder / encoder_runs.FILE_NAME, encoder_runs.EncoderRow)
    runs = encoder_runs.EncoderRuns(_engines(asked.engines), 32, asked.n_runs, asked.calibration_paths)
    if asked.quick:
        runs = replace(runs, n_frames=4, n_runs=1)

    def measure(tell: Say) -> None:
        with nullcontext(shared) if shared is not None else Sources() as sources:
            for network in sources.of(asked, encoder_runs.NETWORKS, tell):
                encoder_runs.measure_encoders(table, network, runs, tell)

    def finish() -> None:
        _write_figure(folder / ENCODERS_FIGURE, encoders_png, table.rows)
        _print(table, ("checkpoint", "engine", "precision", "frames_per_s", "of_scanner", "note"))

    return _watched(measure, finish)


@one_sentence
def heads(folder: Path, network: str, n_runs: int, quick: bool) -> int:
    """Write the table; print it."""
    table = RowFile(folder / head_runs.FILE_NAME, head_runs.HeadRow)
    runs = head_runs.HeadRuns(network, n_runs=n_runs)
    if quick:
        runs = head_runs.HeadRuns("luv_net/resnet18", n_frames=40, n_runs=1)
    columns = ("network", "n_features", "n_clips", "way", "engine", "seconds", "times_ours", "probability_difference")
    return _watched(lambda tell: head_runs.measure_heads(table, runs, tell), lambda: _print(table, columns))


@one_sentence
def precision(paths: Sequence[Path], folder: Path, checkpoint: Path | None, how: Mapping[str, Any]) -> int:
    """Write the tables and their Markdown; print it. Returns 1 when an input could not be read."""
    tables = precision_runs.PrecisionTables.of(folder)
    runs = precision_runs.PrecisionRuns(
        paths=tuple(paths),
        engines=_engines(how["engines"]),
        labels=how["labels"],
        stride=how["stride"],
        max_videos=2 if how["quick"] else how["max_videos"],
        calibration=Asked(calibration=how["calibration"], quick=how["quick"]).calibration_paths,
    )
    failures: list[str] = []

    def measure(tell: Say) -> None:
        with checkpoint_source(checkpoint or default_checkpoint_path()) as network:
            failures.extend(precision_runs.measure_precision(tables, network, runs, tell))

    def finish() -> None:
        if tables.engines.rows:
            text = precision_markdown(tables)
            write_whole(folder / PRECISION_NAME, text.encode("utf-8"))
            click.echo(f"{text}\nSee {tables.engines.path}")

    status = _watched(measure, finish)
    for failure in failures:
        say(failure)
    return status or int(bool(failures))


def everything(paths: Sequence[Path], folder: Path, asked: Asked, labels: Path | None) -> int:
    """All of them; the first that is stopped by Ctrl+C stops all. The worst of their exit statuses."""
    in_study: tuple[str, ...] = ("luv_net/densenet161",)
    in_encoders: tuple[str, ...] = encoder_runs.NETWORKS
    if asked.quick:
        in_study = in_encoders = () if asked.checkpoints else (_QUICK_NETWORK,)
    how = {**vars(asked), "labels": labels, "stride": 24, "max_videos": 0}
    worst = 0
    with Sources() as sources:
        parts: list[Callable[[], int]] = [
            partial(heads, folder, "luv_net/densenet161", 7, asked.quick),
            partial(
                networks, folder, network_runs.NetworkRuns((_QUICK_NETWORK,) if asked.quick else (), quick=asked.quick)
            ),
            partial(encoders, folder, replace(asked, names=in_encoders, n_runs=5), sources),
            partial(study, folder, replace(asked, names=in_study), sources),
        ]
        if paths:
            parts.append(partial(precision, paths, folder, asked.checkpoints[0] if asked.checkpoints else None, how))
        for part in parts:
            status = part()
            if status == INTERRUPTED:
                return status
            worst = max(worst, status)
    return worst


def _watched(measure: Callable[[Say], None], finish: Callable[[], None]) -> int:
    """Measure with a line of progress; what was measured is finished (figures, the printed table) even when stopped."""
    line = ProgressLine(sys.stderr)
    try:
        line.show("Starting ...")
        measure(line.show)
    except KeyboardInterrupt:
        line.clear()
        finish()
        say("Stopped. What was measured is in the tables; the same command starts again from the beginning.")
        return INTERRUPTED
    finally:
        line.clear()
    finish()
    return 0


def _engines(names: Sequence[str]) -> tuple[EngineName, ...]:
    try:
        return tuple(EngineName.parse(name) for name in names) or default_engines()
    except ValueError as error:
        raise AnalysisError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error


def _write_figure(path: Path, draw: Callable[[Any], bytes], rows: Sequence[Any]) -> None:
    if rows:
        write_whole(path, draw(rows))


def _print(table: RowFile[Any], columns: Sequence[str]) -> None:
    """Some columns of the table, with three digits, and where the rest is."""
    if not table.rows:
        return
    rows = [[_short(getattr(row, column)) for column in columns] for row in table.rows]
    click.echo("\n".join([*as_table([columns, *rows], indent=""), f"See {table.path}"]))


def _short(value: object) -> str:
    """A cell for the screen: three digits, long texts cut."""
    text = f"{value:.3g}" if isinstance(value, float) else cell(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 3]}..."
