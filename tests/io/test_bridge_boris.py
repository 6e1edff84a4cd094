"""BORIS: both layouts of event tables, aggregated events, projects, and events that do not fit together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from luv_viewer.domain.pattern import Pattern
from luv_viewer.io.bridges import Bridged, BridgeError, read_intervals

OLD = """Observation id\tobservation 1\t\t\t
\t\t\t\t
Media file(s)\t\t\t\t
\t\t\t\t
Player #1\tC:\\clips\\lung.mp4\t\t\t
Observation date\t2016-11-27 01:57:26\t\t\t
Time offset (s)\t0.0\t\t\t
\t\t\t\t
Time\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\tBehavioral category\tComment\tStatus
0.400\tC:\\clips\\lung.mp4\t10.0\t25.0\tR1\tA-line\t\t\tSTART
0.600\tC:\\clips\\lung.mp4\t10.0\t25.0\tR1\tB-line\t\t\tSTART
1.000\tC:\\clips\\lung.mp4\t10.0\t25.0\tR1\tA-line\t\t\tSTOP
1.200\tC:\\clips\\lung.mp4\t10.0\t25.0\tR1\tB-line\t\t\tSTOP
2.000\tC:\\clips\\lung.mp4\t10.0\t25.0\tR1\teffusion\t\t\tPOINT
"""

NEW_HEADER = "Observation id,Source,FPS (frame/s),Subject,Behavior,Behavioral category,Behavior type,Time,Image index"


def read(tmp_path: Path, text: str, name: str = "events.tsv", fps: float | None = None) -> Bridged:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_intervals(tmp_path / name, fps=fps)


def labels(bridged: Bridged) -> list[tuple[str, ...]]:
    return [tuple(frames.label for frames in video.present) for video in bridged.videos]


def test_the_older_layout_with_lines_before_the_header(tmp_path: Path) -> None:
    bridged = read(tmp_path, OLD)
    (video,) = bridged.videos
    assert (video.name, video.fps) == ("lung.mp4", 25)
    assert labels(bridged) == [("11_25", "16_30", "", "", "51")]
    assert (bridged.losses, bridged.problems) == ((), ())


def test_the_callers_rate_comes_before_the_files(tmp_path: Path) -> None:
    assert labels(read(tmp_path, OLD, fps=50))[0][0] == "21_50"


def test_the_newer_layout_prefers_image_numbers_counted_from_0_or_1(tmp_path: Path) -> None:
    def rows(first: int) -> str:
        return "\n".join(
            (
                NEW_HEADER,
                f"o1,player #1:v/one.mp4,25,,B-line,,START,0.4,{10 + first}",
                f"o1,player #1:v/one.mp4,25,,B-line,,STOP,0.81,{21 + first}",
                f"o1,player #1:v/one.mp4,25,,grunt,,POINT,2.0,{50 + first}",
                "o2,,25,,A-line,,POINT,1.0,NA",
            )
        )

    for first in (0, 1):
        # 0.81 s lies in frame 20 from 0; image 21 was stored, and is preferred.
        bridged = read(tmp_path, rows(first), "events.csv")
        assert [video.name for video in bridged.videos] == ["one.mp4", "o2"]
        assert labels(bridged) == [("", "11_21", "", "", ""), ("26", "", "", "", "")]


def test_image_numbers_without_times_count_from_1(tmp_path: Path) -> None:
    text = f"{NEW_HEADER}\no1,,,,B-line,,START,NA,3\no1,,,,B-line,,STOP,NA,5"
    bridged = read(tmp_path, text)
    assert labels(bridged)[0][1] == "3_4"
    assert "images are taken to be counted from 1" in bridged.problems[0]


def test_a_stated_time_offset_is_told(tmp_path: Path) -> None:
    bridged = read(tmp_path, OLD.replace("Time offset (s)\t0.0", "Time offset (s)\t12.5"))
    assert bridged.problems == ("events.tsv: a time offset of 12.5 s is stated and not applied; check one interval.",)


def test_aggregated_events(tmp_path: Path) -> None:
    text = (
        "Observation id\tMedia file name\tFPS\tSubject\tBehavior\tBehavior type\tStart (s)\tStop (s)\tDuration (s)\n"
        "o1\ta.mp4\t25.0\t\tConsolidation\tSTATE\t00:00:00.400\t00:00:01.000\t0.6\n"
        "o1\ta.mp4\t25.0\t\tA-line\tPOINT\t2.0\t2.0\tNA\n"
        "o2\tb.mp4\t50.0\t\tA-line\tSTATE\t1,0\t2,0\t1\n"
        "o2\tb.mp4\t50.0\t\tA-line\tSTATE\t-1\t2\t1\n"
        "o2\tb.mp4\t50.0\t\tA-line\tSTATE\t5\t4\t1\n"
    )
    bridged = read(tmp_path, text)
    assert labels(bridged) == [("51", "", "", "11_25", ""), ("51_100", "", "", "", "")]
    assert len(bridged.problems) == 2
    assert "from -1 s to 2 s was left out" in bridged.problems[0]


def test_events_that_do_not_fit_are_told_and_left_out(tmp_path: Path) -> None:
    rows = [("A-line", "STOP", 1), ("A-line", "START", 2), ("A-line", "START", 3), ("A-line", "STOP", 4)]
    rows += [("B-line", "START", 5), ("grunt", "POINT", 6)]
    text = "Time\tFPS\tBehavior\tStatus\n" + "\n".join(f"{t}\t10\t{label}\t{status}" for label, status, t in rows)
    bridged = read(tmp_path, text)
    assert labels(bridged) == [("31_40", "", "", "", "")]
    told = " ".join(bridged.problems)
    assert "'A-line' stops at 1 s without having started" in told
    assert "'A-line' starts at 2 s and starts again before it stops" in told
    assert "'B-line' starts at 5 s and never stops" in told
    assert any("label 'grunt' left out" in loss for loss in bridged.losses)


def test_subjects_have_states_of_their_own_and_a_state_may_follow_itself(tmp_path: Path) -> None:
    rows = [("x", "START", 1), ("y", "START", 2), ("x", "STOP", 3), ("y", "STOP", 4), ("x", "START", 6)]
    rows += [("x", "START", 8), ("x", "STOP", 8), ("x", "STOP", 9)]
    text = "Time\tFPS\tSubject\tBehavior\tStatus\n" + "\n".join(f"{t}\t1\t{who}\tA\t{s}" for who, s, t in rows)
    bridged = read(tmp_path, text)
    assert labels(bridged)[0][0] == "2_4, 7_9"
    assert bridged.problems == ()


def project(**changes: object) -> str:
    observation = {
        "type": "MEDIA",
        "file": {"1": ["/clips/a.mp4"], "2": []},
        "media_info": {"fps": {"/clips/a.mp4": 25.0}},
        "time offset": 0.0,
        "events": [
            [0.4, "R1", "B", "", "", 10],
            [0.5, "R1", "E", "", "a comment", 12],
            [1.0, "R1", "B", "", "", 25],
            [2.0, "R1", "A", "None", ""],
        ],
        **changes,
    }
    ethogram = {
        "0": {"code": "B", "type": "State event"},
        "1": {"code": "E", "type": "Point event"},
        "2": {"code": "A", "type": "State event with coding map"},
    }
    return json.dumps({"behaviors_conf": ethogram, "observations": {"first": observation}})


def test_a_project(tmp_path: Path) -> None:
    (tmp_path / "p.boris").write_text(project())
    bridged = read_intervals(tmp_path / "p.boris", labels={"e": Pattern.PLEURAL_EFFUSION})
    (video,) = bridged.videos
    assert (video.name, labels(bridged)) == ("a.mp4", [("", "11_25", "", "", "13")])
    assert bridged.problems == (
        "p.boris, a.mp4: 'A' starts at 2 s and never stops; it was left out. Correct it in BORIS.",
    )


def test_a_project_whose_times_cannot_be_placed_says_so(tmp_path: Path) -> None:
    several = read(tmp_path, project(file={"1": ["a.mp4", "b.mp4"]}), "p.boris")
    assert several.videos == ()
    assert "plays 2 files in turn" in several.problems[0]
    shifted = read(tmp_path, project(**{"time offset": 3.5}), "p.boris")
    assert "p.boris, first: a time offset of 3.5 s is stated and not applied" in shifted.problems[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (project(events=[["soon", "", "B", "", ""]]), "expected seconds as the time of 'B', found 'soon'"),
        (project(events=[[1.0, "", "Z", "", ""]]), "'Z' is not in the ethogram"),
        (project(events=[3]), "are no rows"),
        ('{"observations": []}', "has no observations"),
        ('{"observations": {"a": 3}}', "is no object"),
        ('{"a": 1}', "JSON of no known kind"),
        (project()[:90], "not whole JSON"),
        (OLD.replace("STOP", "HALT"), "row 12: expected START, STOP or POINT, found 'halt'"),
        (OLD.replace("0.600", "0.6.0"), "row 11: expected seconds as time, found '0.6.0'"),
        (OLD.replace("25.0", ""), "no frame rate for lung.mp4"),
        ("hello", "no columns of intervals"),
        ("", "no columns of intervals"),
        ("a\0b", "no text table"),
    ],
)
def test_malformed_files_are_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BridgeError, match=told):
        read(tmp_path, text)
