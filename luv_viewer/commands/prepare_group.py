"""`luv prepare ...`: what the command line takes; the work is imported when a command is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from luv_viewer.commands.options import output_folder

STATUS = (
    "Exit status: 0 all done, 1 some inputs failed or were left out because of problems (a line each on stderr), "
    "2 wrong usage, 130 stopped with Ctrl+C."
)

_input = click.Path(path_type=Path)
_sheet = click.Path(exists=True, dir_okay=False, path_type=Path)
_folder = click.Path(exists=True, file_okay=False, path_type=Path)
_workers = click.option(
    "--workers",
    type=click.IntRange(min=0),
    metavar="N",
    help="Processes that work at the same time; 0 for none beside this one.  [default: one per core]",
)


@click.group(epilog=STATUS)
def prepare() -> None:
    """From hospital files and readers' sheets to the tables and clips that training starts from."""


@prepare.command(no_args_is_help=True, epilog=f"Example: luv prepare split clips/clips.csv -o split\n\n{STATUS}")
@click.argument("table", type=_sheet, metavar="TABLE")
@output_folder("Folder for fold_0, fold_1, ... and split.json; made when it is not there.")
@click.option(
    "--preset",
    type=click.Choice(["default", "paper-code", "paper-text"]),
    default="default",
    show_default=True,
    help="paper-code: 20 % test patients by the authors' exact shuffle of the patients in sheet order. paper-text: the "
    "same with 10 %. default: 20 %, patients sorted first, so that the order of rows has no say.",
)
@click.option("--test-fraction", type=float, metavar="F", help="Part of the patients for the test set, instead.")
@click.option("--seed", type=int, metavar="N", help="Of the shuffles, instead of 1234.")
@click.option("--folds", "n_folds", type=int, metavar="N", help="Instead of 5.")
@click.option("--rotating", is_flag=True, help="Test every patient once, instead of one held-out test set.")
@click.option("--stratify", is_flag=True, help="Spread each label's patients evenly (iterative stratification).")
@click.option("--sheet", type=_sheet, metavar="SHEET", help="Take the patients, and their order, from this sheet.")
@click.option(
    "--manifest",
    type=_sheet,
    metavar="FILE",
    help="Give the patients the places they have in this split.json, for a second table of the same patients.",
)
def split(
    table: Path,
    folder: Path,
    manifest: Path | None,
    sheet: Path | None,
    preset: str,
    **changes: str | float | bool | None,
) -> int:
    """Divide a clip or frame TABLE by patient into fold_k/{train,valid,test}.csv.

    No patient is ever on two sides. DIR/split.json says how the patients were divided, who is where, and how many rows
    of each part have each label. In the usual scheme all folds share one test set: n models, one held-out set.
    """
    from luv_viewer.commands.prepare_split import split as run

    rotating, stratify = changes.pop("rotating"), changes.pop("stratify")
    if manifest is not None and (
        sheet is not None or rotating or stratify or any(v is not None for v in changes.values())
    ):
        raise click.UsageError("--manifest says already how the patients are divided; leave the other options away.")
    changes |= {"scheme": "rotating" if rotating else None, "is_stratified": stratify or None}
    return run(table, folder, sheet=sheet, manifest=manifest, rule=(preset, changes))


