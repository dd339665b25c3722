"""Decoding a table of log-likelihoods: the inputs are compared first, then threads decode in the order of the table."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import BlasrError, DataError, MismatchError
from blasr.hmm.transition_model import TransitionModel
from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable
from blasr.lattices.determinization import Determinized
from blasr.lattices.lattice import Lattice
from blasr.units import FloatArray

Item = tuple[str, FloatArray]


@dataclass(frozen=True, slots=True)
class DecodedUtterance:
    """The lattice of an utterance, determinized too if requested, or the reason why it has none."""

    utterance: str
    num_frames: int
    lattice: Lattice | None
    reason: str = ""
    determinized: Determinized | None = None
    error: BlasrError | None = None

    @classmethod
    def failed(cls, utterance: str, error: BlasrError) -> DecodedUtterance:
        """Return an utterance whose audio or log-likelihoods cannot be used."""
        return cls(utterance, 0, None, error.reason, error=error)


def check_graph(
    graph: Fst, graph_path: Path, transition_model: TransitionModel, model_path: Path, words: SymbolTable | None = None
) -> None:
    """Check that a graph fits the model, and the words if they are given.

    Raises:
        DataError: no utterance can be decoded: the graph is empty, reads no transition-id or has no final state.
        MismatchError: the graph has transition-ids or word-ids that the other file lacks.
    """
    for has_some, what in (
        (graph.start >= 0, "is empty: it has no state"),
        (graph.ilabel.any(), "has no arc with a transition-id"),
        (np.isfinite(graph.final).any(), "has no final state: no utterance can end"),
    ):
        if not has_some:
            raise DataError(what, path=graph_path, fix="compile the graph again (blasr graph)")
    largest = int(graph.ilabel.max(initial=0))
    if largest > transition_model.num_transition_ids:
        raise MismatchError(
            f"the largest input label is {largest}, {model_path} has {transition_model.num_transition_ids} "
            "transition-ids",
            path=graph_path,
            fix="compile the graph from this final.mdl and its tree (blasr graph)",
        )
    largest = int(graph.olabel.max(initial=0))
    highest = max((number for _, number in words.items()), default=0) if words is not None else largest
    if largest > highest:
        raise MismatchError(
            f"the largest output label is {largest}, the largest word-id of the symbol table is {highest}",
            path=graph_path,
            fix="give the words.txt of the lang directory that the graph was compiled from",
        )


def check_columns(
    loglikes: Iterable[Item],
    name: str,
    transition_model: TransitionModel,
    model_path: Path,
    graph: Fst,
    graph_path: Path,
) -> Iterator[Item]:
    """Check the first matrix against the model, and return an iterator over all of them.

    Raises:
        DataError: there is no matrix.
        MismatchError: its number of columns is not the number of pdfs of ``final.mdl``.
    """
    items = iter(loglikes)
    first = next(items, None)
    if first is None:
        raise DataError("has no log-likelihoods", path=name, fix="dump them first (blasr dump)")
    utterance, matrix = first
    columns = matrix.shape[1] if matrix.ndim == 2 else 0
    if columns != transition_model.num_pdfs:
        raise MismatchError(
            f"has {columns} columns, {model_path} has {transition_model.num_pdfs} pdfs "
            f"({graph_path}: input labels up to {int(graph.ilabel.max(initial=0))} of the model's "
            f"{transition_model.num_transition_ids} transition-ids)",
            path=name,
            utterance=utterance,
            fix="dump with a network trained on this final.mdl's alignments, or give the final.mdl it was trained on",
        )
    return chain([first], items)


def decode_table(
    decoder: LatticeDecoder,
    loglikes: Iterable[Item],
    threads: int = 1,
    determinize: Callable[[Lattice], Determinized] | None = None,
) -> Iterator[DecodedUtterance]:
    """Decode every utterance, in order; at most a few more than ``threads`` are held in memory.

    The threads also determinize the lattices if ``determinize`` is given. An utterance without frames, with a
    log-likelihood that is not finite, or without a path to the last frame has no lattice in the result.

    Raises:
        DataError: an utterance appears twice.
        MismatchError: the number of columns of a matrix is not the number of the model's pdfs.
    """
    seen: set[str] = set()
    pending: deque[Future[DecodedUtterance]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for utterance, matrix in loglikes:
                if utterance in seen:
                    raise DataError("appears twice among the log-likelihoods", utterance=utterance)
                seen.add(utterance)
                pending.append(pool.submit(decode_utterance, decoder, utterance, matrix, determinize))
                if len(pending) > 2 * threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def decode_utterance(
    decoder: LatticeDecoder,
    utterance: str,
    loglikes: FloatArray,
    determinize: Callable[[Lattice], Determinized] | None,
) -> DecodedUtterance:
    """Decode one utterance of log-likelihoods ``(T, num_pdfs)``; determinize its lattice with the function, if any.

    Raises:
        MismatchError: the number of columns differs from the model's number of pdfs.
    """
    if len(loglikes) == 0:
        return DecodedUtterance(utterance, 0, None, "without frames")
    try:
        lattice = decoder.decode(loglikes, utterance=utterance)
    except DataError as error:
        return DecodedUtterance.failed(utterance, error)
    if not lattice.num_states:
        return DecodedUtterance(utterance, len(loglikes), None, "without a path to the last frame")
    determinized = None if determinize is None else determinize(lattice)
    return DecodedUtterance(utterance, len(loglikes), lattice, determinized=determinized)
