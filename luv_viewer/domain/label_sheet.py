"""A labelling sheet as values, whatever file or reader it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.lus_score import LusScore
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import SheetKey, VideoRecord
from luv_viewer.domain.span_set import SpanSet

NOTHING: tuple[SpanSet, ...] = (SpanSet(),) * len(TRACK_PATTERNS)


@dataclass(frozen=True)
class SheetRow:
    """One video or still.

    present: frames per TRACK_PATTERNS (a still's `1` is frame 0). unlooked: frames of which nothing is known, likewise;
    always empty in rows of the published layouts, where blank means absent; but external images say nothing of
    confluent B-lines.
    n_frames: None where the sheet does not say. video_id: "" where it does not. zone: as written.
    score_aligned: the sheet's own `LUS score align`. extra: other columns by header, as text.
    """

    key: SheetKey
    present: tuple[SpanSet, ...] = NOTHING
    unlooked: tuple[SpanSet, ...] = NOTHING
    n_frames: int | None = None
    video_id: str = ""
    zone: str = ""
    sliding: bool | None = None
    lus_score: LusScore | None = None
    score_aligned: bool | None = None
    finalised: bool = True
    exclusion: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.present) != len(TRACK_PATTERNS) or len(self.unlooked) != len(TRACK_PATTERNS):
            raise ValueError(f"a row has {len(TRACK_PATTERNS)} patterns, got {len(self.present)}, {len(self.unlooked)}")

    @property
    def study_id(self) -> str:
        """What rows of two sheets are paired by."""
        return self.key.study_id

    @property
    def is_still(self) -> bool:
        """True for a single image."""
        return self.key.data_type == "image"

    def frames(self, pattern: Pattern) -> SpanSet:
        """Frames in which a pattern is present."""
        return self.present[TRACK_PATTERNS.index(pattern)]

    def unlooked_frames(self, pattern: Pattern) -> SpanSet:
        """Frames of which nothing is known for a pattern."""
        return self.unlooked[TRACK_PATTERNS.index(pattern)]

    def patterns_present(self) -> tuple[Pattern, ...]:
        """Patterns with at least one frame."""
        return tuple(p for p, frames in zip(TRACK_PATTERNS, self.present, strict=True) if frames)


@dataclass(frozen=True)
class LabelSheet:
    """name: whose, for people ("kim", "version1_v1.csv"). rows: unique by study_id, else ValueError."""

    name: str
    rows: tuple[SheetRow, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for row in self.rows:
            if row.study_id in seen:
                raise ValueError(f"{self.name}: study_id {row.study_id} stands in two rows")
            seen.add(row.study_id)

    def by_study_id(self) -> dict[str, SheetRow]:
        """Rows by study_id, in order."""
        return {row.study_id: row for row in self.rows}


def row_of(record: VideoRecord, key: SheetKey, annotation: VideoAnnotation) -> SheetRow:
    """A reader's annotation as a row."""
    return SheetRow(
        key=key,
        present=tuple(annotation.present_frames(p) for p in TRACK_PATTERNS),
        unlooked=tuple(annotation.unlooked_frames(p) for p in TRACK_PATTERNS),
        n_frames=annotation.n_frames,
        video_id=record.video_id,
        zone=annotation.zone,
        sliding=annotation.sliding,
        lus_score=annotation.lus_score,
        finalised=annotation.finalised,
        exclusion=annotation.exclusion,
    )


def sheet_of(
    name: str, records: Mapping[str, VideoRecord], annotations: Mapping[str, VideoAnnotation], ids: Iterable[str] = ()
) -> LabelSheet:
    """A reader's whole work as a sheet, in the order of `ids` (video_ids), else of `records`.

    A video without a key gets patient `unknown` and its place in the order; videos without annotation are left out.
    """
    order = list(ids) or list(records)
    rows = []
    for place, video_id in enumerate(order, start=1):
        record, annotation = records.get(video_id), annotations.get(video_id)
        if record is not None and annotation is not None:
            key = record.key or SheetKey("unknown", place, "", "image" if record.n_frames == 1 else "video")
            rows.append(row_of(record, key, annotation))
    return LabelSheet(name, tuple(rows))
