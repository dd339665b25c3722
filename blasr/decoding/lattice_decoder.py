"""Lattice beam search over a decoding graph: Kaldi's ``LatticeFasterDecoder`` on arrays."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np

from blasr.decoding import lattice_output, lattice_pruning, token_passing
from blasr.decoding.lattice import Lattice
from blasr.decoding.lattice_output import lattice_arrays
from blasr.decoding.lattice_pruning import prune_active_tokens, prune_final
from blasr.decoding.token_passing import (
    DecodingGraph,
    lay_out,
    new_store,
    process_emitting,
    process_nonemitting,
    take_token,
)
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.io.fst import Fst
from blasr.units import AnyArray, FloatArray, IntArray

_PRUNE_SCALE = 0.1  # of the lattice beam: smaller changes of extra costs are left alone until the end


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """Kaldi's options of the same names (``LatticeFasterDecoderConfig``)."""

    beam: float = 13.0
    max_active: int = 7000
    min_active: int = 200
    lattice_beam: float = 6.0
    acoustic_scale: float = 0.1
    beam_delta: float = 0.5
    prune_interval: int = 25

    def __post_init__(self) -> None:
        for name in ("beam", "lattice_beam", "acoustic_scale", "beam_delta"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected a number above 0")
        if not np.isfinite(self.acoustic_scale):
            raise ConfigError(f"acoustic_scale is {self.acoustic_scale}, expected a finite number")
        if self.max_active < 2 or not 0 <= self.min_active <= self.max_active or self.prune_interval < 1:
            raise ConfigError(
                f"max_active is {self.max_active}, min_active {self.min_active}, prune_interval {self.prune_interval}; "
                "expected 2 or more, from 0 to max_active, and 1 or more"
            )


class LatticeDecoder:
    """Decodes utterances over one graph; threads may share it, since decoding lets go of the interpreter's lock.

    Args:
        graph: HCLG, transition-ids on the input side and words on the output side.
        tid_to_pdf: the pdf-id of every transition-id; entry 0 is unused.
        config: the beams.

    Raises:
        MismatchError: the graph has transition-ids that the model lacks.
        DataError: the graph has no state, or a cycle of epsilon arcs, which lattices cannot have.
    """

    def __init__(self, graph: Fst, tid_to_pdf: IntArray, config: DecoderConfig | None = None) -> None:
        self.config = config or DecoderConfig()
        largest = int(graph.ilabel.max(initial=0))
        if largest >= len(tid_to_pdf):
            raise MismatchError(
                f"the graph's largest transition-id is {largest}, the model has {len(tid_to_pdf) - 1}",
                fix="compile the graph from this very model and its tree",
            )
        if graph.start < 0:
            raise DataError("the graph has no start state", fix="compile the graph again")
        self.num_pdfs = int(np.max(tid_to_pdf[1:], initial=-1)) + 1
        self._graph = lay_out(graph, tid_to_pdf)
        if _has_epsilon_cycle(self._graph):
            raise DataError(
                "the graph has a cycle of arcs without input label",
                fix="remove the grammar's epsilon arcs (fstrmepsilon) before the graph is compiled",
            )

    def decode(self, loglikes: FloatArray, *, utterance: str | None = None) -> Lattice:
        """Search one utterance's ``(T, num_pdfs)`` log-likelihoods, unscaled.

        Returns:
            The lattice of the paths within the lattice beam of the best. Where no path ended in a final state its
            ``reached_final`` is False and every state of the last frame is final. Where no path lives through to the
            last frame, since the graph has dead ends, it has no state at all.

        Raises:
            MismatchError: another number of columns than pdfs.
            DataError: there is no frame, or a row holds NaN or infinity.
        """
        if loglikes.ndim != 2 or loglikes.shape[1] != self.num_pdfs:
            raise MismatchError(
                f"log-likelihoods of shape {loglikes.shape}, the model has {self.num_pdfs} pdfs",
                utterance=utterance,
                fix="dump log-likelihoods with a network trained on this model's alignments",
            )
        if len(loglikes) == 0:
            raise DataError("has no frames", utterance=utterance, fix="leave it out")
        matrix = np.ascontiguousarray(loglikes, dtype=np.float32)
        finite = np.isfinite(matrix).all(axis=1)
        if not finite.all():
            row = int(np.argmin(finite))
            raise DataError(
                f"row {row} (counted from 0) of its log-likelihoods holds a value that is not finite",
                utterance=utterance,
                fix="look at the network and the priors that made them",
            )
        config = self.config
        reached_final, arrays = _search(
            self._graph,
            matrix,
            float(config.acoustic_scale),  # of an integer, numba would compile a search of its own
            float(config.beam),
            config.max_active,
            config.min_active,
            float(config.lattice_beam),
            float(config.beam_delta),
            config.prune_interval,
        )
        state_times, offsets, ilabel, olabel, nextstate, graph_cost, acoustic_cost, final_cost = arrays
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


def _compile_search(sources: str) -> Any:
    """The search itself, to be compiled at its first call and cached on disk.

    numba compiles anew when this file changes, but not when a module with the functions it calls does; a closure's
    variables are part of the cache's key, so ``sources`` stands for those modules.
    """

    @numba.njit(cache=True, nogil=True)
    def search(
        graph: DecodingGraph,
        loglikes: FloatArray,
        acoustic_scale: float,
        beam: float,
        max_active: int,
        min_active: int,
        lattice_beam: float,
        beam_delta: float,
        prune_interval: int,
    ) -> tuple[bool, tuple[IntArray, AnyArray, IntArray, IntArray, IntArray, FloatArray, FloatArray, FloatArray]]:
        """Whether a final state was reached, and the arrays of the lattice."""
        _ = sources
        num_frames, num_pdfs = loglikes.shape
        store = new_store()
        frame_tokens = np.full(num_frames + 1, -1, np.int32)
        token_of_state = np.full(len(graph.final), -1, np.int32)
        stale_links = np.ones(num_frames + 1, np.bool_)
        stale_tokens = np.ones(num_frames + 1, np.bool_)
        scores = np.empty(num_pdfs, np.float32)

        frame_tokens[0] = take_token(store.tokens, store.heads, graph.start, 0.0, -1)
        token_of_state[graph.start] = frame_tokens[0]
        store = process_nonemitting(graph, store, frame_tokens, 0, token_of_state, beam)
        for frame in range(num_frames):
            if frame % prune_interval == 0 and frame > 0:
                prune_active_tokens(
                    graph,
                    store,
                    frame_tokens,
                    frame,
                    stale_links,
                    stale_tokens,
                    lattice_beam,
                    lattice_beam * _PRUNE_SCALE,
                )
            for pdf in range(num_pdfs):
                scores[pdf] = acoustic_scale * loglikes[frame, pdf]
            store, cutoff = process_emitting(
                graph, store, frame_tokens, frame, token_of_state, scores, beam, max_active, min_active, beam_delta
            )
            if frame_tokens[frame + 1] < 0:
                break  # a dead end of the graph; pruning then leaves no token at all
            store = process_nonemitting(graph, store, frame_tokens, frame + 1, token_of_state, cutoff)
        reached_final = prune_final(graph, store, frame_tokens, num_frames, lattice_beam)
        return reached_final, lattice_arrays(graph, store, frame_tokens, loglikes, reached_final)

    return search


_search = _compile_search(
    hashlib.sha256(
        b"".join(Path(str(module.__file__)).read_bytes() for module in (lattice_output, lattice_pruning, token_passing))
    ).hexdigest()
)


@numba.njit(cache=True, nogil=True)
def _has_epsilon_cycle(graph: DecodingGraph) -> bool:
    """Whether the epsilon arcs alone have a cycle: whether Kahn's topological sort leaves states over."""
    num_states = len(graph.final)
    entering = np.zeros(num_states, np.int32)
    for state in range(num_states):
        for arc in range(graph.offsets[state], graph.epsilon_ends[state]):
            entering[graph.nextstate[arc]] += 1
    stack = np.empty(num_states, np.int32)
    height, sorted_states = 0, 0
    for state in range(num_states):
        if entering[state] == 0:
            stack[height] = state
            height += 1
    while height > 0:
        height -= 1
        sorted_states += 1
        state = stack[height]
        for arc in range(graph.offsets[state], graph.epsilon_ends[state]):
            target = graph.nextstate[arc]
            entering[target] -= 1
            if entering[target] == 0:
                stack[height] = target
                height += 1
    return sorted_states < num_states
