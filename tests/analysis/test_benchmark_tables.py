"""Tables of measurements, figures of bars, labels of videos: what is written and what is refused."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from luv_viewer.analysis.benchmarks.bar_figure import BarFigure, Panel
from luv_viewer.analysis.benchmarks.rows import RowFile
from luv_viewer.analysis.benchmarks.video_labels import read_video_labels
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.io.whole_file import WriteError
from model.benchmarks.machine import Machine

MACHINE = Machine("a processor (AVX2)", 2, 1, 8.0, "", "an OS", "torch 2")
PATTERNS = ("A-line", "B-line", "Consolidation", "Pleural effusion")


@dataclass(frozen=True)
class TwoCells:
    name: str
    seconds: float | None


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_row_is_on_the_disk_at_once_and_says_on_which_machine(tmp_path: Path) -> None:
    table = RowFile(tmp_path / "new" / "t.csv", TwoCells, MACHINE)
    table.put("a", TwoCells("a, quoted", 0.5))
    first = _read(table.path)
    assert [(row["name"], row["seconds"], row["cpu"], row["n_cores"]) for row in first] == [
        ("a, quoted", "0.5", "a processor (AVX2)", "2")
    ]
    table.put("b", TwoCells("b", None))
    table.put("a", TwoCells("a", 0.25))
    assert [(row["name"], row["seconds"]) for row in _read(table.path)] == [("a", "0.25"), ("b", "")]
    assert table.rows == (TwoCells("a", 0.25), TwoCells("b", None))
    assert [file.name for file in table.path.parent.iterdir()] == ["t.csv"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match=r"cannot be written.*\.$"):
        RowFile(tmp_path / "file" / "t.csv", TwoCells, MACHINE)


def _bars(*values: float | None, **how: object) -> np.ndarray:
    figure = BarFigure(
        heading="heading", names=[f"row {i}" for i in range(len(values))], panels=[Panel("s", values, **how)], note="n"
    )
    return np.asarray(Image.open(io.BytesIO(figure.png())).convert("RGB")).astype(int)


def _blue(picture: np.ndarray) -> int:
    """Pixels in the colour of a bar."""
    return int((np.abs(picture - np.array([0x2F, 0x6D, 0xB5])).max(axis=2) < 8).sum())


def test_a_longer_bar_covers_more() -> None:
    both, one = _bars(10.0, 10.0), _bars(10.0, 1.0)
    assert _blue(both) > 1.7 * _blue(one) > 0


def test_a_row_without_a_number_has_no_bar_and_says_so() -> None:
    assert _blue(_bars(None, None)) == 0
    with_words = (_bars(None) < 128).all(axis=2).sum()
    without = (_bars(None, missing=" ") < 128).all(axis=2).sum()
    assert with_words >= without
    assert not np.array_equal(_bars(None), _bars(None, missing=" "))


@pytest.mark.parametrize(
    "how", [{"logarithmic": True}, {"line": 3.0}, {"marks": [2.0, None]}, {"ranges": [(1, 3), None]}]
)
def test_what_a_panel_may_hold_changes_the_picture(how: dict[str, object]) -> None:
    assert not np.array_equal(_bars(2.0, 5.0), _bars(2.0, 5.0, **how))


def _labels(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_labels_are_found_by_the_end_of_the_path(tmp_path: Path) -> None:
    path = _labels(tmp_path, "file,A-line,B-line\nx/a.mp4,1,0\na.mp4, 0 ,?\nb.mp4,,1\n")
    labels = read_video_labels(path, PATTERNS)
    nan = np.nan
    for place, expected in [
        ("data/x/a.mp4", [1, 0, nan, nan]),
        ("data/y/a.mp4", [0, nan, nan, nan]),
        ("b.mp4", [nan, 1, nan, nan]),
        ("data/x/unknown.mp4", [nan] * 4),
        ("data/other_a.mp4", [nan] * 4),
    ]:
        np.testing.assert_array_equal(labels.of(Path(place)), expected)


def test_columns_of_a_manifest_are_known_too(tmp_path: Path) -> None:
    path = _labels(tmp_path, "note,file,use_E,raw_A,use_A\n,a.mp4,1.0,1,?\n")
    np.testing.assert_array_equal(read_video_labels(path, PATTERNS).of(Path("a.mp4")), [np.nan, np.nan, np.nan, 1])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,A-line\na.mp4,yes\n", r"labels\.csv, row 2: A-line is 'yes', expected 1, 0"),
        ("file,A-line\na.mp4,1\na.mp4,0\n", r"row 3: a\.mp4 stands in an earlier row"),
        ("name,A-line\na.mp4,1\n", "has no labels: expected a column file"),
        ("file,score\na.mp4,1\n", "at least one of A-line"),
        ("", "has no labels"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(AnalysisError, match=sentence):
        read_video_labels(_labels(tmp_path, text), PATTERNS)


def test_a_table_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(b"file,A-line\n\xff\xfe,1\n")
    with pytest.raises(AnalysisError, match="cannot be read as a CSV table"):
        read_video_labels(path, PATTERNS)


def test_labels_of_the_data_folder(data_dir: Path) -> None:
    labels = read_video_labels(data_dir / "lus_manifest.csv", PATTERNS)
    found = labels.of(data_dir / "lus" / "pocus" / "linear" / "Cov-Atlas-pleural.mp4")
    np.testing.assert_array_equal(found, [0, np.nan, 1, 0])
    assert len(labels.rows) == 247
