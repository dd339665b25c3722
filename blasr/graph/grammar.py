"""Grammars, G: language models and word loops as acceptors of words (Kaldi's ``arpa2fst``)."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterable, Sequence
from os import PathLike
from typing import Final, Literal

import numpy as np

from blasr.errors import DataError, MismatchError
from blasr.graph.arpa_grammar import grammar_of
from blasr.graph.lang import BACKOFF, NO_WORDS, Lang
from blasr.graph.lexicon_fst import sort_arcs
from blasr.io.atomic import atomic_open
from blasr.io.fst import Fst, read_fst
from blasr.io.symbols import SymbolTable
from blasr.lm.arpa import read_arpa
from blasr.lm.backoff_model import BEGIN, END
from blasr.lm.vocabulary import merge_words, ngrams_without
from blasr.units import EPSILON

__all__ = [
    "arpa_to_fst",
    "arpa_vocabulary",
    "name_words",
    "read_grammar",
    "unigram_loop",
]

_UNKNOWN_WORDS: Final = frozenset({"<unk>", "<UNK>"})
_LOG: Final = logging.getLogger(__name__)


def arpa_to_fst(
    arpa_path: str | PathLike[str],
    words: SymbolTable,
    *,
    missing_words: Literal["error", "drop", "oov"] = "error",
    unknown_word: str | None = None,
    missing_list: str | PathLike[str] | None = None,
) -> Fst:
    """G of an ARPA language model, ``#0`` on the input side of its backoff arcs, sorted by input label.

    Args:
        arpa_path: the model; a name in .gz is decompressed.
        words: ids of the words, and of ``#0``.
        missing_words: what to do about words of the model that ``words`` lacks: refuse; leave out their n-grams; or
            give what they have together to the unknown word (:func:`~blasr.lm.vocabulary.merge_words`). Which they
            are, and of how many n-grams, is told in a warning. The model's own ``<unk>`` is no missing word, and
            treated like the others.
        unknown_word: the word of ``words`` that stands for them with "oov", as ``<UNK>``.
        missing_list: a file that receives all of them, one a line; written where there are any.

    Raises:
        FormatError: the file is no ARPA model, with the line at fault.
        DataError: words are missing; they are counted and named.
    """
    model = read_arpa(arpa_path)
    vocabulary = [word for word in model.words if word not in (BEGIN, END)]
    missing = [word for word in vocabulary if word not in words]
    if len(missing) == len(vocabulary):
        raise DataError(
            f"none of the {len(vocabulary)} words of the language model is in the lexicon",
            path=arpa_path,
            fix="check that both are spelt alike, upper and lower case included",
        )
    if unspoken := sorted(set(missing) - _UNKNOWN_WORDS):
        named = name_words(unspoken, missing_list)
        message = f"{len(unspoken)} of {len(vocabulary)} words of the language model are not in the lexicon: {named}"
        if missing_words == "error":
            raise DataError(
                message,
                path=arpa_path,
                fix="add them to the lexicon (--missing-list FILE names all), or choose --missing-words drop or oov",
            )
        gone = frozenset(unspoken)
        left_out = np.array([word in gone for word in model.words])
        number = int(np.count_nonzero(~ngrams_without(model, left_out)))
        kept = "are left out" if missing_words == "drop" else f"become those of {unknown_word}"
        _LOG.warning("%s: %s; their %d n-grams of %d %s", arpa_path, message, number, sum(model.num_ngrams), kept)
    if missing_words == "oov" and missing:
        if unknown_word is None or unknown_word not in words:
            raise DataError(f"the unknown word {unknown_word!r} is not in the symbol table", path=words.path)
        model = merge_words(model, missing, unknown_word)
    return grammar_of(model, words)


def name_words(words: Sequence[str], path: str | PathLike[str] | None) -> str:
    """The first ten of the words, and where to find the others: in the file, which receives all, one a line."""
    if path is not None:
        with atomic_open(path, "w") as stream:
            stream.writelines(f"{word}\n" for word in words)
    if len(words) <= 10:
        return ", ".join(words)
    return f"{', '.join(words[:10])}, ..." + (f" (all in {path})" if path is not None else "")


def arpa_vocabulary(arpa_path: str | PathLike[str]) -> frozenset[str]:
    """Words of an ARPA model's unigrams, without ``<s>`` and ``</s>``; :class:`FormatError` if it is none."""
    return frozenset(read_arpa(arpa_path).words) - {BEGIN, END}


def unigram_loop(words: SymbolTable, vocabulary: Iterable[str] | None = None) -> Fst:
    """The grammar of any sequence of words, each word and the end equally probable.

    Args:
        words: ids of the words.
        vocabulary: the words allowed; by default all.

    Raises:
        DataError: a word is not in ``words``, or there are none.
    """
    chosen = [word for word in words if word not in NO_WORDS] if vocabulary is None else vocabulary
    labels = sorted({words.id_of(word) for word in chosen})
    if not labels:
        raise DataError("a grammar needs at least one word")
    cost = math.log(len(labels) + 1)
    zeros = np.zeros(len(labels))
    return Fst.from_arcs(0, [cost], zeros, labels, labels, zeros + cost, zeros)


def read_grammar(path: str | PathLike[str], lang: Lang) -> Fst:
    """A ``G.fst`` in OpenFst's binary form, checked against the lang directory and sorted by input label.

    Raises:
        FormatError: the file is no transducer.
        MismatchError: it has labels that are no words of the lexicon.
    """
    grammar = sort_arcs(read_fst(path), by="ilabel")
    check_grammar(grammar, lang, path=path)
    return grammar


def check_grammar(grammar: Fst, lang: Lang, *, path: str | PathLike[str] | None = None) -> None:
    """Raise :class:`MismatchError` if the grammar's words have no pronunciation, or it has none."""
    known: Collection[int] = {EPSILON, lang.words.id_of(BACKOFF), *lang.spoken_word_ids}
    unknown = [label for label in np.unique(grammar.ilabel).tolist() if label not in known]
    if unknown:
        names = {number: word for word, number in lang.words.items()}
        named = ", ".join(f"{label} ({names.get(label, 'not in words.txt')})" for label in unknown[:10])
        raise MismatchError(
            f"the grammar has {len(unknown)} labels that are no words of the lexicon of {lang.path}: {named}",
            path=path,
            fix="make the grammar with the words.txt of this lang directory",
        )
    if not np.isfinite(grammar.final).any():
        raise MismatchError("the grammar accepts nothing: it has no final state", path=path)
