"""A large project without a single video file: what opening it may depend on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry, EntryKind, changes_between
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.project_index import IndexedVideo, ProjectIndex, numbered
from luv_viewer.domain.reader_file import Reader, VideoRecord
from luv_viewer.domain.span import Span
from luv_viewer.domain.timing import Timing, TimingSource
from luv_viewer.domain.video import StudyGroup, VideoSource
from luv_viewer.io.project_file import create_project
from luv_viewer.io.project_index import write_index
from luv_viewer.io.reader_file import open_reader_file

FRAMES = 152


def write_project(folder: Path, n_videos: int) -> Path:
    """A project of n_videos, all labelled by kim. Returns its folder."""
    project = create_project(folder, "large", [Reader("kim")])
    times = np.arange(FRAMES) / 30
    videos = []
    for i in range(n_videos):
        digest = hashlib.sha256(str(i).encode()).hexdigest()
        videos.append(
            IndexedVideo(
                video_id=f"sha256:{digest}",
                key=None,
                title=f"video {i + 1}",
                height=771,
                width=988,
                timing=Timing(times, next(iter(TimingSource))),
                region=(0, 0, 988, 771),
                spacing_mm=None,
                source=VideoSource(folder / "videos" / f"{i + 1:05d}.mp4", None, "MP4, h264"),
                group=StudyGroup(f"g{i // 10}", f"Patient {i // 10 + 1}"),
            )
        )
    index = ProjectIndex(folder, "large", numbered(videos, "running"))
    write_index(index)
    entries, records = [], []
    before = VideoAnnotation(FRAMES)
    changes = changes_between(before, before.with_track(Pattern.B_LINE, (Span(10, 30), Span(60, 90))))
    for i, video in enumerate(index.videos):
        digest = video.video_id.partition(":")[2]
        record = VideoRecord(video.video_id, video.source.name, FRAMES, tuple(times.tolist()), (digest,), video.key)
        records.append(record)
        when = "2026-01-01T00:00:00.000Z"
        entries.append(Entry(2 * i + 1, EntryKind.VIDEO, video.video_id, "first opened", (), "kim", when))
        entries.append(Entry(2 * i + 2, EntryKind.EDIT, video.video_id, "mark present", changes, "kim", when))
    with open_reader_file(project.reader_path("kim"), Reader("kim")) as file:
        file.append(entries, records)
    return folder
