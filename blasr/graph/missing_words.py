"""Reports of words outside the lexicon."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Final

from blasr.io.atomic import atomic_open

MISSING_WORDS_FIX: Final = (
    "add them to the lexicon (--missing-list FILE names all), or choose --missing-words drop or oov"
)
_NUM_NAMED: Final = 10


def list_missing_words(words: Sequence[str], path: str | PathLike[str] | None = None) -> str:
    """Return the first ten words, for a message, and write all of them to a file.

    Args:
        words: the missing words.
        path: a file that receives all words, one per line; None for no file.
    """
    if path is not None:
        with atomic_open(path, "w") as stream:
            stream.writelines(f"{word}\n" for word in words)
    if len(words) <= _NUM_NAMED:
        return ", ".join(words)
    return f"{', '.join(words[:_NUM_NAMED])}, ..." + (f" (all in {path})" if path is not None else "")
