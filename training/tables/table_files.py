"""A table written to a folder in every form."""

from __future__ import annotations

from pathlib import Path

from luv_viewer.io.whole_file import make_folder, write_whole
from training.tables.markup import as_csv, as_latex, as_markdown
from training.tables.paper_table import PaperTable


def write_table(folder: Path, name: str, table: PaperTable) -> tuple[Path, ...]:
    """`name`.csv, .md and .tex in `folder`, which is made when it is not there. Raises WriteError."""
    make_folder(folder)
    written = []
    for suffix, render in ((".csv", as_csv), (".md", as_markdown), (".tex", as_latex)):
        path = folder / f"{name}{suffix}"
        write_whole(path, render(table).encode())
        written.append(path)
    return tuple(written)
