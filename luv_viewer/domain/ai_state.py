"""What the AI worker is doing, in words for the window."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class AiPhase(Enum):
    """The states of visual.md; every one of them is drawn."""

    OFF = "off"
    IDLE = "idle"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    NOT_ASSESSED = "not assessed"
    NO_CHECKPOINT = "no checkpoint"


@dataclass(frozen=True)
class AiState:
    """phase; sentence: what to show, plain; done, total: work units while running; device: e.g. `cpu`, else empty.

    why: why it runs on this engine, for who wants to know. note: what goes on besides, e.g. measuring, else empty.
    """

    phase: AiPhase
    sentence: str
    done: int = 0
    total: int = 0
    device: str = ""
    why: str = ""
    note: str = ""

    @property
    def progress(self) -> float | None:
        """Fraction done in [0, 1] while running, else None."""
        if self.phase is not AiPhase.RUNNING or self.total == 0:
            return None
        return min(1.0, self.done / self.total)
