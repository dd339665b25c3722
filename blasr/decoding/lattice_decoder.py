"""Lattice beam search with a decoding graph: Kaldi's ``LatticeFasterDecoder`` on arrays."""

from __future__ import annotations

import numpy as np

from blasr.decoding.config import DecoderConfig
from blasr.decoding.look_ahead import Exchange, make_exchange
from blasr.decoding.reachable_words import ReachableWords, reachable_words
from blasr.decoding.search import IncrementalSearch, search
from blasr.decoding.search_graph import SearchGraph, make_search_graph
from blasr.errors import DataError, MismatchError
from blasr.io.fst import Fst
from blasr.jit import jit
from blasr.lattices.lattice import Lattice
from blasr.lm.backoff_grammar import LmDifference, words_missing
from blasr.units import FloatArray, IntArray


class LatticeDecoder:
    """Decodes utterances with one graph. Threads may share it, since decoding releases the GIL.

    Args:
        graph: HCLG, transition-ids on the input side and words on the output side.
        tid_to_pdf: the pdf-id of every transition-id; entry 0 is unused.
        config: the beams.
        difference: the old grammar, which the graph was compiled with, and a new one. The search replaces the costs of
            the old one by those of the new one, as in ``latgen-biglm-faster-mapped``. It is meant for grammars that are
            too big to be compiled into a graph. Words that the new grammar does not have are never found.
        look_ahead: whether the search prunes by the new grammar's costs of the words that may come next, rather than
            by the costs of the words that are known. It makes fewer errors, above all with a unigram graph; lattices
            have the same costs.

    Attributes:
        config: the beams.
        num_pdfs: the number of columns of log-likelihoods.

    Raises:
        MismatchError: the model lacks transition-ids of the graph, the old grammar lacks words of the graph, or the
            new grammar has none of them.
        DataError: the graph has no state, or a cycle of epsilon arcs, which a lattice cannot represent.
    """

    def __init__(
        self,
        graph: Fst,
        tid_to_pdf: IntArray,
        config: DecoderConfig | None = None,
        difference: LmDifference | None = None,
        *,
        look_ahead: bool = True,
    ) -> None:
        self.config = config or DecoderConfig()
        largest = int(graph.ilabel.max(initial=0))
        if largest >= len(tid_to_pdf):
            raise MismatchError(
                f"the graph's largest transition-id is {largest}, the model has {len(tid_to_pdf) - 1}",
                fix="compile the graph from this model and its tree",
            )
        if graph.start < 0:
            raise DataError("the graph has no start state", fix="compile the graph again")
        self.num_pdfs = int(np.max(tid_to_pdf[1:], initial=-1)) + 1
        self._graph = make_search_graph(graph, tid_to_pdf)
        if _has_epsilon_cycle(self._graph):
            raise DataError(
                "the graph has a cycle of arcs without input label",
                fix="remove the grammar's epsilon arcs (fstrmepsilon) before the graph is compiled",
            )
        self._exchange: Exchange | None = None
        if difference is not None:
            _check_words(graph, difference)
            self._exchange = make_exchange(difference, _reachable_words(graph), look_ahead=look_ahead)

    def decode(self, loglikes: FloatArray, *, utterance: str | None = None) -> Lattice:
        """Search one utterance's ``(T, num_pdfs)`` log-likelihoods, unscaled.

        Returns:
            The lattice of the paths within the lattice beam of the best path. If no path ends in a final state, its
            ``reached_final`` is False and every state of the last frame is final. If no path reaches the last frame,
            since the graph has dead ends, the lattice has no state.

        Raises:
            MismatchError: the number of columns is not the number of pdfs.
            DataError: there is no frame, or a row holds NaN or infinity.
        """
        matrix = self.checked(loglikes, utterance=utterance)
        if len(matrix) == 0:
            raise DataError("has no frames", utterance=utterance, fix="leave it out")
        return search(self._graph, self._new_exchange(), matrix, self.config.beams())

    def start(self) -> IncrementalSearch:
        """Start the search of an utterance frame by frame; any number of searches may run at the same time."""
        return IncrementalSearch(self._graph, self._new_exchange(), self.config.beams(), self.num_pdfs)

    def _new_exchange(self) -> Exchange | None:
        return None if self._exchange is None else self._exchange.with_new_cache()

    def checked(self, loglikes: FloatArray, *, first_frame: int = 0, utterance: str | None = None) -> FloatArray:
        """Check log-likelihoods and return them as the search needs them: float32, contiguous.

        Args:
            loglikes: ``(T, num_pdfs)``.
            first_frame: the frame of the first row, for errors.
            utterance: the utterance-id, for errors.

        Raises:
            MismatchError: the number of columns is not the number of pdfs.
            DataError: a row holds NaN or infinity.
        """
        if loglikes.ndim != 2 or loglikes.shape[1] != self.num_pdfs:
            raise MismatchError(
                f"log-likelihoods of shape {loglikes.shape}, the model has {self.num_pdfs} pdfs",
                utterance=utterance,
                fix="dump log-likelihoods with a network trained on this model's alignments",
            )
        matrix = np.ascontiguousarray(loglikes, dtype=np.float32)
        finite = np.isfinite(matrix).all(axis=1)
        if not finite.all():
            row = first_frame + int(np.argmin(finite))
            raise DataError(
                f"row {row} (counted from 0) of its log-likelihoods has a value that is not finite",
                utterance=utterance,
                fix="check the network and the priors that they were computed with",
                reason="with log-likelihoods that are not finite",
            )
        return matrix


def _reachable_words(graph: Fst) -> ReachableWords:
    offsets = np.ascontiguousarray(graph.offsets, dtype=np.int64)
    final = np.ascontiguousarray(graph.final, dtype=np.float32)
    return reachable_words(int(graph.start), offsets, graph.olabel, graph.nextstate, final)


def _check_words(graph: Fst, difference: LmDifference) -> None:
    missing = words_missing(graph, difference.old)
    if len(missing):
        raise MismatchError(
            f"{len(missing)} words of the graph are not in the old grammar, the first is word-id {missing[0]}",
            fix="give the grammar of the graph as the old one",
        )
    if len(words_missing(graph, difference.new)) == len(np.unique(graph.olabel[graph.olabel > 0])):
        raise MismatchError("the new grammar has none of the graph's words", fix="make both with the same words.txt")


@jit
def _has_epsilon_cycle(graph: SearchGraph) -> bool:
    """Return whether the epsilon arcs have a cycle: then Kahn's topological sort does not reach all states."""
    num_states = len(graph.final)
    entering = np.zeros(num_states, np.int32)
    for state in range(num_states):
        for arc in range(graph.states[state].begin, graph.states[state].emitting):
            entering[graph.arcs[arc].nextstate] += 1
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
        for arc in range(graph.states[state].begin, graph.states[state].emitting):
            target = graph.arcs[arc].nextstate
            entering[target] -= 1
            if entering[target] == 0:
                stack[height] = target
                height += 1
    return sorted_states < num_states
