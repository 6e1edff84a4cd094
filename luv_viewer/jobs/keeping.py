"""Writing settings, away from the window: waiting for the disk may take longer than a frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from luv_viewer.jobs.mailbox import LatestMailbox
from luv_viewer.settings import Settings, SettingsError, save_settings
from luv_viewer.task import Report


@dataclass(frozen=True)
class KeepRequest:
    """Settings to write to a file; a newer request replaces one that waits."""

    settings: Settings
    path: Path


def serve_keeping(mailbox: LatestMailbox[KeepRequest], report: Report) -> None:
    """Write what the mailbox asks for until it is closed; reports a sentence when that fails."""
    while (request := mailbox.take()) is not None:
        try:
            save_settings(request.settings, request.path)
        except SettingsError as error:
            report(str(error))
