"""Tables of results in the paper's form: values per fold, their means, and CSV, Markdown and LaTeX of both."""

from training.tables.fold_table import FoldRow, FoldTable, FoldTableError, ModelName, PatternArea, column_key
from training.tables.fold_table_file import fold_table_csv, read_fold_table
from training.tables.layout import fold_layout, summary_layout
from training.tables.markup import as_csv, as_html, as_latex, as_markdown
from training.tables.paper_table import Cell, PaperTable
from training.tables.summary import MeanSd, ModelSummary, SummaryTable, read_summary, summarise
from training.tables.table_files import write_table

__all__ = [
    "Cell",
    "FoldRow",
    "FoldTable",
    "FoldTableError",
    "MeanSd",
    "ModelName",
    "ModelSummary",
    "PaperTable",
    "PatternArea",
    "SummaryTable",
    "as_csv",
    "as_html",
    "as_latex",
    "as_markdown",
    "column_key",
    "fold_layout",
    "fold_table_csv",
    "read_fold_table",
    "read_summary",
    "summarise",
    "summary_layout",
    "write_table",
]
