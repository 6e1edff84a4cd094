"""What `luv predict` said about whole videos, from the folder it wrote to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from luv_viewer.domain.ai_summary import AiSummary
from luv_viewer.io.batch_record import FILE_NAME, BatchRecordError, digest, read_record
from luv_viewer.io.prediction_file import STATUS_OK, SUMMARY_NAME, PredictionFileError, read_summary


class AiFolderError(Exception):
    """A folder holds no results that can be used; str(error) is one plain sentence that says what to do."""


def read_ai_folder(folder: Path, video_ids: Iterable[str] = ()) -> tuple[AiSummary, ...]:
    """The finished results in `folder`, those without a result left out.

    video_ids: of the videos somebody asks about. The folder holds digests of them only, so a result of another video
    comes without its id. Raises AiFolderError when there is no summary, when it or the record is damaged, or when a
    result of an earlier version has no thresholds.
    """
    if not (folder / SUMMARY_NAME).is_file():
        raise AiFolderError(f"{folder} holds no {SUMMARY_NAME}: run luv predict on the videos with -o {folder}.")
    try:
        rows, entries = read_summary(folder / SUMMARY_NAME), read_record(folder / FILE_NAME).entries
    except (PredictionFileError, BatchRecordError) as error:
        raise AiFolderError(str(error)) from error
    ids = {digest(video_id): video_id for video_id in video_ids}
    summaries = []
    for row in rows:
        if row.status != STATUS_OK:
            continue
        entry = entries.get(row.video)
        if entry is None or not all(pattern.value in entry.thresholds for pattern in row.patterns):
            raise AiFolderError(
                f"{folder / FILE_NAME} holds no thresholds for {row.video}: "
                f"run luv predict on it again with -o {folder} --overwrite."
            )
        try:
            summaries.append(
                AiSummary(
                    video_id=ids.get(entry.video, ""),
                    name=row.video,
                    patterns=tuple(row.patterns),
                    probabilities=tuple(found.probability for found in row.patterns.values()),
                    thresholds=tuple(entry.thresholds[pattern.value] for pattern in row.patterns),
                    made_by=row.checkpoint,
                )
            )
        except ValueError as error:
            raise AiFolderError(f"{folder / SUMMARY_NAME} is damaged: {error}.") from error
    return tuple(summaries)
