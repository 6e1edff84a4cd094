"""What `auto` runs on this machine: measured once per checkpoint, kept beside the prepared network."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model.runtimes.agreement import Agreement
from model.runtimes.prepared import PreparedNetwork, StoreError

FILE_NAME = "choice.json"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Candidate:
    """One way to run the encoder on the CPU.

    frames_per_s: frames encoded a second, None when it could not run. agreement: with float32; None for float32.
    note: why it could not run, or how it was made.
    """

    precision: str
    frames_per_s: float | None
    agreement: Agreement | None = None
    note: str = ""

    @property
    def may_be_chosen(self) -> bool:
        """Whether it runs, and agrees with float32 closely enough (`Agreement.passes`)."""
        return self.frames_per_s is not None and (self.agreement is None or self.agreement.passes)


@dataclass(frozen=True)
class Choice:
    """machine: which machine it holds for. candidates: all that were tried. precision: the one chosen, on OpenVINO."""

    machine: str
    candidates: tuple[Candidate, ...]
    precision: str

    @property
    def reason(self) -> str:
        """Why, in one or more sentences for people."""
        chosen = next(c for c in self.candidates if c.precision == self.precision)
        words = [f"{self.precision} on OpenVINO, {chosen.frames_per_s or 0:.0f} frames a second."]
        if chosen.agreement is not None:
            words.append(f"Beside fp32: {chosen.agreement.sentence}.")
        for other in self.candidates:
            if other.frames_per_s is None:
                words.append(f"{other.precision} cannot be used here: {other.note}.")
            elif not other.may_be_chosen and other.agreement is not None:
                words.append(
                    f"{other.precision} ({other.frames_per_s:.0f} frames a second) is left out: "
                    f"{other.agreement.shortfall}."
                )
        return " ".join(words)


def choose(candidates: Sequence[Candidate]) -> Choice:
    """The fastest of those that may be chosen; float32 is always among them.

    Raises ValueError when none can be.
    """
    fit = [c for c in candidates if c.may_be_chosen]
    if not fit:
        raise ValueError("no precision can be chosen: float32 itself did not run")
    best = max(fit, key=lambda c: c.frames_per_s or 0.0)
    return Choice(machine(), tuple(candidates), best.precision)


def machine() -> str:
    """What a measurement depends on: processor, cores, and the version of OpenVINO."""
    from importlib.metadata import version

    return f"{_processor()}, {os.cpu_count()} cores, OpenVINO {version('openvino')}"


def _processor() -> str:
    """The processor's name as the system gives it; Linux's own file knows more than `platform`."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    if "model name" in named:
        return f"{named['model name']} {named.get('cpu family', '')}.{named.get('model', '')}"
    return platform.processor() or platform.machine()


def write_choice(prepared: PreparedNetwork, choice: Choice) -> None:
    """Keep it, whole or not at all. Raises StoreError when the cache cannot be written."""
    path = prepared.folder / FILE_NAME
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    held = {"format_version": FORMAT_VERSION, **asdict(choice)}
    try:
        beside.write_text(json.dumps(held, indent=2), encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise StoreError(f"the choice of engine cannot be kept: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)


def read_choice(prepared: PreparedNetwork) -> Choice | None:
    """What was measured on this machine; None when nothing was, or it cannot be read or run any more."""
    try:
        held = json.loads((prepared.folder / FILE_NAME).read_text(encoding="utf-8"))
        if held["format_version"] != FORMAT_VERSION or held["machine"] != machine():
            return None
        choice = Choice(held["machine"], tuple(_candidate(row) for row in held["candidates"]), held["precision"])
        usable = [c.precision for c in choice.candidates if c.may_be_chosen]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if choice.precision not in usable or (choice.precision == "int8" and not prepared.has_int8):
        return None
    return choice


def _candidate(row: Mapping[str, Any]) -> Candidate:
    held = row["agreement"]
    agreement = None if held is None else Agreement(**held)
    return Candidate(row["precision"], row["frames_per_s"], agreement, row["note"])
