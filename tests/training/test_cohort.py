"""Reading labelled videos from a made-up manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.cohort import ManifestError, read_cohort

HEADER = "dataset,file,group,probe,licence,use_A,use_B,use_C,use_E,comment\n"


def _manifest(folder: Path, rows: str, header: str = HEADER) -> Path:
    path = folder / "manifest.csv"
    path.write_text(header + rows, encoding="utf-8")
    return path


def test_labels_unknowns_and_stray_spaces(tmp_path: Path) -> None:
    path = _manifest(
        tmp_path,
        "Set one, a.mp4 ,g1,convex,CC BY 4.0, 1,0 ,?,,note\n"
        'Set two,b.mp4,g2,linear,CC BY-NC 4.0,0,0,0,0,"a, comma"\n'
        "Set one (again),c.mp4,g1 ,linear,CC BY-NC 4.0,0.0,1.0,1,0,\n",
    )
    cohort = read_cohort(path, "Set one")
    assert [video.file for video in cohort.videos] == ["a.mp4", "c.mp4"]
    assert cohort.labels.tolist() == [[1, 0, -1, -1], [0, 1, 1, 0]]
    assert cohort.groups == ("g1", "g1")
    assert cohort.licences == ("CC BY 4.0", "CC BY-NC 4.0")
    assert [video.probe for video in cohort.videos] == ["convex", "linear"]


def test_a_label_that_is_no_label_is_refused(tmp_path: Path) -> None:
    path = _manifest(tmp_path, "S,a.mp4,g,convex,CC BY 4.0,yes,0,0,0,\n")
    with pytest.raises(ManifestError, match=r"manifest\.csv, a\.mp4: a label must be 1, 0 or \?, found 'yes'"):
        read_cohort(path, "S")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = _manifest(tmp_path, "S,a.mp4,g,convex,CC BY 4.0,1,0,0\n", HEADER.replace(",use_E,comment", ""))
    with pytest.raises(ManifestError, match="missing: use_E"):
        read_cohort(path, "S")


def test_an_empty_choice_is_refused(tmp_path: Path) -> None:
    path = _manifest(tmp_path, "S,a.mp4,g,convex,CC BY 4.0,1,0,0,0,\n")
    with pytest.raises(ManifestError, match="no row"):
        read_cohort(path, "Other")


def test_the_two_sets_of_the_data_folder(data_dir: Path) -> None:
    training = read_cohort(data_dir / "lus_manifest.csv", "POCUS")
    external = read_cohort(data_dir / "lus_manifest.csv", "COVID-BLUES")
    assert len(training) == 76
    assert len(external) == 170
    assert not set(training.groups) & set(external.groups)
    assert all((data_dir / "lus" / video.file).is_file() for video in (*training.videos, *external.videos))
