"""architecture.md, "Who may import whom": a fresh interpreter per row proves what a package never imports."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

QT = ("PySide6", "shiboken6", "pyqtgraph", "PyQt5", "PyQt6")
OURS = ("luv_viewer", "model", "training")

PROGRAM = """
import importlib, pkgutil, sys

package, with_submodules, forbidden, allowed = {package!r}, {with_submodules!r}, {forbidden!r}, {allowed!r}
module = importlib.import_module(package)
names = [package]
if with_submodules:
    assert hasattr(module, "__path__"), f"{{package}} is not a package"
    names += [found.name for found in pkgutil.walk_packages(module.__path__, package + ".", onerror=lambda name: None)]
for name in names:
    importlib.import_module(name)
within = lambda name, roots: any(name == root or name.startswith(root + ".") for root in roots)
# Importing a.b imports a first: parents are not a choice of the package.
parents = [package.rsplit(".", depth)[0] for depth in range(1, package.count(".") + 1)]
allowed_here = lambda name: name in parents or within(name, allowed)
bad = sorted(name for name in sys.modules if within(name, forbidden) and not allowed_here(name))
print(f"{{len(names)}} modules")
if bad:
    sys.exit(f"importing {{', '.join(names)}} also imported {{', '.join(bad)}}")
"""


@dataclass(frozen=True)
class Row:
    """package: all its modules are imported. forbidden: module roots that must then be absent, but for `allowed`."""

    package: str
    forbidden: tuple[str, ...]
    allowed: tuple[str, ...] = ()
    with_submodules: bool = True


ROWS = (
    Row(
        "luv_viewer.domain",
        (*QT, *OURS, "torch", "torchvision", "pydicom", "cv2", "av", "pandas", "scipy", "matplotlib"),
        allowed=("luv_viewer.domain",),
    ),
    Row("luv_viewer.io", (*QT, "torch", "torchvision", "model", "training", "luv_viewer.analysis")),
    Row("model", (*QT, "pydicom", "luv_viewer", "training")),
    Row("luv_viewer.analysis", QT),
    Row(
        "luv_viewer.session",
        ("PySide6.QtWidgets", "torch", "luv_viewer.io", "model", "luv_viewer.widgets", "luv_viewer.jobs"),
        with_submodules=False,
    ),
    Row("luv_viewer.jobs", ("PySide6.QtWidgets", "luv_viewer.widgets", "torch", "torchvision")),
    Row("luv_viewer.widgets", ("luv_viewer.io", "model", "torch", "torchvision", "training")),
    Row(
        "training.statistics",
        ("torch", "torchvision", *QT, "luv_viewer", "model", "training"),
        allowed=("training.statistics",),
    ),
    Row("training", (*QT, "luv_viewer.session", "luv_viewer.jobs", "luv_viewer.widgets")),
    Row("luv_viewer.cli", (*QT, "torch", "torchvision", "model", "training"), with_submodules=False),
    Row("luv_viewer.app", (*QT, "torch", "torchvision", "model", "training"), with_submodules=False),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.package)
def test_a_package_never_imports_what_its_row_forbids(row: Row) -> None:
    program = PROGRAM.format(
        package=row.package,
        with_submodules=row.with_submodules,
        forbidden=row.forbidden,
        allowed=row.allowed,
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_check_sees_a_forbidden_import(tmp_path: Path) -> None:
    package = tmp_path / "sample"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text("import colorsys\n")
    program = PROGRAM.format(package="sample", with_submodules=True, forbidden=("colorsys",), allowed=())
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "also imported colorsys" in done.stderr
