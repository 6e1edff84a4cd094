"""`luv evaluate`, `luv thresholds`, `luv compare`: what they take; the work is imported when a command is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from luv_viewer.commands.options import output_folder

_STATUS = "Exit status: 0 done, 1 the files do not fit (one line on stderr), 2 wrong usage, 130 stopped with Ctrl+C."
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_path = click.Path(exists=True, path_type=Path)
_resamples = click.option(
    "--resamples", type=click.IntRange(min=1), default=2000, show_default=True, help="Draws of a bootstrap."
)
_seed = click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")


@click.command(no_args_is_help=True, epilog=_STATUS)
@click.argument("truth", type=_file, metavar="TRUTH.csv")
@click.argument("predictions", nargs=-1, required=True, type=_file, metavar="PREDICTIONS.csv...")
@output_folder(
    "Folder for tables, figures and report; made when it is not there. Files of an earlier run are replaced."
)
@click.option(
    "--level",
    type=click.Choice(["clip", "video", "patient"]),
    default="clip",
    show_default=True,
    help="What a case is: a video or patient has the largest probability of its clips.",
)
@click.option("--reference", metavar="MODEL", help="Test the others against it.  [default: the first]")
@click.option(
    "--thresholds",
    type=_file,
    metavar="FILE",
    help="CSV of model, fold, pattern, threshold, chosen on validation data. The fold of an ensemble is `mean "
    "probability` or `mean logit`.  [default: 0.5 everywhere]",
)
@click.option("--holm", "use_holm", is_flag=True, help="Stars in the tables after Holm's correction.")
@_resamples
@_seed
@click.option(
    "--attention",
    multiple=True,
    type=_path,
    metavar="PATH",
    help="Attention of clips: a table, or a folder of `luv predict --clip-attention`; repeatable. Needs --frames.",
)
@click.option(
    "--frames",
    type=_path,
    metavar="PATH",
    help="In which frames the patterns are: frames.csv of `luv prepare clips`, a labelling sheet, or the folder truth "
    "of `luv phantom`.",
)
@click.option(
    "--clips",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of `luv prepare clips` or `luv prepare export`: the figures of attention then show the frames.",
)
@click.option("--example", "examples", multiple=True, metavar="CLIP_ID", help="Draw this clip's attention; repeatable.")
@click.option(
    "--top-k",
    "sheet_k",
    type=click.IntRange(1, 10),
    default=5,
    show_default=True,
    help="Frames per pattern in the sheets of top frames. The curves always mark three.",
)
def evaluate(truth: Path, predictions: tuple[Path, ...], folder: Path, **how: Any) -> int:
    """Compute every number of models from their PREDICTIONS and the TRUTH, joined by clip id.

    TRUTH has a column clip_id, a column per pattern (A-line, B-line, Consolidation, Pleural effusion: 0 or 1), and
    where known video_id and patient_id. PREDICTIONS have clip_id and, per model, columns MODEL_A-line and so on with
    probabilities; the fold is what the file name says (luvnet_fold3.csv).

    Writes areas with DeLong's interval, the clustered one and that of a bootstrap of patients; paired tests;
    micro and macro; precision, recall, F1, confusion; calibration; ensembles of the folds; the tables in the paper's
    form as CSV, Markdown and LaTeX; figures; and report.html, which needs no network. With --attention also how well
    attention points at labelled frames, against chance, and figures of the median clip of each pattern.

    Example: luv evaluate truth.csv luvnet_fold*.csv usvn_fold*.csv -o results --resamples 200

    Example: luv evaluate truth.csv luvnet_fold0.csv --attention ai --frames clips/frames.csv --clips clips -o results
    """
    from luv_viewer.commands.evaluate import evaluate as run
    from training.evaluate import EvaluationOptions
    from training.evaluate.attention import AttentionOptions

    sources = {name: how.pop(name) for name in ("attention", "frames", "clips", "examples", "sheet_k")}
    if bool(sources["attention"]) != (sources["frames"] is not None):
        raise click.UsageError("--attention and --frames go together: where attention points, and where it should.")
    if not sources["attention"] and (sources["clips"] or sources["examples"]):
        raise click.UsageError("--clips and --example are for figures of attention; give --attention and --frames.")
    options = EvaluationOptions(**how)
    if not sources["attention"]:
        return run(truth, predictions, folder, options)
    return run(
        truth, predictions, folder, options, AttentionOptions(**sources, resamples=how["resamples"], seed=how["seed"])
    )


@click.command(no_args_is_help=True, epilog=_STATUS)
@click.argument("truth", type=_file, metavar="TRUTH.csv")
@click.argument("readers", nargs=-1, type=_file, metavar="[READERS.csv...]")
@output_folder("Folder for tables, figure and report; made when it is not there. Files of an earlier run are replaced.")
@click.option("--truth-name", default="expert", show_default=True, metavar="NAME", help="Whose labels TRUTH holds.")
@click.option(
    "--ai",
    multiple=True,
    type=_file,
    metavar="FILE",
    help="Predictions of one model, as `luv evaluate` takes them; repeatable, a file per fold. Folds vote, more than "
    "half of them.",
)
@click.option(
    "--thresholds",
    type=_file,
    metavar="FILE",
    help="CSV of model, fold, pattern, threshold for the AI's calls.  [default: 0.5 everywhere]",
)
@click.option(
    "--level",
    type=click.Choice(["clip", "video", "patient"]),
    default="clip",
    show_default=True,
    help="What a case is: a video or patient is positive when one of its clips is.",
)
@click.option(
    "--sheet",
    "sheets",
    multiple=True,
    type=_path,
    metavar="SHEET",
    help="A reader's labelling sheet, as luv labels takes them; of two or more, all pairs are compared frame by frame.",
)
@click.option(
    "--lengths",
    type=_path,
    metavar="FILE",
    help="How many frames the videos of the sheets have: a project folder, or a CSV with study_id and n_frames.",
)
@_resamples
@_seed
def compare(
    truth: Path, readers: tuple[Path, ...], folder: Path, sheets: tuple[Path, ...], lengths: Path | None, **how: Any
) -> int:
    """Compare readers, the TRUTH and an AI with one another, all pairs, joined by clip id.

    READERS have clip_id and, per reader, columns READER_A-line and so on with 0 or 1; TRUTH is as for `luv evaluate`.
    Writes agreement, kappa with its interval and the one over patients, PABAK and AC1; Fleiss' kappa and
    Krippendorff's alpha of all readers; truth and AI against what the readers say together; and report.html. With
    --sheet also how readers agree frame by frame: kappa and Jaccard of each video and of all, over patients.

    Example: luv compare truth.csv readers.csv --ai luvnet_fold0.csv --ai luvnet_fold1.csv -o readers

    Example: luv compare truth.csv readers.csv --sheet kim.csv --sheet lee.csv --lengths lengths.csv -o readers
    """
    if lengths is not None and not sheets:
        raise click.UsageError("--lengths is for the sheets; give --sheet too.")
    from luv_viewer.commands.compare import SheetsToCompare
    from luv_viewer.commands.compare import compare as run
    from training.evaluate.readers import ReaderOptions

    return run(truth, readers, folder, ReaderOptions(**how), SheetsToCompare(sheets, lengths))


@click.command(no_args_is_help=True, epilog=_STATUS)
@click.argument("truth", type=_file, metavar="TRUTH.csv")
@click.argument("predictions", nargs=-1, required=True, type=_file, metavar="PREDICTIONS.csv...")
@click.option(
    "-o", "--output", "table", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.csv"
)
@click.option(
    "--rule",
    type=click.Choice(["youden", "sensitivity", "specificity", "f1", "bootstrap", "legacy_threshold_shift"]),
    default="youden",
    show_default=True,
    help="sensitivity, specificity: at least 0.95. bootstrap: mean of Youden's over resampled clips. "
    "legacy_threshold_shift: as the authors' program, one step too low.",
)
def thresholds(truth: Path, predictions: tuple[Path, ...], table: Path, rule: str) -> int:
    """Choose thresholds on validation PREDICTIONS, for `luv evaluate --thresholds` and `luv compare --thresholds`.

    TRUTH and PREDICTIONS are as for `luv evaluate`; a file may hold a part of the clips. Of a model with several folds
    the ensembles get thresholds too, from the clips of all folds together.

    Example: luv thresholds truth.csv valid/luvnet_fold*.csv -o thresholds.csv
    """
    from luv_viewer.commands.thresholds import thresholds as run

    return run(truth, predictions, table, rule)
