"""The parser accepts the command lines of results and of help texts; tests/docs has those of the pages."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from blasr.cli.main import SUBCOMMANDS, build_parser
from blasr.cli.parser import CommandParser

ROOT = Path(__file__).parents[2]
PAGES = ("recipes/fsdd/RESULTS.md",)


def commands_of(text: str) -> Iterator[list[str]]:
    """Yield the words of every indented line that begins with ``blasr``; a backslash continues a line."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.startswith("  blasr "):
            words = shlex.split(re.split(r"\s{2,}#| \| | > | < ", line.strip())[0])
            yield words[1:]


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser and all parsers of its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from leaves(child)


def parsers_of(name: str) -> Iterator[argparse.ArgumentParser]:
    for action in build_parser(name)._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from leaves(action.choices[name])


def refusal(words: list[str]) -> str:
    """Return the parser's message, or nothing if it accepts the words."""
    messages = io.StringIO()
    with contextlib.redirect_stderr(messages), contextlib.suppress(SystemExit):
        build_parser(words[0]).parse_args(words)
    return messages.getvalue()


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page(page: str) -> None:
    fenced = re.findall(r"```\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    commands = list(commands_of(re.sub("^", "  ", "".join(fenced), flags=re.MULTILINE)))
    assert commands
    refused = {" ".join(words): refusal(words) for words in commands if refusal(words)}
    assert refused == {}


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_the_examples_of_a_subcommand(name: str) -> None:
    for parser in parsers_of(name):
        assert isinstance(parser, CommandParser)
        commands = list(commands_of(f"{parser.description}\n{parser.epilog}"))
        assert commands, parser.prog
        refused = {" ".join(words): refusal(words) for words in commands if refusal(words)}
        assert refused == {}
