"""CVAT: the task backups of the public sets, the rules of shapes and tracks, and XML there and back."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import Track, frames_of
from luv_viewer.io.bridges import BridgeError, Outgoing, Sliding, read_intervals, write_cvat

LABEL_OF = {"aline": Pattern.A_LINE, "bline": Pattern.B_LINE}
N_SETS = 77


def shape(label: str, frame: int, kind: str = "polygon") -> dict[str, object]:
    return {"type": kind, "label": label, "frame": frame, "points": [0, 0, 1, 1, 2, 0]}


def track(label: str, *keys: tuple[int, bool]) -> dict[str, object]:
    shapes = [{"type": "rectangle", "frame": frame, "outside": outside, "points": []} for frame, outside in keys]
    return {"label": label, "frame": keys[0][0] if keys else 0, "shapes": shapes}


def write_task(
    folder: Path,
    annotations: Mapping[str, object] | list[Mapping[str, object]],
    data: Mapping[str, object] | None = None,
    jobs: tuple[tuple[int, int], ...] = (),
) -> Path:
    """A task of 50 frames unless `data` says otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    task = {
        "name": f"{folder.name}.mp4",
        "data": {"start_frame": 0, "stop_frame": 49, **(data or {})},
        "jobs": [{"start_frame": a, "stop_frame": b} for a, b in jobs],
    }
    (folder / "task.json").write_text(json.dumps(task))
    (folder / "annotations.json").write_text(json.dumps(annotations))
    return folder


def frames_by_a_plain_loop(folder: Path, label: str) -> set[int]:
    """Frames with a label, straight from the JSON, one frame at a time."""
    stop = json.loads((folder / "task.json").read_text())["data"]["stop_frame"]
    found = set()
    for part in json.loads((folder / "annotations.json").read_text()):
        found |= {s["frame"] for s in part["shapes"] if s["label"] == label}
        for tracked in part["tracks"]:
            state = {s["frame"]: not s["outside"] for s in tracked["shapes"]}
            shown = False
            for frame in range(stop + 1):
                shown = state.get(frame, shown)
                if shown and tracked["label"] == label:
                    found.add(frame)
    return found


def frames_in(frames: SpanSet) -> list[int]:
    return [frame for span in frames for frame in range(span.start, span.stop)]


def test_all_public_sets_are_read_and_agree_with_a_plain_loop(data_dir: Path) -> None:
    bridged = read_intervals(data_dir / "cvat")
    assert len(bridged.videos) == N_SETS
    folders = [p.parent for p in (data_dir / "cvat").rglob("task.json")]
    expected = []
    for folder in folders:
        name = json.loads((folder / "task.json").read_text())["name"]
        expected.append((name, *(sorted(frames_by_a_plain_loop(folder, label)) for label in LABEL_OF)))
    read = [(v.name, *(frames_in(v.frames(pattern)) for pattern in LABEL_OF.values())) for v in bridged.videos]
    assert sorted(read) == sorted(expected)
    for video in bridged.videos:
        assert video.sliding is True
        assert video.n_frames is not None
        assert not any(video.frames(pattern) for pattern in set(TRACK_PATTERNS) - set(LABEL_OF.values()))
    # One clip was labelled in two tasks, A-lines in one and B-lines in the other.
    (twice,) = bridged.problems
    assert "0005.AVI: 2 videos have this name" in twice


def test_the_losses_of_the_public_sets_are_counted(data_dir: Path) -> None:
    # 3155 shapes and 664 tracks, all polygons; 1986 + 374 of them are lung sliding.
    assert set(read_intervals(data_dir / "cvat").losses) == {
        "3819 polygons kept as frames only; the outline is lost.",
        "2360 marks of lung sliding became one statement per video; the frames are lost.",
    }


def test_a_hand_checked_set_of_tracks(data_dir: Path) -> None:
    # Its last track begins on the last frame, 254, and has no keyframe after it.
    (video,) = read_intervals(data_dir / "cvat" / "Dataset" / "USG-B-lines" / "task_453").videos
    assert (video.n_frames, video.sliding) == (254, True)
    assert len(video.frames(Pattern.B_LINE)) == 2
    (last,) = read_intervals(data_dir / "cvat" / "Dataset" / "USG-A-lines" / "task_432").videos
    assert last.frames(Pattern.A_LINE).spans[-1] == Span(253, 254)
    assert "Labels stand on single frames only; nothing is said of the frames between." in last.notes


