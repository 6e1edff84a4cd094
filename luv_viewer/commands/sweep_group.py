"""`luv sweep ...`: what the commands take; the work is imported when one is called.

Everything that `luv train` takes is taken from its own command, so that a sweep never knows less.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from luv_viewer.commands.options import output_folder
from luv_viewer.commands.train_options import train

STATUS = (
    "Exit status: 0 all points done, 1 a point failed (a line each on stderr), 2 wrong usage, 130 stopped with Ctrl+C."
)
_QUICK = (
    "--encoder mobilenet_v2 --encoder-weights bundled --freeze-encoder --epochs 20 --set train.lr=3e-4 "
    "--set network.mlp_hidden=512"
)
_AGAIN = (
    "Every value is a run of luv train in DIR/points. DIR gets table.csv, .md and .tex in the paper's form: test set "
    "with the validation set beside it, mean and standard deviation over folds; table_validation and table_folds; "
    "scores.csv, comparisons.csv, auc.png, and report.html, which needs no network. They are written anew after each "
    "value. A value that fails is named, and the others go on. The same command again goes on where it was stopped; "
    "with other --values too, what is finished is taken as it is. The tables hold the values that were asked for last."
)

_sheet = click.Path(exists=True, dir_okay=False, path_type=Path)
_folder = click.Path(exists=True, file_okay=False, path_type=Path)
_output = output_folder("Folder for runs, tables, figure and report; made when it is not there.")
_level = click.option(
    "--level",
    type=click.Choice(["clip", "video", "patient"]),
    default="clip",
    show_default=True,
    help="What a case is: a video or patient has the largest probability of its clips.",
)
_OF_THE_CLIPS = (
    click.option(
        "--sheet",
        "sheets",
        multiple=True,
        required=True,
        type=_sheet,
        metavar="SHEET",
        help="Labels of the videos; repeatable, a reader each.",
    ),
    click.option(
        "--videos", required=True, type=_sheet, metavar="FILE", help="videos.csv of luv prepare index or export."
    ),
    click.option(
        "--root", type=_folder, metavar="DIR", help="Folder that the paths in --videos start from.  [default: its own]"
    ),
    click.option(
        "--mode",
        type=click.Choice(["and", "or", "adjudicated", "majority"]),
        default="and",
        show_default=True,
        help="How several sheets become one, and --leader, --exclusions, --clip-to-length, --tail: as in luv prepare "
        "clips.",
    ),
    click.option("--leader", type=_sheet, metavar="SHEET"),
    click.option("--exclusions", type=_sheet, metavar="FILE"),
    click.option("--clip-to-length", is_flag=True),
    click.option(
        "--step", type=click.IntRange(min=1), metavar="N", help="Frames from clip to clip.  [default: 4/5 of a clip]"
    ),
    click.option("--tail", type=click.Choice(["duplicate", "black", "drop"]), default="duplicate", show_default=True),
    click.option("--size", type=click.IntRange(min=8), default=256, show_default=True, help="Pixels."),
)
_CUT = ("sheets", "videos", "root", "mode", "leader", "exclusions", "clip_to_length", "step", "tail", "size")


@click.group(epilog=STATUS)
def sweep() -> None:
    """Train a network once for each value of a setting, and compare the values in one table.

    Choosing a value by the test set is optimistic; the tables say so, and give the validation set's areas beside it.
    """


def _values(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """`1,5` and `13` as three."""
    values = tuple(value.strip() for text in given for value in text.split(",") if value.strip())
    if given and not values:
        raise click.BadParameter("names no value.")
    return values


def _add(
    name: str, text: str, usual: str, example: str, without: tuple[str, ...] = (), own: tuple[Any, ...] = ()
) -> None:
    """A command of the group. usual: values where none are given. without: options of `luv train` that it decides
    itself. own: decorators of further options."""

    def run(**given: Any) -> int:
        return _run(name, given)

    values = click.option("--values", multiple=True, callback=_values, metavar="LIST", help=f"Such as {usual}")
    decorated: Callable[..., Any] = run
    for decorator in (_level, *reversed(own), _output, values):
        decorated = decorator(decorated)
    command = click.command(
        name, help=f"{text}\n\n{_AGAIN}", epilog=f"Example: luv sweep {example}\n\n{STATUS}", no_args_is_help=True
    )(decorated)
    taken = {"folder", "is_resumed", *without}
    theirs = [parameter for parameter in train.params if parameter.name not in taken]
    command.params = [
        *(parameter for parameter in theirs if isinstance(parameter, click.Argument)),
        *command.params,
        *(parameter for parameter in theirs if isinstance(parameter, click.Option)),
    ]
    sweep.add_command(command)


def _run(name: str, given: dict[str, Any]) -> int:
    from luv_viewer.commands.sweep import CutOptions, SweepOptions
    from luv_viewer.commands.sweep import sweep as run
    from luv_viewer.commands.train import TrainOptions

    values, level = given.pop("values"), given.pop("level")
    cutting = CutOptions(**{key: given.pop(key) for key in _CUT}) if name == "clip-length" else None
    decided = {"clips": given["folder"], "encoder": None, "encoder_weights": None}
    training = TrainOptions(is_resumed=True, **{**decided, **given})
    return run(SweepOptions(name, values, level, training, cutting))


_add(
    "kernel",
    "Kernel size of the temporal convolution: Table 8 of the paper.",
    "1,5,13; odd.  [default: 1,3,5, ... 29]",
    f"kernel split --clips clips -o kernels --values 1,5,13 {_QUICK}",
)
_add(
    "heads",
    "Heads of the attention: Table 9 of the paper.",
    "4,8; they must divide the features of the encoder.  [default: those of 1,2,4,8,16,32,96 that do]",
    f"heads split --clips clips -o heads --values 1,8 {_QUICK}",
)
_add(
    "clip-length",
    "Frames per clip: clips of each length are cut from the videos as luv prepare clips does, with the same patients "
    "for training and test as in SPLIT.",
    "30,60; a clip starts every 4/5 of its length.  [default: 30,40,50,60,70,90]",
    f"clip-length split --sheet sheet.csv --videos export/videos.csv -o lengths --values 30,60 {_QUICK}",
    without=("clips",),
    own=_OF_THE_CLIPS,
)
_add(
    "temporal",
    "With and without the temporal branch: Table 3 of the paper. --set network.ablation_head=full keeps the head.",
    "without,with  [default]",
    f"temporal split --clips clips -o temporal {_QUICK}",
)
_add(
    "encoder",
    "Frame encoders, each with weights of its own or random ones.",
    "resnet18,resnet50=FILE,mobilenet_v2=bundled; FILE as for luv train --encoder-weights, random weights without it.  "
    "[default: densenet161,resnet50,resnet18,mobilenet_v2]",
    "encoder split --clips clips -o encoders --values mobilenet_v2,mobilenet_v2=bundled --freeze-encoder --epochs 20 "
    "--set train.lr=3e-4 --set network.mlp_hidden=512",
    without=("encoder", "encoder_weights"),
)
_add(
    "pretrained",
    "The encoder with the weights of --encoder-weights, and with random ones.",
    "no,yes  [default]",
    f"pretrained split --clips clips -o pretrained {_QUICK}",
)
