"""How live frames wait: bounded, the newest win, and the capture is never held up."""

from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.live import LiveFrame
from luv_viewer.jobs.live_box import AssessBox, PictureBox, RecordBox


def frame(number: int) -> LiveFrame:
    return LiveFrame(number, number / 30, number / 30, np.zeros((10, 10, 3), np.uint8), (0, 0, 10, 10))


@given(st.lists(st.one_of(st.none(), st.integers(1, 4)), max_size=120), st.integers(1, 16))
def test_frames_are_taken_in_order_and_the_oldest_go_first(steps: list[int | None], limit: int) -> None:
    box, number, taken = AssessBox(limit), 0, []
    box.put(frame(999))
    box.open()
    for step in steps:
        if step is None:
            box.put(frame(number))
            number += 1
        else:
            got = box.take(step, 0.0)
            assert got is not None
            assert len(got) <= step
            taken += [f.number for f in got]
    left = box.take(limit, 0.0)
    assert left is not None
    taken += [f.number for f in left]
    assert taken == sorted(set(taken))
    assert len(taken) + box.dropped == number
    assert 999 not in taken
    assert taken[-1:] == [number - 1][: len(taken)]


def test_with_too_many_waiting_only_even_frames_are_kept() -> None:
    box = AssessBox(16)
    box.open()
    for number in range(9):
        box.put(frame(number))
    box.note_step(1, 0.5)
    assert box.spacing == 2
    for number in range(9, 14):
        box.put(frame(number))
    got = box.take(99, 0.0)
    assert got is not None
    assert [f.number for f in got] == [0, 2, 4, 6, 8, 10, 12]
    assert box.dropped == 0


def test_who_waits_goes_home_when_the_box_is_closed() -> None:
    box, answers = AssessBox(), []
    box.open()
    waiting = threading.Thread(target=lambda: answers.append(box.take(1, 60.0)))
    waiting.start()
    box.close()
    waiting.join(10)
    assert answers == [None]


def test_a_recording_gets_every_frame_up_to_its_limit_and_says_what_it_lost() -> None:
    box = RecordBox(limit_bytes=3 * 300)
    for number in range(5):
        box.put(frame(number))
    box.finish()
    box.put(frame(9))
    got = []
    while (taken := box.take()) is not None:
        got.append(taken.number)
    assert got == [0, 1, 2]
    assert box.n_lost == 2


def test_the_screen_is_told_once_and_gets_the_newest() -> None:
    box = PictureBox()
    assert [box.put(frame(number)) for number in range(3)] == [True, False, False]
    newest = box.take()
    assert newest is not None
    assert newest.number == 2
    assert box.take() is None
    assert box.put(frame(3))
