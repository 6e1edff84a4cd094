"""What a checkpoint says of itself, for people to read."""

from __future__ import annotations

from dataclasses import dataclass

from luv_viewer.domain.pattern import Pattern


@dataclass(frozen=True)
class Metric:
    """Area under the ROC curve of one pattern on one data set, with its confidence interval.

    test_set, level, method: words of the model card; positives, negatives: counts; auc, low, high in [0, 1].
    """

    test_set: str
    level: str
    pattern: str
    positives: int
    negatives: int
    auc: float
    low: float
    high: float
    method: str


@dataclass(frozen=True)
class CheckpointInfo:
    """The model card of a loaded checkpoint; empty texts where its file says nothing.

    name, version: as in every result's provenance. thresholds: probability at which each pattern counts as present.
    """

    name: str
    version: str
    network: str
    title: str
    description: str
    licence: str
    date: str
    data: tuple[str, ...]
    limitations: tuple[str, ...]
    thresholds: tuple[tuple[Pattern, float], ...]
    metrics: tuple[Metric, ...]

    @property
    def unproven(self) -> tuple[str, ...]:
        """Patterns that no test set shows to be told from chance on whole videos.

        A set shows it when every interval it gives for the pattern lies above an area of 0.5. Empty without metrics.
        """
        videos = [metric for metric in self.metrics if metric.level == "video"]
        shown = {
            (metric.pattern, metric.test_set): all(
                other.low > 0.5
                for other in videos
                if (other.pattern, other.test_set) == (metric.pattern, metric.test_set)
            )
            for metric in videos
        }
        patterns = dict.fromkeys(metric.pattern for metric in videos)
        return tuple(p for p in patterns if not any(ok for (name, _), ok in shown.items() if name == p))
