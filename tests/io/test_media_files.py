"""Opening videos: content decides, true timing, identity, and every clip of the data folder."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.timing import TimingSource
from luv_viewer.io.errors import MissingFileError, StudyError, UnsupportedFormatError
from luv_viewer.io.media import is_media, open_media
from tests.io.builders_media import HEIGHT, WIDTH, Coding, picture, write_video


@pytest.mark.parametrize(
    ("file", "codec", "container", "expected"),
    [
        ("a.mp4", "libx264", None, "MP4"),
        ("a.mov", "libx264", None, "MOV"),
        ("a.avi", "mpeg4", None, "AVI"),
        ("a.mkv", "libx264", None, "MKV"),
        ("a.mpg", "mpeg2video", None, "MPEG"),
        ("a.m2v", "mpeg2video", None, "MPEG"),
        ("a.ts", "mpeg2video", "mpegts", "MPEG-TS"),
        ("a.m2ts", "libx264", "mpegts", "MPEG-TS"),
        ("a.h264", "libx264", None, "H.264"),
        ("a.wmv", "wmv2", "asf", "WMV"),
    ],
)
def test_content_names_the_container(
    tmp_path: Path, file: str, codec: str, container: str | None, expected: str
) -> None:
    written = write_video(tmp_path / file, Coding(codec, b_frames=0), 6, container=container)
    disguised = written.rename(tmp_path / "exported.dat")
    assert is_media(disguised.read_bytes()[:1024]) == expected
    video = open_media(disguised, FrameCache())
    assert (video.n_frames, video.height, video.width) == (6, HEIGHT, WIDTH)
    assert video.source.format.startswith(expected)
    video.store.close()


@pytest.mark.parametrize(
    "header", [b"", b"\x89PNG\r\n\x1a\n", bytes(128) + b"DICM", b"PK\x03\x04", b"RIFF\0\0\0\0WAVE"]
)
def test_other_files_are_no_media(header: bytes) -> None:
    assert is_media(header) is None


def test_a_video_from_a_file(tmp_path: Path) -> None:
    path = write_video(tmp_path / "patient_7_R2.mp4", Coding("libx264"), 10)
    video = open_media(path, FrameCache())
    assert (video.title, video.zone, video.source.format) == ("patient_7_R2", "R2", "MP4, H.264")
    assert video.timing.source is TimingSource.CONTAINER
    np.testing.assert_allclose(video.times_s, np.arange(10) / 25)
    assert (video.region, video.spacing_mm, video.notes) == ((0, 0, WIDTH, HEIGHT), None, ())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    identity = video.frame_identity(3)
    assert (identity.video_id, identity.digest, identity.frame_number) == (f"sha256:{digest}", digest, 4)
    video.store.close()


def test_a_member_of_an_archive_is_read_from_its_bytes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "inner.mp4", Coding("libx264"), 4)
    archive = tmp_path / "study.zip"
    video = open_media(archive, FrameCache(), member="clips/inner.mp4", data=path.read_bytes())
    alone = open_media(path, FrameCache())
    assert (video.source.path, video.source.name, video.title) == (archive, "inner.mp4", "inner")
    assert video.identity == alone.identity
    np.testing.assert_array_equal(video.frame(2), alone.frame(2))


def test_gif_frames_build_on_each_other_and_keep_their_delays(tmp_path: Path) -> None:
    frames = [Image.fromarray(picture(i)).quantize(64) for i in range(6)]
    path = tmp_path / "loop.gif"
    delays_ms = [40, 100, 40, 200, 40, 40]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=delays_ms, loop=0)
    video = open_media(path, FrameCache())
    assert video.source.format == "GIF"
    np.testing.assert_allclose(video.times_s, np.cumsum([0, *delays_ms[:-1]]) / 1000, atol=1e-6)
    for i in (5, 1, 3, 0):
        np.testing.assert_array_equal(video.frame(i), np.asarray(frames[i].convert("RGB")))


def test_one_frame_is_a_still(tmp_path: Path) -> None:
    video = open_media(write_video(tmp_path / "one.mp4", Coding("libx264"), 1), FrameCache())
    assert video.is_still
    assert video.frame(0).shape == (HEIGHT, WIDTH, 3)


def test_what_is_no_video_is_refused_plainly(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("no video")
    with pytest.raises(UnsupportedFormatError, match=r"^notes\.mp4 is not a video file of a known kind"):
        open_media(text, FrameCache())
    with pytest.raises(MissingFileError, match=r"^gone\.mp4 does not exist\.$"):
        open_media(tmp_path / "gone.mp4", FrameCache())


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mpg", "a.ts", "a.mkv", "a.gif"])
def test_damage_anywhere_opens_or_gives_one_sentence(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    codec = {"a.mpg": "mpeg2video", "a.ts": "mpeg2video", "a.avi": "mpeg4", "a.gif": "gif"}.get(name, "libx264")
    coding = Coding(codec, pixels="rgb8" if codec == "gif" else "yuv420p", b_frames=0 if codec == "gif" else 2)
    whole = write_video(tmp_path / name, coding, 12).read_bytes()
    rng = np.random.default_rng(0)
    sentences = []
    for _ in range(25):
        data = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        for place in rng.integers(0, len(data), rng.integers(1, 40)):
            data[place] = rng.integers(256)
        try:
            video = open_media(tmp_path / name, FrameCache(0), member=name, data=bytes(data))
        except StudyError as error:
            sentences.append(str(error))
            continue
        for i in range(min(video.n_frames, 12)):
            try:
                shape = video.frame(i).shape
            except StudyError as error:
                sentences.append(str(error))
            else:
                assert shape == (video.height, video.width, 3)
        video.store.close()
    assert [text for text in sentences if not (text.startswith(name) and text.endswith("."))] == []
    assert capfd.readouterr() == ("", "")


def test_every_clip_of_the_data_folder_has_its_frames_and_rate(data_dir: Path) -> None:
    with (data_dir / "lus_manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 200
    cache = FrameCache()
    for row in rows:
        video = open_media(data_dir / "lus" / row["file"], cache)
        found = (video.n_frames, video.width, video.height)
        assert found == (int(row["frames"]), int(row["w"]), int(row["h"])), row["file"]
        assert video.timing.fps == pytest.approx(float(row["fps"]), rel=1e-3), row["file"]
        assert video.timing.source is TimingSource.CONTAINER
        video.store.close()


def test_one_clip_of_each_kind_decodes_like_libav(data_dir: Path) -> None:
    with (data_dir / "lus_manifest.csv").open(encoding="utf-8") as file:
        rows = {(row["codec"], Path(row["file"]).suffix.lower()): row["file"] for row in csv.DictReader(file)}
    assert len(rows) >= 6
    for name in rows.values():
        path = data_dir / "lus" / name
        video = open_media(path, FrameCache())
        probes = {0, 1, video.n_frames // 2, video.n_frames - 1}
        with av.open(str(path)) as container:
            for i, frame in enumerate(container.decode(video=0)):
                if i in probes:
                    np.testing.assert_array_equal(
                        video.read(i), frame.to_ndarray(format="rgb24"), err_msg=f"{name} {i}"
                    )
        video.store.close()
