"""CVAT's XML, "CVAT for video 1.1": read with its frame numbers, which are those of the video, and written.

CVAT for video has no statement about a whole frame: tags exist in "CVAT for images" only. An interval is therefore
written as a track whose rectangle covers the picture, from a keyframe at its start to an `outside` keyframe after its
end, which CVAT imports as it is when the task has labels of the same names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.io.bridges.bridge import MAX_FRAME, Bridged, BridgeError, Draft, Known, Ledger, Outgoing, Sliding
from luv_viewer.io.bridges.cvat_frames import FULL_FRAME, Keyframe, Marks, TaskFrames, frame_step
from luv_viewer.io.errors import one_line
from luv_viewer.io.whole_file import write_whole

SHAPES = ("box", "polygon", "polyline", "points", "cuboid", "ellipse", "mask", "skeleton")
ABSENCE_LOST = "What was looked at and what was stated absent is lost: the format holds what is present only."
_UNKNOWN_SIZE_PX = (16, 16)
_COLORS = ("#33aaff", "#ffb000", "#fe6100", "#785ef0", "#22c98a", "#9aa0a6", "#dc267f")


def read_cvat_xml(root: Element, title: str, known: Known) -> Bridged:
    """The videos of an `<annotations>` document: one task, or the tasks of a project. Raises BridgeError."""
    metas = [*root.findall("./meta/task"), *root.findall("./meta/job"), *root.findall("./meta/project/tasks/task")]
    if not metas:
        raise BridgeError(f"{title} has no <meta> with a task; export it as `CVAT for video 1.1` again.")
    ledger, videos = Ledger(), []
    for meta in metas:
        task = _task(meta, root, title, known, ledger)
        for element in root:
            if element.tag in ("track", "image") and (
                len(metas) == 1 or element.get("task_id") == meta.findtext("id", "").strip()
            ):
                task.read(element)
        videos.append(task.draft.finish())
    return ledger.bridged(videos)


@dataclass(frozen=True)
class _XmlTask:
    """A task of the document. size_px: of its pictures as text, ("", "") when unknown."""

    title: str
    draft: Draft
    frames: TaskFrames
    size_px: tuple[str, str]

    def read(self, element: Element) -> None:
        """A `<track>` or an `<image>`. Raises BridgeError."""
        marks = Marks(self.draft, self.frames, self.frames.n)
        if element.tag == "image":
            frame = self._frame(element, "id", "image")
            for shape in element:
                if shape.tag in (*SHAPES, "tag"):
                    marks.still(self._label(shape), shape.tag, frame)
            return
        shapes = [shape for shape in element if shape.tag in SHAPES]
        # CVAT repeats a track on every frame between its keyframes; it ignores those when it reads the file, so do we.
        keys = [shape for shape in shapes if shape.get("keyframe", "1") != "0"]
        kind = shapes[0].tag if shapes else "shape"
        if keys and all(self._covers_picture(shape) for shape in keys):
            kind = FULL_FRAME
        marks.track(
            self._label(element),
            kind,
            [Keyframe(self._frame(s, "frame", "track"), s.get("outside") == "1") for s in keys],
        )

    def _covers_picture(self, shape: Element) -> bool:
        corners = tuple(_number(shape.get(key)) for key in ("xtl", "ytl", "xbr", "ybr"))
        return corners == (0.0, 0.0, _number(self.size_px[0]), _number(self.size_px[1]))

    def _frame(self, element: Element, key: str, what: str) -> int:
        """The task's frame of a frame of the video; a frame between two shown ones is beyond every task."""
        text = (element.get(key) or "").strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 8 and int(text) <= MAX_FRAME):
            raise BridgeError(
                f"{self.title}: {what} {element.get('id', '')}: expected a frame number, found {text!r:.40}; export it "
                "from CVAT again."
            )
        place, rest = divmod(int(text) - self.frames.start, self.frames.step)
        return -1 if rest else place

    def _label(self, element: Element) -> str:
        label = element.get("label")
        if not label:
            raise BridgeError(f"{self.title}: a {element.tag} has no label; export it from CVAT again.")
        return label


