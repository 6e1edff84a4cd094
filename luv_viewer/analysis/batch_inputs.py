"""What `luv predict` is given: paths in, one video or failure after the other out, each with a place and a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from luv_viewer.domain.study import Failure
from luv_viewer.io.batch_record import digest
from luv_viewer.io.study_parts import StudyPart, parts_below, parts_of_files


@dataclass(frozen=True)
class BatchInput:
    """One video, not opened yet, or one file that cannot be.

    content: where the video is, or the sentence saying why there is none. file_name: whose stem names the results.
    file: its path below the folder the user gave (its name alone when the user gave the file); root: that folder.
    place: digest of where it is.
    """

    content: StudyPart | str
    file_name: str
    file: str
    root: Path
    place: str

    @property
    def n_bytes(self) -> int:
        """Stored size, 0 when there is no video."""
        return 0 if isinstance(self.content, str) else self.content.n_bytes


def find_inputs(paths: Sequence[Path], results: Path) -> Iterator[BatchInput]:
    """Walk files, folders and archives in a stable order; nothing is kept of what was given out.

    Files given side by side are taken together, as numbered images must be. results: the folder results go to; when it
    lies below a given folder its content is left out. A file met twice is given twice, with the same place. Never
    raises for a file that cannot be opened: that is a BatchInput too.
    """
    results = results.resolve()
    folders = [path.resolve() for path in paths if path.is_dir()]
    for is_folder, run in groupby(paths, key=Path.is_dir):
        group = list(run)
        if is_folder:
            for folder in group:
                yield from _inputs(parts_below(folder, None if folder.resolve() == results else results), folders)
        else:
            named = [path for path in group if not _is_result(path.resolve(), folders, results)]
            yield from _inputs(parts_of_files(named), folders)


def _inputs(parts: Iterable[StudyPart | Failure], folders: Sequence[Path]) -> Iterator[BatchInput]:
    # Only numbered images of one folder, or failures of one archive, share a path; they come one after the other.
    counts: Counter[tuple[Path, str | None]] = Counter()
    for part in parts:
        path = part.path.resolve()
        member = part.member if isinstance(part, StudyPart) else None
        counts = Counter({key: n for key, n in counts.items() if key[0] == path and key[1] in (None, member)})
        counts[path, member] += 1
        place = digest(path, member, counts[path, member])
        file, root = _shown(path, folders)
        if isinstance(part, StudyPart):
            yield BatchInput(part, part.name, file + (f"/{member}" if member else ""), root, place)
        else:
            yield BatchInput(part.message, path.name, file, root, place)


def _shown(path: Path, folders: Sequence[Path]) -> tuple[str, Path]:
    for folder in folders:
        if path != folder and path.is_relative_to(folder):
            return path.relative_to(folder).as_posix(), folder
    return path.name, path.parent


def _is_result(path: Path, folders: Sequence[Path], results: Path) -> bool:
    inside_given = any(results != folder and results.is_relative_to(folder) for folder in folders)
    return inside_given and path.is_relative_to(results)
