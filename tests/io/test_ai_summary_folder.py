from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from luv_viewer.domain.ai_summary import AiSummary
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.prediction import Prediction, Provenance
from luv_viewer.io.ai_summary_folder import AiFolderError, read_ai_folder
from luv_viewer.io.batch_record import FILE_NAME, Entry, digest, write_record
from luv_viewer.io.prediction_file import SummaryRow, summarise, write_summary

THRESHOLDS = {p.value: t for p, t in zip(NETWORK_PATTERNS, (0.5, 0.18, 0.3, 0.25), strict=True)}


def _prediction() -> Prediction:
    return Prediction(
        patterns=NETWORK_PATTERNS,
        clip_spans=np.array([[0, 5]]),
        probabilities=np.array([[0.1, 0.91, 0.25, 0.5]]),
        thresholds=np.array(list(THRESHOLDS.values())),
        clip_attention=np.zeros((1, 30, 4)),
        frame_attention=np.zeros((5, 4)),
        constant_attention=np.ones(4, bool),
        top_frames=((),) * 4,
        provenance=Provenance("tiny", "0123456789ab", "cpu", "fp32", 24, "pad"),
    )


def _folder(folder: Path, entry: Entry | None) -> Path:
    rows = [
        summarise("R2", "day 1/R2.dcm", 25.0, _prediction()),
        SummaryRow("R3", "R3.mp4", "failed: R3.mp4 is damaged"),
    ]
    write_summary(folder / "summary.csv", rows, NETWORK_PATTERNS)
    write_record(folder / FILE_NAME, [] if entry is None else [("R2", entry)])
    return folder


def test_results_come_with_their_thresholds_and_the_id_of_a_known_video(tmp_path: Path) -> None:
    folder = _folder(tmp_path, Entry(digest("place"), digest("key"), digest("1.2.3"), THRESHOLDS))
    expected = AiSummary(
        "1.2.3",
        "R2",
        NETWORK_PATTERNS,
        (0.1, 0.91, 0.25, 0.5),
        (0.5, 0.18, 0.3, 0.25),
        "tiny 0123456789ab",
    )
    assert read_ai_folder(folder, ["1.2.9", "1.2.3"]) == (expected,)
    (other,) = read_ai_folder(folder)
    assert (other.video_id, other.name) == ("", "R2")


@pytest.mark.parametrize(
    "entry",
    [
        None,
        Entry(digest("place"), digest("key")),
        Entry(digest("place"), digest("key"), digest("1.2.3"), {Pattern.B_LINE.value: 0.18}),
    ],
)
def test_results_without_thresholds_are_refused_in_words(tmp_path: Path, entry: Entry | None) -> None:
    message = re.escape(
        f"{tmp_path / FILE_NAME} holds no thresholds for R2: "
        f"run luv predict on it again with -o {tmp_path} --overwrite."
    )
    with pytest.raises(AiFolderError, match=message):
        read_ai_folder(_folder(tmp_path, entry))


def test_what_is_missing_or_damaged_is_said(tmp_path: Path) -> None:
    with pytest.raises(AiFolderError, match=r"holds no summary\.csv: run luv predict"):
        read_ai_folder(tmp_path)
    folder = _folder(tmp_path, Entry(digest("place"), digest("key"), "", THRESHOLDS))
    text = (folder / "summary.csv").read_text()
    (folder / "summary.csv").write_text(text.replace("0.910000", "9.1"))
    with pytest.raises(AiFolderError, match=r"summary\.csv is damaged: R2: probabilities and thresholds lie in"):
        read_ai_folder(folder)
    (folder / "summary.csv").write_text(text.replace("0.910000", "much"))
    with pytest.raises(AiFolderError, match="holds text where a number belongs"):
        read_ai_folder(folder)
    (folder / "summary.csv").write_text(text)
    (folder / FILE_NAME).write_text("{")
    with pytest.raises(AiFolderError, match="is damaged, so what is finished in this folder is unknown"):
        read_ai_folder(folder)