def _task(meta: Element, root: Element, title: str, known: Known, ledger: Ledger) -> _XmlTask:
    draft = Draft(meta.findtext("name", "").strip() or title, known, ledger)
    start = _whole(meta, "start_frame", title) or 0
    step = frame_step(meta.findtext("frame_filter") or "")
    size, stop = _whole(meta, "size", title), _whole(meta, "stop_frame", title)
    if size is None and stop is None:
        raise BridgeError(f"{title}: the task states neither size nor stop_frame; export it from CVAT again.")
    n = max(size if size is not None else ((stop or 0) - start) // step + 1, 0)
    media = (meta.findtext("source") or root.findtext("./meta/source") or "").strip()
    if media and media != draft.name:
        draft.notes.append(f"The video file is {media} in CVAT.")
    if step > 1:
        draft.notes.append(f"CVAT showed one frame in {step}; the frames between carry no label.")
    if draft.n_frames is None:
        draft.n_frames = start + max(n - 1, 0) * step + 1
        draft.notes.append("The length is that of the CVAT task; the video may be longer.")
    original = meta.find("original_size")
    if original is None:
        original = root.find("./meta/original_size")
    size_px = ("", "") if original is None else (original.findtext("width", ""), original.findtext("height", ""))
    return _XmlTask(title, draft, TaskFrames(start, step, n), size_px)


def _whole(meta: Element, key: str, title: str) -> int | None:
    text = (meta.findtext(key) or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 8 and int(text) <= MAX_FRAME):
        raise BridgeError(f"{title}: expected a whole number as {key}, found {text!r:.40}; export it from CVAT again.")
    return int(text)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def write_cvat(
    path: Path, video: Outgoing, label_names: Mapping[Pattern | Sliding, str] | None = None
) -> tuple[str, ...]:
    """Write "CVAT for video 1.1" XML and give the losses as sentences. Raises WriteError.

    label_names: the labels of the task in CVAT; without one a pattern keeps its own name.
    """
    names: dict[Pattern | Sliding, str] = {meaning: meaning.value for meaning in (*TRACK_PATTERNS, *Sliding)}
    names.update(label_names or {})
    losses = [ABSENCE_LOST]
    if video.stated():
        losses.append("An interval is a rectangle over the whole picture: CVAT for video cannot label a frame itself.")
    if video.size_px is None:
        losses.append("The picture's size is not known: the rectangles are 16 x 16 pixels at its corner.")
    root = Element("annotations")
    _text(root, "version", "1.1")
    _write_meta(root, video, names)
    for number, (meaning, span) in enumerate(video.stated()):
        track = SubElement(root, "track", id=str(number), label=xml_text(names[meaning]), source="manual")
        for attributes in _boxes(span, video):
            SubElement(track, "box", attributes)
    indent(root)
    write_whole(path, tostring(root, encoding="utf-8", xml_declaration=True))
    return tuple(losses)


def xml_text(text: str) -> str:
    """`text` with `?` for what XML cannot hold.

    >>> xml_text("a\\x01b")
    'a?b'
    """
    return re.sub("[\ufffe\uffff]", "?", one_line(text))


def _boxes(span: Span, video: Outgoing) -> Iterator[dict[str, str]]:
    width, height = video.size_px or _UNKNOWN_SIZE_PX
    keys = [(span.start, "0")]
    if span.stop < video.n_frames:
        # CVAT refuses a frame after the last one; there the track just lasts to the end.
        keys.append((span.stop, "1"))
    for frame, outside in keys:
        yield {
            "frame": str(frame),
            "keyframe": "1",
            "outside": outside,
            "occluded": "0",
            "xtl": "0.00",
            "ytl": "0.00",
            "xbr": f"{width:.2f}",
            "ybr": f"{height:.2f}",
            "z_order": "0",
        }


def _write_meta(root: Element, video: Outgoing, names: Mapping[Pattern | Sliding, str]) -> None:
    meta = SubElement(root, "meta")
    task = SubElement(meta, "task")
    stated = {
        "name": video.name,
        "size": str(video.n_frames),
        "mode": "interpolation",
        "overlap": "0",
        "start_frame": "0",
        "stop_frame": str(video.n_frames - 1),
    }
    for key, value in stated.items():
        _text(task, key, value)
    labels = SubElement(task, "labels")
    for name, color in zip(dict.fromkeys(names.values()), _COLORS, strict=False):
        label = SubElement(labels, "label")
        _text(label, "name", name)
        _text(label, "color", color)
        _text(label, "type", "rectangle")
        SubElement(label, "attributes")
    if video.size_px is not None:
        size = SubElement(task, "original_size")
        _text(size, "width", str(video.size_px[0]))
        _text(size, "height", str(video.size_px[1]))
    _text(meta, "source", video.name)


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = xml_text(text)
