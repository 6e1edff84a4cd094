"""Files of other annotation tools, read into intervals and written from them. `read_intervals` is the one way in."""

from __future__ import annotations

from luv_viewer.io.bridges.bridge import Bridged, BridgedVideo, BridgeError, Outgoing, Sliding
from luv_viewer.io.bridges.bridge_file import read_intervals
from luv_viewer.io.bridges.cvat_xml import write_cvat
from luv_viewer.io.bridges.elan import write_elan
from luv_viewer.io.bridges.interval_table import write_interval_table

__all__ = [
    "BridgeError",
    "Bridged",
    "BridgedVideo",
    "Outgoing",
    "Sliding",
    "read_intervals",
    "write_cvat",
    "write_elan",
    "write_interval_table",
]
