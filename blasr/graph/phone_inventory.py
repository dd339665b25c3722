"""The phones of a lang directory: silence and other phones, and their position in the word."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Final, Self

from blasr.errors import DataError
from blasr.graph.config import LangConfig, PhoneGroups
from blasr.graph.lexicon_fst import Place
from blasr.io.symbols import describe_reserved, is_reserved
from blasr.lexicon.pronunciations import Pronunciation

logger = logging.getLogger(__name__)

POSITIONS: Final = {"_B": "begin", "_E": "end", "_I": "internal", "_S": "singleton"}
"""Suffix of a phone by its position in the word, and Kaldi's name of that position, in the order of ``sets.txt``."""


@dataclass(frozen=True)
class PhoneInventory:
    """The phones in groups. The phones of a group are variants of one phone and share their statistics.

    Attributes:
        silence_groups: silence and noise.
        nonsilence_groups: the other phones.
        optional_silence: the silence phone that may occur between words.
        marks_positions: whether the phones end in ``_B``, ``_I``, ``_E`` or ``_S``.
    """

    silence_groups: PhoneGroups
    nonsilence_groups: PhoneGroups
    optional_silence: str
    marks_positions: bool = False

    @classmethod
    def of_lexicon(
        cls, lexicon: Sequence[Pronunciation], config: LangConfig, source: str | PathLike[str] | None = None
    ) -> Self:
        """The configured phones, without positions, checked against a lexicon.

        Args:
            lexicon: all pronunciations.
            config: the phones; by default those of the lexicon.
            source: the file of the lexicon, for errors.

        Raises:
            DataError: a phone is listed twice or is reserved, such as ``#1``; a phone of the lexicon is not listed;
                or there are only silence phones.
        """
        silence = tuple(config.silence_phones)
        if config.nonsilence_phones is None:
            found = {phone for entry in lexicon for phone in entry.phones}
            nonsilence: PhoneGroups = tuple((phone,) for phone in sorted(found - set(silence), key=str.encode))
        else:
            nonsilence = tuple(tuple(group) for group in config.nonsilence_phones)
        listed = [*silence, *(phone for group in nonsilence for phone in group)]
        if (reserved := next(filter(is_reserved, listed), None)) is not None:
            raise DataError(describe_reserved(reserved), fix="give the phone another name")
        doubled = next((phone for phone in listed if listed.count(phone) > 1), None)
        if doubled is not None:
            raise DataError(f"the phone {doubled!r} is listed twice among the silence and other phones")
        if config.optional_silence not in silence:
            raise DataError(
                f"the optional silence {config.optional_silence!r} is not a silence phone ({', '.join(silence)})",
                fix="list it among the silence phones or choose another phone",
            )
        _check_phones_are_listed(lexicon, frozenset(listed), source)
        if not nonsilence:
            raise DataError("every phone of the lexicon is a silence phone", path=source)
        spoken = {phone for entry in lexicon for phone in entry.phones}
        for phone in silence:
            if phone not in spoken and phone != config.optional_silence:
                logger.warning(
                    "%s: no pronunciation has the silence phone %s; it cannot be trained. Give a word this phone, or "
                    "leave it out of --silence-phones",
                    source or "the lexicon",
                    phone,
                )
        return cls(tuple((phone,) for phone in silence), nonsilence, config.optional_silence)

    @property
    def silence(self) -> list[str]:
        """All silence phones."""
        return [phone for group in self.silence_groups for phone in group]

    @property
    def nonsilence(self) -> list[str]:
        """All other phones."""
        return [phone for group in self.nonsilence_groups for phone in group]

    def position_dependent(self) -> PhoneInventory:
        """The same phones in each of the four positions; silence phones also without one, for use between words."""
        return PhoneInventory(
            tuple(tuple(_variants(group, ("", *POSITIONS))) for group in self.silence_groups),
            tuple(tuple(_variants(group, tuple(POSITIONS))) for group in self.nonsilence_groups),
            self.optional_silence,
            marks_positions=True,
        )

    def expand(self, phones: Iterable[str]) -> list[str]:
        """Phones given without positions, in all the positions that this inventory has."""
        if not self.marks_positions:
            return list(phones)
        silence = set(self.silence)
        return [
            variant
            for phone in phones
            for variant in _variants((phone,), ("", *POSITIONS) if phone in silence else POSITIONS)
        ]

    def position_questions(self) -> list[list[str]]:
        """For each position the phones in it, as questions for the tree; empty if positions are not marked."""
        if not self.marks_positions:
            return []
        nonsilence = [[phone for phone in self.nonsilence if phone.endswith(suffix)] for suffix in POSITIONS]
        bare = [group[0::5] for group in self.silence_groups]
        silence = [[f"{phone}{suffix}" for group in bare for phone in group] for suffix in ("", *POSITIONS)]
        return nonsilence + silence


def mark_positions(entry: Pronunciation, place: Place) -> list[tuple[Pronunciation, Place]]:
    """The pronunciation with the position of every phone in the word.

    A piece of a word that may both end the word and continue it gives two pronunciations, one for each case.
    """
    marked = []
    for ends in [True] * place.ends + [False] * place.continues:
        last = len(entry.phones) - 1
        phones = []
        for index, phone in enumerate(entry.phones):
            begins_word, ends_word = place.begins and index == 0, ends and index == last
            phones.append(phone + {(1, 1): "_S", (1, 0): "_B", (0, 1): "_E", (0, 0): "_I"}[begins_word, ends_word])
        marked.append((replace(entry, phones=tuple(phones)), replace(place, ends=ends, continues=not ends)))
    return marked


def _check_phones_are_listed(
    lexicon: Sequence[Pronunciation], listed: frozenset[str], source: str | PathLike[str] | None
) -> None:
    for entry in lexicon:
        for phone in entry.phones:
            if phone not in listed:
                raise DataError(
                    f"the phone {phone!r} of {entry.word!r} is not among the phones given",
                    path=source,
                    line=entry.line,
                    fix="correct the pronunciation or add the phone to the list",
                )


def _variants(group: Iterable[str], suffixes: Iterable[str]) -> list[str]:
    return [f"{phone}{suffix}" for phone in group for suffix in suffixes]
