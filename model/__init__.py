"""Networks, checkpoints and inference for lung-ultrasound video. Never imports Qt, DICOM or the viewer."""

from model.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from model.clips import plan_clips
from model.devices import PredictionError
from model.predictor import PredictionProvenance, VideoPrediction, iter_predictions, predict_video
from model.preprocessing import Preprocessing
from model.registry import build_network
from model.weight_files import WeightFileError

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "PredictionError",
    "PredictionProvenance",
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
