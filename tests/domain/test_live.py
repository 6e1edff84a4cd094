"""Values of live mode: the last seconds, latency, rates, and which frames LUV-Net is given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from luv_viewer.domain.live import LiveFrame, LiveRefusal, LiveResult
from luv_viewer.domain.live_history import LiveHistory
from luv_viewer.domain.live_pace import LATE_S, LONGEST_SPACING, WAITING_LIMIT, Pace
from luv_viewer.domain.live_timing import LONGEST_MS, Latency, LiveFigures, Rate
from luv_viewer.domain.pattern import Pattern

PATTERNS = (Pattern.A_LINE, Pattern.B_LINE)
FPS = 25.0


def result(newest: int, n: int = 30, spacing: int = 1, seed: int = 0) -> LiveResult:
    rng = np.random.default_rng([newest, n, seed])
    numbers = np.arange(newest - (n - 1) * spacing, newest + 1, spacing)
    return LiveResult(numbers, numbers / FPS, 5.0, PATTERNS, rng.uniform(size=2), rng.uniform(size=(n, 2)), max(30, n))


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(15, 30)), min_size=1, max_size=30))
def test_the_last_seconds_hold_the_mean_attention_of_each_frame_scaled(steps: list[tuple[int, int]]) -> None:
    history, results, newest = LiveHistory(2, 2.0), [], 40
    for step, n in steps:
        newest += step
        results.append(result(newest, n))
        history.add(results[-1])
    curves = history.curves()
    assert curves.end_s == newest / FPS
    assert curves.start_s == pytest.approx(newest / FPS - 2.0)
    shown = [r for r in results if r.times_s[-1] >= curves.start_s]
    np.testing.assert_allclose(curves.result_times_s, [r.times_s[-1] for r in shown])
    np.testing.assert_allclose(curves.probabilities, [r.probabilities for r in shown])
    by_frame: dict[int, list[np.ndarray]] = {}
    for r in results:
        for number, attention in zip(r.numbers.tolist(), r.attention, strict=True):
            by_frame.setdefault(number, []).append(attention)
    kept = [number for number in sorted(by_frame) if number / FPS >= curves.start_s]
    np.testing.assert_allclose(curves.frame_times_s, np.array(kept) / FPS)
    means = np.array([np.mean(by_frame[number], axis=0) for number in kept])
    expected = (means - means.min(axis=0)) / (means.max(axis=0) - means.min(axis=0))
    np.testing.assert_allclose(curves.attention, expected, atol=1e-9)


def test_lines_break_where_nothing_was_said_and_memory_is_bounded() -> None:
    history = LiveHistory(2, 10.0, limit=64)
    for newest in range(40, 440):
        history.add(result(newest))
    curves = history.curves()
    assert len(curves.frame_times_s) <= 64
    assert len(curves.result_times_s) <= 64
    history.refuse(LiveRefusal(440 / FPS, "the frames are empty"))
    assert np.isnan(history.curves().probabilities[-1]).all()
    history.advance(1.0)
    assert history.curves().end_s == 440 / FPS
    assert len(LiveHistory(2, 1.0).curves().attention) == 0


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200), st.floats(1, 100))
def test_latency_percentiles_are_exact_to_a_millisecond(seconds: list[float], percent: float) -> None:
    latency = Latency()
    for value in seconds:
        latency.add(value)
    in_ms = np.sort([min(round(value * 1000), LONGEST_MS) for value in seconds])
    expected = in_ms[max(1, int(np.ceil(percent / 100 * len(in_ms) - 1e-9))) - 1]
    assert latency.count == len(seconds)
    assert latency.percentile_ms(percent) == expected


def test_latency_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="no result"):
        Latency().percentile_ms(50)
    for wrong in (-0.1, float("nan")):
        with pytest.raises(ValueError, match="not be negative"):
            Latency().add(wrong)


@given(st.floats(1, 60), st.integers(1, 8))
def test_a_rate_is_right_whether_events_come_alone_or_together(fps: float, together: int) -> None:
    rate, now_s = Rate(2.0), 0.0
    for beat in range(200):
        now_s = beat * together / fps
        rate.count(now_s, together)
    if together / fps < 1.9:
        assert rate.per_second(now_s) == pytest.approx(fps, rel=1e-6)
    assert rate.per_second(now_s + 5) == 0.0


def test_the_closing_sentence_states_the_latency() -> None:
    figures = LiveFigures(frames_in=300, dropped=2, latency_ms=74, latency_p95_ms=161, results=131)
    assert figures.summary == (
        "Live mode: 300 frames came, 131 results were shown, 2 dropped; a result was on the screen 74 ms after its "
        "frame had arrived (median; 95 % within 161 ms)."
    )
    assert LiveFigures(frames_in=5).summary == "Live mode: 5 frames came, 0 results were shown, 0 dropped."


def simulated(
    fps: float, cost_s: float, seconds: float, at_once: int = 1
) -> tuple[Pace, list[int], list[int], list[float]]:
    """Frames of a source and a network that takes cost_s a step: the pace, numbers assessed, spacing over time, and
    how long after its arrival each assessed frame was done."""
    pace, waiting, taken, spacings, lags_s = Pace(), [], [], [], []
    now_s, next_frame = 0.0, 0
    while now_s < seconds:
        while next_frame / fps <= now_s:
            if pace.is_due(next_frame):
                waiting = [*waiting, next_frame][-16:]
            next_frame += 1
        if not waiting:
            now_s = next_frame / fps
            continue
        done, waiting = waiting[:at_once], waiting[at_once:]
        taken += done
        now_s += cost_s
        lags_s += [now_s - number / fps for number in done]
        while next_frame / fps <= now_s:
            if pace.is_due(next_frame):
                waiting = [*waiting, next_frame][-16:]
            next_frame += 1
        pace.note(at_once, cost_s, len(waiting), now_s, fps)
        waiting = [number for number in waiting if pace.is_due(number)]
        spacings.append(pace.spacing)
    return pace, taken, spacings, lags_s


@given(st.floats(5, 60), st.floats(0.001, 0.4))
@example(6.0, 0.34375)
@settings(max_examples=60)
def test_the_spacing_is_a_power_of_two_that_keeps_up(fps: float, cost_s: float) -> None:
    pace, taken, spacings, lags_s = simulated(fps, cost_s, 60.0)
    assert set(spacings) <= {1, 2, 4, 8}
    load = fps * cost_s
    if load < 0.95:
        assert spacings[-1] == 1
    if load > 1.1:
        assert max(spacings) >= 2
    if load < LONGEST_SPACING:
        # Where a spacing keeps up, no frame waits for more than those before it and one more moment.
        assert max(lags_s) <= LATE_S + 3 * cost_s + 1 / fps
        assert not pace.is_too_slow
    if load > LONGEST_SPACING * 1.3:
        assert pace.is_too_slow
    assert taken == sorted(set(taken))


def test_a_network_that_becomes_fast_gets_every_frame_again() -> None:
    pace = Pace()
    for _ in range(3):
        pace.note(1, 0.2, WAITING_LIMIT + 1, 0.0, 30)
    assert pace.spacing == 8
    now_s = 0.0
    for _ in range(2000):
        now_s += 0.05
        pace.note(1, 0.005, 0, now_s, 30)
    assert pace.spacing == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"numbers": np.array([1, 2, 4])}, "evenly spaced"),
        ({"probabilities": np.array([0.5, 1.5])}, "lie in"),
        ({"attention": np.full((3, 2), np.nan)}, "finite"),
        ({"times_s": np.zeros(2)}, "shape"),
    ],
)
def test_a_result_checks_itself(change: dict[str, np.ndarray], words: str) -> None:
    fields = {
        "numbers": np.array([1, 2, 3]),
        "times_s": np.array([0.1, 0.2, 0.3]),
        "probabilities": np.array([0.5, 0.1]),
        "attention": np.ones((3, 2)),
    } | change
    with pytest.raises(ValueError, match=words):
        LiveResult(arrived_s=0.0, patterns=PATTERNS, clip_length=30, **fields)


def test_a_frame_checks_itself() -> None:
    rgb = np.zeros((8, 9, 3), np.uint8)
    with pytest.raises(ValueError, match="uint8"):
        LiveFrame(0, 0.0, 0.0, rgb.astype(float), (0, 0, 9, 8))
    with pytest.raises(ValueError, match="region"):
        LiveFrame(0, 0.0, 0.0, rgb, (0, 0, 10, 8))
    assert not LiveFrame(0, 0.0, 0.0, rgb, (0, 0, 9, 8)).rgb.flags.writeable
