"""The LUV-Net authors' own checkpoint files (systems 3.6, 3.9) under our names.

Their table: model, best_epoch, best_valid_loss, best_valid_acc, best_valid_auc, best_valid_thres. Options that their
files do not state (encoder, heads, kernel, temporal branch) follow from the tensors' shapes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.errors import WeightFileError
from model.networks.encoders import ENCODERS, canonical_names, encoder_spec, identify_encoder

_RENAMED = {"conv1d": "temporal", "attn_fc": "spatial", "fc_out_final": "output"}
_FACTS = ("best_epoch", "best_valid_loss", "best_valid_acc", "best_valid_auc")
_QUERIES = "attn_query_vecs"
_PATTERN_WORDS = {
    "A-line": "aline",
    "B-line": "bline",
    "Consolidation": "consolidation",
    "Pleural effusion": "effusion",
}


@dataclass(frozen=True, eq=False)
class AuthorsFile:
    """What an authors' file says: options and tensors of our LUV-Net, thresholds (P,), and the training's numbers."""

    options: dict[str, Any]
    state: dict[str, Tensor]
    thresholds: NDArray[np.float64]
    threshold_method: str
    metadata: dict[str, Any]


def is_authors_file(content: Mapping[Any, Any]) -> bool:
    """True when a table of tensors holds the authors' names, with or without the table around it."""
    return any(key.startswith(_QUERIES) for key in _tensors(content))


def read_authors_file(content: Mapping[Any, Any], file_name: str, patterns: Sequence[str]) -> AuthorsFile:
    """Translate an authors' file. Raises WeightFileError, one plain sentence, when its tensors are not a LUV-Net's."""
    theirs = _tensors(content)
    queries = _queries(theirs, file_name)
    encoder_state = canonical_names(
        {key.removeprefix("encoder."): value for key, value in theirs.items() if key.startswith("encoder.")}
    )
    encoder = identify_encoder(encoder_state)
    if encoder is None:
        raise WeightFileError(
            f"{file_name} is a LUV-Net file with an unknown encoder: expected one of {', '.join(ENCODERS)}"
        )
    n_patterns, n_heads, width = queries.shape
    if n_heads * width != encoder_spec(encoder).n_features or n_patterns != len(patterns):
        raise WeightFileError(
            f"{file_name} has queries of shape {tuple(queries.shape)}, expected ({len(patterns)}, H, d) with "
            f"H * d = {encoder_spec(encoder).n_features} for {encoder}"
        )
    state = {f"encoder.{key}": value for key, value in encoder_state.items()} | {"queries": queries}
    has_output = any(key.startswith("fc_out_final.") for key in theirs)
    for key, value in theirs.items():
        block, _, rest = key.partition(".")
        if block in _RENAMED:
            ours = _RENAMED[block] if has_output or block != "attn_fc" else "output"
            state[f"{ours}.{rest}"] = value
        elif block != "encoder" and not block.startswith(_QUERIES):
            state[key] = value
    thresholds, method = _thresholds(content.get("best_valid_thres"), patterns, file_name)
    options = {
        "encoder": encoder,
        "n_heads": n_heads,
        "n_patterns": n_patterns,
        **_shape_options(theirs, has_output, file_name),
    }
    metadata = {name: _plain(content[name]) for name in _FACTS if name in content}
    return AuthorsFile(options, state, thresholds, method, metadata | {"source": "LUV-Net authors' file"})


def _tensors(content: Mapping[Any, Any]) -> dict[str, Tensor]:
    model = content.get("model", content)
    if not isinstance(model, Mapping):
        return {}
    return {str(key).removeprefix("module."): value for key, value in model.items() if isinstance(value, Tensor)}


def _queries(theirs: Mapping[str, Tensor], file_name: str) -> Tensor:
    """(P, H, d) from one tensor, possibly with axes of length 1 to spare, or from one (H, d) tensor per pattern."""
    whole = theirs.get(_QUERIES)
    if whole is None:
        parts = sorted((key for key in theirs if key.startswith(f"{_QUERIES}.")), key=lambda key: (len(key), key))
        shapes = {theirs[key].squeeze().shape for key in parts}
        whole = torch.stack([theirs[key].squeeze() for key in parts]) if len(shapes) == 1 else torch.empty(0)
    elif whole.ndim > 3:
        whole = whole.squeeze()
    if whole.ndim != 3:
        raise WeightFileError(f"{file_name} has attention queries of shape {tuple(whole.shape)}, expected (P, H, d)")
    return whole


def _shape_options(theirs: Mapping[str, Tensor], has_output: bool, file_name: str) -> dict[str, Any]:
    first = theirs.get("attn_fc.0.weight")
    if first is None or first.ndim != 2:
        raise WeightFileError(f"{file_name} is not a complete LUV-Net file: tensor attn_fc.0.weight is missing")
    options: dict[str, Any] = {"mlp_hidden": first.shape[0], "ablation_head": "full" if has_output else "own"}
    kernel = theirs.get("conv1d.0.weight")
    if kernel is None:
        return options | {"temporal": False}
    if kernel.ndim != 3 or kernel.shape[2] % 2 == 0:
        raise WeightFileError(f"{file_name} has a temporal kernel of shape {tuple(kernel.shape)}, expected (D, D, odd)")
    return options | {"kernel_size": kernel.shape[2]}


def _thresholds(stored: Any, patterns: Sequence[str], file_name: str) -> tuple[NDArray[np.float64], str]:
    """(P,) thresholds and their method; what is no probability (a ROC's first point is infinite) becomes 0.5."""
    if stored is None:
        return np.full(len(patterns), 0.5), "fixed at 0.5: the file has none"
    values = np.array([_number(value) for value in _in_order(stored, patterns, file_name)])
    if values.shape != (len(patterns),):
        raise WeightFileError(f"{file_name} has {values.size} thresholds, expected {len(patterns)}")
    usable = (values >= 0) & (values <= 1)
    method = "as stored in the authors' file"
    if not usable.all():
        replaced = ", ".join(name for name, good in zip(patterns, usable, strict=True) if not good)
        method += f"; 0.5 where it holds no probability ({replaced})"
    return np.where(usable, values, 0.5), method


def _in_order(stored: Any, patterns: Sequence[str], file_name: str) -> Iterable[Any]:
    if not isinstance(stored, Mapping):
        return list(np.ravel(stored)) if isinstance(stored, np.ndarray | Tensor) else _listed(stored)
    by_word = {"".join(c for c in str(key).lower() if c.isalpha()): value for key, value in stored.items()}
    if all(word == "" for word in by_word):
        return [stored[key] for key in sorted(stored, key=int)]
    chosen = []
    for pattern in patterns:
        names = [word for word in by_word if _PATTERN_WORDS[pattern] in word and "confluent" not in word]
        if len(names) != 1:
            raise WeightFileError(
                f"{file_name} names its thresholds {', '.join(map(str, stored))}: none fits {pattern}"
            )
        chosen.append(by_word[names[0]])
    return chosen


def _listed(stored: Any) -> list[Any]:
    return list(stored) if isinstance(stored, Sequence) else [stored]


def _number(value: Any) -> float:
    """A Python or numpy number, or an array or tensor of one value; NaN for anything else."""
    plain = _plain(value)
    if isinstance(plain, list) and len(plain) == 1:
        plain = plain[0]
    return float(plain) if isinstance(plain, int | float) else math.nan


def _plain(value: Any) -> Any:
    """Arrays, tensors and numpy numbers as Python lists and numbers."""
    if isinstance(value, np.ndarray | np.generic | Tensor):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
