"""`luv rehearse`: what it takes; the work is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from luv_viewer.commands.options import output_folder
from luv_viewer.commands.train_options import BUNDLED, ENCODERS

_STATUS = (
    "Exit status: 0 done, 1 a step failed (one line on stderr), 2 wrong usage, 130 stopped with Ctrl+C: the same "
    "command goes on."
)


@click.command(no_args_is_help=True, epilog=_STATUS)
@output_folder("Folder for everything: cohort, clips, folds, trained networks, evaluation/report.html.")
@click.option("--patients", type=click.IntRange(min=12), default=24, show_default=True, help="Synthetic patients.")
@click.option("--videos", type=click.IntRange(min=1), default=3, show_default=True, help="Videos of each.")
@click.option(
    "--size", "size_px", type=click.IntRange(64, 2000), default=256, show_default=True, help="Height of the pictures."
)
@click.option(
    "--clip-size", "clip_px", type=click.IntRange(32, 1024), default=128, show_default=True, help="Pixels of the clips."
)
@click.option("--seed", type=click.IntRange(min=0, max=2**31), default=7, show_default=True, help="Of the cohort.")
@click.option("--encoder", type=click.Choice(ENCODERS), default="mobilenet_v2", show_default=True)
@click.option(
    "--encoder-weights",
    metavar="FILE",
    help=f"As for luv train; none: random weights.  [default: {BUNDLED} for mobilenet_v2, else random]",
)
@click.option(
    "--train-encoder",
    is_flag=True,
    help="Train the encoder too, which takes hours on a CPU. One with random weights is always trained.",
)
@click.option("--epochs", type=click.IntRange(min=1), default=25, show_default=True, help="Of each training, at most.")
@click.option("--lr", type=click.FloatRange(min=0, min_open=True), default=5e-4, show_default=True, help="Adam's.")
def rehearse(folder: Path, encoder: str, encoder_weights: str | None, train_encoder: bool, **given: Any) -> int:
    """Run the whole chain on synthetic patients: what a study of your own will go through, in minutes.

    luv phantom, prepare index, clips, split, then LUV-Net with and without its temporal branch and USVN by luv train,
    luv thresholds, luv evaluate. Each command is printed before it runs and kept in DIR/commands.sh, to be used again
    with real patients. At the end: how well A-lines and effusions of unseen synthetic patients were found, and whether
    the temporal branch helped. Without options it takes some minutes; a first look takes one:

    Example: luv rehearse -o rehearsal --patients 12 --videos 2 --size 64 --clip-size 64 --epochs 1
    """
    from luv_viewer.commands.rehearse import rehearse as run
    from training.rehearsal import Rehearsal

    weights = encoder_weights or (BUNDLED if encoder == "mobilenet_v2" else "none")
    weights = "" if weights == "none" else weights
    return run(
        Rehearsal(folder, encoder=encoder, weights=weights, freezes=bool(weights) and not train_encoder, **given)
    )
