"""A table as CSV, Markdown, LaTeX and HTML."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable

from training.tables.paper_table import Cell, PaperTable

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "$": r"\$",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "<": "$<$",
    ">": "$>$",
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "§": r"\S{}",
    "¶": r"\P{}",
}


def as_csv(table: PaperTable) -> str:
    """Cells as plain text, one line a row; title and notes are left out. Bold is `[best]`, underlined `[second]`."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return stream.getvalue()


def as_markdown(table: PaperTable) -> str:
    r"""Title, table and notes; bold `**`, underlined `<u>`.

    >>> print(as_markdown(PaperTable("T", ("a",), ((Cell("1", "best", True),),))))
    ### T
    <BLANKLINE>
    | a |
    |---|
    | **1**\* |
    <BLANKLINE>
    """
    lines = [f"### {table.title}", "", _markdown_line(table.header), "|" + "---|" * len(table.header)]
    lines += [_markdown_line([_markdown(cell) for cell in row]) for row in table.rows]
    for note in table.notes:
        lines += ["", _escaped(note)]
    return "\n".join(lines) + "\n"


def as_latex(table: PaperTable) -> str:
    r"""A `table` with `booktabs` rules; bold `\textbf`, underlined `\underline`; notes under it in small type."""
    lines = [r"\begin{table}", r"\centering", rf"\caption{{{_tex(table.title)}}}"]
    lines += [rf"\begin{{tabular}}{{{'l' * len(table.header)}}}", r"\toprule"]
    lines += [" & ".join(_tex(name) for name in table.header) + r" \\", r"\midrule"]
    lines += [" & ".join(_latex(cell) for cell in row) + r" \\" for row in table.rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par\small {_tex(note)}" for note in table.notes]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def as_html(table: PaperTable) -> str:
    """Heading, table and notes as a piece of a page; everything that is text is escaped."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.header)
    body = "\n".join(f"<tr>{''.join(_html(cell) for cell in row)}</tr>" for row in table.rows)
    notes = "\n".join(f"<p>{html.escape(note)}</p>" for note in table.notes)
    return f"<h2>{html.escape(table.title)}</h2>\n<table>\n<tr>{head}</tr>\n{body}\n</table>\n{notes}\n"


def _html(cell: Cell) -> str:
    text = html.escape(cell.text)
    text = {"best": f"<b>{text}</b>", "second": f"<u>{text}</u>", "": text}[cell.rank]
    return f"<td>{text}{'*' if cell.is_starred else ''}{html.escape(cell.mark + _remark(cell))}</td>"


def _plain(cell: Cell) -> str:
    star = "*" if cell.is_starred else ""
    rank = f" [{cell.rank}]" if cell.rank else ""
    return f"{cell.text}{star}{cell.mark}{rank}{_remark(cell)}"


def _markdown(cell: Cell) -> str:
    text = _escaped(cell.text)
    text = {"best": f"**{text}**", "second": f"<u>{text}</u>", "": text}[cell.rank]
    return text + ("\\*" if cell.is_starred else "") + cell.mark + _escaped(_remark(cell))


def _latex(cell: Cell) -> str:
    text = _tex(cell.text)
    text = {"best": rf"\textbf{{{text}}}", "second": rf"\underline{{{text}}}", "": text}[cell.rank]
    return text + ("$^{*}$" if cell.is_starred else "") + _tex(cell.mark + _remark(cell))


def _remark(cell: Cell) -> str:
    return f" ({cell.remark})" if cell.remark else ""


def _markdown_line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escaped(text: str) -> str:
    for sign in ("\\", "|", "*", "_", "<"):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ")


def _tex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)
