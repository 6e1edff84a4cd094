"""Two sheets compared in the window, as values: rows, where they differ, what was decided. No widget is touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from luv_viewer.domain.annotation import Source, VideoAnnotation
from luv_viewer.domain.disagreement import BETWEEN_READERS, Disagreement, DisagreementKind, disagreements
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow, sheet_of
from luv_viewer.domain.project import Project, ProjectError
from luv_viewer.domain.project_index import ProjectIndex
from luv_viewer.domain.reader_file import Reader, Role, VideoRecord
from luv_viewer.domain.row_pairing import mismatch
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.video import Video
from luv_viewer.task import Report
from luv_viewer.widgets.agreement_table import AgreementRow, ScoreAlignment
from luv_viewer.widgets.dialogs.sheet_source import SheetSource
from luv_viewer.widgets.disagreement_list import DisagreementItem, Side, Verdict

if TYPE_CHECKING:
    from luv_viewer.analysis.comparison import Comparison, PatternComparison
    from training.statistics.agreement import Kappa

VERDICTS: dict[Source, Verdict] = {
    Source.READER_A: "A",
    Source.READER_B: "B",
    Source.BOTH: "both",
    Source.ADJUDICATOR: "mine",
}
SOURCES: dict[Verdict, Source] = {verdict: source for source, verdict in VERDICTS.items()}


@dataclass(frozen=True)
class OwnWork:
    """What the reader at the screen has stated so far, and of which project."""

    reader: Reader
    records: Mapping[str, VideoRecord]
    annotations: Mapping[str, VideoAnnotation]


@dataclass(frozen=True, eq=False)
class ComparisonOrder:
    """What to compare. own: None while nobody reads. videos: of the open study, to find rows again by identity."""

    sources: tuple[SheetSource, SheetSource]
    project: Project | None
    index: ProjectIndex | None
    own: OwnWork | None
    videos: tuple[Video, ...]

    @property
    def kinds(self) -> tuple[DisagreementKind, ...]:
        """What is listed: an adjudicator has to decide what nobody looked at, too."""
        return tuple(DisagreementKind) if self.adjudicates else BETWEEN_READERS

    @property
    def adjudicates(self) -> bool:
        """The reader may decide between the two sheets."""
        return self.own is not None and self.own.reader.role is Role.ADJUDICATOR and self.mine is None

    @property
    def mine(self) -> int | None:
        """0 or 1 where A or B is the reader's own work, else None."""
        for side, source in enumerate(self.sources):
            if self.own is not None and source.path is None and _same(source.name, self.own.reader.name):
                return side
        return None


@dataclass(frozen=True, eq=False)
class ComparedSheets:
    """The answer to an order. notes: sentences on what was left out. ids: study_id by identity, where no index says."""

    order: ComparisonOrder
    sheets: tuple[LabelSheet, LabelSheet]
    comparison: Comparison
    rows: tuple[AgreementRow, ...]
    score: ScoreAlignment
    found: Mapping[str, tuple[Disagreement, ...]]
    notes: tuple[str, ...]
    ids: Mapping[int, str]


def compare(order: ComparisonOrder, report: Report) -> ComparedSheets:
    """Read both sheets and compare them; heavy.

    Raises BlindedError before any file is touched, ProjectError, SheetInputError, ReaderFileError.
    """
    from luv_viewer.analysis.comparison import compare_sheets
    from luv_viewer.analysis.comparison_table import comparison_notes
    from luv_viewer.io.project_access import check_may_see

    if order.project is not None and order.own is not None:
        check_may_see(order.project, order.own.reader)
    notes: list[str] = []
    read = []
    for source in order.sources:
        sheet, said = _read(order, source)
        notes += said
        read.append(sheet)
        report()
    a, b = read
    lengths = order.index.lengths() if order.index is not None else {}
    comparison = compare_sheets(a, b, lengths=lengths)
    report()
    # What was compared and differs stands in the table and in the list.
    uncompared = replace(comparison, patterns=(), scores=replace(comparison.scores, not_aligned=()))
    rows_b = b.by_study_id()
    pairs = [(row, rows_b[row.study_id]) for row in a.rows if row.study_id in rows_b]
    return ComparedSheets(
        order=order,
        sheets=(a, b),
        comparison=comparison,
        rows=tuple(_agreement_row(part) for part in comparison.patterns if part.pattern is not None),
        score=_score(comparison),
        found={pair[0].study_id: differences(*pair, order.kinds) for pair in pairs},
        notes=(*notes, *comparison_notes(uncompared)),
        ids=_ids_by_identity(order, read, report),
    )


