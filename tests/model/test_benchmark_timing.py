"""Timing with a clock that is set by hand, and with the real one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.benchmarks.machine import describe_machine
from model.benchmarks.timing import Timing, time_in_turn, time_runs


class HandClock:
    """A clock that works move on by a number of seconds."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def taking(self, *seconds: float) -> Callable[[], None]:
        """A work that takes the next of `seconds` at each call."""
        left = iter(seconds)

        def work() -> None:
            self.now_s += next(left)

        return work


def test_warm_up_is_not_kept_and_the_rest_is_in_order() -> None:
    clock = HandClock()
    timing = time_runs(clock.taking(9, 9, 3, 1, 2), n_runs=3, n_warm_up=2, clock=clock)
    assert timing == Timing((3, 1, 2), n_warm_up=2)
    assert (timing.median_s, timing.quartiles_s, timing.iqr_s) == (2, (1.5, 2.5), 1)


def test_works_take_turns_and_the_order_is_turned_round() -> None:
    clock = HandClock()
    order: list[str] = []

    def work(name: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            order.append(name)
            clock.now_s += seconds

        return run

    reported: list[tuple[int, int]] = []
    found = time_in_turn(
        {"a": work("a", 1), "b": work("b", 5)}, 2, 1, clock, report=lambda done, total: reported.append((done, total))
    )
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert found == {"a": Timing((1, 1), 1), "b": Timing((5, 5), 1)}
    assert reported == [(done, 6) for done in range(6)]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.floats(0.001, 1000))
def test_median_lies_between_the_quartiles_and_scales(seconds: list[float], factor: float) -> None:
    timing = Timing(tuple(seconds))
    low, high = timing.quartiles_s
    assert low <= timing.median_s * (1 + 1e-12)
    assert timing.median_s <= high * (1 + 1e-12)
    assert timing.scaled(factor).median_s == pytest.approx(timing.median_s * factor)


@pytest.mark.parametrize("seconds", [(), (1.0, -0.5), (float("nan"),)])
def test_times_that_cannot_be_are_refused(seconds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"run, got none|zero or more"):
        Timing(seconds)


@pytest.mark.parametrize(("n_runs", "n_warm_up"), [(0, 0), (1, -1)])
def test_numbers_of_runs_that_cannot_be_are_refused(n_runs: int, n_warm_up: int) -> None:
    with pytest.raises(ValueError, match="at least 1 run"):
        time_runs(lambda: None, n_runs, n_warm_up)


def test_the_real_clock_moves() -> None:
    assert time_runs(lambda: sum(range(20_000)), n_runs=3).median_s > 0


def test_the_machine_says_what_matters_and_no_name_of_it() -> None:
    import platform

    machine = describe_machine()
    assert machine.cpu
    assert machine.n_cores >= 1
    assert machine.n_threads >= 1
    assert "torch 2" in machine.libraries
    assert "numpy" in machine.libraries
    host = platform.node()
    assert not host or host not in repr(machine)
