"""Raw maps of a video as an NPZ file that says what the numbers are and where they lie."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from luv_viewer import RESEARCH_USE
from luv_viewer.analysis.saliency import VideoMaps
from luv_viewer.domain.saliency import MapKind
from luv_viewer.io.whole_file import write_whole


def write_npz(path: Path, maps: VideoMaps, kind: MapKind) -> None:
    """Write the maps of one kind. Raises PredictionError where there are none, WriteError.

    maps (T, P, h, w) float32, NaN for a frame that no clip covers; heads (T, P, H, h, w), attention only; rows (y, h)
    and columns (x, w): rows @ maps[t, p] @ columns.T lies on the pixels of region (x0, y0, x1, y1, half-open) of the
    frame; patterns, probabilities, thresholds (P,); clip_spans (K, 2) half-open from 0, logits (K, P), clip_of (T,) the
    clip of each frame's gradient; picture (top, left, height, width) of the letterbox in a square of size pixels;
    cell_px: middle of the first cell and distance of cells in that square; and texts: kind, unit, checkpoint, version,
    device, precision, tail, note; stride.
    """
    raw = maps.raw.of_kind(kind.value)
    layer = maps.of_kind(kind)
    assert layer is not None
    made, grid = raw.provenance, raw.grid
    arrays: dict[str, NDArray[np.generic]] = {
        "maps": raw.maps,
        "rows": layer.rows,
        "columns": layer.columns,
        "region": np.array(grid.region),
        "patterns": np.array([pattern.value for pattern in maps.patterns]),
        "probabilities": maps.probabilities,
        "thresholds": maps.thresholds,
        "clip_spans": maps.raw.clip_spans,
        "logits": maps.raw.logits,
        "clip_of": maps.raw.clip_of,
        "picture": np.array(grid.picture),
        "size": np.array(grid.size),
        "cell_px": np.array([grid.centre_px, grid.stride_px]),
        "stride": np.array(made.stride),
    }
    texts = {
        "kind": kind.value,
        "unit": raw.unit,
        "checkpoint": made.checkpoint,
        "version": made.version,
        "device": made.device,
        "precision": made.precision,
        "tail": made.tail,
        "note": RESEARCH_USE,
    }
    if raw.heads is not None:
        arrays["heads"] = raw.heads
    stored = io.BytesIO()
    np.savez_compressed(stored, allow_pickle=False, **arrays, **{name: np.array(text) for name, text in texts.items()})
    write_whole(path, stored.getvalue())
