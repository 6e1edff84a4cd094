"""One HTML page with every table and figure inside, readable without a network."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from luv_viewer import RESEARCH_USE
from training.tables import PaperTable, as_html

_STYLE = """
body { font-family: sans-serif; margin: 2em auto; max-width: 1200px; color: #1B2129; }
table { border-collapse: collapse; font-size: 0.85em; }
th, td { border-bottom: 1px solid #E3E7EB; padding: 0.25em 0.7em; text-align: left; white-space: nowrap; }
img { max-width: 100%; }
section { overflow-x: auto; }
p { max-width: 60em; }
"""


@dataclass(frozen=True)
class ReportPage:
    """title; remarks: paragraphs at the top; tables; figures: PNG files by name."""

    title: str
    remarks: Sequence[str]
    tables: Sequence[PaperTable]
    figures: Mapping[str, bytes]

    def html(self) -> str:
        """The whole page; it names no other file."""
        remarks = "\n".join(f"<p>{html.escape(remark)}</p>" for remark in (*self.remarks, RESEARCH_USE))
        tables = "\n".join(f"<section>\n{as_html(table)}</section>" for table in self.tables)
        images = "\n".join(_image(name, data) for name, data in self.figures.items())
        title = html.escape(self.title)
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
            f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{remarks}\n{tables}\n{images}\n"
            "</body>\n</html>\n"
        )


def _image(name: str, data: bytes) -> str:
    return f'<img alt="{html.escape(name)}" src="data:image/png;base64,{base64.b64encode(data).decode()}">'
