"""The secret behind a de-identified data set: the same key gives the same pseudonyms, UIDs and date shifts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from pydicom.uid import UID

from luv_viewer.io.byte_source import os_reason
from luv_viewer.io.errors import MissingFileError, UnreadableFileError
from luv_viewer.io.whole_file import write_whole

_KEY_BYTES = 32
_SMALLEST_SHIFT_DAYS = 30
_SHIFTS_DAYS = 3650


@dataclass(frozen=True)
class DeidentificationKey:
    """secret: 32 bytes, without which nothing here can be computed or traced back; ValueError for another length."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != _KEY_BYTES:
            raise ValueError(f"a key has {_KEY_BYTES} bytes, got {len(self.secret)}")

    def uid(self, original: str) -> UID:
        """The UID that stands for another: root 2.25 and 128 keyed bits (PS3.5 B.2, PS3.15 E.1.1, action U).

        >>> key = DeidentificationKey(bytes(32))
        >>> key.uid("1.2.3") == key.uid("1.2.3"), key.uid("1.2.3") == key.uid("1.2.4")
        (True, False)
        """
        return UID(f"2.25.{int.from_bytes(self._digest('uid', original)[:16], 'big')}")

    def pseudonym(self, patient_id: str) -> str:
        """Eleven characters that stand for a patient."""
        return "P" + base64.b32encode(self._digest("patient", patient_id)).decode()[:10]

    def shift_days(self, patient_id: str) -> int:
        """By how many days all dates of a patient go back: 30 to 3679, so that none stays and intervals do."""
        return _SMALLEST_SHIFT_DAYS + int.from_bytes(self._digest("shift", patient_id)[:8], "big") % _SHIFTS_DAYS

    def shifted(self, day: str, patient_id: str) -> str:
        """A date YYYYMMDD moved by the patient's shift; "" where it is no date."""
        try:
            return (date.fromisoformat(day) - timedelta(self.shift_days(patient_id))).isoformat().replace("-", "")
        except (ValueError, OverflowError):
            return ""

    def _digest(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self.secret, f"{purpose}\0{text}".encode("utf-8", "surrogateescape"), hashlib.sha256)


def load_key(path: Path) -> DeidentificationKey:
    """The key in a file, 64 hexadecimal digits. Raises StudyError."""
    try:
        return DeidentificationKey(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except OSError as error:
        raise MissingFileError(f"{path} cannot be read: {os_reason(error)}.") from error
    except ValueError as error:
        raise UnreadableFileError(f"{path.name} is no key: expected 64 hexadecimal digits.") from error


def make_key(path: Path) -> DeidentificationKey:
    """A new key in a file that only its owner may read. Raises WriteError."""
    key = DeidentificationKey(secrets.token_bytes(_KEY_BYTES))
    write_whole(path, key.secret.hex().encode() + b"\n")
    path.chmod(0o600)
    return key
