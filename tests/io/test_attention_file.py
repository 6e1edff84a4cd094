"""The table of clip attention: read back as written, and refused where it is damaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.span import Span
from luv_viewer.io.attention_file import (
    ClipAttention,
    attention_of,
    read_clip_attention,
    write_clip_attention,
)
from luv_viewer.io.prediction_file import PredictionFileError
from tests.analysis.builders_prediction import prediction

PATTERNS = ("A-line", "B-line")


def _clips(has_heads: bool = True) -> list[ClipAttention]:
    generator = np.random.default_rng(0)
    shape = (2, 30, 3 if has_heads else 1)
    spans = (Span(0, 30), Span(24, 31))
    return [
        ClipAttention(f"7_00002_{s.label}", "7_00002", s, "net 12", PATTERNS, generator.random(shape), has_heads)
        for s in spans
    ]


@pytest.mark.parametrize("has_heads", [True, False])
def test_it_is_read_back_as_written(has_heads: bool, tmp_path: Path) -> None:
    clips = _clips(has_heads)
    write_clip_attention(tmp_path / "a.csv", clips)
    found = read_clip_attention(tmp_path / "a.csv")
    assert len(found) == 2
    for one, other in zip(found, clips, strict=True):
        np.testing.assert_allclose(one.attention, other.attention, rtol=1e-7)
        assert (one.clip_id, one.video_id, one.span, one.network, one.patterns, one.has_heads) == (
            other.clip_id,
            other.video_id,
            other.span,
            other.network,
            other.patterns,
            other.has_heads,
        )
        np.testing.assert_allclose(one.real, other.attention.sum(axis=2)[:, : len(other.span)], rtol=1e-6)
    header, first = (tmp_path / "a.csv").read_text().splitlines()[:2]
    assert header.startswith("clip_id,video_id,clip_start,n_real,network,pattern,head,1,2,3,")
    assert first.startswith(f"7_00002_1_30,7_00002,1,30,net 12,A-line,{1 if has_heads else 'sum'},")


def test_damage_is_one_sentence_with_file_and_clip(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_clip_attention(path, _clips())
    lines = path.read_text().splitlines()

    def refused(changed: list[str], words: str) -> None:
        path.write_text("\n".join(changed) + "\n")
        with pytest.raises(PredictionFileError, match=words):
            read_clip_attention(path)

    refused(["a,b", *lines[1:]], "a.csv is no table of attention")
    refused([*lines[:1], lines[1] + ",1"], "7_00002_1_30: a row has not the 37 cells")
    refused([*lines[:6]], "expected one row per pattern and head")
    refused([lines[0], lines[1], *lines[3:]], "7_00002_1_30: .*(row per pattern|heads)")
    refused([lines[0], lines[1].replace(",1,30,", ",2,30,"), *lines[2:]], "differ between its rows")
    refused([lines[0], *(line.replace(",1,30,", ",1,31,") for line in lines[1:])], "at least 31 frames")
    refused([lines[0], lines[1][: lines[1].rindex(",")] + ",high", *lines[2:]], "high")
    refused([lines[0], lines[1][: lines[1].rindex(",")] + ",nan", *lines[2:]], "must be numbers")
    with pytest.raises(PredictionFileError, match="cannot be read"):
        read_clip_attention(tmp_path / "gone.csv")


def _with_heads(n_frames: int) -> Prediction:
    made = prediction(n_frames)
    heads = np.random.default_rng(1).random((len(made.clip_spans), 4, 30, 2))
    return replace(made, head_attention=heads)


def test_a_prediction_gives_its_clips_their_published_names() -> None:
    made = _with_heads(62)
    clips = attention_of(made, PurePosixPath("10000001/00002.mkv"))
    assert [clip.clip_id for clip in clips] == [
        "10000001_00002_1_30",
        "10000001_00002_25_54",
        "10000001_00002_49_62",
    ]
    assert made.head_attention is not None
    np.testing.assert_array_equal(clips[1].attention, made.head_attention[1])
    assert clips[2].span == Span(48, 62)
    assert clips[0].network == "tiny 0123456789ab"
    assert attention_of(prediction(62), PurePosixPath("a/b.mkv")) == ()


def test_a_clip_that_is_a_file_is_itself_alone() -> None:
    (clip,) = attention_of(_with_heads(30), PurePosixPath("clips/10000001_00002_145_152.mkv"))
    assert (clip.clip_id, clip.video_id, clip.span) == ("10000001_00002_145_152", "10000001_00002", Span(144, 152))
    assert len(attention_of(_with_heads(30), PurePosixPath("ward/patient_3_145_152.mkv"))) == 2
    assert len(attention_of(_with_heads(62), PurePosixPath("clips/10000001_00002_1_30.mkv"))) == 3


def test_clips_of_different_length_are_no_table(tmp_path: Path) -> None:
    one, other = _clips()
    short = replace(other, attention=other.attention[:, :10])
    with pytest.raises(ValueError, match="one length"):
        write_clip_attention(tmp_path / "a.csv", [one, short])
