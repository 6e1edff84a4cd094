"""Which patients are for training, validation and test (systems.md 1.7, D1, D2)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from training.folds import deal_groups
from training.prepare.errors import PrepareError

Scheme = Literal["held-out", "rotating"]
PatientOrder = Literal["sheet", "sorted"]


@dataclass(frozen=True)
class SplitRule:
    """How patients are divided.

    preset: its name, for the record. test_fraction: of the patients, rounded up. seed: of both shuffles.
    scheme: `held-out` is the published one, one test set and n_folds train/valid divisions of the other patients;
    `rotating` lets every patient be tested once, the next fold being the validation set.
    order: `sheet` shuffles the patients as they come, `sorted` sorts them first, so that the order of rows has no say.
    is_stratified: iterative stratification on the labels each patient has, instead of a plain shuffle.
    Raises PrepareError for values out of range.
    """

    preset: str = "default"
    test_fraction: float = 0.2
    seed: int = 1234
    n_folds: int = 5
    scheme: Scheme = "held-out"
    order: PatientOrder = "sorted"
    is_stratified: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.test_fraction < 1:
            raise PrepareError(f"The fraction of test patients must lie between 0 and 1, got {self.test_fraction}.")
        least = 3 if self.scheme == "rotating" else 2
        if self.n_folds < least:
            raise PrepareError(f"A {self.scheme} split needs at least {least} folds, got {self.n_folds}.")
        if not 0 <= self.seed < 2**32:
            raise PrepareError(f"The seed must lie in 0 to 4294967295, got {self.seed}.")


PRESETS = {
    "default": SplitRule(),
    "paper-code": SplitRule("paper-code", order="sheet"),
    "paper-text": SplitRule("paper-text", test_fraction=0.1, order="sheet"),
}
"""`paper-code`: scikit-learn's exact shuffles over the patients in sheet order; `paper-text`: 10 % for the test."""


@dataclass(frozen=True)
class Fold:
    """Patients of one fold. Raises PrepareError when one stands twice or on two sides, or a side is empty."""

    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for part, patients in self.parts().items():
            if not patients:
                raise PrepareError(f"The {part} part of a fold has no patient; take fewer folds or another fraction.")
            for patient in patients:
                if patient in seen:
                    raise PrepareError(f"Patient {patient} stands in {seen[patient]} and in {part}; give it one place.")
                seen[patient] = part

    def parts(self) -> dict[str, tuple[str, ...]]:
        """Patients by `train`, `valid`, `test`."""
        return {"train": self.train, "valid": self.valid, "test": self.test}


