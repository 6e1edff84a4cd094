"""OpenVINO and NNCF send usage statistics to their makers as soon as they are imported: here that is switched off.

Both look for the package openvino_telemetry and do without it when it cannot be imported. There is no setting of
theirs that covers the first import: without a consent file in the home folder they take consent as given.
"""

from __future__ import annotations

import sys

_SENDER = "openvino_telemetry"


def switch_off_telemetry() -> None:
    """Before `import openvino` or `import nncf`: nothing is sent, and nothing is written into the home folder."""
    sys.modules[_SENDER] = None  # type: ignore[assignment]
