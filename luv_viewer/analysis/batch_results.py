"""The folder `luv predict` writes to: tables and figures by name, the summary, the record of what is finished."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from luv_viewer.analysis.batch_inputs import BatchInput
from luv_viewer.analysis.batch_job import BatchAnswer, BatchJob, BatchResult, BatchTask, thresholds_of
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.io import StudyError
from luv_viewer.io.attention_file import write_clip_attention
from luv_viewer.io.batch_journal import BatchJournal, Claimed
from luv_viewer.io.batch_record import FILE_NAME, FIRST_FILE_NAME, Entry
from luv_viewer.io.prediction_file import STATUS_OK, SUMMARY_NAME, SummaryRow, write_clips, write_frames, write_summary
from luv_viewer.io.reader_file.writer_lock import CannotWrite, HeldElsewhere, WriterLock
from luv_viewer.io.study_parts import StudyPart, open_part
from luv_viewer.io.whole_file import WriteError, make_folder, remove_files, write_whole

log = logging.getLogger(__name__)

_ENDINGS = ("_clips.csv", "_frames.csv", "_attention.png")
CLIP_ATTENTION_ENDING = "_clip_attention.csv"
_LEFT_BEHIND = re.compile(r"\.[a-z0-9_]{8}\.part")
_SUMMARY_INTERVAL_S = 2.0
_SUMMARY_SHARE = 0.02


@dataclass(frozen=True)
class Outcome:
    """One input done. row: its line of the summary; message: why it has no result, else empty; reused: it was
    finished before with the same video, checkpoint, settings and program."""

    row: SummaryRow
    message: str = ""
    reused: bool = False


class BatchFolder:
    """The results of one run and of those before it; the only writer of the folder.

    A result is on the disk, and noted in the record, when `keep` returns. The summary is written again every few
    seconds, less often the longer it gets, and when the run ends; the record holds its lines, so that it can be made
    again after a crash.
    """

    def __init__(self, folder: Path, *, is_fresh: bool) -> None:
        """is_fresh: forget what is there. Raises WriteError, BatchRecordError, PredictionFileError."""
        make_folder(folder)
        self.folder = folder
        self._lock = _locked(folder)
        try:
            self._journal = BatchJournal(folder, is_fresh=is_fresh)
        except BaseException:
            self._release()
            raise
        remove_files(path for path in folder.glob(".*.part") if _LEFT_BEHIND.fullmatch(path.name))
        self._claimed: dict[int, Claimed] = {}
        self._n_claimed = 0
        self._summary_due_s = 0.0

    @staticmethod
    def has_results(folder: Path) -> bool:
        """Whether a run wrote there before."""
        return any((folder / name).exists() for name in (FILE_NAME, FIRST_FILE_NAME))

    def claim(self, item: BatchInput, task: BatchTask) -> BatchJob | Outcome | None:
        """The job an input makes; the outcome of one that cannot be opened; None for what was met before in this run,
        and for figures of this folder itself."""
        if self._is_own_figure(item):
            return None
        moved = self._moved(item, task)
        claimed = moved or self._journal.claim(item.file_name, item.place, item.n_bytes)
        if claimed is None:
            return None
        self._n_claimed += 1
        if isinstance(item.content, str):
            row = SummaryRow(claimed.name, item.file, f"failed: {item.content}")
            self._write(claimed, row, None)
            return Outcome(row, item.content)
        finished = self._finished_key(claimed, task)
        job = BatchJob(self._n_claimed, claimed.name, item.content, item.file, finished)
        entry = replace(claimed.entry, n_bytes=item.n_bytes)
        self._claimed[job.number] = Claimed(claimed.name, entry)
        return job

    def keep(self, answer: BatchAnswer) -> Outcome:
        """Write what an answer holds. Raises WriteError."""
        claimed = self._claimed.pop(answer.job.number)
        if answer.row is None:
            assert claimed.entry.row is not None
            return Outcome(claimed.entry.row, reused=True)
        if answer.trace:
            log.error("internal error on one video\n%s", answer.trace)
        self._write(claimed, answer.row, answer.result)
        return Outcome(answer.row, answer.message)

    def close(self) -> None:
        """Write the summary, and let the record go. Raises WriteError."""
        try:
            self._write_summary()
        finally:
            self._journal.close()
            self._release()

    def _is_own_figure(self, item: BatchInput) -> bool:
        part = item.content
        if isinstance(part, str) or part.members or len(part.files) > 1 or not part.name.endswith(_ENDINGS[-1]):
            return False
        is_here = part.path.parent.resolve() == self.folder.resolve()
        return is_here and self._journal.has_name(part.name.removesuffix(_ENDINGS[-1]))

    def _moved(self, item: BatchInput, task: BatchTask) -> Claimed | None:
        """The finished result of a video that lay elsewhere before; its name goes on belonging to it."""
        part = item.content
        if isinstance(part, str) or self._journal.has_place(item.place):
            return None
        if not self._journal.may_have_moved(item.n_bytes):
            return None
        try:
            key = _key(part, task)
        except StudyError:
            return None
        for claimed in self._journal.results_with(key):
            row = claimed.entry.row
            if row is not None and (row.file == item.file or not _is_there(item.root, row.file)):
                entry = replace(claimed.entry, place=item.place, row=replace(row, file=item.file))
                self._journal.put(claimed.name, entry)
                return Claimed(claimed.name, entry)
        return None

    def _finished_key(self, claimed: Claimed, task: BatchTask) -> str:
        """The key of a result that is there in full, else empty."""
        row = claimed.entry.row
        if row is None or row.status != STATUS_OK:
            return ""
        needed = list(self._files(claimed.name))
        if task.clip_attention and any(found.top_frames is not None for found in row.patterns.values()):
            needed.append(self._attention_file(claimed.name))
        return claimed.entry.key if all(path.is_file() for path in needed) else ""

    def _write(self, claimed: Claimed, row: SummaryRow, made: BatchResult | None) -> None:
        """Write one result. The record first forgets its key: an interruption leaves it unfinished, never mixed."""
        name, old = claimed.name, claimed.entry
        if old.key:
            self._journal.put(name, replace(old, key=""))
        clips, frames, figure = self._files(name)
        entry = Entry(old.place, "", n_bytes=old.n_bytes, number=old.number, row=row)
        if made is None:
            if old.row is not None:
                remove_files((clips, frames, figure, self._attention_file(name)))
        else:
            write_clips(clips, made.prediction)
            write_frames(frames, made.prediction, made.times_s)
            write_whole(figure, made.png)
            if made.clip_attention:
                write_clip_attention(self._attention_file(name), made.clip_attention)
            else:
                remove_files([self._attention_file(name)])
            entry = replace(entry, key=made.key, video=made.video, thresholds=thresholds_of(made.prediction))
        self._journal.put(name, entry)
        if monotonic() >= self._summary_due_s:
            self._write_summary()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _files(self, name: str) -> tuple[Path, Path, Path]:
        clips, frames, figure = (self.folder / f"{name}{ending}" for ending in _ENDINGS)
        return clips, frames, figure

    def _attention_file(self, name: str) -> Path:
        return self.folder / f"{name}{CLIP_ATTENTION_ENDING}"

    def _write_summary(self) -> None:
        began_s = monotonic()
        used = self._journal.patterns or set(NETWORK_PATTERNS)
        patterns = [pattern for pattern in Pattern if pattern in used]
        write_summary(self.folder / SUMMARY_NAME, self._journal.rows(), patterns)
        took_s = monotonic() - began_s
        self._summary_due_s = monotonic() + max(_SUMMARY_INTERVAL_S, took_s / _SUMMARY_SHARE)


def _locked(folder: Path) -> WriterLock | None:
    """The right to write there, for one run at a time; None where the folder cannot lock."""
    try:
        return WriterLock.taken(folder / FILE_NAME, "luv predict")
    except HeldElsewhere as error:
        raise WriteError(
            f"Another luv predict is writing to {folder.name}: wait until it has ended, or give another folder with -o."
        ) from error
    except CannotWrite:
        return None


def _key(part: StudyPart, task: BatchTask) -> str:
    video = open_part(part)
    try:
        return task.key(video)
    finally:
        video.store.close()


def _is_there(root: Path, file: str) -> bool:
    """Whether a file of the summary still lies below `root`, or the archive it is in."""
    place = root / file
    return place.exists() or any(path.is_file() for path in place.parents)
