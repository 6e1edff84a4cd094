"""What a reader file keeps of a video, from the video itself."""

from __future__ import annotations

from collections.abc import Callable

from luv_viewer.domain.reader_file import SheetKey, VideoRecord
from luv_viewer.domain.video import Video


def video_record(
    video: Video, key: SheetKey | None = None, report: Callable[[int, int], None] | None = None
) -> VideoRecord:
    """The record of a video: a digest per stored frame, or a single one where all frames share it, as in MP4 or AVI.

    Heavy: every stored byte is read once, nothing is decoded. report: called with (frames done, frames in all); what
    it raises stops the work. Raises StudyError when the file cannot be read.
    """
    digests: list[str] = []
    for frame in range(video.n_frames):
        digests.append(video.store.frame_digest(frame))
        if report is not None:
            report(frame + 1, video.n_frames)
    return VideoRecord(
        video_id=video.identity,
        name=video.source.name,
        n_frames=video.n_frames,
        times_s=tuple(video.times_s.tolist()),
        digests=tuple(digests) if len(set(digests)) > 1 else (digests[0],),
        key=key,
    )
