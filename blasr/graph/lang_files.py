"""The phones of a lang directory and its text files (``phones/*.txt``, ``.int``, ``.csl``, ``oov.*``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Final, Self

from blasr.errors import DataError
from blasr.graph.lexicon_fst import Place
from blasr.io.symbols import EPSILON_SYMBOL, SymbolTable
from blasr.lexicon.pronunciations import Pronunciation

_POSITIONS: Final = {"_B": "begin", "_E": "end", "_I": "internal", "_S": "singleton"}
"""Suffix of a phone by its place in the word, and Kaldi's name for that place, in the order of ``sets.txt``."""

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class PhoneInventory:
    """The phones, those that share their statistics (variants of one phone) together.

    Attributes:
        silence_groups: silence and noise.
        nonsilence_groups: the others.
        optional_silence: the silence that may stand between words.
        marks_positions: whether the phones carry ``_B``, ``_I``, ``_E`` or ``_S``.
    """

    silence_groups: Groups
    nonsilence_groups: Groups
    optional_silence: str
    marks_positions: bool = False

    @classmethod
    def of_lexicon(
        cls,
        lexicon: Sequence[Pronunciation],
        silence_phones: Sequence[str],
        nonsilence_phones: Sequence[Sequence[str]] | None,
        optional_silence: str,
        source: str | PathLike[str] | None,
    ) -> Self:
        """The phones as given, checked against the lexicon read from ``source``; see :func:`make_lang`."""
        silence = tuple(silence_phones)
        if nonsilence_phones is None:
            found = {phone for entry in lexicon for phone in entry.phones}
            nonsilence: Groups = tuple((phone,) for phone in sorted(found - set(silence), key=str.encode))
        else:
            nonsilence = tuple(tuple(group) for group in nonsilence_phones)
        everything = [*silence, *(phone for group in nonsilence for phone in group)]
        doubled = next((phone for phone in everything if everything.count(phone) > 1), None)
        if doubled is not None:
            raise DataError(f"the phone {doubled!r} is listed twice among the silence and other phones")
        if optional_silence not in silence:
            raise DataError(
                f"the optional silence {optional_silence!r} is not a silence phone ({', '.join(silence)})",
                fix="list it among the silence phones or name another",
            )
        for entry in lexicon:
            for phone in entry.phones:
                if phone not in everything:
                    raise DataError(
                        f"the phone {phone!r} of {entry.word!r} is not among the phones given",
                        path=source,
                        line=entry.line,
                        fix="correct the pronunciation or add the phone to the list",
                    )
        if not nonsilence:
            raise DataError("every phone of the lexicon is a silence phone", path=source)
        return cls(tuple((phone,) for phone in silence), nonsilence, optional_silence)

    @property
    def silence(self) -> list[str]:
        """All silence phones."""
        return [phone for group in self.silence_groups for phone in group]

    @property
    def nonsilence(self) -> list[str]:
        """All other phones."""
        return [phone for group in self.nonsilence_groups for phone in group]

    def position_dependent(self) -> PhoneInventory:
        """The same phones, each in its four positions; silences also without one, as between words."""
        return PhoneInventory(
            tuple(tuple(self._variants(group, ("", *_POSITIONS))) for group in self.silence_groups),
            tuple(tuple(self._variants(group, tuple(_POSITIONS))) for group in self.nonsilence_groups),
            self.optional_silence,
            marks_positions=True,
        )

    @staticmethod
    def _variants(group: Iterable[str], suffixes: Iterable[str]) -> list[str]:
        return [f"{phone}{suffix}" for phone in group for suffix in suffixes]

    @staticmethod
    def mark_positions(entry: Pronunciation, place: Place) -> list[tuple[Pronunciation, Place]]:
        """The pronunciation with every phone's position in the word; for a piece, where its word ends and goes on."""
        marked = []
        for ends in [True] * place.ends + [False] * place.continues:
            last = len(entry.phones) - 1
            phones = []
            for index, phone in enumerate(entry.phones):
                begins_word, ends_word = place.begins and index == 0, ends and index == last
                phones.append(phone + {(1, 1): "_S", (1, 0): "_B", (0, 1): "_E", (0, 0): "_I"}[begins_word, ends_word])
            marked.append((replace(entry, phones=tuple(phones)), replace(place, ends=ends, continues=not ends)))
        return marked

    def expand(self, phones: Iterable[str]) -> list[str]:
        """Phones as the user knows them, in all the positions that this inventory has."""
        if not self.marks_positions:
            return list(phones)
        silence = set(self.silence)
        return [
            variant
            for phone in phones
            for variant in self._variants((phone,), ("", *_POSITIONS) if phone in silence else _POSITIONS)
        ]

    def position_questions(self) -> list[list[str]]:
        """Phones of one position each, for the tree to ask for; none where positions are not marked."""
        if not self.marks_positions:
            return []
        nonsilence = [[phone for phone in self.nonsilence if phone.endswith(suffix)] for suffix in _POSITIONS]
        bare = [group[0::5] for group in self.silence_groups]
        silence = [[f"{phone}{suffix}" for group in bare for phone in group] for suffix in ("", *_POSITIONS)]
        return nonsilence + silence


