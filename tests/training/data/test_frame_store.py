"""Clips decoded once: every container, restarts, changed and damaged files, too small a disk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch

from luv_viewer.io import open_study
from model.preprocessing import Preprocessing, video_frame
from tests.training.data.builders_clips import LENGTH, SIZE, ClipFolder, write_clips, write_png_clip, write_table
from training.data import array_folder
from training.data.array_folder import ArrayFolder
from training.data.clip_dataset import ClipBatch, ClipDataset, batch_loader
from training.data.clip_table import read_clip_table
from training.data.errors import DataError
from training.data.frame_store import StoreSettings, open_frame_store
from training.data.order import EpochSampler

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = StoreSettings(Preprocessing(size=SIZE), LENGTH)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipFolder:
    return write_clips(tmp_path_factory.mktemp("made"))


def _files(clips: ClipFolder, root: Path | None = None) -> list[Path]:
    return [(root or clips.root) / name for name in clips.files]


def _copy(clips: ClipFolder, root: Path) -> list[Path]:
    shutil.copytree(clips.root, root)
    return _files(clips, root)


def _entries(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*.npy")}


def test_lossless_clips_come_back_exactly(clips: ClipFolder, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    store = open_frame_store(_files(clips), tmp_path, SETTINGS, lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 12)
    assert seen[-1] == (12, 12)
    order = [7, 0, 3]
    shown = store.clips(order)
    assert shown.dtype == torch.uint8
    assert shown.shape == (3, LENGTH, 3, SIZE, SIZE)
    for channel in range(3):
        np.testing.assert_array_equal(shown[:, :, channel], clips.levels[order])
    assert store.disk_bytes == sum(path.stat().st_size for path in tmp_path.rglob("*.npy"))


def test_published_avi_clips_are_what_the_viewer_shows(tmp_path: Path) -> None:
    made = write_clips(tmp_path / "avi", n_patients=1, coding="mjpg")
    shown = open_frame_store(_files(made), tmp_path / "cache", SETTINGS).clips(range(4))
    for i, file in enumerate(_files(made)):
        study = open_study(file)
        (video,) = study.videos
        frames = [video_frame(video.frame(t), video.region, SETTINGS.preprocessing) for t in range(LENGTH)]
        study.close()
        np.testing.assert_array_equal(shown[i, :, 0], np.stack(frames))
    assert np.abs(shown[:, :, 0].numpy().astype(int) - made.levels).mean() < 6


def test_folders_of_numbered_images_are_clips_too(clips: ClipFolder, tmp_path: Path) -> None:
    long = np.concatenate([clips.levels[0], clips.levels[1]])  # "10" comes after "9"
    folder = write_png_clip(tmp_path / "clip_1", long)
    store = open_frame_store([folder], tmp_path / "cache", StoreSettings(Preprocessing(size=SIZE), 2 * LENGTH))
    np.testing.assert_array_equal(store.clips([0])[0, :, 0], long)


@pytest.mark.parametrize("length", [1, 9])
def test_clips_of_other_lengths(tmp_path: Path, length: int) -> None:
    made = write_clips(tmp_path / "made", 1, n_frames=length)
    store = open_frame_store(_files(made), tmp_path / "cache", StoreSettings(Preprocessing(size=SIZE), length))
    np.testing.assert_array_equal(store.clips([2])[0, :, 0], made.levels[2])
    with pytest.raises(DataError, match=rf"has {length} frames, expected 6; it is damaged, or clips of another length"):
        open_frame_store(_files(made)[:1], tmp_path / "cache", SETTINGS)


def test_clips_of_another_size_are_resized(clips: ClipFolder, tmp_path: Path) -> None:
    store = open_frame_store(_files(clips)[:1], tmp_path, StoreSettings(Preprocessing(size=16), LENGTH))
    assert store.clips([0]).shape == (1, LENGTH, 3, 16, 16)


def test_what_is_decoded_is_not_decoded_again_and_folds_share_it(clips: ClipFolder, tmp_path: Path) -> None:
    files = _files(clips)
    first = open_frame_store(files[:8], tmp_path, SETTINGS)
    before = _entries(tmp_path)
    seen: list[tuple[int, int]] = []
    second = open_frame_store(files[4:], tmp_path, SETTINGS, lambda done, total: seen.append((done, total)))
    assert seen[0] == (4, 8)
    assert len(_entries(tmp_path)) == 12
    assert before.items() <= _entries(tmp_path).items()
    assert first.keys[4:] == second.keys[:4]
    assert first.digest() != second.digest()
    assert open_frame_store(files[:8], tmp_path, SETTINGS).digest() == first.digest()


def test_a_changed_clip_is_decoded_anew(clips: ClipFolder, tmp_path: Path) -> None:
    """Even where size and time of the file stay the same."""
    files = _copy(clips, tmp_path / "copy")
    before = open_frame_store(files, tmp_path / "cache", SETTINGS)
    told = files[2].stat()
    other = files[1].read_bytes()
    files[2].write_bytes(other)
    os.utime(files[2], ns=(told.st_atime_ns, told.st_mtime_ns))
    after = open_frame_store(files, tmp_path / "cache", SETTINGS)
    assert after.digest() != before.digest()
    np.testing.assert_array_equal(after.clips([2])[0, :, 0], clips.levels[1])
    np.testing.assert_array_equal(before.clips([2])[0, :, 0], clips.levels[2])


def test_other_settings_do_not_use_what_is_there(clips: ClipFolder, tmp_path: Path) -> None:
    files = _files(clips)[:1]
    told = {
        open_frame_store(files, tmp_path, StoreSettings(rules, LENGTH)).digest()
        for rules in (Preprocessing(16), Preprocessing(SIZE), Preprocessing(SIZE, "channel0"))
    }
    assert len(told) == len(_entries(tmp_path)) == 3


def test_a_damaged_clip_is_named_and_the_others_are_kept(clips: ClipFolder, tmp_path: Path) -> None:
    files = _copy(clips, tmp_path / "copy")
    whole = files[1].read_bytes()
    files[1].write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError) as raised:
        open_frame_store(files, tmp_path / "cache", SETTINGS)
    told = str(raised.value)
    assert files[1].name in told
    assert told.endswith(".")
    assert "\n" not in told
    assert len(_entries(tmp_path / "cache")) == 11
    files[0].write_bytes(b"no video")
    with pytest.raises(
        DataError, match=r"2 of 12 clips cannot be used \(90000000_00002_1_6\.mkv, .*; the first because"
    ):
        open_frame_store(files, tmp_path / "cache", SETTINGS)
    files[0].unlink()
    with pytest.raises(DataError, match=r"90000000_00002_1_6\.mkv cannot be read"):
        open_frame_store(files, tmp_path / "cache", SETTINGS)


def test_workers_give_the_same(clips: ClipFolder, tmp_path: Path) -> None:
    alone = open_frame_store(_files(clips), tmp_path / "alone", SETTINGS)
    shared = open_frame_store(
        _files(clips), tmp_path / "shared", StoreSettings(SETTINGS.preprocessing, LENGTH, n_workers=1)
    )
    assert shared.digest() == alone.digest()
    assert torch.equal(shared.clips(range(12)), alone.clips(range(12)))


KILLED = """
import sys, time
from pathlib import Path
from model.preprocessing import Preprocessing
from training.data.frame_store import StoreSettings, open_frame_store

