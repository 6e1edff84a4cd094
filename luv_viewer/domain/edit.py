"""Edits of an annotation, in the form in which they are kept for ever: what was before, what is after, by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

from luv_viewer.domain.annotation import Decision, Fate, Source, Suggestion, VideoAnnotation
from luv_viewer.domain.lus_score import LusScore
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import track_from_text, track_text
from luv_viewer.domain.video import FrameIdentity

JsonValue = Any
"""None, bool, int, float, str, or lists of them: what a change holds."""


class EntryKind(Enum):
    """VIDEO: first entry of a video. EDIT, UNDO, REDO: changes by the reader. SEEN: frames were on the screen.
    NOTE: something about the reader, not about a video (a measured reaction time)."""

    VIDEO = "video"
    EDIT = "edit"
    UNDO = "undo"
    REDO = "redo"
    SEEN = "seen"
    NOTE = "note"


@dataclass(frozen=True)
class Change:
    """One field of an annotation: `present/A-line`, `absent/A-line`, `zone`, `seen`, ... with its values as JSON."""

    field: str
    before: JsonValue
    after: JsonValue

    @property
    def reversed(self) -> Change:
        """What takes it back."""
        return Change(self.field, self.after, self.before)


@dataclass(frozen=True)
class Entry:
    """One line of a reader file's record.

    number: 1, 2, 3 ... in the file. video_id: "" for NOTE. verb: what was done, for people ("mark present").
    undoes: number of the edit that an UNDO or REDO is about. time_utc: ISO 8601 with milliseconds and Z.
    frames: identities of the first and last frame of what changed; empty where the change is of the whole video.
    raw: what was measured and not yet corrected (pressed and released frames), or what a VIDEO or NOTE entry holds.
    """

    number: int
    kind: EntryKind
    video_id: str
    verb: str
    changes: tuple[Change, ...]
    reader: str
    time_utc: str
    frames: tuple[FrameIdentity, ...] = ()
    undoes: int | None = None
    raw: Mapping[str, JsonValue] = field(default_factory=dict)


def changes_between(before: VideoAnnotation, after: VideoAnnotation) -> tuple[Change, ...]:
    """The fields that differ. Raises ValueError for annotations of videos of different length."""
    if before.n_frames != after.n_frames:
        raise ValueError(f"the annotations are of {before.n_frames} and {after.n_frames} frames")
    old, new = encoded(before), encoded(after)
    return tuple(Change(name, old[name], new[name]) for name in old if old[name] != new[name])


def applied(annotation: VideoAnnotation, changes: tuple[Change, ...]) -> VideoAnnotation:
    """With the values after. `seen` grows by the frames of the change and never shrinks.

    Raises ValueError for a field or value that an annotation does not have.
    """
    values = encoded(annotation)
    for change in changes:
        if change.field not in values:
            raise ValueError(f"an annotation has no field {change.field!r}")
        if change.field == "seen":
            values["seen"] = (annotation.seen | SpanSet.union(track_from_text(str(change.after)))).label
        else:
            values[change.field] = change.after
    return decoded(annotation.n_frames, values)


def encoded(annotation: VideoAnnotation) -> dict[str, JsonValue]:
    """Every field as JSON, one per track; the inverse of `decoded`."""
    values: dict[str, JsonValue] = {}
    for name in ("present", "absent"):
        for pattern, track in zip(TRACK_PATTERNS, getattr(annotation, name), strict=True):
            values[f"{name}/{pattern.value}"] = track_text(track)
    for name, (encode, _) in _CODECS.items():
        values[name] = encode(getattr(annotation, name))
    return values


def decoded(n_frames: int, values: Mapping[str, JsonValue]) -> VideoAnnotation:
    """From what `encoded` gave; fields that are missing are empty. Raises ValueError."""
    unknown = sorted(set(values) - _FIELDS)
    if unknown:
        raise ValueError(f"an annotation has no field {', '.join(unknown)}")
    try:
        values_by_field: dict[str, Any] = {
            name: tuple(track_from_text(values.get(f"{name}/{p.value}", "")) for p in TRACK_PATTERNS)
            for name in ("present", "absent")
        }
        values_by_field |= {name: decode(values[name]) for name, (_, decode) in _CODECS.items() if name in values}
    except (TypeError, AttributeError, KeyError) as error:
        raise ValueError(f"a value has the wrong kind: {error}") from error
    return VideoAnnotation(n_frames, **values_by_field)


def _decode_suggestion(value: list[JsonValue]) -> Suggestion:
    pattern, span, probability, made_by, fate = value
    return Suggestion(Pattern(pattern), Span.from_label(span), float(probability), str(made_by), Fate(fate))


def _decode_decision(value: list[JsonValue]) -> Decision:
    pattern, span, source = value
    return Decision(Pattern(pattern), Span.from_label(span), Source(source))


def _as_is(value: JsonValue) -> JsonValue:
    return value


_CODECS: dict[str, tuple[Callable[[Any], JsonValue], Callable[[JsonValue], Any]]] = {
    "seen": (lambda seen: seen.label, lambda text: SpanSet.union(track_from_text(text))),
    "zone": (_as_is, str),
    "sliding": (_as_is, lambda value: None if value is None else bool(value)),
    "lus_score": (
        lambda score: None if score is None else str(score),
        lambda text: None if text is None else LusScore.parse(text),
    ),
    "quality": (_as_is, str),
    "exclusion": (_as_is, str),
    "note": (_as_is, str),
    "finalised": (_as_is, bool),
    "suggestions": (
        lambda items: [[s.pattern.value, s.span.label, s.probability, s.made_by, s.fate.value] for s in items],
        lambda items: tuple(map(_decode_suggestion, items)),
    ),
    "decisions": (
        lambda items: [[d.pattern.value, d.span.label, d.source.value] for d in items],
        lambda items: tuple(map(_decode_decision, items)),
    ),
}
_FIELDS = frozenset(encoded(VideoAnnotation(1)))
assert {f.name for f in fields(VideoAnnotation)} == {"n_frames", "present", "absent", *_CODECS}
