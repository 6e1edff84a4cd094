"""Opening what a person has: files, folders, DICOMDIR, archives; one broken file costs only itself."""

from __future__ import annotations

import gc
import os
import shutil
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, JPEGLSLossless

from luv_viewer.io import MissingFileError, StudyError, UnreadableFileError, UnsupportedFormatError, open_study
from luv_viewer.io.byte_source import FileSource, SpooledSource
from tests.io.builders_dicom import color_frames, dataset, directory, encapsulated, grey_frames, save
from tests.io.builders_media import Coding, write_video

AVI = Coding("mpeg4", b_frames=0)


def test_a_folder_opens_whole_sorted_and_grouped_without_names(tmp_path: Path) -> None:
    for number, (patient, study, series, instance) in enumerate(
        [("P2", "9.2", 1, 1), ("P1", "9.1", 2, 1), ("P1", "9.1", 1, 10), ("P1", "9.1", 1, 9)]
    ):
        date = "20210304" if patient == "P1" else "20210401"
        made = dataset(grey_frames(2), PatientID=patient, StudyInstanceUID=study, StudyDate=date)
        made.SeriesNumber, made.InstanceNumber, made.PatientName = series, instance, f"{patient}^Secret"
        (tmp_path / f"deep{number}").mkdir()
        save(tmp_path / f"deep{number}" / f"im{number}", made)
    (tmp_path / "README.txt").write_text("not a picture")
    (tmp_path / "sheet.csv").write_text("a,b\n1,2\n")
    (tmp_path / ".hidden").write_bytes(b"x")
    study = open_study(tmp_path)
    assert [video.source.name for video in study.videos] == ["im3", "im2", "im1", "im0"]
    assert [v.group.label for v in study.videos] == ["Study 2021-03-04, patient 1"] * 3 + [
        "Study 2021-04-01, patient 2"
    ]
    assert len({video.group.key for video in study.videos}) == 2
    assert study.failures == ()
    assert "Secret" not in repr(study) + repr(study.videos)


def test_a_broken_file_costs_only_itself(tmp_path: Path) -> None:
    save(tmp_path / "good.dcm", dataset(grey_frames(1)))
    (tmp_path / "cut.dcm").write_bytes((tmp_path / "good.dcm").read_bytes()[:400])
    (tmp_path / "text.dcm").write_text("not DICOM at all")
    (tmp_path / "empty.dcm").touch()
    study = open_study(tmp_path)
    assert [video.source.name for video in study.videos] == ["good.dcm"]
    assert sorted(failure.path.name for failure in study.failures) == ["cut.dcm", "empty.dcm", "text.dcm"]
    assert all(failure.path.name in failure.message and "\n" not in failure.message for failure in study.failures)


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    save(tmp_path / "clip.mp4", dataset(grey_frames(1)))
    write_video(tmp_path / "clip.avi", AVI)
    shutil.move(tmp_path / "clip.avi", tmp_path / "clip.dcm")
    formats = {video.source.name: video.source.format for video in open_study(tmp_path).videos}
    assert formats["clip.mp4"].startswith("DICOM")
    assert formats["clip.dcm"].startswith("AVI")


def test_numbered_images_open_as_one_video(tmp_path: Path) -> None:
    for i, frame in enumerate(grey_frames(3)):
        cv2.imwrite(str(tmp_path / f"im_{i + 1}.png"), frame)
    (video,) = open_study(tmp_path).videos
    assert video.n_frames == 3
    (still,) = open_study(tmp_path / "im_2.png").videos
    assert np.array_equal(still.frame(0), video.frame(1))


def test_several_paths_open_as_one_study(tmp_path: Path) -> None:
    paths = [save(tmp_path / f"{i}.dcm", dataset(grey_frames(1))) for i in range(2)]
    study = open_study([*paths, tmp_path / "missing.dcm"])
    assert (len(study.videos), len(study.failures)) == (2, 1)
    with pytest.raises(StudyError, match="No file was named"):
        open_study([])


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("no.dcm", None, MissingFileError, "no.dcm does not exist"),
        ("a.gz", b"\x1f\x8b\x08\0" + bytes(50), UnsupportedFormatError, "gzip"),
        ("a.txt", b"hello", UnsupportedFormatError, "not a kind of file"),
        ("a.dcm", b"", UnsupportedFormatError, "empty"),
        ("a.zip", b"PK\x03\x04" + bytes(60), UnreadableFileError, "zip"),
        ("a.dcm", bytes(128) + b"DICM", UnreadableFileError, "header"),
    ],
)
def test_what_cannot_be_opened_gives_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, error: type[StudyError], words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(StudyError, match=words) as caught:
        open_study(tmp_path / name)
    assert type(caught.value) is error
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_folder_without_anything_says_so(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("words")
    with pytest.raises(UnsupportedFormatError, match=f"{tmp_path.name} holds no DICOM file"):
        open_study(tmp_path)


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so the system's refusal is made where the file is opened."""
    path = save(tmp_path / "v.dcm", dataset(grey_frames(1)))

    def refuse(self: Path, *args: object, **kwargs: object) -> object:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MissingFileError, match=r"v\.dcm cannot be read: permission denied\."):
        open_study(path)


