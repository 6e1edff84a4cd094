"""Small archives to predict, and what came out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from luv_viewer.analysis.batch import BatchListener, BatchOptions, run_batch
from luv_viewer.analysis.batch_results import Outcome
from luv_viewer.cli import main
from luv_viewer.io.batch_record import FILE_NAME
from tests.builders import moving_speckle, write_mp4

N_VIDEOS, N_BAD = 5, 3
QUIET = BatchListener(lambda progress: None, lambda sentence: None)


def write_bad_dicom(path: Path) -> Path:
    """A file that says it is DICOM and is rubbish."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * 128 + b"DICM" + b"rubbish" * 20)
    return path


def write_archive(root: Path) -> Path:
    """N_VIDEOS videos in three folders with repeated names, N_BAD bad files between them."""
    for at, name in enumerate(("1/a.mp4", "1/c.mp4", "2/a.mp4", "2/deep/a.mp4", "3/z.mp4")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_mp4(root / name, moving_speckle(26 + 5 * at, seed=at))
    write_bad_dicom(root / "1" / "b.dcm")
    write_bad_dicom(root / "2" / "a.dcm")
    (root / "3" / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(30))
    return root


def files_of(folder: Path) -> dict[str, str]:
    """SHA-256 by name of every file but the record, hidden ones too."""
    files = (path for path in folder.iterdir() if path.name != FILE_NAME)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def predict(checkpoint: Path, folder: Path, *arguments: object) -> int:
    """`luv predict ARGUMENTS -o folder` on OpenVINO; gives the exit status."""
    how = ["--checkpoint", str(checkpoint), "--device", "openvino", "--precision", "fp32"]
    return main(["predict", *map(str, arguments), "-o", str(folder), *how])


def outcomes(
    checkpoint: Path, folder: Path, paths: Sequence[Path], watch: Callable[[Outcome], None] = lambda outcome: None
) -> list[Outcome]:
    """Every outcome of a run in this process."""
    found = []
    for outcome in run_batch(paths, folder, checkpoint, BatchOptions(device="openvino", precision="fp32"), QUIET):
        watch(outcome)
        found.append(outcome)
    return found
