from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.ai_summary import AiSummary, margin
from luv_viewer.domain.annotation import Fate, Suggestion, VideoAnnotation
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.pattern import NETWORK_PATTERNS, TRACK_PATTERNS, Pattern
from luv_viewer.domain.prediction import Prediction, Provenance
from luv_viewer.domain.reader_file import SheetKey, VideoRecord
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.work_queue import (
    QueuePart,
    QueueVideo,
    next_unfinished,
    queue_video,
    queue_video_of_row,
    work_queue,
)

N = 152
SEEN = VideoAnnotation(N, seen=SpanSet.whole(N))
DONE = replace(SEEN, finalised=True)
B_DONE = DONE.with_track(Pattern.B_LINE, (Span(0, 10),))
CB_DONE = DONE.with_track(Pattern.CONFLUENT_B_LINE, (Span(0, 10),))
EFFUSION_DONE = DONE.with_track(Pattern.PLEURAL_EFFUSION, (Span(0, 10),))


def record(number: int) -> VideoRecord:
    times_s = tuple(i / 30 for i in range(N))
    return VideoRecord(f"1.2.{number}", f"{number}.dcm", N, times_s, ("0" * 64,), SheetKey("0012", number))


def video(number: int, annotation: VideoAnnotation | None) -> QueueVideo:
    return queue_video(record(number), annotation)


def ai(number: int, a: float = 0.0, b: float = 0.0, c: float = 0.0, e: float = 0.0) -> AiSummary:
    return AiSummary(f"1.2.{number}", str(number), NETWORK_PATTERNS, (a, b, c, e), (0.5, 0.18, 0.3, 0.25))


def test_the_three_parts_come_in_order_each_with_its_words() -> None:
    half_seen = replace(SEEN, seen=SpanSet.of(Span(0, 112)))
    videos = [
        video(1, EFFUSION_DONE),
        video(2, DONE),
        video(3, DONE),
        video(4, None),
        video(5, half_seen),
        video(6, DONE),
        video(7, SEEN.with_track(Pattern.A_LINE, (Span(0, 3),))),
        video(8, replace(DONE, exclusion="Not a lung view")),
        video(9, replace(half_seen, exclusion="Not a lung view")),
    ]
    numbers = [ai(1, e=0.06), ai(2, b=0.19), ai(3), ai(4, a=0.49), ai(5), ai(6, e=0.91), ai(8, e=0.9)]
    queue = work_queue(videos, numbers)
    assert [(item.study_id, item.part, item.reason) for item in queue] == [
        ("0012_5", QueuePart.UNFINISHED, "not finalised: 40 of 152 frames not looked at"),
        ("0012_7", QueuePart.UNFINISHED, "not finalised: every frame looked at"),
        ("0012_4", QueuePart.UNFINISHED, "not begun; model undecided: A-line 0.49, threshold 0.50"),
        ("0012_2", QueuePart.UNDECIDED, "model undecided: B-line 0.19, threshold 0.18, you stated none"),
        ("0012_6", QueuePart.DIFFERS, "model says effusion 0.91, you stated none"),
        ("0012_1", QueuePart.DIFFERS, "model says effusion none (0.06, threshold 0.25), you stated it"),
    ]
    assert (queue[0].video_id, queue[0].name, queue[0].margin, queue[1].margin) == ("1.2.5", "5.dcm", 1.0, None)


def test_numbers_that_differ_do_not_read_the_same() -> None:
    (item,) = work_queue([video(1, B_DONE)], [ai(1, b=0.181)])
    assert item.reason == "model undecided: B-line 0.181, threshold 0.180, you stated it"


def test_confluent_b_lines_are_b_lines_to_the_model() -> None:
    assert work_queue([video(1, CB_DONE), video(2, B_DONE)], [ai(1, b=0.9), ai(2, b=0.9)]) == ()
    (item,) = work_queue([video(1, CB_DONE)], [ai(1, b=0.01)])
    assert item.reason == "model says B-line none (0.01, threshold 0.18), you stated it"


def test_a_pattern_stated_nowhere_is_absent_only_where_every_frame_was_looked_at() -> None:
    gap = replace(DONE, seen=SpanSet.of(Span(0, 151)))
    assert work_queue([video(1, gap)], [ai(1, b=0.9)]) == ()
    (item,) = work_queue([video(1, DONE)], [ai(1, b=0.9)])
    assert item.part is QueuePart.DIFFERS


def test_a_blinded_reader_gets_the_unfinished_ones_alone() -> None:
    videos = [video(1, None), video(2, DONE), video(3, SEEN), video(4, EFFUSION_DONE)]
    assert [item.study_id for item in work_queue(videos)] == ["0012_3", "0012_1"]


def test_suggestions_that_wait_do_not_make_a_video_begun() -> None:
    waiting = Suggestion(Pattern.B_LINE, Span(0, 5), 0.9, "tiny")
    assert video(1, VideoAnnotation(N, suggestions=(waiting,))).is_untouched
    assert not video(1, VideoAnnotation(N, suggestions=(replace(waiting, fate=Fate.REJECTED),))).is_untouched


