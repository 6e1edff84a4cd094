"""Which rows a process of several looks at."""

from __future__ import annotations

from collections.abc import Iterator

from torch.utils.data import Sampler


class SharedRows(Sampler[int]):
    """Rows r, r + W, r + 2 W, ... of N in process r of W; the last row again where a process would have one less.

    So all have equally many, as gathering wants, and every row is seen.

    >>> [list(SharedRows(5, rank, 2)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 4]]
    """

    def __init__(self, n_rows: int, rank: int = 0, n_processes: int = 1) -> None:
        self._n_rows = n_rows
        self._rank = rank
        self._n_processes = n_processes

    def __iter__(self) -> Iterator[int]:
        return (min(self._rank + i * self._n_processes, self._n_rows - 1) for i in range(len(self)))

    def __len__(self) -> int:
        return -(-self._n_rows // self._n_processes)
