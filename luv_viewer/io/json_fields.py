"""Versioned JSON files of the program: read strictly, so that a damaged or foreign one is never half understood."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luv_viewer.io.byte_source import os_reason
from luv_viewer.io.whole_file import write_whole

Fields = Mapping[str, tuple[type, ...]]
"""Names of fields with the types their values may have."""

_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


class JsonFieldError(Exception):
    """A JSON file is not what was expected; str(error) is one plain sentence that names the file and the place."""


def read_json(path: Path, kind: str, version: int) -> dict[str, Any]:
    """The object in a file that says `"format": kind` and a version up to `version`, without these two.

    Raises JsonFieldError; FileNotFoundError when there is no such file.
    """
    try:
        held = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise JsonFieldError(f"{path} cannot be read: {os_reason(error)}.") from error
    except (ValueError, RecursionError) as error:
        raise JsonFieldError(
            f"{path} is damaged: it is not JSON ({error}). Put back a copy of it from before."
        ) from error
    if not isinstance(held, dict) or held.pop("format", None) != kind:
        raise JsonFieldError(f'{path} is not a {kind} file: it does not say "format": "{kind}".')
    found = held.pop("version", None)
    if type(found) is not int or found < 1:
        raise JsonFieldError(f"{path}: version must be a whole number from 1, found {json.dumps(found)}.")
    if found > version:
        raise JsonFieldError(
            f"{path} is of version {found}, and this program knows version {version} at most: use a newer LUV Viewer."
        )
    return held


def write_json(path: Path, kind: str, version: int, fields: Mapping[str, object], one_per_line: str = "") -> None:
    """Replace `path` by an object as `read_json` expects it. Raises WriteError.

    one_per_line: name of a long list whose items get a line each; the rest is indented.
    """
    head = json.dumps({"format": kind, "version": version, **fields}, indent=1, ensure_ascii=False)
    if one_per_line:
        rest = {name: value for name, value in fields.items() if name != one_per_line}
        head = json.dumps({"format": kind, "version": version, **rest}, indent=1, ensure_ascii=False)
        items = ",\n".join(
            "  " + json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in _items(fields[one_per_line])
        )
        head = f'{head[:-2]},\n "{one_per_line}": [\n{items}\n ]\n}}'
    write_whole(path, f"{head}\n".encode())


def _items(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {type(value).__name__}")
    return value


def checked(value: object, required: Fields, optional: Fields, where: str) -> dict[str, Any]:
    """`value` as an object whose fields have the right names and types; optional ones may be missing.

    A bool is no number here, a whole number may stand for a float. Raises JsonFieldError, beginning with `where`.

    >>> checked({"name": "kim"}, {"name": (str,)}, {"blinded": (bool,)}, "project.json, reader 1")
    {'name': 'kim'}
    >>> checked({"nmae": "kim"}, {"name": (str,)}, {}, "project.json, reader 1")
    Traceback (most recent call last):
    luv_viewer.io.json_fields.JsonFieldError: project.json, reader 1: unknown key "nmae"; known are "name".
    """
    if not isinstance(value, dict):
        raise JsonFieldError(f"{where}: expected an object, found {_shown(value)}.")
    known = {**required, **optional}
    for name, held in value.items():
        if name not in known:
            names = ", ".join(f'"{other}"' for other in known)
            raise JsonFieldError(f'{where}: unknown key "{name}"; known are {names}.')
        if not _fits(held, known[name]):
            wanted = " or ".join("null" if kind is type(None) else _WORDS[kind] for kind in known[name])
            raise JsonFieldError(f'{where}: "{name}" must be {wanted}, found {_shown(held)}.')
    missing = [name for name in required if name not in value]
    if missing:
        raise JsonFieldError(f'{where}: "{missing[0]}" is missing.')
    return value


def _fits(value: object, kinds: tuple[type, ...]) -> bool:
    return type(value) in kinds or (float in kinds and type(value) is int)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."