@dataclass(frozen=True)
class PatientSplit:
    """folds: of the same patients each, else PrepareError. rule: how they came about."""

    rule: SplitRule
    folds: tuple[Fold, ...]

    def __post_init__(self) -> None:
        sets = {frozenset((*fold.train, *fold.valid, *fold.test)) for fold in self.folds}
        if len(sets) != 1:
            raise PrepareError("The folds of a split must hold the same patients, and there must be at least one fold.")

    @property
    def patients(self) -> frozenset[str]:
        """All of them."""
        fold = self.folds[0]
        return frozenset((*fold.train, *fold.valid, *fold.test))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of who is where; the order within a part has no say."""
        lists = [[sorted(patients) for patients in fold.parts().values()] for fold in self.folds]
        return hashlib.sha256(json.dumps(lists).encode()).hexdigest()


def split_patients(
    patients: Sequence[str], rule: SplitRule, label_counts: Mapping[str, Sequence[int]] | None = None
) -> PatientSplit:
    """Divide patients. patients: unique, in the order of the sheet. label_counts: per patient, rows by label; needed
    for a stratified split, all of one length.

    Raises PrepareError for patients that repeat, or that are too few.

    >>> found = split_patients([f"P{i:02d}" for i in range(35)], PRESETS["paper-code"])
    >>> len(found.folds[0].test), [(len(fold.train), len(fold.valid)) for fold in found.folds]
    (7, [(22, 6), (22, 6), (22, 6), (23, 5), (23, 5)])
    """
    if len(set(patients)) != len(patients):
        raise PrepareError("A patient stands twice in the list to split.")
    n_test = math.ceil(rule.test_fraction * len(patients)) if rule.scheme == "held-out" else 0
    if len(patients) - n_test < rule.n_folds:
        raise PrepareError(
            f"{len(patients)} patients are too few for {rule.n_folds} folds"
            + (f" beside {n_test} for the test." if n_test else ".")
        )
    ordered = list(patients) if rule.order == "sheet" else sorted(patients)
    deal = _stratified(ordered, rule, label_counts or {}) if rule.is_stratified else _Shuffle(rule)
    if rule.scheme == "rotating":
        held = deal.folds(ordered)
        return PatientSplit(rule, tuple(_rotated(ordered, held, i) for i in range(rule.n_folds)))
    rest, test = deal.test(ordered)
    return PatientSplit(rule, tuple(_fold(rest, valid, test) for valid in deal.folds(rest)))


def _fold(rest: Sequence[str], valid: Sequence[str], test: Sequence[str]) -> Fold:
    return Fold(tuple(patient for patient in rest if patient not in set(valid)), tuple(valid), tuple(test))


def _rotated(patients: Sequence[str], held: Sequence[Sequence[str]], i: int) -> Fold:
    test = held[i]
    return _fold([patient for patient in patients if patient not in set(test)], held[(i + 1) % len(held)], test)


@dataclass(frozen=True)
class _Shuffle:
    """scikit-learn's own shuffles, so that the same patients come out for the same order and seed."""

    rule: SplitRule

    def test(self, patients: Sequence[str]) -> tuple[list[str], list[str]]:
        """(others, test)."""
        rest, test = _model_selection().train_test_split(
            list(patients), test_size=self.rule.test_fraction, random_state=self.rule.seed, shuffle=True
        )
        return rest, test

    def folds(self, patients: Sequence[str]) -> list[list[str]]:
        """The patients held out in each fold."""
        plan = _model_selection().KFold(self.rule.n_folds, shuffle=True, random_state=self.rule.seed)
        return [[patients[i] for i in held] for _, held in plan.split(list(patients))]


def _model_selection() -> Any:
    """scikit-learn's module, which a viewer alone does not need. Raises PrepareError where it is not installed."""
    try:
        import sklearn.model_selection
    except ImportError as error:
        raise PrepareError("scikit-learn is not installed: pip install 'luv-viewer[training]'.") from error
    return sklearn.model_selection


@dataclass(frozen=True)
class _Stratified:
    """counts: (label states,) rows by patient."""

    rule: SplitRule
    counts: Mapping[str, NDArray[np.int64]]

    def test(self, patients: Sequence[str]) -> tuple[list[str], list[str]]:
        rest, test = self._dealt(patients, (1 - self.rule.test_fraction, self.rule.test_fraction))
        return rest, test

    def folds(self, patients: Sequence[str]) -> list[list[str]]:
        return self._dealt(patients, (1 / self.rule.n_folds,) * self.rule.n_folds)

    def _dealt(self, patients: Sequence[str], shares: Sequence[float]) -> list[list[str]]:
        counts = np.stack([self.counts[patient] for patient in patients])
        # A patient counts once, however long the videos: shares are of patients, labels are spread among them.
        sizes = np.ones(len(patients), np.int64)
        home = deal_groups(counts, sizes, shares, np.random.default_rng(self.rule.seed))
        return [[who for who, at in zip(patients, home, strict=True) if at == k] for k in range(len(shares))]


def _stratified(patients: Sequence[str], rule: SplitRule, counts: Mapping[str, Sequence[int]]) -> _Stratified:
    missing = [patient for patient in patients if patient not in counts]
    if missing:
        raise PrepareError(f"Patient {missing[0]} has no rows with labels, which a stratified split needs.")
    return _Stratified(rule, {patient: np.asarray(counts[patient], np.int64) for patient in patients})


def rule_of(preset: str, **changes: object) -> SplitRule:
    """A preset with some of its fields changed; None leaves a field as it is. Raises PrepareError."""
    if preset not in PRESETS:
        raise PrepareError(f"There is no preset {preset}; choose one of {', '.join(PRESETS)}.")
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(PRESETS[preset], **given)  # type: ignore[arg-type]
