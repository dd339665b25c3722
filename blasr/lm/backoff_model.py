"""Backoff n-gram models in flat arrays: a trie of millions of n-grams, with look-ups of many at once.

The probability of a word ``w`` after a history ``h`` is ``p(w | h)`` if the model lists the n-gram ``h w``, and
``backoff(h) p(w | h')`` otherwise; ``h'`` is ``h`` without its oldest word (Katz 1987; SRILM's ngram-format(5)).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from blasr.units import AnyArray, IntArray

BEGIN: Final = "<s>"
"""The word before a sentence."""
END: Final = "</s>"
"""The word after a sentence."""
UNKNOWN: Final = "<unk>"
"""The usual word for all that are not in the vocabulary."""
NEVER: Final = -99.0
"""The ARPA format's logarithm of a probability of 0, such as that of ``<s>``."""

ROOT: Final = 0
"""The node of the empty history."""
MISSING: Final = -1
"""Marks an n-gram that the model does not list (as a node), or a word that it does not know (as a word id)."""

Nodes = NDArray[np.int64]
"""Indexes of nodes of the model's tree of histories."""
Floats = NDArray[np.float64]
Level = tuple[Nodes, IntArray, Floats, Floats]
"""The n-grams of one order, sorted by parent and word: parents (nodes), words (ids), log_probs, backoffs."""


