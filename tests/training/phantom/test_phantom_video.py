"""The physics that the pictures promise, and the truth that comes with them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet
from training.phantom.geometry import Grid, Probe
from training.phantom.scene import Lung, Scene, draw_scene
from training.phantom.speckle import Speckle
from training.phantom.video import PhantomVideo

SHAPE = (64, 80)
PLACE = {pattern: place for place, pattern in enumerate(TRACK_PATTERNS)}


def _scene(pattern: Pattern, n_frames: int = 40, seed: int = 5, probe: Probe = Probe.CONVEX) -> Scene:
    """A video in which one pattern is present in its first half."""
    half = SpanSet.of(*SpanSet.whole(n_frames // 2))
    return Scene(seed, n_frames, probe, tuple(half if p is pattern else NO_FRAMES for p in TRACK_PATTERNS))


def _levels(pattern: Pattern, **kind: int) -> tuple[float, float]:
    """Mean grey below the pattern's mask in frame 10, with the pattern and in a video of the same body without it."""
    scene = _scene(pattern, **kind)
    mask = PhantomVideo(scene, SHAPE).masks(10)[PLACE[pattern]]
    without = Scene(scene.seed, scene.n_frames, scene.probe, (NO_FRAMES,) * 5)
    levels = [PhantomVideo(one, SHAPE).grey(10)[mask].mean() for one in (scene, without)]
    return float(levels[0]), float(levels[1])


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    lung=st.sampled_from(Lung),
    probe=st.sampled_from(Probe),
    n_frames=st.sampled_from((1, 39, 62)),
    place=st.floats(0, 0.999),
)
def test_a_mask_is_empty_exactly_where_the_pattern_is_absent(
    seed: int, lung: Lung, probe: Probe, n_frames: int, place: float
) -> None:
    scene = draw_scene(seed, n_frames, lung, probe)
    video = PhantomVideo(scene, SHAPE)
    index = int(place * n_frames)
    masks = video.masks(index)
    assert masks.shape == (5, *SHAPE)
    assert masks.dtype == bool
    assert [bool(mask.any()) for mask in masks] == [index in frames for frames in scene.present]


def test_a_ray_narrower_than_a_beam_is_still_seen() -> None:
    scene = draw_scene(352276541, 62, Lung.INTERSTITIAL, Probe.CONVEX)
    ray = SpanSet.whole(62)
    masks = PhantomVideo(Scene(scene.seed, 62, scene.probe, (NO_FRAMES, ray, *(NO_FRAMES,) * 3)), (48, 61)).masks(0)
    assert masks[1].any()


def test_the_same_seed_gives_the_same_pixels_in_any_order_and_another_seed_others() -> None:
    scene = draw_scene(7, 39, Lung.CONSOLIDATED)
    forwards = list(PhantomVideo(scene, SHAPE).greys())
    video = PhantomVideo(scene, SHAPE)
    assert all((video.grey(i) == forwards[i]).all() for i in reversed(range(39)))
    other = PhantomVideo(draw_scene(8, 39, Lung.CONSOLIDATED), SHAPE)
    assert (other.grey(0) != forwards[0]).mean() > 0.3


@pytest.mark.parametrize("pattern", [Pattern.A_LINE, Pattern.B_LINE, Pattern.CONFLUENT_B_LINE])
@pytest.mark.parametrize("probe", Probe)
def test_lines_and_rays_are_brighter_than_the_lung_without_them(pattern: Pattern, probe: Probe) -> None:
    shown, without = _levels(pattern, probe=probe)
    assert shown > without + 15


