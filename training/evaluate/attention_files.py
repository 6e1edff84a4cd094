"""What `luv evaluate --attention` adds to an evaluation: rows, tables and figures of attention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from luv_viewer.io import StudyError
from luv_viewer.io.batch_record import safe_stem
from luv_viewer.io.whole_file import make_folder, remove_files, write_whole
from training.evaluate.attention import AttentionEvaluation, PointingSummary
from training.evaluate.attention_example import MEDIAN_RULE, Example, chosen_clips, example_of
from training.evaluate.attention_figures import figure_png, heads_figure, raw_figure, scaled_figure, sheet_figure
from training.evaluate.pointing import TOP_K
from training.evaluate.rows import Row, reasons, rows_csv
from training.tables import Cell, PaperTable, write_table

FIGURE_FOLDER = "attention"
_MEDIANS = "median_clips.png"
_ENDINGS = ("_scaled.png", "_raw.png", "_heads.png", "_sheet.png", _MEDIANS)


@dataclass(frozen=True, eq=False)
class AttentionPages:
    """What the report shows: remarks, tables, figures by their place in the folder."""

    remarks: tuple[str, ...] = ()
    tables: tuple[PaperTable, ...] = ()
    figures: Mapping[str, bytes] = field(default_factory=dict)


def write_attention(folder: Path, evaluation: AttentionEvaluation) -> AttentionPages:
    """Into `folder`: attention.csv (every number), attention_cases.csv (every clip and video), attention_left_out.csv;
    table_attention (.csv, .md, .tex); and the figures in `attention/`. Raises WriteError."""
    numbers, out = number_rows(evaluation), left_out_rows(evaluation)
    write_whole(folder / "attention.csv", rows_csv(numbers).encode())
    write_whole(folder / "attention_cases.csv", rows_csv(case_rows(evaluation)).encode())
    write_whole(folder / "attention_left_out.csv", rows_csv(out).encode() or b"network,level,pattern,reason,n\n")
    table = attention_table(evaluation)
    write_table(folder, "table_attention", table)
    notes: list[str] = []
    make_folder(folder / FIGURE_FOLDER)
    # Pictures of an earlier run, which may have shown other clips, would look like this one's.
    remove_files(path for path in (folder / FIGURE_FOLDER).iterdir() if path.name.endswith(_ENDINGS))
    figures = {}
    for name, png in _figures(evaluation, notes):
        figures[f"{FIGURE_FOLDER}/{name}"] = png
        write_whole(folder / FIGURE_FOLDER / name, png)
    return AttentionPages(
        remarks=(*_remarks(evaluation, numbers), *notes),
        tables=(table, _left_out_table(out)),
        figures=figures,
    )


def number_rows(evaluation: AttentionEvaluation) -> list[Row]:
    """A row per network, level, pattern and measure."""
    return [
        {
            **_named(summary),
            "measure": measure.name,
            "value": measure.value.value,
            "low": measure.value.low,
            "high": measure.value.high,
            "chance": measure.chance,
            "gain": measure.gain.value,
            "gain_low": measure.gain.low,
            "gain_high": measure.gain.high,
            "cases": summary.n,
            "patients": measure.value.clusters,
            "constant": summary.constant,
            "draws": measure.value.resamples,
            "method": measure.value.method,
            "reason": measure.value.reason,
        }
        for summary in evaluation.summaries
        for measure in summary.measures
    ]


def case_rows(evaluation: AttentionEvaluation) -> list[Row]:
    """A row per network, clip or video, and pattern that has labelled and unlabelled frames."""
    return [
        {
            "network": case.network,
            "level": case.level,
            "id": case.name,
            "patient": case.patient,
            "pattern": case.pattern.value,
            "top_3_inside": case.found.top_share,
            "mass_inside": case.found.mass,
            "auc": case.found.area,
            "labelled_share": case.found.labelled_share,
            "constant": int(case.found.is_constant),
        }
        for case in evaluation.cases
    ]


def left_out_rows(evaluation: AttentionEvaluation) -> list[Row]:
    """How many clips and videos are in no number, and why."""
    return [
        {
            "network": out.network,
            "level": out.level,
            "pattern": out.pattern.value,
            "reason": out.reason,
            "n": out.n,
        }
        for out in sorted(evaluation.left_out, key=lambda o: (o.network, o.level, o.pattern.value, o.reason))
    ]


def attention_table(evaluation: AttentionEvaluation) -> PaperTable:
    """A row per network, level and pattern: each measure with its interval, chance in brackets."""
    first = next(iter(evaluation.summaries))
    header = ("Network", "Level", "Pattern", "Cases", "Patients", *(measure.name for measure in first.measures))
    rows = tuple(
        (
            Cell(summary.network),
            Cell(summary.level),
            Cell(summary.pattern.value),
            Cell(str(summary.n)),
            Cell(str(summary.measures[0].value.clusters)),
            *(_measure_cells(summary)),
        )
        for summary in evaluation.summaries
    )
    notes = (
        "Mean over cases, 95 % interval of a bootstrap over patients, in brackets what chance gives on the same cases. "
        "Stars: the interval of value minus chance leaves out 0.",
    )
    return PaperTable("Attention against labelled frames", header, rows, notes)


def _measure_cells(summary: PointingSummary) -> Iterator[Cell]:
    for measure in summary.measures:
        found = measure.value
        if not summary.n:
            yield Cell("-")
            continue
        interval = "" if found.low != found.low else f" ({found.low:.3f}-{found.high:.3f})"
        is_beyond = measure.gain.low > 0 or measure.gain.high < 0
        yield Cell(f"{found.value:.3f}{interval}", is_starred=is_beyond, remark=f"{measure.chance:.3f}")


def _left_out_table(rows: list[Row]) -> PaperTable:
    header = ("Network", "Level", "Pattern", "Why", "Left out")
    cells = tuple(tuple(Cell(str(value)) for value in row.values()) for row in rows)
    return PaperTable("Left out of the numbers of attention", header, cells)


def _named(summary: PointingSummary) -> Row:
    return {"network": summary.network, "level": summary.level, "pattern": summary.pattern.value}


def _figures(evaluation: AttentionEvaluation, notes: list[str]) -> Iterator[tuple[str, bytes]]:
    """Figures of the first network by file name. notes: gets what could not be drawn."""
    network = evaluation.networks[0]
    examples: dict[str, Example] = {}
    chosen = chosen_clips(evaluation, network)
    try:
        examples.update((name, example_of(evaluation, network, name)) for name in chosen)
        notes += [f"{name} is drawn without pictures: {one.why}." for name, one in examples.items() if one.why]
        medians = [
            (example, pattern.value)
            for name, example in examples.items()
            for pattern in evaluation.patterns
            if f"median of {pattern.value}" in chosen[name].split(", ")
        ]
        if medians:
            order = [pattern.value for pattern in evaluation.patterns]
            medians.sort(key=lambda row: order.index(row[1]))
            make = partial(scaled_figure, medians, f"{network}: the median clip of each pattern")
            yield from _drawn(_MEDIANS, make, notes)
        for name, example in examples.items():
            file, heading = safe_stem(f"{name}.png"), f"{name} ({chosen[name]})"
            yield from _of_clip(file, example, heading, notes)
            if example.cine is not None:
                make = partial(sheet_figure, example, heading, evaluation.options.sheet_k)
                yield from _drawn(f"{file}_sheet.png", make, notes)
    finally:
        for example in examples.values():
            if example.cine is not None:
                example.cine.video.store.close()


def _of_clip(name: str, example: Example, heading: str, notes: list[str]) -> Iterable[tuple[str, bytes]]:
    rows = [(example, pattern) for pattern in example.clip.patterns]
    yield from _drawn(f"{name}_scaled.png", partial(scaled_figure, rows, heading), notes)
    yield f"{name}_raw.png", figure_png(raw_figure(example, heading))
    if example.clip.has_heads:
        yield f"{name}_heads.png", figure_png(heads_figure(example, heading))


def _drawn(name: str, make: Callable[[], Figure], notes: list[str]) -> Iterator[tuple[str, bytes]]:
    """A figure that needs pictures, which may turn out not to be readable."""
    try:
        yield name, figure_png(make())
    except StudyError as error:
        notes.append(f"{name} could not be drawn: {error}")


def _remarks(evaluation: AttentionEvaluation, numbers: list[Row]) -> list[str]:
    judged = len({clip_id for _, clip_id in evaluation.clips})
    remarks = [
        f"Attention: {judged} clips of the truth have attention, {evaluation.without} have none; {evaluation.unjudged} "
        f"clips with attention are not in the truth and were not judged. Frame labels: {evaluation.truth.name}. Only "
        "clips and videos with labelled and unlabelled frames of a pattern can tell where attention points; how many "
        "were left out stands in a table.",
        f"Top-{TOP_K} inside: share of the {TOP_K} frames with the most attention that are labelled. Mass inside: "
        "share of the attention that lies on labelled frames. AUC: of attention as a detector of labelled frames. "
        "Chance is exact: the share of labelled frames for the first two, 0.5 for the AUC. Attention of a whole video: "
        "mean over the clips that cover a frame.",
        f"Figures of attention show {evaluation.networks[0]}. {MEDIAN_RULE}; others were named by the user.",
    ]
    remarks += evaluation.truth.notes
    if constant := sum(summary.constant for summary in evaluation.summaries):
        remarks.append(
            f"Constant attention: {constant} cases, flagged in attention_cases.csv. Scaled they are all 0, no frame is "
            "a top frame, and they count at chance."
        )
    if found := reasons(numbers):
        remarks.append(f"Numbers of attention that are missing: {'; '.join(found)}.")
    return remarks
