"""Every picture of the documentation has a text that replaces it, and pages have one title."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.docs.blocks import ROOT, pages

RECIPES = sorted(path for path in (ROOT / "recipes").rglob("*.md"))
SHORTEST = 15
"""Characters of a text that describes a picture."""


def problems(text: str, folder: Path) -> Iterator[str]:
    """Yield what a reader without pictures misses, and pictures that do not exist."""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        for child in token.children or ():
            if child.type == "image":
                if len(child.content) < SHORTEST:
                    yield f"{child.attrs['src']}: the alternative text is {child.content!r}"
                if not (folder / str(child.attrs["src"])).is_file():
                    yield f"{child.attrs['src']}: no such picture"
        if token.type == "fence" and re.match(r"\{(image|figure)\}", token.info) and ":alt: " not in token.content:
            yield f"{token.info}: no :alt:"
        if token.type in ("html_block", "html_inline") and re.search(r"<img (?![^>]*\balt=)", token.content):
            yield f"{token.content.strip()}: no alt"


@pytest.mark.parametrize("page", [*pages(), *RECIPES], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pictures_and_titles(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert list(problems(text, page.parent)) == []
    headings = [token.tag for token in MarkdownIt("commonmark").parse(text) if token.type == "heading_open"]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1


@pytest.mark.parametrize("text", ["![](a.svg)", "![short](a.svg)", "```{figure} a.svg\n```", '<img src="a.svg">'])
def test_a_picture_without_a_text_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.svg").touch()
    assert list(problems(text, tmp_path)) != []
    assert list(problems("![a picture of a lattice](a.svg)", tmp_path)) == []