@prepare.command(
    no_args_is_help=True,
    epilog=f"Example: luv prepare clips kim.csv lee.csv --videos export/videos.csv -o clips\n\n{STATUS}",
)
@click.argument("sheets", nargs=-1, required=True, type=_sheet, metavar="SHEET...")
@output_folder("Folder for clips.csv, frames.csv, left_out.csv and the clips.")
@click.option(
    "--mode",
    type=click.Choice(["and", "or", "adjudicated", "majority"]),
    default="and",
    show_default=True,
    help="How several SHEETs become one, as in luv labels merge; for one SHEET, how it was made: exclusions that apply "
    "to that mode hold.",
)
@click.option("--leader", type=_sheet, metavar="SHEET", help="The senior reader's sheet, for adjudicated.")
@click.option("--k", type=click.IntRange(min=1), help="With majority: how many readers must mark a frame.")
@click.option("--union-b-first", is_flag=True, help="Unite B-line and confluent B-line of each reader before merging.")
@click.option(
    "--exclusions", type=_sheet, metavar="FILE", help="CSV of rows to leave out: study_id, reason, applies_to."
)
@click.option("--lengths", type=_input, metavar="FILE", help="CSV with study_id and n_frames, or a project folder.")
@click.option("--clip-to-length", is_flag=True, help="Cut an interval that ends after the last frame, with a warning.")
@click.option("--videos", type=_sheet, metavar="FILE", help="videos.csv of luv prepare index or export.")
@click.option(
    "--root", type=_folder, metavar="DIR", help="Folder that the paths in --videos start from.  [default: its own]"
)
@click.option("--no-pixels", is_flag=True, help="Write the tables only; the lengths suffice for them.")
@click.option("--clip-length", type=click.IntRange(min=1), default=30, show_default=True, help="Frames.")
@click.option(
    "--step", type=click.IntRange(min=1), metavar="N", help="Frames from clip to clip.  [default: 4/5 of a clip]"
)
@click.option(
    "--tail",
    type=click.Choice(["duplicate", "black", "drop"]),
    default="duplicate",
    show_default=True,
    help="A short last clip: repeat its last frame, put it between black frames, or leave it out. The first clip of a "
    "video is always kept.",
)
@click.option("--min-real-frames", type=click.IntRange(min=1), default=1, show_default=True, help="Else left out.")
@click.option(
    "--min-frames", type=click.IntRange(min=1), default=1, show_default=True, help="Labelled frames it takes."
)
@click.option("--min-fraction", type=click.FloatRange(0, 1), default=0.0, help="The same as a part of the real frames.")
@click.option("--no-finding", type=click.Choice(["keep", "drop"]), default="keep", show_default=True)
@click.option("--size", type=click.IntRange(min=8), default=256, show_default=True, help="Pixels.")
@click.option("--resize", type=click.Choice(["letterbox", "stretch"]), default="letterbox", show_default=True)
@click.option("--channel", type=click.Choice(["luminance", "channel0"]), default="luminance", show_default=True)
@click.option("--format", "coding", type=click.Choice(["ffv1", "mjpg"]), default="ffv1", show_default=True)
@_workers
def clips(sheets: tuple[Path, ...], folder: Path, **given: Any) -> int:
    """Cut the videos of SHEETs into labelled clips: 30 frames, one every 24, as published.

    clips.csv has a row per clip, frames.csv one per frame, left_out.csv one per row of the sheets that is not used,
    with the reason. A pattern is in a clip when one labelled frame is. The clips themselves are letterboxed to 256 x
    256, lossless (FFV1 in .mkv) unless --format mjpg. The same command again goes on where it was stopped.
    """
    from luv_viewer.commands.prepare_clips import ClipOptions
    from luv_viewer.commands.prepare_clips import clips as run

    if given["videos"] is None and not given["no_pixels"]:
        raise click.UsageError("say with --videos where the videos are, or --no-pixels for the tables only.")
    return run(ClipOptions(sheets=sheets, folder=folder, **given))


@prepare.command(no_args_is_help=True, epilog=f"Example: luv prepare index hospital -o index\n\n{STATUS}")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@output_folder("Folder for template.csv, videos.csv and left_out.csv.")
@click.option(
    "--keep-without-region", is_flag=True, help="Take DICOM objects that state no 2D tissue region too, whole."
)
@click.option(
    "--patient-pattern",
    default="",
    metavar="REGEX",
    help="For files that name no patient, such as AVI and MP4: where PatientID stands in their path, as "
    r"'(?P<patient>P\d+)_'; a group (?P<idx>\d+) tells Data_idx.  [default: the folder they lie in]",
)
def index(paths: tuple[Path, ...], folder: Path, keep_without_region: bool, patient_pattern: str) -> int:
    """List the videos and stills in PATHs (DICOM, AVI, MP4, ..., folders, archives) as a blank labelling sheet.

    template.csv is for the readers. videos.csv says which file is which row, for the next commands. left_out.csv names
    what has no row, and why: objects without ultrasound region, objects that came before (by SOP Instance UID), files
    that cannot be opened. No file is changed.
    """
    from luv_viewer.commands.prepare_index import index as run
    from training.prepare.index import IndexRule

    return run(paths, folder, lambda: IndexRule(keep_without_region, patient_pattern))


