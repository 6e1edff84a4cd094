"""Files that come with the program, found wherever it is installed: demo study, bundled checkpoint, licences."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def resource_path(*parts: str) -> Path:
    """A file or folder of the resources on disk, such as `resource_path("demo")`.

    Raises FileNotFoundError when this installation lacks it.
    """
    found = Path(str(files(__name__).joinpath(*parts)))
    if not found.exists():
        raise FileNotFoundError(f"the installation lacks resources/{'/'.join(parts)}: install the program again")
    return found


def demo_study_path() -> Path:
    """The folder of the demo study, with its ATTRIBUTION.md.

    >>> demo_study_path().name
    'demo'
    """
    return resource_path("demo")
