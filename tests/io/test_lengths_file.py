from __future__ import annotations

from pathlib import Path

import pytest

from luv_viewer.io.lengths_file import LengthsError, read_lengths
from tests.builders_project import make_project


def test_lengths_of_a_table_or_a_project(tmp_path: Path) -> None:
    path = tmp_path / "lengths.csv"
    path.write_text("study_id,n_frames,x\n0012_2,152,a\n 0012_3 ,62.0,b\n,,\n0012_2,152,c\n", encoding="utf-8-sig")
    assert read_lengths(path) == {"0012_2": 152, "0012_3": 62}
    make_project(tmp_path / "project", n_videos=2)
    assert read_lengths(tmp_path / "project") == {"1_1": 40, "1_2": 40}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "l.csv holds no lengths: expected a project folder or a CSV with the columns study_id and n_fr"),
        (
            "study_id,frames\n0012_2,many\n",
            "l.csv, line 2: 0012_2 needs a whole number of frames from 1, found 'many'.",
        ),
        ("study_id,frames\n0012_2,0\n", "l.csv, line 2: 0012_2 needs a whole number of frames from 1, found '0'."),
        ("study_id,frames\na_1,3\na_1,4\n", "l.csv, line 3: a_1 has 4 frames here and 3 above; make them agree."),
        ("", "l.csv holds no lengths"),
    ],
)
def test_wrong_tables_are_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "l.csv"
    path.write_text(text)
    with pytest.raises(LengthsError) as caught:
        read_lengths(path)
    assert sentence in str(caught.value)


def test_a_file_that_is_missing_or_binary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LengthsError, match="cannot be read"):
        read_lengths(tmp_path / "l.csv")
    with pytest.raises(LengthsError, match=r"is a folder without videos\.json: expected a project"):
        read_lengths(tmp_path)
    (tmp_path / "l.csv").write_bytes(b"study_id,frames\n\xff\xfe,3\n")
    with pytest.raises(LengthsError, match="no CSV file in UTF-8"):
        read_lengths(tmp_path / "l.csv")
