"""`luv labels ...`: what the command line takes; the work is imported when a command is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from luv_viewer.commands.labels_input import InputOptions

STATUS = (
    "Exit status: 0 all done, 1 some inputs failed or have problems (a line each on stderr), 2 wrong usage, "
    "130 stopped with Ctrl+C."
)
MODES = ("and", "or", "adjudicated", "majority")
FORMS = ("template", "development", "merged", "leader", "reader", "frames", "clips", "cvat", "elan", "intervals")
LAYOUTS = FORMS[:6]
PATTERNS = ("A-line", "B-line", "Confluent B-line", "Consolidation", "Pleural effusion")

_input = click.Path(path_type=Path)
_output = click.Path(path_type=Path)
_folder = click.Path(file_okay=False, path_type=Path)

_lengths = click.option(
    "--lengths",
    type=_input,
    metavar="FILE",
    help="How many frames the videos have: a project folder, or a CSV with the columns study_id and n_frames.",
)
_clip_to_length = click.option(
    "--clip-to-length",
    is_flag=True,
    help="Cut an interval that ends after the last frame, with a warning, instead of leaving its row out.",
)
_unlabelled = click.option(
    "--unlabelled",
    type=click.Choice(["unseen", "absent"]),
    default="unseen",
    show_default=True,
    help="What frames without a label are in files of CVAT, BORIS and ELAN, which hold labels only: not looked at, or "
    "looked at and absent.",
)
_template = click.option(
    "--template",
    type=_input,
    metavar="SHEET",
    help="Give the videos the rows of this sheet: by its column `file`; else a video `00002` in a folder named as "
    "PatientID, or called `PatientID_00002` or like study_id, is row 2 of that patient.",
)
_patient_ids = click.option(
    "--patient-ids",
    type=click.Choice(["running", "dicom"]),
    default="running",
    show_default=True,
    help="PatientID in the sheets: 1, 2, ..., or the one in the DICOM files.",
)


def _inputs(given: dict[str, Any]) -> InputOptions:
    """What the options say of the inputs; they are taken out of `given`."""
    from luv_viewer.commands.labels_input import InputOptions

    names = ("lengths", "clip_to_length", "fps", "unlabelled")
    return InputOptions(**{name: given.pop(name) for name in names if name in given})


@click.group(epilog=STATUS)
def labels() -> None:
    """Labelling sheets and reader files: check, merge, compare, convert, audit, work queue, projects.

    A SHEET is a labelling sheet of any published layout (CSV, XLSX), a frame table, a reader file (.luv), or what CVAT,
    BORIS or ELAN wrote. Frames are counted from 1 and intervals include both ends: 24_51.
    """


@labels.command(no_args_is_help=True, epilog=STATUS)
@click.argument("sheets", nargs=-1, required=True, type=_input, metavar="SHEET...")
@_lengths
@_clip_to_length
def check(sheets: tuple[Path, ...], lengths: Path | None, clip_to_length: bool) -> int:
    """Say everything that is wrong in SHEETs, with row and column, then what may be, then a summary line each.

    Example: luv labels check kim.csv lee.csv --lengths lengths.csv
    """
    from luv_viewer.commands.labels_check import check as run
    from luv_viewer.commands.labels_input import InputOptions

    return run(sheets, InputOptions(lengths, clip_to_length))


@labels.command(no_args_is_help=True, epilog=STATUS)
@click.argument("sheets", nargs=-1, required=True, type=_input, metavar="SHEET SHEET [SHEET...]")
@click.option("-o", "--output", required=True, type=_output, metavar="FILE", help="The merged sheet, CSV or XLSX.")
@click.option(
    "--mode",
    type=click.Choice(MODES),
    required=True,
    help="and: frames that all mark (version 1). or: that any marks (version 2). adjudicated: and where the LUS scores "
    "are the same, else the leader's. majority: that more than half mark, or --k of them.",
)
@click.option("--leader", type=_input, metavar="SHEET", help="The senior reader's sheet.")
@click.option("--k", type=click.IntRange(min=1), help="With majority: how many readers must mark a frame.")
@click.option("--union-b-first", is_flag=True, help="Unite B-line and confluent B-line of each reader before merging.")
@click.option(
    "--exclusions", type=_input, metavar="FILE", help="CSV of rows to leave out: study_id, reason, applies_to."
)
@click.option("--layout", type=click.Choice(LAYOUTS), default="merged", show_default=True, help="Columns of FILE.")
@click.option("--report", type=_output, metavar="FILE", help="CSV or XLSX: what became of each row, and why.")
@_lengths
@_clip_to_length
@_unlabelled
def merge(**given: Any) -> int:
    """Make one sheet of several readers' SHEETs.

    Rows are paired by study_id. Rows that cannot be merged are named on stderr with the reason, and so are those that
    lose a label which all readers gave. A published layout holds finalised videos only; the others are listed in
    <FILE>_not_included.csv beside it. The layout `frames` holds all of them.

    Example: luv labels merge kim.csv lee.csv -o version1.csv --mode and --report merge.csv
    """
    from luv_viewer.commands.labels_merge import MergeOptions
    from luv_viewer.commands.labels_merge import merge as run
    from luv_viewer.domain.label_form import LAYOUTS as BY_FORM
    from luv_viewer.domain.label_form import Form
    from luv_viewer.domain.merge import MergeMode

    mode, layout = MergeMode(given.pop("mode")), BY_FORM[Form(given.pop("layout"))]
    inputs = _inputs(given)
    return run(MergeOptions(mode=mode, layout=layout, **given), inputs)


@labels.command(no_args_is_help=True, epilog=STATUS)
@click.argument("a", type=_input)
@click.argument("b", type=_input)
@click.option("-o", "--output", type=_output, metavar="FILE", help="CSV of every number with its method.")
@click.option("--disagreements", type=_output, metavar="FILE", help="CSV or XLSX of the frames that differ.")
@click.option("--pattern", "patterns", type=click.Choice(PATTERNS), multiple=True, help="Only this one; repeatable.")
@click.option(
    "--cluster",
    type=click.Choice(["video", "patient"]),
    default="video",
    show_default=True,
    help="What the intervals of kappa take for independent.",
)
@_lengths
@_clip_to_length
@_unlabelled
def agreement(a: Path, b: Path, **given: Any) -> int:
    """Compare the sheets A and B: frame agreement, kappa with its interval, overlap of intervals, conflicts.

    Frames that one of them has not looked at do not count. Absences can be counted only where the number of frames is
    known: from the sheets, or with --lengths.

    Example: luv labels agreement kim.csv lee.csv --lengths lengths.csv -o agreement.csv
    """
    from luv_viewer.commands.labels_agreement import AgreementOptions
    from luv_viewer.commands.labels_agreement import agreement as run
    from luv_viewer.domain.pattern import TRACK_PATTERNS

    wanted = given.pop("patterns")
    patterns = tuple(pattern for pattern in TRACK_PATTERNS if not wanted or pattern.value in wanted)
    inputs = _inputs(given)
    return run(a, b, AgreementOptions(patterns=patterns, **given), inputs)


@labels.command(no_args_is_help=True, epilog=STATUS)
@click.argument("source", type=_input, metavar="INPUT")
@click.option("-o", "--output", required=True, type=_output, metavar="OUTPUT", help="File or folder to write.")
@click.option(
    "--to",
    "form",
    type=click.Choice(FORMS),
    help="What OUTPUT shall be. Without it the ending decides: .csv and .xlsx development, .xml cvat, .eaf elan.",
)
@click.option("--fps", type=click.FloatRange(min=0, min_open=True), help="Frames per second, where a file holds times.")
@click.option("--clip-length", type=click.IntRange(min=1), default=30, show_default=True, help="Frames of a clip.")
@click.option("--step", type=click.IntRange(min=1), default=24, show_default=True, help="Frames to the next clip.")
@_lengths
@_clip_to_length
@_unlabelled
def convert(form: str | None, **given: Any) -> int:
    """Write the labels in INPUT in another form; what that form cannot hold is named on stderr.

    template, development, merged, leader, reader: the published columns. frames: a line per frame and pattern, with
    unseen frames. clips: a line per clip with its labels. cvat, elan, intervals: for those tools, a file per video
    (OUTPUT is then a folder, unless there is one video only).

    Example: luv labels convert kim.csv -o labelled_clips.csv --to clips --lengths lengths.csv
    """
    from luv_viewer.commands.labels_convert import ConvertOptions
    from luv_viewer.commands.labels_convert import convert as run
    from luv_viewer.domain.label_form import Form

    wanted = Form(form) if form else None
    inputs = _inputs(given)
    return run(ConvertOptions(form=wanted, **given), inputs)


@labels.command(no_args_is_help=True, epilog=STATUS)
@click.argument("files", nargs=-1, required=True, type=_input, metavar="FILE...")
@click.option("--log", type=_output, metavar="TABLE", help="Write the record of the one FILE as CSV or XLSX.")
def audit(files: tuple[Path, ...], log: Path | None) -> int:
    """Verify reader files (.luv): every entry of the record against its hash chain, and the labels against the record.

    The first broken entry is named on stderr. Nothing is written into the files.

    Example: luv labels audit ward/readers/kim.luv --log record.csv
    """
    from luv_viewer.commands.labels_audit import audit as run

    if log is not None and len(files) > 1:
        raise click.UsageError("--log goes with one FILE only.")
    return run(files, log)


@labels.command(no_args_is_help=True, epilog=STATUS)
@click.argument("source", type=_input, metavar="PROJECT_OR_READERFILE")
@click.option("--ai", type=_folder, metavar="DIR", help="Output of luv predict; else the project's own folder `ai`.")
@click.option("--reader", default="", metavar="NAME", help="Whose queue, where a project has several readers.")
@click.option("-o", "--output", type=_output, metavar="FILE", help="Write it as CSV or XLSX.")
def queue(source: Path, ai: Path | None, reader: str, output: Path | None) -> int:
    """List the videos in the order a reader should take them.

    Unfinished ones first, the most uncertain of them in front; then those on which the model is undecided; then those
    where model and reader differ. For a blinded reader the AI's files are not opened.

    Example: luv labels queue ward --reader kim -o queue.csv
    """
    from luv_viewer.commands.labels_queue import QueueOptions
    from luv_viewer.commands.labels_queue import queue as run

    return run(QueueOptions(source, ai, reader, output))


@labels.group(epilog=STATUS)
def project() -> None:
    """Set up a labelling project: who reads, in which role, which videos."""


@project.command(no_args_is_help=True, epilog=STATUS)
@click.argument("folder", type=_folder, metavar="DIR")
@click.argument("paths", nargs=-1, type=_input, metavar="[VIDEOS...]")
@click.option("--name", required=True, help="Name of the project.")
@click.option(
    "--reader", "readers", multiple=True, metavar="NAME:ROLE", help="annotator, adjudicator or coordinator; repeatable."
)
@click.option("--blinded", multiple=True, metavar="NAME", help="Sees neither other readers' work nor the AI's.")
@_template
@_patient_ids
def create(folder: Path, name: str, readers: tuple[str, ...], blinded: tuple[str, ...], **videos: Any) -> int:
    """Make a project in DIR with its readers and VIDEOS (files, folders, archives; they stay where they are).

    Example: luv labels project create trial study --name trial --reader kim:annotator --blinded kim
    """
    from luv_viewer.commands.labels_project import VideosToAdd, parse_readers
    from luv_viewer.commands.labels_project import create as run

    return run(folder, name, parse_readers(readers, blinded), VideosToAdd(**videos))


@project.command(no_args_is_help=True, epilog=STATUS)
@click.argument("folder", type=_folder, metavar="DIR")
@click.argument("paths", nargs=-1, required=True, type=_input, metavar="VIDEOS...")
@_template
@_patient_ids
def add(folder: Path, **videos: Any) -> int:
    """Add VIDEOS to the project in DIR; those it has keep their rows, and are found where they are now.

    Example: luv labels project add ward study
    """
    from luv_viewer.commands.labels_project import VideosToAdd
    from luv_viewer.commands.labels_project import add as run

    return run(folder, VideosToAdd(**videos))


@project.command(no_args_is_help=True, epilog=STATUS)
@click.argument("folder", type=_folder, metavar="DIR")
def show(folder: Path) -> int:
    """Describe the project in DIR. No reader file, AI result or video is opened.

    Example: luv labels project show ward
    """
    from luv_viewer.commands.labels_project import show as run

    return run(folder)