@prepare.command(
    no_args_is_help=True, epilog=f"Example: luv prepare export index/videos.csv --root hospital -o export\n\n{STATUS}"
)
@click.argument("videos", type=_sheet, metavar="VIDEOS")
@output_folder("Folder for the videos, videos.csv and left_out.csv.")
@click.option(
    "--root", type=_folder, metavar="DIR", help="Folder that the paths in VIDEOS start from.  [default: its own]"
)
@click.option(
    "--preset",
    type=click.Choice(["default", "paper-code"]),
    default="default",
    show_default=True,
    help="paper-code: exclusive crop, channel0, mjpg and PNG of every frame, cine_rate, as the authors made them.",
)
@click.option(
    "--crop", type=click.Choice(["inclusive", "exclusive"]), help="Whether the region's last row and column stay."
)
@click.option("--channel", type=click.Choice(["luminance", "channel0"]), help="Which grey.")
@click.option("--format", "coding", type=click.Choice(["ffv1", "mjpg"]), help="ffv1: lossless, .mkv. mjpg: .avi.")
@click.option(
    "--write", "output", type=click.Choice(["video", "png", "both"]), help="A video, a PNG per frame, or both."
)
@click.option(
    "--rate",
    type=click.Choice(["file", "cine_rate"]),
    help="Frames a second of the videos: as the viewer shows them, or DICOM's Cine Rate, else 30.",
)
@_workers
def export(
    videos: Path, folder: Path, root: Path | None, preset: str, workers: int | None, **changes: str | None
) -> int:
    """Cut the VIDEOS of luv prepare index to their ultrasound region and write them in grey, lossless.

    Names are the published ones: {PatientID}/00002.mkv, {PatientID}/{PatientID}_00002_1.png. DIR/videos.csv is for luv
    prepare clips. A file that cannot be read is left out, and named in left_out.csv. The same command again goes on
    where it was stopped.
    """
    from luv_viewer.commands.prepare_export import export as run

    return run(videos, folder, root or videos.parent, (preset, changes), workers)


@prepare.command(
    no_args_is_help=True,
    epilog="Example: luv prepare deidentify index/videos.csv --root hospital --key secret/key.txt -o shared\n\n"
    + STATUS,
)
@click.argument("videos", type=_sheet, metavar="VIDEOS")
@output_folder("Folder for the new DICOM files, videos.csv and report.csv; nothing in it tells a patient.")
@click.option(
    "--root", type=_folder, metavar="DIR", help="Folder that the paths in VIDEOS start from.  [default: its own]"
)
@click.option(
    "--key",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The secret key; made when it is not there. Keep it apart: with it, pseudonyms can be computed again.",
)
@click.option(
    "--dates",
    type=click.Choice(["shift", "remove"]),
    default="shift",
    show_default=True,
    help="Move all dates of a patient by the same secret number of days, or remove them. Times are always removed.",
)
@click.option(
    "--reviewed",
    type=_sheet,
    metavar="FILE",
    help="Names of new files, one a line as in report.csv, whose regions somebody has looked at and found no text in.",
)
@_workers
def deidentify(videos: Path, folder: Path, root: Path | None, key: Path, dates: str, **given: Any) -> int:
    """Make DICOM files of the VIDEOS of luv prepare index that do not tell whose they are (DICOM PS3.15 Annex E).

    New files are made of the few attributes that are known to be harmless, with new UIDs and pseudonyms that follow
    from the key; pictures are black outside their ultrasound region and stored lossless. Each new file is searched for
    every text of the old one before it is written. What is INSIDE the region is kept: report.csv says where there are
    marks that may be text, or where that cannot be told, as in stills; look at those, and name the harmless ones with
    --reviewed. Who is who stands beside the key, in <key>.patients.csv.
    """
    from luv_viewer.commands.prepare_deidentify import deidentify as run

    return run(videos, folder, root or videos.parent, key, keeps_dates=dates == "shift", **given)
