"""The text files of a lang directory (``phones/*.txt``, ``.int``, ``.csl``, ``oov.*``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from blasr.errors import DataError
from blasr.graph.phone_inventory import POSITIONS, PhoneInventory
from blasr.io.symbols import EPSILON_SYMBOL, SymbolTable
from blasr.io.text_lines import read_fields
from blasr.lexicon.pronunciations import Pronunciation


@dataclass(frozen=True)
class LangSymbols:
    """The symbols of a lang directory.

    Attributes:
        inventory: the phones, in all their positions if positions are marked.
        disambig: the disambiguation symbols ``#0``, ``#1``, ...: the first is for the grammar, the last for the
            optional silence.
        phones: ids of phones (from 1) and, after them, of disambiguation symbols.
        words: ids of words (from 1), ``#0``, ``<s>`` and ``</s>``.
        oov: the word that replaces unknown words.
    """

    inventory: PhoneInventory
    disambig: tuple[str, ...]
    phones: SymbolTable
    words: SymbolTable
    oov: str


def lang_texts(
    symbols: LangSymbols, lexicon: Sequence[Pronunciation], extra_questions: Sequence[Sequence[str]] | None = None
) -> dict[str, str]:
    """Name and content of every text file that ``prepare_lang.sh`` derives from the lexicon, except symbol tables.

    Args:
        symbols: phones and words.
        lexicon: pronunciations in these phones.
        extra_questions: groups of phones without positions; None for the silence phones and the other phones.

    Raises:
        DataError: an extra question contains an unknown phone.
    """
    inventory, phones, words = symbols.inventory, symbols.phones, symbols.words
    texts = {"oov.txt": f"{symbols.oov}\n", "oov.int": f"{words.id_of(symbols.oov)}\n"}
    for name, listed in {
        "silence": inventory.silence,
        "nonsilence": inventory.nonsilence,
        "optional_silence": [inventory.optional_silence],
        "context_indep": inventory.silence,
        "disambig": symbols.disambig,
    }.items():
        numbers = [str(phones.id_of(symbol)) for symbol in listed]
        texts[f"phones/{name}.txt"] = _text([[symbol] for symbol in listed])
        texts[f"phones/{name}.int"] = _text([[number] for number in numbers])
        texts[f"phones/{name}.csl"] = ":".join(numbers) + "\n"
    texts |= _tree_texts(inventory, phones, _questions(inventory, extra_questions))
    backoff = symbols.disambig[0]
    texts["phones/wdisambig.txt"] = f"{backoff}\n"
    texts["phones/wdisambig_phones.int"] = f"{phones.id_of(backoff)}\n"
    texts["phones/wdisambig_words.int"] = f"{words.id_of(backoff)}\n"
    if inventory.marks_positions:
        positions = [(phone, _position(phone)) for phone in [*inventory.silence, *inventory.nonsilence]]
        texts["phones/word_boundary.txt"] = _text(positions)
        texts["phones/word_boundary.int"] = _text([(str(phones.id_of(phone)), name) for phone, name in positions])
    return texts | _align_lexicon_texts(symbols, lexicon)


def read_phone_groups(path: Path) -> list[list[str]]:
    """Read groups of phones, one group on each line; empty lines are skipped.

    Raises:
        FormatError: the file cannot be read or is not UTF-8.
        DataError: it lists no phones.
    """
    groups = [fields for _, fields in read_fields(path)]
    if not groups:
        raise DataError("the list of phones is empty", path=path)
    return groups


def _tree_texts(inventory: PhoneInventory, phones: SymbolTable, questions: Sequence[Sequence[str]]) -> dict[str, str]:
    """The files that tree building reads: ``sets``, ``extra_questions`` and ``roots``."""
    groups = [*inventory.silence_groups, *inventory.nonsilence_groups]
    texts = {}
    for name, rows in (("sets", groups), ("extra_questions", questions)):
        texts[f"phones/{name}.txt"] = _text(rows)
        texts[f"phones/{name}.int"] = _text([_numbers(row, phones) for row in rows])
    texts["phones/roots.txt"] = _text([["shared", "split", *group] for group in groups])
    texts["phones/roots.int"] = _text([["shared", "split", *_numbers(group, phones)] for group in groups])
    return texts


def _align_lexicon_texts(symbols: LangSymbols, lexicon: Sequence[Pronunciation]) -> dict[str, str]:
    """``align_lexicon``: the pronunciation of every word, from which a lattice's word times are found."""
    align = {(entry.word, entry.word, *entry.phones) for entry in lexicon}
    align.add((EPSILON_SYMBOL, EPSILON_SYMBOL, symbols.inventory.optional_silence))
    rows = sorted(align, key=lambda row: " ".join(row).encode())
    numbers = [[*_numbers(row[:2], symbols.words), *_numbers(row[2:], symbols.phones)] for row in rows]
    return {"phones/align_lexicon.txt": _text(rows), "phones/align_lexicon.int": _text(numbers)}


def _questions(inventory: PhoneInventory, extra: Sequence[Sequence[str]] | None) -> list[list[str]]:
    asked = [inventory.silence, inventory.nonsilence] if extra is None else [inventory.expand(row) for row in extra]
    known = {*inventory.silence, *inventory.nonsilence}
    unknown = next((phone for row in asked for phone in row if phone not in known), None)
    if unknown is not None:
        raise DataError(f"an extra question has the phone {unknown!r}, which is not among the phones")
    return asked + inventory.position_questions()


def _position(phone: str) -> str:
    return POSITIONS.get(phone[-2:], "nonword")


def _numbers(symbols: Iterable[str], table: SymbolTable) -> list[str]:
    return [str(table.id_of(symbol)) for symbol in symbols]


def _text(rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"{' '.join(row)}\n" for row in rows)
