"""Decoding while log-likelihoods arrive: the words so far, and at the end the lattice of the utterance."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Set
from itertools import pairwise

import numpy as np

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import DataError
from blasr.lattices.config import CostScales
from blasr.lattices.lattice import BestPath, Lattice
from blasr.units import FloatArray


class StreamingDecoder:
    """Decodes one utterance in chunks of any length; the words and the lattice are those of ``decoder.decode``.

    Words are committed by partial traceback: when the best paths to all active tokens go through one token, nothing
    before it can change. This is checked at every pruning, every ``prune_interval`` frames. The delay depends on the
    beams, since any active token may still become the best. Words are stable much sooner, when the better tokens agree
    on them; stable words rarely change.

    Args:
        decoder: the graph and the beams; any number of streams may share it.
        settle_beam: words are stable when all tokens within this beam of the best agree on them; by default the
            lattice beam.
        utterance: the utterance-id, for errors.
    """

    def __init__(
        self, decoder: LatticeDecoder, *, settle_beam: float | None = None, utterance: str | None = None
    ) -> None:
        self._decoder, self._utterance = decoder, utterance
        self._search = decoder.start()
        self._settle_beam = float(decoder.config.lattice_beam if settle_beam is None else settle_beam)
        self._committed: list[int] = []
        self._stable: tuple[int, ...] = ()
        self._stable_frames = 0
        self._anchor = int(self._search.tokens_of(0)[-1])  # the oldest token
        self._anchor_frame = 0

    @property
    def num_frames(self) -> int:
        """Frames searched so far."""
        return self._search.num_frames

    @property
    def committed(self) -> tuple[int, ...]:
        """The word-ids that cannot change any more."""
        return tuple(self._committed)

    @property
    def committed_frames(self) -> int:
        """The number of frames on the part of the path that cannot change any more."""
        return self._anchor_frame

    @property
    def stable(self) -> tuple[int, ...]:
        """The word-ids that all tokens within the settle beam agree on, beginning with the committed ones."""
        return self._stable

    @property
    def stable_frames(self) -> int:
        """The number of frames that the tokens within the settle beam agree on."""
        return self._stable_frames

    @property
    def final_relative_cost(self) -> float:
        """How much worse the best path that may end here is than the best path so far; inf if none may end."""
        return self._search.final_relative_cost

    def accept(self, loglikes: FloatArray) -> tuple[int, ...]:
        """Search the next ``(T, num_pdfs)`` unscaled log-likelihoods; return the words that were committed.

        Raises:
            MismatchError: the number of columns is not the number of pdfs.
            DataError: a row holds NaN or infinity.
        """
        matrix = self._decoder.checked(loglikes, first_frame=self.num_frames, utterance=self._utterance)
        before = len(self._committed)
        for _ in self._search.append(matrix):
            if self._search.prune_if_due():
                self._commit()
            self._search.advance()
        return tuple(self._committed[before:])

    def partial(self) -> tuple[int, ...]:
        """Return the words of the best path so far, which may end anywhere in the graph; committed words come first."""
        path = self.best_path()
        return self.committed if path is None else tuple(path.words.tolist())

    def best_path(self) -> BestPath | None:
        """Return the best path so far, which may end anywhere; None before the first frame and after a dead end."""
        if not self.num_frames or not self._search.alive:
            return None
        return self._search.lattice().best_path(CostScales(acoustic_scale=self._decoder.config.acoustic_scale))

    def finish(self) -> Lattice:
        """End the utterance and return its lattice, the same as that of :meth:`LatticeDecoder.decode` for all frames.

        Raises:
            DataError: there was no frame.
        """
        if not self.num_frames:
            raise DataError("has no frames", utterance=self._utterance, fix="leave it out")
        return self._search.finish()

    def _commit(self) -> None:
        """Partial traceback: commit up to the last token that the best paths to all active tokens have in common."""
        lattice = self._search.lattice()
        tokens = self._search.tokens
        anchor = int(tokens[self._anchor]["number"])  # its state in the lattice
        begin = int(lattice.offsets[anchor])
        scale = self._decoder.config.acoustic_scale
        costs = (lattice.graph_cost[begin:] + scale * lattice.acoustic_cost[begin:].astype(np.float64)).tolist()
        targets, words = lattice.nextstate[begin:].tolist(), lattice.olabel[begin:].tolist()
        offsets = (lattice.offsets[anchor:] - begin).tolist()
        best: dict[int, tuple[float, int, int]] = {anchor: (0.0, -1, 0)}
        for state, (first, last) in enumerate(pairwise(offsets), start=anchor):
            if state not in best:
                continue
            cost = best[state][0]
            for arc in range(first, last):
                new = cost + costs[arc]
                if targets[arc] not in best or new < best[targets[arc]][0]:
                    best[targets[arc]] = new, state, words[arc]
        ends = {
            int(tokens[index]["number"]): float(tokens[index]["cost"])
            for index in self._search.tokens_of(self.num_frames)
        }
        limit = min(ends.values()) + self._settle_beam
        settled = _common({state for state, cost in ends.items() if state in best and cost <= limit}, best)
        common = _common(ends.keys() & best.keys(), best)
        said = _words_between(anchor, settled, best)
        self._committed += _words_between(anchor, common, best)
        self._stable = (*self._committed, *said[len(_words_between(anchor, common, best)) :])
        self._stable_frames = int(lattice.state_times[settled])
        self._anchor_frame = int(lattice.state_times[common])
        candidates = self._search.tokens_of(self._anchor_frame)
        (self._anchor,) = candidates[tokens["number"][candidates] == common].tolist()


_Best = Mapping[int, tuple[float, int, int]]
"""By state: the cost of the best path to it, the state before, and the word between."""


def _common(states: Set[int], best: _Best) -> int:
    """Return the last state that is on the best paths to all of the states."""
    seen = set(states)
    queue = [-state for state in seen]
    heapq.heapify(queue)
    while len(queue) > 1:  # the latest state cannot be common to all
        previous = best[-heapq.heappop(queue)][1]
        if previous not in seen:
            seen.add(previous)
            heapq.heappush(queue, -previous)
    return -queue[0]


def _words_between(begin: int, end: int, best: _Best) -> list[int]:
    """Return the words on the best path from one state to another."""
    words = []
    while end != begin:
        _, end, word = best[end]
        words += [word] if word else []
    return words[::-1]
