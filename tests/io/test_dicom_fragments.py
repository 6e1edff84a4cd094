"""Frames are found whatever the offset tables and fragments look like, and only what is asked for is read."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.uid import JPEGBaseline8Bit, JPEGLSLossless

from luv_viewer.io import StudyError, open_study
from luv_viewer.io.byte_source import FileSource
from luv_viewer.io.dicom_fragments import Fragment, index_fragments
from luv_viewer.io.dicom_stream import FragmentFile
from tests.io.builders_dicom import dataset, encapsulated, grey_frames, save


def jpeg(frame: NDArray[Any]) -> bytes:
    return cv2.imencode(".jpg", frame)[1].tobytes()


@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize(
    ("fragments", "table"), [(1, "basic"), (1, "none"), (1, "extended"), (3, "basic"), (3, "none")]
)
def test_every_layout_gives_the_same_frames(tmp_path: Path, n: int, fragments: int, table: str) -> None:
    frames = grey_frames(n)
    payloads = [jpeg(frame) for frame in frames]
    made = encapsulated(dataset(frames), payloads, fragments=fragments, table=table)
    (video,) = open_study(save(tmp_path / "v.dcm", made, JPEGBaseline8Bit)).videos
    assert video.n_frames == n
    for i in reversed(range(n)):
        assert np.array_equal(video.frame(i)[..., 0], cv2.imdecode(np.frombuffer(payloads[i], np.uint8), 0))
        stored = payloads[i] + b"\0" * (len(payloads[i]) % 2)
        assert video.frame_identity(i).digest == hashlib.sha256(stored).hexdigest()


def item(payload: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<L", len(payload)) + payload


def frames_of(tmp_path: Path, value: bytes, n: int) -> list[list[bytes]]:
    path = tmp_path / "value.bin"
    path.write_bytes(value)
    source = FileSource(path)
    frames = index_fragments(source, 0, n, None, "v.dcm")
    return [[source.read(part.start, part.length) for part in frame] for frame in frames]


SOI = b"\xff\xd8\xff\xe0"


def test_an_offset_table_that_points_nowhere_is_not_believed(tmp_path: Path) -> None:
    value = item(struct.pack("<2L", 0, 99)) + item(SOI + b"aa") + item(SOI + b"bb")
    assert frames_of(tmp_path, value, 2) == [[SOI + b"aa"], [SOI + b"bb"]]


def test_without_a_table_frames_begin_at_image_starts(tmp_path: Path) -> None:
    value = item(b"") + item(SOI + b"aa") + item(b"more") + item(b"") + item(SOI + b"bb")
    assert frames_of(tmp_path, value, 2) == [[SOI + b"aa", b"more"], [SOI + b"bb"]]


def test_one_frame_takes_all_fragments(tmp_path: Path) -> None:
    assert frames_of(tmp_path, item(b"") + item(SOI) + item(SOI) + item(b"zz"), 1) == [[SOI, SOI, b"zz"]]


def test_a_fragment_that_is_cut_off_ends_the_frames(tmp_path: Path) -> None:
    value = item(b"") + item(SOI + b"aa") + item(SOI + b"bb")[:-1]
    assert frames_of(tmp_path, value, 2) == [[SOI + b"aa"]]
    with pytest.raises(StudyError, match="no whole fragment"):
        frames_of(tmp_path, item(b"") + item(SOI)[:-1], 1)
    with pytest.raises(StudyError, match="offset table item"):
        frames_of(tmp_path, b"\0" * 40, 1)


def test_a_cut_off_cine_opens_with_the_frames_that_are_left_and_says_so(tmp_path: Path) -> None:
    frames = grey_frames(5)
    made = encapsulated(dataset(frames), [jpeg(frame) for frame in frames], table="none")
    path = save(tmp_path / "v.dcm", made, JPEGBaseline8Bit)
    path.write_bytes(path.read_bytes()[:-200])
    (video,) = open_study(path).videos
    assert video.n_frames == 4
    assert any("declares 5 frames but holds only 4" in note for note in video.notes)
    native = save(tmp_path / "n.dcm", dataset(frames))
    native.write_bytes(native.read_bytes()[:-1000])
    (video,) = open_study(native).videos
    assert video.n_frames == 3
    assert np.array_equal(video.frame(2)[..., 0], frames[2])


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGLSLossless])
def test_opening_decodes_nothing(tmp_path: Path, syntax: str) -> None:
    """Rubbish in place of every picture is found only when a frame is asked for."""
    path = save(tmp_path / "v.dcm", encapsulated(dataset(grey_frames(3)), [b"rubbish!"] * 3), syntax)
    (video,) = open_study(path).videos
    assert video.n_frames == 3
    for i in range(3):
        with pytest.raises(StudyError, match=f"frame {i + 1}"):
            video.frame(i)


def test_opening_reads_only_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a sparse file that claims 500 MB of pixels, opening touches a few kilobytes and one frame its own bytes."""
    path = save(tmp_path / "v.dcm", dataset(np.zeros((2, 8, 8, 3), np.uint8)))
    stored = path.read_bytes()
    rows, columns, n = 1000, 1000, 170
    stored = stored.replace(b"\x28\x00\x10\x00US\x02\x00\x08\x00", b"\x28\x00\x10\x00US\x02\x00\xe8\x03")
    stored = stored.replace(b"\x28\x00\x11\x00US\x02\x00\x08\x00", b"\x28\x00\x11\x00US\x02\x00\xe8\x03")
    stored = stored.replace(b"\x28\x00\x08\x00IS\x02\x002 ", b"\x28\x00\x08\x00IS\x04\x00170 ")
    start = stored.index(b"\xe0\x7f\x10\x00OB") + 12
    with path.open("wb") as file:
        file.write(stored[: start - 4] + struct.pack("<L", rows * columns * 3 * n))
        file.truncate(start + rows * columns * 3 * n)
    reads: list[int] = []
    view = FileSource.view

    def counted(self: FileSource, offset: int, length: int) -> memoryview:
        found = view(self, offset, length)
        reads.append(len(found))
        return found

    monkeypatch.setattr(FileSource, "view", counted)
    (video,) = open_study(path).videos
    assert (video.n_frames, video.height, video.width) == (n, rows, columns)
    assert sum(reads) < 100_000
    reads.clear()
    assert video.frame(n - 1).shape == (rows, columns, 3)
    assert sum(reads) == rows * columns * 3


def test_fragments_read_as_one_file(tmp_path: Path) -> None:
    path = tmp_path / "f.bin"
    path.write_bytes(b"..abc....defgh.")
    file = FragmentFile(FileSource(path), [Fragment(2, 3), Fragment(5, 0), Fragment(9, 5)])
    assert file.read() == b"abcdefgh"
    assert file.read(1) == b""
    assert file.seek(-3, 2) == 5
    assert (file.read(2), file.tell()) == (b"fg", 7)
    assert file.seek(1) == 1
    assert file.read(4) == b"bcde"
