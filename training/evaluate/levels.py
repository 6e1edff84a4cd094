"""From clips to videos and patients: a case is as positive as its most positive clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from training.evaluate.predictions import EvaluationError, Joined

Level = Literal["clip", "video", "patient"]
LEVELS: tuple[Level, ...] = ("clip", "video", "patient")


def at_level(joined: Joined, level: Level) -> Joined:
    """The largest value and the largest label of the clips of each video or patient, in the order they first occur.

    Raises EvaluationError where the truth does not name the videos or patients, or a video has clips of two patients.
    """
    if level == "clip":
        return joined
    names = joined.videos if level == "video" else joined.patients
    if names is None:
        raise EvaluationError(f"the truth has no column {level}_id, so there is no {level} level")
    unique = list(dict.fromkeys(names))
    place = {name: i for i, name in enumerate(unique)}
    member = np.array([place[name] for name in names])
    labels = np.zeros((len(unique), len(joined.patterns)), dtype=np.int64)
    values = np.zeros((len(unique), len(joined.patterns)))
    np.maximum.at(labels, member, joined.labels)
    np.maximum.at(values, member, joined.values)
    patients = _of_cases(names, joined.patients)
    clusters, kind = (patients, "patient") if patients is not None else (tuple(unique), level)
    return replace(
        joined,
        labels=labels,
        values=values,
        clusters=clusters,
        cluster_kind=kind,
        videos=tuple(unique) if level == "video" else None,
        patients=patients,
    )


def _of_cases(names: Sequence[str], patients: Sequence[str] | None) -> tuple[str, ...] | None:
    """The patient of each case."""
    if patients is None:
        return None
    found: dict[str, str] = {}
    for name, patient in zip(names, patients, strict=True):
        if found.setdefault(name, patient) != patient:
            raise EvaluationError(f"the video {name} has clips of the patients {found[name]} and {patient}")
    return tuple(found.values())
