"""The crop is the largest 2D tissue region, and its pixels' size comes from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from luv_viewer.domain.video import Video
from luv_viewer.io import open_study
from luv_viewer.io.byte_source import FileSource
from luv_viewer.io.dicom_header import DicomHeader
from luv_viewer.io.dicom_region import read_region
from luv_viewer.io.dicom_syntax import EXPLICIT_LITTLE
from tests.io.builders_dicom import HEIGHT, WIDTH, dataset, grey_frames, region, save

WHOLE = (0, 0, WIDTH, HEIGHT)


def video(path: Path, *regions: Dataset, **elements: object) -> Video:
    made = dataset(grey_frames(1), **elements)
    if regions:
        made.SequenceOfUltrasoundRegions = Sequence(regions)
    (opened,) = open_study(save(path / "v.dcm", made)).videos
    return opened


def test_the_largest_2d_tissue_region_counts(tmp_path: Path) -> None:
    opened = video(
        tmp_path,
        region((0, 0, 39, 23), spatial=2),
        region((0, 0, 39, 22), data_type=2),
        region((1, 1, 5, 5)),
        region((2, 3, 20, 21), delta_cm=0.03),
        region((20, 3, 38, 21)),
    )
    assert opened.region == (2, 3, 21, 22)
    assert opened.spacing_mm == pytest.approx((0.3, 0.6))
    assert opened.notes == ()


def test_a_region_beyond_the_image_is_cut_and_one_outside_passed_over(tmp_path: Path) -> None:
    opened = video(tmp_path, region((90, 90, 200, 200)), region((10, 5, 99, 99)))
    assert opened.region == (10, 5, WIDTH, HEIGHT)
    assert opened.notes == (
        "An ultrasound region outside the image was passed over.",
        "The ultrasound region reaches beyond the image and was cut to it.",
    )


def test_an_exclusive_maximum_is_no_news(tmp_path: Path) -> None:
    opened = video(tmp_path, region((0, 0, WIDTH, HEIGHT)))
    assert (opened.region, opened.notes) == (WHOLE, ())


@pytest.mark.parametrize("corners", [(30, 20, 10, 10), (500, 0, 600, 5)])
def test_a_nonsense_region_gives_the_whole_image_and_a_note(tmp_path: Path, corners: tuple[int, int, int, int]) -> None:
    opened = video(tmp_path, region(corners))
    assert (opened.region, opened.spacing_mm, len(opened.notes)) == (WHOLE, None, 1)


def test_spacing_needs_centimetres(tmp_path: Path) -> None:
    assert video(tmp_path, region((0, 0, 9, 9), units=4)).spacing_mm is None
    assert video(tmp_path, region((0, 0, 9, 9), delta_cm=0)).spacing_mm is None


def test_pixel_spacing_is_row_then_column_and_only_for_images_without_regions(tmp_path: Path) -> None:
    opened = video(tmp_path, PixelSpacing=[0.5, 0.25])
    assert (opened.region, opened.spacing_mm) == (WHOLE, (0.25, 0.5))
    assert video(tmp_path, region((0, 0, 9, 9), units=4), PixelSpacing=[0.5, 0.25]).spacing_mm is None
    assert video(tmp_path).spacing_mm is None


corner = st.integers(0, 2**32 - 1) | st.integers(0, 60)


@settings(max_examples=200)
@given(items=st.lists(st.tuples(corner, corner, corner, corner), max_size=4))
def test_any_region_stays_inside_the_image(items: list[tuple[int, int, int, int]]) -> None:
    made = Dataset()
    made.SequenceOfUltrasoundRegions = Sequence([region(corners) for corners in items])
    header = DicomHeader(EXPLICIT_LITTLE, True, made, None, FileSource(Path(__file__)))
    x0, y0, x1, y1 = read_region(header, WIDTH, HEIGHT).region
    assert 0 <= x0 < x1 <= WIDTH
    assert 0 <= y0 < y1 <= HEIGHT
