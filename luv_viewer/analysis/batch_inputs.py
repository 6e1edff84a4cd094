"""What `luv predict` is given: paths in, videos and failures out, each with a place and a name to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from luv_viewer.domain.study import Failure, Study
from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError, open_study
from luv_viewer.io.batch_record import digest


@dataclass(frozen=True)
class BatchInput:
    """One video, or one file that could not be opened.

    content: the video, or the sentence saying why there is none. file_name: whose stem names the results. file: its
    path below the folder the user gave (its name alone when the user gave the file); place: digest of where it is.
    """

    content: Video | str
    file_name: str
    file: str
    place: str


def open_inputs(paths: Sequence[Path], results: Path) -> tuple[BatchInput, ...]:
    """Open files, folders and archives; files given side by side are opened together, as numbered images must be.

    results: the folder results go to; when it lies below a given folder its content is left out. A file given twice is
    taken once. Never raises for a file that cannot be opened: that is a BatchInput too.
    """
    folders = [path.resolve() for path in paths if path.is_dir()]
    inputs: list[BatchInput] = []
    seen: set[tuple[Path, str | None]] = set()
    for is_folder, run in groupby(paths, key=Path.is_dir):
        group = list(run)
        for some in [[path] for path in group] if is_folder else [group]:
            found = [item for item in _open(some, folders) if not _is_result(item.path, some, results)]
            inputs += [item.input for item in found if (item.path, item.member) not in seen]
            seen.update((item.path, item.member) for item in found)
    return tuple(inputs)


@dataclass(frozen=True)
class _Found:
    path: Path
    member: str | None
    input: BatchInput


def _open(paths: Sequence[Path], folders: Sequence[Path]) -> list[_Found]:
    try:
        study = open_study(paths[0] if len(paths) == 1 else paths)
    except StudyError as error:
        if len(paths) == 1:
            return [_failure(Failure(paths[0], str(error)), folders)]
        return [found for path in paths for found in _open([path], folders)]
    return [*_videos(study, folders), *(_failure(failure, folders) for failure in study.failures)]


def _videos(study: Study, folders: Sequence[Path]) -> list[_Found]:
    counts: Counter[tuple[Path, str | None]] = Counter()
    found = []
    for video in study.videos:
        path, member = video.source.path.resolve(), video.source.member
        counts[path, member] += 1
        place = digest(path, member, counts[path, member])
        file = _shown(path, folders) + (f"/{member}" if member else "")
        found.append(_Found(path, member, BatchInput(video, video.source.name, file, place)))
    return found


def _failure(failure: Failure, folders: Sequence[Path]) -> _Found:
    path = failure.path.resolve()
    item = BatchInput(failure.message, path.name, _shown(path, folders), digest(path, None, 1))
    return _Found(path, None, item)


def _shown(path: Path, folders: Sequence[Path]) -> str:
    for folder in folders:
        if path != folder and path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name


def _is_result(path: Path, given: Sequence[Path], results: Path) -> bool:
    below = results.resolve()
    inside_given = any(below != folder.resolve() and below.is_relative_to(folder.resolve()) for folder in given)
    return inside_given and path.is_relative_to(below)