def test_an_object_without_picture_is_named(tmp_path: Path) -> None:
    report = dataset(grey_frames(1), Modality="SR")
    for keyword in ("PixelData", "Rows", "Columns"):
        del report[keyword]
    report.PatientName = "Secret^Name"
    path = tmp_path / "sr.dcm"
    report.file_meta = FileMetaDataset()
    report.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    report.save_as(path, enforce_file_format=True)
    with pytest.raises(StudyError, match=r"sr\.dcm holds no picture: it is a DICOM object of modality SR"):
        open_study(path)


def failure_sentence(path: Path) -> str:
    """Why a path cannot be opened; the error itself is let go."""
    try:
        open_study(path)
    except StudyError as error:
        return str(error)
    raise AssertionError(f"{path.name} opened")


class TestArchives:
    """Zip files: nothing is unpacked to folders."""

    @pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
    def test_members_open_in_place(self, tmp_path: Path, packing: int) -> None:
        frames = color_frames(4)
        save(tmp_path / "a.dcm", dataset(frames))
        write_video(tmp_path / "b.avi", AVI)
        cv2.imwrite(str(tmp_path / "c_1.png"), frames[0][..., ::-1])
        with zipfile.ZipFile(tmp_path / "all.zip", "w", packing) as archive:
            for name in ("a.dcm", "b.avi", "c_1.png"):
                archive.write(tmp_path / name, f"../../evil/{name}")
            archive.writestr("notes.txt", "hello")
        before = sorted(p.name for p in tmp_path.rglob("*"))
        study = open_study(tmp_path / "all.zip")
        assert [(v.source.name, v.source.path.name) for v in study.videos] == [
            ("a.dcm", "all.zip"),
            ("b.avi", "all.zip"),
            ("c_1.png", "all.zip"),
        ]
        for i in (3, 0, 2):
            assert np.array_equal(study.videos[0].frame(i), frames[i])
        assert np.array_equal(study.videos[2].frame(0), frames[0])
        study.close()
        assert np.array_equal(study.videos[0].read(1), frames[1])
        assert sorted(p.name for p in tmp_path.rglob("*")) == before
        assert study.failures == ()

    def test_encrypted_nested_and_damaged_members_are_named(self, tmp_path: Path) -> None:
        save(tmp_path / "a.dcm", dataset(grey_frames(1)))
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
            archive.write(tmp_path / "a.dcm", "a.dcm")
            archive.write(tmp_path / "a.dcm", "locked.dcm")
            archive.writestr("inner.zip", b"PK\x03\x04")
        content = bytearray((tmp_path / "all.zip").read_bytes())
        entry = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
        content[entry + 8] |= 1  # the entry's encryption flag
        (tmp_path / "all.zip").write_bytes(content)
        study = open_study(tmp_path / "all.zip")
        assert [video.source.name for video in study.videos] == ["a.dcm"]
        assert [("encrypted" in f.message, "archive inside" in f.message) for f in study.failures] == [
            (False, True),
            (True, False),
        ]

    def test_a_large_archive_stays_packed(self, tmp_path: Path) -> None:
        """Members looked at long ago hold neither memory nor temporary files, and still give the same frames."""
        frames = np.random.default_rng(0).integers(0, 256, (40, 256, 256), dtype=np.uint8)
        with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(20):
                made = dataset(np.roll(frames, i, axis=0), InstanceNumber=i)
                archive.write(save(tmp_path / "one.dcm", made), f"{i:02}.dcm")
        tracemalloc.start()
        study = open_study(tmp_path / "all.zip")
        for last in (39, 0, 39):
            for i, video in enumerate(study.videos):
                assert np.array_equal(video.read(last)[..., 0], frames[last - i])
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert held < 10 * frames.nbytes

    def test_deflated_files_in_a_packed_archive_read_by_many_threads(self, tmp_path: Path) -> None:
        """Each frame unpacks twice, and sources make room for one another meanwhile."""
        frames = grey_frames(6)
        with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(12):
                made = save(tmp_path / "one.dcm", dataset(frames, InstanceNumber=i), DeflatedExplicitVRLittleEndian)
                archive.write(made, f"{i:02}.dcm")
        videos = open_study(tmp_path / "all.zip").videos
        with ThreadPoolExecutor(6) as pool:
            read = pool.map(lambda k: videos[k % 12].read(k % 6), range(240), timeout=60)
            assert all(np.array_equal(picture[..., 0], frames[k % 6]) for k, picture in enumerate(read))

    def test_a_damaged_archive_is_closed(self, tmp_path: Path) -> None:
        """At once, and not when garbage is collected: an error must not lead back to what caused it."""
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.dcm", bytes(3000))
            archive.writestr("b.dcm", bytes(3000))
        # Names that differ between the file's entry and the list at the archive's end.
        path.write_bytes(path.read_bytes().replace(b"a.dcm", b"c.dcm", 1).replace(b"b.dcm", b"d.dcm", 1))
        gc.disable()
        try:
            sentence = failure_sentence(path)
            held = [link for link in Path("/proc/self/fd").iterdir() if link.exists() and link.samefile(path)]
        finally:
            gc.enable()
        assert "damaged inside" in sentence
        assert held == []

    def test_a_bomb_is_refused_without_being_unpacked(self) -> None:
        class Endless:
            def read(self, size: int) -> bytes:
                return bytes(size)

            def close(self) -> None:
                """Nothing is held."""

        source = SpooledSource(Endless, "bomb.dcm", 10**12, limit=2**20)  # type: ignore[arg-type]
        assert source.read(100, 10) == bytes(10)
        with pytest.raises(UnreadableFileError, match=r"bomb\.dcm unpacks to more than 1 MB"):
            source.read(2**21, 1)


