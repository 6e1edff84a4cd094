"""Every command of `luv` shows at least one example in its help, on a line of its own, and every example runs."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from luv_viewer.cli import cli, main
from luv_viewer.commands.examples import commands_of, examples_of
from tests.example_world import ExampleWorld

COMMANDS = dict(commands_of(cli))
TINY = ("--epochs", "1", "--set", "network.projection=16", "--set", "network.mlp_hidden=16")
SMALLER = {("train",): TINY} | {names: TINY for names in COMMANDS if names[0] == "sweep"}
SMALLER["sweep", "clip-length"] = (*TINY, "--size", "64")
"""Said last, so that it counts: an example is for a study, its test need not take minutes."""
ELSEWHERE = {("rehearse",)}
"""tests/training/test_rehearsal.py runs it, and looks at what came out."""
EXAMPLES = [
    (names, example)
    for names, command in COMMANDS.items()
    for example in examples_of(command)
    if names not in ELSEWHERE
]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> ExampleWorld:
    return ExampleWorld(tmp_path_factory.mktemp("world"))


def test_every_command_is_found() -> None:
    assert ("predict",) in COMMANDS
    assert ("labels", "project", "create") in COMMANDS
    assert not any(isinstance(command, click.Group) for command in COMMANDS.values())


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_help_has_an_example_that_can_be_copied(names: tuple[str, ...]) -> None:
    command = COMMANDS[names]
    examples = examples_of(command)
    assert examples, f"luv {' '.join(names)} --help shows no example; end its docstring with `Example: luv ...`"
    with click.Context(command, info_name=names[-1], terminal_width=80) as context:
        shown = [line.strip() for line in command.get_help(context).splitlines()]
    for example in examples:
        assert example.split()[: 1 + len(names)] == ["luv", *names]
        assert f"Example: {example}" in shown, "wrapped lines cannot be copied"


@pytest.mark.parametrize(("names", "example"), EXAMPLES, ids=[example[4:60] for _, example in EXAMPLES])
def test_the_example_runs(
    names: tuple[str, ...],
    example: str,
    world: ExampleWorld,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [*shlex.split(example)[1:], *SMALLER.get(names, ())]
    monkeypatch.setenv("LUV_CONFIG_DIR", str(tmp_path / "config"))
    folder = tmp_path / "here"
    folder.mkdir()
    world.give(arguments[len(names) :], folder)
    before = {path for path in folder.rglob("*") if path.is_file()}
    monkeypatch.chdir(folder)
    # What the shell does with a pattern of file names.
    expanded = [name for word in arguments for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]
    capsys.readouterr()
    status = main(expanded)
    said = capsys.readouterr()
    assert status == 0, f"{example}\n{said.err}"
    written = {path for path in folder.rglob("*") if path.is_file()} - before
    assert written or said.out, "it neither wrote nor said anything"
    if "-o" in arguments:
        assert written, "it was to write something"
