"""The forms in which labels are written, by what the command line and the export dialog call them."""

from __future__ import annotations

from enum import Enum

from luv_viewer.domain.sheet_reading import SheetLayout


class Form(Enum):
    """What can be written; the value is its name."""

    TEMPLATE = "template"
    DEVELOPMENT = "development"
    MERGED = "merged"
    LEADER = "leader"
    READER = "reader"
    FRAMES = "frames"
    CLIPS = "clips"
    CVAT = "cvat"
    ELAN = "elan"
    INTERVALS = "intervals"


LAYOUTS = {
    Form.TEMPLATE: SheetLayout.TEMPLATE,
    Form.DEVELOPMENT: SheetLayout.DEVELOPMENT,
    Form.MERGED: SheetLayout.MERGED,
    Form.LEADER: SheetLayout.LEADER,
    Form.READER: SheetLayout.READER,
    Form.FRAMES: SheetLayout.FRAME_TABLE,
}
