"""A checkpoint made ready for OpenVINO, in a folder of the user's cache: nothing in it can run code, none needs torch.

<cache>/networks/<version>/  prepared.json (facts), head/*.npy, encoder.openvino (see `openvino_model.save_model`), and
once they were made int8.openvino and choice.json (what `auto` runs on this machine, see `model.runtimes.choice`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import platformdirs

from model.errors import PredictionError
from model.facts import CheckpointFacts
from model.head_weights import HeadWeights
from model.preprocessing import Preprocessing

if TYPE_CHECKING:
    import openvino

    from model.checkpoint import Checkpoint

FORMAT_VERSION = 1
FACTS_NAME = "prepared.json"
ENCODER_NAME = "encoder.openvino"
INT8_NAME = "int8.openvino"
_ABANDONED_S = 3600.0
"""A half-made folder this old belongs to a conversion that was killed."""


class StoreError(PredictionError):
    """The cache cannot be written or what it holds is damaged; str(error) is one sentence."""


@dataclass(frozen=True, eq=False)
class PreparedNetwork:
    """A prepared checkpoint: facts beside the folder with its weights."""

    facts: CheckpointFacts
    folder: Path

    def head(self) -> HeadWeights:
        """The head's weights, mapped from the disk. Raises StoreError when they are damaged."""
        try:
            paths = sorted((self.folder / "head").glob("*.npy"))
            return HeadWeights.from_arrays({path.stem: np.asarray(np.load(path, mmap_mode="r")) for path in paths})
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(f"the prepared network {self.facts.name} is damaged: {error}") from error

    def discard(self) -> None:
        """Never be found again, so that the checkpoint is converted anew. Raises StoreError when that cannot be."""
        try:
            (self.folder / FACTS_NAME).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"the damaged network in {self.folder} cannot be removed: {error.strerror}") from error

    @property
    def has_int8(self) -> bool:
        """Whether the encoder was quantised."""
        return (self.folder / INT8_NAME).is_file()

    def encoder(self, precision: str) -> openvino.Model:
        """The encoder to compile: the quantised one for "int8". Raises StoreError when it is missing or damaged."""
        from model.runtimes.openvino_model import ModelFileError, read_model

        name = INT8_NAME if precision == "int8" else ENCODER_NAME
        try:
            return read_model(self.folder / name)
        except (OSError, ModelFileError) as error:
            raise StoreError(f"the prepared network {self.facts.name} is damaged: {name} cannot be read") from error


def cache_folder() -> Path:
    """Where prepared networks are kept: below `LUV_CACHE_DIR` when that is set, else the user's cache."""
    folder = os.environ.get("LUV_CACHE_DIR") or platformdirs.user_cache_dir("luv-viewer", appauthor=False)
    return Path(folder) / "networks"


def find_prepared(checkpoint_file: Path) -> PreparedNetwork | None:
    """What was prepared for exactly this file; None when nothing was, or what is there is damaged.

    Raises OSError when the file cannot be read.
    """
    with checkpoint_file.open("rb") as file:
        version = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    return find_version(version)


def keep_prepared(checkpoint: Checkpoint) -> PreparedNetwork:
    """Convert a checkpoint and put it into the cache, whole or not at all; one of the same version is replaced.

    Raises StoreError when the cache cannot be written, ValueError when the network is not a LUV-Net or was not saved.
    """
    from model.networks.luv_net import LUVNet
    from model.runtimes.openvino_model import convert_encoder, save_model

    if not isinstance(checkpoint.network, LUVNet) or checkpoint.version == "unsaved":
        raise ValueError("only a LUV-Net from a checkpoint file can be prepared")
    target = cache_folder() / checkpoint.version
    beside: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        beside = Path(tempfile.mkdtemp(prefix=f".{checkpoint.version}-", dir=target.parent))
        (beside / "head").mkdir()
        for name, array in HeadWeights.of(checkpoint.network).arrays().items():
            with (beside / "head" / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
                _flush(file)
        save_model(beside / ENCODER_NAME, convert_encoder(checkpoint.network, checkpoint.preprocessing))
        with (beside / FACTS_NAME).open("w", encoding="utf-8") as text:
            json.dump(_table(checkpoint), text, default=_plain)
            _flush(text)
        if target.exists():
            shutil.rmtree(target, ignore_errors=True)
        os.replace(beside, target)
    except OSError as error:
        if find_version(checkpoint.version) is None:
            raise StoreError(
                f"the converted network cannot be kept in {target.parent}: {error.strerror or error}"
            ) from error
    finally:
        if beside is not None and beside.exists():
            shutil.rmtree(beside, ignore_errors=True)
    found = find_version(checkpoint.version)
    if found is None:
        raise StoreError(f"the converted network in {target.parent} cannot be read back")
    return found


def find_version(version: str) -> PreparedNetwork | None:
    """What was prepared for a checkpoint version; None when nothing whole is there."""
    folder = cache_folder() / version
    try:
        held = json.loads((folder / FACTS_NAME).read_text(encoding="utf-8"))
        if held.pop("format_version") != FORMAT_VERSION or held["version"] != version:
            return None
        return PreparedNetwork(_facts(held), folder)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _flush(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sweep(folder: Path) -> None:
    """Remove what killed conversions left."""
    for path in folder.glob(".*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(path)


def _table(checkpoint: CheckpointFacts) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "network_name": checkpoint.network_name,
        "network_options": dict(checkpoint.network_options),
        "name": checkpoint.name,
        "thresholds": checkpoint.thresholds.tolist(),
        "threshold_method": checkpoint.threshold_method,
        "patterns": list(checkpoint.patterns),
        "clip_length": checkpoint.clip_length,
        "preprocessing": asdict(checkpoint.preprocessing),
        "metadata": dict(checkpoint.metadata),
        "version": checkpoint.version,
        "has_attention": checkpoint.has_attention,
    }


def _facts(held: Mapping[str, Any]) -> CheckpointFacts:
    rules = held["preprocessing"]
    return CheckpointFacts(
        **{
            **held,
            "thresholds": np.array(held["thresholds"], dtype=np.float64),
            "patterns": tuple(held["patterns"]),
            "preprocessing": Preprocessing(
                rules["size"], rules["channel_rule"], tuple(rules["mean"]), tuple(rules["std"])
            ),
        }
    )


def _plain(value: object) -> Any:
    """Numbers of numpy, which metadata may hold, as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"metadata hold a {type(value).__name__}")
