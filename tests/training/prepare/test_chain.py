"""The commands one after the other: a hospital folder and a reader's sheet become clips in folds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pydicom.sequence import Sequence as DicomSequence

from luv_viewer.cli import main
from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.label_sheet_file import read_sheet, write_sheet
from tests.io.builders_dicom import dataset, grey_frames, region, save
from tests.training.prepare.builders_prepare import frames_of


def _hospital(root: Path) -> Path:
    root.mkdir()
    for patient in range(6):
        made = dataset(grey_frames(31, seed=patient), PatientID=f"00{patient}", CineRate=30)
        made.SequenceOfUltrasoundRegions = DicomSequence([region((4, 2, 33, 19))])
        save(root / f"00{patient}_00002.dcm", made)
    return root


def _labelled(template: Path, path: Path) -> Path:
    rows = read_sheet(template).sheet.rows
    marked = (SpanSet.of(Span(0, 5)), *(SpanSet(),) * (len(TRACK_PATTERNS) - 1))
    write_sheet(path, LabelSheet("kim", tuple(replace(row, present=marked) for row in rows)), SheetLayout.DEVELOPMENT)
    return path


@pytest.mark.parametrize("is_deidentified", [False, True])
def test_from_a_hospital_folder_to_folds(tmp_path: Path, is_deidentified: bool) -> None:
    def run(*arguments: object) -> int:
        return main(["prepare", *map(str, arguments)])

    root, index = _hospital(tmp_path / "hospital"), tmp_path / "index"
    assert run("index", root, "-o", index) == 0
    if is_deidentified:
        clean = tmp_path / "clean"
        made = run(
            "deidentify", index / "videos.csv", "--root", root, "--key", tmp_path / "key", "-o", clean, "--workers", 0
        )
        assert made == 0
        root = clean
        assert run("index", root, "-o", index) == 0
    export, clips, split = tmp_path / "export", tmp_path / "clips", tmp_path / "split"
    assert run("export", index / "videos.csv", "--root", root, "-o", export, "--workers", 0) == 0
    sheet = _labelled(index / "template.csv", tmp_path / "kim.csv")
    videos = export / "videos.csv"
    assert run("clips", sheet, "--videos", videos, "-o", clips, "--size", 32, "--workers", 0) == 0
    assert run("split", clips / "clips.csv", "-o", split, "--folds", 2, "--preset", "paper-code", "--sheet", sheet) == 0
    table = pd.read_csv(clips / "clips.csv", dtype={"PatientID": str})
    assert table["A-line_lbl"].tolist() == [1, 0] * 6
    assert table["PatientID"].str.startswith("P" if is_deidentified else "00").all()
    assert all((export / path).is_file() for path in table["raw_avi_path"])
    assert frames_of(clips / table["32_clip_path"][0]).shape == (30, 32, 32, 3)
    manifest = json.loads((split / "split.json").read_text())
    assert sum(part["rows"] for part in manifest["folds"][0]["counts"].values()) == 12
