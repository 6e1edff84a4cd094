"""Presets, and what a user changes in them, as one `TrainConfig`; a config as TOML and back."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from importlib import resources
from pathlib import Path
from typing import Any

from model.registry import NETWORKS, option_defaults
from training.train.config import (
    DataConfig,
    EncoderConfig,
    FitConfig,
    LossConfig,
    NetworkConfig,
    TrainConfig,
    table_fields,
)
from training.train.errors import TrainError

PRESETS = ("default", "paper-text", "paper-code")
_TABLES: Mapping[str, type] = {"encoder": EncoderConfig, "data": DataConfig, "loss": LossConfig, "train": FitConfig}
_NETWORK_KEYS = ("name", "title")
Tables = dict[str, dict[str, Any]]


def resolve_config(
    preset: str = "default", changes: Mapping[str, Any] | None = None, network: str | None = None
) -> TrainConfig:
    """The config of a preset (a name of PRESETS, or a TOML file) with changes by dotted key, `{"train.lr": 1e-5}`.

    network: key of the registry; None for the preset's, or LUV-Net. Later wins: preset, its table for the network,
    changes. Options of the network are keys of the table network: `network.kernel_size`.
    Raises TrainError, one sentence, for an unknown key (with the nearest known one) or a value that does not fit.
    """
    content, title = _preset_content(preset)
    own = content.pop("for", {})
    _check_tables(content, title)
    name = network or (changes or {}).get("network.name") or content.get("network", {}).get("name", "luv_net")
    if name not in NETWORKS:
        raise TrainError(f"There is no network {name!r}{_nearest(name, NETWORKS)}.")
    for other, tables in own.items():
        if other not in NETWORKS or not isinstance(tables, dict):
            raise TrainError(f"{title}: [for.{other}] names no network{_nearest(other, NETWORKS)}.")
        _check_tables(tables, title)
        for table, values in tables.items():
            _check_keys(table, values, other, title)
    merged: Tables = {table: dict(values) for table, values in content.items()}
    merged.setdefault("network", {})["name"] = name
    for table, values in own.get(name, {}).items():
        merged.setdefault(table, {}).update(values)
    for table, key, value in _split_changes(changes or {}, name):
        merged.setdefault(table, {})[key] = value
    return _config(title, merged, preset if preset in PRESETS else str(content.get("preset", "own")))


def parse_changes(texts: Iterable[str]) -> dict[str, Any]:
    """`train.lr=1e-5` texts as `{"train.lr": 1e-5}`; a value is TOML (1e-5, true, [1, 2]), else taken as text.

    >>> parse_changes(["train.lr=1e-5", "network.head=text", "encoder.frozen=true"])
    {'train.lr': 1e-05, 'network.head': 'text', 'encoder.frozen': True}
    """
    found = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or "." not in key:
            raise TrainError(f"{text!r} does not say what to set; write TABLE.KEY=VALUE, such as train.lr=1e-5.")
        try:
            found[key.strip()] = tomllib.loads(f"x = {value}")["x"]
        except tomllib.TOMLDecodeError:
            found[key.strip()] = value.strip()
    return found


def config_toml(config: TrainConfig) -> str:
    """The whole config as TOML that `read_config` reads back."""
    lines = [f"preset = {_toml(config.preset)}"]
    for table, values in config_tables(config).items():
        lines += ["", f"[{table}]", *(f"{key} = {_toml(value)}" for key, value in values.items() if value is not None)]
    return "\n".join(lines) + "\n"


def config_tables(config: TrainConfig) -> Tables:
    """Plain values by table and key."""
    network = {"name": config.network.name, "title": config.network.title, **config.network.options}
    return {"network": network, **{name: asdict(getattr(config, name)) for name in _TABLES}}


def read_config(path: Path) -> TrainConfig:
    """The config that `config_toml` wrote. Raises TrainError."""
    content = _parsed(path.name, path)
    preset = str(content.pop("preset", "own"))
    _check_tables(content, path.name)
    return _config(path.name, content, preset)


def differences(old: TrainConfig, new: TrainConfig) -> list[str]:
    """Each key with another value: `train.lr is 1e-06, now 1e-05`."""
    before, after = _flat(old), _flat(new)
    return [
        f"{key} is {before.get(key)!r}, now {after.get(key)!r}"
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    ]


def _flat(config: TrainConfig) -> dict[str, Any]:
    return {f"{table}.{key}": value for table, values in config_tables(config).items() for key, value in values.items()}


def _preset_content(preset: str) -> tuple[dict[str, Any], str]:
    """The tables, and what to call them in a sentence."""
    if preset in PRESETS:
        file = resources.files("training.presets").joinpath(f"{preset}.toml")
        return tomllib.loads(file.read_text(encoding="utf-8")), f"preset {preset}"
    path = Path(preset)
    if path.suffix != ".toml":
        raise TrainError(f"There is no preset {preset!r}{_nearest(preset, PRESETS)}, or give a .toml file.")
    content = _parsed(path.name, path)
    base = content.pop("preset", None)
    if base is None:
        return content, path.name
    if base not in PRESETS:
        raise TrainError(f"{path.name}: there is no preset {base!r}{_nearest(str(base), PRESETS)}.")
    merged, _ = _preset_content(str(base))
    return _laid_over(merged, content), path.name


def _laid_over(base: dict[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in top.items():
        base[key] = _laid_over(base.get(key, {}), value) if isinstance(value, dict) else value
    return base


def _parsed(name: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainError(f"{name} is no valid TOML: {error}.") from error


def _check_tables(content: Mapping[str, Any], title: str) -> None:
    known = ("network", *_TABLES)
    for table, values in content.items():
        if table == "preset":
            continue
        if table not in known or not isinstance(values, dict):
            raise TrainError(f"{title} has an unknown table or key {table!r}{_nearest(table, known)}.")


def _split_changes(changes: Mapping[str, Any], network: str) -> list[tuple[str, str, Any]]:
    found = []
    for dotted, value in changes.items():
        table, _, key = dotted.partition(".")
        if table not in ("network", *_TABLES):
            known = [f"{name}.{one}" for name in ("network", *_TABLES) for one in _keys(name, network)]
            raise TrainError(f"There is no setting {dotted!r}{_nearest(dotted, known)}.")
        _check_keys(table, {key: value}, network, "")
        found.append((table, key, value))
    return found


def _keys(table: str, network: str) -> tuple[str, ...]:
    if table == "network":
        return (*_NETWORK_KEYS, *option_defaults(network))
    return table_fields(_TABLES[table])


def _check_keys(table: str, values: Mapping[str, Any], network: str, title: str) -> None:
    known = _keys(table, network)
    for key in values:
        if key not in known:
            where = f"{title}: " if title else ""
            of = f" of {network}" if table == "network" else ""
            raise TrainError(f"{where}there is no setting {table}.{key}{of}{_nearest(key, known, f'{table}.')}.")


def _config(title: str, tables: Mapping[str, Mapping[str, Any]], preset: str) -> TrainConfig:
    network = dict(tables["network"])
    name, label = str(network.pop("name")), network.pop("title", "")
    _check_keys("network", network, name, title)
    options = option_defaults(name) | {key: _tupled(value) for key, value in network.items()}
    made = {}
    for table, kind in _TABLES.items():
        values = tables.get(table, {})
        _check_keys(table, values, name, title)
        made[table] = kind(**_typed(table, kind, values))
    if not isinstance(label, str):
        raise TrainError(f"network.title must be text, got {label!r}.")
    return TrainConfig(preset=preset, network=NetworkConfig(name, label, options), **made)


def _typed(table: str, kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the types of the defaults: 1 for a number with a point is 1.0. Raises TrainError."""
    defaults = {one.name: one.default for one in fields(kind)}
    typed = {}
    for key, value in values.items():
        wanted = type(defaults[key])
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
            raise TrainError(f"{table}.{key} must be {words[wanted]}, got {value!r}.")
        typed[key] = value
    return typed


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _nearest(key: str, known: Iterable[str], prefix: str = "") -> str:
    """`; did you mean X?` or the list, to put before the final point."""
    names: Sequence[str] = list(known)
    close = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    if close:
        return f"; the nearest is {prefix}{close[0]}"
    return f"; known are {', '.join(f'{prefix}{name}' for name in names)}"


def _toml(value: Any) -> str:
    """A text, number, truth value, or list of them.

    >>> _toml(1e-06), _toml(True), _toml((2, 2)), _toml('a"b')
    ('1e-06', 'true', '[2, 2]', '"a\\\\"b"')
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)
