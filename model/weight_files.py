"""Reading files of tensors without ever running code from them."""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.errors import WeightFileError

_INFLATION_LIMIT = 4


def read_weight_file(path: Path) -> Mapping[Any, Any]:
    """The mapping stored in a file written by `torch.save`, tensors on the CPU.

    Only tensors, plain Python values and numpy numbers and arrays are rebuilt (`weights_only=True`).
    Raises WeightFileError when the file is missing, damaged, not such a file, or asks for anything else to be run.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightFileError(f"{path.name} is not a file: give the path of a file of network weights")
    _refuse_inflation(path)
    # torch.load raises nearly any type of error on damaged or hostile bytes, so this boundary takes them all.
    try:
        with torch.serialization.safe_globals(_numpy_values()):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WeightFileError(
            f"{path.name} could not be read as a file of network weights: it is damaged, of another kind, or "
            f"holds more than numbers ({type(error).__name__})"
        ) from error
    if not isinstance(content, Mapping):
        raise WeightFileError(
            f"{path.name} holds a {type(content).__name__}, expected a table of named tensors as written by torch.save"
        )
    return content


def _refuse_inflation(path: Path) -> None:
    """torch.save stores its records uncompressed; a small archive of huge records only exists to fill the memory."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise WeightFileError(f"{path.name} could not be read as a file of network weights: it is damaged") from error
    if unpacked > _INFLATION_LIMIT * path.stat().st_size:
        raise WeightFileError(f"{path.name} is not a file of network weights: it would unpack to {unpacked} bytes")


def _numpy_values() -> list[Callable[..., Any] | tuple[Callable[..., Any], str]]:
    """What pickles of numpy numbers and arrays name, by numpy 1 and 2; each builds plain numbers only."""
    from numpy._core import multiarray

    dtypes = [type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")]
    allowed: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [np.dtype, np.ndarray, codecs.encode, *dtypes]
    for name in ("scalar", "_reconstruct"):
        build = getattr(multiarray, name)
        allowed += [(build, f"numpy.core.multiarray.{name}"), (build, f"numpy._core.multiarray.{name}")]
    return allowed
