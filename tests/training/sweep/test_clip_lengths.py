"""`luv sweep clip-length`: clips cut anew, the same patients, other cases."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.training.sweep.builders_sweep import Cohort
from training.data.clip_table import read_clip_table

_VALUES = ("--values", "6,8")


def _patients(folder: Path, part: str) -> set[str]:
    with (folder / "fold_0" / f"{part}.csv").open(encoding="utf-8", newline="") as stream:
        return {row["PatientID"] for row in csv.DictReader(stream)}


def test_clips_are_cut_for_each_length_among_the_same_patients(small_cohort: Cohort, tmp_path: Path) -> None:
    given = ("--sheet", small_cohort.sheet, "--videos", small_cohort.videos, "--size", 32)
    status, out, told = small_cohort.sweep("clip-length", tmp_path, *given, *_VALUES)
    assert status == 0, told
    # 12 frames: starts 0, 4, 8 and 0, 6.
    for length, n_clips in ((6, 3), (8, 2)):
        clips = tmp_path / "clips" / f"clip_length_{length}"
        assert len(read_clip_table(clips / "clips.csv", clips)) == 6 * 4 * n_clips
        for part in ("train", "valid", "test"):
            assert _patients(clips / "split", part) == _patients(small_cohort.split, part)
        facts = json.loads((tmp_path / "points" / f"clip_length_{length}" / "fold_0" / "fold.json").read_text())
        assert facts["clip_shape"][0] == length
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["6", "8"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Clips of another length are other cases" in page
    assert (tmp_path / "comparisons.csv").read_text(encoding="utf-8") == ""

    networks = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("best.pt")}
    status, _, told = small_cohort.sweep("clip-length", tmp_path, *given, *_VALUES, "--level", "patient")
    assert status == 0, told
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("best.pt")} == networks
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Clips of another length are other cases" not in page
    assert "2 test patients" in page


def test_a_split_without_its_list_of_patients_cannot_be_used(small_cohort: Cohort, tmp_path: Path) -> None:
    (tmp_path / "split" / "fold_0").mkdir(parents=True)
    cohort = Cohort(tmp_path)
    given = ("--sheet", small_cohort.sheet, "--videos", small_cohort.videos, "--values", "8")
    status, out, told = cohort.sweep("clip-length", tmp_path / "out", *given)
    assert status == 1
    assert out == ""
    assert "split.json cannot be read" in told
    assert not (tmp_path / "out").exists()
