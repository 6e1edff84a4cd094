"""Examples in the help of commands: lines that begin with `Example: luv`, kept whole so that they can be copied."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

import click

_MARK = "Example: "
_AS_IT_IS = "\b\n"
"""Click's sign that a paragraph is not to be wrapped."""


def commands_of(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group that is no group itself, with its names from the group on."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, (*path, name))
        else:
            yield (*path, name), command


def examples_of(command: click.Command) -> tuple[str, ...]:
    """The command lines that its help gives, in order, without the mark before them.

    >>> @click.command(epilog="Example: luv show b.csv -o new")
    ... def show() -> None:
    ...     '''Show files.
    ...
    ...     Example: luv show a.csv
    ...     '''
    >>> examples_of(show)
    ('luv show a.csv', 'luv show b.csv -o new')
    """
    texts = (command.help or "", command.epilog or "")
    lines = (line.strip() for text in texts for line in text.splitlines())
    return tuple(line.removeprefix(_MARK) for line in lines if line.startswith(_MARK))


def keep_examples_whole(group: click.Group) -> None:
    """Mark the examples of every command below `group` as not to be wrapped in help. Once is enough."""
    for _, command in commands_of(group):
        if command.help:
            command.help = _marked(cleandoc(command.help))
        if command.epilog:
            command.epilog = _marked(command.epilog)


def _marked(text: str) -> str:
    paragraphs = text.split("\n\n")
    return "\n\n".join(f"{_AS_IT_IS}{part}" if part.startswith(_MARK) else part for part in paragraphs)
