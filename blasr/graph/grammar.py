"""Grammars, G: language models and word loops as acceptors of words (Kaldi's ``arpa2fst``)."""

from __future__ import annotations

import difflib
import logging
import math
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np

from blasr.errors import DataError, MismatchError
from blasr.graph.arpa_grammar import grammar_of
from blasr.graph.config import MissingWords
from blasr.graph.lang import BACKOFF, NO_WORDS, Lang
from blasr.graph.lexicon_fst import sort_arcs
from blasr.graph.missing_words import MISSING_WORDS_FIX, describe_oov_outcome, list_missing_words
from blasr.io.fst import Fst, read_fst
from blasr.io.symbols import SymbolTable, is_reserved
from blasr.lm.arpa import read_arpa
from blasr.lm.backoff_model import BEGIN, END
from blasr.lm.vocabulary import merge_words, ngrams_without
from blasr.units import EPSILON

logger = logging.getLogger(__name__)

_UNKNOWN_WORDS: Final = frozenset({"<unk>", "<UNK>"})
"""Names of the unknown word in ARPA files; a lexicon need not have them."""


def arpa_to_fst(
    arpa_path: str | PathLike[str],
    words: SymbolTable,
    *,
    missing_words: MissingWords = "error",
    unknown_word: str | None = None,
    missing_list: str | PathLike[str] | None = None,
) -> Fst:
    """Read an ARPA language model and return its G.

    Args:
        arpa_path: the model; it is decompressed if its name ends in ``.gz``.
        words: ids of the words, and of ``#0``.
        missing_words: what to do with words of the model that ``words`` lacks: refuse them ("error"), leave out their
            n-grams ("drop"), or give their probability to the unknown word ("oov", see
            :func:`~blasr.lm.vocabulary.merge_words`). Except with "error", a warning names them and counts their
            n-grams. ``<unk>`` of the model is never refused; with "drop" and "oov" it is treated like the others.
        unknown_word: with "oov", the word of ``words`` that replaces them, such as ``<UNK>``.
        missing_list: a file that receives all missing words, one per line; written only if there are any.

    Returns:
        G, see :func:`~blasr.graph.arpa_grammar.grammar_of`.

    Raises:
        FormatError: the file is not an ARPA model; the error names the line.
        DataError: words are missing; the error counts and names them.
    """
    model = read_arpa(arpa_path)
    vocabulary = [word for word in model.words if word not in (BEGIN, END)]
    missing = [word for word in vocabulary if word not in words]
    if len(missing) == len(vocabulary):
        raise DataError(
            f"none of the {len(vocabulary)} words of the language model is in the lexicon",
            path=arpa_path,
            fix="check that both spell words in the same way, including upper and lower case",
        )
    if refused := sorted(set(missing) - _UNKNOWN_WORDS):
        named = list_missing_words(refused, missing_list)
        message = f"{len(refused)} of {len(vocabulary)} words of the language model are not in the lexicon: {named}"
        if missing_words == "error":
            raise DataError(message, path=arpa_path, fix=MISSING_WORDS_FIX)
        left_out = frozenset(refused)
        is_missing = np.array([word in left_out for word in model.words])
        number = int(np.count_nonzero(~ngrams_without(model, is_missing)))
        outcome = "are left out" if missing_words == "drop" else f"become those of {unknown_word}"
        logger.warning("%s: %s; their %d n-grams of %d %s", arpa_path, message, number, sum(model.num_ngrams), outcome)
    if missing_words != "oov" and (dropped := sorted(_UNKNOWN_WORDS.intersection(missing))):
        logger.warning(
            "%s: %s is left out, since words.txt lacks it; to keep the probability of unknown words, train with "
            "blasr lm train --unknown %s",
            arpa_path,
            " and ".join(dropped),
            f"'{unknown_word}'" if unknown_word else "and the OOV word of the lang directory",
        )
    if missing_words == "oov" and missing:
        if unknown_word is None or unknown_word not in words:
            raise DataError(f"the unknown word {unknown_word!r} is not in the symbol table", path=words.path)
        logger.warning("%s: %s", arpa_path, describe_oov_outcome(unknown_word))
        model = merge_words(model, missing, unknown_word)
    return grammar_of(model, words)


