"""Symbol tables: ``phones.txt`` and ``words.txt``, with a ``symbol id`` pair on every line, as OpenFst writes them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Self

from blasr.errors import DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.io.text_lines import read_fields

EPSILON_SYMBOL: Final = "<eps>"
"""The symbol with the id 0."""

RESERVED_FIX: Final = "remove it, or spell it in another way"
"""What to do about a reserved word in a text, a lexicon or a language model."""

_RESERVED: Final = re.compile(r"<eps>|#[0-9]+")


def is_reserved(word: str) -> bool:
    """Whether a word has another meaning in graphs: ``<eps>`` is no word, and ``#0``, ``#1``, ... disambiguate."""
    return word[:1] in "#<" and _RESERVED.fullmatch(word) is not None


def describe_reserved(word: str) -> str:
    """Return the sentence of an error about a reserved word."""
    meaning = "it means that there is no word" if word == EPSILON_SYMBOL else "it is a disambiguation symbol of graphs"
    return f"{word!r} is reserved: {meaning}"


class SymbolTable:
    """A one-to-one map of symbols to ids. Id 0 is epsilon if the table has it.

    Args:
        ids: the id of every symbol. :meth:`write` keeps their order.
        path: the file to name in errors.

    Raises:
        DataError: two symbols have the same id.
    """

    def __init__(self, ids: Mapping[str, int], path: str | os.PathLike[str] | None = None) -> None:
        self.path = path
        self._ids = dict(ids)
        self._symbols = {number: symbol for symbol, number in self._ids.items()}
        if len(self._symbols) < len(self._ids):
            repeated = next(symbol for symbol, number in self._ids.items() if self._symbols[number] != symbol)
            number = self._ids[repeated]
            raise DataError(f"symbols {repeated!r} and {self._symbols[number]!r} share the id {number}", path=path)

    @classmethod
    def from_symbols(cls, symbols: Iterable[str]) -> Self:
        """Number symbols from 0 in their order, after ``<eps>``, which is inserted if it does not come first.

        Raises:
            DataError: a symbol appears twice, is empty or contains white space.
        """
        ordered = list(symbols)
        if ordered[:1] != [EPSILON_SYMBOL]:
            ordered.insert(0, EPSILON_SYMBOL)
        ids: dict[str, int] = {}
        for symbol in ordered:
            if symbol in ids:
                raise DataError(f"the symbol {symbol!r} appears twice")
            if not symbol or symbol.split() != [symbol]:
                raise DataError(f"{symbol!r} is not a symbol: it is empty or contains white space")
            ids[symbol] = len(ids)
        return cls(ids)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read a symbol table.

        Raises:
            FormatError: the file cannot be read or is empty, or a line is not a new symbol and a new id.
        """
        ids: dict[str, int] = {}
        line_of: dict[int, int] = {}
        for number, fields in read_fields(path, fix="give the path of a symbol table, such as words.txt"):
            if len(fields) != 2 or not (fields[1].isascii() and fields[1].isdigit()):
                raise FormatError(f"expected a symbol and its id, found {' '.join(fields)!r}", path=path, line=number)
            symbol, symbol_id = fields[0], int(fields[1])
            if symbol in ids:
                raise FormatError(f"the symbol {symbol!r} appears a second time", path=path, line=number)
            if symbol_id in line_of:
                first = line_of[symbol_id]
                raise FormatError(f"the id {symbol_id} is already used on line {first}", path=path, line=number)
            ids[symbol] = symbol_id
            line_of[symbol_id] = number
        if not ids:
            raise FormatError("the symbol table is empty", path=path)
        return cls(ids, path)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write one line ``symbol id`` per symbol."""
        with atomic_open(path, "w") as stream:
            stream.writelines(f"{symbol} {number}\n" for symbol, number in self._ids.items())

    def id_of(self, symbol: str) -> int:
        """The id of a symbol; :class:`DataError` if the table lacks it."""
        try:
            return self._ids[symbol]
        except KeyError:
            raise DataError(f"the symbol {symbol!r} is not in the symbol table", path=self.path) from None

    def symbol_of(self, number: int) -> str:
        """The symbol of an id; :class:`DataError` if the table lacks it."""
        try:
            return self._symbols[number]
        except KeyError:
            raise DataError(f"the id {number} is not in the symbol table", path=self.path) from None

    def items(self) -> Iterator[tuple[str, int]]:
        """Symbols and their ids in the order of the file."""
        return iter(self._ids.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SymbolTable) and self._ids == other._ids

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"SymbolTable({len(self)} symbols{f' of {self.path}' if self.path else ''})"