def test_fluid_is_black() -> None:
    video = PhantomVideo(_scene(Pattern.PLEURAL_EFFUSION), SHAPE)
    fluid = video.masks(10)[PLACE[Pattern.PLEURAL_EFFUSION]]
    picture = video.grey(10)
    # Its edges are the bright sheets of the pleura.
    inner = cv2.erode(fluid.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    assert inner.sum() > 50
    assert np.median(picture[inner]) < 0.2 * np.median(picture[_sector(video) & ~fluid])


def test_a_lines_lie_at_multiples_of_the_depth_of_the_pleura() -> None:
    """Rows of the brightest echoes of the middle beam of a straight linear picture."""
    scene = _scene(Pattern.A_LINE, seed=11, probe=Probe.LINEAR)
    video = PhantomVideo(scene, (256, 256))
    mask = video.masks(10)[PLACE[Pattern.A_LINE]]
    column = mask[:, int(np.median(np.nonzero(mask)[1]))]
    centres = [(span.start + span.stop - 1) / 2 for span in SpanSet.from_mask(column)]
    smooth = video.grey(10).mean(axis=1)
    pleura = centres[0] / 2
    assert len(centres) >= 2
    assert np.diff(centres) == pytest.approx(pleura, abs=2.5)
    assert smooth[int(pleura) - 4 : int(pleura) + 5].max() > 1.3 * np.median(smooth)


def test_rays_reach_the_bottom_and_follow_the_sliding_lung() -> None:
    video = PhantomVideo(_scene(Pattern.B_LINE, n_frames=80), SHAPE)
    places = []
    for index in range(0, 40, 4):
        mask = video.masks(index)[PLACE[Pattern.B_LINE]]
        bottom = np.flatnonzero(_sector(video).any(axis=1))[-1]
        assert np.flatnonzero(mask.any(axis=1))[-1] >= bottom - 8
        places.append(np.nonzero(mask)[1].mean())
    assert np.ptp(places) > 2


def test_without_sliding_rays_stay() -> None:
    scene = _scene(Pattern.B_LINE, n_frames=80)
    # Beside a consolidation there is one ray in all frames of an interval.
    present = (*scene.present[:3], SpanSet.of(Span(60, 80)), NO_FRAMES)
    still = PhantomVideo(Scene(scene.seed, 80, scene.probe, present, slides=False), SHAPE)
    masks = [still.masks(i)[PLACE[Pattern.B_LINE]][40:] for i in (0, 20)]
    assert (masks[0] == masks[1]).mean() > 0.98


def test_rays_erase_a_lines() -> None:
    n = 30
    both = tuple(SpanSet.whole(n) if p in (Pattern.A_LINE, Pattern.B_LINE) else NO_FRAMES for p in TRACK_PATTERNS)
    masks = PhantomVideo(Scene(5, n, Probe.CONVEX, both), SHAPE).masks(3)
    assert masks[0].any()
    assert not (masks[0] & masks[1]).any()


def test_the_lung_nears_the_chest_wall_and_leaves_it_as_it_breathes() -> None:
    video = PhantomVideo(_scene(Pattern.PLEURAL_EFFUSION, n_frames=200), SHAPE)
    areas = [int(video.masks(i)[PLACE[Pattern.PLEURAL_EFFUSION]].sum()) for i in range(8, 92, 6)]
    assert max(areas) > 1.25 * min(areas)


def test_speckle_is_rayleigh_distributed_and_changes_only_with_the_tissue() -> None:
    speckle = Speckle(np.random.default_rng(0), Grid(128, 96))
    zero = np.zeros((1, 1), np.float32)
    amplitude = [np.hypot(*speckle.at(zero, zero, np.float32([[phase]]))) for phase in (0.0, 0.05, np.pi / 2)]
    # A Rayleigh distribution has mean / standard deviation 1.91.
    assert amplitude[0].mean() / amplitude[0].std() == pytest.approx(1.91, abs=0.1)
    assert _correlation(amplitude[0], amplitude[1]) > 0.95
    assert abs(_correlation(amplitude[0], amplitude[2])) < 0.2
    moved = np.hypot(*speckle.at(zero + 3, zero + 2, zero))
    assert _correlation(moved[3:, 2:], amplitude[0][:-3, :-2]) > 0.99


def test_frames_and_scenes_that_cannot_be_are_refused() -> None:
    video = PhantomVideo(_scene(Pattern.A_LINE), SHAPE)
    with pytest.raises(IndexError, match="frame 40"):
        video.frame(40)
    with pytest.raises(ValueError, match="at least 16"):
        PhantomVideo(video.scene, (8, 64))
    with pytest.raises(ValueError, match="after frame 3"):
        Scene(0, 3, Probe.CONVEX, (SpanSet.whole(4), *(NO_FRAMES,) * 4))


def _sector(video: PhantomVideo) -> NDArray[np.bool_]:
    """Where any echo can be: brighter than black in one of the frames."""
    return np.max([video.grey(i) for i in range(0, 20, 4)], axis=0) > 0


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
