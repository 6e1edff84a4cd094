"""Our checkpoint files: what goes in comes out, and what is not one is refused with one sentence."""

from __future__ import annotations

import datetime
import os
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model import Checkpoint, CheckpointError, Preprocessing, build_network, load_checkpoint, save_checkpoint

OPTIONS: dict[str, Any] = {"encoder": "mobilenet_v2", "projection": 16, "n_heads": 4, "kernel_size": 5, "mlp_hidden": 8}


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    torch.manual_seed(0)
    network = build_network("luv_net", **OPTIONS).eval()
    return Checkpoint(
        network=network,
        network_name="luv_net",
        network_options=network.option_values,
        name="made-up",
        thresholds=np.array([0.1, 0.2, 0.3, 0.4]),
        threshold_method="Youden",
        clip_length=20,
        preprocessing=Preprocessing(size=64, channel_rule="channel0", mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6)),
        metadata={"data": "phantom", "licence": "CC BY-NC-SA 4.0", "auc": {"A-line": [0.7, 0.6, 0.8]}},
    )


@pytest.fixture(scope="module")
def stored(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoints") / "small.pt"
    save_checkpoint(path, checkpoint)
    return path


def stored_table(path: Path) -> dict[str, Any]:
    return dict(torch.load(path, weights_only=True))


def test_a_checkpoint_comes_back_whole(checkpoint: Checkpoint, stored: Path) -> None:
    loaded = load_checkpoint(stored)
    assert not loaded.network.training
    assert (loaded.name, loaded.network_name, loaded.clip_length) == ("made-up", "luv_net", 20)
    assert loaded.network_options == checkpoint.network_options
    assert loaded.preprocessing == checkpoint.preprocessing
    assert loaded.patterns == ("A-line", "B-line", "Consolidation", "Pleural effusion")
    assert loaded.thresholds.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert loaded.threshold_method == "Youden"
    assert loaded.metadata == checkpoint.metadata
    clips = torch.randn(1, 3, 3, 64, 64)
    with torch.inference_mode():
        for ours, theirs in zip(checkpoint.network(clips), loaded.network(clips), strict=True):
            assert torch.equal(ours, theirs)


def test_version_is_that_of_the_file_and_nothing_is_left_beside(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    saved = save_checkpoint(path, checkpoint)
    assert len(saved.version) == 12
    assert load_checkpoint(path).version == saved.version
    assert save_checkpoint(path, replace(checkpoint, name="other")).version != saved.version
    assert load_checkpoint(path).name == "other"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.pt"]


def test_half_precision_storage_is_smaller_and_loads_as_float32(checkpoint: Checkpoint, tmp_path: Path) -> None:
    full, half = tmp_path / "full.pt", tmp_path / "half.pt"
    save_checkpoint(full, checkpoint)
    save_checkpoint(half, checkpoint, storage="float16")
    assert half.stat().st_size < 0.6 * full.stat().st_size
    loaded = load_checkpoint(half)
    before, after = checkpoint.network.state_dict(), loaded.network.state_dict()
    assert all(value.dtype in (torch.float32, torch.int64) for value in after.values())
    for key, value in before.items():
        torch.testing.assert_close(after[key], value, rtol=1e-3, atol=1e-4)


def test_weights_that_are_no_numbers_are_neither_written_nor_used(checkpoint: Checkpoint, tmp_path: Path) -> None:
    network = build_network("luv_net", **OPTIONS)
    with torch.no_grad():
        network.queries[0, 0, 0] = 1e6
    path = tmp_path / "large.pt"
    with pytest.raises(CheckpointError, match=r"large.pt was not written: queries holds values"):
        save_checkpoint(path, replace(checkpoint, network=network), storage="float16")
    assert list(tmp_path.iterdir()) == []
    save_checkpoint(path, checkpoint)
    table = stored_table(path)
    table["state_dict"]["queries"][0, 0, 0] = float("nan")
    torch.save(table, path)
    with pytest.raises(CheckpointError, match=r"large.pt cannot be used: queries holds values that are not numbers"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "value", [Path("clips"), datetime.date(2026, 11, 21), {"folds": {1, 2}}, [np.str_("text")], np.zeros(2)]
)
def test_metadata_that_no_file_gives_back_are_not_written(
    value: object, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match=r"odd.pt was not written: its metadata must be texts, numbers"):
        save_checkpoint(tmp_path / "odd.pt", replace(checkpoint, metadata={"data": value}))
    assert list(tmp_path.iterdir()) == []


def test_plain_metadata_come_back(checkpoint: Checkpoint, tmp_path: Path) -> None:
    metadata = {"auc": np.float64(0.75), "n": np.int64(3), "known": np.True_, "none": None, "rows": [{"low": (0.5, 1)}]}
    save_checkpoint(tmp_path / "plain.pt", replace(checkpoint, metadata=metadata))
    assert load_checkpoint(tmp_path / "plain.pt").metadata == metadata


def test_an_unknown_storage_is_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="storage must be one of float32, float16, got 'int8'"):
        save_checkpoint(tmp_path / "a.pt", checkpoint, storage="int8")  # type: ignore[arg-type]


def test_a_network_of_other_outputs_than_patterns_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="the network scores 3 patterns, expected 4"):
        replace(checkpoint, network_options={**checkpoint.network_options, "n_patterns": 3})
    with pytest.raises(ValueError, match="the network scores 4 patterns, expected 1"):
        replace(checkpoint, patterns=("A-line",), thresholds=np.array([0.5]))


