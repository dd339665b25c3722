"""Normalization of spellings: what NIST's ``csrfilt.sh -dh`` and ``rfilter1`` do to references and hypotheses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Protocol

_UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)
_HYPHEN = re.compile(r"([^( ])-(?=[^) ])")
_BRACED_IN_BRACKETS = re.compile(r"\(([^()]*\{[^()]*)\)")
_TWO_DELETABLE = re.compile(r"(\(\s+[^()\s]+\s+)([^()\s]+)")


class Rule(Protocol):
    """``source`` becomes ``replacement`` if ``left`` comes before and ``right`` after it; spaces count."""

    @property
    def source(self) -> str:
        """The text to replace; never empty."""
        ...

    @property
    def replacement(self) -> str:
        """The replacement, which may be empty or have alternatives ``{A / B}``."""
        ...

    @property
    def left(self) -> str:
        """The text that must come before."""
        ...

    @property
    def right(self) -> str:
        """The text that must follow."""
        ...


class Normalizer:
    """Applies rules to text from left to right: at each position the first rule that matches, never to its own output.

    Like ``csrfilt.sh``, it converts to ASCII capitals, separates brackets from words before the rules apply, splits
    words at inner hyphens afterwards, and puts separate brackets around each of several words in one bracket.

    Args:
        rules: in the order of their priority.
        case_sensitive: whether the rules keep their case; if not, they are converted to capitals too.
        copy_unmatched: whether text that no rule matches is kept.

    Attributes:
        text: the function that applies the rules to one line.
    """

    def __init__(self, rules: Iterable[Rule] = (), *, case_sensitive: bool = True, copy_unmatched: bool = True) -> None:
        self._copy_unmatched = copy_unmatched
        self._rules: dict[str, list[tuple[str, str, str, str]]] = {}
        for rule in rules:
            matched = (rule.source, rule.left, rule.right)
            source, left, right = matched if case_sensitive else (text.translate(_UPPER) for text in matched)
            self._rules.setdefault(source[0], []).append((source, rule.replacement, left, right))
        self.text = lru_cache(maxsize=1 << 16)(self._text)

    def _text(self, text: str) -> str:
        """Return one line after the rules, with single spaces between its words."""
        line = f" {text.translate(_UPPER)} "
        line = re.sub(r"[ \t]+", " ", line).replace("(", "( ").replace(")", " )")
        line = self._apply(f" {line} \n").removesuffix("\n")
        line = _HYPHEN.sub(r"\1 ", line)
        line = _BRACED_IN_BRACKETS.sub(_bracket_each, line)
        changes = 1
        while changes:
            line, changes = _TWO_DELETABLE.subn(r"\1) ( \2", line, count=1)
        line = re.sub(r"\s+\)", ")", re.sub(r"\(\s+", "(", line))
        return " ".join(line.split())

    def _apply(self, line: str) -> str:
        output = []
        place = 0
        while place < len(line):
            for source, replacement, left, right in self._rules.get(line[place], ()):
                before = place - len(left)
                if (
                    line.startswith(source, place)
                    and before >= 0
                    and line.startswith(left, before)
                    and line.startswith(right, place + len(source))
                ):
                    output.append(replacement)
                    place += len(source)
                    break
            else:
                if self._copy_unmatched:
                    output.append(line[place])
                place += 1
        return "".join(output)


def _bracket_each(match: re.Match[str]) -> str:
    """Put brackets around each word of alternatives that a rule made inside brackets; ``csrfilt.sh`` breaks them."""
    words = re.findall(r"[{}]|[^{}\s]+", match[1])
    return " ".join(word if word in "{}/@" else f"( {word} )" for word in words)
