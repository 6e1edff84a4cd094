"""Predictions are joined by clip id; cases become videos and patients; folds become ensembles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from training.evaluate import (
    EvaluationError,
    Joined,
    Predictions,
    Truth,
    at_level,
    ensembles,
    join,
    read_predictions,
    read_truth,
)
from training.evaluate.ensemble import vote_threshold

PATTERNS = ("A-line", "Pleural effusion")
TRUTH = Truth(("a", "b", "c"), PATTERNS, np.array([[1, 0], [0, 0], [1, 1]]), ("v1", "v1", "v2"), ("p", "p", "q"))


def _predictions(ids: tuple[str, ...] = ("c", "a", "b"), fold: str = "0") -> Predictions:
    return Predictions("net", fold, ids, np.array([[0.3, 0.4], [0.1, 0.9], [0.2, 0.6]])[: len(ids)])


@given(st.permutations(range(3)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    given_order = _predictions()
    moved = Predictions("net", "0", tuple(given_order.ids[i] for i in order), given_order.values[order])
    found = join(TRUTH, moved)
    assert found.values.tolist() == [[0.1, 0.9], [0.2, 0.6], [0.3, 0.4]]
    assert (found.clusters, found.cluster_kind) == (("p", "p", "q"), "patient")


def test_missing_unknown_and_double_clips_are_named() -> None:
    with pytest.raises(EvaluationError, match="net, fold 0 lacks the clip b of the truth"):
        join(TRUTH, _predictions(("c", "a")))
    with pytest.raises(EvaluationError, match="lacks the clip b"):
        join(TRUTH, _predictions(("c", "a", "x")))
    shorter = Truth(("a", "b"), PATTERNS, TRUTH.labels[:2])
    with pytest.raises(EvaluationError, match="has the clip c that the truth does not know"):
        join(shorter, _predictions())
    with pytest.raises(EvaluationError, match="has the clip a more than once"):
        _predictions(("a", "a", "b"))
    many = tuple(f"clip{i}" for i in range(9))
    with pytest.raises(EvaluationError, match=r"clip0, clip1, clip2, clip3, clip4 and 4 more"):
        join(Truth(many, PATTERNS, np.zeros((9, 2), int)), _predictions())


def test_impossible_values_are_refused() -> None:
    with pytest.raises(EvaluationError, match="outside"):
        Predictions("net", "0", ("a",), np.array([[1.2, 0.1]]))
    with pytest.raises(EvaluationError, match="outside"):
        Predictions("net", "0", ("a",), np.array([[np.nan, 0.1]]))
    with pytest.raises(EvaluationError, match="0 and 1 only"):
        Truth(("a",), PATTERNS, np.array([[1, -1]]))
    with pytest.raises(EvaluationError, match="no clips"):
        Truth((), PATTERNS, np.zeros((0, 2), int))
    with pytest.raises(EvaluationError, match="1 patterns, the truth 2"):
        join(TRUTH, Predictions("net", "0", ("a",), np.array([[0.5]])))


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_files_are_read_by_their_columns(tmp_path: Path) -> None:
    truth = read_truth(
        _write(tmp_path / "truth.csv", "patient_id,Pleural effusion,A-line,clip_id\np,0,1,a\np,0,0,b\nq,1,1,c\n"),
        PATTERNS,
    )
    assert (truth.ids, truth.patients, truth.videos) == (("a", "b", "c"), ("p", "p", "q"), None)
    assert truth.labels.tolist() == [[1, 0], [0, 0], [1, 1]]
    both = "clip_id,LUV-Net_A-line,usvn_A-line,LUV-Net_Pleural effusion,usvn_pleural_effusion\nc,0.1,0.2,0.3,0.4\n"
    plain = "id,A-line,Pleural effusion\na,1,0\n"
    found = read_predictions(
        [
            _write(tmp_path / "x_fold3.csv", both),
            _write(tmp_path / "mine_fold_1.csv", plain),
            _write(tmp_path / "other.csv", both.replace("LUV-Net", "c3d").replace("usvn", "swin")),
        ],
        PATTERNS,
    )
    assert [(one.model, one.fold) for one in found] == [
        *(("LUV-Net", "3"), ("usvn", "3"), ("mine", "1"), ("c3d", "0"), ("swin", "0")),
    ]
    assert found[1].values.tolist() == [[0.2, 0.4]]


def test_files_without_folds_in_their_names_are_numbered(tmp_path: Path) -> None:
    text = "clip_id,m_A-line,m_Pleural effusion\na,0.1,0.2\n"
    found = read_predictions([_write(tmp_path / f"{name}.csv", text) for name in "xy"], PATTERNS)
    assert [one.name for one in found] == ["m, fold 0", "m, fold 1"]
    (tmp_path / "deep").mkdir()
    twice = [_write(tmp_path / "n_fold1.csv", text), _write(tmp_path / "deep" / "n_fold1.csv", text)]
    with pytest.raises(EvaluationError, match="m, fold 1 comes from more than one file"):
        read_predictions(twice, PATTERNS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("clip_id,A-line,Pleural effusion\n", "no rows"),
        ("A-line,Pleural effusion\n1,0\n", "lacks a column clip_id or clip or id"),
        ("clip_id,A-line\na,1\n", "Pleural effusion"),
        ("clip_id,A-line,Pleural effusion\na,1,x\n", "row 2: 'x' is not a number"),
        ("clip_id,A-line,Pleural effusion\n,1,0\n", "row 2: clip_id is empty"),
        ("clip_id,A-line,Pleural effusion\na,1\n", "row 2: 2 cells, expected 3"),
        ("clip_id,A-line,Pleural effusion\na,1,0\na,1,0\n", "more than once"),
        ("clip_id,A-line,Pleural effusion\na,1,7\n", r"0 and 1 only|outside"),
    ],
)
def test_files_that_do_not_fit_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = _write(tmp_path / "odd.csv", text)
    for read in (read_truth, lambda file, patterns: read_predictions([file], patterns)):
        with pytest.raises(EvaluationError, match=words) as found:
            read(path, PATTERNS)
        assert "odd.csv" in str(found.value)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"gone.csv cannot be read: No such file"):
        read_truth(tmp_path / "gone.csv", PATTERNS)


def test_a_video_is_its_most_positive_clip() -> None:
    joined = join(TRUTH, _predictions())
    video = at_level(joined, "video")
    assert (video.videos, video.clusters, video.cluster_kind) == (("v1", "v2"), ("p", "q"), "patient")
    assert video.values.tolist() == [[0.2, 0.9], [0.3, 0.4]]
    assert video.labels.tolist() == [[1, 0], [1, 1]]
    patient = at_level(joined, "patient")
    assert (patient.patients, patient.values.tolist()) == (("p", "q"), video.values.tolist())
    assert at_level(joined, "clip") is joined


def test_levels_that_nobody_named_are_refused() -> None:
    bare = join(Truth(TRUTH.ids, PATTERNS, TRUTH.labels), _predictions())
    assert (bare.clusters, bare.cluster_kind) == (TRUTH.ids, "clip")
    with pytest.raises(EvaluationError, match="no column patient_id"):
        at_level(bare, "patient")
    mixed = join(Truth(TRUTH.ids, PATTERNS, TRUTH.labels, ("v", "v", "v"), ("p", "p", "q")), _predictions())
    with pytest.raises(EvaluationError, match="the video v has clips of the patients p and q"):
        at_level(mixed, "video")
    alone = join(Truth(TRUTH.ids, PATTERNS, TRUTH.labels, ("v1", "v1", "v2")), _predictions())
    assert (alone.cluster_kind, at_level(alone, "video").cluster_kind) == ("video", "video")


def _folds(values: np.ndarray) -> list[Joined]:
    ids = tuple(str(i) for i in range(values.shape[1]))
    truth = Truth(ids, PATTERNS, np.zeros((len(ids), 2), int))
    return [join(truth, Predictions("net", str(f), ids, fold)) for f, fold in enumerate(values)]


@given(st.integers(0, 1000))
def test_three_of_five_vote_with_their_own_thresholds(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values, thresholds = generator.integers(0, 11, (5, 8, 2)) / 10, generator.integers(0, 11, (5, 2)) / 10
    vote, probability, logits = ensembles(_folds(values), thresholds)
    for case in range(8):
        for p in range(2):
            votes = sum(values[f, case, p] >= thresholds[f, p] for f in range(5))
            assert (vote.values[case, p] >= vote_threshold(5)) == (votes >= 3)
    np.testing.assert_allclose(probability.values, values.mean(axis=0))
    inside = np.clip(values, 1e-12, 1 - 1e-12)
    np.testing.assert_allclose(logits.values, expit(logit(inside).mean(axis=0)))
    assert [one.fold for one in (vote, probability, logits)] == ["vote", "mean probability", "mean logit"]


def test_ensembles_need_the_same_cases() -> None:
    one, other = _folds(np.zeros((2, 3, 2)))
    with pytest.raises(EvaluationError, match="same cases"):
        ensembles([one, at_level(join(TRUTH, _predictions()), "video")], np.zeros((2, 2)))
    with pytest.raises(EvaluationError, match="thresholds"):
        ensembles([one, other], np.zeros((1, 2)))
