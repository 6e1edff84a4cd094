"""ELAN's annotation files (.eaf, EAF 3.0): a tier per pattern, times in whole milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.timing import ASSUMED_FPS
from luv_viewer.io.bridges.bridge import (
    Bridged,
    BridgeError,
    Clock,
    Draft,
    Known,
    Ledger,
    Outgoing,
    Sliding,
    base_name,
    plain_label,
)
from luv_viewer.io.bridges.cvat_xml import ABSENCE_LOST, xml_text
from luv_viewer.io.whole_file import write_whole

_SLIDING_TIER = "Lung sliding"
_ABSENT = frozenset(("absent", "no", "none", "not", "false", "0", "negative"))
_TYPE = "default-lt"
_MAX_CHAIN = 20


@dataclass(frozen=True)
class _Annotation:
    """An annotation of a tier; start, stop: milliseconds of the media; None without a time."""

    tier: str
    value: str
    start_ms: int | None
    stop_ms: int | None


def read_elan(root: Element, title: str, known: Known) -> Bridged:
    """The one video of an ELAN document, named as its first media file. Raises BridgeError.

    A tier's name, else an annotation's value, says what is labelled. A value such as `absent` in the tier of a pattern
    states no frames.
    """
    ledger = Ledger()
    media = root.findall("./HEADER/MEDIA_DESCRIPTOR")
    addresses = [unquote(m.get("RELATIVE_MEDIA_URL") or m.get("MEDIA_URL") or "") for m in media]
    ledger.lose("media file", "beside the first left out", max(len(media) - 1, 0))
    name = next((base_name(a) for a in addresses if base_name(a)), Path(title).stem)
    draft = Draft(name, known, ledger)
    clock = known.clock(name, None)
    if clock is None:
        raise BridgeError(f"{title} holds times only: open the video {name} first, or give its frame rate.")
    draft.fps = clock.fps
    origin = media[0].get("TIME_ORIGIN", "0") if media else "0"
    for annotation in _annotations(root, title):
        _mark(draft, clock, annotation, _whole(origin, title))
    return ledger.bridged([draft.finish()])


def _mark(draft: Draft, clock: Clock, annotation: _Annotation, origin_ms: int) -> None:
    start, stop = annotation.start_ms, annotation.stop_ms
    label = annotation.tier if draft.known.knows_label(annotation.tier) else annotation.value
    meaning = draft.known.meaning(label)
    denied = plain_label(annotation.value) in _ABSENT
    if start is None or stop is None:
        draft.ledger.lose("annotation", "without a time of its own left out")
    elif stop < start or stop + origin_ms < 0:
        draft.ledger.problem(
            f"{draft.name}: an annotation of tier {annotation.tier!r} lasts from {start} to {stop} ms and was left out."
        )
    elif denied and isinstance(meaning, Pattern):
        draft.ledger.lose("annotation", f"that states {meaning.value} absent left out")
    else:
        if not draft.known.knows_label(label):
            label = annotation.tier
        if denied and meaning is Sliding.PRESENT:
            label = Sliding.ABSENT.value
        draft.mark(label, [clock.span((start + origin_ms) / 1000, (stop + origin_ms) / 1000)])


def _annotations(root: Element, title: str) -> Iterator[_Annotation]:
    slots = {s.get("TIME_SLOT_ID", ""): s.get("TIME_VALUE") for s in root.findall("./TIME_ORDER/TIME_SLOT")}
    by_id: dict[str, Element] = {}
    rows: list[tuple[str, Element]] = []
    for tier in root.findall("./TIER"):
        for holder in tier.findall("./ANNOTATION"):
            for element in holder:
                by_id[element.get("ANNOTATION_ID", "")] = element
                rows.append((tier.get("TIER_ID", ""), element))
    vocabulary = {
        entry.get("CVE_ID", ""): (entry.findtext("CVE_VALUE") or "").strip()
        for entry in root.findall("./CONTROLLED_VOCABULARY/CV_ENTRY_ML")
    }
    for tier_name, element in rows:
        value = (element.findtext("ANNOTATION_VALUE") or "").strip() or vocabulary.get(element.get("CVE_REF", ""), "")
        timed = _timed(element, by_id, title)
        places = [slots.get(timed.get(key, "")) if timed is not None else None for key in _SLOT_KEYS]
        start, stop = (None if place is None else _whole(place, title) for place in places)
        yield _Annotation(tier_name, value, start, stop)


_SLOT_KEYS = ("TIME_SLOT_REF1", "TIME_SLOT_REF2")


def _timed(element: Element, by_id: dict[str, Element], title: str) -> Element | None:
    """The annotation with times that one refers to, itself for one that has them."""
    found: Element | None = element
    for _ in range(_MAX_CHAIN):
        if found is None or found.tag == "ALIGNABLE_ANNOTATION":
            return found
        found = by_id.get(found.get("ANNOTATION_REF", ""))
    raise BridgeError(f"{title}: annotations refer to each other in a ring; check the file in ELAN.")


def _whole(text: str, title: str) -> int:
    try:
        value = int(text) if len(text) <= 12 else None
    except ValueError:
        value = None
    if value is None:
        raise BridgeError(f"{title}: expected whole milliseconds, found {text!r:.40}; save it in ELAN again.")
    return value


def write_elan(path: Path, video: Outgoing, times_s: NDArray[np.float64]) -> tuple[str, ...]:
    """Write an .eaf file and give the losses as sentences. Raises WriteError.

    times_s: (n_frames,) seconds, the first 0, increasing; an interval lasts from the time of its first frame to that
    of the frame after it. Raises ValueError for another number of times.
    """
    if times_s.shape != (video.n_frames,):
        raise ValueError(f"expected {video.n_frames} frame times, got shape {times_s.shape}")
    clock = Clock(times_s=times_s)
    losses = [ABSENCE_LOST]
    root = _document(video.name)
    order = SubElement(root, "TIME_ORDER")
    moved, number = 0, 0
    for tier_name, group in groupby(video.stated(), key=lambda row: _tier(row[0])):
        tier = SubElement(root, "TIER", LINGUISTIC_TYPE_REF=_TYPE, TIER_ID=tier_name)
        for meaning, span in group:
            number += 1
            start_ms, stop_ms = _milliseconds(span, clock, times_s)
            moved += clock.span(start_ms / 1000, stop_ms / 1000) != span
            _annotate(tier, order, number, (start_ms, stop_ms), "absent" if meaning is Sliding.ABSENT else "present")
    order[:] = sorted(order, key=lambda slot: int(slot.get("TIME_VALUE", "0")))
    SubElement(root, "LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID=_TYPE, TIME_ALIGNABLE="true")
    if moved:
        losses.append(
            f"{moved} of {number} intervals change when read back: ELAN holds whole milliseconds, and frames of this "
            "video lie closer together than that."
        )
    indent(root)
    write_whole(path, tostring(root, encoding="utf-8", xml_declaration=True))
    return tuple(losses)


def _milliseconds(span: Span, clock: Clock, times_s: NDArray[np.float64]) -> tuple[int, int]:
    if times_s.size == 1:
        end_s = 1 / ASSUMED_FPS
    else:
        end_s = float(times_s[span.stop]) if span.stop < times_s.size else clock.end_s
    start_ms = round(float(times_s[span.start]) * 1000)
    return start_ms, max(round(end_s * 1000), start_ms + 1)


def _tier(meaning: Pattern | Sliding) -> str:
    return meaning.value if isinstance(meaning, Pattern) else _SLIDING_TIER


def _annotate(tier: Element, order: Element, number: int, times_ms: tuple[int, int], value: str) -> None:
    slots = (f"ts{2 * number - 1}", f"ts{2 * number}")
    for slot, time_ms in zip(slots, times_ms, strict=True):
        SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(time_ms))
    annotation = SubElement(
        SubElement(tier, "ANNOTATION"),
        "ALIGNABLE_ANNOTATION",
        {"ANNOTATION_ID": f"a{number}", **dict(zip(_SLOT_KEYS, slots, strict=True))},
    )
    SubElement(annotation, "ANNOTATION_VALUE").text = value


def _document(name: str) -> Element:
    root = Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "",
            "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
        },
    )
    header = SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    # The name alone: ELAN looks beside the .eaf file, and no folder of this computer leaves it.
    kinds = {".mp4": "video/mp4", ".mpg": "video/mpeg", ".mpeg": "video/mpeg", ".mov": "video/quicktime"}
    mime = kinds.get(Path(name).suffix.casefold(), "unknown")
    address = f"./{xml_text(name)}"
    SubElement(header, "MEDIA_DESCRIPTOR", MEDIA_URL=address, MIME_TYPE=mime, RELATIVE_MEDIA_URL=address)
    return root
