"""Numbered images as videos."""

from __future__ import annotations

import contextlib
import hashlib
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.timing import TimingSource
from luv_viewer.io.errors import FrameDecodeError, StudyError, UnreadableFileError, UnsupportedFormatError
from luv_viewer.io.image_folder import ImageFile, decode_image, find_image_sequences, is_image, open_image_sequence
from tests.io.builders_media import picture, write_image


def _names(folder: Path) -> list[list[str]]:
    return [[file.path.name for file in sequence.files] for sequence in find_image_sequences(sorted(folder.iterdir()))]


def test_numbers_sort_as_numbers(tmp_path: Path) -> None:
    for i in (10, 2, 1, 9):
        write_image(tmp_path / f"cine_{i}.png", picture(i))
    (sequence,) = find_image_sequences(sorted(tmp_path.iterdir()))
    video = open_image_sequence(sequence, FrameCache())
    assert (video.title, video.n_frames, video.source.format) == ("cine", 4, "numbered PNG")
    assert video.source.path == tmp_path
    for place, i in enumerate((1, 2, 9, 10)):
        np.testing.assert_array_equal(video.frame(place), picture(i))
    assert video.timing.source is TimingSource.ASSUMED
    assert video.timing.fps == 30
    assert video.notes == (
        "Numbered images state no frame rate; 30 frames/s are assumed.",
        "Images are missing from the numbering: 3, 4, 5, 6, 7, 8.",
    )


def test_names_extensions_and_sizes_part_the_videos(tmp_path: Path) -> None:
    for i in range(3):
        write_image(tmp_path / f"a{i}.png", picture(i))
        write_image(tmp_path / f"b{i}.png", picture(i))
        write_image(tmp_path / f"a{i}.bmp", picture(i))
    write_image(tmp_path / "a3.png", picture(3, width=50))
    write_image(tmp_path / "overview.png", picture(0))
    assert _names(tmp_path) == [
        ["a0.bmp", "a1.bmp", "a2.bmp"],
        ["a0.png", "a1.png", "a2.png"],
        ["a3.png"],
        ["b0.png", "b1.png", "b2.png"],
        ["overview.png"],
    ]
    titles = [sequence.title for sequence in find_image_sequences(sorted(tmp_path.glob("a*.png")))]
    assert titles == ["a 0-2", "a3"]


def test_lung_zones_are_not_frame_numbers(tmp_path: Path) -> None:
    for name in ("patient_L1.png", "patient_L2.png"):
        write_image(tmp_path / name, picture(1))
    videos = [open_image_sequence(found, FrameCache()) for found in find_image_sequences(sorted(tmp_path.iterdir()))]
    assert [(video.zone, video.n_frames, video.notes) for video in videos] == [("L1", 1, ()), ("L2", 1, ())]


def test_identity_is_of_all_files_and_of_each(tmp_path: Path) -> None:
    stored = [write_image(tmp_path / f"{i}.png", picture(i)).read_bytes() for i in range(3)]
    (sequence,) = find_image_sequences(sorted(tmp_path.iterdir()))
    video = open_image_sequence(sequence, FrameCache())
    assert video.title == tmp_path.name
    assert video.identity == f"sha256:{hashlib.sha256(b''.join(stored)).hexdigest()}"
    assert video.frame_identity(1).digest == hashlib.sha256(stored[1]).hexdigest()


def test_sixteen_bits_are_scaled_and_alpha_is_ignored(tmp_path: Path) -> None:
    levels = np.array([[0, 128, 257], [32896, 65000, 65535]], np.uint16)
    for suffix in ("png", "tif"):
        shown = decode_image(write_image(tmp_path / f"deep.{suffix}", levels).read_bytes())
        np.testing.assert_array_equal(shown[:, :, 1], [[0, 0, 1], [128, 253, 255]])
    clear = np.dstack([picture(4), np.zeros(picture(4).shape[:2], np.uint8)])
    np.testing.assert_array_equal(decode_image(write_image(tmp_path / "clear.png", clear).read_bytes()), picture(4))


