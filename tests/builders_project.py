"""A small real project: videos, readers, their files, and what the AI said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry, EntryKind, changes_between
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.prediction import Prediction, Provenance
from luv_viewer.domain.project import Project
from luv_viewer.domain.project_index import ProjectIndex
from luv_viewer.domain.reader_file import Reader, Role, VideoRecord
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.video_record import video_record
from luv_viewer.io import open_study
from luv_viewer.io.batch_record import FILE_NAME, digest, write_record
from luv_viewer.io.batch_record import Entry as Result
from luv_viewer.io.prediction_file import summarise, write_clips, write_frames, write_summary
from luv_viewer.io.project_file import create_project
from luv_viewer.io.project_index import index_study, study_of, write_index
from luv_viewer.io.reader_file import open_reader_file
from tests.builders import moving_speckle, write_mp4

KIM = Reader("kim", Role.ANNOTATOR, blinded=True)
LEE = Reader("lee", Role.ANNOTATOR)
ANN = Reader("ann", Role.COORDINATOR)
N_FRAMES = 40


def make_project(folder: Path, n_videos: int = 3) -> tuple[Project, ProjectIndex]:
    """Videos R1, R2, ... of 40 frames in `videos/`, rows 1_1, 1_2, ...; of the readers only kim is blinded."""
    (folder / "videos").mkdir(parents=True)
    for number in range(1, n_videos + 1):
        write_mp4(folder / "videos" / f"R{number}.mp4", moving_speckle(N_FRAMES, number))
    project = create_project(folder, "Ward 3", (KIM, LEE, ANN))
    index = index_study(open_study(folder / "videos"), folder)
    write_index(index)
    return project, index


def records_of(index: ProjectIndex) -> dict[str, VideoRecord]:
    """By title."""
    videos = study_of(index).videos
    return {v.title: video_record(v, known.key) for v, known in zip(videos, index.videos, strict=True)}


def annotation(pattern: Pattern, *labels: str, finalised: bool = True, n_frames: int = N_FRAMES) -> VideoAnnotation:
    """A video whose every frame was seen, with a pattern present in intervals such as `1_24`."""
    made = VideoAnnotation(n_frames, seen=SpanSet.whole(n_frames), finalised=finalised)
    return made.with_track(pattern, tuple(map(Span.from_label, labels)))


def write_reader_file(path: Path, reader: Reader, work: Mapping[VideoRecord, VideoAnnotation]) -> Path:
    """The reader's file with one edit per video."""
    with open_reader_file(path, reader) as file:
        for record, after in work.items():
            opened = Entry(
                *(file.last_number + 1, EntryKind.VIDEO, record.video_id, "open", (), reader.name),
                "2026-11-21T14:02:03.000Z",
            )
            changes = changes_between(VideoAnnotation(record.n_frames), after)
            edited = replace(opened, number=opened.number + 1, kind=EntryKind.EDIT, verb="mark", changes=changes)
            file.append([opened, edited], [record])
    return path


def write_ai(folder: Path, probabilities: Mapping[str, tuple[str, float]]) -> None:
    """The folder of `luv predict`. probabilities: (video_id, probability of B-line) by result name."""
    folder.mkdir(exist_ok=True)
    rows, entries = [], {}
    for name, (video_id, probability) in probabilities.items():
        made = Prediction(
            patterns=NETWORK_PATTERNS,
            clip_spans=np.array([[0, N_FRAMES]]),
            probabilities=np.array([[0.01, probability, 0.01, 0.01]]),
            thresholds=np.full(4, 0.5),
            clip_attention=np.zeros((1, N_FRAMES, 4)),
            frame_attention=np.zeros((N_FRAMES, 4)),
            constant_attention=np.ones(4, bool),
            top_frames=((),) * 4,
            provenance=Provenance("tiny", "0123456789ab", "cpu", "fp32", 24, "pad"),
        )
        write_clips(folder / f"{name}_clips.csv", made)
        write_frames(folder / f"{name}_frames.csv", made, np.arange(N_FRAMES) / 25)
        rows.append(summarise(name, f"{name}.mp4", 25.0, made))
        thresholds = {pattern.value: 0.5 for pattern in NETWORK_PATTERNS}
        entries[name] = Result(digest(name), digest(name, "key"), digest(video_id), thresholds)
    write_summary(folder / "summary.csv", rows, NETWORK_PATTERNS)
    write_record(folder / FILE_NAME, entries.items())
