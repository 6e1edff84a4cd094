"""`luv benchmark ...`: what the command line takes; the work is imported when a command is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from luv_viewer.commands.options import output_folder

_STATUS = (
    "Exit status: 0 all done, 1 something could not be measured (a line each on stderr), 2 wrong usage, 130 stopped "
    "with Ctrl+C. What is measured by then is in the tables."
)

_folder = output_folder(
    "Folder for tables and figures; made when it is not there. Tables of an earlier run there are replaced."
)
_quick = click.option(
    "--quick", is_flag=True, help="A small run that only shows that everything works; its times mean nothing."
)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_checkpoints = click.option(
    "--checkpoint", "checkpoints", multiple=True, type=_file, metavar="FILE", help="Measure this network; repeatable."
)
_engines = click.option(
    "--engine",
    "engines",
    multiple=True,
    metavar="NAME",
    help="auto, or device:precision, such as torch:bf16, openvino:int8, cuda:fp16; repeatable. torch:fp32 is always "
    "there.  [default: all that this machine may have]",
)
_calibration = click.option(
    "--calibrate",
    "calibration",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH",
    help="Videos whose frames int8 is made with, where it was not made yet; repeatable.  [default: the demo study]",
)


def _names(what: str) -> Any:
    return click.option(
        "--network",
        "names",
        multiple=True,
        metavar="NAME",
        help=f"{what} An unknown name is answered with the known ones.",
    )


def _runs(default: int, what: str) -> Any:
    return click.option("--runs", "n_runs", type=click.IntRange(min=1), default=default, show_default=True, help=what)


@click.group(epilog=_STATUS)
def benchmark() -> None:
    """Measure this machine: networks, a study from end to end, encoders, heads, precisions.

    Each command writes a CSV table, with the machine in the last columns of every row, and most a figure. Start with
    `luv benchmark all -o DIR --quick`. Close other programs before a run that counts; engines that are compared take
    turns, so that ratios hold even where times do not.
    """


@benchmark.command(epilog=_STATUS)
@_folder
@_names("Measure this one only, such as luv_net/resnet50; repeatable.")
@click.option("--device", default="auto", show_default=True, metavar="NAME", help="auto, cpu, cuda, cuda:N or mps.")
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    type=click.Choice(["fp32", "bf16", "fp16"]),
    default=("fp32",),
    show_default=True,
    help="Repeatable. fp32 is torch as it comes; the others are its autocast.",
)
@click.option("--batch", "n_clips", type=click.IntRange(min=1), default=1, show_default=True, help="Clips in a batch.")
@click.option(
    "--runs",
    "n_runs",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="Timed runs of each network; 0: count only.",
)
@click.option("--warm-up", "n_warm_up", type=click.IntRange(min=0), default=2, show_default=True, help="Runs before.")
@_quick
def networks(folder: Path, names: tuple[str, ...], **how: Any) -> int:
    """The paper's Table 4 for every network: parameters, multiply-accumulates, time per clip.

    Counted without computing: all parameters, and multiply-accumulates of one clip of 30 x 3 x 256 x 256, exact and as
    the paper's profiler has them. Timed: the plain network on one clip of noise, random weights, median and quartiles.
    Writes networks.csv and networks.png; the paper's numbers stand beside ours.

    Example: luv benchmark networks -o table4 --network luv_net/resnet18 --quick
    """
    from luv_viewer.analysis.benchmarks.networks import NetworkRuns
    from luv_viewer.commands.benchmark import networks as run

    return run(folder, NetworkRuns(names=names, **how))


@benchmark.command(epilog=_STATUS)
@_folder
@_names("Measure this one, random weights; repeatable.  [default: luv_net/densenet161 where no --checkpoint is given]")
@_checkpoints
@_engines
@_calibration
@_runs(3, "Rounds; each engine runs every study once a round.")
@_quick
def study(folder: Path, **how: Any) -> int:
    """One study of 152 frames of 924x1232, from frames to curves: the authors' way against every engine of ours.

    Strides 24 (tail pad) and 1 (tail align), frames in memory and from a JPEG-baseline DICOM file. The authors' way is
    the plain network on each clip, float32; two of its clips are timed a round and scaled to all. Rows name checkpoint,
    engine, precision, seconds, how many times faster, frames a second, and the agreement with torch's float32.
    Writes study.csv, and study.png for each network.

    Example: luv benchmark study -o speed --checkpoint network.pt --engine torch:bf16 --quick
    """
    from luv_viewer.commands.benchmark import Asked
    from luv_viewer.commands.benchmark import study as run

    return run(folder, Asked(**how))


@benchmark.command(epilog=_STATUS)
@_folder
@_names("Measure this one, random weights; repeatable.  [default: DenseNet-161 and ResNet-50]")
@_checkpoints
@_engines
@_calibration
@_runs(5, "Rounds; each engine encodes 32 frames a round.")
@_quick
def encoders(folder: Path, **how: Any) -> int:
    """Frames a second through the encoder alone, against a scanner's 30. Writes encoders.csv and encoders.png.

    Example: luv benchmark encoders -o speed --checkpoint network.pt --engine torch:bf16 --quick
    """
    from luv_viewer.commands.benchmark import Asked
    from luv_viewer.commands.benchmark import encoders as run

    return run(folder, Asked(**how))


@benchmark.command(epilog=_STATUS)
@_folder
@click.option("--network", default="luv_net/densenet161", show_default=True, metavar="NAME", help="Its head.")
@_runs(7, "Rounds; each way runs once a round.")
@_quick
def heads(folder: Path, network: str, n_runs: int, quick: bool) -> int:
    """The head at stride 1 over 152 frames on the CPU: ours against one clip at a time and all clips in one batch.

    Ours shares between overlapping clips what belongs to a frame. Writes heads.csv, with how equal the results are.

    Example: luv benchmark heads -o speed --quick
    """
    from luv_viewer.commands.benchmark import heads as run

    return run(folder, network, n_runs, quick)


@benchmark.command(no_args_is_help=True, epilog=_STATUS)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@_folder
@click.option("--checkpoint", type=_file, metavar="FILE", help="Network to use instead of the bundled one.")
@click.option(
    "--labels",
    type=_file,
    metavar="CSV",
    help="What the videos show: a column `file` (a name, or a path that a video's path ends in) and a column per "
    "pattern (A-line, B-line, Consolidation, Pleural effusion; or use_A, use_B, use_C, use_E): 1, 0, or ? where it is "
    "not known.",
)
@_engines
@_calibration
@click.option("--stride", type=click.IntRange(min=1), default=24, show_default=True, help="Frames between clips.")
@click.option(
    "--max-videos", type=click.IntRange(min=0), default=0, help="So many of the videos, evenly spread; 0: all."
)
@_quick
def precision(paths: tuple[Path, ...], folder: Path, checkpoint: Path | None, **how: Any) -> int:
    """How well every fast path agrees with torch's float32 on the videos in PATHs.

    Largest and 95th percentile of the differences of probabilities, how often the same three frames have the most
    attention, frames a second, and with --labels the area under the curve of each pattern. Writes precision.csv,
    precision_auc.csv, and precision.md for a README.

    Example: luv benchmark precision study -o agreement --checkpoint network.pt --engine torch:bf16 --quick
    """
    from luv_viewer.commands.benchmark import precision as run

    return run(paths, folder, checkpoint, how)


@benchmark.command(name="all", epilog=_STATUS)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH...]")
@_folder
@_checkpoints
@_engines
@_calibration
@click.option("--labels", type=_file, metavar="CSV", help="For the precision tables.")
@_quick
def everything(paths: tuple[Path, ...], folder: Path, labels: Path | None, **how: Any) -> int:
    """Everything in one run: heads, networks, encoders, study, and the precision tables where PATHs are given.

    encoders and study measure random weights and each --checkpoint (only these with --quick); the precision tables the
    first --checkpoint, else the bundled network. Takes about an hour on two cores.

    Example: luv benchmark all -o speed --checkpoint network.pt --engine torch:bf16 --quick
    """
    from luv_viewer.commands.benchmark import Asked
    from luv_viewer.commands.benchmark import everything as run

    return run(paths, folder, Asked(**how), labels)
