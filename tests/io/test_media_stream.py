"""Random access equals sequential decoding, whatever the codec and container."""

from __future__ import annotations

import threading
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luv_viewer.io.errors import FrameDecodeError, UnreadableFileError, UnsupportedFormatError
from luv_viewer.io.media_decoder import DecoderPool, StreamDecoder
from luv_viewer.io.media_stream import _POOL, EncodedStream
from luv_viewer.io.movie_matrix import may_be_turned
from tests.io.builders_media import HEIGHT, WIDTH, Coding, decode_all, picture, write_video

OPEN_GROUPS = {"x264-params": "open-gop=1"}
REFRESH = {"x264-params": "intra-refresh=1:keyint=16"}
QUIET = {"x265-params": "log-level=none"}
# Bare streams and AVI state no presentation times, so there the order is learned while decoding.
KINDS = {
    "h264.mp4": Coding("libx264"),
    "open_groups.mp4": Coding("libx264", options=OPEN_GROUPS),
    "refresh.mp4": Coding("libx264", options=REFRESH),
    "h264.avi": Coding("libx264"),
    "h264.ts": Coding("libx264"),
    "bare.h264": Coding("libx264"),
    "hevc.mp4": Coding("libx265", options=QUIET),
    "mpeg4.avi": Coding("mpeg4"),
    "mpeg2.mpg": Coding("mpeg2video"),
    "mpeg2.ts": Coding("mpeg2video"),
    "bare.m2v": Coding("mpeg2video"),
    "ffv1.mkv": Coding("ffv1", pixels="bgr0", b_frames=0),
    "ffv1.avi": Coding("ffv1", pixels="bgr0", b_frames=0),
}


@pytest.fixture(scope="module", params=sorted(KINDS))
def coded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("coded") / request.param, KINDS[request.param])


@pytest.fixture(scope="module")
def h264(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("h264") / "h264.mp4", KINDS["h264.mp4"])


def test_forward_backward_and_jumps_equal_sequential_decoding(coded: Path) -> None:
    expected = decode_all(coded)
    stream = EncodedStream(coded, coded.name)
    assert stream.n_frames == len(expected) == 40
    jumps = [17, 3, 39, 0, 24, 23, 25, 11, 12, 38, 1]
    for i in [*jumps, *range(40), *reversed(range(40))]:
        np.testing.assert_array_equal(stream.read(i), expected[i], err_msg=f"frame {i}")
    stream.close()


def test_bytes_and_an_opener_read_as_the_path_does(coded: Path) -> None:
    by_path = EncodedStream(coded, coded.name).read(21)
    np.testing.assert_array_equal(EncodedStream(coded.read_bytes(), coded.name).read(21), by_path)
    np.testing.assert_array_equal(EncodedStream(lambda: coded.open("rb"), coded.name).read(21), by_path)


