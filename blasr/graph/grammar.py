"""Grammars, G: language models and word loops as acceptors of words (Kaldi's ``arpa2fst``, through kaldilm)."""

from __future__ import annotations

import gzip
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import Final, Literal

import numpy as np

from blasr.errors import DataError, FormatError, MismatchError
from blasr.graph.lang import BACKOFF, Lang
from blasr.graph.language_model import BEGIN, END, estimate_arpa
from blasr.graph.lexicon_fst import sort_arcs
from blasr.io.fst import Fst, read_fst
from blasr.io.symbols import EPSILON_SYMBOL, SymbolTable
from blasr.units import EPSILON

__all__ = ["arpa_to_fst", "arpa_vocabulary", "estimate_arpa", "read_grammar", "spoken_words", "unigram_loop"]

_NO_WORDS: Final = frozenset({EPSILON_SYMBOL, BACKOFF, BEGIN, END})
_UNKNOWN_WORDS: Final = frozenset({"<unk>", "<UNK>"})
# kaldilm ends the whole process on a malformed file and writes to stderr as it likes: it gets a process of its own
_ARPA2FST: Final = (
    "import sys, kaldilm; "
    "kaldilm.arpa2fst(sys.argv[1], sys.argv[2], disambig_symbol='#0', read_symbol_table=sys.argv[3])"
)
_KALDILM_ERROR: Final = re.compile(r"\[E\] line (\d+) \[.*?\]: (.*)")


def arpa_to_fst(
    arpa_path: str | PathLike[str], words: SymbolTable, *, missing_words: Literal["error", "drop"] = "error"
) -> Fst:
    """G of an ARPA language model, ``#0`` on the input side of its backoff arcs, sorted by input label.

    Args:
        arpa_path: the model; a name in .gz is decompressed.
        words: ids of the words, and of ``#0``, ``<s>`` and ``</s>``.
        missing_words: what to do about words of the model that ``words`` lacks: refuse, or leave out their n-grams.
            The model's own unknown word, ``<unk>``, is always left out where ``words`` lacks it.

    Raises:
        FormatError: the file is no ARPA model, with the line at fault.
        DataError: words are missing; they are counted and named.
    """
    vocabulary = arpa_vocabulary(arpa_path)
    missing = sorted(word for word in vocabulary if word not in words and word not in _UNKNOWN_WORDS)
    if missing and missing_words == "error":
        named = ", ".join(missing[:10]) + (", ..." if len(missing) > 10 else "")
        raise DataError(
            f"{len(missing)} of {len(vocabulary)} words of the language model are not in the lexicon: {named}",
            path=arpa_path,
            fix="add them to the lexicon, or leave out their n-grams with --missing-words drop",
        )
    if not any(word in words for word in vocabulary):
        raise DataError(
            f"none of the {len(vocabulary)} words of the language model is in the lexicon",
            path=arpa_path,
            fix="check that both are spelt alike, upper and lower case included",
        )
    with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
        words.write(Path(folder, "words.txt"))
        source = Path(arpa_path)
        if source.suffix == ".gz":
            source = Path(folder, "lm.arpa")
            source.write_text("\n".join(_lines(arpa_path)), encoding="utf-8", errors="surrogateescape")
        done = subprocess.run(
            [sys.executable, "-c", _ARPA2FST, str(source), f"{folder}/G.fst", f"{folder}/words.txt"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            line, message = _kaldilm_error(done.stderr)
            raise FormatError(f"not an ARPA language model: {message}", path=arpa_path, line=line)
        return read_fst(f"{folder}/G.fst")


def _kaldilm_error(stderr: str) -> tuple[int | None, str]:
    found = _KALDILM_ERROR.search(stderr)
    if found:
        return int(found[1]), found[2].strip()
    lines = stderr.strip().splitlines()
    return None, lines[-1] if lines else "kaldilm gave no reason"


def arpa_vocabulary(arpa_path: str | PathLike[str]) -> frozenset[str]:
    """Words of an ARPA model's unigrams, without ``<s>`` and ``</s>``; :class:`FormatError` if it has none."""
    words = set()
    inside = False
    for line in _lines(arpa_path):
        text = line.strip()
        if text.startswith("\\"):
            if inside:
                break
            inside = text == "\\1-grams:"
        elif inside and len(fields := text.split()) >= 2:
            words.add(fields[1])
    words -= {BEGIN, END}
    if not words:
        raise FormatError("not an ARPA language model: it has no words in a \\1-grams: section", path=arpa_path)
    return frozenset(words)


def _lines(path: str | PathLike[str]) -> Iterator[str]:
    source = Path(path)
    try:
        with gzip.open(source) if source.suffix == ".gz" else source.open("rb") as stream:
            for line in stream:
                yield line.decode("utf-8", "surrogateescape").rstrip("\n")
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FormatError(f"the language model cannot be read: {reason}", path=path, fix="check the path") from None


def spoken_words(lang: Lang) -> list[str]:
    """Words that have a pronunciation, in the order of words.txt."""
    spoken = set(np.unique(lang.lexicon_fst.olabel).tolist())
    return [word for word, number in lang.words.items() if number in spoken and word not in _NO_WORDS]


def unigram_loop(words: SymbolTable, vocabulary: Iterable[str] | None = None) -> Fst:
    """The grammar of any sequence of words, each word and the end equally probable.

    Args:
        words: ids of the words.
        vocabulary: the words allowed; by default all.

    Raises:
        DataError: a word is not in ``words``, or there are none.
    """
    chosen = [word for word in words if word not in _NO_WORDS] if vocabulary is None else vocabulary
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
    known: Collection[int] = {EPSILON, lang.words.id_of(BACKOFF), *np.unique(lang.lexicon_fst.olabel).tolist()}
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
