"""Texts in pieces of words, and lexicons of spelled words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from os import PathLike

from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.lexicon.pronunciations import Pronunciation
from blasr.lexicon.subwords import spell
from blasr.lexicon.subwords_dir import SubwordsDir
from blasr.lexicon.word_pieces import WHOLE_WORDS


@dataclass(slots=True)
class PieceCounts:
    """Numbers of words and pieces of a text.

    Attributes:
        num_words: words.
        num_pieces: pieces.
        unspelled: the words with letters that no piece has, and how often each occurs.
    """

    num_words: int = 0
    num_pieces: int = 0
    unspelled: Counter[str] = field(default_factory=Counter)


def split_text(
    sentences: Iterable[Sequence[str]],
    subwords: SubwordsDir,
    out: str | PathLike[str],
    *,
    unknown: str | None = None,
    utterance_ids: bool = False,
) -> PieceCounts:
    """Write a text of words as a text of pieces.

    Args:
        sentences: the words of each line.
        subwords: the pieces.
        out: the file to write; it appears only if there is no error.
        unknown: the whole word that replaces a word with letters that no piece has; None if that is an error.
        utterance_ids: whether each line begins with an utterance-id, which is copied.

    Raises:
        DataError: a word has letters that no piece has, or ``unknown`` is not among the whole words.
    """
    if unknown is not None and unknown not in subwords.whole:
        raise DataError(
            f"{unknown!r} is not in {WHOLE_WORDS}", path=subwords.path, fix="train with a --whole lexicon that has it"
        )
    model, known = subwords.model(), subwords.pieces | subwords.whole
    counts = PieceCounts()
    with atomic_open(out, "w") as file:
        for fields in sentences:
            line, words = (list(fields[:1]), fields[1:]) if utterance_ids else ([], fields)
            for word in words:
                pieces = model.split([word])
                if not known.issuperset(pieces):
                    counts.unspelled[word] += 1
                    pieces = pieces if unknown is None else [unknown]
                line += pieces
                counts.num_pieces += len(pieces)
            counts.num_words += len(words)
            file.write(" ".join(line) + "\n")
        if counts.unspelled and unknown is None:
            raise DataError(
                describe_unspelled(counts.unspelled), fix="train on text with these letters, or choose an --unknown"
            )
    return counts


def describe_unspelled(words: Counter[str]) -> str:
    """Return one sentence about words with letters that no piece has; it names the ten most frequent."""
    named = ", ".join(word for word, _ in words.most_common(10)) + (", ..." if len(words) > 10 else "")
    return f"{len(words)} words have letters without a piece, {words.total()} times in all: {named}"


def write_spelled_lexicon(words: Iterable[str], out: str | PathLike[str], whole: Sequence[Pronunciation]) -> int:
    """Write a lexicon in which the phones of a word are its letters; return the number of words spelled.

    Args:
        words: the words, in any order and any number of times.
        out: the lexicon.
        whole: words that are not spelled; they come first.

    Raises:
        DataError: there are no words to spell.
    """
    spelled = sorted(set(words) - {entry.word for entry in whole})
    if not spelled:
        raise DataError("the text has no words to spell")
    with atomic_open(out, "w") as file:
        file.writelines(f"{entry.word} {' '.join(entry.phones)}\n" for entry in whole)
        file.writelines(f"{word} {' '.join(spell(word))}\n" for word in spelled)
    return len(spelled)