@settings(max_examples=25)
@given(order=st.lists(st.integers(0, 39), min_size=1, max_size=12))
@pytest.mark.parametrize("name", ["open_groups.mp4", "bare.h264", "mpeg2.mpg"])
def test_any_order_of_reading_gives_the_same_frames(
    name: str, order: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any_order_{name}"
    if not path.exists():
        write_video(path, KINDS[name])
    expected = decode_all(path)
    stream = EncodedStream(path, name)
    for i in order:
        np.testing.assert_array_equal(stream.read(i), expected[i])
    stream.close()


def test_lossless_video_gives_the_pixels_that_were_stored(tmp_path: Path) -> None:
    stream = EncodedStream(write_video(tmp_path / "a.mkv", KINDS["ffv1.mkv"]), "a.mkv")
    for i in (0, 39, 13):
        np.testing.assert_array_equal(stream.read(i), picture(i))


def test_threads_read_the_same_frames_at_once(h264: Path) -> None:
    expected = decode_all(h264)
    stream = EncodedStream(h264, h264.name)
    wrong: list[int] = []

    def read(order: range) -> None:
        wrong.extend(i for i in order if not np.array_equal(stream.read(i), expected[i]))

    orders = (range(40), range(39, -1, -1), range(0, 40, 7))
    threads = [threading.Thread(target=read, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert wrong == []
    stream.close()


def test_open_decoders_stay_bounded_and_close(h264: Path) -> None:
    streams = [EncodedStream(h264, h264.name) for _ in range(7)]
    for stream in streams:
        stream.read(5)
    assert _POOL.n_idle == 4
    for stream in streams:
        stream.close()
    assert _POOL.n_idle == 0
    assert streams[0].read(3).shape == (HEIGHT, WIDTH, 3)
    streams[0].close()


def test_a_decoder_in_use_while_its_stream_closes_is_not_kept(h264: Path) -> None:
    stream = EncodedStream(h264, h264.name)
    pool = DecoderPool(limit=2)
    with pool.lease(1, stream._open_decoder):
        pool.close(1)
    assert pool.n_idle == 0


def test_uneven_frame_times_are_kept(tmp_path: Path) -> None:
    ticks = [0, 4, 5, 20, 21, 22, 60, 61, 100, 104]
    path = write_video(tmp_path / "vfr.mkv", Coding("libx264"), 10, ticks=ticks)
    stream = EncodedStream(path, path.name)
    assert stream.times_s is not None
    np.testing.assert_allclose(stream.times_s, np.array(ticks) / 100, atol=1e-3)
    expected = decode_all(path)
    for i in (7, 2, 9):
        np.testing.assert_array_equal(stream.read(i), expected[i])


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_rotation_asked_for_by_the_file_is_applied(tmp_path: Path, degrees: int) -> None:
    path = write_video(tmp_path / "turned.mov", Coding("libx264"), 5, rotation=degrees)
    stream = EncodedStream(path, path.name)
    turns = degrees // 90 % 4
    expected = np.rot90(decode_all(path)[2], turns)
    assert stream.size == expected.shape[:2]
    np.testing.assert_array_equal(stream.read(2), expected)


@pytest.mark.parametrize("name", ["straight.mp4", "straight.mov", "straight.avi", "straight.mkv"])
def test_opening_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = write_video(tmp_path / name, Coding("libx264"), 5)
    monkeypatch.setattr(StreamDecoder, "frame", None)
    assert EncodedStream(path, name).size == (HEIGHT, WIDTH)
    assert EncodedStream(path.read_bytes(), name).n_frames == 5


@settings(max_examples=100)
@given(content=st.binary(max_size=64), size=st.sampled_from([0, 1]) | st.integers(0, 2**32 - 1))
def test_boxes_that_make_no_sense_leave_the_rotation_open(content: bytes, size: int) -> None:
    assert may_be_turned(BytesIO(size.to_bytes(4, "big") + content))
    assert may_be_turned(BytesIO(size.to_bytes(4, "big") + b"moov" + content))


@pytest.mark.parametrize("matrix", [1, 5])
def test_colours_follow_the_matrix_the_stream_names(tmp_path: Path, matrix: int) -> None:
    names = {1: "bt709", 5: "bt470bg"}
    coding = Coding("libx264", b_frames=0, options={"x264-params": f"colormatrix={names[matrix]}", "crf": "1"})
    path = write_video(tmp_path / "tagged.mp4", coding, 3)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).colorspace == matrix
    read = EncodedStream(path, path.name).read(2)
    np.testing.assert_array_equal(read, decode_all(path)[2])


def test_the_matrix_changes_the_colours(tmp_path: Path) -> None:
    reds = []
    for name in ("bt709", "bt470bg"):
        coding = Coding("libx264", b_frames=0, options={"x264-params": f"colormatrix={name}", "crf": "1"})
        path = write_video(tmp_path / f"{name}.mp4", coding, 1)
        reds.append(EncodedStream(path, path.name).read(0)[HEIGHT // 2, 0].astype(int))
    assert np.abs(reds[0] - reds[1]).max() > 10


def test_a_truncated_video_keeps_what_is_there(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.avi", Coding("mpeg4", b_frames=0))
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    stream = EncodedStream(cut, cut.name)
    assert 5 < stream.n_frames < 40
    np.testing.assert_array_equal(stream.read(3), decode_all(whole)[3])


def test_a_damaged_frame_is_named_and_the_next_group_still_reads(tmp_path: Path) -> None:
    coding = Coding("libx264", b_frames=0, key_distance=1)
    path = write_video(tmp_path / "a.mkv", coding, 8)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packet = [packet for packet in container.demux(stream) if packet.size][4]
        stored = bytearray(path.read_bytes())
        start = stored.index(bytes(packet))
        stored[start : start + packet.size] = bytes(packet.size)
    damaged = EncodedStream(bytes(stored), "a.mkv")
    for _ in range(2):
        with pytest.raises(FrameDecodeError, match=r"a\.mkv: frame 5 of 8 cannot be decoded"):
            damaged.read(4)
    expected = decode_all(path)
    np.testing.assert_array_equal(damaged.read(5), expected[5])
    np.testing.assert_array_equal(damaged.read(3), expected[3])


def test_a_frame_that_does_not_exist_is_an_index_error(h264: Path) -> None:
    stream = EncodedStream(h264, h264.name)
    for i in (-1, 40):
        with pytest.raises(IndexError):
            stream.read(i)


def test_audio_alone_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=16000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        output.mux(stream.encode(sound))
        output.mux(stream.encode())
    with pytest.raises(UnsupportedFormatError, match=r"sound\.mp4 cannot be shown as a video: it holds no video"):
        EncodedStream(path, path.name)


@pytest.mark.parametrize("data", [b"", b"RIFF\0\0\0\0AVI ", bytes(4) + b"ftypisom" + bytes(200)])
def test_an_empty_or_hollow_file_is_refused_in_one_sentence(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises((UnreadableFileError, UnsupportedFormatError), match=r"^x\.avi cannot be .*\.$"):
        EncodedStream(data, "x.avi")
    assert capfd.readouterr() == ("", "")