def test_dicomdir_opens_what_it_names_and_nothing_outside(tmp_path: Path) -> None:
    disc = tmp_path / "disc"
    (disc / "images").mkdir(parents=True)
    save(disc / "images" / "im1", dataset(grey_frames(1)))
    save(disc / "unnamed", dataset(grey_frames(1)))
    save(tmp_path / "OUTSIDE", dataset(grey_frames(1)))
    path = directory(disc / "DICOMDIR", [["IMAGES", "IM1"], ["GONE"], ["XX", "OUTSIDE"]])
    path.write_bytes(path.read_bytes().replace(b"XX\\OUTSIDE", b"..\\OUTSIDE"))
    study = open_study(path)
    assert [video.source.name for video in study.videos] == ["im1"]
    assert len(study.failures) == 2
    folder = open_study(disc)
    assert sorted(video.source.name for video in folder.videos) == ["im1", "unnamed"]
    assert folder.failures == ()
    with pytest.raises(UnreadableFileError, match="names no file"):
        open_study(directory(disc / "DICOMDIR", []))


def test_identity_follows_the_stored_bytes(tmp_path: Path) -> None:
    frames = grey_frames(2)
    made = dataset(frames, FrameTime=50)
    (video,) = open_study(save(tmp_path / "a.dcm", made)).videos
    first, second = (video.frame_identity(i) for i in range(2))
    assert first.video_id == made.SOPInstanceUID
    assert (second.frame_number, second.time_s) == (2, 0.05)
    assert first.digest != second.digest
    del made.SOPInstanceUID
    made.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    made.save_as(tmp_path / "b.dcm")
    (anonymous,) = open_study(tmp_path / "b.dcm").videos
    assert anonymous.identity.startswith("sha256:")
    assert anonymous.frame_identity(0).digest == first.digest


def test_zone_comes_from_the_name_or_the_description(tmp_path: Path) -> None:
    save(tmp_path / "case_R2.dcm", dataset(grey_frames(1)))
    save(tmp_path / "im.dcm", dataset(grey_frames(1), SeriesDescription="Lung L3"))
    zones = {video.source.name: video.zone for video in open_study(tmp_path).videos}
    assert zones == {"case_R2.dcm": "R2", "im.dcm": "L3"}


