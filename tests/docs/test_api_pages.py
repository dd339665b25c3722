"""Every public name of the Python API has a docstring and a page."""

from __future__ import annotations

import importlib

import pytest

from docs.extensions.api_pages import FOLDER, PublicName, api_pages, faces, public_names, undocumented


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
