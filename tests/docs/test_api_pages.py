"""Every public name of the Python API has a docstring and a page."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from docs.extensions.api_pages import FOLDER, GROUND, PublicName, api_pages, faces, public_names, undocumented


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return api_pages()


def test_every_public_name_has_a_docstring() -> None:
    assert list(undocumented()) == []


@pytest.mark.parametrize("face", faces())
def test_every_public_name_has_a_page(face: str, pages: dict[str, str]) -> None:
    names = public_names(face)
    assert {name.name for name in names} == set(importlib.import_module(face).__all__)
    for name in names:
        page = pages[f"{FOLDER}/{name.home}.md"]
        described = f".. auto{name.kind}:: {name.home}.{name.name}\n", f".. py:data:: {name.name}\n"
        assert any(entry in page for entry in described), f"{face}.{name.name}"
        assert f"`~{name.home}.{name.name}`" in pages[f"{FOLDER}/{face}.md"]


def test_a_missing_docstring_is_found() -> None:
    assert PublicName("blasr.units", "Path", "blasr.units").name == "Path"
    name = PublicName("tests.docs.test_api_pages", "without", "tests.docs.test_api_pages")
    assert (name.kind, name.documentation) == ("function", "")


def test_one_page_describes_a_name_of_two_faces() -> None:
    assert PublicName("blasr.io", "read_matrices", "blasr.io.kaldi.tables").home == "blasr.io.kaldi"
    assert PublicName("blasr.io", "read_fst", "blasr.io.fst").home == "blasr.io"
    assert PublicName("blasr", "load_bundle", "blasr.inference.transcribe").home == "blasr.inference"


def without() -> None: ...


@pytest.mark.parametrize("module", GROUND)
def test_every_public_name_of_the_ground_is_documented(module: str, pages: dict[str, str]) -> None:
    assert f".. automodule:: {module}\n" in pages[f"{FOLDER}/{module}.md"]
    path = importlib.import_module(module).__file__
    assert path is not None
    names = []
    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            names.append(ast.unparse(target))
    public = [name for name in names if not name.startswith("_") and name not in NOT_PUBLIC]
    assert public
    assert [name for name in public if not PublicName(module, name, module).documentation] == []


NOT_PUBLIC = {"Config", "Item", "logger"}
