"""`project.json`: made, read back, and refused in one sentence when it is not what it should be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from luv_viewer.domain.project import Project, ProjectError
from luv_viewer.domain.reader_file import Reader, Role
from luv_viewer.io.project_file import create_project, load_project, save_project

KIM = Reader("Kim", Role.ANNOTATOR, blinded=True)
LEE = Reader("Lee", Role.ADJUDICATOR)


def test_a_project_comes_back_as_it_was_made(tmp_path: Path) -> None:
    made = create_project(tmp_path / "study", " Ward 3 ", (KIM, LEE))
    assert made == Project(tmp_path / "study", "Ward 3", (KIM, LEE))
    assert load_project(tmp_path / "study") == made
    assert {path.name for path in made.folder.iterdir()} == {"project.json", "readers", "ai", "sheets"}


def test_a_reader_added_is_kept(tmp_path: Path) -> None:
    project = create_project(tmp_path, "Ward 3").with_reader(LEE)
    save_project(project)
    assert load_project(tmp_path).reader("LEE") == LEE


def test_a_second_project_in_the_folder_is_refused_and_the_first_stays(tmp_path: Path) -> None:
    create_project(tmp_path, "Ward 3", (KIM,))
    with pytest.raises(ProjectError, match="holds a project already"):
        create_project(tmp_path, "Other")
    assert load_project(tmp_path).name == "Ward 3"


def test_readers_of_one_name_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="must have different names, got kim, kim"):
        create_project(tmp_path / "study", "Ward 3", (KIM, Reader("KIM")))
    assert not (tmp_path / "study").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError, match="cannot be written"):
        create_project(tmp_path / "file" / "study", "Ward 3")


GOOD = {"format": "luv project", "version": 1, "name": "Ward 3", "readers": [{"name": "kim", "role": "annotator"}]}


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ("{", "PATH is damaged: it is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 "
         "(char 1)). Put back a copy of it from before."),
        (b"\xff\xfe\x00", "is damaged: it is not JSON"),
        ([], 'PATH is not a luv project file: it does not say "format": "luv project".'),
        ({**GOOD, "format": "other"}, 'PATH is not a luv project file: it does not say "format": "luv project".'),
        ({**GOOD, "version": 2},
         "PATH is of version 2, and this program knows version 1 at most: use a newer LUV Viewer."),
        ({**GOOD, "version": True}, "PATH: version must be a whole number from 1, found true."),
        ({**GOOD, "version": "1"}, 'PATH: version must be a whole number from 1, found "1".'),
        ({**GOOD, "colour": 1}, 'PATH: unknown key "colour"; known are "name", "readers".'),
        ({**GOOD, "name": 3}, 'PATH: "name" must be text, found 3.'),
        ({**GOOD, "name": " "}, 'PATH: "name" is empty; a project needs a name.'),
        ({**GOOD, "readers": {}}, 'PATH: "readers" must be a list, found {}.'),
        ({**GOOD, "readers": ["kim"]}, 'PATH, reader 1: expected an object, found "kim".'),
        ({**GOOD, "readers": [{"name": "kim"}]}, 'PATH, reader 1: "role" is missing.'),
        ({**GOOD, "readers": [{"name": "kim", "role": "boss"}]},
         "PATH, reader 1: \"role\" must be annotator or adjudicator or coordinator, found 'boss'."),
        ({**GOOD, "readers": [{"name": "kim", "role": "annotator", "blinded": 1}]},
         'PATH, reader 1: "blinded" must be true or false, found 1.'),
        ({**GOOD, "readers": [{"name": "a/b", "role": "annotator"}]},
         "PATH, reader 1: a reader's name is also a file name: 'a/b' cannot be used."),
        ({**GOOD, "readers": [{"name": "kim", "role": "annotator"}] * 2},
         "PATH: the readers of Ward 3 must have different names, got kim, kim."),
        ({"format": "luv project", "version": 1, "readers": []}, 'PATH: "name" is missing.'),
    ],
)  # fmt: skip
def test_wrong_files_are_refused_in_one_sentence(tmp_path: Path, held: object, sentence: str) -> None:
    path = tmp_path / "project.json"
    path.write_bytes(
        held if isinstance(held, bytes) else (held if isinstance(held, str) else json.dumps(held)).encode()
    )
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path)
    assert sentence.replace("PATH", str(path)) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"is not a project: it holds no project\.json"):
        load_project(tmp_path)
