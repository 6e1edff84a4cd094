"""A checkpoint's metadata as the value the window and the commands show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import model
from luv_viewer.domain.checkpoint_info import CheckpointInfo, Metric
from luv_viewer.domain.pattern import Pattern


def describe_checkpoint(checkpoint: model.Checkpoint) -> CheckpointInfo:
    """What the checkpoint says of itself; a file by others may say little, then texts are empty."""
    said: Mapping[str, object] = checkpoint.metadata
    metrics = said.get("metrics")
    rows = [row for row in metrics if isinstance(row, Mapping)] if isinstance(metrics, Sequence) else []
    return CheckpointInfo(
        name=checkpoint.name,
        version=checkpoint.version,
        network=_text(said, "network"),
        title=_text(said, "title"),
        description=_text(said, "description"),
        licence=_text(said, "licence"),
        date=_text(said, "date"),
        data=_texts(said, "data"),
        limitations=_texts(said, "limitations"),
        thresholds=tuple(
            (Pattern(name), float(value))
            for name, value in zip(checkpoint.patterns, checkpoint.thresholds, strict=True)
        ),
        metrics=tuple(_metric(row) for row in rows),
    )


def _text(said: Mapping[str, object], key: str) -> str:
    value = said.get(key, "")
    return value if isinstance(value, str) else ""


def _texts(said: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = said.get(key, ())
    return tuple(str(item) for item in value) if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _metric(row: Mapping[str, object]) -> Metric:
    def number(key: str) -> float:
        value = row.get(key)
        return float(value) if isinstance(value, int | float) else float("nan")

    return Metric(
        test_set=str(row.get("set", "")),
        level=str(row.get("level", "")),
        pattern=str(row.get("pattern", "")),
        positives=int(number("positives")) if "positives" in row else 0,
        negatives=int(number("negatives")) if "negatives" in row else 0,
        auc=number("auc"),
        low=number("low"),
        high=number("high"),
        method=str(row.get("method", "")),
    )
