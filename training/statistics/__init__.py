"""Pure functions on arrays; every result names the method it was made with."""

from training.statistics import agreement, delong, mrmc
from training.statistics.agreement import BinaryAgreement, Kappa, binary_agreement, cohen_kappa, contingency
from training.statistics.bootstrap import ClusteredInterval, clustered_interval
from training.statistics.delong import AucInterval, PairedAucTest, delong_covariance, delong_interval, delong_test
from training.statistics.mrmc import MrmcResult, analyse_mrmc
from training.statistics.reliability import brier_score, expected_calibration_error
from training.statistics.roc import OneClassError, RocCurve, Threshold, auc, roc_curve, youden_threshold

__all__ = [
    "AucInterval",
    "BinaryAgreement",
    "ClusteredInterval",
    "Kappa",
    "MrmcResult",
    "OneClassError",
    "PairedAucTest",
    "RocCurve",
    "Threshold",
    "agreement",
    "analyse_mrmc",
    "auc",
    "binary_agreement",
    "brier_score",
    "clustered_interval",
    "cohen_kappa",
    "contingency",
    "delong",
    "delong_covariance",
    "delong_interval",
    "delong_test",
    "expected_calibration_error",
    "mrmc",
    "roc_curve",
    "youden_threshold",
]
