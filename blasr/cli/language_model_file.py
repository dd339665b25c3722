"""Language models named on the command line: G.fst or an ARPA model."""

from __future__ import annotations

from pathlib import Path

from blasr.errors import MismatchError
from blasr.graph.grammar import arpa_to_fst
from blasr.io.fst import Fst, read_fst
from blasr.io.symbols import SymbolTable


def read_language_model(path: Path, words: SymbolTable) -> tuple[Fst, int | None]:
    """G, and the label that its arcs for backing off have: the word-id of ``#0``, or None where there is no such word.

    A name in .fst is an OpenFst binary file; all others are ARPA models, whose n-grams of words that ``words`` lacks
    are left out, with a warning.

    Raises:
        FormatError: the file is neither.
        MismatchError: G has labels beyond the words.
    """
    backoff = words.id_of("#0") if "#0" in words else None
    if path.suffix != ".fst":
        return arpa_to_fst(path, words, missing_words="drop"), backoff
    grammar = read_fst(path)
    largest, highest = int(grammar.ilabel.max(initial=0)), max((number for _, number in words.items()), default=0)
    if largest > highest:
        raise MismatchError(
            f"the largest word-id is {largest}, that of {words.path or 'words.txt'} is {highest}",
            path=path,
            fix="make the grammar with the words.txt of the graph",
        )
    return grammar, backoff
