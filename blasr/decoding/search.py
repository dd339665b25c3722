"""The lattice search over an utterance: all frames at once, or frame by frame."""

from __future__ import annotations

import numpy as np

from blasr.decoding.config import SearchBeams
from blasr.decoding.lattice_output import LatticeArrays, lattice_arrays, lattice_of
from blasr.decoding.lattice_pruning import prune_active_tokens, prune_final
from blasr.decoding.token_passing import SearchGraph, advance, start_tokens
from blasr.decoding.token_store import FrameTokens, Trellis, final_relative_cost, first_tokens, new_frames
from blasr.jit import jit
from blasr.lattices.lattice import Lattice
from blasr.lm.backoff_grammar import LmDifference
from blasr.units import AnyArray, FloatArray, IntArray


@jit
def _search(
    graph: SearchGraph,
    difference: LmDifference | None,
    tokens: AnyArray,
    frames: FrameTokens,
    loglikes: FloatArray,
    beams: SearchBeams,
) -> tuple[bool, LatticeArrays]:
    """Return whether a final state was reached, and the arrays of the lattice."""
    num_frames = len(loglikes)
    trellis = start_tokens(graph, difference, tokens, frames, beams.beam)
    for frame in range(num_frames):
        if frames.first[frame] < 0:
            break  # a dead end of the graph; pruning then leaves no token at all
        if frame % beams.prune_interval == 0 and frame > 0:
            prune_active_tokens(trellis.store, frames, frame, beams.lattice_beam, beams.prune_delta)
        trellis = advance(graph, difference, trellis, frame, loglikes, beams)
    reached_final = prune_final(graph.final, difference, trellis.store, frames.first, num_frames, beams.lattice_beam)
    return reached_final, lattice_arrays(graph, difference, trellis.store, frames.first, loglikes, reached_final)


def search(graph: SearchGraph, difference: LmDifference | None, loglikes: FloatArray, beams: SearchBeams) -> Lattice:
    """Return the lattice of ``(T, num_pdfs)`` log-likelihoods, float32, finite, with at least one frame."""
    frames = new_frames(len(loglikes))
    reached_final, arrays = _search(graph, difference, first_tokens(difference), frames, loglikes, beams)
    return lattice_of(arrays, reached_final=reached_final)


class IncrementalSearch:
    """The search of one utterance frame by frame; its final lattice is that of :func:`search`, bit for bit.

    Attributes:
        num_frames: frames searched so far.
        tokens: the records of all tokens, by index; after :meth:`lattice`, ``number`` is a token's state in it.
    """

    def __init__(self, graph: SearchGraph, difference: LmDifference | None, beams: SearchBeams, num_pdfs: int) -> None:
        self._graph, self._difference, self._beams = graph, difference, beams
        self._loglikes = np.empty((256, num_pdfs), np.float32)
        self.num_frames = 0
        frames = new_frames(256)
        self._trellis: Trellis = start_tokens(graph, difference, first_tokens(difference), frames, beams.beam)

    @property
    def tokens(self) -> AnyArray:
        """Records with the fields of :data:`blasr.decoding.token_store.TOKEN`."""
        return self._trellis.store.tokens

    @property
    def alive(self) -> bool:
        """Whether a token is left; after a dead end of the graph there is none."""
        return bool(self._trellis.frames.first[self.num_frames] >= 0)

    @property
    def final_relative_cost(self) -> float:
        """How much worse the best path that may end here is than the best path so far; inf if none may end."""
        store, _, frames = self._trellis
        first = frames.first[self.num_frames]
        return float(final_relative_cost(self._graph.final, self._difference, store.tokens, first))

    def tokens_of(self, frame: int) -> IntArray:
        """Return the indices of the tokens after ``frame`` frames, the newest first."""
        indices = []
        index = int(self._trellis.frames.first[frame])
        while index >= 0:
            indices.append(index)
            index = int(self.tokens[index]["next"])
        return np.array(indices, np.int32)

    def append(self, loglikes: FloatArray) -> range:
        """Store the next ``(T, num_pdfs)`` log-likelihoods; return their frames, for :meth:`advance` to search."""
        end = self.num_frames + len(loglikes)
        if end > len(self._loglikes):
            size = max(end, 2 * len(self._loglikes))
            self._loglikes = _longer(self._loglikes, size, 0)
            first, stale_links, stale_tokens = self._trellis.frames
            frames = FrameTokens(
                _longer(first, size + 1, -1),
                _longer(stale_links, size + 1, True),
                _longer(stale_tokens, size + 1, True),
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
            prune_active_tokens(store, frames, self.num_frames, beams.lattice_beam, beams.prune_delta)
        return due

    def advance(self) -> None:
        """Search the next of the stored frames."""
        if self.alive:
            self._trellis = advance(
                self._graph, self._difference, self._trellis, self.num_frames, self._loglikes, self._beams
            )
        self.num_frames += 1

    def finish(self) -> Lattice:
        """Prune with the final costs and return the lattice; nothing can be searched afterwards."""
        store, _, frames = self._trellis
        final, frame_tokens = self._graph.final, frames.first[: self.num_frames + 1]
        reached_final = prune_final(
            final, self._difference, store, frame_tokens, self.num_frames, self._beams.lattice_beam
        )
        return self.lattice(reached_final=bool(reached_final))

    def lattice(self, *, reached_final: bool = False) -> Lattice:
        """Return the lattice of all tokens so far; unless a final state was reached, all last tokens are final."""
        frame_tokens = self._trellis.frames.first[: self.num_frames + 1]
        loglikes = self._loglikes[: self.num_frames]
        arrays = lattice_arrays(
            self._graph, self._difference, self._trellis.store, frame_tokens, loglikes, reached_final
        )
        return lattice_of(arrays, reached_final=reached_final)


def _longer(array: AnyArray, length: int, value: float) -> AnyArray:
    return np.concatenate([array, np.full((length - len(array), *array.shape[1:]), value, array.dtype)])
