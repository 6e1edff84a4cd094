"""A checkpoint with the engine that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.errors import PredictionError
from model.facts import CheckpointFacts
from model.runtimes.choice import read_choice
from model.runtimes.clip_runtime import ClipRuntime
from model.runtimes.contract import Runtime
from model.runtimes.opening import facts_of
from model.runtimes.prepared import PreparedNetwork

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint


@dataclass(frozen=True, eq=False)
class OpenedNetwork:
    """A checkpoint on an engine, for many videos in a row; used by one thread at a time.

    runtime: a `Runtime` for LUV-Net, which slides, a `ClipRuntime` for every other network.
    """

    source: Checkpoint | PreparedNetwork
    runtime: Runtime | ClipRuntime

    @property
    def slides(self) -> bool:
        """Whether a frame is encoded once however many clips cover it, so that a clip at every frame costs little."""
        return not isinstance(self.runtime, ClipRuntime)

    @property
    def sliding_runtime(self) -> Runtime:
        """The engine of a LUV-Net. Raises PredictionError for another network, which has no frame features to share."""
        if isinstance(self.runtime, ClipRuntime):
            raise PredictionError(
                f"checkpoint {self.facts.name} holds a network of kind {self.facts.network_name}, expected luv_net: "
                f"other networks take whole clips only"
            )
        return self.runtime

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
