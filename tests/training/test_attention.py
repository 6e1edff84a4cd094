"""From tables of attention and frame labels to numbers: what is judged, what is left out, and who is a cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.io.attention_file import ClipAttention, write_clip_attention
from tests.training import builders_attention as made
from training.evaluate import EvaluationError
from training.evaluate.attention import (
    ALL_LABELLED,
    NO_LABELS,
    NONE_LABELLED,
    NOT_LOOKED_AT,
    TOO_SHORT,
    AttentionEvaluation,
    AttentionOptions,
    PointingSummary,
    evaluate_attention,
    median_clips,
)
from training.evaluate.pointing import pointing


def _run(folder: Path, clips: list[ClipAttention], labels: dict[str, np.ndarray], **how: object) -> AttentionEvaluation:
    attention = made.write_attention_folder(folder / "ai", clips)
    frames = made.write_frame_table(folder / "frames.csv", labels)
    options = AttentionOptions((attention,), frames, resamples=200)
    ids = how.pop("ids", [clip.clip_id for clip in clips])
    return evaluate_attention(replace(options, **how), ids)  # type: ignore[arg-type]


def _summary(found: AttentionEvaluation, level: str, pattern: Pattern) -> PointingSummary:
    return next(one for one in found.summaries if (one.level, one.pattern) == (level, pattern))


def test_attention_that_follows_the_labels_is_found_to_do_so(tmp_path: Path) -> None:
    labels = made.videos()
    found = _run(tmp_path, made.clips(labels, sharpness=5.0), labels)
    for level, n in (("clip", 12), ("video", 6)):
        top, mass, area = _summary(found, level, Pattern.A_LINE).measures
        cases = _summary(found, level, Pattern.A_LINE).n
        assert cases <= n
        assert (top.value.value, area.value.value) == (1.0, 1.0)
        assert mass.value.value > mass.chance + 0.3
        assert mass.gain.low > 0.2
        assert mass.gain.value == pytest.approx(mass.value.value - mass.chance)
        assert (top.value.clusters, area.chance) == (3, 0.5)
    flat = _run(tmp_path / "flat", made.clips(labels, sharpness=0.0), labels)
    assert _summary(flat, "clip", Pattern.A_LINE).measures[2].value.value < 0.75


def test_a_clip_is_judged_by_its_real_frames_alone(tmp_path: Path) -> None:
    labels = made.videos(1)
    clips = made.clips(labels, sharpness=0.3)
    found = _run(tmp_path, clips, labels)
    for clip in clips:
        held = [one for one in found.cases if (one.level, one.name) == ("clip", clip.clip_id)]
        for case in held:
            p = made.PATTERNS.index(case.pattern.value)
            truth = labels[clip.video_id][clip.span.start : clip.span.stop, p]
            summed = clip.attention.sum(axis=2)[p, : len(clip.span)]
            expected = pointing(summed, truth)
            assert case.found.area == pytest.approx(expected.area)
            assert case.found.mass == pytest.approx(expected.mass, rel=1e-6)
            assert case.patient == clip.video_id.split("_")[0]


def test_a_whole_video_is_the_mean_over_its_clips(tmp_path: Path) -> None:
    labels = made.videos(1)
    clips = made.clips(labels, sharpness=0.2)
    found = _run(tmp_path, clips, labels)
    for video, truth in labels.items():
        first, second = [clip.attention.sum(axis=2) for clip in clips if clip.video_id == video]
        whole = np.empty(40)
        whole[:24], whole[30:] = first[0, :24], second[0, 6:16]
        whole[24:30] = (first[0, 24:30] + second[0, :6]) / 2
        expected = pointing(whole, truth[:, 0])
        case = next(
            one for one in found.cases if (one.level, one.name, one.pattern) == ("video", video, Pattern.A_LINE)
        )
        assert case.found.area == pytest.approx(expected.area)
        assert case.found.mass == pytest.approx(expected.mass, rel=1e-6)


def test_everything_left_out_is_counted_with_its_reason(tmp_path: Path) -> None:
    labels = made.videos()
    first, second, third, *_ = labels
    clips = made.clips(labels)
    labels[first][3, 0] = -1
    del labels[second]
    labels[third] = labels[third][:35]
    found = _run(tmp_path, clips, labels)
    counts = {(out.level, out.pattern, out.reason): out.n for out in found.left_out}
    assert counts["clip", Pattern.A_LINE, NOT_LOOKED_AT] == 1
    assert counts["video", Pattern.A_LINE, NO_LABELS] == 1
    assert counts["clip", Pattern.A_LINE, NO_LABELS] == 2
    assert counts["clip", Pattern.A_LINE, TOO_SHORT] == 1
    assert counts["video", Pattern.CONSOLIDATION, ALL_LABELLED] == 4
    assert counts["clip", Pattern.PLEURAL_EFFUSION, NONE_LABELLED] == 9
    for level, n in (("clip", 12), ("video", 6)):
        for pattern in found.patterns:
            out = sum(v for key, v in counts.items() if key[:2] == (level, pattern))
            assert out + _summary(found, level, pattern).n == n
    nothing = _summary(found, "clip", Pattern.PLEURAL_EFFUSION).measures[0]
    assert np.isnan([nothing.value.value, nothing.chance, nothing.gain.low]).all()
    assert nothing.value.reason == "there is no case"


def test_clips_that_the_truth_does_not_name_are_not_judged(tmp_path: Path) -> None:
    labels = made.videos()
    clips = made.clips(labels)
    ids = [clip.clip_id for clip in clips[:3]] + ["other_1_30"]
    found = _run(tmp_path, clips, labels, ids=ids)
    assert {case.name for case in found.cases if case.level == "clip"} <= set(ids)
    assert {case.name for case in found.cases if case.level == "video"} == set(list(labels)[:2])
    assert (found.unjudged, found.without) == (9, 1)


def test_constant_attention_is_counted_and_stays_at_chance(tmp_path: Path) -> None:
    labels = made.videos(2)
    clips = [replace(clip, attention=np.full_like(clip.attention, 1 / 30)) for clip in made.clips(labels)]
    found = _run(tmp_path, clips, labels)
    summary = _summary(found, "clip", Pattern.A_LINE)
    assert summary.constant == summary.n > 0
    for measure in summary.measures:
        assert measure.value.value == pytest.approx(measure.chance)
        assert measure.gain.value == pytest.approx(0)


def test_networks_are_judged_apart(tmp_path: Path) -> None:
    labels = made.videos()
    good = [replace(clip, network="good 1") for clip in made.clips(labels, sharpness=5.0)]
    write_clip_attention(tmp_path / "good.csv", good)
    write_clip_attention(tmp_path / "poor.csv", [replace(clip, network="poor 2") for clip in made.clips(labels)])
    frames = made.write_frame_table(tmp_path / "frames.csv", labels)
    options = AttentionOptions((tmp_path / "good.csv", tmp_path / "poor.csv"), frames, resamples=20)
    found = evaluate_attention(options, [clip.clip_id for clip in good])
    assert found.networks == ("good 1", "poor 2")
    areas = {
        one.network: one.measures[2].value.value
        for one in found.summaries
        if (one.level, one.pattern) == ("clip", Pattern.A_LINE)
    }
    assert areas["good 1"] == 1.0 > areas["poor 2"]


def test_the_median_clip_is_the_middle_one_by_area_then_name(tmp_path: Path) -> None:
    labels = made.videos()
    found = _run(tmp_path, made.clips(labels, sharpness=0.1), labels)
    held = sorted(
        (case.found.area, case.name) for case in found.cases if case.level == "clip" and case.pattern is Pattern.A_LINE
    )
    chosen = median_clips(found, found.networks[0])
    assert (chosen[Pattern.A_LINE].found.area, chosen[Pattern.A_LINE].name) == held[(len(held) - 1) // 2]
    assert Pattern.CONSOLIDATION not in chosen


def test_what_does_not_fit_is_one_sentence(tmp_path: Path) -> None:
    labels = made.videos(1)
    clips = made.clips(labels)
    with pytest.raises(EvaluationError, match="none of the 4 clips with attention is in the truth"):
        _run(tmp_path / "a", clips, labels, ids=["x"])
    with pytest.raises(EvaluationError, match="no attention of the clip x of the truth"):
        _run(tmp_path / "b", clips, labels, examples=("x",))
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match="holds no"):
        _run(tmp_path / "c", clips, labels, attention=(tmp_path / "empty",))
    write_clip_attention(tmp_path / "twice.csv", clips)
    with pytest.raises(EvaluationError, match="comes twice"):
        _run(tmp_path / "d", clips, labels, attention=(tmp_path / "twice.csv", tmp_path / "twice.csv"))
    odd = made.clip("7_00002", Span(0, 30), np.ones((4, 30, 2)))
    write_clip_attention(tmp_path / "odd.csv", [replace(odd, patterns=("A-line", "B-line", "Rib", "Pleural effusion"))])
    with pytest.raises(EvaluationError, match="'Rib' is none of the patterns"):
        _run(tmp_path / "e", clips, labels, attention=(tmp_path / "odd.csv",), ids=[odd.clip_id])
