"""A training loop written as the LUV-Net authors' is: every clip decoded in the loader each time, frame by frame.

Their rotation (skimage) is replaced by OpenCV's, which is faster and keeps the grey levels.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from model.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from training.data.clip_table import ClipTable

DECODER = "imageio" if importlib.util.find_spec("imageio") else "PyAV"


def read_clip(path: Path) -> list[NDArray[np.uint8]]:
    """RGB frames of a video: through imageio where it is installed, as theirs, else through PyAV."""
    if DECODER == "imageio":
        import imageio.v2

        with imageio.v2.get_reader(path) as reader:
            return [np.asarray(frame) for frame in reader]
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


class AuthorsDataset(Dataset[tuple[Tensor, Tensor]]):
    """(L, 3, H, W) float32 normalised frames, flipped and rotated at random, and labels (P,)."""

    def __init__(self, table: ClipTable, seed: int = 0) -> None:
        self._files = table.files
        self._labels = torch.tensor(table.labels)
        self._random = np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        frames = read_clip(self._files[i])
        if self._random.random() < 0.5:
            frames = [np.ascontiguousarray(frame[:, ::-1]) for frame in frames]
        if self._random.random() < 0.5:
            height, width = frames[0].shape[:2]
            turn = cv2.getRotationMatrix2D((width / 2, height / 2), self._random.uniform(-10, 10), 1)
            frames = [cv2.warpAffine(frame, turn, (width, height)) for frame in frames]
        return torch.stack([_normalised(frame) for frame in frames]), self._labels[i]


def _normalised(frame: NDArray[np.uint8]) -> Tensor:
    levels = torch.from_numpy(frame).permute(2, 0, 1).contiguous().float().div(255)
    return levels.sub(torch.tensor(IMAGENET_MEAN).view(3, 1, 1)).div(torch.tensor(IMAGENET_STD).view(3, 1, 1))


def train_steps(network: nn.Module, table: ClipTable, batch_size: int, n_steps: int) -> Iterator[None]:
    """Does a step each time it is asked for the next: forward, backward, Adam, all in float32."""
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(learnt, lr=1e-6)
    loss_of = nn.BCEWithLogitsLoss()
    loader = DataLoader(AuthorsDataset(table), batch_size, shuffle=True, drop_last=True)
    network.train()
    done = 0
    while done < n_steps:
        for clips, labels in loader:
            optimizer.zero_grad()
            logits, _ = network(clips)
            loss = loss_of(logits, labels)
            loss.backward()
            optimizer.step()
            loss.item()
            yield
            done += 1
            if done == n_steps:
                return
