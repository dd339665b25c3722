"""The lattice search over an utterance: at once, or frame by frame."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numba
import numpy as np

from blasr.decoding import lattice_output, lattice_pruning, token_passing, token_store
from blasr.decoding.config import SearchBeams
from blasr.decoding.lattice_output import LatticeArrays, lattice_arrays, lattice_of
from blasr.decoding.lattice_pruning import prune_active_tokens, prune_final
from blasr.decoding.token_passing import SearchGraph, process_emitting, process_nonemitting, start_tokens
from blasr.decoding.token_store import Store, first_tokens
from blasr.lattices.lattice import Lattice
from blasr.lm import backoff_grammar
from blasr.lm.backoff_grammar import LmDifference
from blasr.units import AnyArray, FloatArray, IntArray


class _Compiled(NamedTuple):
    """What Python calls; all else is called from within these."""

    search: Callable[..., Any]
    start: Callable[..., Any]
    advance: Callable[..., Any]
    prune: Callable[..., Any]
    finish: Callable[..., Any]
    arrays: Callable[..., Any]


def _compile(sources: str) -> _Compiled:
    """The functions, each to be compiled at its first call and cached on disk.

    numba compiles anew when this file changes, but not when a module with the functions it calls does; a closure's
    variables are part of the cache's key, so ``sources`` stands for those modules.
    """

    @numba.njit(cache=True, nogil=True)
    def search(
        graph: SearchGraph,
        difference: LmDifference | None,
        tokens: AnyArray,
        loglikes: FloatArray,
        beams: SearchBeams,
    ) -> tuple[bool, LatticeArrays]:
        """Whether a final state was reached, and the arrays of the lattice."""
        _ = sources
        num_frames, num_pdfs = loglikes.shape
        frame_tokens = np.full(num_frames + 1, -1, np.int32)
        stale_links = np.ones(num_frames + 1, np.bool_)
        stale_tokens = np.ones(num_frames + 1, np.bool_)
        scores = np.empty(num_pdfs, np.float32)
        store, table = start_tokens(graph, difference, tokens, frame_tokens, beams.beam)
        for frame in range(num_frames):
            if frame % beams.prune_interval == 0 and frame > 0:
                prune_active_tokens(
                    store, frame_tokens, frame, stale_links, stale_tokens, beams.lattice_beam, beams.prune_delta
                )
            for pdf in range(num_pdfs):
                scores[pdf] = beams.acoustic_scale * loglikes[frame, pdf]
            store, table, cutoff = process_emitting(graph, difference, store, frame_tokens, frame, table, scores, beams)
            if frame_tokens[frame + 1] < 0:
                break  # a dead end of the graph; pruning then leaves no token at all
            store, table = process_nonemitting(graph, difference, store, frame_tokens, frame + 1, table, cutoff)
        reached_final = prune_final(graph.final, difference, store, frame_tokens, num_frames, beams.lattice_beam)
        return reached_final, lattice_arrays(graph, difference, store, frame_tokens, loglikes, reached_final)

    @numba.njit(cache=True, nogil=True)
    def start(
        graph: SearchGraph,
        difference: LmDifference | None,
        tokens: AnyArray,
        frame_tokens: IntArray,
        beams: SearchBeams,
    ) -> tuple[Store, IntArray]:
        _ = sources
        return start_tokens(graph, difference, tokens, frame_tokens, beams.beam)

    @numba.njit(cache=True, nogil=True)
    def advance(
        graph: SearchGraph,
        difference: LmDifference | None,
        store: Store,
        frame_tokens: IntArray,
        frame: int,
        table: IntArray,
        loglikes: FloatArray,
        beams: SearchBeams,
    ) -> tuple[Store, IntArray]:
        _ = sources
        scores = np.empty(loglikes.shape[1], np.float32)
        for pdf in range(len(scores)):
            scores[pdf] = beams.acoustic_scale * loglikes[frame, pdf]
        store, table, cutoff = process_emitting(graph, difference, store, frame_tokens, frame, table, scores, beams)
        if frame_tokens[frame + 1] >= 0:
            store, table = process_nonemitting(graph, difference, store, frame_tokens, frame + 1, table, cutoff)
        return store, table

    @numba.njit(cache=True, nogil=True)
    def prune(
        store: Store,
        frame_tokens: IntArray,
        num_frames: int,
        stale_links: AnyArray,
        stale_tokens: AnyArray,
        beams: SearchBeams,
    ) -> None:
        _ = sources
        prune_active_tokens(
            store, frame_tokens, num_frames, stale_links, stale_tokens, beams.lattice_beam, beams.prune_delta
        )

    @numba.njit(cache=True, nogil=True)
    def finish(
        graph: SearchGraph,
        difference: LmDifference | None,
        store: Store,
        frame_tokens: IntArray,
        num_frames: int,
        beams: SearchBeams,
    ) -> bool:
        _ = sources
        return prune_final(graph.final, difference, store, frame_tokens, num_frames, beams.lattice_beam)

    @numba.njit(cache=True, nogil=True)
    def arrays(
        graph: SearchGraph,
        difference: LmDifference | None,
        store: Store,
        frame_tokens: IntArray,
        loglikes: FloatArray,
        reached_final: bool,
    ) -> LatticeArrays:
        _ = sources
        return lattice_arrays(graph, difference, store, frame_tokens, loglikes, reached_final)

    return _Compiled(search, start, advance, prune, finish, arrays)


def _hash_of(*modules: ModuleType) -> str:
    return hashlib.sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in modules)).hexdigest()


_compiled = _compile(_hash_of(backoff_grammar, lattice_output, lattice_pruning, token_passing, token_store))


def search(graph: SearchGraph, difference: LmDifference | None, loglikes: FloatArray, beams: SearchBeams) -> Lattice:
    """The lattice of an utterance's ``(T, num_pdfs)`` log-likelihoods, float32, finite and of one frame at least."""
    reached_final, arrays = _compiled.search(graph, difference, first_tokens(difference), loglikes, beams)
    return lattice_of(arrays, reached_final=reached_final)


