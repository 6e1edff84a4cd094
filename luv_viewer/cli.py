"""The `luv` command: LUV Viewer without a window. Each subcommand imports what it needs when it is called."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from luv_viewer import RESEARCH_USE, __version__
from luv_viewer.app import log_path, logging_to_file
from luv_viewer.commands.benchmark_group import benchmark
from luv_viewer.commands.evaluation_options import compare, evaluate, thresholds
from luv_viewer.commands.examples import keep_examples_whole
from luv_viewer.commands.labels_group import labels
from luv_viewer.commands.options import output_folder
from luv_viewer.commands.prepare_group import prepare
from luv_viewer.commands.rehearse_options import rehearse
from luv_viewer.commands.saliency_options import saliency
from luv_viewer.commands.sweep_group import sweep
from luv_viewer.commands.train_options import train

log = logging.getLogger(__name__)

INTERRUPTED = 130
_MOST_FRAMES = 10_000
_STATUS = "Exit status: 0 all done, 1 some inputs failed, 2 wrong usage, 130 stopped with Ctrl+C."

_input_path = click.Path(path_type=Path)
_input_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_LENGTHS = re.compile(r"(?:\d+x)?\d+(?:,(?:\d+x)?\d+)*")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?|mps|torch|openvino(:(cpu|gpu|npu))?")


def _device(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Whether the name of a device makes sense; whether it exists is found out when it is used."""
    if not _DEVICE.fullmatch(value):
        raise click.BadParameter(
            f"{value!r} is not one of auto, cpu, cuda, cuda:N, mps, torch, openvino, openvino:gpu, openvino:npu."
        )
    return value


def _lengths(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    """`5x152,62` as 152 five times, then 62."""
    text = value.replace(" ", "")
    if not _LENGTHS.fullmatch(text):
        raise click.BadParameter(f"{value!r} is no list of numbers of frames such as 152,62 or 5x152,2x62,39.")
    lengths: list[int] = []
    for item in text.split(","):
        count, _, length = item.rpartition("x")
        lengths += [int(length)] * int(count or 1)
    if not lengths or min(lengths) < 1 or max(lengths) > _MOST_FRAMES:
        raise click.BadParameter(f"videos have 1 to {_MOST_FRAMES} frames.")
    return tuple(lengths)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=f"Lung ultrasound without a window. {RESEARCH_USE}\n\nThe window itself is started by `luv-viewer`.",
    epilog=_STATUS,
)
@click.version_option(__version__, prog_name="luv")
@click.option("--debug", is_flag=True, envvar="LUV_DEBUG", help="Show the traceback of an internal error.")
def cli(debug: bool) -> None:
    """The command group; `debug` is read by `main`."""


