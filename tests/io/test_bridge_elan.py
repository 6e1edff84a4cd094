"""ELAN: frames to milliseconds and back for every frame rate, tiers of other people, malformed files."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.track import Track, frames_of
from luv_viewer.io.bridges import BridgeError, Outgoing, read_intervals, write_elan

N = 30
FloatArray = NDArray[np.float64]


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    cuts = sorted(draw(st.sets(st.integers(0, N), max_size=8)))
    return tuple(Span(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False))


regular_times = st.floats(0.5, 200).map(lambda fps: np.arange(N) / fps)
irregular_times = st.lists(st.floats(0.005, 0.4), min_size=N - 1, max_size=N - 1).map(
    lambda gaps: np.concatenate(([0.0], np.cumsum(gaps)))
)


def read_back(path: Path, name: str, times_s: FloatArray) -> tuple[str, ...]:
    (video,) = read_intervals(path, times={name: times_s}).videos
    return tuple(frames.label for frames in video.present)


@given(st.tuples(*[tracks()] * len(TRACK_PATTERNS)), regular_times | irregular_times)
def test_every_frame_comes_back_for_every_rate_up_to_200_fps(
    tmp_path_factory: pytest.TempPathFactory, present: tuple[Track, ...], times_s: FloatArray
) -> None:
    path = tmp_path_factory.mktemp("elan") / "a.eaf"
    losses = write_elan(path, Outgoing("clip.mp4", N, present), times_s)
    assert len(losses) == 1
    assert read_back(path, "clip.mp4", times_s) == tuple(frames_of(track).label for track in present)


@pytest.mark.parametrize("fps", [1, 7.5, 24, 25, 29.97, 30, 30000 / 1001, 33, 47, 60, 99.9, 120, 144, 200])
def test_every_single_frame_comes_back(tmp_path: Path, fps: float) -> None:
    times = np.arange(400) / fps
    # Every second frame in one tier, the others in another: no frame may fall to its neighbour.
    even, odd = (tuple(Span(i, i + 1) for i in range(first, 400, 2)) for first in (0, 1))
    write_elan(tmp_path / "a.eaf", Outgoing("clip.mp4", 400, (even, odd, (), (), ())), times)
    for known in ({"times": {"clip.mp4": times}}, {"fps": fps, "lengths": {"clip.mp4": 400}}):
        (video,) = read_intervals(tmp_path / "a.eaf", **known).videos  # type: ignore[arg-type]
        assert video.frames(Pattern.A_LINE).spans == even
        assert video.frames(Pattern.B_LINE).spans == odd


def test_frames_closer_than_a_millisecond_are_a_loss(tmp_path: Path) -> None:
    times = np.array([0.0, 0.0002, 0.0004, 0.1])
    losses = write_elan(tmp_path / "a.eaf", Outgoing("clip.mp4", 4, ((Span(1, 2),), (Span(3, 4),), (), (), ())), times)
    assert losses[1].startswith("1 of 2 intervals change when read back")


def test_a_still_comes_back(tmp_path: Path) -> None:
    times = np.zeros(1)
    write_elan(tmp_path / "a.eaf", Outgoing("still.png", 1, ((Span(0, 1),), *[()] * 4)), times)
    assert read_back(tmp_path / "a.eaf", "still.png", times) == ("1", "", "", "", "")


def test_sliding_and_the_media_name_come_back_and_no_path_is_written(tmp_path: Path) -> None:
    times = np.arange(10) / 25
    write_elan(tmp_path / "a.eaf", Outgoing("clip 1 é.mp4", 10, ((),) * 5, sliding=False), times)
    (video,) = read_intervals(tmp_path / "a.eaf", times={"clip 1 é.avi": times}).videos
    assert (video.name, video.sliding, video.n_frames) == ("clip 1 é.mp4", False, 10)
    assert str(tmp_path) not in (tmp_path / "a.eaf").read_text()


def test_the_document_has_what_elan_asks_for(tmp_path: Path) -> None:
    write_elan(tmp_path / "a.eaf", Outgoing("clip.mp4", 5, ((Span(1, 3), Span(3, 5)), *[()] * 4)), np.arange(5) / 25)
    root = ElementTree.parse(tmp_path / "a.eaf").getroot()
    assert (root.tag, root.get("FORMAT")) == ("ANNOTATION_DOCUMENT", "3.0")
    assert [child.tag for child in root] == ["HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE"]
    slots = {s.get("TIME_SLOT_ID"): s.get("TIME_VALUE") for s in root.iter("TIME_SLOT")}
    edges = [
        (slots[a.get("TIME_SLOT_REF1")], slots[a.get("TIME_SLOT_REF2")]) for a in root.iter("ALIGNABLE_ANNOTATION")
    ]
    assert edges == [("40", "120"), ("120", "200")]
    types = {t.get("LINGUISTIC_TYPE_ID") for t in root.iter("LINGUISTIC_TYPE")}
    assert {t.get("LINGUISTIC_TYPE_REF") for t in root.iter("TIER")} <= types


HEADER = (
    '<HEADER TIME_UNITS="milliseconds"><MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/x/a%20b.mp4" MIME_TYPE="video/mp4"/>'
    '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/x/a.wav" MIME_TYPE="audio/x-wav"/></HEADER>'
)
SLOTS = "".join(f'<TIME_SLOT TIME_SLOT_ID="t{v}" TIME_VALUE="{v}"/>' for v in (-50, -10, 0, 100, 200, 300, 5000))


def aligned(key: str, start: int, stop: int, value: str, extra: str = "") -> str:
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{key}" TIME_SLOT_REF1="t{start}" TIME_SLOT_REF2="t{stop}"'
        f"{extra}><ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def document(*tiers: tuple[str, str], rest: str = "", slots: str = SLOTS) -> str:
    body = "".join(f'<TIER TIER_ID="{name}" LINGUISTIC_TYPE_REF="t">{inner}</TIER>' for name, inner in tiers)
    return f"<ANNOTATION_DOCUMENT>{HEADER}<TIME_ORDER>{slots}</TIME_ORDER>{body}{rest}</ANNOTATION_DOCUMENT>"


def test_tiers_values_references_and_vocabularies(tmp_path: Path) -> None:
    reference = (
        '<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="r1" ANNOTATION_REF="a1"><ANNOTATION_VALUE>yes</ANNOTATION_VALUE>'
        "</REF_ANNOTATION></ANNOTATION>"
    )
    vocabulary = (
        '<CONTROLLED_VOCABULARY CV_ID="v"><CV_ENTRY_ML CVE_ID="c1"><CVE_VALUE LANG_REF="und">consolidation</CVE_VALUE>'
        "</CV_ENTRY_ML></CONTROLLED_VOCABULARY>"
    )
    text = document(
        ("A-lines", aligned("a1", 0, 100, "") + aligned("a2", 200, 300, "absent")),
        ("Findings", aligned("a3", 100, 200, "B-line") + aligned("a4", 0, 100, "", ' CVE_REF="c1"')),
        ("Confluent B-line", reference),
        ("Speech", aligned("a5", 0, 100, "hello")),
        ("Lung sliding", aligned("a6", 0, 300, "absent")),
        rest=vocabulary,
    )
    (tmp_path / "a.eaf").write_text(text)
    bridged = read_intervals(tmp_path / "a.eaf", fps=20)
    (video,) = bridged.videos
    assert (video.name, video.fps, video.sliding, video.n_frames) == ("a b.mp4", 20, False, None)
    assert [frames.label for frames in video.present] == ["1_2", "3_4", "1_2", "1_2", ""]
    assert "1 media file beside the first left out." in bridged.losses
    assert "1 annotation that states A-line absent left out." in bridged.losses
    assert any("label 'Speech' left out" in loss for loss in bridged.losses)


def test_untimed_backward_and_late_annotations_are_told(tmp_path: Path) -> None:
    untimed = SLOTS + '<TIME_SLOT TIME_SLOT_ID="t1"/>'
    inner = (
        aligned("a1", 0, 1, "")
        + aligned("a2", 300, 100, "")
        + aligned("a3", -50, -10, "")
        + aligned("a4", -50, 100, "")
        + aligned("a5", 200, 5000, "")
    )
    (tmp_path / "a.eaf").write_text(document(("A-line", inner), slots=untimed))
    bridged = read_intervals(tmp_path / "a.eaf", fps=20, lengths={"a b.mp4": 6})
    assert bridged.videos[0].frames(Pattern.A_LINE).label == "1_2, 5_6"
    assert "1 annotation without a time of its own left out." in bridged.losses
    assert any("300 to 100 ms" in p for p in bridged.problems)
    assert any("-50 to -10 ms" in p for p in bridged.problems)
    assert any("94 labelled frames lie after frame 6" in p for p in bridged.problems)


RING = (
    '<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="r1" ANNOTATION_REF="r2"/></ANNOTATION>'
    '<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="r2" ANNOTATION_REF="r1"/></ANNOTATION>'
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (document(("A-line", RING)), "in a ring"),
        (document(("A-line", aligned("a1", 0, 100, ""))).replace('"100"', '"soon"'), "found 'soon'"),
        (document()[:300], "not whole XML"),
        ("<!DOCTYPE x><ANNOTATION_DOCUMENT/>", "document type"),
    ],
)
def test_malformed_documents_are_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "a.eaf").write_text(text)
    with pytest.raises(BridgeError, match=told):
        read_intervals(tmp_path / "a.eaf", fps=25)


def test_times_alone_are_not_enough(tmp_path: Path) -> None:
    (tmp_path / "a.eaf").write_text(document())
    with pytest.raises(BridgeError, match=r"open the video a b.mp4 first, or give its frame rate"):
        read_intervals(tmp_path / "a.eaf")


def test_impossible_rates_and_times_are_the_callers_fault(tmp_path: Path) -> None:
    (tmp_path / "a.eaf").write_text(document())
    with pytest.raises(ValueError, match="frame rate must be positive"):
        read_intervals(tmp_path / "a.eaf", fps=float("nan"))
    with pytest.raises(ValueError, match="increase strictly"):
        read_intervals(tmp_path / "a.eaf", times={"a": np.array([0.0, 0.0])})
    with pytest.raises(ValueError, match="expected 5 frame times"):
        write_elan(tmp_path / "b.eaf", Outgoing("clip.mp4", 5, ((),) * 5), np.arange(4.0))
