"""Clips of a small made-up cohort, the commands that sweep over them, and runs made of numbers alone."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from luv_viewer.cli import main
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.label_sheet_file import write_sheet
from tests.training.prepare.builders_prepare import write_videos
from training.evaluate import Joined
from training.prepare.video_list import LIST_NAME
from training.sweep.scores import FoldScores, PartScores, PointScores, part_scores

PATTERNS = ("A-line", "B-line", "Consolidation", "Pleural effusion")
SMALL = (
    *("--encoder", "mobilenet_v2", "--freeze-encoder", "--epochs", "1", "--accelerator", "cpu"),
    *("--set", "network.projection=8", "--set", "network.mlp_hidden=8", "--set", "data.feature_views=1"),
    *("--set", "data.flip=0.0", "--set", "train.lr=1e-2"),
)
"""A network that trains in a moment."""

_IN_ORDER = (Pattern.A_LINE, Pattern.B_LINE, Pattern.CONSOLIDATION, Pattern.PLEURAL_EFFUSION)
_N_PATIENTS, _N_FRAMES, _CLIP_LENGTH = 6, 12, 6


@dataclass(frozen=True)
class Cohort:
    """Six patients with four videos each, of which each shows one pattern in its first frames."""

    root: Path

    @property
    def sheet(self) -> Path:
        """One reader's labels."""
        return self.root / "sheet.csv"

    @property
    def videos(self) -> Path:
        """Their list."""
        return self.root / "videos" / LIST_NAME

    @property
    def clips(self) -> Path:
        """Of 6 frames, 32 x 32, one every 4."""
        return self.root / "clips"

    @property
    def split(self) -> Path:
        """Two folds, one test set."""
        return self.root / "split"

    @property
    def cache(self) -> Path:
        """Of decoded clips and features."""
        return self.root / "cache"

    def sweep(self, name: str, folder: Path, *more: object) -> tuple[int, str, str]:
        """Exit status, stdout, stderr of a sweep of the small network over the prepared clips."""
        given = () if name == "clip-length" else ("--clips", self.clips)
        return run("sweep", name, self.split, *given, "-o", folder, "--cache", self.cache, *SMALL, *more)


@dataclass(frozen=True)
class Swept:
    """A finished sweep. folder: of its results; nobody writes to it. out, told: what the command said."""

    folder: Path
    status: int
    out: str
    told: str


def write_small_cohort(root: Path) -> Cohort:
    """Videos, sheet, clips and split."""
    cohort = Cohort(root)
    names = [f"9000000{patient}_{2 + i}" for patient in range(_N_PATIENTS) for i in range(4)]
    write_videos(root / "videos", dict.fromkeys(names, _N_FRAMES))
    rows = []
    for i, name in enumerate(names):
        patient, _, idx = name.rpartition("_")
        shown = {_IN_ORDER[i % 4]: SpanSet.of(Span(0, 4)), _IN_ORDER[(i + i // 4) % 4]: SpanSet.of(Span(2, 9))}
        present = tuple(shown.get(pattern, SpanSet()) for pattern in TRACK_PATTERNS)
        rows.append(SheetRow(SheetKey(patient, int(idx), "20210115"), present, n_frames=_N_FRAMES))
    write_sheet(cohort.sheet, LabelSheet("kim", tuple(rows)), SheetLayout.DEVELOPMENT)
    clips = ("--videos", cohort.videos, "-o", cohort.clips, "--size", 32, "--clip-length", _CLIP_LENGTH)
    status, _, told = run("prepare", "clips", cohort.sheet, *clips, "--workers", 0)
    assert status == 0, told
    status, _, told = run("prepare", "split", cohort.clips / "clips.csv", "-o", cohort.split, "--folds", 2)
    assert status == 0, told
    return cohort


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit status, stdout, stderr of `luv`."""
    out, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
        status = main([str(argument) for argument in arguments])
    return status, out.getvalue(), told.getvalue()


def made_part(value: str, fold: int, noise: float, seed: int, n: int = 24) -> PartScores:
    """Scores that follow the labels but for noise. The same seed gives the same labels."""
    labels = np.random.default_rng(seed).integers(0, 2, (n, len(PATTERNS)))
    labels[:2] = [[0] * len(PATTERNS), [1] * len(PATTERNS)]
    drawn = np.random.default_rng([seed, fold, *value.encode()]).normal(size=labels.shape)
    values = 1 / (1 + np.exp(-(2 * labels - 1 + noise * drawn)))
    patients = tuple(f"p{i // 4}" for i in range(n))
    return part_scores(Joined(value, str(fold), PATTERNS, labels, values, patients, "patient", None, patients))


def made_point(value: str, noises: Sequence[tuple[float, float]]) -> PointScores:
    """A fold for each pair of noises: of the test and of the validation clips."""
    return PointScores(
        value,
        tuple(
            FoldScores(fold, made_part(value, fold, test, seed=1), made_part(value, fold, valid, seed=2 + fold))
            for fold, (test, valid) in enumerate(noises)
        ),
    )