class IncrementalSearch:
    """The search of one utterance frame by frame; in the end its lattice is that of :func:`search` to the bit.

    Attributes:
        num_frames: frames searched so far.
        tokens: the records of all tokens, by index; after :meth:`lattice` a token's ``number`` is its state there.
    """

    def __init__(self, graph: SearchGraph, difference: LmDifference | None, beams: SearchBeams, num_pdfs: int) -> None:
        self._graph, self._difference, self._beams = graph, difference, beams
        self._loglikes = np.empty((256, num_pdfs), np.float32)
        self._frame_tokens = np.full(257, -1, np.int32)
        self._stale_links, self._stale_tokens = np.ones((2, 257), np.bool_)
        self.num_frames = 0
        self._store, self._table = _compiled.start(
            graph, difference, first_tokens(difference), self._frame_tokens, beams
        )

    @property
    def tokens(self) -> AnyArray:
        """Fields as in :data:`blasr.decoding.token_store.TOKEN`."""
        tokens: AnyArray = self._store.tokens
        return tokens

    @property
    def alive(self) -> bool:
        """Whether a token is left; none is after a dead end of the graph."""
        return bool(self._frame_tokens[self.num_frames] >= 0)

    def tokens_of(self, frame: int) -> IntArray:
        """The indices of the tokens after ``frame`` frames, the one taken last first."""
        indices = []
        index = int(self._frame_tokens[frame])
        while index >= 0:
            indices.append(index)
            index = int(self._store.tokens[index]["next"])
        return np.array(indices, np.int32)

    def append(self, loglikes: FloatArray) -> range:
        """Keep the next ``(T, num_pdfs)`` log-likelihoods; returns their frames, which :meth:`advance` is to search."""
        end = self.num_frames + len(loglikes)
        if end > len(self._loglikes):
            size = max(end, 2 * len(self._loglikes))
            self._loglikes = _longer(self._loglikes, size, 0)
            self._frame_tokens = _longer(self._frame_tokens, size + 1, -1)
            self._stale_links = _longer(self._stale_links, size + 1, True)
            self._stale_tokens = _longer(self._stale_tokens, size + 1, True)
        self._loglikes[self.num_frames : end] = loglikes
        return range(self.num_frames, end)

    def prune_if_due(self) -> bool:
        """Prune where the interval is over, as must be before a frame is searched; returns whether it was."""
        due = self.alive and self.num_frames > 0 and self.num_frames % self._beams.prune_interval == 0
        if due:
            _compiled.prune(
                self._store, self._frame_tokens, self.num_frames, self._stale_links, self._stale_tokens, self._beams
            )
        return due

    def advance(self) -> None:
        """Search one more of the frames kept."""
        if self.alive:
            self._store, self._table = _compiled.advance(
                self._graph,
                self._difference,
                self._store,
                self._frame_tokens,
                self.num_frames,
                self._table,
                self._loglikes,
                self._beams,
            )
        self.num_frames += 1

    def finish(self) -> Lattice:
        """Prune with the final costs; the lattice of the utterance. Nothing can be searched afterwards."""
        frame_tokens = self._frame_tokens[: self.num_frames + 1]
        reached_final = _compiled.finish(
            self._graph, self._difference, self._store, frame_tokens, self.num_frames, self._beams
        )
        return self.lattice(reached_final=bool(reached_final))

    def lattice(self, *, reached_final: bool = False) -> Lattice:
        """The lattice of all tokens so far; where no final state was reached, every last token may end."""
        frame_tokens, loglikes = self._frame_tokens[: self.num_frames + 1], self._loglikes[: self.num_frames]
        arrays = _compiled.arrays(self._graph, self._difference, self._store, frame_tokens, loglikes, reached_final)
        return lattice_of(arrays, reached_final=reached_final)


def _longer(array: AnyArray, length: int, value: float) -> AnyArray:
    return np.concatenate([array, np.full((length - len(array), *array.shape[1:]), value, array.dtype)])
