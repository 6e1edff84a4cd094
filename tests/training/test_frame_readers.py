"""Readers compared frame by frame: against scikit-learn on the frames themselves, and through `luv compare --sheet`."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, jaccard_score

from luv_viewer.cli import main
from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.frame_table import write_frame_table
from tests.domain.builders_rows import row, sheet
from tests.training.builders_predictions import write_cohort
from training.evaluate import EvaluationError
from training.evaluate.frame_readers import compare_frames, frame_pair_rows, frame_video_rows

N = 40


def _masks(seed: int) -> dict[tuple[int, Pattern], np.ndarray]:
    """Frames of six videos: A-lines, B-lines and confluent B-lines in stretches of four."""
    generator = np.random.default_rng(seed)
    kinds = (Pattern.A_LINE, Pattern.B_LINE, Pattern.CONFLUENT_B_LINE)
    return {(idx, kind): np.repeat(generator.random(N // 4) < 0.4, 4) for idx in range(2, 8) for kind in kinds}


def _reader(name: str, masks: dict[tuple[int, Pattern], np.ndarray]) -> LabelSheet:
    rows = [
        row(
            {kind: SpanSet.from_mask(mask).label for (at, kind), mask in masks.items() if at == idx},
            idx=idx,
            patient=f"00{idx // 2}",
            n_frames=N,
        )
        for idx in range(2, 8)
    ]
    return sheet(name, *rows)


def _kim_and_lee() -> tuple[dict, dict]:
    kim, other = _masks(0), _masks(1)
    keep = np.random.default_rng(2)
    lee = {key: np.where(np.repeat(keep.random(N // 4) < 0.7, 4), mask, other[key]) for key, mask in kim.items()}
    return kim, lee


def _b(masks: dict, idx: int) -> np.ndarray:
    return masks[idx, Pattern.B_LINE] | masks[idx, Pattern.CONFLUENT_B_LINE]


def test_every_video_is_as_scikit_learn_has_it() -> None:
    kim, lee = _kim_and_lee()
    (pair,) = compare_frames([_reader("kim", kim), _reader("lee", lee)])
    assert len(pair.videos) == 6 * 4
    for video in pair.videos:
        idx = int(video.study_id.split("_")[1])
        if video.pattern in (Pattern.CONSOLIDATION, Pattern.PLEURAL_EFFUSION):
            assert video.jaccard is None
            assert video.kappa is not None
            assert "same rating" in video.kappa.reason
            continue
        ours, theirs = (
            (_b(kim, idx), _b(lee, idx))
            if video.pattern is Pattern.B_LINE
            else (kim[idx, Pattern.A_LINE], lee[idx, Pattern.A_LINE])
        )
        assert video.kappa is not None
        assert video.kappa.kappa == pytest.approx(cohen_kappa_score(ours, theirs))
        assert video.jaccard == pytest.approx(jaccard_score(ours, theirs))
        assert video.rate == pytest.approx((ours == theirs).mean())
    pooled = [np.concatenate([_b(one, idx) for idx in range(2, 8)]) for one in (kim, lee)]
    line = next(r for r in frame_pair_rows([pair]) if r["pattern"] == "B-line")
    assert line["kappa"] == pytest.approx(cohen_kappa_score(*pooled))
    assert line["jaccard"] == pytest.approx(jaccard_score(*pooled))
    assert (line["videos"], line["frames"], line["patients"]) == (6, 6 * N, 3)
    assert float(line["kappa_low"]) < float(line["kappa"]) < float(line["kappa_high"])
    assert float(line["jaccard_low"]) < float(line["jaccard"]) < float(line["jaccard_high"])


def test_all_pairs_of_three() -> None:
    kim, lee = _kim_and_lee()
    sheets = [_reader("kim", kim), _reader("lee", lee), _reader("senior", kim)]
    pairs = compare_frames(sheets)
    names = [(pair.compared.name_a, pair.compared.name_b) for pair in pairs]
    assert names == [("kim", "lee"), ("kim", "senior"), ("lee", "senior")]
    same = next(r for r in frame_pair_rows(pairs) if (r["second"], r["pattern"]) == ("senior", "A-line"))
    assert (same["kappa"], same["jaccard"]) == (1, 1)


def test_what_cannot_be_told_has_a_reason() -> None:
    unknown = sheet("kim", row({Pattern.A_LINE: "1_5"})), sheet("lee", row({Pattern.A_LINE: "3_8"}))
    (pair,) = compare_frames(unknown)
    video = frame_video_rows([pair])[0]
    assert np.isnan(video["kappa"])
    assert video["jaccard"] == pytest.approx(3 / 8)
    assert "length is unknown" in str(video["reason"])
    assert "video of known length" in str(frame_pair_rows([pair])[0]["reason"])
    (pair,) = compare_frames(unknown, {"0012_2": 20})
    line = frame_pair_rows([pair])[0]
    assert line["kappa"] == pytest.approx(cohen_kappa_score([1] * 5 + [0] * 15, [0] * 2 + [1] * 6 + [0] * 12))
    assert np.isnan(line["kappa_low"])
    assert "one patient" in str(line["reason"])
    with pytest.raises(EvaluationError, match="give --sheet twice"):
        compare_frames(unknown[:1])
    with pytest.raises(EvaluationError, match="no video in common"):
        compare_frames([unknown[0], sheet("other", row(idx=9))])


def test_the_command_writes_both_tables_and_reports_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write_cohort(tmp_path, models=("net",), folds=1)
    files = []
    for name, masks in zip(("kim", "lee"), _kim_and_lee(), strict=True):
        files.append(tmp_path / f"{name}.csv")
        write_frame_table(files[-1], _reader(name, masks))
    how = ["compare", str(truth), "--ai", str(tmp_path / "net_fold0.csv"), "--resamples", "20"]
    out = tmp_path / "out"
    assert main([*how, "--sheet", str(files[0]), "--sheet", str(files[1]), "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "frames of" in printed
    with (out / "frames_by_video.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 24
    assert {f"frames{suffix}" for suffix in (".csv", ".md", ".tex")} <= {path.name for path in out.iterdir()}
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "Readers frame by frame" in report
    assert "bootstrap over patients" in report
    assert main([*how, "--sheet", str(files[0]), "-o", str(out)]) == 1
    assert "give --sheet twice" in capsys.readouterr().err
    assert main([*how, "--lengths", str(files[0]), "-o", str(out)]) == 2
