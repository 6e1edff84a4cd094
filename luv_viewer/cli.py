"""The `luv` command: LUV Viewer without a window. Each subcommand imports what it needs when it is called."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from luv_viewer import RESEARCH_USE, __version__
from luv_viewer.app import log_path, logging_to_file
from luv_viewer.commands.benchmark_group import benchmark
from luv_viewer.commands.evaluation_options import compare, evaluate, thresholds
from luv_viewer.commands.labels_group import labels
from luv_viewer.commands.options import output_folder

log = logging.getLogger(__name__)

INTERRUPTED = 130
_STATUS = "Exit status: 0 all done, 1 some inputs failed, 2 wrong usage, 130 stopped with Ctrl+C."

_input_path = click.Path(path_type=Path)
_input_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?|mps|torch|openvino(:(cpu|gpu|npu))?")


def _device(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Whether the name of a device makes sense; whether it exists is found out when it is used."""
    if not _DEVICE.fullmatch(value):
        raise click.BadParameter(
            f"{value!r} is not one of auto, cpu, cuda, cuda:N, mps, torch, openvino, openvino:gpu, openvino:npu."
        )
    return value


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
    """
    from luv_viewer.analysis.batch import BatchOptions
    from luv_viewer.commands.predict import predict as run

    return run(paths, folder, checkpoint, BatchOptions(overwrite=overwrite, **how))  # type: ignore[arg-type]


@cli.command(no_args_is_help=True, epilog=_STATUS)
@click.argument("paths", nargs=-1, required=True, type=_input_path, metavar="PATH...")
@click.option("--csv", "table", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it there.")
def inspect(paths: tuple[Path, ...], table: Path | None) -> int:
    """Say of every file in PATHs whether it opens and as what, or why not, one line a file."""
    from luv_viewer.commands.inspect import inspect as run

    return run(paths, table)


@cli.command(epilog=_STATUS)
@click.argument("file", required=False, type=_input_file)
def checkpoint(file: Path | None) -> int:
    """Print what a checkpoint FILE says of itself: data, licence, thresholds, AUC. Without FILE: the bundled one."""
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
    """
    from luv_viewer.commands.engines import engines as run

    return run(checkpoint, calibration, again=again or bool(calibration))


cli.add_command(labels)
cli.add_command(benchmark)
cli.add_command(compare)
cli.add_command(evaluate)
cli.add_command(thresholds)


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
