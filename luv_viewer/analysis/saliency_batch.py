"""`luv saliency`: maps of videos without number, into one folder, stopped and continued at will."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from luv_viewer import __version__
from luv_viewer.analysis.batch_inputs import BatchInput, find_inputs
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.saliency import VideoMaps, explain_video, open_explainer
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.saliency import MapKind
from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError
from luv_viewer.io.batch_record import digest, safe_stem
from luv_viewer.io.study_parts import open_part
from luv_viewer.io.whole_file import WriteError, make_folder, write_whole

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint
    from model.explainer import Explainer

log = logging.getLogger(__name__)

FORMATS = {"video": ".mp4", "png": ".png", "npz": ".npz"}
SUMMARY_NAME = "saliency.csv"
NONE = "none"
_ASSUMED_FPS = 30.0

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SaliencyTask:
    """What is made of each video. kinds, formats: at least one, formats of `FORMATS`. patterns: empty for all.

    truth: patterns present, by clip id (the video's file name without its ending); a video without an entry has no
    `_true` in its file names.
    """

    kinds: tuple[MapKind, ...]
    formats: tuple[str, ...]
    patterns: tuple[Pattern, ...] = ()
    stride: int = 24
    device: str = "auto"
    overwrite: bool = False
    truth: Mapping[str, tuple[Pattern, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class SaliencyOutcome:
    """One line of `saliency.csv`. files: names joined by `; `. status: `ok`, or why there are none. key: digest of what
    the files depend on. reused: they were there already."""

    video: str
    file: str
    frames: str = ""
    predicted: str = ""
    files: str = ""
    checkpoint: str = ""
    status: str = "ok"
    key: str = ""
    reused: bool = False

    @property
    def failed(self) -> bool:
        """Whether there are no files."""
        return self.status != "ok"


_COLUMNS = tuple(f.name for f in fields(SaliencyOutcome) if f.name != "reused")


def file_stem(clip: str, true: Sequence[Pattern] | None, predicted: Sequence[Pattern]) -> str:
    """`{clip}_true[..]_pred[..]` of systems 5.5; without `_true` where the truth is unknown.

    >>> file_stem("a_1_30", (), (Pattern.A_LINE, Pattern.B_LINE))
    'a_1_30_true[none]_pred[A-line,B-line]'
    >>> file_stem("a_1_30", None, ())
    'a_1_30_pred[none]'
    """
    known = "" if true is None else f"_true[{_names(true)}]"
    return f"{clip}{known}_pred[{_names(predicted)}]"


def _names(patterns: Sequence[Pattern]) -> str:
    return ",".join(pattern.value for pattern in patterns) or NONE


def run_saliency(
    paths: Sequence[Path], folder: Path, checkpoint: Checkpoint, task: SaliencyTask, report: Report
) -> Generator[SaliencyOutcome]:
    """Maps of every video in `paths`; each video's files are on the disk when its outcome is given.

    A video that cannot be opened or assessed never stops the others. What an earlier run made of the same video,
    checkpoint and task stays. report(video, done, total).
    Raises AnalysisError when this network has no maps of the kinds or patterns asked for, WriteError.
    """
    explainer = open_explainer(checkpoint, task.device)
    _check(task, explainer)
    make_folder(folder)
    summary = _Summary(folder)
    for item in find_inputs(paths, folder):
        name = summary.claim(item)
        if name is None:
            continue
        try:
            outcome = _Work(folder, explainer, task, name, summary.before(name)).done(item, report)
        except (StudyError, AnalysisError) as error:
            outcome = SaliencyOutcome(name, item.file, status=f"failed: {' '.join(str(error).split())}")
        except WriteError:
            raise
        except Exception:
            # The boundary of one video: whatever it met, a long run goes on.
            log.exception("internal error on one video")
            sentence = f"{item.file_name} failed: an internal error; the log has the details."
            outcome = SaliencyOutcome(name, item.file, status=f"failed: {sentence}")
        summary.keep(outcome)
        yield outcome


def _check(task: SaliencyTask, explainer: Explainer) -> None:
    checkpoint = explainer.checkpoint
    if MapKind.ATTENTION in task.kinds and not explainer.has_attention:
        raise AnalysisError(
            f"The network of checkpoint {checkpoint.name} ({checkpoint.network_name}) has no pattern attention to take "
            f"apart: use --kind gradient."
        )
    unknown = [pattern.value for pattern in task.patterns if pattern.value not in checkpoint.patterns]
    if unknown:
        raise AnalysisError(
            f"Checkpoint {checkpoint.name} does not score {', '.join(unknown)}: it scores "
            f"{', '.join(checkpoint.patterns)}."
        )


@dataclass(frozen=True, eq=False)
class _Drawing:
    video: Video
    maps: VideoMaps
    kind: MapKind


@dataclass(frozen=True)
class _Work:
    """One video. before: its line of an earlier run."""

    folder: Path
    explainer: Explainer
    task: SaliencyTask
    name: str
    before: SaliencyOutcome | None

    def done(self, item: BatchInput, report: Report) -> SaliencyOutcome:
        """Raises StudyError, AnalysisError, WriteError, and what `report` raises."""
        if isinstance(item.content, str):
            raise AnalysisError(item.content)
        video = open_part(item.content)
        try:
            key = self._key(video)
            if self._is_there(key):
                assert self.before is not None
                return SaliencyOutcome(**{**asdict(self.before), "file": item.file, "reused": True})
            return self._made(video, item.file, key, report)
        finally:
            video.store.close()

    def _made(self, video: Video, file: str, key: str, report: Report) -> SaliencyOutcome:
        facts = self.explainer.checkpoint
        maps = explain_video(
            video, self.explainer, stride=self.task.stride, report=lambda done, total: report(self.name, done, total)
        )
        stem = file_stem(self.name, self._truth(), maps.present)
        files = []
        for kind in self.task.kinds:
            for form in self.task.formats:
                path = self.folder / f"{stem}_{kind.value}{FORMATS[form]}"
                self._write(form, path, _Drawing(video, maps, kind), report)
                files.append(path.name)
        return SaliencyOutcome(
            self.name,
            file,
            str(video.n_frames),
            _names(maps.present),
            "; ".join(files),
            f"{facts.name} {facts.version}",
            key=key,
        )

    def _write(self, form: str, path: Path, drawing: _Drawing, report: Report) -> None:
        from luv_viewer.analysis.saliency_file import write_npz
        from luv_viewer.analysis.saliency_picture import SaliencyFrames, SaliencySubject, top_frames_png
        from luv_viewer.io.movie_file import write_mp4

        video, maps, kind = drawing.video, drawing.maps, drawing.kind
        what = f"{self.name}, writing the {kind.value} {form}"
        report(what, 0, 1)
        if form == "npz":
            write_npz(path, maps, kind)
            return
        subject = SaliencySubject(self.name, video, maps, kind, self.task.patterns or maps.patterns)
        if form == "png":
            write_whole(path, top_frames_png(subject))
            return
        frames = SaliencyFrames(subject)
        fps = _ASSUMED_FPS if video.is_still else video.timing.fps

        def drawn() -> Iterator[NDArray[np.uint8]]:
            for i in range(video.n_frames):
                report(what, i, video.n_frames)
                yield frames.frame(i)

        write_mp4(path, drawn(), frames.size, fps)

    def _truth(self) -> tuple[Pattern, ...] | None:
        return self.task.truth.get(self.name)

    def _key(self, video: Video) -> str:
        task = self.task
        asked = (task.kinds, task.formats, task.patterns, task.stride, task.device, self._truth(), __version__)
        return digest(video.identity, video.n_frames, self.explainer.checkpoint.version, *asked)

    def _is_there(self, key: str) -> bool:
        if self.before is None or self.task.overwrite or self.before.key != key:
            return False
        return all((self.folder / name).is_file() for name in self.before.files.split("; "))


class _Summary:
    """`saliency.csv` of one folder, with the lines of earlier runs."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / SUMMARY_NAME
        self._lines = {line.video: line for line in _read(self._path)}
        self._names: set[str] = set()
        self._places: set[str] = set()

    def claim(self, item: BatchInput) -> str | None:
        """The name of the video's files: its file's without the ending, a number added where that repeats; None for a
        file met before in this run."""
        if item.place in self._places or self._is_own(item):
            return None
        self._places.add(item.place)
        stem = safe_stem(item.file_name)
        name, number = stem, 1
        while name.casefold() in self._names:
            number += 1
            name = f"{stem}_{number}"
        self._names.add(name.casefold())
        return name

    def _is_own(self, item: BatchInput) -> bool:
        """Whether it is a movie or picture of an earlier run into the folder that is read."""
        if isinstance(item.content, str) or item.content.path.parent.resolve() != self._path.parent.resolve():
            return False
        return any(item.content.name in line.files.split("; ") for line in self._lines.values())

    def before(self, name: str) -> SaliencyOutcome | None:
        """What an earlier run said of a video."""
        return self._lines.get(name)

    def keep(self, outcome: SaliencyOutcome) -> None:
        """Add a line, on the disk. Raises WriteError."""
        self._lines[outcome.video] = outcome
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows([getattr(line, column) for column in _COLUMNS] for line in self._lines.values())
        write_whole(self._path, text.getvalue().encode())


def _read(path: Path) -> list[SaliencyOutcome]:
    """Raises AnalysisError for a file that is there but is no such table."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream, restkey="rest"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AnalysisError(f"{path.name} cannot be read ({type(error).__name__}): move it away.") from error
    if any(tuple(row) != _COLUMNS or None in row.values() for row in rows):
        raise AnalysisError(
            f"{path.name} is no table of luv saliency with columns {', '.join(_COLUMNS)}: move it away."
        )
    return [SaliencyOutcome(**cast(dict[str, Any], row)) for row in rows]
