"""Networks, checkpoints and inference for lung-ultrasound video. Never imports Qt, DICOM or the viewer.

Torch is imported when a name that needs it is first used, so that OpenVINO can run a prepared network without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
    from model.clips import plan_clips
    from model.errors import CheckpointError, PredictionError, WeightFileError
    from model.facts import CheckpointFacts
    from model.prediction import PredictionProvenance, VideoPrediction
    from model.predictor import iter_predictions, predict_video
    from model.preprocessing import Preprocessing
    from model.registry import build_network
    from model.runtimes.prepared import PreparedNetwork

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "CheckpointFacts",
    "PredictionError",
    "PredictionProvenance",
    "PreparedNetwork",
    "Preprocessing",
    "VideoPrediction",
    "WeightFileError",
    "build_network",
    "iter_predictions",
    "load_checkpoint",
    "plan_clips",
    "predict_video",
    "save_checkpoint",
]

_HOMES = {
    "model.checkpoint": ("Checkpoint", "load_checkpoint", "save_checkpoint"),
    "model.clips": ("plan_clips",),
    "model.errors": ("CheckpointError", "PredictionError", "WeightFileError"),
    "model.facts": ("CheckpointFacts",),
    "model.prediction": ("PredictionProvenance", "VideoPrediction"),
    "model.predictor": ("iter_predictions", "predict_video"),
    "model.preprocessing": ("Preprocessing",),
    "model.registry": ("build_network",),
    "model.runtimes.prepared": ("PreparedNetwork",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value