def test_a_zip_of_tasks_is_read_as_their_folder_is(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "cvat" / "Dataset" / "USG-A-lines"
    with zipfile.ZipFile(tmp_path / "tasks.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*.json*"):
            archive.write(path, path.relative_to(folder))
    assert read_intervals(tmp_path / "tasks.zip") == read_intervals(folder)


def test_a_track_is_visible_between_its_keyframes_until_it_is_outside_or_the_task_ends(tmp_path: Path) -> None:
    tracks = [
        track("aline", (5, False), (10, False), (12, True), (20, False), (21, True)),
        track("bline", (40, False)),
        track("pleural_effusion", (3, False), (3, True)),
    ]
    (video,) = read_intervals(write_task(tmp_path / "clip", [{"tracks": tracks}])).videos
    assert video.frames(Pattern.A_LINE).label == "6_12, 21"
    assert video.frames(Pattern.B_LINE).label == "41_50"
    assert not video.frames(Pattern.PLEURAL_EFFUSION)


def test_a_track_ends_with_its_job(tmp_path: Path) -> None:
    parts: list[Mapping[str, object]] = [{"tracks": [track("aline", (5, False))]}, {"shapes": [shape("aline", 30)]}]
    (video,) = read_intervals(write_task(tmp_path / "clip", parts, jobs=((0, 24), (25, 49)))).videos
    assert video.frames(Pattern.A_LINE).label == "6_25, 31"


def test_start_frame_step_and_deleted_frames_lead_to_frames_of_the_video(tmp_path: Path) -> None:
    data = {"start_frame": 100, "stop_frame": 145, "frame_filter": "step=5", "deleted_frames": [3]}
    annotations = {"shapes": [shape("aline", 2)], "tracks": [track("bline", (2, False), (5, True))]}
    bridged = read_intervals(write_task(tmp_path / "clip", annotations, data))
    (video,) = bridged.videos
    assert video.frames(Pattern.A_LINE).label == "111"
    assert video.frames(Pattern.B_LINE).label == "111, 121"
    assert video.n_frames == 146
    assert any("one frame in 5" in note for note in video.notes)
    assert "1 frame deleted in CVAT: what was labelled there is left out." in bridged.losses


def test_labels_are_read_by_the_users_table_before_the_usual_one(tmp_path: Path) -> None:
    shapes = [shape("lung_atelectasis", 1), shape("aline", 2), shape("liver", 3), shape("liver", 4)]
    folder = write_task(tmp_path / "clip", {"shapes": shapes})
    bridged = read_intervals(folder, labels={"Lung Atelectasis": Pattern.CONSOLIDATION, "aline": None})
    (video,) = bridged.videos
    assert video.frames(Pattern.CONSOLIDATION).label == "2"
    assert not video.frames(Pattern.A_LINE)
    assert "1 mark with label 'aline' left out, as asked." in bridged.losses
    assert any(loss.startswith("2 marks with label 'liver' left out") for loss in bridged.losses)


def test_sliding_present_and_absent_is_a_conflict(tmp_path: Path) -> None:
    shapes = [shape("lungslidingpresent", 1), shape("lungslidingabsent", 9)]
    bridged = read_intervals(write_task(tmp_path / "clip", {"shapes": shapes}))
    assert bridged.videos[0].sliding is None
    assert bridged.problems == ("clip.mp4: lung sliding is labelled present and absent; it is left unknown.",)


def test_frames_beyond_the_task_or_the_video_are_reported(tmp_path: Path) -> None:
    folder = write_task(tmp_path / "clip", {"shapes": [shape("aline", 10), shape("aline", 50), shape("aline", -1)]})
    bridged = read_intervals(folder, lengths={"CLIP.avi": 8})
    assert bridged.videos[0].n_frames == 8
    assert not bridged.videos[0].frames(Pattern.A_LINE)
    assert [p.split(";")[0] for p in bridged.problems] == [
        "clip.mp4: frame 50 of the task does not exist, it has frames 0 to 49",
        "clip.mp4: frame -1 of the task does not exist, it has frames 0 to 49",
        "clip.mp4: 1 labelled frame lies after frame 8, the last one, and was left out",
    ]


def test_another_length_than_that_of_the_labelled_video_is_told(tmp_path: Path) -> None:
    folder = write_task(tmp_path / "clip", {"tracks": [track("lungslidingabsent", (4, True))]})
    (folder / "data").mkdir()
    (folder / "data" / "manifest.jsonl").write_text(
        '{"version":"1.1"}\n{"type":"video"}\n{"properties":{"name":"raw.mp4","resolution":[64,48],"length":50}}\n'
    )
    assert read_intervals(folder).problems == ()
    bridged = read_intervals(folder, lengths={"raw.avi": 49})
    assert bridged.videos[0].n_frames == 49
    assert bridged.problems == (
        "clip.mp4: the video has 49 frames, the labelled one has 50; check that they are the same.",
    )
    # A track that is never visible says nothing of lung sliding.
    assert bridged.videos[0].sliding is None


@pytest.mark.parametrize(
    ("annotations", "told"),
    [
        ("[{", "not whole JSON"),
        ("[3]", "expected an object"),
        ('{"shapes": 4}', "list of objects as shapes"),
        ('{"shapes": [{"label": "aline", "frame": 1.5}]}', "shape 1: expected a whole number as frame, found 1.5"),
        ('{"shapes": [{"label": 7, "frame": 1}]}', "shape 1: expected a label's name, found 7"),
        ('{"tracks": [{"label": "a", "shapes": [{"frame": 1e99}]}]}', "track 1: expected a whole number"),
        ("[" * 100_000, "not whole JSON"),
    ],
)
def test_malformed_annotations_are_one_sentence(tmp_path: Path, annotations: str, told: str) -> None:
    folder = write_task(tmp_path / "clip", {})
    (folder / "annotations.json").write_text(annotations)
    with pytest.raises(BridgeError, match=told):
        read_intervals(folder)
    write_task(tmp_path / "whole", {"shapes": [shape("aline", 1)]})
    both = read_intervals(tmp_path)
    assert [video.name for video in both.videos] == ["whole.mp4"]
    assert told in both.problems[0]


def test_archives_that_lead_out_or_are_cut_off_are_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("../task.json", "{}")
    with pytest.raises(BridgeError, match="leads out"):
        read_intervals(bad)
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("task.json", "{}" * 1000)
    (tmp_path / "cut.zip").write_bytes(whole.read_bytes()[:500])
    with pytest.raises(BridgeError, match="damaged or cut off"):
        read_intervals(tmp_path / "cut.zip")
    with pytest.raises(BridgeError, match="not whole JSON"):
        read_intervals(whole)


def test_a_member_that_unpacks_to_far_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luv_viewer.io.bridges.sources.MAX_BYTES", 10_000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("task.json", " " * 1_000_000)
    with pytest.raises(BridgeError, match="is larger than"):
        read_intervals(tmp_path / "bomb.zip")


def test_a_folder_without_tasks_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match=r"holds no CVAT task \(task.json\)"):
        read_intervals(tmp_path)