def report(done, total):
    print(done, flush=True)
    if done == 5:
        time.sleep(600)

files = [Path(name) for name in sys.argv[2:]]
open_frame_store(files, Path(sys.argv[1]), StoreSettings(Preprocessing(size={size}), {length}), report)
"""


def test_a_killed_run_goes_on_where_it_stopped(clips: ClipFolder, tmp_path: Path) -> None:
    program = KILLED.format(size=SIZE, length=LENGTH)
    command = [sys.executable, "-c", program, str(tmp_path), *map(str, _files(clips))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "5":
                process.send_signal(signal.SIGKILL)
                break
    before = _entries(tmp_path)
    assert len(before) == 5
    seen: list[tuple[int, int]] = []
    store = open_frame_store(_files(clips), tmp_path, SETTINGS, lambda done, total: seen.append((done, total)))
    assert seen[0] == (5, 12)
    assert before.items() <= _entries(tmp_path).items()
    np.testing.assert_array_equal(store.clips(range(12))[:, :, 0], clips.levels)


def test_an_entry_that_was_cut_off_is_decoded_again(clips: ClipFolder, tmp_path: Path) -> None:
    store = open_frame_store(_files(clips)[:1], tmp_path, SETTINGS)
    (entry,) = tmp_path.rglob("*.npy")
    whole = entry.read_bytes()
    entry.write_bytes(whole[:-7])
    with pytest.raises(DataError, match="was removed or damaged while it was in use; start again"):
        store.clips([0])
    open_frame_store(_files(clips)[:1], tmp_path, SETTINGS)
    assert entry.read_bytes() == whole


def test_too_small_a_disk_is_said_before_anything_is_decoded(
    clips: ClipFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(array_folder.shutil, "disk_usage", lambda path: usage(10**10, 10**10, 1000))
    with pytest.raises(DataError, match=r"the decoded clips need 0\.00 GB more and 0\.00 GB are free; make room"):
        open_frame_store(_files(clips), tmp_path, SETTINGS)
    assert not _entries(tmp_path)


def test_an_array_folder_keeps_one_kind(tmp_path: Path) -> None:
    arrays = ArrayFolder(tmp_path, (2, 3), np.float32)
    arrays.make_room(["abc"], "things")
    with pytest.raises(ValueError, match=r"expected float32 of \(2, 3\), got float64"):
        arrays.write("abc", np.zeros((2, 3)))
    arrays.write("abc", np.ones((2, 3), np.float32))
    assert arrays.path("abc").stat().st_size == arrays.file_bytes
    with pytest.raises(DataError, match="holds float32"):
        ArrayFolder(tmp_path, (3, 2), np.float32).read("abc")


@pytest.fixture(scope="module")
def dataset(clips: ClipFolder, tmp_path_factory: pytest.TempPathFactory) -> ClipDataset:
    place = tmp_path_factory.mktemp("data set")
    table = read_clip_table(write_table(place / "t.csv", clips.rows()), clips.root)
    return ClipDataset(table, open_frame_store(table.files, place, SETTINGS))


def test_a_clip_has_its_labels(dataset: ClipDataset, clips: ClipFolder) -> None:
    clip, labels, i = dataset[5]
    assert i == 5
    np.testing.assert_array_equal(clip[:, 1], clips.levels[5])
    np.testing.assert_array_equal(labels, dataset.table.labels[5])
    assert labels.dtype == torch.float32


def test_batches_come_in_the_samplers_order(dataset: ClipDataset) -> None:
    sampler = EpochSampler(12, seed=1)
    batches: list[ClipBatch] = list(batch_loader(dataset, 5, sampler))
    assert [len(batch) for batch in batches] == [5, 5, 2]
    assert torch.cat([batch.indices for batch in batches]).tolist() == list(sampler)
    for batch in batches:
        for place, i in enumerate(batch.indices.tolist()):
            clip, labels, _ = dataset[i]
            assert torch.equal(batch.inputs[place], clip)
            assert torch.equal(batch.labels[place], labels)
    assert [len(batch) for batch in batch_loader(dataset, 5, drop_last=True)] == [5, 5]


def test_a_batch_moves_and_its_channels_stay_shared(dataset: ClipDataset) -> None:
    batch = dataset.batch([1, 2])
    moved = batch.to("cpu", torch.float64)
    assert moved.inputs.dtype == torch.float64
    assert moved.inputs.stride(2) == 0
    assert torch.equal(moved.inputs.to(torch.uint8), batch.inputs)


def test_table_and_store_must_belong_together(dataset: ClipDataset, tmp_path: Path) -> None:
    store = open_frame_store(dataset.table.files[:3], tmp_path, SETTINGS)
    with pytest.raises(ValueError, match="the table has 12 clips, the store 3"):
        ClipDataset(dataset.table, store)
