"""What `luv predict` has finished in a folder, so that the same command goes on where it was stopped.

The file `predict_record.json` beside the tables: per result name SHA-256 digests and thresholds, so it tells neither
paths nor UIDs. `place` stands for where the video was stored, `key` for everything its result depends on, `video` for
its identity. Records of earlier versions lack `video` and `thresholds`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from luv_viewer.io.whole_file import write_whole

FILE_NAME = "predict_record.json"
_FORMAT, _VERSION = "luv predict record", 1
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
    there is no result, or one of an earlier version.
    """

    place: str
    key: str
    video: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)


@dataclass
class BatchRecord:
    """Entries by result name; names differ by more than upper and lower case."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def name_for(self, file_name: str, place: str, claimed: set[str]) -> str:
        """The name results of a video get: the one this place had before, else the stem, `_2`, `_3`... added to it
        where it is taken by another place.

        claimed: names given out in this run; the new one is added to it.
        """
        name = self._name_of(place, claimed)
        if name is None:
            stem = safe_stem(file_name)
            taken = {other.casefold() for other in (*self.entries, *claimed)}
            name, number = stem, 1
            while name.casefold() in taken:
                number += 1
                name = f"{stem}_{number}"
        claimed.add(name)
        return name

    def _name_of(self, place: str, claimed: set[str]) -> str | None:
        return next((n for n, entry in self.entries.items() if entry.place == place and n not in claimed), None)


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
    """The record in `path`; an empty one when there is no such file. Raises BatchRecordError when it is damaged."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return BatchRecord()
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path) from error
    try:
        held = json.loads(text)
        if held["format"] != _FORMAT or held["version"] != _VERSION:
            raise _damaged(path)
        entries = {str(name): _entry(entry) for name, entry in held["videos"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path) from error
    for entry in entries.values():
        digests = (entry.key, entry.video)
        if not (_is_digest(entry.place) and all(text == "" or _is_digest(text) for text in digests)):
            raise _damaged(path)
    return BatchRecord(entries)


def write_record(path: Path, record: BatchRecord) -> None:
    """Replace `path`. Raises WriteError."""
    videos = {
        name: {"place": entry.place, "key": entry.key, "video": entry.video, "thresholds": dict(entry.thresholds)}
        for name, entry in record.entries.items()
    }
    text = json.dumps({"format": _FORMAT, "version": _VERSION, "videos": videos}, indent=1, ensure_ascii=False)
    write_whole(path, (text + "\n").encode("utf-8"))


def _entry(held: Any) -> Entry:
    """Raises ValueError, KeyError or TypeError for something else."""
    thresholds = {str(pattern): float(value) for pattern, value in dict(held.get("thresholds", {})).items()}
    if not all(0 <= value <= 1 for value in thresholds.values()):
        raise ValueError("thresholds lie in [0, 1]")
    return Entry(held["place"], held["key"], held.get("video", ""), thresholds)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _damaged(path: Path) -> BatchRecordError:
    return BatchRecordError(
        f"{path} is damaged, so what is finished in this folder is unknown; add --overwrite to start over, "
        "or choose another folder."
    )
