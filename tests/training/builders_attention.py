"""Made-up attention of clips and the frame labels it is judged by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.domain.span import Span
from luv_viewer.io.attention_file import ClipAttention, write_clip_attention
from training.prepare.clip_tables import FRAME_COLUMNS

PATTERNS = tuple(pattern.value for pattern in NETWORK_PATTERNS)
LENGTH = 30
N_FRAMES = 40


def videos(n_patients: int = 3) -> dict[str, NDArray[np.int64]]:
    """Labels (40, 4) by video: two videos a patient. A-line on a stretch of every video, effusion on none,
    consolidation on all frames, B-line on the first half."""
    generator = np.random.default_rng(1)
    found = {}
    for i in range(n_patients):
        for number in (2, 11):
            labels = np.zeros((N_FRAMES, 4), dtype=np.int64)
            start = int(generator.integers(3, 20))
            labels[start : start + 9, 0] = 1
            labels[: N_FRAMES // 2, 1] = 1
            labels[:, 2] = 1
            found[f"9000000{i}_{number:05d}"] = labels
    return found


def clip(video: str, span: Span, raw: NDArray[np.float64], network: str = "tiny 0123456789ab") -> ClipAttention:
    """raw: (P, n_real, H), made to sum to 1 over 30 frames with the last repeated, as a network gives it."""
    padded = np.concatenate([raw, np.repeat(raw[:, -1:], LENGTH - raw.shape[1], axis=1)], axis=1)
    padded = padded / padded.sum(axis=1, keepdims=True)
    return ClipAttention(f"{video}_{span.label}", video, span, network, PATTERNS, padded)


def clips(labels: dict[str, NDArray[np.int64]], sharpness: float = 0.0, n_heads: int = 2) -> list[ClipAttention]:
    """Clips of stride 24 of every video: noise, and `sharpness` more on labelled frames."""
    generator = np.random.default_rng(2)
    made = []
    for video, truth in labels.items():
        for start in range(0, len(truth), 24):
            span = Span(start, min(start + LENGTH, len(truth)))
            raw = generator.random((4, len(span), n_heads)) + 0.1
            raw += sharpness * truth[start : span.stop].T[:, :, None]
            made.append(clip(video, span, raw))
    return made


def write_attention_folder(folder: Path, made: list[ClipAttention]) -> Path:
    """A table per video, as `luv predict` names them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, video in enumerate(dict.fromkeys(one.video_id for one in made)):
        held = [one for one in made if one.video_id == video]
        write_clip_attention(folder / f"{number}_clip_attention.csv", held)
    return folder


def write_frame_table(path: Path, labels: dict[str, NDArray[np.int64]]) -> Path:
    """The 22 columns of `luv prepare clips`, most of them blank."""
    lines = [",".join(FRAME_COLUMNS)]
    names = (*(f"{name}_lbl" for name in ("A-line", "total-B-line", "Consolidation", "Pleural effusion")),)
    for video, truth in labels.items():
        for frame, row in enumerate(truth, start=1):
            known = dict(zip(names, ("" if label < 0 else str(label) for label in row), strict=True))
            known |= {"FileName": f"{video}_{frame}", "PatientID": video.split("_")[0]}
            lines.append(",".join(known.get(column, "") for column in FRAME_COLUMNS))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
