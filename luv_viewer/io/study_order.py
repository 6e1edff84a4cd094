"""Puts opened videos into the order and groups a reader expects: patient and study, then acquisition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from luv_viewer.domain.video import Video
from luv_viewer.io.dicom import OpenedDicom


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts numbers inside names by value.

    >>> sorted(["im10", "im9", "Im1"], key=natural_key)
    ['Im1', 'im9', 'im10']
    """
    parts = re.split(r"([0-9]+)", name.casefold())
    return tuple((1, int(part), "") if part.isdecimal() and part.isascii() else (0, 0, part) for part in parts)


def arrange(dicoms: Sequence[OpenedDicom], others: Sequence[Video]) -> tuple[Video, ...]:
    """DICOM videos by study date, study, series number, instance number and name; then the others as they come.

    Groups are labelled by study date and, where there are several patients, by a running number: never by name.
    """
    ordered = sorted(dicoms, key=_order)
    patients = list(dict.fromkeys(opened.patient_key for opened in ordered))
    studies = list(dict.fromkeys(opened.video.group.key for opened in ordered))
    videos = []
    for opened in ordered:
        key = opened.video.group.key
        label = f"Study {opened.study_date or studies.index(key) + 1}"
        if len(patients) > 1:
            label += f", patient {patients.index(opened.patient_key) + 1}"
        videos.append(replace(opened.video, group=replace(opened.video.group, label=label)))
    return (*videos, *others)


def _order(opened: OpenedDicom) -> tuple[object, ...]:
    source = opened.video.source
    name = source.member or str(source.path)
    return opened.study_date or "9999", opened.patient_key, opened.video.group.key, opened.order, natural_key(name)
