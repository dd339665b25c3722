"""Spellings made comparable: what NIST's ``csrfilt.sh -dh`` and its ``rfilter1`` do to references and hypotheses."""

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
    """``source`` becomes ``replacement`` where ``left`` stands before and ``right`` after it, blanks included."""

    @property
    def source(self) -> str:
        """What is replaced; never empty."""
        ...

    @property
    def replacement(self) -> str:
        """What takes its place, perhaps nothing, perhaps alternatives ``{A / B}``."""
        ...

    @property
    def left(self) -> str:
        """What must stand before it."""
        ...

    @property
    def right(self) -> str:
        """What must stand after it."""
        ...


class Normalizer:
    """Applies rules to text, the first that fits at each place, from left to right and never to its own output.

    As ``csrfilt.sh`` it works in ASCII capitals, sets brackets apart before the rules see them, splits words at their
    inner hyphens afterwards, and gives each of several words in one bracket a bracket of its own.
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
        """``text``, which is one line, after the rules, with single blanks between its words."""
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
    """Brackets around each word of alternatives that a rule made inside brackets, where ``csrfilt.sh`` breaks them."""
    words = re.findall(r"[{}]|[^{}\s]+", match[1])
    return " ".join(word if word in "{}/@" else f"( {word} )" for word in words)
