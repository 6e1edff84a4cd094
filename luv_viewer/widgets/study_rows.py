"""The rows of the study panel: which videos are listed, under which headings, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from luv_viewer.domain.video import Video
from luv_viewer.domain.video_status import VideoStatus

AnyIndex = QModelIndex | QPersistentModelIndex
Kind = Literal["all", "unfinished", "excluded"]
ROW_ROLE = Qt.ItemDataRole.UserRole


def seen_word(fraction: float) -> str:
    """The status word of a video while nobody labels: `unseen`, a part, or `seen`.

    >>> seen_word(0), seen_word(0.4), seen_word(0.999), seen_word(1)
    ('unseen', '40% seen', '99% seen', 'seen')
    """
    if fraction == 0:
        return "unseen"
    return "seen" if fraction >= 1 else f"{min(99, round(100 * fraction))}% seen"


def video_details(video: Video) -> tuple[str, ...]:
    """Second line of a row, the longest first: how long the video is."""
    if video.is_still:
        return ("still image",)
    return f"{video.n_frames} frames, {video.timing.duration_s:.1f} s", f"{video.n_frames} frames"


@dataclass(eq=False)
class VideoRow:
    """What is known of one video. status: None while nobody labels; then seen, 0 to 1, is shown instead."""

    index: int
    video: Video
    heading: str
    seen: float = 0.0
    status: VideoStatus | None = None
    picture: QPixmap | None = None

    @property
    def zone(self) -> str:
        """The zone the reader stated, else the file's, else ""."""
        return (self.status.zone if self.status else "") or self.video.zone or ""

    @property
    def is_done(self) -> bool:
        """Finalised or excluded; seen to the end while nobody labels."""
        return self.seen >= 1 if self.status is None else self.status.is_done

    @property
    def words(self) -> tuple[str, ...]:
        """The status in words, the longest first."""
        if self.status is None:
            return (seen_word(self.seen),)
        return self.status.words, self.status.short_words

    @property
    def sentence(self) -> str:
        """For those who hear the list."""
        parts = (self.video.title, self.zone, video_details(self.video)[0], self.words[0])
        return ", ".join(part for part in parts if part)

    @property
    def tip(self) -> str:
        """For the tool tip."""
        status = (self.status.sentence.capitalize(),) if self.status else ()
        return "\n".join((self.video.source.name, self.video.source.format, *status, *self.video.notes))


@dataclass(frozen=True, eq=False)
class GroupRow:
    """The heading over the videos of one patient and study."""

    label: str
    rows: list[VideoRow] = field(default_factory=list)

    @property
    def count(self) -> str:
        """How many of its videos are done, as `4/14`; "" while nobody labels."""
        if all(row.status is None for row in self.rows):
            return ""
        return f"{sum(row.is_done for row in self.rows)}/{len(self.rows)}"

    @property
    def sentence(self) -> str:
        """For the tool tip, and for those who hear the list."""
        count = self.count.replace("/", " of ")
        return f"{self.label}: {count} videos finalised or excluded" if count else self.label


@dataclass(frozen=True)
class StudyFilter:
    """kind: by status. text: words that must all stand in the title, file name, zone or heading, whatever the case."""

    kind: Kind = "all"
    text: str = ""

    def keeps(self, row: VideoRow) -> bool:
        """True for a video to list."""
        if self.kind == "unfinished" and row.is_done:
            return False
        if self.kind == "excluded" and not (row.status is not None and row.status.exclusion):
            return False
        video = row.video
        if not self.text:
            return True
        where = "\n".join((video.title, video.source.name, row.zone, row.heading)).casefold()
        return all(word in where for word in self.text.casefold().split())


class StudyRows(QAbstractListModel):
    """Headings and videos in order; those that a filter keeps, and always the current one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.videos: list[VideoRow] = []
        self.filter = StudyFilter()
        self.n_kept = 0
        self.current = -1
        self._listed: list[VideoRow | GroupRow] = []
        self._places: dict[int, int] = {}
        self._groups: list[GroupRow] = []

    def set_videos(self, videos: Sequence[Video], headings: Mapping[str, str]) -> None:
        """Other videos, all of them listed. headings: by group key; a group without one has its own label."""
        self.videos = [
            VideoRow(index, video, headings.get(video.group.key, video.group.label))
            for index, video in enumerate(videos)
        ]
        self._groups = []
        last = None
        for row in self.videos:
            if row.video.group.key != last:
                self._groups.append(GroupRow(row.heading))
                last = row.video.group.key
            self._groups[-1].rows.append(row)
        self.filter, self.current = StudyFilter(), -1
        self.relist()

    def relist(self) -> bool:
        """Apply the filter; False where the list stays as it is."""
        headed = len({row.video.group.key for row in self.videos}) > 1
        listed: list[VideoRow | GroupRow] = []
        self.n_kept = 0
        for group in self._groups:
            kept = [row for row in group.rows if self._is_listed(row)]
            if kept:
                listed += [group, *kept] if headed else kept
        if listed == self._listed:
            return False
        self.beginResetModel()
        self._listed = listed
        self._places = {row.index: place for place, row in enumerate(listed) if isinstance(row, VideoRow)}
        self.endResetModel()
        return True

    def _is_listed(self, row: VideoRow) -> bool:
        kept = self.filter.keeps(row)
        self.n_kept += kept
        return kept or row.index == self.current

    def index_of(self, video: int) -> QModelIndex:
        """Where a video is listed; an invalid index when it is not."""
        place = self._places.get(video)
        return QModelIndex() if place is None else self.index(place)

    def tell(self, video: int) -> None:
        """Something about a video changed."""
        where = self.index_of(video)
        if where.isValid():
            self.dataChanged.emit(where, where)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        """Qt's call."""
        return 0 if parent.isValid() else len(self._listed)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        if index.isValid() and isinstance(self._listed[index.row()], VideoRow):
            return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return Qt.ItemFlag.NoItemFlags

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row itself under ROW_ROLE; words for tool tips and for those who hear the list."""
        row = self._listed[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.label if isinstance(row, GroupRow) else row.video.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.sentence
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.sentence if isinstance(row, GroupRow) else row.tip
        return None