def differences(row_a: SheetRow, row_b: SheetRow, kinds: Sequence[DisagreementKind]) -> tuple[Disagreement, ...]:
    """Where two rows of one video differ; nothing for rows that are not of the same pictures."""
    return () if mismatch((row_a, row_b)) else disagreements(row_a, row_b, kinds=kinds)


class Comparing:
    """Two sheets as they stand now: the reader's own rows follow the edits.

    mine: 0 or 1 where A or B is the reader's own work, else None. study_ids: of the videos of the open study, "" for
    those without a row; titles: what people call the videos, by study_id.
    """

    def __init__(self, compared: ComparedSheets) -> None:
        self.compared = compared
        self.mine = compared.order.mine
        first, second = compared.sheets
        self.names = (first.name, second.name)
        self._rows = (first.by_study_id(), second.by_study_id())
        self.titles: dict[str, str] = {}
        self.study_ids: list[str] = []
        self._found = dict(compared.found)
        self._items: dict[str, tuple[DisagreementItem, ...]] = {}
        self._listed: tuple[tuple[str, Disagreement], ...] | None = None
        self._all_items: tuple[DisagreementItem, ...] = ()

    def row(self, side: int, study_id: str) -> SheetRow | None:
        """Of sheet A (0) or B (1)."""
        return self._rows[side].get(study_id)

    def pair(self, study_id: str) -> tuple[SheetRow, SheetRow] | None:
        """Rows of a video in both sheets; None where one lacks it, or they are of different pictures."""
        row_a, row_b = self.row(0, study_id), self.row(1, study_id)
        return None if row_a is None or row_b is None or mismatch((row_a, row_b)) else (row_a, row_b)

    def take_own_row(self, row: SheetRow) -> None:
        """The reader's own row has changed; nothing happens where neither sheet is the reader's own."""
        if self.mine is not None:
            self._rows[self.mine][row.study_id] = row
            pair = self.pair(row.study_id)
            self._found[row.study_id] = () if pair is None else differences(*pair, self.compared.order.kinds)
            self.forget_items(row.study_id)

    def forget_items(self, study_id: str) -> None:
        """What the items of a video say is no longer true."""
        self._items.pop(study_id, None)
        self._listed = None

    def locate(self, videos: Sequence[Video], index: ProjectIndex | None) -> None:
        """Which videos of the open study have which rows, and what people call them."""
        rows = [row.study_id for sheet in self.compared.sheets for row in sheet.rows]
        ids = self.compared.ids if self.compared.order.videos == videos else {}
        self.study_ids = study_ids(videos, index, rows, ids)
        self.titles = {i: f"{v.title} ({i})" for i, v in zip(self.study_ids, videos, strict=True) if i}
        if index is not None:
            self.titles |= {v.key.study_id: f"{v.title} ({v.key.study_id})" for v in index.videos if v.key is not None}
        self._items.clear()
        self._listed = None

    def listed(
        self, annotations: Mapping[str, VideoAnnotation], index: ProjectIndex | None
    ) -> tuple[tuple[tuple[str, Disagreement], ...], tuple[DisagreementItem, ...]]:
        """Every disagreement with its study_id, and the same as the panel lists them; equal objects while all is equal.

        annotations: the reader's, by video_id.
        """
        if self._listed is None:
            keys = index.keys() if index is not None and self.compared.order.adjudicates else {}
            decided = {keys[video_id].study_id: one for video_id, one in annotations.items() if video_id in keys}
            for study_id in self._found:
                if study_id not in self._items:
                    name = self.titles.get(study_id, study_id)
                    self._items[study_id] = tuple(self._make_items(study_id, name, decided.get(study_id)))
            self._listed = tuple((study_id, one) for study_id, found in self._found.items() for one in found)
            self._all_items = tuple(chain.from_iterable(self._items[study_id] for study_id in self._found))
        return self._listed, self._all_items

    def _make_items(self, study_id: str, name: str, annotation: VideoAnnotation | None) -> Iterable[DisagreementItem]:
        for one in self._found[study_id]:
            who = self._who(one)
            yield DisagreementItem(name, one.pattern, one.span, who, decision_on(annotation, one))

    def _who(self, one: Disagreement) -> Side:
        if one.kind is DisagreementKind.ONLY_A:
            return "A"
        if one.kind is DisagreementKind.ONLY_B:
            return "B"
        if one.kind is DisagreementKind.NEITHER_LOOKED:
            return "neither"
        stretch = SpanSet.of(one.span)
        unlooked = [rows[one.study_id].unlooked_frames(one.pattern) & stretch for rows in self._rows]
        if stretch in unlooked:
            return "unlooked A" if unlooked[0] == stretch else "unlooked B"
        return "unlooked"


