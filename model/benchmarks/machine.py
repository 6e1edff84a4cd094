"""The machine and the libraries a measurement was made with. Never a host or user name."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import torch

_LIBRARIES = ("torch", "torchvision", "openvino", "nncf", "numpy", "opencv-python-headless", "pydicom")


@dataclass(frozen=True)
class Machine:
    """cpu: model and instruction set as torch sees it. n_cores: logical ones this process may use. n_threads: of
    torch inside an operation. gpu: names of CUDA cards, or empty. libraries: `name version`, joined by semicolons."""

    cpu: str
    n_cores: int
    n_threads: int
    memory_gib: float
    gpu: str
    system: str
    libraries: str


def describe_machine() -> Machine:
    """This machine, as this process may use it, now."""
    capability = torch.backends.cpu.get_cpu_capability()
    cards = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return Machine(
        cpu=f"{_cpu_model()} ({capability})",
        n_cores=_n_cores(),
        n_threads=torch.get_num_threads(),
        memory_gib=round(_memory_bytes() / 2**30, 1),
        gpu=", ".join(cards),
        system=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        libraries="; ".join(f"{name} {version}" for name in _LIBRARIES if (version := _version(name))),
    )


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        asked = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        if asked.returncode == 0 and asked.stdout.strip():
            return asked.stdout.strip()
    return platform.processor() or platform.machine()


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_bytes() -> int:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
