"""The published results of LUV-Net (MIDL 2025) in the paper's form: `python -m training.published -o DIR`.

Tables 1 and 2 are made again from the folds of Tables 5 and 6, Table 3 from Table 7, with what the paper prints beside
ours where it differs. They are for comparison, never values to expect of another training.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.io.whole_file import WriteError
from resources import resource_path
from training.tables import (
    FoldTable,
    ModelName,
    PaperTable,
    SummaryTable,
    fold_layout,
    read_fold_table,
    read_summary,
    summarise,
    summary_layout,
    write_table,
)
from training.tables.layout import Flag

SummaryNumber = Literal[1, 2, 3]
FoldNumber = Literal[5, 6, 7]

PATTERNS = tuple(pattern.value for pattern in NETWORK_PATTERNS)
LUV_NET = ModelName("LUV-Net(DenseNet-161)", "video", "yes")

_FILES = {
    1: "table1_development_summary.csv",
    2: "table2_temporal_summary.csv",
    3: "table3_temporal_ablation_summary.csv",
    5: "table5_development_folds.csv",
    6: "table6_temporal_folds.csv",
    7: "table7_temporal_ablation_folds.csv",
}
_FOLDS_OF: dict[SummaryNumber, FoldNumber] = {1: 5, 2: 6, 3: 7}
_TITLES = {
    1: "Table 1: development set, AUC of five models on one held-out set",
    2: "Table 2: temporal set, AUC of five models",
    3: "Table 3: LUV-Net with and without the temporal branch",
    5: "Table 5: development set, AUC by fold",
    6: "Table 6: temporal set, AUC by fold",
    7: "Table 7: LUV-Net with and without the temporal branch, AUC by fold",
}
_ABLATION = {
    "LUV-Net(DenseNet-161) (w/o temporal)": "without temporal",
    "LUV-Net(DenseNet-161) (w/ temporal)": "with temporal",
}

MISPRINTS = (
    Flag(
        ModelName("USVN(DenseNet-161)", "video", "yes"),
        "Consolidation",
        "misprint in the paper's Table 1, which repeats the A-line cell; its text and the folds of Table 5 give this.",
    ),
    Flag(
        ModelName("CNN(DenseNet-161)+LSTM", "video", "yes"),
        "Pleural effusion",
        "misprint in the paper's Table 5: fold 3 repeats 0.924 of fold 0; the authors' 0.914 gives the printed 0.911.",
    ),
)
"""The two cells of Tables 1 and 2 whose printed mean does not follow from the printed folds."""


@dataclass(frozen=True)
class Deviation:
    """A mean that the paper prints otherwise than its folds give it. is_known: it is one of `MISPRINTS`."""

    table: SummaryNumber
    name: ModelName
    column: str
    from_folds: float
    printed: float
    is_known: bool


def published_folds(number: FoldNumber) -> FoldTable:
    """Table 5, 6 or 7 as printed (restored where the source is garbled; the rows' notes say so)."""
    return read_fold_table(resource_path("published", _FILES[number]), PATTERNS)


def published_summary(number: SummaryNumber) -> SummaryTable:
    """Table 1, 2 or 3 as printed."""
    table = read_summary(resource_path("published", _FILES[number]), PATTERNS)
    rows = tuple(
        replace(row, name=replace(row.name, model=_ABLATION.get(row.name.model, row.name.model))) for row in table.rows
    )
    return replace(table, rows=rows)


def mean_deviations(number: SummaryNumber) -> tuple[Deviation, ...]:
    """Where the means of the folds, rounded to the printed digits, are not the printed means."""
    ours, theirs = summarise(published_folds(_FOLDS_OF[number])), published_summary(number)
    known = {(flag.name, flag.column) for flag in MISPRINTS} if number == 1 else set()
    found = []
    for row in ours.rows:
        printed = theirs.find(row.name)
        if printed is None:
            raise ValueError(f"Table {number} lacks {row.name}")
        for column, made, read in zip(ours.columns, row.values, printed.values, strict=True):
            if made.mean != read.mean:
                is_known = (row.name, column) in known
                found.append(Deviation(number, row.name, column, made.mean, read.mean, is_known))
    return tuple(found)


def summary_table(number: SummaryNumber) -> PaperTable:
    """Table 1, 2 or 3 in the paper's form: means of the folds, the printed values beside them where they differ."""
    folds = published_folds(_FOLDS_OF[number])
    flags = MISPRINTS if number == 1 else ()
    return summary_layout(_TITLES[number], summarise(folds), published_summary(number), flags)


def fold_table(number: FoldNumber) -> PaperTable:
    """Table 5, 6 or 7 in the paper's form."""
    reference = ModelName("with temporal") if number == 7 else LUV_NET
    return fold_layout(_TITLES[number], published_folds(number), reference)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write all six tables; exit status 1 with one sentence when that fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    folder: Path = parser.parse_args(arguments).output
    try:
        for summary, folds in _FOLDS_OF.items():
            write_table(folder, f"table{summary}", summary_table(summary))
            write_table(folder, f"table{folds}", fold_table(folds))
    except WriteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
