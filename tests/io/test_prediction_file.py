from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.domain.prediction import Prediction, Provenance
from luv_viewer.io.prediction_file import (
    PredictionFileError,
    SummaryRow,
    read_clips,
    read_frames,
    read_summary,
    summarise,
    write_clips,
    write_frames,
    write_summary,
)
from luv_viewer.io.whole_file import WriteError, make_folder, write_sentence, write_whole


def _prediction(n_frames: int, seed: int = 0) -> Prediction:
    rng = np.random.default_rng(seed)
    spans = np.array([(s, min(s + 30, n_frames)) for s in range(0, n_frames, 24)])
    return Prediction(
        patterns=NETWORK_PATTERNS,
        clip_spans=spans,
        probabilities=rng.random((len(spans), 4)),
        thresholds=np.full(4, 0.5),
        clip_attention=rng.random((len(spans), 30, 4)),
        frame_attention=rng.random((n_frames, 4)),
        constant_attention=np.zeros(4, bool),
        top_frames=tuple(tuple(range(min(3, n_frames))) for _ in range(4)),
        provenance=Provenance("tiny", "0123456789ab", "cpu", "fp32", 24, "pad"),
    )


def test_clips_table_is_written_as_product_md_says(tmp_path: Path) -> None:
    made = _prediction(40)
    write_clips(tmp_path / "v_clips.csv", made)
    lines = (tmp_path / "v_clips.csv").read_text().splitlines()
    assert lines[0] == "clip_start,clip_end,A-line,B-line,Consolidation,Pleural effusion"
    p = made.probabilities
    assert lines[1] == f"1,30,{p[0, 0]:.6f},{p[0, 1]:.6f},{p[0, 2]:.6f},{p[0, 3]:.6f}"
    assert lines[2].startswith("25,40,")
    assert len(lines) == 3


def test_frames_table_is_written_as_product_md_says(tmp_path: Path) -> None:
    made = _prediction(3)
    write_frames(tmp_path / "v_frames.csv", made, np.array([0, 1 / 30, 2 / 30]))
    lines = (tmp_path / "v_frames.csv").read_text().splitlines()
    assert lines[0] == "frame,time_s,A-line,B-line,Consolidation,Pleural effusion"
    assert [line.split(",")[:2] for line in lines[1:]] == [["1", "0.000000"], ["2", "0.033333"], ["3", "0.066667"]]


def test_frames_that_no_clip_covers_are_empty_cells(tmp_path: Path) -> None:
    made = _prediction(3)
    gap = np.array(made.frame_attention)
    gap[2] = np.nan
    object.__setattr__(made, "frame_attention", gap)
    write_frames(tmp_path / "f.csv", made, np.arange(3.0))
    assert (tmp_path / "f.csv").read_text().splitlines()[3] == "3,2.000000,,,,"
    assert np.isnan(read_frames(tmp_path / "f.csv").attention[2]).all()


