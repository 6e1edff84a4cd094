"""In which order a reader should take the videos, and why each one.

videos = [queue_video(record, annotation) ...]       # of a reader file, or
videos = [queue_video_of_row(row) ...]               # of any sheet
for item in work_queue(videos, ai):                  # ai: AiSummary values, None for a blinded reader
    print(item.study_id, item.name, item.reason)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from luv_viewer.domain.ai_summary import AiSummary, margin, told_apart
from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.label_sheet import SheetRow, row_of
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import SheetKey, VideoRecord
from luv_viewer.domain.span_set import SpanSet

UNDECIDED_BELOW = 0.1
"""A model whose probability lies within this part of the way from threshold to certainty is called undecided."""

_READ_AS: dict[Pattern, tuple[Pattern, ...]] = {
    **{pattern: (pattern,) for pattern in TRACK_PATTERNS},
    Pattern.B_LINE: (Pattern.B_LINE, Pattern.CONFLUENT_B_LINE),
}
"""What a reader marks for each of the network's patterns: its B-line means B-line or confluent B-line."""

_WORDS = {
    Pattern.A_LINE: "A-line",
    Pattern.B_LINE: "B-line",
    Pattern.CONFLUENT_B_LINE: "confluent B-line",
    Pattern.CONSOLIDATION: "consolidation",
    Pattern.PLEURAL_EFFUSION: "effusion",
}


class QueuePart(Enum):
    """The parts of a queue, in order."""

    UNFINISHED = "unfinished"
    UNDECIDED = "model undecided"
    DIFFERS = "model and reader differ"


@dataclass(frozen=True)
class QueueVideo:
    """What a queue needs to know of a reader's video.

    video_id, study_id: "" where unknown. name: file name, for people. stated: per TRACK_PATTERNS True (present
    somewhere), False (absent in every frame) or None (not in what was looked at, and not all of it was).
    n_unlooked: frames of n_frames (None: the sheet does not say) of which nothing is known for a pattern.
    is_untouched: nothing stated, nothing seen. is_done: finalised. is_excluded: not to be used.
    """

    video_id: str
    study_id: str
    name: str
    stated: tuple[bool | None, ...]
    n_unlooked: int
    n_frames: int | None
    is_untouched: bool
    is_done: bool
    is_excluded: bool

    def states(self, pattern: Pattern) -> bool | None:
        """The reader's word on one of the network's patterns, as in `stated`."""
        words = [self.stated[TRACK_PATTERNS.index(p)] for p in _READ_AS[pattern]]
        if True in words:
            return True
        return None if None in words else False


@dataclass(frozen=True)
class QueueItem:
    """A video to take. reasons: plain words, the first for its place; margin: the smallest over the patterns, see
    `ai_summary.margin`, None without AI."""

    video_id: str
    study_id: str
    name: str
    part: QueuePart
    reasons: tuple[str, ...]
    margin: float | None = None

    @property
    def reason(self) -> str:
        """All reasons in one line."""
        return "; ".join(self.reasons)


def queue_video(record: VideoRecord, annotation: VideoAnnotation | None) -> QueueVideo:
    """A video of a reader file or project; annotation: None when the reader never opened it."""
    known = annotation or VideoAnnotation(record.n_frames)
    row = row_of(record, record.key or SheetKey("unknown", 1), known)
    study_id = record.key.study_id if record.key else ""
    return _queue_video(row, study_id, record.name, known.is_untouched and not known.seen)


def queue_video_of_row(row: SheetRow) -> QueueVideo:
    """A row of any sheet; published layouts hold finalised videos only."""
    nothing = not any(row.present) and not row.zone and row.lus_score is None and row.sliding is None
    all_unlooked = row.n_frames is not None and all(len(u) >= row.n_frames for u in row.unlooked)
    return _queue_video(row, row.study_id, row.study_id, nothing and all_unlooked)


def work_queue(videos: Iterable[QueueVideo], ai: Iterable[AiSummary] | None = None) -> tuple[QueueItem, ...]:
    """The videos worth taking, in order; excluded ones never.

    1. Unfinished ones: begun before never opened, so that nothing stays half done. Inside both: the smallest margin
       first, those without AI last.
    2. Finished ones on which the model is undecided (margin below UNDECIDED_BELOW), the smallest margin first.
    3. Finished ones where model and reader differ on a pattern, the largest margin among those patterns first. A
       pattern that the reader stated nowhere counts as "none" only when every frame was looked at.
    Otherwise in the order given. ai: matched by video_id, else by name to the study_id or the file name without its
    ending where that is one video's alone; None for a blinded reader, whose queue is part 1 alone.
    """
    known = list(videos)
    numbers = _matched(known, list(ai or ()))
    ranked: list[tuple[tuple[float, ...], QueueItem]] = []
    for place, video in enumerate(known):
        found = None if video.is_excluded else _item(video, numbers[place])
        if found is not None:
            rank, item = found
            ranked.append(((*rank, place), item))
    return tuple(item for _, item in sorted(ranked, key=lambda pair: pair[0]))


