"""What may be seen together, and when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.pattern import Pattern
from training.phantom.scene import Lung, draw_scene

SEEDS = st.integers(0, 10**6)
AIRLESS = (Pattern.CONFLUENT_B_LINE, Pattern.CONSOLIDATION, Pattern.PLEURAL_EFFUSION)


@given(SEEDS, st.sampled_from(Lung), st.integers(1, 200))
def test_patterns_lie_in_the_video_and_exclude_each_other_as_in_a_lung(seed: int, lung: Lung, n_frames: int) -> None:
    scene = draw_scene(seed, n_frames, lung)
    assert all(frames.stop <= n_frames for frames in scene.present)
    for pattern in AIRLESS:
        assert not scene.frames(Pattern.A_LINE) & scene.frames(pattern)
    assert not scene.frames(Pattern.B_LINE) & scene.frames(Pattern.CONFLUENT_B_LINE)
    assert any(scene.present) == (lung is not Lung.QUIET)


@given(SEEDS)
def test_a_long_video_shows_patterns_in_intervals(seed: int) -> None:
    spans = [span for lung in Lung for frames in draw_scene(seed, 152, lung).present for span in frames]
    assert min(map(len, spans)) >= 5


def test_some_videos_show_a_pattern_only_in_part_of_their_frames() -> None:
    shares = [len(draw_scene(seed, 152, Lung.HEALTHY).frames(Pattern.A_LINE)) / 152 for seed in range(30)]
    assert min(shares) < 0.4 < 0.7 < max(shares)
