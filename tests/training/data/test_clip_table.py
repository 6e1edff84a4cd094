"""Tables of clips: what is read, and the one sentence that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luv_viewer.cli import main
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.label_sheet_file import write_sheet
from model.preprocessing import Preprocessing
from tests.training.data.builders_clips import HEADER, ClipFolder, write_clips, write_table
from tests.training.prepare.builders_prepare import write_videos
from training.data.clip_table import PATTERNS, ClipTable, TableOptions, read_clip_table
from training.data.errors import DataError
from training.data.fold import read_fold
from training.data.frame_store import StoreSettings, open_frame_store
from training.prepare.coding import Coding


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipFolder:
    return write_clips(tmp_path_factory.mktemp("made"))


def _read(clips: ClipFolder, tmp_path: Path, rows: list[list[str]], options: TableOptions | None = None) -> ClipTable:
    return read_clip_table(write_table(tmp_path / "t.csv", rows), clips.root, options=options)


def _sentence(clips: ClipFolder, tmp_path: Path, rows: list[list[str]], options: TableOptions | None = None) -> str:
    with pytest.raises(DataError) as raised:
        _read(clips, tmp_path, rows, options)
    text = str(raised.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_a_table_has_its_rows_in_order(clips: ClipFolder, tmp_path: Path) -> None:
    table = _read(clips, tmp_path, clips.rows())
    assert len(table) == 12
    assert table.clip_ids[:2] == ("90000000_00002_1_6", "90000000_00002_25_30")
    assert table.files[1] == clips.root / clips.files[1]
    assert table.patients == clips.patients
    assert table.studies[0] == "90000000_2"
    assert table.patterns == ("A-line", "B-line", "Consolidation", "Pleural effusion")
    # The B-line of the network is B-line or confluent B-line.
    np.testing.assert_array_equal(table.labels[:4], [[0, 1, 0, 1], [1, 0, 1, 1], [0, 0, 0, 1], [1, 1, 0, 1]])
    assert table.labels.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        table.labels[0, 0] = 1


def test_b_lines_can_be_told_apart(clips: ClipFolder, tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.csv", clips.rows())
    table = read_clip_table(path, clips.root, ("B-line", "Confluent B-line"))
    np.testing.assert_array_equal(table.labels[:4], [[0, 1], [0, 0], [0, 0], [0, 1]])


def test_the_digest_is_of_rows_not_of_places(clips: ClipFolder, tmp_path: Path) -> None:
    rows = clips.rows()
    digest = _read(clips, tmp_path / "a", rows).digest()
    assert _read(clips, tmp_path / "b", rows).digest() == digest
    changed = [list(row) for row in rows]
    changed[3][3] = "0"
    assert _read(clips, tmp_path, changed).digest() != digest
    assert _read(clips, tmp_path, rows[::-1]).digest() != digest


def test_missing_clips_are_counted_and_the_first_three_named(clips: ClipFolder, tmp_path: Path) -> None:
    rows = clips.rows()
    for i in range(5):
        rows[i][0] = f"clips/gone_{i}.mkv"
    told = _sentence(clips, tmp_path, rows)
    assert "5 of 12 clips" in told
    assert "clips/gone_0.mkv, clips/gone_1.mkv, clips/gone_2.mkv and 2 more" in told


def test_a_clip_nobody_labelled_is_refused_or_left_out(clips: ClipFolder, tmp_path: Path) -> None:
    rows = clips.rows()
    rows[2][6] = ""
    told = _sentence(clips, tmp_path, rows)
    assert "row 4" in told
    assert "Consolidation_lbl is blank" in told
    table = _read(clips, tmp_path, rows, TableOptions(unlabelled="leave_out"))
    assert (len(table), table.n_unlabelled) == (11, 1)


def test_clips_without_finding_can_be_left_out(clips: ClipFolder, tmp_path: Path) -> None:
    rows = clips.rows()
    everything = _read(clips, tmp_path, rows)
    some = _read(clips, tmp_path, rows, TableOptions(no_finding="drop"))
    assert len(some) == int(everything.labels.any(axis=1).sum()) < 12


@pytest.mark.parametrize(("cell", "told"), [("2", "'2', expected 0 or 1"), ("yes", "'yes', expected 0 or 1")])
def test_other_labels_are_refused(clips: ClipFolder, tmp_path: Path, cell: str, told: str) -> None:
    rows = clips.rows()
    rows[0][3] = cell
    assert told in _sentence(clips, tmp_path, rows)


def test_a_clip_stands_once(clips: ClipFolder, tmp_path: Path) -> None:
    rows = clips.rows()
    assert "90000000_00002_1_6 stands in more than one row" in _sentence(clips, tmp_path, [*rows, rows[0]])


def test_tables_that_are_none(clips: ClipFolder, tmp_path: Path) -> None:
    assert "has no rows" in _sentence(clips, tmp_path, [])
    with pytest.raises(DataError, match=r"absent\.csv cannot be read"):
        read_clip_table(tmp_path / "absent.csv", clips.root)
    frames = write_table(tmp_path / "frames.csv", [["90000001", "a.png"]], ["PatientID", "img_path"])
    with pytest.raises(DataError, match="has no column of clips"):
        read_clip_table(frames, clips.root)
    rows = [[*row, row[0]] for row in clips.rows()]
    both = write_table(tmp_path / "both.csv", rows, [*HEADER, "40frame_clip_path"])
    with pytest.raises(DataError, match="several columns of clips, 32_clip_path, 40frame_clip_path"):
        read_clip_table(both, clips.root)
    assert len(read_clip_table(both, clips.root, options=TableOptions("40frame_clip_path"))) == 12
    with pytest.raises(DataError, match="has no column 50frame_clip_path"):
        read_clip_table(both, clips.root, options=TableOptions("50frame_clip_path"))
    less = write_table(tmp_path / "less.csv", [row[:3] for row in clips.rows()], HEADER[:3])
    with pytest.raises(DataError, match="has no column A-line_lbl, total-B-line_lbl"):
        read_clip_table(less, clips.root)
    with pytest.raises(DataError, match="Z-line is not one"):
        read_clip_table(write_table(tmp_path / "t.csv", clips.rows()), clips.root, ("Z-line",))


def _write_fold(clips: ClipFolder, split: Path, parts: tuple[list[list[str]], ...]) -> Path:
    for name, rows in zip(("train", "valid", "test"), parts, strict=True):
        write_table(split / "fold_0" / f"{name}.csv", rows)
    return split


def test_a_fold_keeps_patients_apart(clips: ClipFolder, tmp_path: Path) -> None:
    rows = clips.rows()
    rows[5][7] = "0"
    rows[4][7] = "1"
    good = _write_fold(clips, tmp_path / "good", (rows[4:8], rows[:4], rows[8:]))
    fold = read_fold(good, 0, clips.root)
    assert [len(part) for part in fold.parts().values()] == [4, 4, 4]
    bad = _write_fold(clips, tmp_path / "bad", (rows[4:8], rows[:4], rows[7:]))
    with pytest.raises(DataError, match=r"fold_0/train\.csv and fold_0/test\.csv share patients, 90000001"):
        read_fold(bad, 0, clips.root)
    with pytest.raises(DataError, match=r"has no fold_3; it has fold_0\."):
        read_fold(good, 3, clips.root)
    with pytest.raises(DataError, match="luv prepare split wrote"):
        read_fold(tmp_path / "nowhere", 0, clips.root)


def test_a_pattern_that_cannot_be_learnt_is_named(clips: ClipFolder, tmp_path: Path) -> None:
    rows = clips.rows()
    parts = (rows[:4], rows[4:8], rows[8:])
    with pytest.raises(DataError, match=r"train\.csv: every clip has Pleural effusion \(4 clips of 1 patients\)"):
        read_fold(_write_fold(clips, tmp_path / "all", parts), 0, clips.root)
    for row in rows:
        row[6] = row[7] = "0"
    with pytest.raises(DataError, match="no clip has Consolidation, no clip has Pleural effusion"):
        read_fold(_write_fold(clips, tmp_path / "none", parts), 0, clips.root)


@pytest.mark.parametrize(("coding", "length"), [("ffv1", 30), ("mjpg", 12)])
def test_what_the_commands_write_is_read(tmp_path: Path, coding: Coding, length: int) -> None:
    """`luv prepare clips` and `split` to tables and grey levels, in both codings and at two lengths."""
    videos = tmp_path / "videos"
    write_videos(videos, {f"9000{i}_2": 20 + 11 * (i % 2) for i in range(6)})
    rows = []
    for i in range(6):
        spans = [SpanSet.of(Span(0, 4)) if p in (i % 5, 3, 4) and i % 2 == p % 2 else SpanSet() for p in range(5)]
        rows.append(SheetRow(key=SheetKey(f"9000{i}", 2, "", "video"), present=tuple(spans)))
    sheet = tmp_path / "kim.csv"
    assert len(TRACK_PATTERNS) == len(spans)
    write_sheet(sheet, LabelSheet("kim", tuple(rows)), SheetLayout.DEVELOPMENT)
    made, split = tmp_path / "clips", tmp_path / "split"
    options = ["--size", 32, "--workers", 0, "--format", coding, "--clip-length", length]
    command = ["clips", sheet, "--videos", videos / "videos.csv", "-o", made, *options]
    assert main(["prepare", *map(str, command)]) == 0
    assert main(["prepare", *map(str, ["split", made / "clips.csv", "-o", split, "--folds", 2])]) == 0
    table = read_clip_table(split / "fold_0" / "train.csv", made)
    assert table.patterns == PATTERNS
    assert table.labels.any()
    settings = StoreSettings(Preprocessing(size=32), length)
    store = open_frame_store(table.files, tmp_path / "cache", settings)
    shown = store.clips([0])
    assert shown.shape == (1, length, 3, 32, 32)
    assert 10 < float(shown.float().mean()) < 200
    whole = table.files[1].read_bytes()
    half = len(whole) // 2
    table.files[1].write_bytes(
        whole[:half] + bytes(byte ^ 255 for byte in whole[half : half + 64]) + whole[half + 64 :]
    )
    with pytest.raises(DataError, match=rf"{table.files[1].name} changed since luv prepare clips wrote them, so it is"):
        open_frame_store(table.files, tmp_path / "cache", settings)
