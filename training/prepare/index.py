"""Hospital folders to a blank labelling sheet and a list of videos (systems.md 1.1, 1.4, 2.1, 2.2)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.study import Failure
from luv_viewer.domain.video import Video
from luv_viewer.io.errors import StudyError
from luv_viewer.io.label_sheet_file import write_template
from luv_viewer.io.study_parts import StudyPart, open_part, parts_below, parts_of_files
from luv_viewer.io.whole_file import make_folder
from training.prepare.clips import write_reasons
from training.prepare.errors import PrepareError
from training.prepare.video_list import LIST_NAME, ListedVideo, can_name_folder, write_video_list

TEMPLATE_NAME, LEFT_OUT_NAME = "template.csv", "left_out.csv"
LEFT_OUT_COLUMNS = ("file", "member", "kind", "reason")
_PUBLISHED_STEM = re.compile(r"(?P<patient>.+)_(?P<idx>[0-9]{5})")
_WHOLE_NUMBER = re.compile(r"0*([0-9]{1,7})")

Kind = Literal["duplicate", "no region", "no patient", "cannot be opened"]


@dataclass(frozen=True)
class IndexRule:
    """keeps_without_region: take DICOM objects that state no 2D tissue region too, whole.
    patient_pattern: a regular expression with a group `patient`, and `idx` if it tells the number, which is searched
    for in the path of a file below the folder that was given; for files that name no patient themselves.

    Raises PrepareError for a pattern that is none.
    """

    keeps_without_region: bool = False
    patient_pattern: str = ""

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.patient_pattern).groupindex
        except re.error as error:
            raise PrepareError(f"{self.patient_pattern!r} is no regular expression: {error}.") from error
        if self.patient_pattern and "patient" not in groups:
            raise PrepareError("The pattern for patients needs a group (?P<patient>...).")


@dataclass(frozen=True)
class LeftOut:
    """A file, or a member of an archive, that has no row, and why. file: relative to the data root."""

    file: str
    member: str
    kind: Kind
    reason: str


@dataclass(frozen=True)
class Index:
    """root: what the paths of the videos start from. warnings: plain sentences about videos that are listed."""

    root: Path
    videos: tuple[ListedVideo, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    """A video before it has its number. idx: told by its name, else None."""

    patient: str
    idx: int | None
    left_out: LeftOut | None
    listed: Callable[[int], ListedVideo]


@dataclass
class _Finding:
    """What was met so far. ids: file by SOP Instance UID."""

    rule: IndexRule
    root: Path
    found: list[_Found] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def take(self, base: Path, part: StudyPart | Failure) -> None:
        """Open a part and find its place. base: the folder a person gave."""
        file, member = _relative(part.path, self.root), getattr(part, "member", None) or ""
        if isinstance(part, Failure):
            self.left_out.append(LeftOut(file, member, "cannot be opened", part.message))
            return
        try:
            video = open_part(part)
            try:
                self._place(base, video, file, member)
            finally:
                video.store.close()
        except StudyError as error:
            self.left_out.append(LeftOut(file, member, "cannot be opened", str(error)))

    def _place(self, base: Path, video: Video, file: str, member: str) -> None:
        place = f"{file}/{member}" if member else file
        first = self.ids.setdefault(video.identity, place)
        if first != place:
            reason = f"the same object as {first}, which comes first"
            self.left_out.append(LeftOut(file, member, "duplicate", reason))
            return
        patient, idx = _whose(video, base, self.rule)
        if not can_name_folder(patient):
            told = "its PatientID cannot be the name of a folder" if patient else "nothing tells its patient"
            reason = f"{told}: put each patient's files in a folder of their own, or give --patient-pattern"
            self.left_out.append(LeftOut(file, member, "no patient", reason))
            return
        out = None
        if _is_dicom(video) and not video.has_stated_region and not self.rule.keeps_without_region:
            out = LeftOut(file, member, "no region", "it states no 2D tissue region, as a screen of the patient's data")
        elif video.notes:
            self.warnings.append(f"{place}: {' '.join(video.notes)}")
        self.found.append(_Found(patient, idx, out, _lister(video, patient, file, member)))


def index_videos(paths: Sequence[Path], rule: IndexRule, report: Callable[[int], None] | None = None) -> Index:
    """The videos and stills in files, folders and archives, each with its place in the sheets.

    PatientID: the DICOM file's, as text; for other formats the pattern's, `{PatientID}_{5 digits}`, or the name of the
    folder a file lies in below the one that was given. Data_idx: the number a file is called by (`00002`,
    `0012_00002`); files called otherwise get the numbers of their patient that are free, in natural order of their
    names. Objects without region take a number too, so that a series after a screen of patient data starts at 2, as in
    the published sheets. Of objects with one SOP Instance UID the first file counts. No file is changed.
    report(done): called after each file. Raises PrepareError when there is nothing to list.
    """
    bases = [path.resolve() if path.is_dir() else path.resolve().parent for path in paths]
    root = Path(os.path.commonpath(bases))
    finding = _Finding(rule, root)
    for done, (base, part) in enumerate(_parts(paths), start=1):
        finding.take(base, part)
        if report is not None:
            report(done)
    videos, screens = _numbered(finding.found)
    left_out = (*finding.left_out, *screens)
    if not videos:
        why = f" {left_out[0].file}: {left_out[0].reason}" if left_out else ""
        raise PrepareError(f"No video was found to list.{why}")
    return Index(root, videos, left_out, tuple(finding.warnings))


def write_index(folder: Path, index: Index) -> None:
    """Write the blank labelling sheet (a) `template.csv`, `videos.csv` and `left_out.csv`. Raises WriteError."""
    make_folder(folder)
    rows = [(out.file, out.member, out.kind, out.reason) for out in index.left_out]
    write_reasons(folder / LEFT_OUT_NAME, LEFT_OUT_COLUMNS, rows)
    write_template(folder / TEMPLATE_NAME, [video.key for video in index.videos])
    write_video_list(folder / LIST_NAME, index.videos)


def _parts(paths: Iterable[Path]) -> Iterator[tuple[Path, StudyPart | Failure]]:
    for path in map(Path.resolve, paths):
        if path.is_dir():
            for part in parts_below(path):
                yield path, part
        else:
            for part in parts_of_files([path]):
                yield path.parent, part


def _numbered(found: Sequence[_Found]) -> tuple[tuple[ListedVideo, ...], tuple[LeftOut, ...]]:
    """Every object with its number, in order of patient and number; those without region apart."""
    taken: dict[tuple[str, int], _Found] = {}
    waiting = []
    for one in found:
        if one.idx is None or taken.setdefault((one.patient, one.idx), one) is not one:
            waiting.append(one)
    last: dict[str, int] = {}
    for one in waiting:
        idx = last.get(one.patient, 0) + 1
        while (one.patient, idx) in taken:
            idx += 1
        taken[one.patient, idx] = one
        last[one.patient] = idx
    placed = sorted(taken.items(), key=lambda entry: entry[0])
    videos = tuple(one.listed(idx) for (_, idx), one in placed if one.left_out is None)
    return videos, tuple(one.left_out for one in found if one.left_out is not None)


def _lister(video: Video, patient: str, file: str, member: str) -> Callable[[int], ListedVideo]:
    """Keeps what the list needs, not the video."""
    date, kind, n_frames = video.group.study_date, "image" if video.is_still else "video", video.n_frames
    fps, video_id = video.timing.fps, video.identity

    def listed(idx: int) -> ListedVideo:
        return ListedVideo(SheetKey(patient, idx, date, kind), n_frames, fps, file, member, video_id)

    return listed


def _whose(video: Video, base: Path, rule: IndexRule) -> tuple[str, int | None]:
    """(PatientID, number); "" and None where nothing tells them."""
    path = video.source.path / video.source.member if video.source.member else video.source.path
    below = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
    own = video.group.patient_id.strip()
    if rule.patient_pattern and (match := re.search(rule.patient_pattern, below)):
        told = match.groupdict()
        return own or told["patient"], _number(told.get("idx") or "") or _number(path.stem)
    published = _PUBLISHED_STEM.fullmatch(path.stem)
    if published and own in ("", published["patient"]):
        return published["patient"], int(published["idx"]) or None
    folder = path.parent.name if "/" in below else ""
    return own or folder, _number(path.stem)


def _number(text: str) -> int | None:
    match = _WHOLE_NUMBER.fullmatch(text)
    return int(match[1]) or None if match else None


def _is_dicom(video: Video) -> bool:
    return video.source.format.startswith("DICOM")


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