XML = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
 <meta><task><id>4</id><name>clip</name><size>10</size><start_frame>20</start_frame><stop_frame>38</stop_frame>
  <frame_filter>step=2</frame_filter>
  <original_size><width>640</width><height>480</height></original_size></task><source>clip.mp4</source></meta>
 <track id="0" label="aline">
  <polygon frame="22" keyframe="1" outside="0" occluded="0" points="1,1;2,2;3,1"/>
  <polygon frame="24" keyframe="0" outside="0" occluded="0" points="1,1;2,2;3,1"/>
  <polygon frame="28" keyframe="1" outside="1" occluded="0" points="1,1;2,2;3,1"/>
 </track>
 <track id="1" label="bline"><box frame="36" keyframe="1" outside="0" xtl="0" ytl="0" xbr="640" ybr="480"/></track>
</annotations>"""


def test_frames_in_xml_are_frames_of_the_video(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(XML)
    bridged = read_intervals(tmp_path / "a.xml")
    (video,) = bridged.videos
    assert (video.name, video.n_frames) == ("clip", 39)
    assert video.frames(Pattern.A_LINE).label == "23, 25, 27"
    assert video.frames(Pattern.B_LINE).label == "37, 39"
    assert bridged.losses == ("1 polygon kept as frames only; the outline is lost.",)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("annotations.xml", XML)
        archive.writestr("images/frame_000000.png", b"")
    assert read_intervals(tmp_path / "a.zip") == bridged


def test_tasks_of_a_project_and_tags_on_images(tmp_path: Path) -> None:
    tasks = "".join(f"<task><id>{i}</id><name>v{i}.mp4</name><size>9</size></task>" for i in (1, 2))
    xml = (
        f"<annotations><meta><project><tasks>{tasks}</tasks></project></meta>"
        '<image id="3" name="f" task_id="1"><tag label="B-line"/></image>'
        '<image id="4" name="f" task_id="2"><box label="A-line" xtl="0" ytl="0" xbr="1" ybr="1"/></image></annotations>'
    )
    (tmp_path / "p.xml").write_text(xml)
    bridged = read_intervals(tmp_path / "p.xml")
    assert [(v.name, v.frames(Pattern.B_LINE).label, v.frames(Pattern.A_LINE).label) for v in bridged.videos] == [
        ("v1.mp4", "4", ""),
        ("v2.mp4", "", "5"),
    ]
    assert bridged.losses == ("1 box kept as frames only; the outline is lost.",)


BOMB = '<!DOCTYPE a [<!ENTITY x "aaaa"><!ENTITY y "&x;&x;&x;">]><annotations>&y;</annotations>'
OUTSIDER = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><annotations>&x;</annotations>'


@pytest.mark.parametrize(
    ("xml", "told"),
    [
        (BOMB, "declares a document type"),
        (OUTSIDER, "declares a document type"),
        (XML[:400], "not whole XML"),
        ("<annotations/>", "no <meta> with a task"),
        ("<html/>", "begins with <html>"),
        (XML.replace('frame="22"', 'frame="x"'), "expected a frame number, found 'x'"),
        (XML.replace("<size>10", "<size>-1"), "expected a whole number as size"),
        (XML.replace(' label="aline"', ""), "a track has no label"),
        ("<a>" * 60 + "</a>" * 60, "nested more than"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "not whole XML"),
    ],
)
def test_malformed_xml_is_one_sentence(tmp_path: Path, xml: str, told: str) -> None:
    (tmp_path / "a.xml").write_text(xml)
    with pytest.raises(BridgeError, match=told):
        read_intervals(tmp_path / "a.xml")


N = 40


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    cuts = sorted(draw(st.sets(st.integers(0, N), max_size=8)))
    return tuple(Span(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False))


@given(st.tuples(*[tracks()] * len(TRACK_PATTERNS)), st.sampled_from([None, True, False]), st.booleans())
def test_what_is_written_for_cvat_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, present: tuple[Track, ...], sliding: bool | None, sized: bool
) -> None:
    path = tmp_path_factory.mktemp("cvat") / "annotations.xml"
    write_cvat(path, Outgoing("clip é&<.mp4", N, present, sliding, (640, 480) if sized else None))
    (video,) = read_intervals(path).videos
    assert (video.name, video.n_frames, video.sliding) == ("clip é&<.mp4", N, sliding)
    assert video.present == tuple(frames_of(track) for track in present)


def test_cvat_gets_no_frame_after_the_last_and_labels_of_its_own_task(tmp_path: Path) -> None:
    present: tuple[Track, ...] = ((Span(3, 5), Span(5, 10)), *[()] * 4)
    losses = write_cvat(tmp_path / "a.xml", Outgoing("clip.mp4", 10, present), {Pattern.A_LINE: "aline"})
    text = (tmp_path / "a.xml").read_text()
    assert text.count("<track ") == text.count('label="aline"') == 2
    assert 'frame="10"' not in text
    assert "<name>aline</name>" in text
    assert any("rectangle over the whole picture" in loss for loss in losses)
    assert any("size is not known" in loss for loss in losses)


def test_full_picture_rectangles_lose_no_outline(tmp_path: Path) -> None:
    present: tuple[Track, ...] = ((Span(3, 5),), *[()] * 4)
    write_cvat(tmp_path / "a.xml", Outgoing("clip.mp4", 10, present, size_px=(640, 480)))
    assert read_intervals(tmp_path / "a.xml").losses == ()


def test_outgoing_checks_itself() -> None:
    with pytest.raises(ValueError, match="file name"):
        Outgoing("folder/clip.mp4", 10, ((),) * 5)
    with pytest.raises(ValueError, match="ends after frame 10"):
        Outgoing("clip.mp4", 10, ((Span(3, 11),), *[()] * 4))


def test_sliding_is_a_label_of_its_own() -> None:
    assert Outgoing("a", 4, ((),) * 5, sliding=False).stated() == [(Sliding.ABSENT, Span(0, 4))]
    assert SpanSet.of(Span(0, 4)).label == "1_4"
