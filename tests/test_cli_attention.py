"""`luv predict --clip-attention` and `luv evaluate --attention`, through their entry point."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import model
from luv_viewer.cli import main
from luv_viewer.io import open_study
from luv_viewer.io.attention_file import read_clip_attention
from model.preprocessing import normalize, video_frame
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint
from tests.training import builders_attention as made

PREDICTED = ["--device", "torch", "--clip-attention"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.pt")


def _heads(path: Path, checkpoint_path: Path, rows: list[int]) -> np.ndarray:
    """(P, L, H) of the whole network on one clip."""
    checkpoint = model.load_checkpoint(checkpoint_path)
    video = open_study(path).videos[0]
    images = [video_frame(video.frame(i), video.region, checkpoint.preprocessing) for i in rows]
    with torch.inference_mode():
        _, attention = checkpoint.network(normalize(images, checkpoint.preprocessing)[None])
    return attention[0].numpy()


def test_predict_writes_the_attention_of_every_head(tmp_path: Path, checkpoint: Path) -> None:
    folder = tmp_path / "export" / "90000001"
    folder.mkdir(parents=True)
    path = write_mp4(folder / "00002.mp4", moving_speckle(40))
    how = ["predict", str(path), "-o", str(tmp_path / "ai"), "--checkpoint", str(checkpoint), *PREDICTED]
    table = tmp_path / "ai" / "00002_clip_attention.csv"
    assert main(how) == 0
    clips = read_clip_attention(table)
    assert [clip.clip_id for clip in clips] == ["90000001_00002_1_30", "90000001_00002_25_40"]
    for clip in clips:
        rows = [min(clip.span.start + t, 39) for t in range(30)]
        np.testing.assert_allclose(clip.attention, _heads(path, checkpoint, rows), atol=1e-5)
        np.testing.assert_allclose(clip.attention.sum(axis=1), 1, atol=1e-5)
    written = table.stat().st_mtime_ns
    assert main(how) == 0
    assert table.stat().st_mtime_ns == written
    table.unlink()
    assert main(how) == 0
    assert table.exists()
    assert main(how[:-1]) == 0
    assert not table.exists()


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Truth, predictions, attention and frame labels of three patients."""
    folder = tmp_path_factory.mktemp("evaluation")
    labels = made.videos()
    for truth in labels.values():
        truth[:, 1] = 0
    clips = made.clips(labels, sharpness=0.5)
    made.write_attention_folder(folder / "ai", clips)
    made.write_frame_table(folder / "frames.csv", labels)
    header = ",".join(("clip_id", *made.PATTERNS))
    generator = np.random.default_rng(0)
    truth, values = [f"{header},patient_id"], [header]
    for clip in clips:
        found = labels[clip.video_id][clip.span.start : clip.span.stop].max(axis=0)
        truth.append(",".join((clip.clip_id, *map(str, found), clip.video_id[:8])))
        values.append(",".join((clip.clip_id, *(f"{v:.3f}" for v in generator.random(4)))))
    (folder / "truth.csv").write_text("\n".join(truth) + "\n")
    (folder / "net_fold0.csv").write_text("\n".join(values) + "\n")
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _evaluate(folder: Path, out: Path, *more: object) -> int:
    files = [str(folder / "truth.csv"), str(folder / "net_fold0.csv")]
    return main(["evaluate", *files, "-o", str(out), "--resamples", "20", *map(str, more)])


def test_evaluate_adds_numbers_tables_figures_and_report(
    evaluation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    (out / "attention").mkdir(parents=True)
    (out / "attention" / "old_scaled.png").write_bytes(b"of an earlier run")
    named = f"{next(iter(made.videos()))}_25_40"
    sources = ["--attention", evaluation / "ai", "--frames", evaluation / "frames.csv"]
    assert _evaluate(evaluation, out, *sources, "--example", named, "--clips", evaluation) == 0
    printed = capsys.readouterr().out
    assert "top-3 inside (chance)" in printed
    rows = _rows(out / "attention.csv")
    assert len(rows) == 2 * 4 * 3
    area = next(r for r in rows if (r["level"], r["pattern"], r["measure"]) == ("clip", "A-line", "AUC of attention"))
    assert float(area["low"]) <= float(area["value"]) <= float(area["high"])
    assert float(area["gain"]) == pytest.approx(float(area["value"]) - 0.5, abs=1e-5)
    assert (area["patients"], area["chance"]) == ("3", "0.5")
    cases = _rows(out / "attention_cases.csv")
    held = [float(r["auc"]) for r in cases if (r["level"], r["pattern"]) == ("clip", "A-line")]
    assert np.mean(held) == pytest.approx(float(area["value"]), abs=1e-5)
    out_rows = _rows(out / "attention_left_out.csv")
    assert {"every frame is labelled", "no frame is labelled"} == {row["reason"] for row in out_rows}
    for suffix in (".csv", ".md", ".tex"):
        assert "A-line" in (out / f"table_attention{suffix}").read_text()
    drawn = {path.name for path in (out / "attention").iterdir()}
    assert "median_clips.png" in drawn
    assert f"{named}_scaled.png" in drawn
    assert "old_scaled.png" not in drawn
    assert {name.rsplit("_", 1)[1] for name in drawn - {"median_clips.png"}} == {"scaled.png", "raw.png", "heads.png"}
    report = (out / "report.html").read_text(encoding="utf-8")
    assert report.count('src="data:image/png;base64,') == 4 + len(drawn)
    assert not re.search(r"https?://", report)
    for words in (
        "is drawn without pictures",
        "Chance is exact",
        "the clip in the middle",
        "Left out of the numbers of attention",
    ):
        assert words in report


def test_options_and_files_that_do_not_fit(
    evaluation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _evaluate(evaluation, tmp_path / "a", "--attention", evaluation / "ai") == 2
    assert "--attention and --frames go together" in capsys.readouterr().err
    assert _evaluate(evaluation, tmp_path / "a", "--example", "x") == 2
    capsys.readouterr()
    sources = ["--attention", evaluation / "truth.csv", "--frames", evaluation / "frames.csv"]
    assert _evaluate(evaluation, tmp_path / "a", *sources) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "truth.csv is no table of attention" in line
    sources = ["--attention", evaluation / "ai", "--frames", evaluation / "net_fold0.csv"]
    assert _evaluate(evaluation, tmp_path / "a", *sources) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "a").exists()
