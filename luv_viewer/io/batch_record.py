"""What `luv predict` has finished in a folder, so that the same command goes on where it was stopped.

The file `predict_record.jsonl` beside the tables grows by a line of JSON per result, so writing one costs the same
however many there are, and a process killed at any moment loses at most the line it was writing. The newest line of a
name counts; a last line without its end is no line. A line holds SHA-256 digests, thresholds and the line of
`summary.csv`, so it tells no paths or UIDs beyond the summary's. Records of version 1 are `predict_record.json`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, starmap
from pathlib import Path
from typing import Any

from luv_viewer.domain.pattern import Pattern
from luv_viewer.io.prediction_file import PatternSummary, SummaryRow
from luv_viewer.io.whole_file import write_whole

FILE_NAME = "predict_record.jsonl"
FIRST_FILE_NAME = "predict_record.json"
_FORMAT, _FIRST_VERSION, _VERSION = "luv predict record", 1, 2
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_MAX_STEM_BYTES = 180


class BatchRecordError(Exception):
    """The record is damaged or of another kind; str(error) is one plain sentence."""


@dataclass(frozen=True)
class Entry:
    """place: digest of where the video is stored. key: digest of what its result depends on, empty when it has none.

    video: digest of the video's identity; thresholds: of the checkpoint, in [0, 1], by pattern name. Both empty where
    there is no result, or one of an earlier version. n_bytes: stored size of the video, 0 when unknown. number: what
    was added to the stem of the file name to make the result's name, 1 for nothing, 0 when unknown. row: the line of
    the summary, None for a video not worked on yet.
    """

    place: str
    key: str
    video: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    n_bytes: int = 0
    number: int = 0
    row: SummaryRow | None = None

    def __post_init__(self) -> None:
        digests = (self.key, self.video)
        if not (_is_digest(self.place) and all(text == "" or _is_digest(text) for text in digests)):
            raise ValueError("place, key and video are SHA-256 digests")
        if not all(0 <= value <= 1 for value in self.thresholds.values()):
            raise ValueError("thresholds lie in [0, 1]")


@dataclass
class BatchRecord:
    """Entries by result name, in the order in which names were given out."""

    entries: dict[str, Entry] = field(default_factory=dict)


def safe_stem(file_name: str) -> str:
    """The file name without its ending, fit for a file name on every system.

    Only an ending that begins with a letter and has at most five characters is one: UIDs are names of files too.

    >>> safe_stem("patient_10_L1.mp4"), safe_stem("1.2.840.113619.2.5"), safe_stem("a:b?.dcm"), safe_stem("")
    ('patient_10_L1', '1.2.840.113619.2.5', 'a_b_', 'video')
    """
    stem = _UNSAFE.sub("_", _SUFFIX.sub("", file_name)).strip(" .")
    return stem.encode("utf-8", "replace")[:_MAX_STEM_BYTES].decode("utf-8", "ignore") or "video"


def digest(*parts: object) -> str:
    """SHA-256 (hex) of the parts; other parts give another digest.

    >>> digest("a", "bc") == digest("ab", "c")
    False
    """
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()


def read_record(path: Path) -> BatchRecord:
    """The record in `path`, else that of version 1 beside it; an empty one when there is neither.

    Raises BatchRecordError when it is damaged.
    """
    if not path.exists():
        return BatchRecord(_read_first_version(path.with_name(FIRST_FILE_NAME)))
    record = BatchRecord()
    for name, entry in read_lines(path):
        # A name keeps the place where it came first.
        record.entries[name] = entry
    return record


def read_lines(path: Path) -> Iterator[tuple[str, Entry]]:
    """Name and entry of every complete line, oldest first. Raises BatchRecordError when the file is damaged."""
    try:
        with path.open("rb") as stream:
            head = _whole_line(stream.readline(), path)
            if head is None or head["format"] != _FORMAT or head["version"] != _VERSION:
                raise _damaged(path)
            for line in stream:
                held = _whole_line(line, path)
                if held is not None:
                    yield str(held["name"]), _entry(held)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path) from error


def write_record(path: Path, entries: Iterable[tuple[str, Entry]]) -> None:
    """Replace `path` by one line per entry. Raises WriteError."""
    head = json.dumps({"format": _FORMAT, "version": _VERSION}) + "\n"
    write_whole(path, chain([head.encode()], starmap(line_of, entries)))


def line_of(name: str, entry: Entry) -> bytes:
    """The line that stands for an entry, with its end."""
    held: dict[str, Any] = {"name": name, "place": entry.place}
    optional = {
        "key": entry.key,
        "video": entry.video,
        "thresholds": dict(entry.thresholds),
        "bytes": entry.n_bytes,
        "number": entry.number,
        "row": None if entry.row is None else _row_fields(entry.row),
    }
    held.update({key: value for key, value in optional.items() if value})
    # File names may hold bytes that are no text; JSON's escapes keep them.
    return json.dumps(held, separators=(",", ":")).encode() + b"\n"


def entry_of_line(line: bytes) -> Entry:
    """The entry `line_of` wrote."""
    return _entry(json.loads(line))


def _whole_line(line: bytes, path: Path) -> dict[str, Any] | None:
    """None for a last line that was cut off. Raises ValueError, BatchRecordError."""
    if not line.endswith(b"\n"):
        return None
    held = json.loads(line)
    if not isinstance(held, dict):
        raise _damaged(path)
    return held


def _read_first_version(path: Path) -> dict[str, Entry]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["format"] != _FORMAT or held["version"] != _FIRST_VERSION:
            raise _damaged(path)
        return {str(name): _entry(entry) for name, entry in held["videos"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path) from error


def _entry(held: dict[str, Any]) -> Entry:
    """Raises ValueError, KeyError or TypeError for something else."""
    row = held.get("row")
    return Entry(
        place=held["place"],
        key=held.get("key", ""),
        video=held.get("video", ""),
        thresholds={str(pattern): float(value) for pattern, value in dict(held.get("thresholds", {})).items()},
        n_bytes=int(held.get("bytes", 0)),
        number=int(held.get("number", 0)),
        row=None if row is None else _row(row),
    )


def _row_fields(row: SummaryRow) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "video": row.video,
        "file": row.file,
        "status": row.status,
        "frames": row.n_frames,
        "fps": row.fps,
        "patterns": {
            pattern.value: [
                found.probability,
                found.present,
                None if found.top_frames is None else list(found.top_frames),
            ]
            for pattern, found in row.patterns.items()
        },
        "checkpoint": row.checkpoint,
        "device": row.device,
        "precision": row.precision,
    }
    return {key: value for key, value in fields.items() if value not in ("", None, {})}


def _row(held: dict[str, Any]) -> SummaryRow:
    """Raises ValueError, KeyError or TypeError for something else."""
    patterns = {
        Pattern(name): PatternSummary(
            float(probability), bool(present), None if top is None else tuple(int(frame) for frame in top)
        )
        for name, (probability, present, top) in held.get("patterns", {}).items()
    }
    return SummaryRow(
        video=str(held["video"]),
        file=str(held["file"]),
        status=str(held["status"]),
        n_frames=held.get("frames"),
        fps=held.get("fps"),
        patterns=patterns,
        checkpoint=held.get("checkpoint", ""),
        device=held.get("device", ""),
        precision=held.get("precision", ""),
    )


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _damaged(path: Path) -> BatchRecordError:
    return BatchRecordError(
        f"{path} is damaged, so what is finished in this folder is unknown; add --overwrite to start over, "
        "or choose another folder."
    )
