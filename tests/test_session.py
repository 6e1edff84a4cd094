"""The session's rules, with a clock of the test's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.playback import LoopMode
from luv_viewer.domain.study import Study
from luv_viewer.domain.timing import Timing, TimingSource
from luv_viewer.domain.video import StudyGroup, Video, VideoSource
from luv_viewer.session import Session
from tests.widgets.builders_widgets import build_prediction


class BlackFrames:
    """A store of black 4 x 6 frames that knows whether it was closed."""

    closed = False

    def read(self, i: int) -> np.ndarray:
        return np.zeros((4, 6, 3), np.uint8)

    def video_id(self) -> str:
        return "1.2.3"

    def frame_digest(self, i: int) -> str:
        return "0" * 64

    def close(self) -> None:
        self.closed = True


def video(n_frames: int = 100, fps: float = 25.0) -> Video:
    return Video(
        title="test",
        height=4,
        width=6,
        timing=Timing.regular(n_frames, fps, TimingSource.CINE_RATE),
        region=(0, 0, 6, 4),
        spacing_mm=None,
        source=VideoSource(Path("test.dcm"), None, "test"),
        group=StudyGroup("a", "Study 1"),
        store=BlackFrames(),
        cache=FrameCache(),
    )


class Clock:
    """A clock that stands still until told."""

    now_s = 10.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(qtbot: QtBot, clock: Clock) -> Session:
    session = Session(clock)
    session.set_study(Study("s", Path("s"), (video(), video(30), video(1))))
    return session


def paint(session: Session) -> None:
    assert session.video is not None
    session.frame_was_shown(session.video, session.player.frame, session.player.due_ticket())


def test_frames_not_painted_in_time_count_as_dropped(session: Session, clock: Clock) -> None:
    session.player.play()
    paint(session)
    clock.now_s += 0.041
    session.player.tick()
    paint(session)
    assert (session.player.frame, session.player.dropped) == (1, 0)
    clock.now_s += 0.200
    session.player.tick()
    paint(session)
    assert (session.player.frame, session.player.dropped) == (6, 4)


def test_dropped_frames_are_counted_across_the_loop(session: Session, clock: Clock) -> None:
    session.player.show_frame(98)
    session.player.play()
    paint(session)
    clock.now_s += 0.130
    session.player.tick()
    paint(session)
    assert (session.player.frame, session.player.dropped) == (1, 2)


def test_seeking_while_playing_drops_nothing(session: Session, clock: Clock) -> None:
    session.player.play()
    paint(session)
    session.player.show_frame(70)
    paint(session)
    assert (session.player.is_playing, session.player.dropped) == (True, 0)
    clock.now_s += 0.041
    session.player.tick()
    assert session.player.frame == 71


def test_speed_changes_keep_the_play_head(session: Session, clock: Clock) -> None:
    session.player.play()
    clock.now_s += 1.001
    session.player.set_speed(0.5)
    assert session.player.frame == 25
    clock.now_s += 1.001
    session.player.tick()
    assert session.player.frame == 37
    with pytest.raises(ValueError, match="speed must be one of"):
        session.player.set_speed(3.0)


def test_a_single_pass_ends_and_starts_again_from_the_front(session: Session, clock: Clock) -> None:
    session.player.set_loop_mode(LoopMode.OFF)
    session.player.play()
    clock.now_s += 60
    session.player.tick()
    assert (session.player.frame, session.player.is_playing) == (99, False)
    session.player.play()
    assert session.player.frame == 0


def test_a_still_does_not_play(session: Session) -> None:
    session.show_video(2)
    session.player.play()
    assert not session.player.is_playing


def test_frames_are_clamped_and_steps_pause(session: Session) -> None:
    session.player.play()
    session.player.step_frames(-5)
    assert (session.player.frame, session.player.is_playing) == (0, False)
    session.player.show_frame(10_000)
    assert session.player.frame == 99


def test_a_result_for_another_video_is_dropped(session: Session) -> None:
    first = session.video
    assert first is not None
    session.show_video(1)
    session.set_prediction(first, build_prediction(100))
    assert session.prediction is None


def test_looping_a_clip_plays_the_clip_under_the_play_head(session: Session, clock: Clock) -> None:
    assert session.video is not None
    session.set_prediction(session.video, build_prediction(100))
    session.player.show_frame(40)
    session.player.set_loop_mode(LoopMode.CLIP)
    session.player.play()
    seen = set()
    for _ in range(200):
        clock.now_s += 0.02
        session.player.tick()
        seen.add(session.player.frame)
    assert seen == set(range(24, 54))


def test_next_unfinished_goes_round_and_stops_when_all_is_seen(session: Session) -> None:
    assert session.study is not None
    session.show_next_unfinished()
    assert session.video_index == 1
    session.show_video(2)
    session.frame_was_shown(session.study.videos[2], 0, None)
    assert session.seen_fraction(2) == 1
    session.show_next_unfinished()
    assert session.video_index == 0
    for index, shown in enumerate(session.study.videos):
        session.show_video(index)
        for frame in range(shown.n_frames):
            session.frame_was_shown(shown, frame, None)
    session.show_next_unfinished()
    assert session.video_index == 2


def test_key_frames_follow_the_clip_shown_alone(session: Session) -> None:
    assert session.key_frames() is None
    assert session.video is not None
    prediction = build_prediction(100)
    session.set_prediction(session.video, prediction)
    assert session.key_frames() == prediction.top_frames[1]
    session.show_clip_alone(True)
    clip = prediction.clip_at(0)
    assert clip is not None
    assert session.key_frames() == prediction.clip_top_frames(clip)[1]


def test_a_new_study_releases_the_files_of_the_old_one(session: Session) -> None:
    assert session.study is not None
    stores = [shown.store for shown in session.study.videos]
    session.set_study(None)
    assert all(store.closed for store in stores)  # type: ignore[attr-defined]
    assert session.video is None
    with pytest.raises(IndexError):
        session.show_video(0)
