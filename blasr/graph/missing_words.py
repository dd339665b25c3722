"""Reports of words outside the lexicon."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Final

from blasr.io.atomic import atomic_open

MISSING_WORDS_FIX: Final = (
    "add them to the lexicon (--missing-list FILE names all), or choose --missing-words drop; oov is rarely better"
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


def describe_oov_outcome(unknown_word: str) -> str:
    """Return what ``--missing-words oov`` means for the recognizer, and what to try first."""
    return (
        f"with --missing-words oov the recognizer can output {unknown_word} wherever these words are likely, which "
        "often costs accuracy; try --missing-words drop first (what Kaldi's remove_oovs.pl does)"
    )
