"""Networks, checkpoints and inference for lung-ultrasound video. Never imports Qt, DICOM or the viewer."""

from model.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from model.preprocessing import Preprocessing
from model.registry import build_network

__all__ = ["Checkpoint", "CheckpointError", "Preprocessing", "build_network", "load_checkpoint", "save_checkpoint"]
