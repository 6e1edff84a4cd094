"""What `auto` takes, and how it is remembered."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.facts import CheckpointFacts
from model.runtimes.agreement import Agreement
from model.runtimes.choice import FILE_NAME, Candidate, Choice, choose, machine, read_choice, write_choice
from model.runtimes.prepared import INT8_NAME, PreparedNetwork, StoreError

GOOD = Agreement(0.004, 0.99, None, 20, 80)
FAR = Agreement(0.021, 0.99, None, 20, 80)
OTHER_FRAMES = Agreement(0.004, 0.94, None, 20, 80)


def prepared(folder: Path) -> PreparedNetwork:
    return PreparedNetwork(
        CheckpointFacts(network_name="luv_net", network_options={}, name="tiny", thresholds=np.full(4, 0.5)), folder
    )


agreements = st.builds(
    Agreement, st.floats(0, 1), st.floats(0, 1), st.none() | st.floats(0, 1), st.just(20), st.integers(20, 80)
)
speeds = st.none() | st.floats(0.1, 1000)


@given(fp32=st.floats(0.1, 1000), bf16=speeds, int8=speeds, near=agreements, far=agreements)
def test_the_fastest_that_agrees_is_chosen(
    fp32: float, bf16: float | None, int8: float | None, near: Agreement, far: Agreement
) -> None:
    candidates = [
        Candidate("fp32", fp32),
        Candidate("bf16", bf16, near if bf16 else None, "" if bf16 else "it failed"),
        Candidate("int8", int8, far if int8 else None, "" if int8 else "it failed"),
    ]
    choice = choose(candidates)
    chosen = next(c for c in candidates if c.precision == choice.precision)
    assert chosen.agreement is None or chosen.agreement.passes
    for other in candidates:
        if other.frames_per_s is not None and other.frames_per_s > (chosen.frames_per_s or 0):
            assert other.agreement is not None
            assert not other.agreement.passes
    for left_out in candidates:
        if left_out.precision != choice.precision and not left_out.may_be_chosen:
            assert left_out.precision in choice.reason


@pytest.mark.parametrize(
    ("agreement", "precision", "words"),
    [
        (GOOD, "int8", "int8 on OpenVINO, 90 frames a second. Beside fp32: probabilities differ by at most 0.004"),
        (FAR, "fp32", r"int8 \(90 frames a second\) is left out: probabilities differ by up to 0.021 .0.02 allowed."),
        (OTHER_FRAMES, "fp32", "is left out: the same top 3 frames in only 94 % .* .95 % needed."),
    ],
)
def test_int8_must_agree_in_probabilities_and_in_frames(agreement: Agreement, precision: str, words: str) -> None:
    choice = choose([Candidate("fp32", 30.0), Candidate("int8", 90.0, agreement)])
    assert choice.precision == precision
    assert re.search(words, choice.reason)


def test_without_float32_nothing_is_chosen() -> None:
    with pytest.raises(ValueError, match="float32 itself did not run"):
        choose([Candidate("int8", 90.0, FAR)])


def test_a_choice_is_read_back(tmp_path: Path) -> None:
    choice = choose([Candidate("fp32", 30.0), Candidate("bf16", 60.0, GOOD), Candidate("int8", None, None, "no room")])
    write_choice(prepared(tmp_path), choice)
    assert read_choice(prepared(tmp_path)) == choice
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_choice_holds_for_one_machine_and_for_what_is_there(tmp_path: Path) -> None:
    here = prepared(tmp_path)
    assert read_choice(here) is None
    candidates = (Candidate("fp32", 30.0), Candidate("int8", 90.0, GOOD))
    write_choice(here, Choice("another machine", candidates, "int8"))
    assert read_choice(here) is None
    write_choice(here, Choice(machine(), candidates, "int8"))
    assert read_choice(here) is None, "the int8 network is gone"
    (tmp_path / INT8_NAME).write_bytes(b"there")
    assert read_choice(here) == Choice(machine(), candidates, "int8")
    write_choice(here, Choice(machine(), (Candidate("fp32", 30.0), Candidate("int8", 90.0, FAR)), "int8"))
    assert read_choice(here) is None, "what does not agree is not run unasked"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format_version": 99}', b'{"format_version": 1}', b"\xff"])
def test_a_damaged_choice_is_no_choice(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert read_choice(prepared(tmp_path)) is None


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    gone = prepared(tmp_path / "gone")
    with pytest.raises(StoreError, match="the choice of engine cannot be kept"):
        write_choice(gone, choose([Candidate("fp32", 30.0)]))


def test_the_machine_is_named_by_its_processor() -> None:
    assert "cores, OpenVINO" in machine()
