"""Pure functions on arrays; every result names the method it was made with."""

from training.statistics import agreement, delong, mrmc
from training.statistics.agreement import BinaryAgreement, Kappa, binary_agreement, cohen_kappa, contingency
from training.statistics.averaged_roc import AveragedAuc, AveragedAucs, averaged_aucs, macro_curve
from training.statistics.bootstrap import ClusteredInterval, clustered_interval
from training.statistics.classification import Classification, Confusion, classify
from training.statistics.clustered_delong import (
    ClusteredAucInterval,
    clustered_delong_covariance,
    clustered_delong_interval,
    clustered_delong_test,
)
from training.statistics.delong import (
    AucInterval,
    PairedAucTest,
    delong_covariance,
    delong_interval,
    delong_test,
    holm,
)
from training.statistics.icc import IntraclassCorrelation, IntraclassCorrelations, intraclass_correlations
from training.statistics.mrmc import MrmcResult, analyse_mrmc
from training.statistics.reliability import (
    ReliabilityDiagram,
    Temperature,
    brier_score,
    expected_calibration_error,
    fit_temperature,
    reliability_diagram,
)
from training.statistics.roc import OneClassError, RocCurve, Threshold, auc, roc_curve, youden_threshold
from training.statistics.several_readers import (
    Agreement,
    FleissKappa,
    category_counts,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    light_kappa,
    pabak,
)
from training.statistics.thresholds import (
    THRESHOLD_RULES,
    ThresholdRule,
    bootstrap_threshold,
    f1_threshold,
    legacy_threshold_shift,
    sensitivity_threshold,
    specificity_threshold,
)

__all__ = [
    "THRESHOLD_RULES",
    "Agreement",
    "AucInterval",
    "AveragedAuc",
    "AveragedAucs",
    "BinaryAgreement",
    "Classification",
    "ClusteredAucInterval",
    "ClusteredInterval",
    "Confusion",
    "FleissKappa",
    "IntraclassCorrelation",
    "IntraclassCorrelations",
    "Kappa",
    "MrmcResult",
    "OneClassError",
    "PairedAucTest",
    "ReliabilityDiagram",
    "RocCurve",
    "Temperature",
    "Threshold",
    "ThresholdRule",
    "agreement",
    "analyse_mrmc",
    "auc",
    "averaged_aucs",
    "binary_agreement",
    "bootstrap_threshold",
    "brier_score",
    "category_counts",
    "classify",
    "clustered_delong_covariance",
    "clustered_delong_interval",
    "clustered_delong_test",
    "clustered_interval",
    "cohen_kappa",
    "contingency",
    "delong",
    "delong_covariance",
    "delong_interval",
    "delong_test",
    "expected_calibration_error",
    "f1_threshold",
    "fit_temperature",
    "fleiss_kappa",
    "gwet_ac1",
    "holm",
    "intraclass_correlations",
    "krippendorff_alpha",
    "legacy_threshold_shift",
    "light_kappa",
    "macro_curve",
    "mrmc",
    "pabak",
    "reliability_diagram",
    "roc_curve",
    "sensitivity_threshold",
    "specificity_threshold",
    "youden_threshold",
]