def lang_texts(
    inventory: PhoneInventory,
    lexicon: Sequence[Pronunciation],
    phones: SymbolTable,
    words: SymbolTable,
    disambig: Sequence[str],
    oov: str,
    extra_questions: Sequence[Sequence[str]] | None,
) -> dict[str, str]:
    """Name and content of every text file that ``prepare_lang.sh`` derives from the lexicon, beside the symbol tables.

    Args:
        inventory: the phones, positions marked where they shall be.
        lexicon: pronunciations in these phones.
        phones, words: their ids.
        disambig: the disambiguation symbols.
        oov: the word for unknown words.
        extra_questions: phones as the user knows them, or None for the silence and the other phones.
    """
    groups = [*inventory.silence_groups, *inventory.nonsilence_groups]
    questions = _questions(inventory, extra_questions)
    texts = {"oov.txt": f"{oov}\n", "oov.int": f"{words.id_of(oov)}\n"}
    for name, symbols in {
        "silence": inventory.silence,
        "nonsilence": inventory.nonsilence,
        "optional_silence": [inventory.optional_silence],
        "context_indep": inventory.silence,
        "disambig": disambig,
    }.items():
        numbers = [str(phones.id_of(symbol)) for symbol in symbols]
        texts[f"phones/{name}.txt"] = _text([[symbol] for symbol in symbols])
        texts[f"phones/{name}.int"] = _text([[number] for number in numbers])
        texts[f"phones/{name}.csl"] = ":".join(numbers) + "\n"
    for name, rows in (("sets", groups), ("extra_questions", questions)):
        texts[f"phones/{name}.txt"] = _text(rows)
        texts[f"phones/{name}.int"] = _text([_numbers(row, phones) for row in rows])
    texts["phones/roots.txt"] = _text([["shared", "split", *group] for group in groups])
    texts["phones/roots.int"] = _text([["shared", "split", *_numbers(group, phones)] for group in groups])
    texts["phones/wdisambig.txt"] = f"{disambig[0]}\n"
    texts["phones/wdisambig_phones.int"] = f"{phones.id_of(disambig[0])}\n"
    texts["phones/wdisambig_words.int"] = f"{words.id_of(disambig[0])}\n"
    if inventory.marks_positions:
        places = [(phone, _place(phone)) for phone in [*inventory.silence, *inventory.nonsilence]]
        texts["phones/word_boundary.txt"] = _text(places)
        texts["phones/word_boundary.int"] = _text([(str(phones.id_of(phone)), place) for phone, place in places])
    align = {(entry.word, entry.word, *entry.phones) for entry in lexicon}
    align.add((EPSILON_SYMBOL, EPSILON_SYMBOL, inventory.optional_silence))
    rows = sorted(align, key=lambda row: " ".join(row).encode())
    texts["phones/align_lexicon.txt"] = _text(rows)
    texts["phones/align_lexicon.int"] = _text([[*_numbers(row[:2], words), *_numbers(row[2:], phones)] for row in rows])
    return texts


def _questions(inventory: PhoneInventory, extra: Sequence[Sequence[str]] | None) -> list[list[str]]:
    asked = [inventory.silence, inventory.nonsilence] if extra is None else [inventory.expand(row) for row in extra]
    known = {*inventory.silence, *inventory.nonsilence}
    unknown = next((phone for row in asked for phone in row if phone not in known), None)
    if unknown is not None:
        raise DataError(f"an extra question asks for the phone {unknown!r}, which is not among the phones")
    return asked + inventory.position_questions()


def _place(phone: str) -> str:
    return _POSITIONS.get(phone[-2:], "nonword")


def _numbers(symbols: Iterable[str], table: SymbolTable) -> list[str]:
    return [str(table.id_of(symbol)) for symbol in symbols]


def _text(rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"{' '.join(row)}\n" for row in rows)
