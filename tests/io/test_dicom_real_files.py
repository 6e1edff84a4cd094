"""Real and malformed files: each opens or gives one sentence, and what opens looks as pydicom decodes it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

from luv_viewer.domain.timing import TimingSource
from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError, open_study
from luv_viewer.io.inspection import inspect
from tests.io.builders_dicom import dataset, grey_frames, save
from tests.io.dicom_outcomes import GOLDEN, outcomes

LOSSY_JPEG = {"JPEG Baseline", "JPEG Extended"}
# pydicom does not swap the palette's words of a big-endian file; its little-endian twin shows the truth.
SWAPPED_PALETTE = "OBXXXX1A_expb_2frame.dcm"


def test_every_file_opens_or_is_refused_as_before(data_dir: Path) -> None:
    with GOLDEN.open(newline="", encoding="utf-8") as file:
        golden = list(csv.DictReader(file))
    found, longest_s = outcomes(data_dir / "dicom")
    assert len(golden) == len(found)
    assert [(now, before) for now, before in zip(found, golden, strict=True) if now != before] == []
    assert longest_s < 60, "no file hangs the reader"


def test_refusals_are_single_sentences(data_dir: Path) -> None:
    for row in inspect([data_dir / "dicom" / "fuzz"]):
        if row.outcome == "refused":
            assert row.message.startswith(row.path.name)
            assert row.message.endswith(".")
            assert "\n" not in row.message


def reference(made: Dataset, samples: NDArray[Any]) -> NDArray[Any]:
    """What a frame decoded by pydicom looks like on the screen, by the rules of `Display`, written anew."""
    if made.PhotometricInterpretation == "PALETTE COLOR":
        colors = apply_color_lut(samples, made)
        return colors >> (8 if colors.dtype == np.uint16 else 0)
    if samples.ndim == 3:
        return samples >> max(made.BitsStored - 8, 0)
    if made.BitsStored == 1:
        grey: NDArray[Any] = samples * 255.0
    elif made.BitsAllocated == 8:
        grey = samples.astype(float)
    else:
        values = apply_modality_lut(samples, made).astype(float)
        low, high = values.min(), values.max()
        if made.get("WindowWidth"):
            center, width = (np.atleast_1d(v)[0] for v in (made.WindowCenter, made.WindowWidth))
            low, high = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
        grey = np.rint(np.clip((values - low) / (high - low), 0, 1) * 255)
    if made.PhotometricInterpretation == "MONOCHROME1":
        grey = 255 - grey
    return np.repeat(grey[..., None], 3, axis=-1)


def difference(path: Path, video: Video) -> int:
    """Largest difference of any sample of any frame from pydicom's."""
    made = dcmread(path)
    samples = made.pixel_array.reshape(video.n_frames, video.height, video.width, -1)
    samples = samples[..., 0] if samples.shape[-1] == 1 else samples
    return max(
        int(np.abs(video.frame(i).astype(float) - reference(made, frame)).max()) for i, frame in enumerate(samples)
    )


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_pictures_equal_pydicom(data_dir: Path) -> None:
    compared, wrong = 0, []
    for folder in ("us", "odd"):
        for path in sorted((data_dir / "dicom" / folder).rglob("*.dcm")):
            try:
                (video,) = open_study(path).videos
                made = dcmread(path)
                video.frame(video.n_frames - 1)
            except (StudyError, InvalidDicomError):
                continue
            if path.name == SWAPPED_PALETTE or "SharedFunctionalGroupsSequence" in made or "PixelData" not in made:
                continue
            compared += 1
            tolerance = 2 if video.source.format.removeprefix("DICOM, ") in LOSSY_JPEG else 0
            if (found := difference(path, video)) > tolerance:
                wrong.append((path.name, found))
    assert wrong == []
    assert compared > 50


def test_a_big_endian_palette_looks_like_its_little_endian_twin(data_dir: Path) -> None:
    folder = data_dir / "dicom" / "us" / "pydicom__pydicom-data"
    (big,) = open_study(folder / SWAPPED_PALETTE).videos
    (little,) = open_study(folder / "OBXXXX1A_2frame.dcm").videos
    assert all(np.array_equal(big.frame(i), little.frame(i)) for i in range(2))


def test_vector_region_and_spacing_of_a_real_file(data_dir: Path) -> None:
    (video,) = open_study(
        data_dir / "dicom/us/cornerstonejs__dicomParser/IM00001.fragmented_no_bot_jpeg_baseline.50.dcm"
    ).videos
    assert video.timing.source is TimingSource.FRAME_TIME_VECTOR
    assert video.region == (0, 16, 320, 218)
    assert video.spacing_mm == pytest.approx((2.29375, 2.29375))


@pytest.mark.parametrize("name", ["lus_h264_ts_v5.dcm", "lus_mpeg2_pat1_132943.dcm"])
def test_wrapped_video_streams_are_random_access(data_dir: Path, name: str) -> None:
    (video,) = open_study(data_dir / "dicom" / "constructed" / name).videos
    middle = video.n_frames // 2
    last, first = video.read(video.n_frames - 1), video.read(0)
    assert not np.array_equal(last, first)
    assert np.array_equal(video.read(middle), video.read(middle))
    assert video.frame_identity(0).digest == video.frame_identity(middle).digest
    assert video.timing.source is TimingSource.FRAME_TIME


def test_inspection_counts_files_and_can_be_stopped(tmp_path: Path) -> None:
    save(tmp_path / "a.dcm", dataset(grey_frames(3), CineRate=20))
    (tmp_path / "b.dcm").write_bytes(b"rubbish")
    seen: list[tuple[int, int]] = []
    rows = inspect([tmp_path], lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
    assert [(row.outcome, row.frames, row.fps, row.error) for row in rows] == [
        ("opened", 3, 20.0, ""),
        ("refused", None, None, "UnsupportedFormatError"),
    ]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inspect([tmp_path], stop)
