"""The whole chain on a synthetic cohort, as the command lines that a researcher types for patients of their own."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.domain.pattern import Pattern

GOAL = 0.95
GOAL_PATTERNS = (Pattern.A_LINE, Pattern.PLEURAL_EFFUSION)
"""An A-line repeats over the whole picture and an effusion is black: whoever can see at all finds both in a phantom."""
TEMPORAL, PLAIN, USVN = "luv_net", "luv_net_no_temporal", "usvn"
REPORT = Path("evaluation") / "report.html"
LEAST_PATIENTS = 12
SMALL = ("--set", "network.projection=128", "--set", "network.mlp_hidden=256")
"""LUV-Net with a hundredth of the parameters behind its encoder: a larger one learns two dozen patients by heart."""
LEAST_FRAMES = "3"
"""Two readers who do not quite agree where a finding ends may both touch a clip that shows none of it."""
VIDEO_FRAMES = 62
"""Three clips a video."""
MACRO_BY_MEAN = "macro by mean: mean of the areas"


class RehearsalError(AnalysisError):
    """What keeps a rehearsal from being told; one sentence."""


@dataclass(frozen=True)
class Rehearsal:
    """folder: everything is written below it. encoder, weights, freezes: as `luv train` takes them; weights "" for
    random ones. patients: at least 12, so that training, validation and test have some. clip_px: size of the clips.
    The rest: of `luv phantom` and `luv train`. Raises ValueError, with expected and found.
    """

    folder: Path
    patients: int = 24
    videos: int = 3
    size_px: int = 256
    clip_px: int = 128
    seed: int = 7
    encoder: str = "mobilenet_v2"
    weights: str = "bundled"
    freezes: bool = True
    epochs: int = 25
    lr: float = 5e-4

    def __post_init__(self) -> None:
        for name, least in (("patients", LEAST_PATIENTS), ("videos", 1), ("epochs", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if self.freezes and not self.weights:
            raise ValueError("an encoder with random weights has to be trained: give its weights, or do not freeze it")


def command_lines(rehearsal: Rehearsal) -> tuple[tuple[str, ...], ...]:
    """What is run, in order; each begins with `luv`. All of them can be given again and go on where they stopped."""
    at = {name: str(rehearsal.folder / name) for name in ("phantom", "index", "clips", "split", "evaluation")}
    videos, table = f"{at['phantom']}/videos", f"{at['index']}/videos.csv"
    sheets = (f"{at['phantom']}/sheets/reader_1.xlsx", f"{at['phantom']}/sheets/reader_2.csv")
    making = f"--patients {rehearsal.patients} --videos {rehearsal.videos} --lengths {VIDEO_FRAMES}"
    cohort = ("luv", "phantom", "-o", at["phantom"], *making.split(), "--size", str(rehearsal.size_px))
    exclusions = ("--exclusions", f"{at['phantom']}/exclusions.csv")
    pixels = ("--videos", table, "--root", videos, "--size", str(rehearsal.clip_px))
    return (
        (*cohort, "--seed", str(rehearsal.seed)),
        ("luv", "prepare", "index", videos, "-o", at["index"]),
        ("luv", "prepare", "clips", *sheets, *exclusions, *pixels, "--min-frames", LEAST_FRAMES, "-o", at["clips"]),
        ("luv", "prepare", "split", f"{at['clips']}/clips.csv", "-o", at["split"], "--stratify"),
        _training(rehearsal, TEMPORAL),
        _training(rehearsal, PLAIN, "--set", "network.temporal=false"),
        _training(rehearsal, USVN),
        *_evaluation(rehearsal),
    )


def _training(rehearsal: Rehearsal, model: str, *more: str) -> tuple[str, ...]:
    network = USVN if model == USVN else TEMPORAL
    smaller = () if model == USVN else SMALL
    weights = ("--encoder-weights", rehearsal.weights) if rehearsal.weights else ()
    frozen = ("--freeze-encoder", "--set", "data.feature_views=1") if rehearsal.freezes else ()
    where = ("--clips", str(rehearsal.folder / "clips"), "-o", str(rehearsal.folder / model))
    how = ("--epochs", str(rehearsal.epochs), "--batch-size", "8", "--set", f"train.lr={rehearsal.lr:g}", "--resume")
    named = ("--network", network, "--name", model, "--encoder", rehearsal.encoder)
    cache = ("--cache", str(rehearsal.folder / "cache"))
    return (
        "luv",
        "train",
        str(rehearsal.folder / "split"),
        *where,
        *named,
        *weights,
        *frozen,
        *smaller,
        *more,
        *how,
        *cache,
    )


def _evaluation(rehearsal: Rehearsal) -> tuple[tuple[str, ...], tuple[str, ...]]:
    models = (TEMPORAL, PLAIN, USVN)
    thresholds = str(rehearsal.folder / "thresholds.csv")
    run = rehearsal.folder / TEMPORAL
    known = (
        str(run / "valid" / "truth.csv"),
        *(str(rehearsal.folder / m / "valid" / f"{m}_fold0.csv") for m in models),
    )
    test = (str(run / "truth_test.csv"), *(str(rehearsal.folder / m / f"{m}_fold0.csv") for m in models))
    return (
        ("luv", "thresholds", *known, "-o", thresholds),
        ("luv", "evaluate", *test, "--thresholds", thresholds, "-o", str(rehearsal.folder / "evaluation")),
    )


@dataclass(frozen=True)
class Outcome:
    """What a rehearsal came to. areas: AUC on the test clips, by model and pattern; NaN where the truth has only one
    kind. averages: macro AUC (mean of the patterns) by model."""

    areas: Mapping[str, Mapping[str, float]]
    averages: Mapping[str, float]

    @property
    def reaches_goal(self) -> bool:
        """Whether LUV-Net finds the two patterns that anybody finds in a phantom."""
        return all(self.areas[TEMPORAL][pattern.value] >= GOAL for pattern in GOAL_PATTERNS)

    def sentences(self) -> tuple[str, ...]:
        """What was found, as it was found."""
        found = ", ".join(f"{p.value} {self.areas[TEMPORAL][p.value]:.3f}" for p in GOAL_PATTERNS)
        goal = (
            f"LUV-Net on patients it has not seen: AUC {found} ({'reaches' if self.reaches_goal else 'misses'} {GOAL})."
        )
        with_it, without = self.averages[TEMPORAL], self.averages[PLAIN]
        order = {True: "is better than", False: "is worse than"}[with_it > without] if with_it != without else "equals"
        ordering = (
            f"LUV-Net with its temporal branch {order} the one without, here: macro AUC {with_it:.3f} and "
            f"{without:.3f}; USVN {self.averages[USVN]:.3f}. The paper finds it better; one split of synthetic "
            "patients decides nothing."
        )
        return goal, ordering


def read_outcome(folder: Path) -> Outcome:
    """From the tables of `luv evaluate` in the folder of a rehearsal. Raises RehearsalError."""
    areas: dict[str, dict[str, float]] = {}
    averages: dict[str, float] = {}
    try:
        for row in _rows(folder / "evaluation" / "areas.csv"):
            areas.setdefault(row["model"], {})[row["pattern"]] = float(row["auc"] or "nan")
        for row in _rows(folder / "evaluation" / "averages.csv"):
            if row["method"] == MACRO_BY_MEAN:
                averages[row["model"]] = float(row["auc"] or "nan")
        outcome = Outcome(areas, averages)
        outcome.sentences()
    except (OSError, KeyError, ValueError) as error:
        raise RehearsalError(f"the tables in {folder / 'evaluation'} are not those of a rehearsal: {error}.") from error
    return outcome


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
