"""Augmentation of whole clips: exact, range kept, one decision a clip, and a function of seed, epoch and clip alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from model.preprocessing import Preprocessing, normalize
from tests.training.prepare.builders_prepare import grey
from training.data.augmentation import AugmentationOptions, ClipAugmentation, ClipDecision, transform_clips
from training.data.normalise import normalise_clips
from training.data.order import EpochSampler, clip_generator, epoch_order

N, L, SIZE = 5, 4, 24
seeds = st.integers(0, 2**31)
epochs = st.integers(0, 150)
few = settings(max_examples=40, deadline=None)


@pytest.fixture(scope="module")
def clips() -> Tensor:
    """(N, L, 3, SIZE, SIZE) uint8, channels shared as a store gives them."""
    levels = np.stack([grey(L, seed, (SIZE, SIZE)) for seed in range(N)])
    return torch.from_numpy(levels)[:, :, None].expand(-1, -1, 3, -1, -1)


def _always(**changes: float) -> ClipAugmentation:
    return ClipAugmentation(AugmentationOptions(**{"flip": 0.0, "rotation": 0.0, **changes}), seed=3)


def test_a_flip_is_exact(clips: Tensor) -> None:
    flipped = _always(flip=1.0)(clips, range(N), 0)
    assert flipped.dtype == torch.uint8
    assert torch.equal(flipped, clips.flip(-1))


def test_without_probability_nothing_happens(clips: Tensor) -> None:
    assert torch.equal(_always()(clips, range(N), 0), clips)


@few
@given(seed=seeds, epoch=epochs, kind=st.sampled_from([torch.uint8, torch.float32]))
def test_rotation_keeps_the_range(clips: Tensor, seed: int, epoch: int, kind: torch.dtype) -> None:
    turn = ClipAugmentation(AugmentationOptions(flip=0.5, rotation=1.0), seed)
    before = clips.to(kind)
    made = turn(before, range(N), epoch)
    assert made.dtype == kind
    assert made.shape == clips.shape
    assert float(made.float().min()) >= 0
    assert float(made.float().max()) <= float(before.float().max())
    # Up to 10 degrees about the centre, most of the picture stays in it, and its mean and contrast with it.
    inner = (..., slice(6, -6), slice(6, -6))
    assert abs(float(made[inner].float().mean()) / float(before[inner].float().mean()) - 1) < 0.25
    assert float(made.float().std()) > 0.5 * float(before.float().std())


def test_rotation_turns_counter_clockwise_about_the_centre() -> None:
    """A dot right of the centre goes up, and a black border comes in."""
    dot = torch.zeros(1, 1, 3, 41, 41)
    dot[..., 20, 35] = 100.0
    turned = transform_clips(dot, [ClipDecision(angle_degrees=10.0)])[0, 0, 0]
    rows, columns = torch.meshgrid(torch.arange(41.0), torch.arange(41.0), indexing="ij")
    weight = turned / turned.sum()
    angle = np.deg2rad(10)
    np.testing.assert_allclose(float((weight * rows).sum()), 20 - 15 * np.sin(angle), atol=0.3)
    np.testing.assert_allclose(float((weight * columns).sum()), 20 + 15 * np.cos(angle), atol=0.3)
    white = torch.full((1, 1, 3, 41, 41), 200, dtype=torch.uint8)
    assert int(transform_clips(white, [ClipDecision(angle_degrees=10.0)])[0, 0, 0, 0, 0]) == 0


@few
@given(seed=seeds, epoch=epochs)
def test_all_frames_of_a_clip_share_a_decision(seed: int, epoch: int) -> None:
    still = torch.from_numpy(np.repeat(np.stack([grey(1, i, (SIZE, SIZE)) for i in range(3)]), L, axis=1))
    clips = still[:, :, None].expand(-1, -1, 3, -1, -1)
    made = ClipAugmentation(seed=seed)(clips, range(3), epoch)
    assert bool((made == made[:, :1]).all())
    assert bool((made == made[:, :, :1]).all())


@few
@given(seed=seeds, epoch=epochs, order=st.permutations(range(N)), cut=st.integers(0, N))
def test_a_clip_is_augmented_alike_in_any_batch(
    clips: Tensor, seed: int, epoch: int, order: list[int], cut: int
) -> None:
    augmentation = ClipAugmentation(seed=seed)
    whole = augmentation(clips, range(N), epoch)
    for part in (order[:cut], order[cut:]):
        if part:
            assert torch.equal(augmentation(clips[part], torch.tensor(part), epoch), whole[part])
    assert torch.equal(ClipAugmentation(seed=seed)(clips, range(N), epoch), whole)


def test_decisions_are_as_often_as_said_and_differ_by_seed_epoch_and_clip() -> None:
    augmentation = ClipAugmentation(AugmentationOptions(flip=0.3, rotation=0.7, rotation_degrees=5.0), seed=1)
    told = [augmentation.decide(epoch, index) for epoch in range(40) for index in range(50)]
    angles = np.array([one.angle_degrees for one in told if one.angle_degrees is not None])
    assert abs(sum(one.is_flipped for one in told) / 2000 - 0.3) < 0.04
    assert abs(len(angles) / 2000 - 0.7) < 0.04
    assert np.abs(angles).max() <= 5
    assert abs(angles.mean()) < 0.3
    assert abs(angles.std() - 5 / np.sqrt(3)) < 0.2
    assert len(set(angles.tolist())) == len(angles)
    turned = np.array([one.angle_degrees is not None for one in told])
    flipped = np.array([one.is_flipped for one in told])
    assert abs(np.corrcoef(turned, flipped)[0, 1]) < 0.08


def test_only_legacy_rotation_makes_a_rotated_clip_constant(clips: Tensor) -> None:
    """Systems 3.8: skimage gives 0 to 1, which is divided by 255 again, so the network sees one grey."""
    rules = Preprocessing(size=SIZE)
    spread = {}
    for legacy in (False, True):
        options = AugmentationOptions(flip=0.0, rotation=1.0, legacy_rotation=legacy)
        spread[legacy] = normalise_clips(ClipAugmentation(options, 1)(clips, range(N), 0), rules)
    untouched = normalise_clips(clips, rules)
    for channel in range(3):
        assert float(spread[True][:, :, channel].std()) < 0.01
        assert float(spread[False][:, :, channel].std()) > 0.5 * float(untouched[:, :, channel].std()) > 0.3
    half = ClipAugmentation(AugmentationOptions(flip=0.0, rotation=0.5, legacy_rotation=True), 1)
    turned = [half.decide(0, i).angle_degrees is not None for i in range(N)]
    assert True in turned
    assert False in turned
    mixed = half(clips, range(N), 0)
    for i, is_turned in enumerate(turned):
        assert torch.equal(mixed[i], clips[i].float()) != is_turned


def test_what_does_not_fit_is_said(clips: Tensor) -> None:
    with pytest.raises(ValueError, match="flip must be a probability"):
        AugmentationOptions(flip=1.5)
    with pytest.raises(ValueError, match="rotation_degrees"):
        AugmentationOptions(rotation_degrees=-1)
    with pytest.raises(ValueError, match="5 clips need as many decisions, got 1"):
        transform_clips(clips, [ClipDecision()])
    with pytest.raises(ValueError, match=r"\(N, L, 3, H, W\)"):
        transform_clips(clips[0], [ClipDecision()])


@pytest.mark.parametrize("is_shared", [True, False])
def test_normalised_clips_are_what_the_viewer_gives_a_network(clips: Tensor, is_shared: bool) -> None:
    rules = Preprocessing(size=SIZE)
    given_clips = clips if is_shared else clips.contiguous()
    made = normalise_clips(given_clips, rules)
    expected = normalize(list(clips[:, :, 0].flatten(0, 1).numpy()), rules).unflatten(0, (N, L))
    assert torch.equal(made, expected)
    assert made.flatten(0, 1).is_contiguous(memory_format=torch.channels_last)
    colours = torch.randint(0, 256, (1, 2, 3, SIZE, SIZE), dtype=torch.uint8)
    shown = normalize([frame.permute(1, 2, 0).numpy() for frame in colours[0]], rules)
    assert torch.equal(normalise_clips(colours, rules)[0], shown)


@few
@given(n=st.integers(1, 60), seed=seeds, epoch=epochs, n_processes=st.integers(1, 4), batch=st.integers(1, 5))
def test_processes_share_the_batches_of_one(n: int, seed: int, epoch: int, n_processes: int, batch: int) -> None:
    if n < n_processes:
        return
    parts = []
    for rank in range(n_processes):
        sampler = EpochSampler(n, seed, rank, n_processes)
        sampler.set_epoch(epoch)
        parts.append(list(sampler))
        assert len(parts[-1]) == len(sampler)
    alone = EpochSampler(n, seed)
    alone.set_epoch(epoch)
    whole = list(alone)
    assert sorted(whole) == list(range(n))
    for start in range(0, len(parts[0]), batch):
        together = [i for part in parts for i in part[start : start + batch]]
        first = start * n_processes
        assert set(together) == set(whole[first : first + len(together)])


def test_orders_differ_by_seed_and_epoch() -> None:
    orders = {tuple(epoch_order(30, seed, epoch)) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9
    assert clip_generator(1, 2, 3).random() != clip_generator(1, 3, 2).random()
    with pytest.raises(ValueError, match="process 2 of 2"):
        EpochSampler(10, 0, 2, 2)