def next_unfinished(order: Sequence[str], here: str | None, annotations: Mapping[str, VideoAnnotation]) -> str | None:
    """The next video_id of `order` after `here`, and round, that is neither finalised nor excluded.

    `here` itself when it is the only one; None when all are done. here: None to begin at the first.
    """
    first = order.index(here) + 1 if here in order else 0
    for video_id in (*order[first:], *order[:first]):
        annotation = annotations.get(video_id)
        if annotation is None or not (annotation.finalised or annotation.exclusion):
            return video_id
    return None


def _queue_video(row: SheetRow, study_id: str, name: str, is_untouched: bool) -> QueueVideo:
    stated = tuple(
        True if frames else (None if unlooked else False)
        for frames, unlooked in zip(row.present, row.unlooked, strict=True)
    )
    n_unlooked = len(SpanSet.union(span for frames in row.unlooked for span in frames))
    return QueueVideo(
        video_id=row.video_id,
        study_id=study_id,
        name=name,
        stated=stated,
        n_unlooked=n_unlooked,
        n_frames=row.n_frames,
        is_untouched=is_untouched and not row.finalised,
        is_done=row.finalised,
        is_excluded=bool(row.exclusion),
    )


def _matched(videos: Sequence[QueueVideo], ai: Sequence[AiSummary]) -> list[AiSummary | None]:
    by_id = {summary.video_id: summary for summary in ai if summary.video_id}
    unplaced = Counter(summary.name for summary in ai if not summary.video_id)
    by_name = {s.name: s for s in ai if not s.video_id and unplaced[s.name] == 1}
    owners = Counter(name for video in videos for name in _names(video))
    return [
        by_id.get(video.video_id)
        or next((by_name[name] for name in _names(video) if name in by_name and owners[name] == 1), None)
        for video in videos
    ]


def _names(video: QueueVideo) -> set[str]:
    stem, dot, _ = video.name.rpartition(".")
    return {name for name in (video.study_id, stem if dot else video.name) if name}


def _item(video: QueueVideo, ai: AiSummary | None) -> tuple[tuple[float, ...], QueueItem] | None:
    """(rank, item): smaller ranks first; None when nothing is to be done."""
    margins = [] if ai is None else [margin(p, t) for p, t in zip(ai.probabilities, ai.thresholds, strict=True)]
    smallest = min(margins, default=None)
    undecided, differing = _undecided(video, ai), _differing(video, ai)
    last = float("inf") if smallest is None else smallest

    def item(part: QueuePart, *reasons: str) -> QueueItem:
        return QueueItem(video.video_id, video.study_id, video.name, part, reasons, smallest)

    if not video.is_done:
        reasons = (_unfinished_words(video), *([undecided] if undecided else []))
        return (0, float(video.is_untouched), last), item(QueuePart.UNFINISHED, *reasons)
    if undecided:
        return (1, last), item(QueuePart.UNDECIDED, undecided, *(words for _, words in differing))
    if differing:
        return (2, -differing[0][0]), item(QueuePart.DIFFERS, *(words for _, words in differing))
    return None


def _unfinished_words(video: QueueVideo) -> str:
    if video.is_untouched:
        return "not begun"
    if video.n_unlooked:
        of = "" if video.n_frames is None else f" of {video.n_frames}"
        return f"not finalised: {video.n_unlooked}{of} frames not looked at"
    return "not finalised: every frame looked at"


def _undecided(video: QueueVideo, ai: AiSummary | None) -> str:
    """Words on the pattern nearest to its threshold, "" when the model is decided on all."""
    numbers = [] if ai is None else list(zip(ai.patterns, ai.probabilities, ai.thresholds, strict=True))
    nearest = min(numbers, key=lambda n: margin(n[1], n[2]), default=None)
    if nearest is None or margin(nearest[1], nearest[2]) >= UNDECIDED_BELOW:
        return ""
    pattern, probability, threshold = nearest
    probability_text, threshold_text = told_apart(probability, threshold)
    words = f"model undecided: {_WORDS[pattern]} {probability_text}, threshold {threshold_text}"
    if video.is_done and video.states(pattern) is not None:
        words += f", you stated {'it' if video.states(pattern) else 'none'}"
    return words


def _differing(video: QueueVideo, ai: AiSummary | None) -> list[tuple[float, str]]:
    """(margin, words) of the patterns on which a decided model and the reader differ, the largest margin first."""
    found = []
    for pattern, p, t in [] if ai is None else zip(ai.patterns, ai.probabilities, ai.thresholds, strict=True):
        stated, size = video.states(pattern), margin(p, t)
        if stated is None or stated == (p >= t) or size < UNDECIDED_BELOW:
            continue
        said = f"{p:.2f}" if p >= t else f"none ({p:.2f}, threshold {t:.2f})"
        found.append((size, f"model says {_WORDS[pattern]} {said}, you stated {'it' if stated else 'none'}"))
    return sorted(found, key=lambda pair: -pair[0])
