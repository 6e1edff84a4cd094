"""A labelling project: who reads, in which role, and who must not see whose work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from luv_viewer.domain.reader_file import Reader


class ProjectError(Exception):
    """A project cannot be read or made; str(error) is one plain sentence that names the file and what to do."""


class BlindedError(Exception):
    """Somebody who is blinded asked for another's work or the AI's; str(error) says so plainly."""


@dataclass(frozen=True)
class Project:
    """folder: holds `project.json`, `videos.json`, `readers/`, `ai/` (what `luv predict` wrote), `exclusions.csv`.

    readers: unique by name, whatever the case of its letters. Raises ValueError where they repeat.
    """

    folder: Path
    name: str
    readers: tuple[Reader, ...] = ()

    def __post_init__(self) -> None:
        names = [reader.name.casefold() for reader in self.readers]
        if len(set(names)) != len(names):
            raise ValueError(f"the readers of {self.name} must have different names, got {', '.join(names)}")

    def reader(self, name: str) -> Reader | None:
        """The reader of that name (case does not matter), None when the project has none."""
        return next((r for r in self.readers if r.name.casefold() == name.casefold()), None)

    def with_reader(self, reader: Reader) -> Project:
        """With one reader more, or one replaced."""
        others = tuple(r for r in self.readers if r.name.casefold() != reader.name.casefold())
        return replace(self, readers=(*others, reader))

    def reader_path(self, name: str) -> Path:
        """Where a reader's file stands."""
        return self.folder / "readers" / f"{name.casefold()}.luv"

    def may_see_others(self, reader: Reader) -> None:
        """Raises BlindedError when `reader` must not see other sheets nor the AI's result."""
        if reader.blinded:
            raise BlindedError(
                f"{reader.name} reads blinded in project {self.name}: other readers' sheets and the AI's result stay "
                "closed. The coordinator can change that in project.json."
            )
