"""Makes the checkpoint that comes with the program: LUV-Net on MobileNetV2, fitted on the POCUS clips.

    python -m training.bundled_checkpoint --data DIR --encoder-weights FILE -o FILE

Every candidate setting is judged by source-grouped folds of the POCUS clips; the one with the highest macro AUC is
fitted on all of them, and the scores of the folds calibrate it. COVID-BLUES is scored by the finished network, with
and without calibration, and decides nothing.
"""

from __future__ import annotations

import copy
import datetime
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

import luv_viewer
from luv_viewer.io.whole_file import write_whole
from model import Checkpoint, Preprocessing, save_checkpoint
from model.facts import PATTERNS
from model.networks.luv_net import LUVNet
from model.registry import build_network
from training.calibration import (
    Platt,
    calibration_rows,
    fit_patterns,
    fold_into,
    left_out_probabilities,
    probabilities,
    reliability_rows,
)
from training.candidates import CANDIDATES
from training.cohort import UNKNOWN, read_cohort
from training.evaluation import (
    N_FOLDS,
    Judged,
    Scorer,
    head_scorer,
    metric_rows,
    of_clips,
    of_videos,
    out_of_fold,
    pattern_aucs,
)
from training.features import FeatureStore
from training.fit import ENCODER, HeadSettings, LabelledFeatures, clip_logits, fit_head, network_options
from training.folds import grouped_folds
from training.linear_probe import linear_probe_scorer
from training.model_card import CALIBRATION_METHOD, describe, limitations_by_numbers, model_card
from training.statistics import Threshold, youden_threshold

