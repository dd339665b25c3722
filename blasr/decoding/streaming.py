"""Decoding while the log-likelihoods come in: the lattice of the whole utterance, and on the way the words so far."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Set
from itertools import pairwise

import numpy as np

from blasr.decoding.lattice import Lattice
from blasr.decoding.lattice_decoder import _PRUNE_SCALE, LatticeDecoder
from blasr.decoding.lattice_output import lattice_arrays
from blasr.decoding.lattice_pruning import prune_active_tokens, prune_final
from blasr.decoding.token_passing import new_store, process_emitting, process_nonemitting, take_token
from blasr.errors import DataError, MismatchError
from blasr.units import AnyArray, FloatArray


class StreamingDecoder:
    """Decodes one utterance in chunks of any length; the words and the lattice are those of ``decoder.decode``.

    Words are committed by partial traceback: once the best paths to all tokens alive go through one token, its past
    is settled. That is looked for at every pruning, ``prune_interval`` frames apart. How late words are committed is
    up to the beams, since any token alive may be the best one yet; words that the better tokens agree on are stable
    much sooner, and seldom taken back.

    Args:
        decoder: the graph and the beams; any number of streams may share it.
        settle_beam: tokens by no more than this worse than the best say which words are stable.
        utterance: its name, for errors.
    """

    def __init__(
        self, decoder: LatticeDecoder, *, settle_beam: float | None = None, utterance: str | None = None
    ) -> None:
        self._decoder, self._utterance = decoder, utterance
        self._graph = decoder._graph
        self._loglikes = np.empty((256, decoder.num_pdfs), np.float32)
        self._frame_tokens = np.full(257, -1, np.int32)
        self._stale_links, self._stale_tokens = np.ones((2, 257), np.bool_)
        self._token_of_state = np.full(len(self._graph.final), -1, np.int32)
        self._store = new_store()
        self._settle_beam = float(decoder.config.lattice_beam if settle_beam is None else settle_beam)
        self._committed: list[int] = []
        self._stable: tuple[int, ...] = ()
        self._stable_frames = 0
        self.num_frames = 0
        first = take_token(self._store.tokens, self._store.heads, self._graph.start, 0.0, -1)
        self._frame_tokens[0] = self._token_of_state[self._graph.start] = self._anchor = first
        self._anchor_frame = 0
        self._store = process_nonemitting(
            self._graph, self._store, self._frame_tokens, 0, self._token_of_state, float(decoder.config.beam)
        )

    @property
    def committed(self) -> tuple[int, ...]:
        """The word-ids that no further frame can change."""
        return tuple(self._committed)

    @property
    def committed_frames(self) -> int:
        """How many frames no further frame can change the path of."""
        return self._anchor_frame

    @property
    def stable(self) -> tuple[int, ...]:
        """The word-ids that all tokens within the settle beam agree on, those committed first."""
        return self._stable

    @property
    def stable_frames(self) -> int:
        """How many frames the tokens within the settle beam agree on."""
        return self._stable_frames

    def accept(self, loglikes: FloatArray) -> tuple[int, ...]:
        """Search the next ``(T, num_pdfs)`` frames, unscaled log-likelihoods; returns the words committed by them.

        Raises:
            MismatchError: another number of columns than pdfs.
            DataError: a row holds NaN or infinity.
        """
        if loglikes.ndim != 2 or loglikes.shape[1] != self._decoder.num_pdfs:
            raise MismatchError(
                f"log-likelihoods of shape {loglikes.shape}, the model has {self._decoder.num_pdfs} pdfs",
                utterance=self._utterance,
            )
        if not np.isfinite(loglikes).all():
            row = self.num_frames + int(np.argmin(np.isfinite(loglikes).all(axis=1)))
            raise DataError(f"row {row} (counted from 0) holds a value that is not finite", utterance=self._utterance)
        before = len(self._committed)
        self._grow(self.num_frames + len(loglikes))
        self._loglikes[self.num_frames : self.num_frames + len(loglikes)] = loglikes
        for _ in range(len(loglikes)):
            self._search_frame()
        return tuple(self._committed[before:])

    def partial(self) -> tuple[int, ...]:
        """The words of the best path so far, wherever in the graph it is; those committed come first."""
        if not self.num_frames or self._frame_tokens[self.num_frames] < 0:  # nothing yet, or a dead end of the graph
            return self.committed
        lattice = self._lattice(self.num_frames, reached_final=False)
        return tuple(lattice.best_path(acoustic_scale=self._decoder.config.acoustic_scale).words.tolist())

    def finish(self) -> Lattice:
        """End the utterance; the lattice is that of :meth:`LatticeDecoder.decode` for all frames together.

        Raises:
            DataError: there was no frame.
        """
        if not self.num_frames:
            raise DataError("has no frames", utterance=self._utterance, fix="leave it out")
        reached_final = prune_final(
            self._graph,
            self._store,
            self._frame_tokens[: self.num_frames + 1],
            self.num_frames,
            float(self._decoder.config.lattice_beam),
        )
        return self._lattice(self.num_frames, reached_final=bool(reached_final))

    def _grow(self, num_frames: int) -> None:
        """Make room for as many frames in all."""
        if num_frames <= len(self._loglikes):
            return
        size = max(num_frames, 2 * len(self._loglikes))

        def longer(array: AnyArray, length: int, value: float) -> AnyArray:
            return np.concatenate([array, np.full((length - len(array), *array.shape[1:]), value, array.dtype)])

        self._loglikes = longer(self._loglikes, size, 0)
        self._frame_tokens = longer(self._frame_tokens, size + 1, -1)
        self._stale_links = longer(self._stale_links, size + 1, True)
        self._stale_tokens = longer(self._stale_tokens, size + 1, True)

    def _search_frame(self) -> None:
        """What the decoder's search does for one frame."""
        config, frame = self._decoder.config, self.num_frames
        self.num_frames += 1
        if self._frame_tokens[frame] < 0:
            return  # a dead end of the graph
        if frame % config.prune_interval == 0 and frame > 0:
            prune_active_tokens(
                self._graph,
                self._store,
                self._frame_tokens,
                frame,
                self._stale_links,
                self._stale_tokens,
                float(config.lattice_beam),
                float(config.lattice_beam) * _PRUNE_SCALE,
            )
            self._commit(frame)
        scores = (config.acoustic_scale * self._loglikes[frame].astype(np.float64)).astype(np.float32)
        self._store, cutoff = process_emitting(
            self._graph,
            self._store,
            self._frame_tokens,
            frame,
            self._token_of_state,
            scores,
            float(config.beam),
            config.max_active,
            config.min_active,
            float(config.beam_delta),
        )
        if self._frame_tokens[frame + 1] >= 0:
            self._store = process_nonemitting(
                self._graph, self._store, self._frame_tokens, frame + 1, self._token_of_state, cutoff
            )

    def _lattice(self, num_frames: int, *, reached_final: bool) -> Lattice:
        state_times, offsets, ilabel, olabel, nextstate, graph_cost, acoustic_cost, final_cost = lattice_arrays(
            self._graph,
            self._store,
            self._frame_tokens[: num_frames + 1],
            self._loglikes[:num_frames],
            reached_final,
        )
        return Lattice(
            offsets=offsets,
            ilabel=ilabel,
            olabel=olabel,
            nextstate=nextstate,
            graph_cost=graph_cost,
            acoustic_cost=acoustic_cost,
            final_graph_cost=final_cost,
            final_acoustic_cost=np.where(np.isfinite(final_cost), 0, np.inf).astype(np.float32),
            state_times=state_times,
            reached_final=reached_final,
        )

    def _tokens_of(self, frame: int) -> Iterator[int]:
        index = int(self._frame_tokens[frame])
        while index >= 0:
            yield index
            index = int(self._store.tokens[index]["next"])

    def _commit(self, frame: int) -> None:
        """Partial traceback: go on to the last token that the best paths to all tokens alive have in common."""
        lattice = self._lattice(frame, reached_final=False)
        tokens = self._store.tokens
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
        ends = {int(tokens[index]["number"]): float(tokens[index]["cost"]) for index in self._tokens_of(frame)}
        limit = min(ends.values()) + self._settle_beam
        settled = _common({state for state, cost in ends.items() if state in best and cost <= limit}, best)
        common = _common(ends.keys() & best.keys(), best)
        said = _words_between(anchor, settled, best)
        self._committed += _words_between(anchor, common, best)
        self._stable = (*self._committed, *said[len(_words_between(anchor, common, best)) :])
        self._stable_frames = int(lattice.state_times[settled])
        self._anchor_frame = int(lattice.state_times[common])
        (self._anchor,) = [
            index for index in self._tokens_of(self._anchor_frame) if int(tokens[index]["number"]) == common
        ]


_Best = Mapping[
    int, tuple[float, int, int]
]  # by state: the cost of the best path, its state before and the word between


def _common(states: Set[int], best: _Best) -> int:
    """The last state that the best paths to all the states go through."""
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
    """The words on the best path from one state to another."""
    words = []
    while end != begin:
        _, end, word = best[end]
        words += [word] if word else []
    return words[::-1]
