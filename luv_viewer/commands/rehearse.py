"""`luv rehearse`: the whole chain on synthetic patients."""

from __future__ import annotations

import shlex
import time

import click

from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.train import missing_packages
from luv_viewer.io.whole_file import make_folder, write_whole
from training.rehearsal import REPORT, Rehearsal, command_lines, read_outcome


@one_sentence
def rehearse(rehearsal: Rehearsal) -> int:
    """Run the commands one after the other, each said before it begins; stops where one fails, with its status."""
    from luv_viewer.cli import main

    missing = missing_packages()
    if missing:
        say(f"Training needs {' and '.join(missing)}: pip install 'luv-viewer[training]'.")
        return 1
    lines = command_lines(rehearsal)
    make_folder(rehearsal.folder)
    write_whole(rehearsal.folder / "commands.sh", "".join(f"{shlex.join(line)}\n" for line in lines).encode())
    began_s = time.monotonic()
    for number, line in enumerate(lines, start=1):
        say(f"[{number} of {len(lines)}, {time.monotonic() - began_s:.0f} s] {shlex.join(line)}")
        status = main(line[1:])
        if status:
            return status
    outcome = read_outcome(rehearsal.folder)
    for sentence in outcome.sentences():
        click.echo(sentence)
    click.echo(f"{(time.monotonic() - began_s) / 60:.1f} minutes. The report: {rehearsal.folder / REPORT}")
    return 0
