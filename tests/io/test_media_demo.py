"""The DICOM writer and the demo study made with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_frames, parse_basic_offsets

from luv_viewer.domain.timing import TimingSource
from luv_viewer.io import open_study
from luv_viewer.io.dicom_writer import CineFormat, CineIdentity, uid_from_text, write_cine
from luv_viewer.io.whole_file import WriteError
from resources import demo_study_path, resource_path
from training.demo_study import CLIPS, attribution, build_demo_study, main

IDENTITY = CineIdentity("DEMO-1", "Demo^Study", "study", "series", "instance", "A loop")
# PS3.3 A.7.3: types 1 and 2 of Patient, Study, Series, Equipment, Image, Image Pixel, Cine, Multi-frame, US Image.
REQUIRED = [
    "SOPClassUID",
    "SOPInstanceUID",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "Modality",
    "SeriesInstanceUID",
    "SeriesNumber",
    "Manufacturer",
    "InstanceNumber",
    "PatientOrientation",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PlanarConfiguration",
    "PixelData",
    "FrameTime",
    "NumberOfFrames",
    "FrameIncrementPointer",
    "ImageType",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
    "SequenceOfUltrasoundRegions",
]


def _frames(n: int = 4) -> list[np.ndarray]:
    ramp = np.linspace(0, 200, 48 * 64).reshape(48, 64)
    return [np.repeat((ramp + 10 * i)[:, :, None], 3, axis=2).astype(np.uint8) for i in range(n)]


def test_pydicom_and_gdcm_read_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "cine.dcm"
    write_cine(path, _frames(), IDENTITY, CineFormat(33.3333, region=(4, 2, 60, 40), quality=95))
    dataset = pydicom.dcmread(path)
    missing = [keyword for keyword in REQUIRED if keyword not in dataset]
    assert missing == []
    assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.50"
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.3.1"
    assert dataset.FrameIncrementPointer == 0x00181063
    (item,) = dataset.SequenceOfUltrasoundRegions
    assert (item.RegionLocationMaxX1, item.RegionLocationMaxY1) == (59, 39)
    assert {item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection} == {0}
    assert len(parse_basic_offsets(dataset.PixelData)) == 4
    plain, coded = 4 * 48 * 64 * 3, sum(map(len, generate_frames(dataset.PixelData, number_of_frames=4)))
    assert float(dataset.LossyImageCompressionRatio) == pytest.approx(plain / coded, abs=0.01)
    for plugin in ("gdcm", "pillow"):
        dataset.pixel_array_options(decoding_plugin=plugin)
        shown = dataset.pixel_array.astype(int)
        assert shown.shape == (4, 48, 64, 3)
        assert np.abs(shown - np.array(_frames())).max() <= 6


def test_the_viewer_reads_region_and_time_and_no_spacing(tmp_path: Path) -> None:
    path = tmp_path / "cine.dcm"
    write_cine(path, _frames(), IDENTITY, CineFormat(40.0, region=(4, 2, 60, 40)))
    (video,) = open_study(path).videos
    assert (video.region, video.spacing_mm) == ((4, 2, 60, 40), None)
    assert video.timing.source is TimingSource.FRAME_TIME
    assert video.timing.fps == 25
    assert np.abs(video.frame(3).astype(int) - _frames()[3]).max() <= 8


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.dcm", "b.dcm"):
        write_cine(tmp_path / name, iter(_frames()), IDENTITY, CineFormat(40.0))
    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()
    assert uid_from_text("a") != uid_from_text("b")
    assert uid_from_text("a").is_valid


@pytest.mark.parametrize(
    ("frames", "form", "reason"),
    [
        ([], CineFormat(40.0), "at least one frame"),
        ([np.zeros((4, 4), np.uint8)], CineFormat(40.0), r"\(H, W, 3\) uint8"),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)], CineFormat(40.0), "all frames must be 4 x 4"),
        ([np.zeros((4, 4, 3), np.uint8)], CineFormat(40.0, region=(0, 0, 5, 4)), "does not lie inside"),
    ],
)
def test_what_cannot_be_stored_leaves_no_file(
    tmp_path: Path, frames: list[np.ndarray], form: CineFormat, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        write_cine(tmp_path / "cine.dcm", frames, IDENTITY, form)
    assert list(tmp_path.iterdir()) == []


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="frame time"):
        CineFormat(0.0)
    with pytest.raises(ValueError, match="quality"):
        CineFormat(40.0, quality=101)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="its folder does not exist"):
        write_cine(tmp_path / "gone" / "cine.dcm", _frames(), IDENTITY, CineFormat(40.0))


def test_the_demo_study_opens_whole() -> None:
    study = open_study(demo_study_path())
    assert study.failures == ()
    assert len(study.videos) == len(CLIPS) == 4
    dicom = next(video for video in study.videos if video.source.format.startswith("DICOM"))
    assert dicom.timing.source is TimingSource.FRAME_TIME
    assert dicom.timing.fps == pytest.approx(39.0)
    assert (dicom.region, dicom.spacing_mm) == ((0, 0, 450, 450), None)
    assert pydicom.dcmread(dicom.source.path, stop_before_pixels=True).PatientID == "DEMO-1"
    for video in study.videos:
        assert video.n_frames >= 100
        assert video.frame(video.n_frames - 1).std() > 10
        assert video.zone is None
    study.close()


def test_the_demo_study_is_small_and_attributed() -> None:
    folder = demo_study_path()
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 5_000_000
    text = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert text == attribution()
    assert {path.name for path in folder.iterdir()} == {clip.name for clip in CLIPS} | {"ATTRIBUTION.md"}
    for clip in CLIPS:
        section = text.split(f"## {clip.name}\n")[1].split("\n## ")[0]
        assert clip.link in section
        assert "https://creativecommons.org/licenses/by/" in section
    assert "demo/ATTRIBUTION.md" in resource_path("LICENCES.md").read_text(encoding="utf-8")


def test_a_missing_resource_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="resources/gone"):
        resource_path("gone")


def test_building_the_demo_study_again_gives_the_same_files(data_dir: Path, tmp_path: Path) -> None:
    build_demo_study(data_dir, tmp_path)
    for clip in CLIPS:
        assert (tmp_path / clip.name).read_bytes() == (demo_study_path() / clip.name).read_bytes(), clip.name


def test_the_command_names_a_wrong_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "data" / "lus" / CLIPS[0].source
    source.parent.mkdir(parents=True)
    source.write_bytes(b"another clip")
    assert main(["--data", str(tmp_path / "data"), "-o", str(tmp_path / "out")]) == 1
    assert "is not the expected clip" in capsys.readouterr().err
