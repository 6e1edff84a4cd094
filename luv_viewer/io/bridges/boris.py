"""BORIS: tables of events and of aggregated events, and `.boris` project files.

Layouts: the documentation and test files of BORIS. A state that stops at a time or image is no longer there at it; a
point event is one frame. Image numbers are preferred to times: whether they count from 0 or 1 is told by the times
beside them, and is 1 where none are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from luv_viewer.io.bridges.bridge import MAX_FRAME, Bridged, BridgeError, Known, Ledger, base_name
from luv_viewer.io.bridges.intervals import Drafts, Moment
from luv_viewer.io.bridges.sources import Cells, read_number

Kind = Literal["start", "stop", "point", "state"]
"""`state`: starts or stops, in turn, as in project files."""

MAX_HEADER_ROW = 300
_OFFSET = "time offset (s)"


@dataclass(frozen=True)
class Event:
    """One event of an observation. who: subject and modifier, which have states of their own."""

    video: str
    who: str
    label: str
    kind: Kind
    at: Moment
    fps: float | None = None


def header_row(rows: list[list[str]]) -> int | None:
    """Where the header of a BORIS table stands, after the preamble of older versions; None: this is no such table."""
    for i, row in enumerate(rows[:MAX_HEADER_ROW]):
        names = {" ".join(cell.casefold().split()) for cell in row}
        aggregated = "start (s)" in names and "stop (s)" in names
        if "behavior" in names and (aggregated or ("time" in names and names & {"status", "behavior type"})):
            return i
    return None


def read_boris_table(rows: list[list[str]], title: str, known: Known) -> Bridged:
    """A table of events or of aggregated events. Raises BridgeError."""
    at = header_row(rows)
    if at is None:
        raise BridgeError(f"{title} has no column Behavior with times; export the events from BORIS again.")
    cells, ledger = Cells(rows, at, title), Ledger()
    drafts = Drafts(title, known, ledger)
    preamble = _preamble(rows[:at])
    offsets = {row[1] for row in rows[:at] if len(row) > 1 and row[0].casefold() == _OFFSET}
    for offset in sorted(offsets | {cells.text(row, _OFFSET) for _, row in cells.rows}):
        _tell_offset(ledger, title, read_number(offset))
    if cells.has("start (s)"):
        _read_aggregated(cells, drafts)
    else:
        read_events([_event(cells, line, row, preamble) for line, row in cells.rows], drafts)
    if not cells.rows and preamble:
        drafts.of(preamble)
    return ledger.bridged(drafts.finish())


def _preamble(rows: list[list[str]]) -> str:
    """The video, else the observation, that stands above the table in older exports."""
    stated = {row[0].casefold(): row[1] for row in rows if len(row) > 1 and row[0] and row[1]}
    media = next((value for key, value in stated.items() if key.startswith("player #")), "")
    return base_name(media) or stated.get("observation id", "")


def _video(cells: Cells, row: list[str], preamble: str) -> str:
    media = cells.text(row, "media file name", "media file path", "media file", "source")
    media = re.sub(r"^player ?#?\d+: ?", "", media, flags=re.IGNORECASE)
    several = re.search(r"[;|]", media)
    name = "" if several else base_name(media)
    return name or preamble or cells.text(row, "observation id") or cells.title


def _event(cells: Cells, line: int, row: list[str], preamble: str) -> Event:
    status = (cells.text(row, "status") or cells.text(row, "behavior type")).casefold()
    kinds: dict[str, Kind] = {"start": "start", "stop": "stop", "point": "point", "state": "state"}
    if status not in kinds:
        raise BridgeError(
            f"{cells.title}, row {line}: expected START, STOP or POINT, found {status!r:.40}; export the events again."
        )
    who = "\0".join((cells.text(row, "subject"), *(cells.text(row, c) for c in cells.columns if c.startswith("modif"))))
    moment = _moment(cells, row, line, "time", "image index")
    fps = read_number(cells.text(row, "fps", "fps (frame/s)"))
    return Event(_video(cells, row, preamble), who, cells.text(row, "behavior"), kinds[status], moment, fps)


def _moment(cells: Cells, row: list[str], line: int, time: str, image: str) -> Moment:
    text = cells.text(row, time)
    time_s = read_number(text)
    if text and time_s is None:
        raise BridgeError(
            f"{cells.title}, row {line}: expected seconds as {time}, found {text!r:.40}; export it again."
        )
    return Moment(time_s, _image(cells.text(row, image)))


def _image(value: object) -> int | None:
    number = read_number(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    return int(number) if number is not None and number == int(number) and 0 <= number <= MAX_FRAME else None


def _read_aggregated(cells: Cells, drafts: Drafts) -> None:
    rows = []
    for line, row in cells.rows:
        start = _moment(cells, row, line, "start (s)", "image index start")
        stop = _moment(cells, row, line, "stop (s)", "image index stop")
        point = cells.text(row, "behavior type").casefold() == "point"
        name, label = _video(cells, row, ""), cells.text(row, "behavior")
        drafts.of(name, read_number(cells.text(row, "fps", "fps (frame/s)")))
        rows.append((name, label, start, None if point else stop))
    first = first_image([(name, start) for name, _, start, _ in rows], drafts)
    for name, label, start, end in rows:
        drafts.mark(name, label, start, end, first)


def first_image(moments: Iterable[tuple[str, Moment]], drafts: Drafts) -> int:
    """0 or 1: what BORIS calls the first image, told by moments that have a time too; 1 when none has."""
    votes, numbered = [], False
    for name, moment in moments:
        numbered = numbered or moment.image is not None
        clock = drafts.known.clock(name, drafts.of(name).fps)
        if moment.image is not None and moment.time_s is not None and moment.time_s >= 0 and clock is not None:
            votes.append(moment.image - clock.frame_at(moment.time_s))
    if numbered and not votes:
        drafts.ledger.problem(
            f"{drafts.title}: no time stands beside an image number, so images are taken to be counted from 1; check "
            "one interval."
        )
    return 0 if votes.count(0) > votes.count(1) else 1


def read_events(events: list[Event], drafts: Drafts) -> None:
    """Starts joined to their stops by video, behaviour, subject and modifier; what does not fit is a problem each."""
    for event in events:
        drafts.of(event.video, event.fps)
    first = first_image([(event.video, event.at) for event in events], drafts)
    open_: dict[tuple[str, str, str], Event] = {}
    for event in _in_order(events):
        key = (event.video, event.who, event.label)
        if event.kind == "point":
            drafts.mark(event.video, event.label, event.at, None, first)
        elif event.kind == "start" or (event.kind == "state" and key not in open_):
            if key in open_:
                _unpaired(drafts, open_[key], "starts", "and starts again before it stops")
            open_[key] = event
        elif key in open_:
            drafts.mark(event.video, event.label, open_.pop(key).at, event.at, first)
        else:
            _unpaired(drafts, event, "stops", "without having started")
    for event in open_.values():
        _unpaired(drafts, event, "starts", "and never stops")


def _in_order(events: list[Event]) -> list[Event]:
    """By time, by image number where a time is missing; a state that ends where its next one begins ends first."""
    timed = all(event.at.time_s is not None for event in events)

    def place(event: Event) -> float:
        at = event.at.time_s if timed else event.at.image
        return -1.0 if at is None else float(at)

    return sorted(events, key=lambda event: (event.video, place(event), event.kind != "stop"))


def _unpaired(drafts: Drafts, event: Event, does: str, why: str) -> None:
    time_s, image = event.at.time_s, event.at.image
    at = f"at {time_s:g} s" if time_s is not None else "at no time" if image is None else f"at image {image}"
    drafts.ledger.problem(
        f"{drafts.title}, {event.video}: {event.label!r} {does} {at} {why}; it was left out. Correct it in BORIS."
    )


def read_boris_project(project: Mapping[str, object], title: str, known: Known) -> Bridged:
    """All observations of a project file. Raises BridgeError."""
    observations, ledger = project.get("observations"), Ledger()
    if not isinstance(observations, dict):
        raise BridgeError(f"{title} has no observations; save the project in BORIS again.")
    drafts, states = Drafts(title, known, ledger), _states(project)
    events: list[Event] = []
    for name, observation in observations.items():
        if not isinstance(observation, dict):
            raise BridgeError(f"{title}: observation {name!r} is no object; save the project in BORIS again.")
        media = _media(observation)
        if len(media) > 1:
            ledger.problem(f"{title}: observation {name!r} plays {len(media)} files in turn; it was left out.")
            continue
        video = base_name(media[0]) if media else str(name)
        offset = observation.get("time offset")
        _tell_offset(ledger, f"{title}, {name}", float(offset) if isinstance(offset, int | float) else None)
        drafts.of(video)
        fps = _media_fps(observation, media)
        stored = observation.get("events") or []
        events += [_stored_event(row, video, fps, states, title) for row in _rows(stored, str(name), title)]
    read_events(events, drafts)
    return ledger.bridged(drafts.finish())


def _tell_offset(ledger: Ledger, title: str, offset_s: float | None) -> None:
    if offset_s:
        ledger.problem(f"{title}: a time offset of {offset_s:g} s is stated and not applied; check one interval.")


def _states(project: Mapping[str, object]) -> dict[str, bool]:
    """Whether a behaviour of the ethogram is a state; False: a point."""
    ethogram = project.get("behaviors_conf")
    behaviours = ethogram.values() if isinstance(ethogram, dict) else ()
    return {
        str(behaviour.get("code")): str(behaviour.get("type", "")).casefold().startswith("state")
        for behaviour in behaviours
        if isinstance(behaviour, dict)
    }


def _media(observation: Mapping[str, object]) -> list[str]:
    """The files of the first player."""
    players = observation.get("file")
    files = players.get("1") if isinstance(players, dict) else None
    return [str(file) for file in files] if isinstance(files, list) else []


def _media_fps(observation: Mapping[str, object], media: list[str]) -> float | None:
    info = observation.get("media_info")
    rates = info.get("fps") if isinstance(info, dict) else None
    rate = rates.get(media[0]) if isinstance(rates, dict) and media else None
    return float(rate) if isinstance(rate, int | float) and not isinstance(rate, bool) else None


def _rows(stored: object, name: str, title: str) -> list[list[object]]:
    if not isinstance(stored, list) or not all(isinstance(row, list) and len(row) >= 3 for row in stored):
        raise BridgeError(f"{title}: the events of observation {name!r} are no rows; save the project in BORIS again.")
    return stored


def _stored_event(row: list[object], video: str, fps: float | None, states: Mapping[str, bool], title: str) -> Event:
    """[time, subject, code, modifier, comment, image index]; the last three may be missing."""
    time, label = row[0], str(row[2])
    time_s = read_number(str(time)) if isinstance(time, int | float | str) and not isinstance(time, bool) else None
    if time_s is None and str(time).casefold() not in ("na", "nan", "none"):
        raise BridgeError(f"{title}: expected seconds as the time of {label!r}, found {time!r:.40}; save it again.")
    if label not in states:
        raise BridgeError(f"{title}: {label!r} is not in the ethogram; correct it in BORIS.")
    who = f"{row[1]}\0{row[3] if len(row) > 3 else ''}"
    image = _image(row[5]) if len(row) > 5 else None
    return Event(video, who, label, "state" if states[label] else "point", Moment(time_s, image), fps)
