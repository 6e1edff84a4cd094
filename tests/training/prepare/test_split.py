"""Splits keep patients whole, and `paper-code` gives scikit-learn's own patients."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import KFold, ShuffleSplit

from luv_viewer.cli import main
from training.prepare.errors import PrepareError
from training.prepare.split import PRESETS, Fold, PatientSplit, SplitRule, rule_of, split_patients
from training.prepare.split_files import read_manifest, read_rows, split_table, write_split

PATIENTS = [f"{90000035 - i}" for i in range(35)]


def _table(path: Path, n_patients: int = 12) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["", "30frame_clip_path", "PatientID", "A-line_lbl", "Consolidation_lbl", "Lung ultrasound score_lbl"]
        )
        for i in range(4 * n_patients):
            patient = f"00{90 - i // 4}"
            writer.writerow([i, f"{patient}_{i}.avi", patient, int(i % 3 == 0), int(i // 4 < 3), 4])
    return path


def test_paper_code_is_the_shuffle_of_scikit_learn_in_sheet_order() -> None:
    found = split_patients(PATIENTS, PRESETS["paper-code"])
    names = np.array(PATIENTS)
    ((rest, test),) = ShuffleSplit(1, test_size=0.2, random_state=1234).split(names)
    assert found.folds[0].test == tuple(names[test])
    others = names[rest]
    for fold, (train, valid) in zip(found.folds, KFold(5, shuffle=True, random_state=1234).split(others), strict=True):
        assert fold.train == tuple(others[train])
        assert fold.valid == tuple(others[valid])
        assert fold.test == found.folds[0].test
    assert [(len(f.train), len(f.valid), len(f.test)) for f in found.folds] == [(22, 6, 7)] * 3 + [(23, 5, 7)] * 2


def test_the_places_that_paper_code_tests_are_known() -> None:
    """numpy's RandomState(1234).permutation(35)[:7], which never changes (NEP 19)."""
    found = split_patients([str(i) for i in range(35)], PRESETS["paper-code"])
    assert found.folds[0].test == tuple(str(i) for i in np.random.RandomState(1234).permutation(35)[:7])


def test_paper_text_tests_a_tenth_rounded_up() -> None:
    assert len(split_patients(PATIENTS, PRESETS["paper-text"]).folds[0].test) == 4


def test_the_order_of_rows_matters_to_paper_code_only() -> None:
    turned = PATIENTS[::-1]
    assert split_patients(PATIENTS, PRESETS["default"]).digest == split_patients(turned, PRESETS["default"]).digest
    assert (
        split_patients(PATIENTS, PRESETS["paper-code"]).digest != split_patients(turned, PRESETS["paper-code"]).digest
    )


@given(
    st.integers(12, 40),
    st.integers(0, 5),
    st.integers(3, 5),
    st.sampled_from(["held-out", "rotating"]),
    st.booleans(),
)
def test_every_patient_has_one_place_in_each_fold(n: int, seed: int, n_folds: int, scheme: str, stratify: bool) -> None:
    patients = [f"P{i}" for i in range(n)]
    rule = rule_of("default", seed=seed, n_folds=n_folds, scheme=scheme, is_stratified=stratify)
    counts = {patient: (i % 2, int(i < 4), 3) for i, patient in enumerate(patients)}
    found = split_patients(patients, rule, counts)
    assert len(found.folds) == n_folds
    for fold in found.folds:
        assert sorted((*fold.train, *fold.valid, *fold.test)) == sorted(patients)
    validated = [patient for fold in found.folds for patient in fold.valid]
    tested = [patient for fold in found.folds for patient in fold.test]
    if scheme == "rotating":
        assert sorted(tested) == sorted(patients)
    else:
        assert sorted((*validated, *found.folds[0].test)) == sorted(patients)


def test_stratified_spreads_a_rare_label() -> None:
    patients = [f"P{i:02d}" for i in range(30)]
    counts = {patient: (int(i < 6), 5) for i, patient in enumerate(patients)}
    found = split_patients(patients, rule_of("default", is_stratified=True, n_folds=4), counts)
    carriers = set(patients[:6])
    assert len(carriers & set(found.folds[0].test)) == 1
    assert all(1 <= len(carriers & set(fold.valid)) <= 2 for fold in found.folds)


@pytest.mark.parametrize(
    "changes",
    [
        {"test_fraction": 0.0},
        {"test_fraction": 1.0},
        {"n_folds": 1},
        {"seed": -1},
        {"scheme": "rotating", "n_folds": 2},
    ],
)
def test_rules_out_of_range_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(PrepareError):
        rule_of("default", **changes)