FOLDS_SET = "grouped folds"
EXTERNAL_SET = "external COVID-BLUES"
SEEDS = (0, 1, 2)
THRESHOLD_METHOD = (
    "Youden on calibrated out-of-fold video probabilities (largest of a video's clips, grouped folds of three seeds "
    "pooled)"
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Trial:
    """A candidate's logits in grouped folds. judged: per seed of `SEEDS` the videos; clips: the first seed's clips."""

    name: str
    judged: tuple[Judged, ...]
    clips: Judged

    @property
    def macro_auc(self) -> float:
        """Mean over seeds and patterns of the pooled out-of-fold video AUC."""
        return float(np.mean([pattern_aucs(one) for one in self.judged]))

    @property
    def row(self) -> dict[str, str | float]:
        """A line of the table of settings tried."""
        means = np.mean([pattern_aucs(one) for one in self.judged], axis=0)
        by_seed = [float(np.mean(pattern_aucs(one))) for one in self.judged]
        return {
            "setting": self.name,
            **{pattern: round(float(mean), 3) for pattern, mean in zip(PATTERNS, means, strict=True)},
            "macro": round(self.macro_auc, 3),
            "macro lowest seed": round(min(by_seed), 3),
            "macro highest seed": round(max(by_seed), 3),
        }


def try_out(name: str, scorer: Scorer, data: LabelledFeatures) -> Trial:
    """Grouped folds of `data` with every seed."""
    scores = [out_of_fold(data, scorer, seed) for seed in SEEDS]
    return Trial(name, tuple(of_videos(one, data) for one in scores), of_clips(scores[0], data))


def stored_encoder(weights: Path) -> LUVNet:
    """A LUV-Net whose encoder holds `weights` rounded to float16, as the checkpoint stores them."""
    network = build_network("luv_net", **network_options(HeadSettings(), len(PATTERNS)), encoder_weights=weights)
    if not isinstance(network, LUVNet):
        raise TypeError(f"luv_net built a {type(network).__name__}")
    network.encoder.half().float()
    return network.eval()


def pooled_thresholds(judged: Sequence[Judged]) -> list[Threshold]:
    """Per pattern the Youden threshold of the video probabilities of all seeds, unknown labels left out."""
    found = []
    for p in range(len(PATTERNS)):
        truth = np.concatenate([one.labels[:, p] for one in judged])
        score = np.concatenate([one.scores[:, p] for one in judged])
        found.append(youden_threshold(truth[truth != UNKNOWN], score[truth != UNKNOWN]))
    return found


def operating_points(judged: Judged, thresholds: Sequence[Threshold]) -> list[dict[str, str | float]]:
    """Sensitivity and specificity at the thresholds, for patterns with known labels of both kinds."""
    points: list[dict[str, str | float]] = []
    for p, pattern in enumerate(PATTERNS):
        known = judged.labels[:, p] != UNKNOWN
        truth, called = judged.labels[known, p] == 1, judged.scores[known, p] >= thresholds[p].value
        if 0 < truth.sum() < truth.size:
            points.append(
                {
                    "pattern": pattern,
                    "sensitivity": round(float(called[truth].mean()), 3),
                    "specificity": round(float((~called[~truth]).mean()), 3),
                }
            )
    return points


def finished_network(data: LabelledFeatures, settings: HeadSettings, encoder: LUVNet) -> LUVNet:
    """The head fitted on all of `data` beside the frozen encoder, every weight rounded to float16 as it is stored."""
    network = fit_head(data, settings, SEEDS[0])
    network.encoder.load_state_dict(encoder.encoder.state_dict())
    return network.half().float().eval()


def calibrated_network(network: LUVNet, platts: Sequence[Platt]) -> LUVNet:
    """A copy of `network` whose logits come out calibrated, rounded to float16 as it is stored."""
    calibrated = copy.deepcopy(network)
    fold_into(calibrated, platts)
    return calibrated.half().float().eval()


def calibration_record(
    judged: Sequence[Judged], platts: Sequence[Platt], outside: tuple[Judged, Judged]
) -> dict[str, Any]:
    """The metadata entry. judged: out-of-fold logits per seed; outside: external logits without and with calibration.

    The folds' calibrated numbers come from calibrations fitted without the fold they are applied to.
    """
    dealt = [grouped_folds(one.clusters, one.labels, N_FOLDS, seed) for one, seed in zip(judged, SEEDS, strict=True)]
    plain, left_out = [probabilities(one) for one in judged], left_out_probabilities(judged, dealt)
    before, after = (probabilities(one) for one in outside)
    return {
        "method": CALIBRATION_METHOD,
        "patterns": calibration_rows(platts, PATTERNS),
        "reliability": [
            *reliability_rows(plain, left_out, PATTERNS, set_name=FOLDS_SET),
            *reliability_rows([before], [after], PATTERNS, set_name=EXTERNAL_SET),
        ],
    }


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder with lus_manifest.csv and lus/.",
)
@click.option(
    "--encoder-weights",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="MobileNetV2 state dict, ImageNet.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The checkpoint; its README.md is written beside it.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".cache/features"),
    show_default=True,
    help="Where encoder features are kept between runs.",
)
@click.option("--date", default=None, help="Date in the metadata, YYYY-MM-DD; today when not given.")
def main(data: Path, encoder_weights: Path, output: Path, cache: Path, date: str | None) -> None:
    """Train, judge and write the bundled checkpoint. The same inputs give the same metrics on the same machine."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)  # small batches run no faster on two, and one thread sums in one order
    encoder = stored_encoder(encoder_weights)
    store = FeatureStore(encoder.encoder, Preprocessing(), data / "lus", cache)
    pocus = _labelled(store, data, "POCUS", mirrored=True)
    trials = [try_out("linear probe on mean features (baseline)", linear_probe_scorer, pocus)]
    for name, settings in CANDIDATES.items():
        trials.append(try_out(name, head_scorer(settings), pocus))
        _log.info("%s: macro AUC %.3f", name, trials[-1].macro_auc)
    chosen = max(trials[1:], key=lambda trial: trial.macro_auc)
    plain = finished_network(pocus, CANDIDATES[chosen.name], encoder)
    platts = fit_patterns(chosen.judged)
    network = calibrated_network(plain, platts)
    calibrated = [probabilities(one, platts) for one in chosen.judged]
    thresholds = pooled_thresholds(calibrated)
    blues = _labelled(store, data, "COVID-BLUES", mirrored=False)
    uncalibrated, outside = (_external(one, blues) for one in (plain, network))
    metrics = [
        *metric_rows(chosen.judged[0], PATTERNS, set_name=FOLDS_SET, level="video"),
        *metric_rows(chosen.clips, PATTERNS, set_name=FOLDS_SET, level="clip"),
        *metric_rows(outside, PATTERNS, set_name=EXTERNAL_SET, level="video"),
    ]
    _log.info("external AUC without calibration %s, with %s", pattern_aucs(uncalibrated), pattern_aucs(outside))
    points = {
        FOLDS_SET: operating_points(calibrated[0], thresholds),
        EXTERNAL_SET: operating_points(probabilities(outside), thresholds),
    }
    calibration = calibration_record(chosen.judged, platts, (uncalibrated, outside))
    description = describe(
        read_cohort(data / "lus_manifest.csv", "POCUS"), read_cohort(data / "lus_manifest.csv", "COVID-BLUES")
    )
    by_numbers = limitations_by_numbers(metrics, points, calibration)
    metadata = {
        **description,
        "limitations": [*by_numbers, *description["limitations"]],
        "date": date or datetime.date.today().isoformat(),
        "training": _training_record(chosen.name, encoder.encoder_weights_sha256 or ""),
        "settings_tried": [trial.row for trial in trials],
        "metrics": metrics,
        "calibration": calibration,
        "operating_points": points,
    }
    _write(output, network, CANDIDATES[chosen.name], thresholds, metadata)


def _external(network: LUVNet, data: LabelledFeatures) -> Judged:
    """The videos' logits by `network`."""
    return of_videos([clip_logits(network, views[0]) for views in data.views], data)