def test_times_must_be_as_many_as_frames(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected 3 frame times, got 2"):
        write_frames(tmp_path / "f.csv", _prediction(3), np.arange(2.0))


@settings(max_examples=20)
@given(st.integers(1, 100), st.integers(0, 1000))
def test_tables_survive_the_round_trip(tmp_path_factory: pytest.TempPathFactory, n_frames: int, seed: int) -> None:
    folder = tmp_path_factory.mktemp("tables")
    made = _prediction(n_frames, seed)
    times_s = np.arange(n_frames) / 25
    write_clips(folder / "c.csv", made)
    write_frames(folder / "f.csv", made, times_s)
    clips, frames = read_clips(folder / "c.csv"), read_frames(folder / "f.csv")
    assert clips.patterns == frames.patterns == NETWORK_PATTERNS
    np.testing.assert_array_equal(clips.clip_spans, made.clip_spans)
    np.testing.assert_allclose(clips.probabilities, made.probabilities, atol=5.1e-7)
    np.testing.assert_allclose(frames.attention, made.frame_attention, atol=5.1e-7)
    np.testing.assert_allclose(frames.times_s, times_s, atol=5.1e-7)


def test_summary_columns_and_rows(tmp_path: Path) -> None:
    made = _prediction(62)
    rows = (
        summarise("R2", "day 1/R2, left.mp4", 25.0, made),
        SummaryRow("R3", "R3.mp4", 'not assessed: "R3.mp4" is noise', 30, 29.97, checkpoint="tiny 0123456789ab"),
        SummaryRow("R4", "R4.dcm", "failed: R4.dcm is damaged"),
    )
    write_summary(tmp_path / "summary.csv", rows, NETWORK_PATTERNS)
    header = (tmp_path / "summary.csv").read_text().splitlines()[0]
    patterns = ",".join(
        f"{p},{p} present,{p} top frames" for p in ("A-line", "B-line", "Consolidation", "Pleural effusion")
    )
    assert header == f"video,file,frames,fps,{patterns},checkpoint,device,precision,status"
    first, second, third = read_summary(tmp_path / "summary.csv")
    assert (first.n_frames, first.fps, first.status) == (62, 25.0, "ok")
    assert first.file == "day 1/R2, left.mp4"
    for at, pattern in enumerate(NETWORK_PATTERNS):
        found = first.patterns[pattern]
        assert found.probability == pytest.approx(made.video_probabilities[at], abs=5.1e-7)
        assert found.present == made.present[at]
        assert found.top_frames == made.top_frames[at]
    assert (second.patterns, second.fps, second.status) == ({}, 29.97, rows[1].status)
    assert third == rows[2]


def test_top_frames_are_numbered_from_1(tmp_path: Path) -> None:
    write_summary(tmp_path / "s.csv", [summarise("v", "v.mp4", 25, _prediction(5))], NETWORK_PATTERNS)
    assert (tmp_path / "s.csv").read_text().splitlines()[1].split(",")[6] == "1 2 3"


def test_a_file_name_that_is_no_text_does_not_stop_the_table(tmp_path: Path) -> None:
    write_summary(tmp_path / "s.csv", [SummaryRow("v", "caf\udce9.mp4", "ok")], NETWORK_PATTERNS)
    assert [row.file for row in read_summary(tmp_path / "s.csv")] == ["caf?.mp4"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not start with"),
        ("a,b\n1,2\n", "does not start with"),
        ("clip_start,clip_end,Cough\n1,30,0.5\n", "unknown pattern"),
        ("clip_start,clip_end,A-line\n1,x,0.5\n", "not 3 numbers"),
        ("clip_start,clip_end,A-line\n1,30\n", "not 3 numbers"),
    ],
)
def test_a_damaged_table_is_said_to_be_damaged(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "v_clips.csv"
    path.write_text(text)
    with pytest.raises(PredictionFileError, match=message) as raised:
        read_clips(path)
    assert "v_clips.csv" in str(raised.value)


def test_a_summary_with_a_short_line_is_said_to_be_damaged(tmp_path: Path) -> None:
    write_summary(tmp_path / "s.csv", [SummaryRow("v", "v.mp4", "ok")], NETWORK_PATTERNS)
    text = (tmp_path / "s.csv").read_text()
    (tmp_path / "s.csv").write_text(text.replace("v,v.mp4,", "v,", 1))
    with pytest.raises(PredictionFileError, match="expected 20"):
        read_summary(tmp_path / "s.csv")


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    (tmp_path / "s.csv").mkdir()
    with pytest.raises(WriteError, match=r"s\.csv cannot be written"):
        write_whole(tmp_path / "s.csv", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]


def test_writing_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError, match="is a file and not a folder"):
        make_folder(tmp_path / "file" / "out")
    with pytest.raises(WriteError, match="cannot be written"):
        write_whole(tmp_path / "file" / "x.csv", b"")


def test_written_files_are_readable_by_others_as_the_mask_allows(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_whole(tmp_path / "whole", b"")
    assert os.stat(tmp_path / "whole").st_mode == os.stat(tmp_path / "plain").st_mode


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_the_sentence_names_the_file_and_what_to_do(number: int) -> None:
    sentence = write_sentence(Path("out/x.csv"), OSError(number, os.strerror(number)))
    assert sentence.startswith("out/x.csv cannot be written: ")
    assert "choose another folder" in sentence or "choose a folder" in sentence