def decision_on(annotation: VideoAnnotation | None, one: Disagreement) -> Verdict | None:
    """What was decided on every frame of a stretch; None while a frame is open."""
    if annotation is None:
        return None
    decided = [d for d in annotation.decisions if d.pattern is one.pattern]
    if SpanSet.of(one.span) - SpanSet.union(d.span for d in decided):
        return None
    return next(VERDICTS[d.source] for d in decided if one.span.start in d.span)


def own_sheet(order: ComparisonOrder) -> LabelSheet:
    """The reader's own work as a sheet, with the project's rows where the file knows none yet."""
    assert order.own is not None
    keys = order.index.keys() if order.index is not None else {}
    records = {i: replace(r, key=r.key or keys.get(i)) for i, r in order.own.records.items()}
    return sheet_of(order.own.reader.name, records, order.own.annotations)


def study_ids(
    videos: Sequence[Video], index: ProjectIndex | None, rows: Iterable[str], by_identity: Mapping[int, str]
) -> list[str]:
    """study_id of every video of the open study, "" where it has none: by the project's list, else by identity (by
    place in `videos`), else by a file name such as `0012_00002` or a title."""
    if index is not None:
        known = {(v.source.path, v.source.member): v.key.study_id for v in index.videos if v.key is not None}
        return [known.get((v.source.path.absolute(), v.source.member), "") for v in videos]
    names: dict[str, str] = {}
    for study_id in rows:
        patient_id, _, number = study_id.rpartition("_")
        names |= {study_id: study_id, f"{patient_id}_{number.zfill(5)}": study_id}
    found = []
    for place, video in enumerate(videos):
        stem = video.source.name.rpartition(".")[0]
        found.append(by_identity.get(place) or names.get(stem) or names.get(video.title) or "")
    return found


def _read(order: ComparisonOrder, source: SheetSource) -> tuple[LabelSheet, tuple[str, ...]]:
    from luv_viewer.analysis.sheet_input import Videos, load_sheet
    from luv_viewer.io.project_access import open_sheet_of

    if source.path is not None:
        known = Videos(order.index.lengths(), order.index) if order.index is not None else None
        loaded = load_sheet(source.path, known)
        return loaded.sheet, (*loaded.problems, *loaded.warnings)
    if order.project is None or order.own is None:
        raise ProjectError(f"{source.name} can only be read in a project: choose a reader first, or files.")
    if _same(source.name, order.own.reader.name):
        return own_sheet(order), ()
    return open_sheet_of(order.project, order.own.reader, source.name), ()


def _ids_by_identity(order: ComparisonOrder, sheets: Sequence[LabelSheet], report: Report) -> dict[int, str]:
    from luv_viewer.io import StudyError

    rows = {row.video_id: row.study_id for sheet in sheets for row in sheet.rows if row.video_id}
    found: dict[int, str] = {}
    if order.index is not None or not rows:
        return found
    for place, video in enumerate(order.videos):
        try:
            if video.identity in rows:
                found[place] = rows[video.identity]
        except StudyError:
            # A file that cannot be read says so where it is shown; here it is only not found again.
            continue
        report()
    return found


def _agreement_row(part: PatternComparison) -> AgreementRow:
    assert part.pattern is not None
    drawn = part.frames.clustered
    return AgreementRow(
        part.pattern,
        part.frames.n_frames,
        part.n_videos,
        agreement=_told(part.frames.rate),
        kappa=None if drawn is None else _told(drawn.kappa),
        low=None if drawn is None else _told(drawn.low),
        high=None if drawn is None else _told(drawn.high),
        iou=_told(part.mean_jaccard),
        edge_frames=_told(part.intervals.edges.mean),
        no_common=len(part.empty_intersections),
        conflicts=len(part.label_conflicts),
    )


def _score(comparison: Comparison) -> ScoreAlignment:
    kappa: Kappa | None = comparison.scores.linear
    values = (kappa.kappa, kappa.low, kappa.high) if kappa is not None else (None, None, None)
    return ScoreAlignment(comparison.scores.n, comparison.scores.aligned, *map(_told, values))


def _told(value: float | None) -> float | None:
    """None for what is not a number."""
    return None if value is None or value != value else float(value)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
