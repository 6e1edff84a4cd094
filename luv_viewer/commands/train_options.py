"""`luv train`: what it takes; the work is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from luv_viewer.commands.options import output_folder

_STATUS = (
    "Exit status: 0 done, 1 it cannot be done (one line on stderr), 2 wrong usage, 130 stopped with Ctrl+C: the same "
    "command with --resume goes on."
)
_folder = click.Path(exists=True, file_okay=False, path_type=Path)
BUNDLED = "bundled"
NETWORKS = ("luv_net", "usvn", "frame_net", "cnn_lstm", "b_line_net", "c3d", "r2plus1d", "vivit", "mvit", "swin")
ENCODERS = ("densenet161", "resnet50", "resnet18", "mobilenet_v2")


def _fold(context: click.Context, parameter: click.Parameter, value: str) -> int | None:
    """A number; None for all."""
    if value == "all":
        return None
    if not value.isdigit():
        raise click.BadParameter(f"{value!r} is neither a number such as 0, nor all.")
    return int(value)


@click.command(
    no_args_is_help=True,
    epilog="Example: luv train split --clips clips -o run --encoder mobilenet_v2 --encoder-weights bundled "
    f"--freeze-encoder --epochs 20 --set train.lr=1e-3\n\n{_STATUS}",
)
@click.argument("split", type=_folder, metavar="SPLIT")
@click.option("--clips", required=True, type=_folder, metavar="DIR", help="Folder that luv prepare clips wrote.")
@output_folder("Folder of the run; made when it is not there.")
@click.option("--fold", callback=_fold, default="0", show_default=True, metavar="N|all", help="Which fold to train.")
@click.option(
    "--network", type=click.Choice(NETWORKS), help="What to train.  [default: that of the preset, else luv_net]"
)
@click.option("--name", metavar="NAME", help="What predictions and tables call it.  [default: that of the network]")
@click.option("--encoder", type=click.Choice(ENCODERS), help="Frame encoder.  [default: densenet161]")
@click.option(
    "--encoder-weights",
    metavar="FILE",
    help="What the encoder starts from: a state dict of torchvision or timm (ImageNet), a checkpoint with the same "
    f"encoder, or `{BUNDLED}` for the mobilenet_v2 that comes with the program.  [default: random weights]",
)
@click.option(
    "--freeze-encoder",
    is_flag=True,
    help="Leave the encoder as it is: its features are computed once and kept, the rest is trained on them.",
)
@click.option(
    "--preset",
    default="default",
    show_default=True,
    metavar="NAME|FILE.toml",
    help="default, paper-text, paper-code, or a file of your own; see config.toml of a run for all settings.",
)
@click.option(
    "--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a setting, as train.lr=1e-5; repeatable."
)
@click.option("--epochs", type=click.IntRange(min=1), help="At most.  [default: 150]")
@click.option("--batch-size", type=click.IntRange(min=1), help="Clips, of all devices together.  [default: 4]")
@click.option("--accumulate", type=click.IntRange(min=1), help="Batches per step.  [default: 1]")
@click.option("--precision", type=click.Choice(["fp32", "bf16"]), help="[default: fp32]")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Of everything random.  [default: 234]")
@click.option("--accelerator", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True)
@click.option("--devices", type=click.IntRange(min=1), default=1, show_default=True, help="Processes per computer.")
@click.option(
    "--nodes",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Computers; start the same command on each, by torchrun or SLURM.",
)
@click.option(
    "--workers", type=click.IntRange(min=0), default=0, show_default=True, help="Processes that decode clips."
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where decoded clips and features are kept for all runs.  [default: the user's cache]",
)
@click.option("--resume", "is_resumed", is_flag=True, help="Go on with what the folder of the run holds.")
def train(split: Path, folder: Path, **given: Any) -> int:
    """Train a network on the clips of a SPLIT, and predict its validation and test clips with the best epoch.

    The run folder gets config.toml, run.json, thresholds.csv, the predictions and the truth that `luv evaluate` reads,
    and per fold metrics.csv, TensorBoard logs, and best.pt, which `luv predict --checkpoint` and the viewer open.

    A run that was stopped or killed gives with --resume exactly the weights that it would have given.
    """
    from luv_viewer.commands.train import TrainOptions
    from luv_viewer.commands.train import train as run

    return run(TrainOptions(split=split, folder=folder, **given))
