"""Wall-clock times of repeated work: warm-up, then runs of which median and quartiles are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

Clock = Callable[[], float]
Work = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """seconds: of each run, in the order they were made; n_warm_up: runs before them that were not kept.

    Raises ValueError when there is no run, or a time is negative or not a number.
    """

    seconds: tuple[float, ...]
    n_warm_up: int = 0

    def __post_init__(self) -> None:
        if not self.seconds:
            raise ValueError("a timing needs at least one run, got none")
        if not all(second >= 0 for second in self.seconds):
            raise ValueError(f"times must be zero or more seconds, got {self.seconds}")

    @property
    def median_s(self) -> float:
        """The median of the runs."""
        return float(np.median(self.seconds))

    @property
    def quartiles_s(self) -> tuple[float, float]:
        """First and third quartile (linear interpolation); equal where there is one run."""
        low, high = np.percentile(self.seconds, [25, 75])
        return float(low), float(high)

    @property
    def iqr_s(self) -> float:
        """The width between the quartiles."""
        low, high = self.quartiles_s
        return high - low

    def scaled(self, factor: float) -> Timing:
        """The same runs, every time multiplied by `factor`.

        >>> Timing((1.0, 3.0), n_warm_up=1).scaled(2)
        Timing(seconds=(2.0, 6.0), n_warm_up=1)
        """
        return Timing(tuple(second * factor for second in self.seconds), self.n_warm_up)


def time_runs(work: Work, n_runs: int, n_warm_up: int = 0, clock: Clock = perf_counter) -> Timing:
    """Call `work` n_warm_up times unseen and n_runs times timed. It must return when its result is there.

    Raises ValueError for fewer than one run or a negative warm-up, and what `work` raises.
    """
    return time_in_turn({"": work}, n_runs, n_warm_up, clock)[""]


def time_in_turn(
    works: Mapping[str, Work],
    n_runs: int,
    n_warm_up: int = 0,
    clock: Clock = perf_counter,
    report: Callable[[int, int], None] | None = None,
) -> dict[str, Timing]:
    """Time several works against one another: round after round, each works once, so that what else the machine does
    falls on all of them alike; the order is turned round in every other round.

    report(done, total) is called before every call of a work, warm-up included. Raises as `time_runs`.
    """
    if n_runs < 1 or n_warm_up < 0:
        raise ValueError(f"expected at least 1 run and 0 or more to warm up, got {n_runs} and {n_warm_up}")
    seconds: dict[str, list[float]] = {name: [] for name in works}
    done, total = 0, len(works) * (n_runs + n_warm_up)
    for round_number in range(-n_warm_up, n_runs):
        for name in _turned(list(works), round_number):
            if report is not None:
                report(done, total)
            start = clock()
            works[name]()
            if round_number >= 0:
                seconds[name].append(clock() - start)
            done += 1
    return {name: Timing(tuple(found), n_warm_up) for name, found in seconds.items()}


def _turned(names: Sequence[str], round_number: int) -> Sequence[str]:
    return names[::-1] if round_number % 2 else names
