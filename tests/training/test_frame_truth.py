"""The same frames, said as intervals of a sheet, as the published frame table, and as the phantom's truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from tests.training.builders_attention import write_frame_table
from training.evaluate import EvaluationError
from training.evaluate.frame_truth import read_frame_truth, study_of

_HEADER = (
    ",PatientID,Data_idx,StudyDate,Data_type,A-line,B-line,Confluent B-line,Consolidation,Pleural effusion,"
    "Lung sliding,Lung Ultrasound Score,study_id"
)


def _labels() -> np.ndarray:
    labels = np.zeros((12, 4), dtype=np.int64)
    labels[2:5, 0] = labels[9, 0] = 1
    labels[0:4, 1] = labels[6:8, 1] = 1
    return labels


def _sheet(folder: Path) -> Path:
    path = folder / "kim.csv"
    row = '0,0071,2,20210222,video,"3_5, 10",1_3,"3_4, 7_8",,,1,1,0071_2'
    path.write_text(f"{_HEADER}\n{row}\n", encoding="utf-8")
    return path


def _phantom(folder: Path) -> Path:
    labels = _labels()
    confluent = np.zeros(12, dtype=np.int64)
    confluent[6:8] = 1
    plain = np.where(confluent == 1, 0, labels[:, 1])
    (folder / "truth" / "0071").mkdir(parents=True)
    rows = [f"{i + 1},{labels[i, 0]},{plain[i]},{confluent[i]},0,0" for i in range(12)]
    text = "\n".join(["frame,A-line,B-line,Confluent B-line,Consolidation,Pleural effusion", *rows])
    (folder / "truth" / "0071" / "00002.csv").write_text(text + "\n", encoding="utf-8")
    (folder / "truth" / "0071" / "notes.csv").write_text("seen,by\n1,2\n", encoding="utf-8")
    return folder / "truth"


@pytest.mark.parametrize("kind", ["sheet", "frames", "phantom"])
def test_all_forms_say_the_same(kind: str, tmp_path: Path) -> None:
    if kind == "frames":
        path = write_frame_table(tmp_path / "frames.csv", {"0071_00002": _labels()})
    else:
        path = _sheet(tmp_path) if kind == "sheet" else _phantom(tmp_path)
    video = read_frame_truth(path).video("0071_00002")
    assert video is not None
    assert video.patient == "0071"
    assert video.n_frames == (None if kind == "sheet" else 12)
    for place, pattern in enumerate((Pattern.A_LINE, Pattern.B_LINE, Pattern.CONSOLIDATION, Pattern.PLEURAL_EFFUSION)):
        assert video.labels(pattern, Span(0, 12)).tolist() == _labels()[:, place].tolist()
        assert video.labels(pattern, Span(4, 9)).tolist() == _labels()[4:9, place].tolist()


def test_blank_cells_and_missing_rows_are_frames_nobody_looked_at(tmp_path: Path) -> None:
    labels = _labels()
    labels[5, 0] = -1
    path = write_frame_table(tmp_path / "frames.csv", {"0071_00002": labels})
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if "00002_8" not in line) + "\n")
    video = read_frame_truth(path).video("0071_2")
    assert video is not None
    assert video.labels(Pattern.A_LINE, Span(4, 9)).tolist() == [1, -1, 0, -1, 0]


def test_a_reader_who_has_not_looked_everywhere(tmp_path: Path) -> None:
    from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
    from luv_viewer.domain.reader_file import SheetKey
    from luv_viewer.domain.span_set import SpanSet
    from luv_viewer.io.frame_table import write_frame_table as write_tidy

    b_line, confluent = SpanSet.of(Span(0, 4)), SpanSet.of(Span(2, 6))
    nothing, unlooked = SpanSet(), SpanSet.of(Span(5, 8))
    present = (nothing, b_line, confluent, nothing, nothing)
    row = SheetRow(SheetKey("7", 2, "", "video"), present, (nothing, unlooked, nothing, nothing, nothing), n_frames=10)
    write_tidy(tmp_path / "kim.csv", LabelSheet("kim", (row,)))
    video = read_frame_truth(tmp_path / "kim.csv").video("7_00002")
    assert video is not None
    assert video.labels(Pattern.B_LINE, Span(0, 10)).tolist() == [1, 1, 1, 1, 1, 1, -1, -1, 0, 0]


def test_names_of_one_video() -> None:
    assert study_of("10_00002") == study_of("10_2") == "10_2"
    assert study_of("clip") == "clip"


def test_what_is_no_frame_label_is_one_sentence(tmp_path: Path) -> None:
    path = write_frame_table(tmp_path / "frames.csv", {"0071_00002": _labels()})
    text = path.read_text()
    path.write_text(text.replace("0071_00002_3,", "video,"))
    with pytest.raises(EvaluationError, match=r"frames.csv, row 4: FileName 'video' is not"):
        read_frame_truth(path)
    path.write_text(text.replace("total-B-line_lbl", "b"))
    with pytest.raises(EvaluationError, match="lacks the columns total-B-line_lbl"):
        read_frame_truth(path)
    path.write_text(text.replace("0071_00002_3,", "0071_00002_2,"))
    with pytest.raises(EvaluationError, match="stands in two rows"):
        read_frame_truth(path)
    path.write_text(text.replace("0071_00002_1,0,", "0071_00002_1,2,"))
    with pytest.raises(EvaluationError, match="'2' is no label"):
        read_frame_truth(path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match="holds no frame labels"):
        read_frame_truth(tmp_path / "empty")
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with pytest.raises(AnalysisError, match=r"odd\.csv"):
        read_frame_truth(tmp_path / "odd.csv")
    bad = _sheet(tmp_path)
    bad.write_text(bad.read_text().replace("3_5, 10", "5_3"))
    with pytest.raises(EvaluationError, match="no row of a video"):
        read_frame_truth(bad)
