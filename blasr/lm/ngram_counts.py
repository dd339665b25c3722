"""Counts of n-grams, order by order; only the counts and one block of the text are in memory."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from blasr.errors import ConfigError, DataError
from blasr.io.atomic import writing
from blasr.io.symbols import RESERVED_FIX, describe_reserved, is_reserved
from blasr.lm.backoff_model import BEGIN, END, MISSING, Nodes
from blasr.units import IntArray

MAX_ORDER: Final = 5
_BLOCK_WORDS: Final = 1 << 21
_SENTENCES_AT_ONCE: Final = 4096


@dataclass(frozen=True)
class NGramCounts:
    """The n-grams of one order in a text, sorted by context and newest word.

    Attributes:
        context: int64 (M); the position of the n-gram without its newest word among those of the order below; 0 for
            unigrams.
        word: int32 (M); the newest word.
        count: int64 (M); how often it was seen; 0 only for words of the vocabulary that the text lacks.
    """

    context: Nodes
    word: IntArray
    count: Nodes


def check_order(order: int) -> None:
    """Raise :class:`ConfigError` if models of this order cannot be estimated."""
    if not 1 <= order <= MAX_ORDER:
        raise ConfigError(f"expected an n-gram order from 1 to {MAX_ORDER}, found {order}")


def count_ngrams(
    sentences: Iterable[Sequence[str]],
    order: int,
    *,
    vocabulary: Iterable[str] | None = None,
    unknown: str | None = None,
) -> tuple[tuple[str, ...], list[NGramCounts], Counter[str]]:
    """Count the n-grams of a text.

    Every sentence gets one ``<s>`` before and one ``</s>`` after it, and no n-gram crosses the end of a sentence.

    Args:
        sentences: the text, without sentence marks; it is read once and kept in a temporary file, 4 bytes a word.
        order: the length of the longest n-grams.
        vocabulary: the words to count; by default all words of the text.
        unknown: the word that replaces words outside the vocabulary.

    Returns:
        the words by id: ``<s>``, ``</s>``, the unknown word if there is one, then the others, sorted; the counts of
        every order from 1; and how often each word outside the vocabulary was seen.

    Raises:
        DataError: there are no sentences, one has a sentence mark, a word is reserved, such as ``#0``, or a word is
            outside the vocabulary and there is no unknown word.
    """
    with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
        path = Path(folder, "words.i4")
        with writing(folder, Path(folder)):
            found, outside = _write_text(sentences, path, vocabulary, unknown)
        text = np.memmap(path, dtype=np.int32, mode="r")
        words, new_id = _sorted_words(found, unknown)
        with writing(folder, Path(folder)), Path(folder, "ngrams.i8").open("wb+") as stream:
            os.posix_fallocate(stream.fileno(), 0, 8 * len(text))  # a full disk would stop the program at a later write
            ends = np.memmap(stream, dtype=np.int64, mode="r+", shape=text.shape)
        counts = np.zeros(len(words), dtype=np.int64)
        for block in _slices(len(text)):
            ends[block] = new_id[text[block]]
            counts += np.bincount(ends[block], minlength=len(words))
        everything = np.arange(len(words))
        levels = [NGramCounts(np.zeros(len(words), dtype=np.int64), everything.astype(np.int32), counts)]
        for _ in range(2, order + 1):
            levels.append(_next_order(text, new_id, ends, len(words)))
        return words, levels, outside


def _next_order(text: NDArray[np.int32], new_id: IntArray, ends: Nodes, num_words: int) -> NGramCounts:
    """Count the n-grams of the next order.

    For every word of the text, ``ends`` has the position (among the counts) of the n-gram that ends there. It is
    overwritten with the positions of the longer n-grams, -1 where one would cross the beginning of a sentence.
    """
    keys, counts = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    pending: list[tuple[Nodes, Nodes]] = []
    waiting = 0
    for block in _slices(len(text)):
        wanted = _keys(text, new_id, ends, block, num_words)
        pending.append(np.unique(wanted[wanted >= 0], return_counts=True))
        waiting += len(pending[-1][0])
        if waiting > max(len(keys), _BLOCK_WORDS):
            keys, counts = _merged([(keys, counts), *pending])
            pending, waiting = [], 0
    keys, counts = _merged([(keys, counts), *pending])
    last = MISSING  # the old value before the block, since the blocks are overwritten from left to right
    for block in _slices(len(text)):
        wanted = _keys(text, new_id, ends, block, num_words, before=last)
        last = int(ends[block.stop - 1])
        ends[block] = np.where(wanted >= 0, np.searchsorted(keys, wanted), MISSING)
    return NGramCounts(keys // num_words, (keys % num_words).astype(np.int32), counts)


def _keys(
    text: NDArray[np.int32], new_id: IntArray, ends: Nodes, block: slice, num_words: int, before: int | None = None
) -> Nodes:
    """``context * vocabulary size + word`` for every word of the block; -1 where the sentence begins too late."""
    if before is None:
        before = int(ends[block.start - 1]) if block.start else MISSING
    context = np.concatenate(([before], ends[block.start : block.stop - 1]))
    words = new_id[text[block]]
    return np.where((context >= 0) & (words != 0), context * num_words + words, MISSING)  # word 0 is <s>


def _merged(parts: Sequence[tuple[Nodes, Nodes]]) -> tuple[Nodes, Nodes]:
    keys, inverse = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    counts = np.zeros(len(keys), dtype=np.int64)
    np.add.at(counts, inverse, np.concatenate([part[1] for part in parts]))
    return keys, counts


def _write_text(
    sentences: Iterable[Sequence[str]], path: Path, vocabulary: Iterable[str] | None, unknown: str | None
) -> tuple[dict[str, int], Counter[str]]:
    """Write the ids of all words and sentence marks; return the id of every word, and the words without one.

    Ids follow the order in which words were found.
    """
    ids = {BEGIN: 0, END: 1}
    if unknown is not None:
        ids[unknown] = 2
    is_open = vocabulary is None
    for word in vocabulary or ():
        ids.setdefault(word, len(ids))
    outside: Counter[str] = Counter()
    num_sentences = 0
    with path.open("wb") as stream:
        for batch in _batches(sentences):
            flat: list[int] = []
            for sentence in batch:
                if BEGIN in sentence or END in sentence:
                    raise DataError(f"a sentence of the text has a sentence mark: {' '.join(sentence[:10])}")
                flat.append(0)
                for word in sentence:
                    number = ids.get(word)
                    if number is None:
                        if is_open:
                            number = ids[word] = len(ids)
                        else:
                            outside[word] += 1
                            number = 2
                    flat.append(number)
                flat.append(1)
            num_sentences += len(batch)
            np.array(flat, dtype=np.int32).tofile(stream)
    if reserved := next((word for word in ids if is_reserved(word)), None):
        raise DataError(describe_reserved(reserved), fix=RESERVED_FIX)
    if not num_sentences:
        raise DataError("the text has no sentences to estimate a language model from")
    if outside and unknown is None:
        named = ", ".join(word for word, _ in outside.most_common(10))
        raise DataError(f"the text has {len(outside)} words outside the vocabulary: {named}")
    return ids, outside


def _sorted_words(found: dict[str, int], unknown: str | None) -> tuple[tuple[str, ...], IntArray]:
    marks = [BEGIN, END] + ([] if unknown is None else [unknown])
    words = (*marks, *sorted(found.keys() - set(marks)))
    new_id = np.empty(len(words), dtype=np.int32)
    new_id[[found[word] for word in words]] = np.arange(len(words))
    return words, new_id


def _batches(sentences: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    batch: list[Sequence[str]] = []
    for sentence in sentences:
        batch.append(sentence)
        if len(batch) == _SENTENCES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _slices(size: int) -> Iterator[slice]:
    for start in range(0, size, _BLOCK_WORDS):
        yield slice(start, min(start + _BLOCK_WORDS, size))