def test_a_patient_on_two_sides_is_refused() -> None:
    with pytest.raises(PrepareError, match=r"Patient 7 stands in train and in test"):
        Fold(("7", "8"), ("9",), ("7",))
    with pytest.raises(PrepareError, match=r"valid part of a fold has no patient"):
        Fold(("7",), (), ("8",))
    with pytest.raises(PrepareError, match=r"same patients"):
        PatientSplit(SplitRule(), (Fold(("1",), ("2",), ("3",)), Fold(("1",), ("2",), ("4",))))


def test_a_missing_scikit_learn_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.model_selection", None)
    with pytest.raises(PrepareError, match="scikit-learn is not installed"):
        split_patients(PATIENTS, SplitRule())


def test_too_few_patients_are_said() -> None:
    with pytest.raises(PrepareError, match=r"5 patients are too few for 5 folds beside 1 for the test"):
        split_patients(list("abcde"), SplitRule())


def test_rows_are_kept_as_they_stand_and_the_manifest_tells_who_is_where(tmp_path: Path) -> None:
    table = read_rows(_table(tmp_path / "clips.csv"))
    written = write_split(tmp_path / "split", table, split_table(table, PRESETS["paper-code"]))
    whole = (tmp_path / "clips.csv").read_text().splitlines()
    for k, fold in enumerate(written.split.folds):
        lines = []
        for part, patients in fold.parts().items():
            head, *rows = (tmp_path / "split" / f"fold_{k}" / f"{part}.csv").read_text().splitlines()
            assert head == whole[0]
            assert {row.split(",")[2] for row in rows} == set(patients)
            lines += rows
        assert sorted(lines) == sorted(whole[1:])
    manifest = json.loads(written.manifest.read_text())
    assert manifest["rule"]["seed"] == 1234
    assert manifest["folds"][0]["counts"]["test"]["rows"] == 4 * len(written.split.folds[0].test)
    assert read_manifest(written.manifest) == written.split
    assert all("Consolidation" in warning for warning in written.warnings)


def test_a_manifest_that_was_changed_is_refused(tmp_path: Path) -> None:
    table = read_rows(_table(tmp_path / "clips.csv"))
    manifest = write_split(tmp_path, table, split_table(table, SplitRule())).manifest
    held = json.loads(manifest.read_text())
    patients = held["folds"][0]["patients"]
    patients["train"].append(patients["valid"].pop())
    manifest.write_text(json.dumps(held))
    with pytest.raises(PrepareError, match="checksum"):
        read_manifest(manifest)
    manifest.write_text("[]")
    with pytest.raises(PrepareError, match="damaged"):
        read_manifest(manifest)


def test_rows_of_unknown_patients_are_refused(tmp_path: Path) -> None:
    table = read_rows(_table(tmp_path / "clips.csv"))
    with pytest.raises(PrepareError, match=r"patient 0090, whom the sheet does not know"):
        split_table(table, SplitRule(), [p for p in table.patients() if p != "0090"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "no column PatientID"),
        ("PatientID,a\n1\n", "row 2: 2 cells were expected, 1 found"),
        ("PatientID,a\n,1\n", "row 2: the PatientID is blank"),
        ("PatientID,a\n", "no rows"),
        ('PatientID,a\n"1,2\n', "no CSV"),
    ],
)
def test_tables_that_cannot_be_split_are_said(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(PrepareError, match=says):
        read_rows(tmp_path / "t.csv")


def test_the_command_writes_and_reuses_a_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips, out = _table(tmp_path / "clips.csv"), tmp_path / "out"
    assert main(["prepare", "split", str(clips), "-o", str(out), "--folds", "3", "--seed", "7", "--stratify"]) == 0
    assert "12 patients, preset default, held-out, seed 7" in capsys.readouterr().out
    again = tmp_path / "again"
    assert main(["prepare", "split", str(clips), "-o", str(again), "--manifest", str(out / "split.json")]) == 0
    assert (again / "fold_2" / "valid.csv").read_bytes() == (out / "fold_2" / "valid.csv").read_bytes()
    both = ["prepare", "split", str(clips), "-o", str(again), "--manifest", str(out / "split.json"), "--seed", "1"]
    assert main(both) == 2
    assert main(["prepare", "split", str(clips), "-o", str(out), "--folds", "12"]) == 1
    assert "too few" in capsys.readouterr().err
