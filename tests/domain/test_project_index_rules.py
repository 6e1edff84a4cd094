"""Sheet rows of a project: whatever is added, rows stay unique, and those given once stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.project_index import IndexedVideo, ProjectIndex, merge_index, numbered
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.timing import Timing, TimingSource
from luv_viewer.domain.video import StudyGroup, VideoSource

FOLDER = Path("project")


def _video(number: int, patient: int, patient_id: str = "") -> IndexedVideo:
    return IndexedVideo(
        video_id=f"1.2.{number}",
        key=None,
        title=str(number),
        height=10,
        width=10,
        timing=Timing.regular(3, 30.0, TimingSource.ASSUMED),
        region=(0, 0, 10, 10),
        spacing_mm=None,
        source=VideoSource(Path(f"{number}.mp4"), None, "MP4"),
        group=StudyGroup(f"g{patient}", "", f"p{patient}", "", patient_id),
    )


batches = st.lists(
    st.dictionaries(st.integers(0, 12), st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=4
)


@given(batches, st.sampled_from(["running", "dicom"]))
def test_rows_given_once_stay_and_none_repeats(batches: list[dict[int, int]], patient_ids: str) -> None:
    index = ProjectIndex(FOLDER, "", ())
    patient_of: dict[int, int] = {}
    for batch in batches:
        patient_of = {**batch, **patient_of}
        # Patient 2 is called as a running number could be, patient 0 has no number in its files.
        videos = [_video(n, patient_of[n], ["", "a", "1", "b"][patient_of[n]]) for n in batch]
        new = ProjectIndex(FOLDER, "", numbered(videos, "dicom" if patient_ids == "dicom" else "running"))
        before = index.keys()
        index = merge_index(index, new)  # refuses rows that repeat
        assert before.items() <= index.keys().items()
        assert len(index.keys()) == len(index.videos) == len(patient_of.keys() & set(map(int, _numbers(index))))
    names: dict[str, set[str]] = {}
    for video in index.videos:
        assert video.key is not None
        names.setdefault(video.patient_key, set()).add(video.key.patient_id)
    assert all(len(ids) == 1 for ids in names.values())
    assert len(set.union(*names.values())) == len(names)


def _numbers(index: ProjectIndex) -> list[str]:
    return [video.title for video in index.videos]


def test_an_index_refuses_what_stands_twice() -> None:
    with pytest.raises(ValueError, match=r"video 1\.2\.1 stands twice"):
        ProjectIndex(FOLDER, "", (_video(1, 1), _video(1, 2)))


def test_numbers_begin_at_1_per_patient_in_order() -> None:
    made = numbered([_video(1, 5), _video(2, 3), _video(3, 5)], "running")
    assert [video.key for video in made] == [SheetKey("1", 1), SheetKey("2", 1), SheetKey("1", 2)]