class Bomb:
    """Pickles to a call that leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("kind", ["pickle", "torch", "entry"])
def test_a_file_that_would_run_code_is_refused_and_runs_nothing(kind: str, stored: Path, tmp_path: Path) -> None:
    mark, path = tmp_path / "ran", tmp_path / "bomb.pt"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Bomb(mark)))
    elif kind == "torch":
        torch.save(Bomb(mark), path)
    else:
        torch.save(stored_table(stored) | {"metadata": {"x": Bomb(mark)}}, path)
    with pytest.raises(CheckpointError, match=r"bomb.pt could not be read as a file of network weights"):
        load_checkpoint(path)
    assert not mark.exists()


@pytest.mark.parametrize("keep", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_refused(keep: float, stored: Path, tmp_path: Path) -> None:
    content = stored.read_bytes()
    path = tmp_path / "cut.pt"
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(CheckpointError, match=r"cut.pt could not be read"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "content", [b"hello", b"\x80\x04.", b"PK\x03\x04" + bytes(40), bytes(5000), b"\x89PNG\r\n\x1a\n"]
)
def test_garbage_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "garbage.pt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"garbage.pt could not be read"):
        load_checkpoint(path)


def test_an_archive_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "inflate.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data/0", bytes(20_000_000))
    with pytest.raises(CheckpointError, match=r"inflate.pt is not a file of network weights: it would unpack"):
        load_checkpoint(path)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.pt"):
        with pytest.raises(CheckpointError, match="is not a file"):
            load_checkpoint(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format_version": 2}, r"changed.pt has checkpoint format version 2, expected 1"),
        ({"format": "another program"}, r"changed.pt holds tensors but is neither a LUV Viewer checkpoint nor"),
        ({"thresholds": [0.1]}, r"changed.pt is not a valid checkpoint: thresholds must be 4 numbers"),
        ({"thresholds": [0.1, 0.2, 0.3, 1.5]}, r"thresholds must be 4 numbers from 0 to 1"),
        ({"patterns": ["A-line"] * 4}, r"patterns must be different names"),
        ({"clip_length": 0}, r"clip_length must be at least 1 frame, got 0"),
        ({"preprocessing": {"size": 64}}, r"changed.pt is not a complete checkpoint: it has no entry 'channel_rule'"),
        ({"network": {"name": "unheard", "options": {}}}, r"changed.pt is not a valid checkpoint: unknown network"),
        ({"network": {"name": "luv_net", "options": {"depth": 1}}}, r"does not take these options"),
        ({"network": {"name": "luv_net", "options": {**OPTIONS, "kernel_size": 3}}}, r"temporal.0.weight is"),
        ({"network": {"name": "luv_net", "options": {**OPTIONS, "temporal": False}}}, r"4 unexpected|unexpected"),
        ({"state_dict": {}}, r"changed.pt does not fit this network: tensors \d+ missing"),
        ({"state_dict": 3}, r"changed.pt is not a valid checkpoint"),
        ({"metadata": 3}, r"changed.pt is not a valid checkpoint"),
    ],
)
def test_tables_that_do_not_hold_what_they_must_are_refused(
    change: dict[str, Any], sentence: str, stored: Path, tmp_path: Path
) -> None:
    path = tmp_path / "changed.pt"
    torch.save(stored_table(stored) | change, path)
    with pytest.raises(CheckpointError, match=sentence) as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_files_of_other_programs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    torch.save({"layer.weight": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match=r"other.pt holds tensors but is neither"):
        load_checkpoint(path)
    torch.save([torch.zeros(2)], path)
    with pytest.raises(CheckpointError, match=r"other.pt holds a list, expected a table"):
        load_checkpoint(path)
