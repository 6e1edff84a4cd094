"""Pure functions on arrays; every result names the method it was made with."""

from training.statistics.bootstrap import ClusteredInterval, clustered_interval
from training.statistics.delong import AucInterval, PairedAucTest, delong_covariance, delong_interval, delong_test
from training.statistics.roc import OneClassError, RocCurve, Threshold, auc, roc_curve, youden_threshold

__all__ = [
    "AucInterval",
    "ClusteredInterval",
    "OneClassError",
    "PairedAucTest",
    "RocCurve",
    "Threshold",
    "auc",
    "clustered_interval",
    "delong_covariance",
    "delong_interval",
    "delong_test",
    "roc_curve",
    "youden_threshold",
]
