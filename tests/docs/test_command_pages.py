"""The reference of the command line has every command and every option."""

from __future__ import annotations

import argparse

import pytest

from blasr.cli.main import SUBCOMMANDS
from docs.extensions.command_pages import FOLDER, command_pages, parser_of
from tests.cli.test_examples import leaves


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return command_pages()


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_option_is_on_the_page(name: str, pages: dict[str, str]) -> None:
    page = pages[f"{FOLDER}/{name}.md"]
    for parser in leaves(parser_of(name)):
        assert f"{{program}} {parser.prog}\n" in page
        section = page.partition(f"{{program}} {parser.prog}\n")[2].partition("{program}")[0]
        for action in parser._actions:
            if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
                continue
            assert all(f" {option}" in section for option in action.option_strings), (parser.prog, action.dest)
            assert action.help, (parser.prog, action.dest)
        assert "```bash" in section, f"{parser.prog} has no example"


def test_what_excludes_and_what_is_required(pages: dict[str, str]) -> None:
    page = pages[f"{FOLDER}/lang.md"]
    assert "Exactly one of this and `--subwords` is required." in page
    assert "{option} --out DIR" in page or "{option} --out PATH" in page
    assert "Required." in page
    assert "(default: 0.5)" in page
    assert "One of `float32`, `bfloat16`." in pages[f"{FOLDER}/dump.md"]


def test_the_index_links_every_page(pages: dict[str, str]) -> None:
    index = pages[f"{FOLDER}/index.md"]
    assert all(f"({name}.md)" in index and f"\n{name}\n" in index for name in SUBCOMMANDS)
