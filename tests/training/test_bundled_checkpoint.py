"""The checkpoint in resources is small, complete, honest about itself, and predicts."""

from __future__ import annotations

import datetime
import importlib.resources
from pathlib import Path

import numpy as np
import pytest
import torch

from luv_viewer.io import open_study
from model import Checkpoint, load_checkpoint, predict_video
from model.facts import PATTERNS
from model.networks.luv_net import LUVNet
from tests.builders import moving_speckle, write_mp4
from training.bundled_checkpoint import calibrated_network, operating_points, pooled_thresholds
from training.calibration import MIN_SCALE, Platt
from training.candidates import CANDIDATES
from training.cohort import LabelledVideo, read_cohort
from training.evaluation import Judged
from training.features import FeatureStore
from training.fit import HeadSettings, clip_logits, new_network
from training.model_card import (
    chance_sentences,
    describe,
    false_alarm_sentences,
    limitations_by_numbers,
    model_card,
    no_skill_sentences,
    prevalence_sentences,
    uncalibrated_sentences,
    worsened_sentences,
)

FILE_NAME = "luvnet_mobilenetv2_pocus.pt"


@pytest.fixture(scope="module")
def bundled() -> Path:
    return Path(str(importlib.resources.files("resources") / "checkpoints" / FILE_NAME))


@pytest.fixture(scope="module")
def checkpoint(bundled: Path) -> Checkpoint:
    return load_checkpoint(bundled)


def test_it_is_small_and_a_normal_checkpoint(bundled: Path, checkpoint: Checkpoint) -> None:
    assert bundled.stat().st_size <= 15_000_000
    assert checkpoint.patterns == ("A-line", "B-line", "Consolidation", "Pleural effusion")
    assert checkpoint.network_options["encoder"] == "mobilenet_v2"
    assert (checkpoint.clip_length, checkpoint.preprocessing.channel_rule) == (30, "luminance")
    assert ((checkpoint.thresholds > 0) & (checkpoint.thresholds < 1)).all()
    assert len(checkpoint.name) <= 30
    assert "calibrated out-of-fold video probabilities" in checkpoint.threshold_method


def test_it_says_what_it_was_made_of(checkpoint: Checkpoint) -> None:
    data = checkpoint.metadata
    assert data["licence"].startswith("CC BY-NC-SA 4.0")
    assert "research use only" in data["licence"]
    assert any("Apache" in line for line in data["data"])
    assert any("COVID-BLUES" in line and "never trained on" in line for line in data["data"])
    assert data["limitations"]
    assert datetime.date.fromisoformat(data["date"])
    assert CANDIDATES[data["training"]["setting"]].projection == checkpoint.network_options["projection"]
    assert {row["setting"] for row in data["settings_tried"]} > set(CANDIDATES)


def test_every_metric_has_its_interval_and_method(checkpoint: Checkpoint) -> None:
    rows = checkpoint.metadata["metrics"]
    for row in rows:
        assert 0 <= row["low"] <= row["auc"] <= row["high"] <= 1
        assert row["positives"] > 0
        assert row["negatives"] > 0
    found = {(row["set"], row["level"], row["pattern"], row["method"].split()[0]) for row in rows}
    folds = {("grouped folds", "video", name, method) for name in PATTERNS for method in ("DeLong", "bootstrap")}
    outside = {
        ("external COVID-BLUES", "video", name, method) for name in PATTERNS[:2] for method in ("DeLong", "bootstrap")
    }
    assert folds | outside <= found
    assert not any(row["set"].startswith("external") and row["pattern"] in PATTERNS[2:] for row in rows)


def test_it_is_calibrated_and_says_how(checkpoint: Checkpoint) -> None:
    calibration = checkpoint.metadata["calibration"]
    assert tuple(row["pattern"] for row in calibration["patterns"]) == checkpoint.patterns
    assert all(row["scale"] >= MIN_SCALE and row["method"].startswith("Platt") for row in calibration["patterns"])
    folds = [row for row in calibration["reliability"] if row["set"] == "grouped folds"]
    assert tuple(row["pattern"] for row in folds) == checkpoint.patterns
    for measure in ("Brier", "ECE"):
        assert sum(row[f"{measure} after"] for row in folds) < sum(row[f"{measure} before"] for row in folds)
    assert all(abs(row["mean after"] - row["prevalence"]) < 0.05 for row in folds)
    outside = [row["pattern"] for row in calibration["reliability"] if row["set"] == "external COVID-BLUES"]
    assert outside == ["A-line", "B-line"]


def test_the_calibrated_copy_gives_the_calibrated_logits_in_float16() -> None:
    settings = HeadSettings(projection=16, mlp_hidden=16, n_heads=4, kernel_size=3)
    network = new_network(settings, 2, seed=0).half().float().eval()
    features = np.random.default_rng(0).random((40, 1280), dtype=np.float32)
    platts = [Platt(0.3, -1.0, 5, 9, "Platt"), Platt(0.05, -2.5, 2, 9, "Platt")]
    calibrated = calibrated_network(network, platts)
    expected = clip_logits(network, features) * [0.3, 0.05] + [-1.0, -2.5]
    np.testing.assert_allclose(clip_logits(calibrated, features), expected, atol=2e-3)
    assert all(torch.equal(value, value.half().float()) for value in calibrated.parameters())