def _labelled(store: FeatureStore, data: Path, dataset: str, *, mirrored: bool) -> LabelledFeatures:
    cohort = read_cohort(data / "lus_manifest.csv", dataset)

    def report(done: int, total: int) -> None:
        if done % 10 == 0 or done == total:
            _log.info("%s: features of %d of %d videos", dataset, done, total)

    plain = store.of_cohort(cohort, "plain", report)
    if not mirrored:
        return LabelledFeatures([(one,) for one in plain], cohort.labels, cohort.groups)
    flipped = store.of_cohort(cohort, "mirrored", report)
    return LabelledFeatures(list(zip(plain, flipped, strict=True)), cohort.labels, cohort.groups)


def _training_record(name: str, encoder_sha256: str) -> dict[str, str | int | float]:
    return {
        "script": "python -m training.bundled_checkpoint",
        "code version": luv_viewer.__version__,
        "encoder": f"{ENCODER}, ImageNet, frozen, float16",
        "encoder weights sha256": encoder_sha256,
        "setting": name,
        **asdict(CANDIDATES[name]),
        "seed": SEEDS[0],
        "seeds of the folds": ", ".join(map(str, SEEDS)),
        "folds": N_FOLDS,
        "loss": "binary cross-entropy over known labels, the labels of the video given to each of its clips",
        "augmentation": "mirrored frames, random clip start",
        "torch": torch.__version__.split("+")[0],
    }


def _write(
    output: Path,
    network: LUVNet,
    settings: HeadSettings,
    thresholds: Sequence[Threshold],
    metadata: Mapping[str, Any],
) -> None:
    checkpoint = Checkpoint(
        network=network,
        network_name="luv_net",
        network_options=network_options(settings, len(PATTERNS)),
        name=str(metadata["title"]),
        thresholds=np.array([threshold.value for threshold in thresholds]),
        threshold_method=THRESHOLD_METHOD,
        metadata=metadata,
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    saved = save_checkpoint(output, checkpoint, storage="float16")
    write_whole(output.parent / "README.md", model_card(saved, output.name).encode())
    _log.info("%s written, version %s", output.name, saved.version)


if __name__ == "__main__":
    main()
