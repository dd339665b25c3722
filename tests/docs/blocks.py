"""The pages of the documentation and their blocks of code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
GENERATED = ("docs/reference/cli", "docs/reference/configuration", "docs/reference/api", "docs/_build")
KEYWORDS = {"do", "then", "else", "if", "while", "!", "{", "(", "time", "sudo"}
"""Words before a command."""


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: its page, below the repository.
        line: its first line in the page, from 1.
        language: the first word after the fence.
        text: its content.
        comment: the content of an HTML comment directly before it.
    """

    page: str
    line: int
    language: str
    text: str
    comment: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """The README and every page written by hand."""
    found = sorted((ROOT / "docs").rglob("*.md"))
    return [
        ROOT / "README.md",
        *(path for path in found if not path.relative_to(ROOT).as_posix().startswith(GENERATED)),
    ]


def blocks_of(text: str, page: str = "page") -> list[Block]:
    """The blocks of a page in their order."""
    found: list[Block] = []
    comment = ""
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "fence":
            assert token.map is not None
            language = (token.info.split() or [""])[0]
            found.append(Block(page, token.map[0] + 1, language, token.content, comment))
        match = re.fullmatch(r"<!--\s*(.*?)\s*-->\s*", token.content, re.DOTALL) if token.type == "html_block" else None
        comment = match[1] if match else ""
    return found


def all_blocks(language: str) -> list[Block]:
    """The blocks of one language in all pages."""
    return [
        block
        for path in pages()
        for block in blocks_of(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
        if block.language == language
    ]


def commands_of(text: str) -> Iterator[list[str]]:
    """Yield the words of every command in lines of shell, without redirections and assignments."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        words: list[str] = []
        skip = False
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        for word in [*lexer, ";"]:
            if set(word) <= set("<>"):
                skip = True
            elif set(word) <= set("();|&"):
                if words:
                    yield words
                words = []
            elif skip:
                skip = False
            elif words or not (word in KEYWORDS or re.match(r"\w+=", word)):
                words.append(word)
