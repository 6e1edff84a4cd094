"""What the user's wishes do: menus, keys, buttons and dropped files, handed to session, jobs and settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from luv_viewer.ai_desk import AiDesk
from luv_viewer.appearance import apply_keys, apply_theme, apply_view
from luv_viewer.domain.reader_file import Reader
from luv_viewer.jobs import Jobs
from luv_viewer.label_desk import LabelDesk
from luv_viewer.presenter import Presenter
from luv_viewer.session import Session, WindowLevel
from luv_viewer.settings import Settings, SettingsError, save_settings
from luv_viewer.widgets.dialogs.ask import (
    ask_files,
    ask_folder,
    ask_frame,
    ask_settings,
    tell_about,
    tell_keys,
)
from luv_viewer.widgets.dialogs.reader_dialog import ReaderChoice
from luv_viewer.widgets.main_window import MainWindow

log = logging.getLogger(__name__)

NO_SPACING = "This file states no pixel spacing, so there is no ruler and no measuring."
FAR = 10**9
"""More frames than any video has: a step to its first or last one."""


class Desk(QObject):
    """Where a reader sits. Owns the settings and keeps them in `settings_file`.

    once: `checkpoint` and `device` from the command line, in force for this run only.
    """

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        window: MainWindow,
        settings: Settings,
        settings_file: Path,
        once: Mapping[str, str],
    ) -> None:
        super().__init__(window)
        self.session, self.jobs, self.window, self.settings = session, jobs, window, settings
        self._settings_file = settings_file
        self.ai = AiDesk(session, jobs, window, lambda: self.settings, self.change_setting, once)
        self.labels: LabelDesk | None = None
        self.presenter = Presenter(session, jobs, window)
        session.video_changed.connect(self._begin_video)
        self._connect_window()
        self._connect_verbs()
        self._connect_switches()
        apply_theme(settings.theme, window)
        apply_keys(settings, window)
        apply_view(settings, window)
        jobs.frames.set_budget(settings.frame_budget_mb)
        window.restore_state(settings.window_state)

    def join(self, labels: LabelDesk, verbs: Mapping[str, Callable[[], object]]) -> None:
        """Let a reader label at this desk. verbs: of labelling and of sheets, by the names of their actions."""
        self.labels = labels
        if self.settings.reader and self.settings.project:
            labels.choice = ReaderChoice(Reader(self.settings.reader), Path(self.settings.project))
        for name, verb in verbs.items():
            self.window.menu_actions[name].triggered.connect(lambda _checked=False, verb=verb: verb())
        actions = self.window.menu_actions
        actions["annotations"].triggered.connect(self.window.timeline.set_annotation_shown)
        actions["annotations"].setChecked(True)
        actions["reaction_correction"].triggered.connect(labels.switch_reaction)
        labels.reader_opened.connect(self._begin_reading)

    def open_paths(self, paths: list[Path]) -> None:
        """Open files or a folder; nothing for no path."""
        if not paths:
            return
        self.window.notice.clear()
        self.jobs.open_paths(paths)

    def open_demo(self) -> None:
        """Open the bundled study."""
        from resources import demo_study_path

        self.open_paths([demo_study_path()])

    def change_setting(self, name: str, value: object) -> None:
        """Change one setting, apply and keep it."""
        self.keep_settings(self.settings.with_value(name, value))

    def keep_settings(self, settings: Settings) -> None:
        """Apply new settings and write them; a file that cannot be written is said, not hidden."""
        before, self.settings = self.settings, settings
        if settings.theme != before.theme:
            apply_theme(settings.theme, self.window)
        if (settings.key_preset, settings.key_overrides) != (before.key_preset, before.key_overrides):
            apply_keys(settings, self.window)
        apply_view(settings, self.window)
        self.jobs.frames.set_budget(settings.frame_budget_mb)
        self.jobs.keep_settings(settings, self._settings_file)

    def close(self) -> None:
        """Stop every thread, keep the window's layout, release the study's files."""
        self.session.player.pause()
        self.jobs.close()
        self.settings = self.settings.with_value("window_state", self.window.saved_state())
        try:
            save_settings(self.settings, self._settings_file)
        except SettingsError:
            log.exception("the settings could not be kept at the end")
        self.session.set_study(None)

    def _connect_window(self) -> None:
        session, window = self.session, self.window
        window.closing.connect(self.close)
        window.video_view.window_level_chosen.connect(self._choose_window_level)
        window.video_view.zoomed.connect(self._tell_zoom)
        window.video_view.measuring_refused.connect(lambda: window.hint(NO_SPACING))
        window.paths_dropped.connect(self.open_paths)
        window.study_panel.video_chosen.connect(session.show_video)
        window.study_panel.failures_requested.connect(self.presenter.tell_failures)
        window.timeline.frame_requested.connect(session.player.show_frame)
        window.timeline.pattern_selected.connect(session.select_pattern)
        window.pattern_panel.pattern_selected.connect(session.select_pattern)
        window.pattern_panel.checkpoint_info_requested.connect(self.ai.tell_checkpoint_info)
        window.pattern_panel.ai_action_requested.connect(self.ai.act_on_state)
        window.top_frames.frame_requested.connect(self.session.player.stop_at)
        window.playback_bar.speed_chosen.connect(session.player.set_speed)

    def _connect_verbs(self) -> None:
        session, window, view = self.session, self.window, self.window.video_view
        verbs: dict[str, Callable[[], object]] = {
            "open_file": lambda: self.open_paths(ask_files(window)),
            "open_folder": lambda: self.open_paths(ask_folder(window)),
            "open_demo": self.open_demo,
            "close_study": lambda: session.set_study(None),
            "quit": window.close,
            "settings": self._edit_settings,
            "fit": view.fit,
            "zoom_in": lambda: view.zoom_by(1.25),
            "zoom_out": lambda: view.zoom_by(0.8),
            "reset_window": lambda: session.set_window_level(WindowLevel()),
            "full_screen": self._toggle_full_screen,
            "play": session.player.toggle_playing,
            "next_frame": lambda: session.player.step_frames(1),
            "previous_frame": lambda: session.player.step_frames(-1),
            "next_ten_frames": lambda: session.player.step_frames(10),
            "previous_ten_frames": lambda: session.player.step_frames(-10),
            "first_frame": lambda: session.player.step_frames(-FAR),
            "last_frame": lambda: session.player.step_frames(FAR),
            "go_to_frame": self._go_to_frame,
            "slower": lambda: session.player.change_speed(-1),
            "faster": lambda: session.player.change_speed(1),
            "true_speed": lambda: session.player.set_speed(1.0),
            "loop_mode": lambda: session.player.set_loop_mode(session.player.loop_mode.next),
            "next_key_frame": lambda: session.step_key_frame(1),
            "previous_key_frame": lambda: session.step_key_frame(-1),
            "next_pattern": lambda: session.step_pattern(1),
            "previous_pattern": lambda: session.step_pattern(-1),
            "stop_ai": self._stop,
            "choose_checkpoint": self.ai.choose_checkpoint,
            "checkpoint_info": self.ai.tell_checkpoint_info,
            "next_video": lambda: session.step_video(1),
            "previous_video": lambda: session.step_video(-1),
            "next_unfinished": self._show_next_unfinished,
            "filter_videos": window.study_panel.start_filtering,
            "failures": self.presenter.tell_failures,
            "keys": lambda: tell_keys(window.menu_actions, self.settings.key_preset, window),
            "about": lambda: tell_about(window),
        }
        for name, verb in verbs.items():
            self.window.menu_actions[name].triggered.connect(lambda _checked=False, verb=verb: verb())

    def _connect_switches(self) -> None:
        switches: dict[str, Callable[[bool], object]] = {
            "ruler": self._switch_ruler,
            "region": lambda on: self.change_setting("show_region", on),
            "study_panel": lambda on: self.change_setting("show_study_panel", on),
            "pattern_panel": lambda on: self.change_setting("show_pattern_panel", on),
            "ai": self.ai.switch,
            "dense": self.ai.switch_dense,
            "clip_alone": self.session.show_clip_alone,
        }
        for name, switch in switches.items():
            self.window.menu_actions[name].triggered.connect(switch)

    def _begin_video(self) -> None:
        self.ai.begin_video()
        if self.session.video is not None and self.settings.autoplay:
            self.session.player.play()

    def _begin_reading(self) -> None:
        """The reader's role is known now; who reads is remembered."""
        self.ai.begin_reading()
        choice = self.labels.choice if self.labels is not None else None
        if choice is not None and self.session.notebook.reader is not None:
            remembered = replace(self.settings, reader=choice.reader.name, project=str(choice.folder))
            if remembered != self.settings:
                self.keep_settings(remembered)

    def _switch_ruler(self, on: bool) -> None:
        self.change_setting("show_ruler", on)
        video = self.session.video
        if on and video is not None and video.spacing_mm is None:
            self.window.hint(NO_SPACING)

    def _choose_window_level(self, chosen: WindowLevel) -> None:
        self.session.set_window_level(chosen)
        self.window.hint(f"Window {chosen.window:.0f}, level {chosen.level:.0f}")

    def _tell_zoom(self, zoom: float) -> None:
        if self.session.video is not None and zoom > 0:
            self.window.hint(f"Zoom {zoom:.0%}")

    def _show_next_unfinished(self) -> None:
        if self.labels is None or not self.labels.next_unfinished():
            self.session.show_next_unfinished()

    def _stop(self) -> None:
        """Esc: first what is being labelled, then the map that is being made, then the AI run."""
        if not self.session.marking.stop_running() and not self.jobs.maps.cancel():
            self.jobs.ai.stop()

    def _go_to_frame(self) -> None:
        video = self.session.video
        if video is not None:
            frame = ask_frame(self.session.player.frame, video.n_frames, self.window)
            if frame is not None:
                self.session.player.stop_at(frame)

    def _toggle_full_screen(self) -> None:
        if self.window.isFullScreen():
            self.window.showNormal()
        else:
            self.window.showFullScreen()

    def _edit_settings(self) -> None:
        before, after = self.settings, ask_settings(self.settings, self.window)
        if before == after:
            return
        self.keep_settings(after)
        if before.device != after.device:
            self.ai.forget_device()
        if _ai_part(before) != _ai_part(after):
            self.ai.restart()


def _ai_part(settings: Settings) -> tuple[object, ...]:
    """The settings whose change makes LUV-Net run again."""
    return settings.ai_enabled, settings.dense, settings.device, settings.precision
