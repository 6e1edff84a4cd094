"""Files found one after the other give the same videos and failures as `open_study`, which holds them all."""

from __future__ import annotations

import gc
import weakref
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from luv_viewer.domain.study import Failure
from luv_viewer.io import StudyError, open_study
from luv_viewer.io.study_parts import StudyPart, open_part, parts_below, parts_of_files
from tests.builders import moving_speckle, write_mp4


def _write_pictures(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in zip(names, moving_speckle(len(names)), strict=True):
        Image.fromarray(frame).save(folder / name)


def _seen_by_parts(*paths: Path) -> tuple[list[tuple[str, str | None, int]], list[str]]:
    """(path, member, frames) of every video, and the sentences of what could not be opened."""
    videos, sentences = [], []
    found = [p for path in paths for p in (parts_below(path) if path.is_dir() else parts_of_files([path]))]
    for part in found:
        if isinstance(part, Failure):
            sentences.append(part.message)
            continue
        try:
            video = open_part(part)
        except StudyError as error:
            sentences.append(str(error))
            continue
        assert (video.source.path, video.source.member, video.source.name) == (part.path, part.member, part.name)
        assert part.n_bytes > 0
        videos.append((str(part.path), part.member, video.n_frames))
        video.store.close()
    return sorted(videos, key=str), sorted(sentences)


def _seen_by_study(path: Path) -> tuple[list[tuple[str, str | None, int]], list[str]]:
    study = open_study(path)
    videos = [(str(v.source.path), v.source.member, v.n_frames) for v in study.videos]
    study.close()
    return sorted(videos, key=str), sorted(failure.message for failure in study.failures)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with videos, numbered pictures of two lengths, stills, rubbish, and a zip of the same."""
    root = tmp_path / "tree"
    (root / "day 2").mkdir(parents=True)
    write_mp4(root / "b.mp4", moving_speckle(7))
    write_mp4(root / "day 2" / "a.mp4", moving_speckle(8))
    _write_pictures(root / "day 2", "im1.png", "im2.png", "im10.png", "L1.png", "other.png")
    _write_pictures(root / "day 10", "x1.png", "x2.png", "y1.png", "y2.png", "y3.png")
    (root / "notes.txt").write_text("no study")
    (root / "day 2" / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"rubbish" * 20)
    (root / "day 2" / "named.dcm").write_text("not DICOM at all")
    (root / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (root / ".hidden.mp4").write_bytes(b"")
    with zipfile.ZipFile(root / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.suffix != ".zip":
                archive.write(path, path.relative_to(root).as_posix())
        archive.writestr("inner.zip", b"PK\x03\x04" + bytes(30))
    (root / "empty.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    return root


def test_a_tree_gives_what_the_study_gives(tree: Path) -> None:
    videos, sentences = _seen_by_parts(tree)
    assert (videos, sentences) == _seen_by_study(tree)
    assert (len(videos), len(sentences)) == (14, 6)


def test_a_named_archive_gives_what_the_study_gives(tree: Path) -> None:
    assert _seen_by_parts(tree / "all.zip") == _seen_by_study(tree / "all.zip")
    (empty,) = parts_of_files([tree / "empty.zip"])
    assert isinstance(empty, Failure)
    assert "holds no DICOM file" in empty.message


def test_the_dicom_files_of_the_data_folder_give_what_the_study_gives(data_dir: Path) -> None:
    assert _seen_by_parts(data_dir / "dicom") == _seen_by_study(data_dir / "dicom")


def test_named_files_are_refused_one_by_one_and_named_pictures_belong_together(tmp_path: Path) -> None:
    _write_pictures(tmp_path, "im1.png", "im2.png")
    (tmp_path / "text").write_text("no study")
    named = [tmp_path / name for name in ("im1.png", "text", "im2.png", "none.mp4")]
    refused, missing, pictures = parts_of_files(named)
    assert isinstance(refused, Failure)
    assert isinstance(missing, Failure)
    assert "does not exist" in missing.message
    assert isinstance(pictures, StudyPart)
    assert (pictures.path, len(pictures.files)) == (tmp_path, 2)


def test_the_order_is_the_natural_one_and_a_folder_can_be_left_out(tmp_path: Path) -> None:
    for name in ("10.mp4", "9.mp4", "b/1.mp4", "out/x.mp4", "a/2.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_mp4(tmp_path / name, moving_speckle(3))
    names = [part.path.relative_to(tmp_path).as_posix() for part in parts_below(tmp_path, tmp_path / "out")]
    assert names == ["9.mp4", "10.mp4", "a/2.mp4", "b/1.mp4"]


def test_a_part_that_changed_meanwhile_is_one_sentence(tmp_path: Path) -> None:
    _write_pictures(tmp_path, "im1.png", "im2.png")
    (part,) = parts_below(tmp_path)
    assert isinstance(part, StudyPart)
    Image.new("RGB", (50, 40)).save(tmp_path / "im2.png")
    with pytest.raises(StudyError, match="was changed while it was being read"):
        open_part(part)
    for path in part.files:
        path.unlink()
    with pytest.raises(StudyError):
        open_part(part)


def test_walking_keeps_no_part_and_opens_nothing_ahead(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for number in range(40):
            (tmp_path / folder / f"{number}.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"rubbish")
    walk = parts_below(tmp_path)
    first = next(walk)
    (tmp_path / "b" / "39.dcm").unlink()
    alive = [weakref.ref(first)]
    del first
    n_most = 0
    for part in walk:
        alive.append(weakref.ref(part))
        n_most = max(n_most, sum(ref() is not None for ref in alive))
    gc.collect()
    assert len(alive) == 79
    assert n_most <= 2