def test_rows_of_a_sheet_are_matched_by_name_only_where_that_is_one_videos_alone() -> None:
    rows = [queue_video_of_row(SheetRow(SheetKey("0012", n), n_frames=N)) for n in (1, 2)]
    summary = replace(ai(1, b=0.9), video_id="", name="0012_2")
    assert [item.study_id for item in work_queue(rows, [summary])] == ["0012_2"]
    assert work_queue(rows, [summary, summary]) == ()
    same_names = [replace(row, name="clip.mp4") for row in rows]
    assert work_queue(same_names, [replace(summary, name="clip")]) == ()


def test_a_row_of_which_nothing_is_known_is_not_begun() -> None:
    whole = (SpanSet.whole(N),) * len(TRACK_PATTERNS)
    row = SheetRow(SheetKey("0012", 1), unlooked=whole, n_frames=N, finalised=False)
    (item,) = work_queue([queue_video_of_row(row)])
    assert item.reason == "not begun"
    (item,) = work_queue([queue_video_of_row(replace(row, zone="R2", n_frames=None))])
    assert item.reason == "not finalised: 152 frames not looked at"


PROBABILITY = st.floats(0, 1)


@given(PROBABILITY, PROBABILITY)
def test_margins_lie_between_0_and_1_and_are_0_at_the_threshold_alone(probability: float, threshold: float) -> None:
    assert 0 <= margin(probability, threshold) <= 1
    assert margin(threshold, threshold) == 0
    assert probability == threshold or margin(probability, threshold) > 0


@given(PROBABILITY, PROBABILITY, st.floats(0.01, 0.99))
def test_margins_grow_away_from_the_threshold(a: float, b: float, threshold: float) -> None:
    low, high = sorted((a, b))
    if low >= threshold:
        assert margin(low, threshold) <= margin(high, threshold)
    if high < threshold:
        assert margin(low, threshold) >= margin(high, threshold)


ANNOTATIONS = st.sampled_from([None, SEEN, DONE, B_DONE, EFFUSION_DONE, replace(DONE, exclusion="Duplicate")])
NUMBERS = st.none() | st.tuples(PROBABILITY, PROBABILITY, PROBABILITY, PROBABILITY)


@given(st.lists(st.tuples(ANNOTATIONS, NUMBERS), max_size=12), st.randoms(use_true_random=False))
def test_rules_of_every_queue(
    drawn: list[tuple[VideoAnnotation | None, tuple[float, ...] | None]], shuffler: random.Random
) -> None:
    videos = [video(n, annotation) for n, (annotation, _) in enumerate(drawn)]
    summaries = [ai(n, *numbers) for n, (_, numbers) in enumerate(drawn) if numbers is not None]
    queue = work_queue(videos, summaries)
    shuffler.shuffle(summaries)
    assert work_queue(videos, summaries) == queue
    parts = [list(QueuePart).index(item.part) for item in queue]
    assert parts == sorted(parts)
    unfinished = {v.video_id for v in videos if not v.is_done and not v.is_excluded}
    assert {item.video_id for item in queue if item.part is QueuePart.UNFINISHED} == unfinished
    undecided = [item.margin for item in queue if item.part is QueuePart.UNDECIDED]
    assert undecided == sorted(undecided, key=lambda value: value if value is not None else 2)
    assert all(item.reason for item in queue)
    assert len({item.video_id for item in queue}) == len(queue)


def test_next_unfinished_goes_round() -> None:
    order = ["a", "b", "c", "d"]
    annotations = {"a": SEEN, "b": DONE, "c": replace(SEEN, exclusion="Duplicate")}
    assert next_unfinished(order, "a", annotations) == "d"
    assert next_unfinished(order, "d", annotations) == "a"
    assert next_unfinished(order, None, annotations) == "a"
    assert next_unfinished(order, "gone", annotations) == "a"
    annotations["d"] = DONE
    assert next_unfinished(order, "a", annotations) == "a"
    annotations["a"] = DONE
    assert next_unfinished(order, "a", annotations) is None
    assert next_unfinished([], None, {}) is None


def prediction(probabilities: np.ndarray) -> Prediction:
    k = len(probabilities)
    return Prediction(
        patterns=NETWORK_PATTERNS,
        clip_spans=np.array([(24 * i, 24 * i + 30) for i in range(k)]),
        probabilities=probabilities,
        thresholds=np.full(4, 0.25),
        clip_attention=np.zeros((k, 30, 4)),
        frame_attention=np.zeros((24 * k + 6, 4)),
        constant_attention=np.ones(4, bool),
        top_frames=((),) * 4,
        provenance=Provenance("tiny", "0123456789ab", "cpu", "fp32", 24, "pad"),
    )


def test_a_finished_prediction_in_a_few_numbers() -> None:
    probabilities = np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.1, 0.1, 0.1]])
    assert AiSummary.of(prediction(probabilities), "1.2.3", "R2") == AiSummary(
        "1.2.3", "R2", NETWORK_PATTERNS, (0.5, 0.2, 0.3, 0.4), (0.25,) * 4, "tiny 0123456789ab"
    )
    probabilities[1] = np.nan
    assert AiSummary.of(prediction(probabilities), "1.2.3", "R2") is None


@pytest.mark.parametrize(("probabilities", "thresholds"), [((0.5,), (0.5, 0.5)), ((1.5,), (0.5,)), ((0.5,), (-0.1,))])
def test_numbers_that_are_no_probabilities_are_refused(
    probabilities: tuple[float, ...], thresholds: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="v: "):
        AiSummary("", "v", (Pattern.A_LINE,), probabilities, thresholds)
