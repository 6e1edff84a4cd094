"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def output_folder(help_text: str) -> Any:
    """`-o DIR`, which must be given; the command gets it as `folder`."""
    return click.option(
        "-o",
        "--output",
        "folder",
        required=True,
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help=help_text,
    )
