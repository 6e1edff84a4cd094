"""`luv saliency`: what it takes; the work is imported when the command is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from luv_viewer.commands.options import output_folder

_STATUS = "Exit status: 0 all done, 1 some inputs failed, 2 wrong usage, 130 stopped with Ctrl+C."
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_KINDS = ("attention", "gradient")
_FORMATS = ("video", "png", "npz")
_PATTERNS = ("A-line", "B-line", "Consolidation", "Pleural effusion")


@click.command(no_args_is_help=True, epilog=_STATUS)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="STUDY...")
@output_folder("Folder for the maps; made when it is not there.")
@click.option("--checkpoint", type=_file, metavar="FILE", help="Network to use instead of the bundled one.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(_KINDS),
    multiple=True,
    help="attention: each pattern's attention score, taken apart over the picture (LUV-Net only). gradient: Grad-CAM "
    "of each pattern's logit (every network with a frame encoder). May be given twice.  [default: attention where the "
    "network has it, else gradient]",
)
@click.option(
    "--pattern",
    "patterns",
    type=click.Choice(_PATTERNS, case_sensitive=False),
    multiple=True,
    help="Of movies and pictures; may be repeated.  [default: all]",
)
@click.option(
    "--format",
    "formats",
    type=click.Choice(_FORMATS),
    multiple=True,
    help="video: an MP4 with the map over every frame; png: the top frames with their maps; npz: the numbers. May be "
    "repeated.  [default: video]",
)
@click.option(
    "--truth",
    type=_file,
    metavar="FILE",
    help="CSV with clip_id (the file name without its ending) and 0 or 1 per pattern, as luv evaluate takes it: what "
    "is true then stands in the file names.",
)
@click.option(
    "--stride", type=click.IntRange(min=1), default=24, show_default=True, help="Frames from one clip to the next."
)
@click.option("--device", default="auto", show_default=True, metavar="NAME", help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--overwrite", is_flag=True, help="Make again what is there already.")
def saliency(paths: tuple[Path, ...], folder: Path, checkpoint: Path | None, **how: Any) -> int:
    """Show where in the picture a network finds its evidence for each pattern, in every video of STUDY...

    Writes <video>_pred[..]_<kind>.mp4, .png or .npz to DIR, the patterns that the network calls present in the brackets
    (and _true[..] before, where --truth knows the video), and saliency.csv. Networks run in float32 on torch, which is
    slower than luv predict.

    attention splits the score that decides how much a frame counts, exactly: its mean over the map is the score.
    gradient weighs the encoder's features by how much they raise the pattern's logit of the whole clip, and drops what
    lowers it. Neither is proof of what made the decision. Colours run to the largest value in a video, from the median
    of attention scores or from 0.

    A file that cannot be used is named on stderr, and the others go on. The same command again goes on where it was
    stopped.

    Example: luv saliency study.dcm -o maps --kind gradient --format png
    """
    from luv_viewer.commands.saliency import SaliencyWishes
    from luv_viewer.commands.saliency import saliency as run

    return run(paths, folder, checkpoint, SaliencyWishes(**how))
