"""A reader file of 2,000 videos: opening it, and one edit in a video that has 200 intervals.

The limits are those of the issue: a project of 2,000 videos opens within 1 s; an edit from key release to painted and
durable takes 50 ms at most, of which the file may use a part.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry, EntryKind, changes_between
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.reader_file import open_reader_file, verify_reader_file
from tests.io.builders_reader_file import KIM, made_record, time_text, video_entry

N_VIDEOS = 2_000
N_FRAMES = 150
BUSY_FRAMES = 1_000
BUSY = "1.2.826.0.1.1"


def _labelled(n_frames: int, n_intervals: int) -> VideoAnnotation:
    """`n_intervals` over all patterns."""
    annotation = VideoAnnotation(n_frames, seen=SpanSet.whole(n_frames), zone="R2", quality="good", finalised=True)
    each = n_intervals // len(TRACK_PATTERNS)
    step = n_frames // each
    for pattern in TRACK_PATTERNS:
        annotation = annotation.with_track(pattern, tuple(Span(i * step, i * step + step // 2) for i in range(each)))
    return annotation


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 videos of 150 frames with 10 intervals each, and one of 1,000 frames with 200."""
    path = tmp_path_factory.mktemp("bench") / "kim.luv"
    records = [made_record(i, BUSY_FRAMES if i == 1 else N_FRAMES) for i in range(N_VIDEOS)]
    entries = [video_entry(i + 1, record) for i, record in enumerate(records)]
    for i, record in enumerate(records):
        after = _labelled(record.n_frames, 200 if record.video_id == BUSY else 10)
        changes = changes_between(VideoAnnotation(record.n_frames), after)
        number = N_VIDEOS + i + 1
        entries.append(Entry(number, EntryKind.EDIT, record.video_id, "label", changes, "kim", time_text(number)))
    with open_reader_file(path, KIM) as file:
        file.append(entries, records)
    return path


def test_opening_2000_videos(benchmark, path: Path) -> None:
    def opened() -> int:
        with open_reader_file(path, KIM) as file:
            return len(file.records()) + len(file.annotations())

    assert benchmark.pedantic(opened, rounds=10) == 2 * N_VIDEOS
    assert benchmark.stats.stats.max < 1.0


def test_appending_one_edit(benchmark, path: Path) -> None:
    with open_reader_file(path, KIM) as file:
        frames = (file.records()[BUSY].frame_identity(0), file.records()[BUSY].frame_identity(BUSY_FRAMES - 1))
        states = [file.annotations()[BUSY]]
        track = states[0].track(Pattern.A_LINE)
        states.append(states[0].with_track(Pattern.A_LINE, (replace(track[0], stop=track[0].stop + 1), *track[1:])))

        def next_edit() -> tuple[tuple, dict]:
            states.reverse()
            number = file.last_number + 1
            changes = changes_between(states[1], states[0])
            edit = Entry(number, EntryKind.EDIT, BUSY, "move end", changes, "kim", time_text(number), frames)
            return ([edit],), {}

        benchmark.pedantic(file.append, setup=next_edit, rounds=300)
    assert np.percentile(benchmark.stats.stats.data, 95) < 0.025


def test_auditing_4000_entries(benchmark, path: Path) -> None:
    audit = benchmark.pedantic(verify_reader_file, (path,), rounds=3)
    assert audit.first_broken is None
