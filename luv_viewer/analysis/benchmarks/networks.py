"""The paper's Table 4 for every network of the registry: parameters, multiply-accumulates, time per clip."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources

import torch

from luv_viewer.analysis.benchmarks.rows import RowFile
from luv_viewer.analysis.errors import AnalysisError
from model.benchmarks.clip_time import ClipRuns, device_label, time_clip
from model.benchmarks.configurations import Configuration, configurations, find_configuration
from model.benchmarks.cost import CLIP_SHAPE, Cost, count_cost
from model.benchmarks.timing import Timing
from model.devices import resolve_engine
from model.errors import PredictionError

FILE_NAME = "networks.csv"
PLAIN_TORCH = "torch, plain network"
_QUICK_SHAPE = (4, 3, 64, 64)

Report = Callable[[str], None]


@dataclass(frozen=True)
class PaperRow:
    """A row of the paper's Table 4: parameters in millions, billions of multiply-accumulates (printed as GFLOPs), and
    mean seconds per clip on an NVIDIA A100."""

    model: str
    params_m: float
    gmacs: float
    seconds: float


@dataclass(frozen=True)
class NetworkRow:
    """One network measured. clip: L x 3 x H x W of the time; counts are of 30 x 3 x 256 x 256 always.

    n_parameters, gmacs: exact (aten's products and convolutions). thop_*: by the rules of the paper's profiler.
    Times are seconds per clip, None where they were not measured; note says why. paper_*: as printed, else None.
    """

    configuration: str
    options: str
    n_parameters: int
    gmacs: float
    thop_params_m: float
    thop_gmacs: float
    median_s: float | None
    quartile_1_s: float | None
    quartile_3_s: float | None
    n_runs: int
    n_warm_up: int
    engine: str
    device: str
    precision: str
    batch_clips: int
    clip: str
    note: str
    paper_model: str | None
    paper_params_m: float | None
    paper_gmacs: float | None
    paper_seconds: float | None


@dataclass(frozen=True)
class NetworkRuns:
    """What `measure_networks` does. names: configurations, all when empty. n_runs 0: count only, time nothing.

    quick: time a clip of 4 x 3 x 64 x 64, to try the command out.
    """

    names: tuple[str, ...] = ()
    device: str = "auto"
    precisions: tuple[str, ...] = ("fp32",)
    n_clips: int = 1
    n_runs: int = 5
    n_warm_up: int = 2
    quick: bool = False

    @property
    def clip_shape(self) -> tuple[int, int, int, int]:
        """(L, 3, H, W) of the clips that are timed."""
        return _QUICK_SHAPE if self.quick else CLIP_SHAPE


def paper_table() -> dict[str, PaperRow]:
    """The paper's Table 4 by the name of our configuration."""
    text = (resources.files("resources") / "benchmark" / "paper_table4.csv").read_text(encoding="utf-8")
    return {
        row["configuration"]: PaperRow(
            row["paper_model"], float(row["paper_params_m"]), float(row["paper_gmacs"]), float(row["paper_seconds"])
        )
        for row in csv.DictReader(io.StringIO(text))
    }


def chosen_configurations(names: Sequence[str]) -> tuple[Configuration, ...]:
    """Those of these names, or all of them. Raises AnalysisError for an unknown name."""
    try:
        return tuple(find_configuration(name) for name in names) or configurations()
    except ValueError as error:
        raise AnalysisError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error


def measure_networks(table: RowFile[NetworkRow], runs: NetworkRuns, report: Report) -> None:
    """Put a row per network and precision into the table, each when it is known.

    report(text): what is being done. Raises AnalysisError for an unknown network or a device that is not there,
    WriteError when the table cannot be written. A network that cannot run has a row that says so.
    """
    chosen = chosen_configurations(runs.names)
    try:
        device = resolve_engine(runs.device, "fp32").device
    except PredictionError as error:
        raise AnalysisError(f"Nothing was measured: {error}.") from error
    paper = paper_table()
    for number, configuration in enumerate(chosen, start=1):
        here = _Place(f"[{number}/{len(chosen)}] {configuration.name}", report)
        here("counting")
        cost = count_cost(configuration)
        for precision in runs.precisions if runs.n_runs else runs.precisions[:1]:
            timed = _timed(configuration, runs, (str(device), precision), here)
            about = _About(configuration, cost, precision, device_label(device), paper.get(configuration.name))
            table.put((configuration.name, precision), _row(about, runs, timed))


@dataclass(frozen=True)
class _Place:
    """Says what is being done, and to which network."""

    name: str
    report: Report

    def __call__(self, text: str) -> None:
        self.report(f"{self.name}: {text}")


def _timed(configuration: Configuration, runs: NetworkRuns, where: tuple[str, str], report: Report) -> Timing | str:
    """Seconds per clip, or why there are none."""
    if runs.n_runs == 0:
        return "not timed: no runs were asked for"
    device, precision = where
    how = ClipRuns(device, precision, runs.n_clips, runs.n_runs, runs.n_warm_up)
    report(f"{precision}, drawing random weights")
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = configuration.build()
        return time_clip(
            network, runs.clip_shape, how, lambda done, total: report(f"{precision}, run {done + 1} of {total}")
        )
    except (PredictionError, MemoryError, ValueError) as error:
        # ValueError: a network that was built for another clip than the quick one.
        return f"not timed: {error}"


@dataclass(frozen=True)
class _About:
    configuration: Configuration
    cost: Cost
    precision: str
    device: str
    paper: PaperRow | None


def _row(about: _About, runs: NetworkRuns, timed: Timing | str) -> NetworkRow:
    timing = None if isinstance(timed, str) else timed
    cost, paper = about.cost, about.paper
    return NetworkRow(
        configuration=about.configuration.name,
        options=about.configuration.options_text,
        n_parameters=cost.n_parameters,
        gmacs=cost.n_macs / 1e9,
        thop_params_m=cost.thop_n_parameters / 1e6,
        thop_gmacs=cost.thop_n_macs / 1e9,
        median_s=timing.median_s if timing else None,
        quartile_1_s=timing.quartiles_s[0] if timing else None,
        quartile_3_s=timing.quartiles_s[1] if timing else None,
        n_runs=len(timing.seconds) if timing else 0,
        n_warm_up=timing.n_warm_up if timing else 0,
        engine=PLAIN_TORCH,
        device=about.device,
        precision=about.precision,
        batch_clips=runs.n_clips,
        clip="x".join(map(str, runs.clip_shape)),
        note="random weights, seed 0" if timing else str(timed),
        paper_model=paper.model if paper else None,
        paper_params_m=paper.params_m if paper else None,
        paper_gmacs=paper.gmacs if paper else None,
        paper_seconds=paper.seconds if paper else None,
    )
