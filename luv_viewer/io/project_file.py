"""A project on disk: `project.json` in a folder beside the readers' files, the index of videos and the AI's tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luv_viewer.domain.project import Project, ProjectError
from luv_viewer.domain.reader_file import Reader, Role
from luv_viewer.io.json_fields import JsonFieldError, checked, read_json, write_json
from luv_viewer.io.whole_file import WriteError, make_folder

FILE_NAME = "project.json"
FOLDERS = ("readers", "ai", "sheets")
_KIND, _VERSION = "luv project", 1
_ROLES = {role.value: role for role in Role}


def create_project(folder: Path, name: str, readers: Sequence[Reader] = ()) -> Project:
    """A new project in `folder`, which is made when it is not there; what else lies in it stays.

    Raises ProjectError when a project is there already, the names do not fit, or the folder cannot be written.
    """
    if (folder / FILE_NAME).exists():
        raise ProjectError(f"{folder} holds a project already: open it, or choose another folder.")
    if not name.strip():
        raise ProjectError("A project needs a name.")
    try:
        project = Project(folder, name.strip(), tuple(readers))
    except ValueError as error:
        raise ProjectError(f"The project cannot be made: {error}.") from error
    try:
        for part in FOLDERS:
            make_folder(folder / part)
    except WriteError as error:
        raise ProjectError(str(error)) from error
    save_project(project)
    return project


def save_project(project: Project) -> None:
    """Replace `project.json`, whole or not at all. Raises ProjectError."""
    readers = [{"name": r.name, "role": r.role.value, "blinded": r.blinded} for r in project.readers]
    try:
        write_json(project.folder / FILE_NAME, _KIND, _VERSION, {"name": project.name, "readers": readers})
    except WriteError as error:
        raise ProjectError(str(error)) from error


def load_project(folder: Path) -> Project:
    """The project in `folder`. Raises ProjectError: no project, damaged, of a newer version, an unknown key, a wrong
    type, readers that share a name."""
    path = folder / FILE_NAME
    try:
        held = checked(read_json(path, _KIND, _VERSION), {"name": (str,), "readers": (list,)}, {}, str(path))
        readers = tuple(_reader(path, number, one) for number, one in enumerate(held["readers"], start=1))
        if not held["name"].strip():
            raise ProjectError(f'{path}: "name" is empty; a project needs a name.')
        return Project(folder, held["name"], readers)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ProjectError(
            f"{folder} is not a project: it holds no {FILE_NAME}; make one with `luv labels project create`."
        ) from error
    except JsonFieldError as error:
        raise ProjectError(str(error)) from error
    except ValueError as error:
        raise ProjectError(f"{path}: {error}.") from error


def _reader(path: Path, number: int, held: Any) -> Reader:
    """Raises JsonFieldError."""
    where = f"{path}, reader {number}"
    fields = checked(held, {"name": (str,), "role": (str,)}, {"blinded": (bool,)}, where)
    if fields["role"] not in _ROLES:
        raise JsonFieldError(f'{where}: "role" must be {" or ".join(_ROLES)}, found {fields["role"]!r}.')
    try:
        return Reader(fields["name"], _ROLES[fields["role"]], fields.get("blinded", False))
    except ValueError as error:
        raise JsonFieldError(f"{where}: {error}.") from error
