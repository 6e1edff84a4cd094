"""Plain tables of intervals there and back, and the one way in for all kinds of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.bridges import (
    BridgedVideo,
    BridgeError,
    Outgoing,
    read_intervals,
    write_cvat,
    write_elan,
    write_interval_table,
)

frames = st.lists(st.integers(0, 48), max_size=8).map(lambda starts: SpanSet.of(*(Span(a, a + 2) for a in starts)))
names = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="/\\"), min_size=1
).filter(lambda name: name.casefold() not in ("na", "nan", "none"))
videos = st.builds(
    BridgedVideo,
    name=names,
    n_frames=st.sampled_from([None, 50, 99]),
    fps=st.sampled_from([None, 25.0, 29.97]),
    present=st.tuples(*[frames] * len(TRACK_PATTERNS)),
    sliding=st.sampled_from([None, True, False]),
)


@given(st.lists(videos, max_size=4, unique_by=lambda video: video.name))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, written: list[BridgedVideo]) -> None:
    path = tmp_path_factory.mktemp("table") / "a.csv"
    write_interval_table(path, written)
    assert list(read_intervals(path).videos) == written


def test_frames_are_from_1_with_both_ends_and_seconds_half_open(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "Study_ID;Label;Start_frame;End_frame;start_s;end_s\n"
        "P1_1;A-line;1;3;;\n"
        "P1_1;B-line;;;0,4;0,8\n"
        "P1_2;;;;;\n"
        "P1_1;B-line;5;4;;\n"
        "P1_1;B-line;0;4;;\n"
    )
    bridged = read_intervals(tmp_path / "a.csv", fps=10)
    assert [video.name for video in bridged.videos] == ["P1_1", "P1_2"]
    assert [f.label for f in bridged.videos[0].present] == ["1_3", "5_8", "", "", ""]
    assert [p.split(";")[0] for p in bridged.problems] == [
        "a.csv, row 5: frames 5 to 4 were left out",
        "a.csv, row 6: frames 0 to 4 were left out",
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (",A-line,1,2", "row 2: expected a video's name"),
        ("a,A-line,1.5,2", "row 2: expected a whole number as start_frame, found '1.5'"),
        ("a,A-line,1,x", "row 2: expected a whole number as end_frame, found 'x'"),
        ("a,A-line,1,99999999999999", "expected a whole number as end_frame"),
    ],
)
def test_wrong_cells_are_one_sentence(tmp_path: Path, row: str, told: str) -> None:
    (tmp_path / "a.csv").write_text(f"video,pattern,start_frame,end_frame\n{row}\n")
    with pytest.raises(BridgeError, match=told):
        read_intervals(tmp_path / "a.csv")


def test_a_missing_file_and_a_workbook_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match=r"a.csv cannot be opened: it does not exist"):
        read_intervals(tmp_path / "a.csv")
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    with pytest.raises(BridgeError, match="holds no CVAT task"):
        read_intervals(tmp_path / "a.xlsx")


def told(path: Path) -> str | None:
    """The sentence with which a file is refused; None when it is read."""
    try:
        read_intervals(path, fps=25)
    except BridgeError as error:
        return str(error)
    return None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "a.dat"
    path.write_bytes(data)
    sentence = told(path)
    assert sentence is None or ("\n" not in sentence and sentence.endswith("."))


BORIS_TABLE = b"Time\tFPS\tBehavior\tStatus\n1.0\t25\tA-line\tSTART\n2.0\t25\tA-line\tSTOP\n"
BORIS_PROJECT = (
    b'{"behaviors_conf": {"0": {"code": "B", "type": "State event"}}, "observations": {"o": {"file": {"1": ["a.mp4"]}, '
    b'"media_info": {"fps": {"a.mp4": 25}}, "events": [[0.4, "", "B", "", "", 10], [0.8, "", "B", "", "", 20]]}}}'
)
SHOWN = Outgoing("a.mp4", 30, ((Span(0, 3), Span(3, 9)), (Span(29, 30),), (), (), ()), True, (64, 48))


def whole_file(folder: Path, kind: str) -> bytes:
    path = folder / "whole"
    if kind == "cvat":
        write_cvat(path, SHOWN)
    elif kind == "elan":
        write_elan(path, SHOWN, np.arange(30) / 25)
    elif kind == "table":
        write_interval_table(path, [BridgedVideo("a.mp4", 30, 25.0, (SpanSet.of(Span(3, 9)), *[SpanSet()] * 4), True)])
    else:
        path.write_bytes({"boris table": BORIS_TABLE, "boris project": BORIS_PROJECT}[kind])
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["cvat", "elan", "table", "boris table", "boris project"])
def test_damaged_files_are_read_or_refused_in_one_sentence(tmp_path: Path, kind: str) -> None:
    whole = whole_file(tmp_path, kind)
    assert told(tmp_path / "whole") is None
    path = tmp_path / "damaged"
    rng = np.random.default_rng(20261121)
    refused = 0
    for _ in range(250):
        data = bytearray(whole[: rng.integers(1, len(whole) + 1)] if rng.random() < 0.3 else whole)
        for place in rng.integers(0, len(data), rng.integers(1, 4)):
            data[place] = rng.choice(np.frombuffer(b'0123456789-.e",;<>[]{}/ \t\n\xff\x00nul', np.uint8))
        path.write_bytes(data)
        sentence = told(path)
        refused += sentence is not None
        assert sentence is None or ("\n" not in sentence and sentence.endswith("."))
    assert refused
