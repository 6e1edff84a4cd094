"""A checkpoint with the engine that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.facts import CheckpointFacts
from model.runtimes.choice import read_choice
from model.runtimes.contract import Runtime
from model.runtimes.opening import facts_of
from model.runtimes.prepared import PreparedNetwork

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint


@dataclass(frozen=True, eq=False)
class OpenedNetwork:
    """A checkpoint on an engine, for many videos in a row; used by one thread at a time."""

    source: Checkpoint | PreparedNetwork
    runtime: Runtime

    @property
    def facts(self) -> CheckpointFacts:
        """What the checkpoint says of itself."""
        return facts_of(self.source)

    @property
    def reason(self) -> str:
        """Why this engine and precision, in a few sentences."""
        choice = read_choice(self.source) if isinstance(self.source, PreparedNetwork) else None
        made = f"{self.runtime.precision} on {self.runtime.name}."
        if choice is None or choice.precision != self.runtime.precision:
            return made
        return f"{made} Measured on this computer: {choice.reason}"
