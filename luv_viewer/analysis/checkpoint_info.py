"""The model card of a checkpoint, out of the metadata its training wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from luv_viewer.domain.checkpoint_info import CheckpointInfo, Metric
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import NO_PATTERN_ATTENTION
from model.facts import CheckpointFacts

_METRIC_NUMBERS = ("auc", "low", "high")


def describe_checkpoint(checkpoint: CheckpointFacts) -> CheckpointInfo:
    """What `checkpoint` says of itself; texts it lacks are empty, metrics that miss a number are left out.

    Metadata keys read: title, description, licence, date (text); data, limitations (a text or a list of texts);
    metrics (a list of tables: the fields of `Metric`, the test set under "set").
    """
    held = checkpoint.metadata
    options = ", ".join(f"{key} {value}" for key, value in checkpoint.network_options.items())
    network = f"{checkpoint.network_name} ({options})" if options else checkpoint.network_name
    return CheckpointInfo(
        name=checkpoint.name,
        version=checkpoint.version,
        network=network if checkpoint.has_attention else f"{network}; {NO_PATTERN_ATTENTION}",
        title=str(held.get("title", "")),
        description=str(held.get("description", "")),
        licence=str(held.get("licence", "")),
        date=str(held.get("date", "")),
        data=_texts(held.get("data")),
        limitations=_texts(held.get("limitations")),
        thresholds=tuple(
            (Pattern(name), float(value))
            for name, value in zip(checkpoint.patterns, checkpoint.thresholds, strict=True)
        ),
        metrics=tuple(_metrics(held.get("metrics"))),
    )


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(str(item) for item in value)
    return (str(value),) if value else ()


def _metrics(value: object) -> Iterable[Metric]:
    for row in value if isinstance(value, (list, tuple)) else ():
        if isinstance(row, Mapping) and all(isinstance(row.get(key), (int, float)) for key in _METRIC_NUMBERS):
            yield _metric(row)


def _metric(row: Mapping[str, Any]) -> Metric:
    return Metric(
        test_set=str(row.get("set", "")),
        level=str(row.get("level", "")),
        pattern=str(row.get("pattern", "")),
        positives=int(row.get("positives", 0)),
        negatives=int(row.get("negatives", 0)),
        auc=float(row["auc"]),
        low=float(row["low"]),
        high=float(row["high"]),
        method=str(row.get("method", "")),
    )
