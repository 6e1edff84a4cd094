"""Shows the session in the window: every change of state, and the pictures that threads deliver."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from luv_viewer.domain.ai_state import AiPhase
from luv_viewer.domain.prediction import NO_PATTERN_ATTENTION
from luv_viewer.jobs import FrameFailure, FramePicture, Jobs, SmallPicture
from luv_viewer.jobs.pictures import PictureRequest
from luv_viewer.player import PlayTicket
from luv_viewer.session import Session
from luv_viewer.widgets.ai_status import AiKind
from luv_viewer.widgets.main_window import MainWindow
from luv_viewer.widgets.study_panel import THUMBNAIL_PX
from luv_viewer.widgets.top_frames import NONE_STANDS_OUT

TOP_FRAME_PX = (120, 96)
_PHASE_KINDS: dict[AiPhase, AiKind] = {
    AiPhase.OFF: "idle",
    AiPhase.IDLE: "idle",
    AiPhase.WAITING: "waiting",
    AiPhase.RUNNING: "running",
    AiPhase.DONE: "done",
    AiPhase.STOPPED: "stopped",
    AiPhase.NOT_ASSESSED: "failed",
    AiPhase.NO_CHECKPOINT: "failed",
}
_PHASE_ACTIONS = {
    AiPhase.OFF: "Turn on",
    AiPhase.STOPPED: "Run again",
    AiPhase.NOT_ASSESSED: "Try again",
    AiPhase.NO_CHECKPOINT: "Choose a checkpoint …",
}


class Presenter(QObject):
    """One way only: from session and jobs to the window. What the user wants goes through the desk."""

    def __init__(self, session: Session, jobs: Jobs, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._jobs, self._window = session, jobs, window
        session.study_changed.connect(self._show_study)
        session.video_changed.connect(self._show_video)
        session.player.frame_changed.connect(self._show_frame)
        session.prediction_changed.connect(self._show_prediction)
        session.ai_state_changed.connect(self._show_ai_state)
        session.checkpoint_changed.connect(self._show_checkpoint)
        session.view_changed.connect(self._show_view)
        session.seen_changed.connect(self._show_seen)
        session.problem_raised.connect(window.notice.say)
        jobs.picture_ready.connect(self._show_picture)
        jobs.frame_failed.connect(self._show_frame_failure)
        jobs.small_picture_ready.connect(self._show_small_picture)
        jobs.opening_changed.connect(window.say_working)
        jobs.open_failed.connect(window.notice.say)
        window.video_view.painted.connect(self._frame_painted)
        window.study_panel.thumbnails_needed.connect(self._request_thumbnails)
        window.top_frames.pictures_needed.connect(self._request_top_frames)
        window.say_working(jobs.opening)
        self._show_ai_state()

    def tell_failures(self, *, unfolded: bool = True) -> None:
        """Say which files of the study were left out, and why; folded: only how many."""
        failures = self._session.study.failures if self._session.study else ()
        count = len(failures)
        sentence = f"{count} file{'s were' if count != 1 else ' was'} left out." if count else "No file was left out."
        self._window.notice.say(sentence, "\n".join(failure.message for failure in failures), unfolded=unfolded)

    def _show_study(self) -> None:
        study = self._session.study
        self._window.study_panel.set_study(study)
        self._window.show_cine(study is not None)
        self._window.setWindowTitle("LUV Viewer" if study is None else f"{study.title} – LUV Viewer")
        if study is None:
            self._window.notice.clear()
            return
        if study.failures:
            self.tell_failures(unfolded=False)

    def _show_video(self) -> None:
        video, window = self._session.video, self._window
        if video is None:
            window.video_view.set_video(None, None)
            window.timeline.clear()
        else:
            window.study_panel.set_current(self._session.video_index)
            window.video_view.set_video(video.region, video.spacing_mm)
            window.timeline.set_video(video.n_frames, video.times_s)
        self._show_prediction()

    def _show_checkpoint(self) -> None:
        info = self._session.checkpoint
        self._window.pattern_panel.set_checkpoint(None if info is None else info.name)
        unproven = ", ".join(info.unproven) if info is not None else ""
        self._window.pattern_panel.set_caution(f"Unproven: {unproven}" if unproven else "")

    def _show_seen(self, index: int) -> None:
        self._window.study_panel.set_seen(index, self._session.seen_fraction(index))

    def _show_frame(self, frame: int) -> None:
        window, prediction = self._window, self._session.prediction
        window.timeline.set_frame(frame)
        window.pattern_panel.set_frame(frame)
        if self._session.shows_clip_alone and prediction is not None:
            window.timeline.set_clip_shown(prediction.clip_at(frame))
            self._show_top_frames()

    def _show_picture(self, picture: FramePicture) -> None:
        self._window.video_view.set_picture(picture.rgb, picture.frame, picture.ticket)

    def _show_frame_failure(self, failure: FrameFailure) -> None:
        self._window.video_view.set_caption(failure.sentence)

    def _frame_painted(self, frame: int, ticket: PlayTicket | None) -> None:
        if self._session.video is not None:
            self._session.frame_was_shown(self._session.video, frame, ticket)

    def _show_prediction(self) -> None:
        prediction = self._session.prediction
        self._window.timeline.set_prediction(prediction)
        self._window.pattern_panel.set_prediction(prediction)
        self._show_view()

    def _show_view(self) -> None:
        session, window, prediction = self._session, self._window, self._session.prediction
        pattern = session.selected_pattern
        window.video_view.set_window_level(session.window_level)
        window.timeline.set_selected_pattern(pattern)
        window.pattern_panel.set_selected_pattern(pattern)
        window.menu_actions["clip_alone"].setChecked(session.shows_clip_alone)
        alone = prediction if session.shows_clip_alone else None
        window.timeline.set_clip_shown(None if alone is None else alone.clip_at(session.player.frame))
        self._show_top_frames()

    def _show_top_frames(self) -> None:
        session, prediction = self._session, self._session.prediction
        pattern = session.selected_pattern
        has_attention = prediction is None or prediction.has_attention
        why_none = NONE_STANDS_OUT if has_attention else NO_PATTERN_ATTENTION.capitalize()
        self._window.top_frames.set_key_frames(pattern, session.key_frames(), why_none)
        if prediction is not None and pattern in prediction.patterns:
            self._window.top_frames.set_present(bool(prediction.present[prediction.patterns.index(pattern)]))

    def _request_thumbnails(self, indices: list[int]) -> None:
        study = self._session.study
        if study is not None:
            size = self._device_px(THUMBNAIL_PX)
            self._jobs.request_pictures([PictureRequest(study.videos[i], 0, *size) for i in indices], urgent=False)

    def _request_top_frames(self, frames: list[int]) -> None:
        video = self._session.video
        if video is not None:
            size = self._device_px(TOP_FRAME_PX)
            self._jobs.request_pictures([PictureRequest(video, frame, *size) for frame in frames], urgent=True)

    def _show_small_picture(self, picture: SmallPicture) -> None:
        study, request = self._session.study, picture.request
        if study is None or picture.rgb is None or request.video not in study.videos:
            return
        height, width = picture.rgb.shape[:2]
        image = QImage(picture.rgb.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        image.setDevicePixelRatio(self._window.devicePixelRatioF())
        if (request.width_px, request.height_px) == self._device_px(THUMBNAIL_PX):
            self._window.study_panel.set_thumbnail(study.videos.index(request.video), image)
        elif request.video is self._session.video:
            self._window.top_frames.set_picture(request.frame, image)

    def _device_px(self, size: tuple[int, int]) -> tuple[int, int]:
        ratio = self._window.devicePixelRatioF()
        return round(size[0] * ratio), round(size[1] * ratio)

    def _show_ai_state(self) -> None:
        state = self._session.ai_state
        where = f" on {state.device}" if state.device else ""
        words = {
            AiPhase.RUNNING: f"Running{where}: {state.sentence}",
            AiPhase.DONE: f"Done{where}, {state.sentence}",
            AiPhase.STOPPED: f"Stopped: {state.sentence}",
        }
        panel = self._window.pattern_panel
        sentence = words.get(state.phase, state.sentence) + (f". {state.note}" if state.note else "")
        panel.set_ai_state(sentence, state.progress, _PHASE_KINDS[state.phase], state.why)
        panel.set_ai_action(_PHASE_ACTIONS.get(state.phase))
