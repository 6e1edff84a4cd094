"""The numbers of an evaluation as rows of plain values, for CSV files and the report."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from training.evaluate.evaluation import Evaluation
from training.evaluate.numbers import ModelNumbers, PatternNumbers
from training.statistics.classification import Scores

Row = dict[str, str | int | float]

WHY_CLUSTERED = (
    "Clips of one video and videos of one patient resemble each other, so the plain DeLong intervals, which take every "
    "clip for a patient of its own, are too narrow; the clustered ones beside them are made over patients (or videos)."
)
OPTIMISTIC = (
    "Youden's thresholds on the test set are optimistic: they were chosen on the cases they are judged by. Calls use "
    "the thresholds that were given, or 0.5."
)


def area_rows(evaluation: Evaluation) -> list[Row]:
    """A row per model, fold and pattern: area, three intervals, Youden's point on these cases, calibration."""
    return [_area_row(one, held) for one in chain(evaluation.models, evaluation.ensembles) for held in one.per_pattern]


def average_rows(evaluation: Evaluation) -> list[Row]:
    """A row per model, fold and kind of average: micro, macro by curve, macro by mean."""
    rows: list[Row] = []
    for one in chain(evaluation.models, evaluation.ensembles):
        averages = one.averages
        for average in (averages.micro, averages.macro_by_curve, averages.macro_by_mean):
            rows.append(
                {
                    **_named(one),
                    "method": average.method,
                    "auc": average.value,
                    "patterns": average.patterns,
                    "reason": average.reason,
                }
            )
    return rows


def classification_rows(evaluation: Evaluation) -> list[Row]:
    """A row per model, fold and pattern or average: confusion, precision, recall, F1; both accuracies beside each."""
    rows: list[Row] = []
    for one in chain(evaluation.models, evaluation.ensembles):
        found = one.classification
        accuracies: Row = {"subset_accuracy": found.subset_accuracy, "hamming_accuracy": found.hamming_accuracy}
        for p, (pattern, counts, scores) in enumerate(
            zip(found.patterns, found.confusions, found.per_pattern, strict=True)
        ):
            outcomes: Row = {
                "threshold": float(one.thresholds[p]),
                "tp": counts.true_positives,
                "fp": counts.false_positives,
                "fn": counts.false_negatives,
                "tn": counts.true_negatives,
            }
            rows.append({**_named(one), "of": pattern, **_score_cells(scores), **outcomes, **accuracies})
        empty: Row = dict.fromkeys(("threshold", "tp", "fp", "fn", "tn"), "")
        for scores in (found.micro, found.macro, found.weighted, found.samples, found.flattened):
            rows.append({**_named(one), "of": scores.method, **_score_cells(scores), **empty, **accuracies})
    return rows


def pair_rows(evaluation: Evaluation) -> list[Row]:
    """A row per model, fold and pattern: DeLong's paired test against the reference, plain, after Holm, clustered."""
    return [
        {
            "model": pair.model,
            "reference": pair.reference,
            "fold": pair.fold,
            "pattern": pair.pattern,
            "difference": -pair.plain.difference,
            "z": -pair.plain.z,
            "p": pair.plain.p,
            "p_holm": pair.p_holm,
            "p_clustered": pair.clustered.p,
            "reason": pair.plain.reason or pair.clustered.reason,
        }
        for pair in evaluation.pairs
    ]


def rows_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """CSV of rows with the same keys; an unknown number is an empty cell."""
    stream = io.StringIO()
    if rows:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return stream.getvalue()


def reasons(rows: Iterable[Row]) -> list[str]:
    """Each reason once, in order."""
    return list(dict.fromkeys(str(row["reason"]) for row in rows if row.get("reason")))


def _named(one: ModelNumbers) -> Row:
    return {"model": one.joined.model, "fold": one.joined.fold}


def _area_row(one: ModelNumbers, held: PatternNumbers) -> Row:
    plain, clustered, drawn, best = held.plain, held.clustered, held.drawn, held.optimistic
    return {
        **_named(one),
        "pattern": held.pattern,
        "positives": plain.positives,
        "negatives": plain.negatives,
        "auc": plain.auc,
        "delong_low": plain.low,
        "delong_high": plain.high,
        "clusters": clustered.clusters,
        "cluster_kind": one.joined.cluster_kind,
        "clustered_low": clustered.low,
        "clustered_high": clustered.high,
        "bootstrap_low": drawn.low,
        "bootstrap_high": drawn.high,
        "bootstrap_draws": drawn.resamples,
        "optimistic_youden_threshold": best.value,
        "optimistic_sensitivity": best.sensitivity,
        "optimistic_specificity": best.specificity,
        "ece": held.reliability.expected_error,
        "temperature_of_all_patterns": one.temperature.value,
        "reason": plain.reason or clustered.reason or drawn.reason,
    }


def _score_cells(scores: Scores) -> Row:
    return {
        "precision": scores.precision,
        "recall": scores.recall,
        "f1": scores.f1,
        "support": scores.support,
        "reason": scores.reason,
    }


def _cell(value: object) -> object:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value