@dataclass(frozen=True, eq=False)
class BackoffModel:
    """An n-gram model as a trie of S nodes: the empty history, then the n-grams by order, context and word.

    Word ids count from 0, by position in ``words``; the unigram of word w is node w + 1.

    Attributes:
        words: every word that has a unigram, including ``<s>`` and ``</s>``.
        bounds: int64 (order + 2); the n-grams of order n are the nodes ``bounds[n]:bounds[n + 1]``.
        parent: int64 (S); the node of the n-gram without its newest word.
        word: int32 (S); the newest word.
        log_prob: float64 (S); log10 of the newest word's probability after the others.
        backoff: float64 (S); log10 of the factor for words not listed after the n-gram; 0 if it has none.
    """

    words: tuple[str, ...]
    bounds: Nodes
    parent: Nodes
    word: IntArray
    log_prob: Floats
    backoff: Floats

    @property
    def order(self) -> int:
        """The length of the longest n-grams."""
        return len(self.bounds) - 2

    @property
    def num_nodes(self) -> int:
        """S, the number of n-grams and the empty history."""
        return len(self.parent)

    @property
    def num_ngrams(self) -> tuple[int, ...]:
        """The number of n-grams of each order, from 1."""
        return tuple(np.diff(self.bounds)[1:].tolist())

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """The id of every word."""
        return {word: number for number, word in enumerate(self.words)}

    @cached_property
    def keys(self) -> Nodes:
        """int64 (S); parent and word in one number, strictly increasing, which :meth:`find` searches."""
        keys = self.parent * len(self.words)
        keys += self.word
        return keys

    @cached_property
    def suffix(self) -> Nodes:
        """int64 (S); the node of the longest listed n-gram that the node's n-gram ends with, other than itself."""
        suffix = np.zeros(self.num_nodes, dtype=np.int64)
        for order in range(2, self.order + 1):
            nodes = self.nodes(order)
            suffix[nodes] = self._longest(suffix[self.parent[nodes]], self.word[nodes], suffix)
        return suffix

    @cached_property
    def is_context(self) -> NDArray[np.bool_]:
        """bool (S); whether a longer n-gram begins with the node's n-gram."""
        found = np.zeros(self.num_nodes, dtype=bool)
        found[self.parent[1:]] = True
        return found

    def nodes(self, order: int) -> slice:
        """Return the nodes of the n-grams of one order."""
        return slice(int(self.bounds[order]), int(self.bounds[order + 1]))

    def find(self, contexts: Nodes, words: IntArray | Nodes) -> Nodes:
        """Return the nodes of the contexts followed by the words; -1 if the model does not list the n-gram."""
        wanted = contexts * len(self.words) + words
        nodes = np.searchsorted(self.keys, wanted)
        nodes[nodes == self.num_nodes] = 0
        return np.where(self.keys[nodes] == wanted, nodes, MISSING)

    def _longest(self, contexts: Nodes, words: IntArray | Nodes, suffix: Nodes) -> Nodes:
        """The longest listed n-grams that consist of a context, or a suffix of it, and the word."""
        contexts = np.array(contexts)
        nodes = self.find(contexts, words)
        left = np.flatnonzero(nodes == MISSING)
        while len(left):
            contexts[left] = suffix[contexts[left]]
            nodes[left] = self.find(contexts[left], words[left])
            left = left[nodes[left] == MISSING]
        return nodes

    def advance(self, contexts: Nodes, words: IntArray | Nodes) -> Nodes:
        """Return the contexts after one more word each: the longest listed n-grams that a word can follow."""
        nodes = self._longest(contexts, words, self.suffix)
        return np.where(nodes >= self.bounds[self.order], self.suffix[nodes], nodes)

    def log_probs(self, contexts: Nodes, words: IntArray | Nodes) -> Floats:
        """Return log10 of the probability of each word after its context, backing off as far as needed."""
        result = np.zeros(len(contexts))
        contexts = np.array(contexts)
        left = np.arange(len(contexts))
        while len(left):
            nodes = self.find(contexts[left], words[left])
            listed = nodes != MISSING
            result[left[listed]] += self.log_prob[nodes[listed]]
            left = left[~listed]
            result[left] += self.backoff[contexts[left]]
            contexts[left] = self.suffix[contexts[left]]
        return result

    def log_prob_of(self, word: str, history: Sequence[str] = ()) -> float:
        """Return log10 of ``p(word | history)``; the model must know all of the words."""
        context = np.zeros(1, dtype=np.int64)
        for known in history:
            context = self.advance(context, np.array([self.ids[known]]))
        return float(self.log_probs(context, np.array([self.ids[word]]))[0])

    def score_stream(self, words: IntArray) -> Floats:
        """Return log10 of the probability of every word of a stream, given the preceding words of its sentence.

        Args:
            words: (N) ids; every ``<s>`` begins a sentence, and -1 is a word that the model does not know.

        Returns:
            float64 (N): 0 for ``<s>`` and -inf for unknown words; no word before an unknown one counts as context.
        """
        begins = words == self.ids.get(BEGIN, MISSING - 1)
        unknown = words < 0
        node = words.astype(np.int64) + 1  # the unigrams
        node[unknown] = MISSING
        result = np.where(unknown, -np.inf, self.log_prob[np.maximum(node, ROOT)])
        for _ in range(2, self.order + 1):
            context = np.concatenate(([MISSING], node[:-1]))
            context[begins | unknown] = MISSING
            node = np.full(len(words), MISSING, dtype=np.int64)
            inside = np.flatnonzero(context != MISSING)
            node[inside] = self.find(context[inside], words[inside])
            listed = node[inside] != MISSING
            result[inside[listed]] = self.log_prob[node[inside[listed]]]
            result[inside[~listed]] += self.backoff[context[inside[~listed]]]
        result[begins] = 0.0
        return result

    def select(self, keep: NDArray[np.bool_]) -> BackoffModel:
        """Return the model of some nodes; the root, all unigrams and every parent must be among them."""
        renumbered = np.cumsum(keep) - 1
        bounds = np.concatenate(([0], np.cumsum(keep)))[self.bounds]
        parent = renumbered[self.parent[keep]]
        parent[ROOT] = MISSING
        return BackoffModel(
            self.words,
            bounds,
            parent,
            self.word[keep],
            self.log_prob[keep],
            self.backoff[keep],
        )

    def columns(self, nodes: Nodes, order: int) -> IntArray:
        """Return the words of n-grams of one order, oldest first: int32 (nodes, order)."""
        columns = np.empty((len(nodes), order), dtype=np.int32)
        for column in reversed(range(order)):
            columns[:, column] = self.word[nodes]
            nodes = self.parent[nodes]
        return columns

    def ngrams(self, order: int, block: int = 65536) -> Iterator[tuple[Nodes, list[list[str]]]]:
        """Yield the n-grams of one order in blocks: their nodes, and their words, oldest first."""
        symbols = np.array(self.words, dtype=object)
        for start in range(int(self.bounds[order]), int(self.bounds[order + 1]), block):
            nodes = np.arange(start, min(start + block, int(self.bounds[order + 1])))
            yield nodes, symbols[self.columns(nodes, order)].tolist()


def log10_or_never(probabilities: AnyArray) -> Floats:
    """Return log10 of probabilities, and :data:`NEVER` for 0."""
    result: Floats = np.log10(np.maximum(probabilities, 10.0**NEVER))
    return result


def model_from_levels(words: Sequence[str], levels: Sequence[Level]) -> BackoffModel:
    """Return the model of the n-grams of every order from 1; ``words`` has the word of every id."""
    # the root's parent is -1, so its key is the smallest
    root = np.array([MISSING]), np.zeros(1, dtype=np.int32), np.zeros(1), np.zeros(1)
    bounds = np.cumsum([0, 1, *(len(level[1]) for level in levels)])
    parent, word, log_prob, backoff = (np.concatenate(parts) for parts in zip(root, *levels, strict=True))
    return BackoffModel(tuple(words), bounds, parent, word, log_prob, backoff)
