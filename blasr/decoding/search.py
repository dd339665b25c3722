"""The lattice search over an utterance: all frames at once, or frame by frame."""

from __future__ import annotations

import numpy as np

from blasr.decoding.config import SearchBeams
from blasr.decoding.lattice_output import LatticeArrays, lattice_arrays, lattice_of
from blasr.decoding.lattice_pruning import prune_active_tokens, prune_final
from blasr.decoding.look_ahead import Exchange
from blasr.decoding.search_graph import SearchGraph
from blasr.decoding.token_passing import advance, has_tokens, start_tokens
from blasr.decoding.token_store import FrameTokens, Trellis, final_relative_cost, first_tokens, new_frames
from blasr.decoding.traceback import Traceback
from blasr.jit import jit
from blasr.lattices.lattice import Lattice
from blasr.units import AnyArray, FloatArray


@jit
def _search(
    graph: SearchGraph,
    exchange: Exchange | None,
    tokens: AnyArray,
    frames: FrameTokens,
    loglikes: FloatArray,
    beams: SearchBeams,
) -> tuple[bool, LatticeArrays]:
    """Return whether a final state was reached, and the arrays of the lattice."""
    num_frames = len(loglikes)
    trellis = start_tokens(graph, exchange, tokens, frames, beams.beam)
    for frame in range(num_frames):
        if frame % beams.prune_interval == 0 and frame > 0:
            prune_active_tokens(trellis.store, frames, frame, beams.lattice_beam, beams.prune_delta)
        trellis = advance(graph, exchange, trellis, frame, loglikes, beams)
    reached_final = prune_final(graph.final, exchange, trellis.store, frames, num_frames, beams.lattice_beam)
    return reached_final, lattice_arrays(graph, exchange, trellis.store, frames, loglikes, reached_final)


def search(graph: SearchGraph, exchange: Exchange | None, loglikes: FloatArray, beams: SearchBeams) -> Lattice:
    """Return the lattice of ``(T, num_pdfs)`` log-likelihoods, float32, finite, with at least one frame."""
    frames = new_frames(len(loglikes))
    reached_final, arrays = _search(graph, exchange, first_tokens(exchange), frames, loglikes, beams)
    return lattice_of(arrays, reached_final=reached_final)


class IncrementalSearch:
    """The search of one utterance frame by frame; its final lattice is that of :func:`search`, bit for bit.

    Attributes:
        num_frames: frames searched so far.
        traceback: the best path so far, as of the last :meth:`trace`.
    """

    def __init__(self, graph: SearchGraph, exchange: Exchange | None, beams: SearchBeams, num_pdfs: int) -> None:
        self._graph, self._exchange, self._beams = graph, exchange, beams
        self._loglikes = np.empty((256, num_pdfs), np.float32)
        self.num_frames = 0
        frames = new_frames(256)
        self.traceback = Traceback(graph, exchange)
        self._trellis: Trellis = start_tokens(graph, exchange, first_tokens(exchange), frames, beams.beam)

    @property
    def alive(self) -> bool:
        """Whether a token is left; after a dead end of the graph there is none."""
        return bool(has_tokens(self._trellis, self.num_frames))

    @property
    def final_relative_cost(self) -> float:
        """How much worse the best path that may end here is than the best path so far; inf if none may end."""
        return float(final_relative_cost(self._graph.final, self._exchange, self._trellis, self.num_frames))

    def trace(self) -> None:
        """Follow the best path back from the last frame, where a token must be left; :attr:`traceback` has it."""
        self.traceback.update(self._trellis, self.num_frames)

    def common(self, beam: float) -> int:
        """Return the last position of the traced path that the best paths to all tokens within ``beam`` go through."""
        return self.traceback.common(self._trellis, self.num_frames, beam)

    def append(self, loglikes: FloatArray) -> range:
        """Store the next ``(T, num_pdfs)`` log-likelihoods; return their frames, for :meth:`advance` to search."""
        end = self.num_frames + len(loglikes)
        if end > len(self._loglikes):
            size = max(end, 2 * len(self._loglikes))
            self._loglikes = _longer(self._loglikes, size, 0)
            tokens, links, stale = self._trellis.frames
            frames = FrameTokens(
                _longer(tokens, size + 2, 0), _longer(links, size + 2, 0), _longer(stale, size + 2, True)
            )
            self._trellis = self._trellis._replace(frames=frames)
        self._loglikes[self.num_frames : end] = loglikes
        return range(self.num_frames, end)

    def prune_if_due(self) -> bool:
        """Prune if the pruning interval is over, and return whether it was. Call this before each frame."""
        beams = self._beams
        due = self.alive and self.num_frames > 0 and self.num_frames % beams.prune_interval == 0
        if due:
            store, _, frames = self._trellis
            moved = prune_active_tokens(store, frames, self.num_frames, beams.lattice_beam, beams.prune_delta)
            self.traceback.follow(*moved)
        return due

    def advance(self) -> None:
        """Search the next of the stored frames."""
        self._trellis = advance(
            self._graph, self._exchange, self._trellis, self.num_frames, self._loglikes, self._beams
        )
        self.num_frames += 1

    def finish(self) -> Lattice:
        """Prune with the final costs and return the lattice; nothing can be searched afterwards."""
        store, _, frames = self._trellis
        lattice_beam = self._beams.lattice_beam
        reached_final = prune_final(self._graph.final, self._exchange, store, frames, self.num_frames, lattice_beam)
        loglikes = self._loglikes[: self.num_frames]
        arrays = lattice_arrays(self._graph, self._exchange, store, frames, loglikes, reached_final)
        return lattice_of(arrays, reached_final=bool(reached_final))


def _longer(array: AnyArray, length: int, value: float) -> AnyArray:
    return np.concatenate([array, np.full((length - len(array), *array.shape[1:]), value, array.dtype)])