@cli.command(no_args_is_help=True, epilog=_STATUS)
@click.argument("paths", nargs=-1, required=True, type=_input_path, metavar="PATH...")
@output_folder("Folder for the results; made when it is not there.")
@click.option("--checkpoint", type=_input_file, metavar="FILE", help="Network to use instead of the bundled one.")
@click.option(
    "--device",
    callback=_device,
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto, cpu, cuda, cuda:N, mps, torch (on the CPU), openvino, openvino:gpu or openvino:npu. "
    "cuda deals the videos out to all cards.",
)
@click.option(
    "--precision", type=click.Choice(["auto", "fp32", "bf16", "fp16", "int8"]), default="auto", show_default=True
)
@click.option(
    "--stride", type=click.IntRange(min=1), default=24, show_default=True, help="Frames from one clip to the next."
)
@click.option(
    "--tail",
    type=click.Choice(["pad", "align", "drop"]),
    default="pad",
    show_default=True,
    help="A short last clip: repeat its last frame, move it back to end at the last frame, or leave it out.",
)
@click.option(
    "--clip-attention",
    is_flag=True,
    help="Also write <video>_clip_attention.csv: the raw attention of every clip, pattern and head, frame by frame, "
    "for luv evaluate --attention.",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Start over: compute again, and replace what DIR holds already. A result of other settings (checkpoint, "
    "precision, stride, ...) is replaced also without it.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that work at the same time, each with its own network; the cores are divided among them.  "
    "[default: one per card where there are several, else none beside this one; with --ray as many as fit]",
)
@click.option(
    "--ray",
    metavar="ADDRESS",
    help="Let a Ray cluster do the work: auto, host:6379, ray://host:10001, or local to start one here. "
    "Every node must reach PATHs under the same name, in a shared folder.",
)
def predict(paths: tuple[Path, ...], folder: Path, checkpoint: Path | None, overwrite: bool, **how: str | int) -> int:
    """Run LUV-Net over every video in PATHs: DICOM, AVI, MP4 and the like, folders, DICOMDIR, zip.

    Writes to DIR, per video: <video>_clips.csv (a probability per clip and pattern), <video>_frames.csv (normalised
    attention per frame), <video>_attention.png (the curves with their top frames); and one summary.csv. <video> is
    the file name without its ending, with a number added where that repeats. A still counts as a video of one frame.

    An input that cannot be opened, or is unlike lung ultrasound, is named on stderr and in the summary; the others go
    on. The same command again goes on where it was stopped, even by a crash: results of the same video, checkpoint and
    settings stay, also of a video that was moved or renamed. Files are the same whoever computes them; torch on the
    CPU uses one core per video for that.

    Example: luv predict study -o results --checkpoint network.pt
    """
    from luv_viewer.analysis.batch import BatchOptions
    from luv_viewer.commands.predict import predict as run

    return run(paths, folder, checkpoint, BatchOptions(overwrite=overwrite, **how))  # type: ignore[arg-type]


@cli.command(no_args_is_help=True, epilog=_STATUS)
@click.argument("paths", nargs=-1, required=True, type=_input_path, metavar="PATH...")
@click.option("--csv", "table", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it there.")
def inspect(paths: tuple[Path, ...], table: Path | None) -> int:
    """Say of every file in PATHs whether it opens and as what, or why not, one line a file.

    Example: luv inspect study --csv files.csv
    """
    from luv_viewer.commands.inspect import inspect as run

    return run(paths, table)


@cli.command(epilog=_STATUS)
@click.argument("file", required=False, type=_input_file)
def checkpoint(file: Path | None) -> int:
    """Print what a checkpoint FILE says of itself: data, licence, thresholds, AUC. Without FILE: the bundled one.

    Example: luv checkpoint network.pt
    """
    from luv_viewer.commands.checkpoint import describe as run

    return run(file)


@cli.command(epilog=_STATUS)
@click.argument("calibration", nargs=-1, type=_input_path, metavar="[PATH...]")
@click.option("--checkpoint", type=_input_file, metavar="FILE", help="Network to use instead of the bundled one.")
@click.option("--again", is_flag=True, help="Measure anew, even when that was done on this computer.")
def engines(calibration: tuple[Path, ...], checkpoint: Path | None, again: bool) -> int:
    """Measure how fast each precision runs LUV-Net on this computer, and say which one `auto` takes and why.

    It is done once per checkpoint: the network is converted for OpenVINO, brought to int8 with frames of the videos in
    PATHs (without any, of the demo study), and compared with float32 on their clips. The window does the same by
    itself when it has nothing else to do.

    Example: luv engines --checkpoint network.pt
    """
    from luv_viewer.commands.engines import engines as run

    return run(checkpoint, calibration, again=again or bool(calibration))


@cli.command(no_args_is_help=True, epilog=_STATUS)
@output_folder("Folder for the cohort; made when it is not there. Videos that are there already stay.")
@click.option(
    "--published",
    is_flag=True,
    help="The counts of the published cohort: 388 rows of 36 patients, and 56 videos of 11 others. With pixels of full "
    "size it takes about 150 GB as plain DICOM. Not with --patients, --videos, --lengths.",
)
@click.option("--patients", type=click.IntRange(min=1), default=3, show_default=True, help="Patients.")
@click.option("--videos", type=click.IntRange(min=1), default=4, show_default=True, help="Videos of each patient.")
@click.option(
    "--lengths",
    callback=_lengths,
    default="3x152,62,39",
    show_default=True,
    metavar="LIST",
    help="Frames of the videos, used in turn; 3x152 is 152 three times, 1 is a still.",
)
@click.option("--seed", type=click.IntRange(min=0, max=2**31), default=0, show_default=True, help="Decides everything.")
@click.option(
    "--size",
    type=click.IntRange(min=24, max=2000),
    metavar="PX",
    help="Height of the picture; the DICOM screen around it shrinks with it.  [default: 772, on 924x1232]",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["dicom", "dicom-jpeg", "avi", "mp4", "npy"]),
    default="dicom",
    show_default=True,
    help="Plain RGB (3.4 MB a frame at full size) or JPEG-compressed DICOM, a movie of the picture alone, or its grey "
    "values.",
)
@click.option("--masks", is_flag=True, help="Also write where in each frame each pattern is (npz).")
@click.option("--no-pixels", is_flag=True, help="Sheets, lengths and exclusions only.")
@click.pass_context
def phantom(context: click.Context, folder: Path, no_pixels: bool, **how: Any) -> int:
    """Make synthetic lung-ultrasound studies whose findings are known frame by frame; no patient is real.

    Writes to DIR: videos/<PatientID>/<number>, truth/<PatientID>/<number>.csv (a row per frame, a column per pattern),
    sheets/ (blank template, two readers, a senior reader, both merged versions, and the temporal set's), lengths.csv
    and exclusions.csv. The same seed gives the same pixels. The same command again goes on where it was stopped.

    Example: luv phantom -o cohort --patients 2 --videos 2 --lengths 62,39 --size 128
    """
    given = [name for name in ("patients", "videos", "lengths") if _was_given(context, name)]
    if how["published"] and given:
        raise click.UsageError(f"--published decides the numbers itself; leave out --{', --'.join(given)}.")
    if no_pixels and (how["masks"] or how["size"]):
        raise click.UsageError("--no-pixels leaves nothing for --size and --masks to act on.")
    from luv_viewer.commands.phantom import PhantomOptions
    from luv_viewer.commands.phantom import phantom as run

    return run(folder, PhantomOptions(pixels=not no_pixels, **how))


def _was_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


cli.add_command(benchmark)
cli.add_command(compare)
cli.add_command(evaluate)
cli.add_command(labels)
cli.add_command(prepare)
cli.add_command(rehearse)
cli.add_command(saliency)
cli.add_command(sweep)
cli.add_command(thresholds)
cli.add_command(train)
keep_examples_whole(cli)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; never raises for bad input. argv: None for the process's own.

    An internal error is one sentence on stderr, its traceback goes to the log (and to stderr with --debug).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with logging_to_file(), cli.make_context("luv", arguments) as context:
            return _run(context, is_debugging=bool(context.params["debug"]))
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped. What is finished is kept; the same command goes on from there.", err=True)
        return INTERRUPTED


def _run(context: click.Context, *, is_debugging: bool) -> int:
    try:
        return int(cli.invoke(context) or 0)
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except BrokenPipeError:
        # Whoever read our output has left (`luv inspect ... | head`); Python would complain once more at exit.
        sys.stdout = None
        return 1
    except Exception as error:
        # The outermost boundary: a user gets a sentence, the log the traceback.
        log.exception("internal error")
        if is_debugging:
            raise
        click.echo(f"An internal error ({type(error).__name__}) stopped luv; the log is {log_path()}.", err=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
