"""The program at the other end of `decoder_process`: reads requests from standard input until it is closed."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, BinaryIO

from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder
from pydicom.uid import UID


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests one by one. A request without a transfer syntax is a greeting."""
    while line := requests.readline():
        request = json.loads(line)
        payload = requests.read(request["length"])
        answer, body = _answer(request, payload) if "uid" in request else ({}, b"")
        answers.write(json.dumps({**answer, "length": len(body)}).encode() + b"\n" + body)
        answers.flush()


def _answer(request: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    decoder = get_decoder(UID(request["uid"]))
    boxed = encapsulate([payload], has_bot=False)
    try:
        samples, _ = decoder.as_array(boxed, index=0, decoding_plugin=request["plugin"], **request["options"])
    except Exception as error:  # noqa: BLE001 - boundary: whatever goes wrong in a decoder is the answer
        return {"error": type(error).__name__}, b""
    return {"dtype": samples.dtype.str, "shape": samples.shape}, samples.tobytes()


if __name__ == "__main__":
    # Native decoders print to standard output, which would garble the answers.
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, private)
