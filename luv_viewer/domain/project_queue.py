"""The work queue of a project: its index says which videos there are, a reader's file how far each one is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from luv_viewer.domain.ai_summary import AiSummary
from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.project_index import IndexedVideo, ProjectIndex
from luv_viewer.domain.reader_file import VideoRecord
from luv_viewer.domain.work_queue import QueueItem, QueueVideo, queue_video, work_queue


def project_queue(
    index: ProjectIndex, annotations: Mapping[str, VideoAnnotation], ai: Iterable[AiSummary] | None
) -> tuple[QueueItem, ...]:
    """As `work_queue`, over all videos of a project. annotations: the reader's, by video_id; ai: None when blinded."""
    return work_queue([_queue_video(video, annotations.get(video.video_id)) for video in index.videos], ai)


def _queue_video(video: IndexedVideo, annotation: VideoAnnotation | None) -> QueueVideo:
    # An index holds no digests of frames, and a queue needs none.
    times = tuple(video.timing.times_s.tolist())
    return queue_video(
        VideoRecord(video.video_id, video.source.name, video.n_frames, times, ("",), video.key), annotation
    )