def test_exif_orientation_is_ignored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.jpg"
    Image.fromarray(picture(2)).save(path, exif=exif, quality=95)
    (sequence,) = find_image_sequences([path])
    video = open_image_sequence(sequence, FrameCache())
    assert (video.height, video.width) == picture(2).shape[:2]
    assert video.frame(0).shape == picture(2).shape


def test_a_damaged_image_stands_alone_and_is_named(tmp_path: Path) -> None:
    for i in range(3):
        write_image(tmp_path / f"f{i}.png", picture(i))
    (tmp_path / "f3.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    good, bad = find_image_sequences(sorted(tmp_path.iterdir()))
    assert len(good.files) == 3
    with pytest.raises(UnreadableFileError, match=r"^f3\.png cannot be opened: .*\.$"):
        open_image_sequence(bad, FrameCache())


def test_a_cut_image_gives_a_sentence_for_its_frame(tmp_path: Path) -> None:
    for i in range(3):
        write_image(tmp_path / f"f{i}.png", np.random.default_rng(i).integers(0, 255, (40, 40, 3), np.uint8))
    cut = tmp_path / "f1.png"
    cut.write_bytes(cut.read_bytes()[:1000])
    (sequence,) = find_image_sequences(sorted(tmp_path.iterdir()))
    video = open_image_sequence(sequence, FrameCache())
    with pytest.raises(FrameDecodeError, match=r"^f1\.png cannot be decoded: its data are damaged or incomplete\.$"):
        video.frame(1)
    assert video.frame(2).shape == (40, 40, 3)
    (tmp_path / "f2.png").unlink()
    with pytest.raises(FrameDecodeError, match=r"^f2\.png cannot be read any more\.$"):
        video.read(2)


def test_an_image_that_changed_size_is_refused(tmp_path: Path) -> None:
    for i in range(2):
        write_image(tmp_path / f"f{i}.png", picture(i))
    (sequence,) = find_image_sequences(sorted(tmp_path.iterdir()))
    video = open_image_sequence(sequence, FrameCache())
    write_image(tmp_path / "f1.png", picture(1, width=30))
    with pytest.raises(FrameDecodeError, match=r"^f1\.png is 30 x 64 pixels, expected 96 x 64\.$"):
        video.frame(1)


def test_members_of_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "images.zip"
    stored = [write_image(tmp_path / f"{i}.png", picture(i)).read_bytes() for i in range(2)]
    members = [ImageFile(archive, f"run/{i}.png", lambda data=data: data) for i, data in enumerate(stored)]
    (sequence,) = find_image_sequences(members)
    video = open_image_sequence(sequence, FrameCache())
    assert (video.title, video.n_frames, video.source.path) == ("run", 2, archive)
    np.testing.assert_array_equal(video.frame(1), picture(1))


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text(json.dumps({"no": "image"}))
    assert is_image(path.read_bytes()) is None
    (sequence,) = find_image_sequences([path])
    with pytest.raises(UnsupportedFormatError, match=r"^a\.png is not an image"):
        open_image_sequence(sequence, FrameCache())


def test_floating_point_pixels_are_refused(tmp_path: Path) -> None:
    path = write_image(tmp_path / "float.tif", np.ones((4, 4), np.float32))
    with pytest.raises(ValueError, match="floating-point"):
        decode_image(path.read_bytes())


def test_a_tiff_with_damaged_tags_warns_nobody(tmp_path: Path) -> None:
    buffer = BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(buffer, "TIFF")
    content = bytearray(buffer.getvalue())
    for place in range(8, 60):
        damaged = content.copy()
        damaged[place] ^= 0xFF
        path = tmp_path / f"damaged{place}.tif"
        path.write_bytes(damaged)
        with contextlib.suppress(StudyError):
            open_image_sequence(find_image_sequences([path])[0], FrameCache()).frame(0)
