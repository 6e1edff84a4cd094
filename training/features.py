"""Features of every frame of a cohort from a frozen encoder, computed once through the viewer's own reading and
preprocessing, and kept on disk so that an interrupted pass goes on where it was."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

from luv_viewer.domain.video import Video
from luv_viewer.io import open_study
from luv_viewer.io.whole_file import write_whole
from model.preprocessing import Preprocessing, normalize, video_frame
from training.cohort import Cohort, LabelledVideo

BATCH_FRAMES = 2  # on a CPU one thread encodes small batches fastest: they stay in its cache

Features = NDArray[np.float32]
View = Literal["plain", "mirrored"]
Report = Callable[[int, int], None]


class FeatureError(ValueError):
    """A video of the cohort that cannot give features."""


class FeatureStore:
    """Features of videos under one encoder and one preprocessing, each computed when first asked for.

    encoder: (M, 3, size, size) -> (M, E), in eval mode; folder: where the results lie, made when missing.
    """

    def __init__(self, encoder: nn.Module, preprocessing: Preprocessing, videos: Path, folder: Path) -> None:
        self._encoder = fused(encoder).to(memory_format=torch.channels_last)
        self._preprocessing = preprocessing
        self._videos = videos
        self._folder = folder / setting_key(encoder, preprocessing)
        self._folder.mkdir(parents=True, exist_ok=True)

    def of_cohort(
        self, cohort: Cohort, view: View = "plain", report: Report = lambda done, total: None
    ) -> list[Features]:
        """(T, E) features of every video, in the cohort's order. Raises FeatureError, StudyError."""
        found = []
        for i, labelled in enumerate(cohort.videos):
            found.append(self.of_video(labelled, view))
            report(i + 1, len(cohort))
        return found

    def of_video(self, labelled: LabelledVideo, view: View = "plain") -> Features:
        """(T, E) features of one video, read from the folder when they are there. Raises FeatureError, StudyError.

        view: `mirrored` encodes the frames flipped left to right, an augmentation for training.
        """
        study = open_study(self._videos / labelled.file)
        try:
            if len(study.videos) != 1:
                raise FeatureError(f"{labelled.file}: expected one video in this file, found {len(study.videos)}")
            video = study.videos[0]
            path = self._folder / f"{hashlib.sha256(video.identity.encode()).hexdigest()[:32]}_{view}.npy"
            if not path.exists():
                write_whole(path, _npy(self._encode(video, view)))
            features: Features = np.load(path, allow_pickle=False)
            return features
        finally:
            study.close()

    def _encode(self, video: Video, view: View) -> Features:
        parts = []
        for start in range(0, video.n_frames, BATCH_FRAMES):
            numbers = range(start, min(start + BATCH_FRAMES, video.n_frames))
            images = [video_frame(video.read(i), video.region, self._preprocessing) for i in numbers]
            if view == "mirrored":
                images = [np.ascontiguousarray(image[:, ::-1]) for image in images]
            parts.append(self._features(images))
        return np.concatenate(parts)

    def _features(self, images: list[NDArray[np.uint8]]) -> Features:
        with torch.inference_mode():
            frames = normalize(images, self._preprocessing).contiguous(memory_format=torch.channels_last)
            return np.asarray(self._encoder(frames).numpy(), dtype=np.float32)


def fused(encoder: nn.Module) -> nn.Module:
    """A copy in eval mode whose convolutions carry the batch norm that follows them in a Sequential.

    The same function up to float32 rounding, with a memory pass less per layer.
    """
    copy = deepcopy(encoder).eval()
    for sequence in [module for module in copy.modules() if isinstance(module, nn.Sequential)]:
        for i in range(len(sequence) - 1):
            first, second = sequence[i], sequence[i + 1]
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                sequence[i], sequence[i + 1] = fuse_conv_bn_eval(first, second), nn.Identity()
    return copy


def setting_key(encoder: nn.Module, preprocessing: Preprocessing) -> str:
    """Changes with any weight of the encoder and any preprocessing value."""
    digest = hashlib.sha256(repr(sorted(asdict(preprocessing).items())).encode())
    for name, tensor in encoder.state_dict().items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.detach().cpu().numpy()).tobytes())
    return digest.hexdigest()[:16]


def _npy(features: Features) -> bytes:
    stream = io.BytesIO()
    np.save(stream, features)
    return stream.getvalue()
