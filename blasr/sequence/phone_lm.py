"""The phone language model of the denominator (Kaldi's ``chain/language-model.cc``; Povey et al. 2016).

It is an unsmoothed n-gram model without backoff arcs, so that its graph has no epsilons. The state of the model is the
longest known suffix of the phones so far. The phones before an utterance are 0, and so is its end.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from blasr.errors import DataError
from blasr.io.fst import Fst
from blasr.sequence.config import PhoneLmConfig
from blasr.units import AnyArray, IntArray

Codes = NDArray[np.int64]
_BLOCK_PHONES = 1 << 20


class PhoneCounts:
    """Counts of the n-grams of phone sequences, in blocks, so that memory does not grow with the corpus.

    An n-gram is stored as one number, with its phones as digits in base ``base``; the newest phone is the last digit.

    Args:
        order: the length of the n-grams.
        num_phones: the largest phone.

    Raises:
        DataError: the n-grams do not fit into 64 bits.
    """

    def __init__(self, order: int, num_phones: int) -> None:
        self.order = order
        self.base = num_phones + 1
        if order * math.log2(self.base) >= 63:
            raise DataError(
                f"{order}-grams of {num_phones} phones do not fit into 64 bits", fix="lower sequence.phone_lm.order"
            )
        self.num_sequences = 0
        self._codes: Codes = np.zeros(0, np.int64)
        self._counts: Codes = np.zeros(0, np.int64)
        self._pending: list[Codes] = []
        self._num_pending = 0

    def add(self, phones: IntArray) -> None:
        """Count the n-grams of one sequence ``(P,)`` of phones from 1, and its end."""
        padded = np.concatenate([np.zeros(self.order - 1, np.int64), phones, np.zeros(1, np.int64)])
        codes = np.zeros(len(phones) + 1, np.int64)
        for position in range(self.order):
            codes = codes * self.base + padded[position : position + len(codes)]
        self._pending.append(codes)
        self._num_pending += len(codes)
        self.num_sequences += 1
        if self._num_pending >= _BLOCK_PHONES:
            self._merge()

    def _merge(self) -> None:
        codes = np.concatenate([self._codes, *self._pending])
        counts = np.concatenate([self._counts, np.ones(self._num_pending, np.int64)])
        self._codes, self._counts = _sum_by(codes, counts)
        self._pending, self._num_pending = [], 0

    def ngrams(self, order: int) -> tuple[Codes, Codes]:
        """Return the n-grams of an order up to that of the counts, sorted, and how often each occurs."""
        self._merge()
        return _sum_by(self._codes % self.base**order, self._counts)


def _sum_by(codes: Codes, counts: Codes) -> tuple[Codes, Codes]:
    """Return the different codes in ascending order, and the sum of the counts of each."""
    unique, position = np.unique(codes, return_inverse=True)
    return unique, np.bincount(position, counts, len(unique)).astype(np.int64)


def estimate_phone_lm(counts: PhoneCounts, config: PhoneLmConfig) -> Fst:
    """Return the maximum-likelihood model as an acceptor of phones (from 1) with an epsilon output side.

    The probabilities of the arcs of a state and of ending in it sum to 1.

    Args:
        counts: n-grams of order ``config.order``.
        config: which histories become states.

    Raises:
        DataError: nothing was counted.
    """
    if not counts.num_sequences:
        raise DataError("there is no phone sequence to estimate the phone language model from")
    return _Estimation(counts, config).fst()


class _Estimation:
    """The states of a model: for every length, the histories of this length that are states, as sorted codes."""

    def __init__(self, counts: PhoneCounts, config: PhoneLmConfig) -> None:
        self._base = counts.base
        self._longest = config.order - 1
        self._ngrams = {length: counts.ngrams(length + 1) for length in range(config.order)}
        self._histories: dict[int, Codes] = {}
        for length in range(config.unpruned_order):
            self._histories[length] = np.unique(self._ngrams[length][0] // self._base)
        self._choose_longer(config.unpruned_order, config.extra_states)

    def _choose_longer(self, first: int, number: int) -> None:
        """Keep the histories of ``first`` phones and more with the largest gains over the history one phone shorter."""
        candidates = {length: self._gains(length) for length in range(first, self._longest + 1)}
        gains = np.concatenate([np.zeros(0), *(gain for _, gain in candidates.values())])
        chosen = np.zeros(len(gains), bool)
        chosen[np.argsort(-gains, kind="stable")[:number]] = True
        chosen &= gains > 0
        begin = 0
        for length, (histories, _) in candidates.items():
            parents = np.isin(histories % self._base ** (length - 1), self._histories[length - 1])
            self._histories[length] = histories[parents & chosen[begin : begin + len(histories)]]
            begin += len(histories)

    def _gains(self, length: int) -> tuple[Codes, NDArray[np.float64]]:
        """Return the histories of a length, and the log-likelihood that each gains over its suffix."""
        codes, counts = self._ngrams[length]
        histories, position = np.unique(codes // self._base, return_inverse=True)
        own = self._log_probs(length, codes)
        shorter = self._log_probs(length - 1, codes % self._base**length)
        gains: NDArray[np.float64] = np.bincount(position, counts * (own - shorter), len(histories)).astype(np.float64)
        return histories, gains

    def _log_probs(self, length: int, codes: Codes) -> NDArray[np.float64]:
        """Return the log-probabilities of the last phones of n-grams, given the ``length`` phones before them."""
        known, counts = self._ngrams[length]
        histories, totals = _sum_by(known // self._base, counts)
        found = counts[np.searchsorted(known, codes)]
        return np.log(found / totals[np.searchsorted(histories, codes // self._base)])

    def _states_after(self, codes: Codes, length: int, first: dict[int, int]) -> Codes:
        """Return the states of the longest known suffixes of histories with ``length`` phones."""
        states = np.full(len(codes), -1, np.int64)
        for size in range(min(length, self._longest), -1, -1):
            suffix = codes % self._base**size
            known = self._histories[size]
            position = np.minimum(np.searchsorted(known, suffix), max(len(known) - 1, 0))
            found = (states < 0) & (known[position] == suffix) if len(known) else np.zeros(len(codes), bool)
            states[found] = first[size] + position[found]
        return states

    def fst(self) -> Fst:
        """The states that can be reached from the start, as an acceptor."""
        lengths = sorted(self._histories)
        sizes = [len(self._histories[length]) for length in lengths]
        first = dict(zip(lengths, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))
        columns: list[tuple[AnyArray, ...]] = []
        for length in lengths:
            codes = self._ngrams[length][0]
            codes = codes[np.isin(codes // self._base, self._histories[length])]
            sources = first[length] + np.searchsorted(self._histories[length], codes // self._base)
            targets = self._states_after(codes, length + 1, first)
            columns.append((sources, codes % self._base, targets, -self._log_probs(length, codes)))
        source, phone, target, cost = (np.concatenate(column) for column in zip(*columns, strict=True))
        start = int(self._states_after(np.zeros(1, np.int64), self._longest, first)[0])
        return _reachable(start, source, phone, target, cost)


def _reachable(start: int, source: AnyArray, phone: AnyArray, target: AnyArray, cost: AnyArray) -> Fst:
    """Return the acceptor without the states that cannot be reached; an arc of phone 0 is the end."""
    seen = np.zeros(int(source.max()) + 1, bool)
    seen[start] = True
    ends = phone == 0
    while True:
        new = np.unique(target[seen[source] & ~ends])
        if seen[new].all():
            break
        seen[new] = True
    number = np.cumsum(seen) - 1
    final = np.full(int(seen.sum()), np.inf)
    ending = ends & seen[source]
    final[number[source[ending]]] = cost[ending]
    arcs = ~ends & seen[source]
    labels = phone[arcs]
    return Fst.from_arcs(
        int(number[start]), final, number[source[arcs]], labels, np.zeros_like(labels), cost[arcs], number[target[arcs]]
    )
