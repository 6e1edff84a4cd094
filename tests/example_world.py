"""The files that the examples in the help of `luv` name, made small and once: `PLACES` says how.

A new command whose example names a file or folder that is not there yet gets a line in `PLACES`; a builder may ask for
other places, which are made first.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from luv_viewer.analysis.engine import prepare_file
from luv_viewer.cli import main
from luv_viewer.domain.pattern import Pattern
from model.runtimes.choice import Candidate, choose, write_choice
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint
from tests.builders_project import KIM, LEE, annotation, make_project, records_of, write_ai, write_reader_file

PATTERNS = ("A-line", "B-line", "Consolidation", "Pleural effusion")
_OUTPUTS = ("-o", "--output")


class ExampleWorld:
    """Places in `folder`, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, name: str) -> Path:
        """The file or folder of a place."""
        path = self._folder / name
        if not path.exists():
            PLACES[name](self, path)
            assert path.exists(), name
        return path

    def give(self, arguments: Sequence[str], folder: Path) -> None:
        """Copy into `folder` what the arguments of an example name, but for what it writes to."""
        before = ("", *arguments)
        read = [word for word, previous in zip(arguments, before, strict=False) if previous not in _OUTPUTS]
        firsts = {PurePosixPath(word).parts[0] for word in read if word}
        for name in PLACES:
            if any(fnmatch(name, first) for first in firsts):
                source = self.place(name)
                copy = shutil.copytree if source.is_dir() else shutil.copyfile
                copy(source, folder / name)


def _luv(*arguments: object) -> None:
    assert main([str(argument) for argument in arguments]) == 0, arguments


def _network(world: ExampleWorld, path: Path) -> None:
    """A tiny checkpoint on a computer where the engines were measured before: the numbers are made up."""
    write_tiny_checkpoint(path)
    write_choice(prepare_file(path), choose([Candidate("fp32", 100.0)]))


def _cohort(world: ExampleWorld, path: Path) -> None:
    """Seven patients; with this seed every pattern is there and missing in the training part of each fold."""
    how = ("--patients", 7, "--videos", 2, "--lengths", "31,33", "--size", 48, "--seed", 2)
    _luv("phantom", "-o", path, *how)


def _of_cohort(name: str) -> Callable[[ExampleWorld, Path], None]:
    def build(world: ExampleWorld, path: Path) -> None:
        source = world.place("phantom") / name
        if source.is_dir():
            shutil.copytree(source, path)
        else:
            shutil.copyfile(source, path)

    return build


def _index(world: ExampleWorld, path: Path) -> None:
    _luv("prepare", "index", world.place("hospital"), "-o", path)


def _export(world: ExampleWorld, path: Path) -> None:
    root = world.place("hospital")
    _luv("prepare", "export", world.place("index") / "videos.csv", "--root", root, "-o", path, "--workers", 0)


def _clips(world: ExampleWorld, path: Path) -> None:
    videos = world.place("export") / "videos.csv"
    how = ("--size", 64, "--workers", 0)
    _luv("prepare", "clips", world.place("kim.csv"), world.place("lee.csv"), "--videos", videos, "-o", path, *how)


def _split(world: ExampleWorld, path: Path) -> None:
    _luv("prepare", "split", world.place("clips") / "clips.csv", "-o", path)


def _ai(world: ExampleWorld, path: Path) -> None:
    how = ("--checkpoint", world.place("network.pt"), "--device", "torch", "--clip-attention")
    video = sorted(world.place("export").glob("*/*.mkv"))[0]
    _luv("predict", video, "-o", path, *how)


def _study(world: ExampleWorld, path: Path) -> None:
    path.mkdir()
    write_mp4(path / "R1.mp4", moving_speckle(31))


def _ward(world: ExampleWorld, path: Path) -> None:
    """A project in which kim and lee have begun and the AI was run."""
    project, index = make_project(path)
    records = records_of(index)
    done, begun = annotation(Pattern.B_LINE, "1_24"), annotation(Pattern.A_LINE, "1_5", finalised=False)
    readers = ((KIM, done), (replace(LEE), begun))
    for reader, first in readers:
        write_reader_file(project.reader_path(reader.name), reader, {records["R1"]: first, records["R2"]: begun})
    write_ai(path / "ai", {"R1": (records["R1"].video_id, 0.9), "R3": (records["R3"].video_id, 0.5)})


def _truth(world: ExampleWorld, path: Path) -> None:
    """The clips' labels, as `luv evaluate` reads them."""
    clips = pd.read_csv(world.place("clips") / "clips.csv", dtype={"PatientID": str})
    ids = clips["64_clip_path"].map(lambda name: PurePosixPath(name).stem)
    labels = {"B-line": "total-B-line_lbl"}
    table = pd.DataFrame({"clip_id": ids, "patient_id": clips["PatientID"], "video_id": clips["study_id"]})
    for name in PATTERNS:
        table[name] = clips[labels.get(name, f"{name}_lbl")].astype(int)
    table.to_csv(path, index=False)


def _predictions(seed: int) -> Callable[[ExampleWorld, Path], None]:
    def build(world: ExampleWorld, path: Path) -> None:
        truth = pd.read_csv(world.place("truth.csv"))
        noise = np.random.default_rng(seed).random((len(truth), len(PATTERNS)))
        values = pd.DataFrame((0.3 * truth[list(PATTERNS)].to_numpy() + 0.7 * noise).round(6), columns=list(PATTERNS))
        values.insert(0, "clip_id", truth["clip_id"])
        values.to_csv(path, index=False)

    return build


def _valid(world: ExampleWorld, path: Path) -> None:
    path.mkdir()
    for fold in (0, 1):
        _predictions(10 + fold)(world, path / f"luvnet_fold{fold}.csv")


def _readers(world: ExampleWorld, path: Path) -> None:
    truth = pd.read_csv(world.place("truth.csv"))
    generator = np.random.default_rng(0)
    table = truth[["clip_id"]].copy()
    for reader in ("kim", "lee"):
        for name in PATTERNS:
            table[f"{reader}_{name}"] = np.where(generator.random(len(truth)) < 0.2, 1 - truth[name], truth[name])
    table.to_csv(path, index=False)


def _one_study(world: ExampleWorld, path: Path) -> None:
    """One video of the cohort."""
    first = sorted(file for file in (world.place("phantom") / "videos").rglob("*.dcm") if file.stem != "00001")[0]
    shutil.copyfile(first, path)


PLACES: dict[str, Callable[[ExampleWorld, Path], None]] = {
    "network.pt": _network,
    "phantom": _cohort,
    "hospital": _of_cohort("videos"),
    "lengths.csv": _of_cohort("lengths.csv"),
    "kim.csv": _of_cohort("sheets/senior.csv"),
    "lee.csv": _of_cohort("sheets/reader_2.csv"),
    "sheet.csv": _of_cohort("sheets/senior.csv"),
    "study.dcm": _one_study,
    "index": _index,
    "export": _export,
    "clips": _clips,
    "split": _split,
    "ai": _ai,
    "study": _study,
    "ward": _ward,
    "truth.csv": _truth,
    "luvnet_fold0.csv": _predictions(0),
    "luvnet_fold1.csv": _predictions(1),
    "usvn_fold0.csv": _predictions(2),
    "usvn_fold1.csv": _predictions(3),
    "valid": _valid,
    "readers.csv": _readers,
}
"""What the first part of a path in an example stands for."""
