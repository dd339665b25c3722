"""Words and alternatives: NIST's markup of a transcript as a network with one word on each arc."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase

NULL_WORD = "@"
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_TAGS = re.compile(r"(?<!\\);")


@dataclass(frozen=True, slots=True)
class NetworkWord:
    """A word as ``sclite -F -D`` reads it.

    Attributes:
        text: the word as written, in lower case.
        spelling: the part that is compared, such as ``word`` in ``(word)``.
        deletable: whether it is written ``(word)``; such a word is right even if it is left out.
        fragment: whether it begins or ends with a hyphen; a fragment is right if the other word ends or begins with the
            rest of it.
    """

    text: str
    spelling: str
    deletable: bool = False
    fragment: bool = False

    @property
    def null(self) -> bool:
        """Whether it is ``@``, the null word, which means that nothing was said."""
        return self.text == NULL_WORD


@lru_cache(maxsize=1 << 17)
def reference_word(text: str) -> NetworkWord:
    """Return a word of a reference; text after a ``;`` is a tag, which is removed."""
    return hypothesis_word(_TAGS.split(text)[0].replace("\\;", ";"))


@lru_cache(maxsize=1 << 17)
def hypothesis_word(text: str) -> NetworkWord:
    """Return a word of a hypothesis; an asterisk at its end is removed."""
    text = text.translate(_LOWER)
    if len(text) > 1:
        text = text.removesuffix("*")
    deletable = text.startswith("(") and text.endswith(")") and len(text) > 1
    fragment = text.startswith("-") or text.endswith("-") or (deletable and text[-2] == "-")
    return NetworkWord(text, text[1:-1] if deletable else text, deletable, fragment)


def same_word(first: NetworkWord, second: NetworkWord) -> bool:
    """Return whether two words count as the same (``equal_WORD2`` of ``word.c`` in NIST's SCTK)."""
    if first.fragment or second.fragment:
        for part, whole in ((first.spelling, second.spelling), (second.spelling, first.spelling)):
            if len(part) > 1 and part.startswith("-"):
                return whole.endswith(part[1:])
            if len(part) > 1 and part.endswith("-"):
                return whole.startswith(part[:-1])
    return first.spelling == second.spelling


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Alternatives: rows of words; one row was spoken."""

    options: tuple[tuple[Item, ...], ...]


Item = NetworkWord | Alternatives


@dataclass(frozen=True, slots=True)
class WordNetwork:
    """Arcs with a word each, in topological order; arc 0 has no word and comes before all others.

    Attributes:
        words: the words of the arcs; that of arc 0 is ``@``.
        before: for each arc, the arcs that end where it begins.
        last: the arcs that end where the network ends.
    """

    words: tuple[NetworkWord, ...]
    before: tuple[tuple[int, ...], ...]
    last: tuple[int, ...]

    @classmethod
    def of(cls, items: Iterable[Item]) -> WordNetwork:
        """Return the network of words and alternatives; an empty row of alternatives becomes a null word."""
        words: list[NetworkWord] = [hypothesis_word(NULL_WORD)]
        before: list[tuple[int, ...]] = [()]

        def extend(sequence: Iterable[Item], ends: tuple[int, ...]) -> tuple[int, ...]:
            for item in sequence:
                if isinstance(item, NetworkWord):
                    words.append(item)
                    before.append(ends)
                    ends = (len(words) - 1,)
                else:
                    null = (hypothesis_word(NULL_WORD),)
                    ends = tuple(end for option in item.options for end in extend(option or null, ends))
            return ends

        last = extend(items, (0,))
        return cls(tuple(words), tuple(before), last)


def parse_transcript(text: str) -> tuple[Item, ...]:
    """Return the words of a reference; ``{ a / b c / @ }`` are alternatives, which can be nested.

    Outside braces a slash is a letter. Empty alternatives are skipped, as in ``sclite``; braces without a word are a
    null word.

    Raises:
        ValueError: the braces do not pair.
    """
    pieces = list(_pieces(text))
    items, rest = _sequence(pieces, 0, nested=False)
    if rest != len(pieces):
        raise ValueError("a } has no {")
    return items


def _pieces(text: str) -> Iterable[str]:
    """Yield braces, slashes inside braces, and words; outside braces, only white space separates words."""
    depth = 0
    for match in re.finditer(r"[{}]|[^{}]+", text):
        piece = match[0]
        if piece in "{}":
            depth += 1 if piece == "{" else -1
            yield piece
        elif depth:
            yield from re.findall(r"/|[^/\s]+", piece)
        else:
            yield from piece.split()


def _sequence(pieces: Sequence[str], place: int, *, nested: bool) -> tuple[tuple[Item, ...], int]:
    """The items from ``place`` up to a ``}`` or, inside alternatives, a slash."""
    items: list[Item] = []
    while place < len(pieces) and pieces[place] != "}" and not (nested and pieces[place] == "/"):
        if pieces[place] == "{":
            item, place = _alternatives(pieces, place + 1)
            items.append(item)
        else:
            items.append(reference_word(pieces[place]))
            place += 1
    return tuple(items), place


def _alternatives(pieces: Sequence[str], place: int) -> tuple[Alternatives, int]:
    options: list[tuple[Item, ...]] = []
    while True:
        option, place = _sequence(pieces, place, nested=True)
        if option:
            options.append(option)
        if place == len(pieces):
            raise ValueError("a { has no }")
        place += 1
        if pieces[place - 1] == "}":
            break
    return Alternatives(tuple(options) or ((),)), place