def read_language_model(path: Path, words: SymbolTable) -> tuple[Fst, int | None]:
    """Read a language model: a ``G.fst`` in OpenFst's binary form, or an ARPA model under any other name.

    Args:
        path: the file. N-grams of an ARPA model with words that ``words`` lacks are left out, with a warning.
        words: ids of the words.

    Returns:
        G, and the label of its backoff arcs: the word-id of ``#0``, or None if there is no such word.

    Raises:
        FormatError: the file is neither.
        DataError: none of the words of an ARPA model is in ``words``.
        MismatchError: G has labels that are larger than all word-ids.
    """
    backoff = words.id_of(BACKOFF) if BACKOFF in words else None
    if path.suffix != ".fst":
        return arpa_to_fst(path, words, missing_words="drop"), backoff
    grammar = read_fst(path)
    largest, limit = int(grammar.ilabel.max(initial=0)), max((number for _, number in words.items()), default=0)
    if largest > limit:
        raise MismatchError(
            f"the largest word-id is {largest}, that of {words.path or 'words.txt'} is {limit}",
            path=path,
            fix="make the grammar with the words.txt of the graph",
        )
    return grammar, backoff


def unigram_loop(words: SymbolTable, vocabulary: Iterable[str] | None = None) -> Fst:
    """The grammar of any sequence of words, in which each word and the end are equally probable.

    Args:
        words: ids of the words.
        vocabulary: the words of the grammar; by default all.

    Raises:
        DataError: a word is not in ``words`` or is no word, such as ``#0``; or there are none.
    """
    chosen = [word for word in words if word not in NO_WORDS] if vocabulary is None else list(vocabulary)
    if (symbol := next(filter(is_reserved, chosen), None)) is not None:
        raise DataError(f"{symbol!r} is not a word, so it cannot be in a grammar", fix="leave it out")
    absent = [word for word in chosen if word not in words]
    if absent:
        near = difflib.get_close_matches(absent[0], [word for word in words if word not in NO_WORDS], n=1)
        raise DataError(
            f"the word {absent[0]!r} is not in the lexicon",
            path=words.path,
            fix=f"did you mean {near[0]}?" if near else "add it to the lexicon, or leave it out",
        )
    labels = sorted({words.id_of(word) for word in chosen})
    if not labels:
        raise DataError("a grammar needs at least one word")
    cost = math.log(len(labels) + 1)
    zeros = np.zeros(len(labels))
    return Fst.from_arcs(0, [cost], zeros, labels, labels, zeros + cost, zeros)


def read_grammar(path: str | PathLike[str], lang: Lang) -> Fst:
    """Read a ``G.fst`` in OpenFst's binary form and check it against a lang directory.

    Returns:
        G with its arcs sorted by input label.

    Raises:
        FormatError: the file is not a transducer.
        MismatchError: it has labels that are not words of the lexicon, or accepts nothing.
    """
    grammar = sort_arcs(read_fst(path), by="ilabel")
    check_grammar(grammar, lang, path=path)
    return grammar


def check_grammar(grammar: Fst, lang: Lang, *, path: str | PathLike[str] | None = None) -> None:
    """Check that the words of a grammar have a pronunciation and that it accepts something.

    Args:
        grammar: G.
        lang: the lang directory.
        path: the file of the grammar, for errors.

    Raises:
        MismatchError: labels are not words of the lexicon (the error names them), or there is no final state.
    """
    known = {EPSILON, lang.words.id_of(BACKOFF), *lang.spoken_word_ids}
    unknown = [label for label in np.unique(grammar.ilabel).tolist() if label not in known]
    if unknown:
        names = {number: word for word, number in lang.words.items()}
        named = ", ".join(f"{label} ({names.get(label, 'not in words.txt')})" for label in unknown[:10])
        raise MismatchError(
            f"the grammar has {len(unknown)} labels that are not words of the lexicon of {lang.path}: {named}",
            path=path,
            fix="make the grammar with the words.txt of this lang directory",
        )
    if not np.isfinite(grammar.final).any():
        raise MismatchError("the grammar accepts nothing: it has no final state", path=path)
