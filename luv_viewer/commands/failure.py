"""Errors that are a plain sentence already: a command says it on stderr and ends with status 1."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.domain.project import BlindedError, ProjectError
from luv_viewer.domain.reader_file import ReaderFileError
from luv_viewer.domain.sheet_reading import LabelSheetError
from luv_viewer.io.ai_summary_folder import AiFolderError
from luv_viewer.io.bridges import BridgeError
from luv_viewer.io.errors import StudyError
from luv_viewer.io.lengths_file import LengthsError
from luv_viewer.io.whole_file import WriteError

P = ParamSpec("P")

PLAIN_ERRORS = (
    *(AiFolderError, AnalysisError, BlindedError, BridgeError, LabelSheetError, LengthsError, ProjectError),
    *(ReaderFileError, StudyError, WriteError),
)


def one_sentence(command: Callable[P, int]) -> Callable[P, int]:
    """The command with those errors said on stderr, one line each, and 1 as its exit status."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except PLAIN_ERRORS as error:
            say(str(error))
            return 1

    return run


def say(sentence: str) -> None:
    """One line on stderr."""
    click.echo(" ".join(sentence.split()), err=True)