def test_many_threads_read_the_same_frames(tmp_path: Path) -> None:
    frames = grey_frames(6)
    native = save(tmp_path / "n.dcm", dataset(frames))
    made = dataset(frames)
    save(tmp_path / "j.dcm", made)
    made.compress(JPEGLSLossless, generate_instance_uid=False)
    made.save_as(tmp_path / "j.dcm", enforce_file_format=True)
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(native, "n.dcm")
    for path in (native, tmp_path / "j.dcm", tmp_path / "z.zip"):
        (video,) = open_study(path).videos
        with ThreadPoolExecutor(8) as pool:
            read = list(pool.map(video.read, list(range(6)) * 4))
        assert all(np.array_equal(picture[..., 0], frames[i % 6]) for i, picture in enumerate(read))


def test_a_file_that_shrinks_while_open_is_an_error_not_a_crash(tmp_path: Path) -> None:
    path = save(tmp_path / "v.dcm", dataset(grey_frames(50)))
    (video,) = open_study(path).videos
    video.frame(0)
    os.truncate(path, 2000)
    with pytest.raises(UnreadableFileError, match="became shorter"):
        video.frame(49)


def test_more_files_than_may_stay_open(tmp_path: Path) -> None:
    paths = [save(tmp_path / f"{i}.dcm", dataset(grey_frames(1))) for i in range(80)]
    before = len(os.listdir("/proc/self/fd"))
    study = open_study(paths)
    for video in study.videos:
        video.frame(0)
    assert len(os.listdir("/proc/self/fd")) - before < 80
    study.close()
    assert len(os.listdir("/proc/self/fd")) <= before + 2


class TestDamagedHeaders:
    """Nothing in a header makes the reader crash, hang or use up memory."""

    @pytest.mark.parametrize("depth", [50, 5000])
    @pytest.mark.parametrize("tag", [b"\x08\x00\x40\x11", b"\x18\x00\x11\x60"])  # one that is skipped, one that is read
    def test_deep_nesting(self, tmp_path: Path, depth: int, tag: bytes) -> None:
        path = save(tmp_path / "v.dcm", dataset(grey_frames(1)))
        stored = path.read_bytes()
        start = stored.index(b"\x28\x00\x02\x00US")
        opening = tag + b"SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
        closing = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
        path.write_bytes(stored[:start] + opening * depth + closing * depth + stored[start:])
        (video,) = open_study(path).videos
        assert np.array_equal(video.frame(0)[..., 0], grey_frames(1)[0])

    def test_nesting_without_end(self, tmp_path: Path) -> None:
        path = save(tmp_path / "v.dcm", dataset(grey_frames(1)))
        stored = path.read_bytes()
        start = stored.index(b"\x28\x00\x02\x00US")
        opening = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
        path.write_bytes(stored[:start] + opening * 300_000)
        with pytest.raises(StudyError, match="more than 200000 nested elements"):
            open_study(path)

    @pytest.mark.parametrize(
        ("keyword", "value"),
        [("Rows", 65535), ("NumberOfFrames", 2**31 - 1), ("BitsAllocated", 24), ("SamplesPerPixel", 9), ("Rows", 0)],
    )
    def test_lying_numbers(self, tmp_path: Path, keyword: str, value: int) -> None:
        path = save(tmp_path / "v.dcm", dataset(grey_frames(1), **{keyword: value}))
        with pytest.raises(StudyError, match=r"v\.dcm"):
            open_study(path)

    def test_a_deflated_bomb(self, tmp_path: Path) -> None:
        """A deflated data set that claims a terabyte is refused by what it can hold at most."""
        made = dataset(grey_frames(1), NumberOfFrames=1000, Rows=5000, Columns=5000)
        path = save(tmp_path / "v.dcm", made, "1.2.840.10008.1.2.1.99")
        with pytest.raises(StudyError, match="less than one frame"):
            open_study(path)

    def test_an_encapsulated_file_that_says_it_is_not(self, tmp_path: Path) -> None:
        made = encapsulated(dataset(grey_frames(1)), [b"\xff\xd8\xff\xd9"])
        path = save(tmp_path / "v.dcm", made, JPEGLSLossless)
        path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.4.80", b"1.2.840.10008.1.2.1\0\0\0"))
        with pytest.raises(UnreadableFileError, match="contradicts itself"):
            open_study(path)


def test_a_file_source_knows_its_end(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    source = FileSource(path, 2, 5)
    assert (source.read(0, 99), source.read(4, 9), source.read(5, 1)) == (b"23456", b"6", b"")
    assert (source.may_have(5), source.may_have(6)) == (True, False)