def test_the_model_card_beside_it_is_the_one_of_this_file(bundled: Path, checkpoint: Checkpoint) -> None:
    card = (bundled.parent / "README.md").read_text(encoding="utf-8")
    assert card == model_card(checkpoint, FILE_NAME)
    assert checkpoint.version in card


def test_what_was_judged_is_what_the_viewer_shows(tmp_path: Path, checkpoint: Checkpoint) -> None:
    """The engine on a file gives the logits of the head on cached features, finite and inside (0, 1)."""
    write_mp4(tmp_path / "a.mp4", moving_speckle(26))
    network = checkpoint.network
    assert isinstance(network, LUVNet)
    store = FeatureStore(network.encoder, checkpoint.preprocessing, tmp_path, tmp_path / "cache")
    features = store.of_video(LabelledVideo("a.mp4", "made up", "g", "convex", "CC BY 4.0", (-1, -1, -1, -1)))
    found = predict_video(open_study(tmp_path / "a.mp4").videos[0], checkpoint, device="cpu", precision="fp32")
    assert found.probabilities.shape == (1, 4)
    assert ((found.probabilities > 0) & (found.probabilities < 1)).all()
    assert np.isfinite(found.clip_attention).all()
    np.testing.assert_allclose(found.logits, clip_logits(network, features), atol=1e-4)


def test_thresholds_leave_unknown_labels_out_and_flag_one_class() -> None:
    labels = np.array([[1, 1, 0, -1], [0, 1, 1, -1], [-1, 1, 0, 1], [0, 1, 1, 1]])
    scores = np.array([[0.8, 0.1, 0.2, 0.3], [0.3, 0.2, 0.6, 0.4], [0.1, 0.3, 0.1, 0.5], [0.9, 0.4, 0.7, 0.6]])
    judged = Judged(scores, labels, ["a", "b", "c", "d"])
    first, second, third, fourth = pooled_thresholds([judged])
    assert (first.value, third.value) == (0.8, 0.6)
    assert second.is_fallback
    assert fourth.is_fallback
    assert operating_points(judged, [first, second, third, fourth]) == [
        {"pattern": "A-line", "sensitivity": 1.0, "specificity": 0.5},
        {"pattern": "Consolidation", "sensitivity": 1.0, "specificity": 1.0},
    ]


def test_the_sentence_about_chance_uses_the_wider_interval() -> None:
    rows = [
        {"set": "folds", "level": "video", "pattern": "B-line", "auc": 0.7, "low": 0.6, "high": 0.8},
        {"set": "folds", "level": "video", "pattern": "B-line", "auc": 0.7, "low": 0.45, "high": 0.9},
        {"set": "folds", "level": "video", "pattern": "A-line", "auc": 0.9, "low": 0.8, "high": 1.0},
        {"set": "folds", "level": "clip", "pattern": "A-line", "auc": 0.5, "low": 0.3, "high": 0.6},
    ]
    (sentence,) = chance_sentences(rows)
    assert "B-line (AUC 0.70)" in sentence
    assert "A-line" not in sentence


def test_a_threshold_that_calls_most_videos_is_said() -> None:
    points = {
        "near": [{"pattern": "A-line", "sensitivity": 0.1, "specificity": 0.51}],
        "far": [{"pattern": "A-line", "sensitivity": 0.9, "specificity": 0.5}],
    }
    (sentence,) = false_alarm_sentences(points)
    assert '"far"' in sentence
    assert "A-line (50 %)" in sentence


def test_every_sentence_the_numbers_call_for_is_among_the_limitations(checkpoint: Checkpoint) -> None:
    data = checkpoint.metadata
    sentences = limitations_by_numbers(data["metrics"], data["operating_points"], data["calibration"])
    assert sentences
    assert data["limitations"][: len(sentences)] == sentences


def test_what_the_calibration_cannot_do_is_said() -> None:
    rows = [
        {"set": "far", "pattern": "A-line", "mean after": 0.3, "prevalence": 0.35},
        {"set": "far", "pattern": "B-line", "mean after": 0.3, "prevalence": 0.45},
    ]
    (sentence,) = prevalence_sentences(rows)
    assert "B-line (0.30, share 0.45)" in sentence
    assert "A-line" not in sentence
    better = {"set": "near", "pattern": "A-line", "Brier before": 0.2, "Brier after": 0.1, "Brier of prevalence": 0.2}
    worse = {**better, "pattern": "B-line", "Brier after": 0.21}
    assert worsened_sentences([better]) == []
    (sentence,) = worsened_sentences([better, worse])
    assert sentence.endswith("for: B-line (0.20 to 0.21).")
    assert no_skill_sentences([better]) == []
    (sentence,) = no_skill_sentences([better, worse])
    assert sentence.endswith("for: B-line.")
    assert uncalibrated_sentences([{"pattern": "A-line", "method": "Platt"}]) == []


def test_metadata_counts_are_those_of_the_manifest(data_dir: Path, checkpoint: Checkpoint) -> None:
    manifest = data_dir / "lus_manifest.csv"
    description = describe(read_cohort(manifest, "POCUS"), read_cohort(manifest, "COVID-BLUES"))
    assert checkpoint.metadata["data"] == description["data"]
    (row, _) = [
        row
        for row in checkpoint.metadata["metrics"]
        if (row["set"], row["pattern"]) == ("external COVID-BLUES", "B-line")
    ]
    assert (row["positives"], row["negatives"]) == (102, 68)
