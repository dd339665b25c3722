"""The page about the paper names files and symbols that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "paper" / "index.md"
TABLES_OF_THE_PAPER = range(1, 12)


def symbols_of(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[str]:
    """Yield the names that a module defines, those in classes as ``Class.name``."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from symbols_of(node, f"{prefix}{node.name}.")
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield prefix + node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (prefix + target.id for target in targets if isinstance(target, ast.Name))


def missing(page: str) -> list[str]:
    """Return what a page links to and what does not exist."""
    problems = []
    for symbol, target in re.findall(r"\[`([\w.]+)`\]\(\.\./\.\./([\w/]+\.py)\)", page):
        path = ROOT / target
        if not path.is_file():
            problems.append(target)
        elif symbol != path.name and symbol not in set(symbols_of(ast.parse(path.read_text(encoding="utf-8")))):
            problems.append(f"{target}: {symbol}")
    problems += [name for name in re.findall(r"`((?:tests|recipes)/[\w/.]+)`", page) if not (ROOT / name).is_file()]
    return problems


def test_everything_that_the_page_names_exists() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("](../../") > 50
    assert missing(page) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[`forward`](../../blasr/nn/big_little.py)", "blasr/nn/big_little.py: forward"),
        ("[`Resize`](../../blasr/nn/no_such_file.py)", "blasr/nn/no_such_file.py"),
        ("`tests/nn/test_nothing.py`", "tests/nn/test_nothing.py"),
    ],
)
def test_a_name_that_does_not_exist_is_found(text: str, problem: str) -> None:
    assert missing(text) == [problem]


@pytest.mark.parametrize("number", TABLES_OF_THE_PAPER)
def test_every_table_is_there(number: int) -> None:
    assert re.search(rf"^(### Table {number}:|\| {number} \|)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
