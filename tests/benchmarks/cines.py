"""The cine that window benchmarks play: 152 frames of 924x1232 speckle as JPEG baseline, 30 a second."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from luv_viewer.io.dicom_writer import CineFormat, CineIdentity, write_cine

N_FRAMES, HEIGHT, WIDTH = 152, 924, 1232
FPS = 30


def write_jpeg_cine(path: Path, n_frames: int = N_FRAMES, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Path:
    """Write moving speckle; one frame is held at a time. size: (height, width)."""
    noise = np.random.default_rng(0).normal(size=size).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    speckle = np.asarray(cv2.normalize(smooth, smooth.copy(), 0, 255, cv2.NORM_MINMAX), dtype=np.uint8)
    frames = (
        np.asarray(cv2.cvtColor(np.roll(speckle, 5 * i, axis=0), cv2.COLOR_GRAY2RGB), np.uint8) for i in range(n_frames)
    )
    identity = CineIdentity("NOBODY", "Nobody", "benchmark", "benchmark", path.name)
    write_cine(path, frames, identity, CineFormat(1000 / FPS))
    return path
