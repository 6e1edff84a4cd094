"""Pure functions on arrays; every result names the method it was made with."""

from training.statistics.bootstrap import ClusteredInterval, clustered_interval
from training.statistics.delong import AucInterval, PairedAucTest, delong_covariance, delong_interval, delong_test
from training.statistics.reliability import brier_score, expected_calibration_error
from training.statistics.roc import OneClassError, RocCurve, Threshold, auc, roc_curve, youden_threshold

__all__ = [
    "AucInterval",
    "ClusteredInterval",
    "OneClassError",
    "PairedAucTest",
    "RocCurve",
    "Threshold",
    "auc",
    "brier_score",
    "clustered_interval",
    "delong_covariance",
    "delong_interval",
    "delong_test",
    "expected_calibration_error",
    "roc_curve",
    "youden_threshold",
]
