"""Tasks that run at the moment."""

from __future__ import annotations

from collections.abc import Iterator

from luv_viewer.task import Task


class RunningTasks:
    """Keeps each task from its start until it has ended."""

    def __init__(self) -> None:
        self._tasks: set[Task] = set()

    def __iter__(self) -> Iterator[Task]:
        return iter(list(self._tasks))

    def start(self, task: Task) -> None:
        """Start it; it is deleted once it has ended."""
        self._tasks.add(task)
        task.ended.connect(lambda: self._end(task))
        task.start()

    def wait(self, each_ms: int) -> None:
        """Wait for every task, for each at most `each_ms` milliseconds."""
        for task in self:
            task.wait(each_ms)

    def _end(self, task: Task) -> None:
        self._tasks.discard(task)
        task.deleteLater()
