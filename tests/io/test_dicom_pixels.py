"""Every encoding and photometric interpretation comes out as the picture that was put in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from luv_viewer.io import FrameDecodeError, StudyError, open_study
from tests.io.builders_dicom import HEIGHT, WIDTH, color_frames, dataset, encapsulated, grey_frames, save

NATIVE = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]


def shown(path: Path) -> NDArray[np.uint8]:
    """All frames of the only video in a file."""
    (video,) = open_study(path).videos
    return np.stack([video.frame(i) for i in range(video.n_frames)])


def repeated(grey: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(grey[..., None], 3, axis=-1)


@pytest.mark.parametrize("syntax", NATIVE)
def test_8_bit_frames_are_shown_as_stored(tmp_path: Path, syntax: str) -> None:
    color, grey = color_frames(3), grey_frames(3)
    assert np.array_equal(shown(save(tmp_path / "c.dcm", dataset(color), syntax)), color)
    assert np.array_equal(shown(save(tmp_path / "g.dcm", dataset(grey), syntax)), repeated(grey))


def test_8_bit_grey_ignores_a_window(tmp_path: Path) -> None:
    grey = grey_frames(1)
    path = save(tmp_path / "g.dcm", dataset(grey, WindowCenter=10, WindowWidth=5))
    assert np.array_equal(shown(path), repeated(grey))


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    grey = grey_frames(2)
    assert np.array_equal(shown(save(tmp_path / "g.dcm", dataset(grey, "MONOCHROME1"))), repeated(255 - grey))


def test_planes_are_interleaved(tmp_path: Path) -> None:
    color = color_frames(2)
    made = dataset(color, PlanarConfiguration=1)
    made.PixelData = color.transpose(0, 3, 1, 2).tobytes()
    assert np.array_equal(shown(save(tmp_path / "p.dcm", made)), color)


def test_8_bit_words_of_big_endian_files_are_swapped_across_odd_frames(tmp_path: Path) -> None:
    grey = np.ascontiguousarray(grey_frames(3)[:, :5, :5])
    made = dataset(grey)
    made["PixelData"].VR = "OW"  # `save` swaps its words for a big-endian file
    assert np.array_equal(shown(save(tmp_path / "w.dcm", made, ExplicitVRBigEndian)), repeated(grey))


@pytest.mark.parametrize("syntax", NATIVE)
def test_16_bit_grey_without_window_runs_from_smallest_to_largest(tmp_path: Path, syntax: str) -> None:
    deep = grey_frames(2, high=3000, dtype=np.uint16)
    expected = [np.rint((f - f.min()) / (f.max() - f.min()) * 255) for f in deep.astype(float)]
    path = save(tmp_path / "d.dcm", dataset(deep), syntax)
    assert np.array_equal(shown(path), repeated(np.array(expected)))


def test_16_bit_grey_goes_through_rescale_then_the_first_window(tmp_path: Path) -> None:
    deep = grey_frames(1, high=3000, dtype=np.int16) - np.int16(500)
    made = dataset(deep, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=[1000, 5], WindowWidth=[2001, 9])
    values = deep.astype(float) * 2 - 100
    expected = np.clip((values - 999.5) / 2000 + 0.5, 0, 1) * 255
    assert np.array_equal(shown(save(tmp_path / "d.dcm", made)), repeated(np.rint(expected)))


@pytest.mark.parametrize("function", ["SIGMOID", "LINEAR_EXACT"])
def test_other_window_functions(tmp_path: Path, function: str) -> None:
    deep = grey_frames(1, high=3000, dtype=np.uint16)
    made = dataset(deep, WindowCenter=1500, WindowWidth=1000, VOILUTFunction=function)
    values = deep.astype(float)
    expected = {
        "SIGMOID": 255 / (1 + np.exp(-4 * (values - 1500) / 1000)),
        "LINEAR_EXACT": np.clip((values - 1500) / 1000 + 0.5, 0, 1) * 255,
    }[function]
    assert np.array_equal(shown(save(tmp_path / "d.dcm", made)), repeated(np.rint(expected)))


def test_a_flat_16_bit_frame_is_black_not_an_error(tmp_path: Path) -> None:
    assert shown(save(tmp_path / "f.dcm", dataset(np.full((1, 4, 4), 700, np.uint16)))).max() == 0


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_deep_color_keeps_its_upper_byte(tmp_path: Path, dtype: type, syntax: str) -> None:
    bits = np.dtype(dtype).itemsize * 8
    color = color_frames(2, high=2**bits - 1, dtype=np.uint64).astype(dtype)
    assert np.array_equal(shown(save(tmp_path / "d.dcm", dataset(color), syntax)), color >> (bits - 8))


def test_ybr_full_equals_pydicom(tmp_path: Path) -> None:
    ybr = color_frames(2)
    path = save(tmp_path / "y.dcm", dataset(ybr, "YBR_FULL"))
    assert np.array_equal(shown(path), convert_color_space(ybr, "YBR_FULL", "RGB"))
    assert np.array_equal(shown(path), dcmread(path).pixel_array)


def test_ybr_full_422_equals_pydicom(tmp_path: Path) -> None:
    made = dataset(color_frames(2), "YBR_FULL_422")
    made.PixelData = np.random.default_rng(1).integers(0, 256, 2 * HEIGHT * WIDTH * 2, dtype=np.uint8).tobytes()
    path = save(tmp_path / "y.dcm", made)
    assert np.array_equal(shown(path), dcmread(path).pixel_array)


def test_bits_run_on_between_frames(tmp_path: Path) -> None:
    bits = (grey_frames(3)[:, :5, :5] > 127).astype(np.uint8)
    made = dataset(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    made.PixelData = packed + b"\0" * (len(packed) % 2)
    assert np.array_equal(shown(save(tmp_path / "b.dcm", made)), repeated(bits * 255))


def palette(made: Any, table: NDArray[Any], bits: int) -> None:
    for i, name in enumerate(("Red", "Green", "Blue")):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [len(table) % 65536, 0, bits])
        setattr(made, f"{name}PaletteColorLookupTableData", np.ascontiguousarray(table[:, i]).tobytes())
        made[f"{name}PaletteColorLookupTableData"].VR = "OW"


@pytest.mark.parametrize(("bits", "dtype"), [(8, np.uint8), (16, np.uint16)])
def test_palettes(tmp_path: Path, bits: int, dtype: type) -> None:
    index = grey_frames(2)
    table = np.random.default_rng(2).integers(0, 2**bits, (256, 3)).astype(dtype)
    made = dataset(index, "PALETTE COLOR")
    palette(made, table, bits)
    assert np.array_equal(shown(save(tmp_path / "p.dcm", made)), table[index] >> (bits - 8))


def test_a_palette_of_8_bit_values_declared_as_16_is_not_black(tmp_path: Path) -> None:
    index = grey_frames(1)
    table = np.repeat(np.arange(256, dtype=np.uint16)[:, None], 3, axis=1)
    made = dataset(index, "PALETTE COLOR")
    palette(made, table, 16)
    assert np.array_equal(shown(save(tmp_path / "p.dcm", made)), repeated(index))


def test_a_dark_frame_of_a_16_bit_palette_stays_dark(tmp_path: Path) -> None:
    """The palette decides whether its entries are deep, not the entries one frame happens to use."""
    index = np.stack([np.zeros((4, 4), np.uint8), np.full((4, 4), 255, np.uint8)])
    table = np.repeat(np.linspace(200, 65535, 256).astype(np.uint16)[:, None], 3, axis=1)
    made = dataset(index, "PALETTE COLOR")
    palette(made, table, 16)
    path = save(tmp_path / "p.dcm", made)
    assert (shown(path)[0].max(), shown(path)[1].min()) == (0, 255)


@pytest.mark.parametrize("first", [0, 200])
def test_16_bit_palette_indices_and_the_first_value_mapped(tmp_path: Path, first: int) -> None:
    index = np.arange(65536, dtype=np.uint16).reshape(1, 256, 256)
    table = np.random.default_rng(3).integers(0, 65536, (65536 - first, 3)).astype(np.uint16)
    made = dataset(index, "PALETTE COLOR")
    palette(made, table, 16)
    for name in ("Red", "Green", "Blue"):
        made[f"{name}PaletteColorLookupTableDescriptor"].VR = "US"
        made[f"{name}PaletteColorLookupTableDescriptor"].value[1] = first
    expected = table[np.maximum(index.astype(int) - first, 0)] >> 8
    assert np.array_equal(shown(save(tmp_path / "p.dcm", made)), expected)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("syntax", NATIVE)
def test_odd_ybr_full_frames_in_either_plane_order_equal_pydicom(tmp_path: Path, syntax: str, planar: int) -> None:
    ybr = np.ascontiguousarray(color_frames(3)[:, :5, :7])
    made = dataset(ybr, "YBR_FULL", PlanarConfiguration=planar)
    stored = ybr.transpose(0, 3, 1, 2) if planar else ybr
    made.PixelData = stored.tobytes() + b"\0"
    expected = convert_color_space(ybr, "YBR_FULL", "RGB")
    assert np.array_equal(shown(save(tmp_path / "y.dcm", made, syntax)), expected)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_unused_high_bits_do_not_show(tmp_path: Path, dtype: type) -> None:
    stored = np.random.default_rng(4).integers(0, 65536, (2, 8, 8)).astype(np.uint16).astype(dtype)
    path = save(tmp_path / "d.dcm", dataset(stored, "MONOCHROME1", BitsStored=12, HighBit=11))
    values = stored.astype(int) & 0xFFF
    values = np.where(values > 2047, values - 4096, values) if dtype is np.int16 else values
    low, high = (np.array([reduce(frame) for frame in values])[:, None, None] for reduce in (np.min, np.max))
    assert np.array_equal(shown(path), repeated(255 - np.rint((values - low) / (high - low) * 255)))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
@pytest.mark.parametrize("kind", ["grey", "color", "deep"])
def test_lossless_compression_changes_nothing(tmp_path: Path, syntax: str, kind: str) -> None:
    deep = grey_frames(3, high=4000, dtype=np.uint16)
    frames = {"grey": grey_frames(3), "color": color_frames(3), "deep": deep}[kind]
    frames = np.concatenate([frames] * 3, axis=1)  # the JPEG 2000 encoder wants at least 32 rows
    made = dataset(frames)
    save(tmp_path / "native.dcm", made)
    options: dict[str, Any] = {"use_mct": False} if syntax == JPEG2000Lossless and kind == "color" else {}
    made.compress(syntax, generate_instance_uid=False, **options)
    made.save_as(tmp_path / "packed.dcm", enforce_file_format=True)
    assert np.array_equal(shown(tmp_path / "packed.dcm"), shown(tmp_path / "native.dcm"))


def jpeg(frame: NDArray[Any], quality: int = 95) -> bytes:
    swapped = frame[..., ::-1] if frame.ndim == 3 else frame
    return cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@pytest.mark.parametrize(
    ("frames", "photometric"),
    [(grey_frames(3), "MONOCHROME2"), (grey_frames(3), "MONOCHROME1"), (color_frames(3), "YBR_FULL_422")],
)
def test_jpeg_baseline_is_within_two_levels_of_pydicom(tmp_path: Path, frames: Any, photometric: str) -> None:
    made = encapsulated(dataset(frames, photometric), [jpeg(frame) for frame in frames])
    path = save(tmp_path / "j.dcm", made, JPEGBaseline8Bit)
    reference = dcmread(path).pixel_array.astype(int)
    if photometric == "MONOCHROME1":
        reference = 255 - reference
    if reference.ndim == 3:
        reference = repeated(reference)
    assert np.abs(shown(path) - reference).max() <= 2


def without_jfif(stream: bytes) -> bytes:
    """The JPEG stream without its JFIF segment."""
    length = int.from_bytes(stream[4:6], "big")
    return stream[:2] + stream[4 + length :]


@pytest.mark.parametrize("has_rgb_ids", [True, False])
def test_jpeg_that_stores_rgb_is_not_color_converted(tmp_path: Path, has_rgb_ids: bool) -> None:
    """Planes stored without a colour transform; only DICOM's element (or component names) says so."""
    frame = np.ascontiguousarray(color_frames(1)[0])
    ycc = cv2.cvtColor(frame, cv2.COLOR_YCrCb2BGR)  # its transform to YCrCb gives `frame` back as samples
    parameters = [cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    stream = bytearray(without_jfif(cv2.imencode(".jpg", ycc, parameters)[1].tobytes()))
    if has_rgb_ids:
        for marker, first, step in ((b"\xff\xc0", 10, 3), (b"\xff\xda", 5, 2)):
            start = stream.index(marker)
            for i, letter in enumerate(b"RGB"):
                stream[start + first + i * step] = letter
    photometric = "YBR_FULL_422" if has_rgb_ids else "RGB"
    made = encapsulated(dataset(frame[None], photometric), [bytes(stream)])
    path = save(tmp_path / "j.dcm", made, JPEGBaseline8Bit)
    picture = shown(path)[0]
    assert np.abs(picture.astype(int) - dcmread_rgb(path, has_rgb_ids)).max() <= 2


def dcmread_rgb(path: Path, is_mislabelled: bool) -> NDArray[Any]:
    """pydicom's picture; where it warns of the wrong label, told the right one first."""
    made = dcmread(path)
    if is_mislabelled:
        made.PhotometricInterpretation = "RGB"
    return made.pixel_array.astype(int)


def test_a_stream_that_contradicts_the_file_is_refused(tmp_path: Path) -> None:
    made = encapsulated(dataset(grey_frames(1)[:, :8, :8]), [jpeg(grey_frames(1)[0])])
    (video,) = open_study(save(tmp_path / "j.dcm", made, JPEGBaseline8Bit)).videos
    with pytest.raises(FrameDecodeError, match=r"j\.dcm: frame 1 has 40 x 24 pixels .* declares 8 x 8"):
        video.frame(0)


@pytest.mark.parametrize("damage", [lambda s: s[:40], lambda s: bytes(len(s)), lambda s: b"\xff\xd8"])
def test_a_damaged_frame_costs_only_itself(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    frames = grey_frames(3)
    payloads = [jpeg(frame) for frame in frames]
    payloads[1] = damage(payloads[1])
    path = save(tmp_path / "j.dcm", encapsulated(dataset(frames), payloads), JPEGBaseline8Bit)
    (video,) = open_study(path).videos
    assert video.frame(0).shape == video.frame(2).shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(StudyError, match="frame 2") as caught:
        video.frame(1)
    assert "\n" not in str(caught.value)
