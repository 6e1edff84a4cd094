"""Features of a frozen encoder, kept per clip and view."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model.preprocessing import Preprocessing
from tests.training.data.builders_clips import LENGTH, SIZE, ClipFolder, write_clips, write_table
from training.data.augmentation import AugmentationOptions, ClipDecision, transform_clips
from training.data.clip_dataset import FeatureDataset, batch_loader
from training.data.clip_table import ClipTable, read_clip_table
from training.data.errors import DataError
from training.data.feature_cache import PLAIN, EncodeSettings, FeatureCache, FeatureView, StoredViews
from training.data.frame_store import FrameStore, StoreSettings, open_frame_store
from training.data.normalise import normalise_clips

D = 12
RULES = Preprocessing(size=SIZE)


class CountingEncoder(nn.Module):
    """Convolution, batch norm and pool; copies of it add to the same list the number of frames they are shown."""

    def __init__(self, shown: list[int]) -> None:
        super().__init__()
        self._shown = shown
        self.layers = nn.Sequential(
            nn.Conv2d(3, D, 3, 2, bias=False), nn.BatchNorm2d(D), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )

    def forward(self, frames: Tensor) -> Tensor:
        self._shown.append(len(frames))
        features: Tensor = self.layers(frames)
        return features

    def __deepcopy__(self, memo: dict[int, object]) -> CountingEncoder:
        copy = CountingEncoder(self._shown)
        copy.load_state_dict(self.state_dict())
        return copy.train(self.training)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipFolder:
    return write_clips(tmp_path_factory.mktemp("made"), n_patients=1)


@pytest.fixture(scope="module")
def table(clips: ClipFolder) -> ClipTable:
    return read_clip_table(write_table(clips.root / "t.csv", clips.rows()), clips.root)


@pytest.fixture(scope="module")
def store(table: ClipTable, tmp_path_factory: pytest.TempPathFactory) -> FrameStore:
    return open_frame_store(table.files, tmp_path_factory.mktemp("frames"), StoreSettings(RULES, LENGTH))


@pytest.fixture
def shown() -> list[int]:
    return []


@pytest.fixture
def encoder(shown: list[int]) -> CountingEncoder:
    torch.manual_seed(0)
    made = CountingEncoder(shown)
    nn.init.uniform_(made.layers[1].running_mean, -0.5, 0.5)
    return made.train()


def _expected(encoder: nn.Module, clips: Tensor) -> Tensor:
    with torch.inference_mode():
        return deepcopy(encoder).eval()(normalise_clips(clips, RULES).flatten(0, 1)).unflatten(0, clips.shape[:2])


def test_features_are_the_encoders_of_each_view(store: FrameStore, encoder: CountingEncoder, tmp_path: Path) -> None:
    cache = FeatureCache(encoder, store, tmp_path)
    assert encoder.training
    views = cache.settings.views
    some = [PLAIN, FeatureView(True), FeatureView(False, 0), FeatureView(True, 3)]
    found = cache.features([0, 1, 2, 3], some)
    assert found.dtype == torch.float32
    assert found.shape == (4, LENGTH, D)
    decisions = [views.decision(view, key) for view, key in zip(some, store.keys, strict=True)]
    assert decisions[:2] == [ClipDecision(), ClipDecision(True)]
    assert decisions[3].is_flipped
    expected = _expected(encoder, transform_clips(store.clips(range(4)), decisions))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    plain = _expected(encoder, store.clips(range(4)))
    assert all(float((expected[i] - plain[i]).abs().max()) > 1e-3 for i in (1, 2, 3))


def test_everything_is_encoded_once_and_a_repeated_frame_not_again(
    store: FrameStore, encoder: CountingEncoder, shown: list[int], tmp_path: Path
) -> None:
    cache = FeatureCache(encoder, store, tmp_path)
    shown.clear()
    seen: list[tuple[int, int]] = []
    cache.fill([PLAIN], lambda done, total: seen.append((done, total)))
    assert seen == [(i, 4) for i in range(5)]
    assert sum(shown) == 3 * LENGTH + LENGTH // 2 + 1
    cache.fill([PLAIN], lambda done, total: seen.append((done, total)))
    assert seen[-1] == (4, 4)
    again = FeatureCache(encoder, store, tmp_path)
    shown.clear()
    assert torch.equal(again.features([3], [PLAIN]), cache.features([3], [PLAIN]))
    assert not shown
    n_bytes = sum(path.stat().st_size for path in tmp_path.rglob("*.npy"))
    assert cache.needed_bytes([PLAIN]) == n_bytes


def test_a_pass_that_was_stopped_goes_on(store: FrameStore, encoder: CountingEncoder, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    views = StoredViews(n_rotations=1).all
    with pytest.raises(KeyboardInterrupt):
        FeatureCache(encoder, store, tmp_path / "a", EncodeSettings(StoredViews(n_rotations=1))).fill(views, stop)
    seen: list[int] = []
    resumed = FeatureCache(encoder, store, tmp_path / "a", EncodeSettings(StoredViews(n_rotations=1)))
    resumed.fill(views, lambda done, total: seen.append(done))
    assert seen == list(range(3, 17))
    whole = FeatureCache(encoder, store, tmp_path / "b", EncodeSettings(StoredViews(n_rotations=1)))
    whole.fill(views)
    for view in views:
        assert torch.equal(resumed.features(range(4), [view] * 4), whole.features(range(4), [view] * 4))


def test_other_weights_clips_or_precision_are_other_features(
    store: FrameStore, encoder: CountingEncoder, tmp_path: Path
) -> None:
    plain = FeatureCache(encoder, store, tmp_path)
    half = FeatureCache(encoder, store, tmp_path, EncodeSettings(precision="bf16"))
    other = deepcopy(encoder)
    with torch.no_grad():
        other.layers[0].weight[0, 0, 0, 0] += 1
    changed = FeatureCache(other, store, tmp_path)
    found = [cache.features([0], [PLAIN]) for cache in (plain, half, changed)]
    assert len({cache.digest() for cache in (plain, half, changed)}) == 3
    assert not torch.equal(found[0], found[1])
    np.testing.assert_allclose(found[0], found[1], atol=0.05)
    assert not torch.equal(found[0], found[2])
    assert len(list(tmp_path.rglob("*.npy"))) == 3


def test_views_stand_for_the_augmentation(store: FrameStore) -> None:
    views = StoredViews(AugmentationOptions(flip=0.5, rotation=0.5), n_rotations=2, seed=1)
    assert len(views.all) == 6
    drawn = [views.choose(epoch, i) for epoch in range(100) for i in range(20)]
    assert set(drawn) == set(views.all)
    assert abs(sum(view.is_flipped for view in drawn) / 2000 - 0.5) < 0.05
    assert abs(sum(view.rotation is None for view in drawn) / 2000 - 0.5) < 0.05
    assert abs(sum(view.rotation == 0 for view in drawn) / 2000 - 0.25) < 0.05
    angles = {views.decision(FeatureView(False, r), key).angle_degrees for r in range(2) for key in store.keys}
    assert len(angles) == 8
    assert all(angle is not None and -10 <= angle <= 10 for angle in angles)
    assert StoredViews(AugmentationOptions(flip=0, rotation=0)).all == (PLAIN,)
    assert set(StoredViews(AugmentationOptions(flip=1, rotation=1), 1).all) == {FeatureView(True, 0)}
    with pytest.raises(ValueError, match="n_rotations must be at least 1"):
        StoredViews(n_rotations=0)


def test_a_data_set_shows_other_views_each_epoch_alike_in_every_batch(
    table: ClipTable, store: FrameStore, encoder: CountingEncoder, shown: list[int], tmp_path: Path
) -> None:
    cache = FeatureCache(encoder, store, tmp_path, EncodeSettings(StoredViews(n_rotations=2, seed=5)))
    dataset = FeatureDataset(table, cache, is_augmented=True)
    dataset.fill()
    shown.clear()
    epochs = []
    for epoch in range(6):
        dataset.set_epoch(epoch)
        (whole,) = batch_loader(dataset, 4)
        assert torch.equal(torch.cat([batch.inputs for batch in batch_loader(dataset, 3)]), whole.inputs)
        features, labels, i = dataset[2]
        assert i == 2
        assert torch.equal(features, whole.inputs[2])
        assert torch.equal(labels, whole.labels[2])
        epochs.append(whole.inputs)
    assert not shown
    assert len({inputs.numpy().tobytes() for inputs in epochs}) > 3
    plain = FeatureDataset(table, cache)
    plain.set_epoch(3)
    assert torch.equal(plain.batch(range(4)).inputs, cache.features(range(4), [PLAIN] * 4))
    short = FeatureCache(encoder, open_frame_store(table.files[:2], tmp_path, store.settings), tmp_path)
    with pytest.raises(ValueError, match="the table has 4 clips, the cache 2"):
        FeatureDataset(table, short)


def test_features_that_vanish_are_said(store: FrameStore, encoder: CountingEncoder, tmp_path: Path) -> None:
    cache = FeatureCache(encoder, store, tmp_path)
    cache.fill([PLAIN])
    entry = next(tmp_path.rglob("*.npy"))
    entry.write_bytes(bytes(entry.stat().st_size))
    with pytest.raises(DataError, match="was removed or damaged"):
        cache.features(range(4), [PLAIN] * 4)
