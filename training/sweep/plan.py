"""Which networks a sweep trains: a config for each value, checked before the first is trained."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.registry import has_encoder
from training.sweep.errors import SweepError
from training.sweep.kinds import KINDS, NO, WITH, WITHOUT, YES, SweepKind
from training.train.config import TrainConfig
from training.train.errors import TrainError
from training.train.presets import resolve_config

PUBLISHED_CLIP_LENGTH = "30"


@dataclass(frozen=True)
class SweepBase:
    """What all points have in common, as `resolve_config` takes it. encoder_weights: None for random ones.

    weights_of: the file that a name of weights stands for, for values such as `mobilenet_v2=bundled`.
    """

    preset: str = "default"
    changes: Mapping[str, Any] = field(default_factory=dict)
    network: str | None = None
    encoder_weights: Path | None = None
    weights_of: Callable[[str], Path | None] = Path


@dataclass(frozen=True)
class Point:
    """One training of a sweep. value: as tables call it. slug: name of its folder. config: of all its folds.
    clip_length: frames, where the clips are cut for it."""

    value: str
    slug: str
    config: TrainConfig
    encoder_weights: Path | None = None
    clip_length: int | None = None


@dataclass(frozen=True)
class SweepPlan:
    """points: at least one, in the order asked for. left_out: a sentence for each usual value that this network cannot
    have. reference: the value that others are tested against, the paper's choice, where it is one of the points."""

    kind: SweepKind
    points: tuple[Point, ...]
    left_out: tuple[str, ...] = ()
    reference: str | None = None


@dataclass(frozen=True)
class _Value:
    """changes: what it sets. slug: of a file name."""

    shown: str
    slug: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    encoder_weights: Path | None = None
    clip_length: int | None = None


def plan_sweep(name: str, values: Sequence[str], base: SweepBase) -> SweepPlan:
    """The points of a sweep. name: key of `KINDS`. values: as typed; none for the usual ones.

    A usual value that the network cannot have is left out (96 heads where they do not divide the features).
    Raises SweepError or TrainError, one sentence, for any other value, and where none is left.
    """
    kind = KINDS[name]
    _check_base(kind, base)
    read = _different([_read(kind, text.strip(), base) for text in values or kind.values])
    label = _label(read, base)
    points: list[Point] = []
    left_out: list[str] = []
    for one in read:
        try:
            points.append(_point(kind, one, label, base))
        except TrainError as error:
            if values:
                raise
            left_out.append(f"{kind.heading} {one.shown} is left out: {error}")
    if not points:
        raise SweepError(left_out[0])
    return SweepPlan(kind, tuple(points), tuple(left_out), _reference(kind, points))


def _check_base(kind: SweepKind, base: SweepBase) -> None:
    """Raises SweepError where what all points have in common does not go with the sweep."""
    if kind.name == "encoder" and base.encoder_weights is not None:
        raise SweepError("Each encoder has weights of its own; write --values resnet18=FILE,mobilenet_v2=FILE.")
    if kind.name == "pretrained" and base.encoder_weights is None:
        raise SweepError("Say with --encoder-weights FILE what a pretrained encoder starts from.")
    if kind.setting in base.changes:
        raise SweepError(f"{kind.setting} is what this sweep changes; leave it out, and choose values with --values.")


def _label(values: Sequence[_Value], base: SweepBase) -> str:
    """What predictions call the network before the value is added: its title, else its name."""
    if title := base.changes.get("network.title"):
        return str(title)
    for one in values:
        try:
            return resolve_config(base.preset, {**base.changes, **one.changes}, base.network).network.label
        except TrainError:
            # Said where the point is made.
            continue
    return ""


def _point(kind: SweepKind, one: _Value, label: str, base: SweepBase) -> Point:
    changes = {**base.changes, **one.changes, "network.title": f"{label}_{one.slug}"}
    config = resolve_config(base.preset, changes, base.network)
    if kind.name == "pretrained" and not has_encoder(config.network.name):
        raise SweepError(f"{config.network.name} has no frame encoder that could be pretrained.")
    return Point(one.shown, one.slug, config, one.encoder_weights, one.clip_length)


def _read(kind: SweepKind, text: str, base: SweepBase) -> _Value:
    if kind.axis != "names":
        return _number(kind, text, base)
    if kind.name == "encoder":
        return _encoder(text, base)
    usual = (WITHOUT, WITH) if kind.name == "temporal" else (NO, YES)
    if text not in usual:
        raise SweepError(f"A value of luv sweep {kind.name} is {' or '.join(usual)}, not {text!r}.")
    if kind.name == "temporal":
        return _Value(text, f"{text}_temporal", {"network.temporal": text == WITH}, base.encoder_weights)
    weights = base.encoder_weights if text == YES else None
    return _Value(text, "pretrained" if text == YES else "not_pretrained", {}, weights)


def _different(values: Sequence[_Value]) -> list[_Value]:
    """Each once. Raises SweepError for two that would share a folder."""
    found: dict[str, _Value] = {}
    for one in values:
        if found.setdefault(one.slug, one) != one:
            raise SweepError(f"{one.shown} stands twice in --values with other weights; sweep one after the other.")
    return list(found.values())


def _number(kind: SweepKind, text: str, base: SweepBase) -> _Value:
    if not re.fullmatch(r"\d{1,4}", text) or not int(text):
        raise SweepError(f"A value of luv sweep {kind.name} is a whole number from 1 to 9999, not {text!r}.")
    number = int(text)
    changes = {kind.setting: number} if kind.setting else {}
    length = number if kind.name == "clip-length" else None
    return _Value(str(number), f"{kind.stem}_{number}", changes, base.encoder_weights, length)


def _encoder(text: str, base: SweepBase) -> _Value:
    """`resnet18`, or `resnet18=FILE` for one that starts from weights."""
    name, sign, weights = (part.strip() for part in text.partition("="))
    if not sign:
        return _Value(name, f"encoder_{name}", {"network.encoder": name})
    if not weights:
        raise SweepError(f"{text!r} names no file of weights; write {name}=FILE, or {name} for random weights.")
    return _Value(
        f"{name} (pretrained)", f"encoder_{name}_pretrained", {"network.encoder": name}, base.weights_of(weights)
    )


def _reference(kind: SweepKind, points: Sequence[Point]) -> str | None:
    """The value that other values are tested against: the paper's where it has one, else the first of the points."""
    published = {
        "kernel": "13",
        "heads": "8",
        "clip-length": PUBLISHED_CLIP_LENGTH,
        "temporal": WITH,
        "pretrained": YES,
    }
    shown = [point.value for point in points]
    wanted = published.get(kind.name, shown[0])
    return wanted if wanted in shown else None
