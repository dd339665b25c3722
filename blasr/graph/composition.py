"""From a transducer of phones to one of transition-ids: composition with C and H, for any grammar or transcript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import kaldifst

from blasr.errors import DataError, MismatchError
from blasr.graph.epsilon_removal import remove_epsilons_locally
from blasr.graph.hmm_transducer import HTransducer, HTransducerBuilder, remove_input_symbols
from blasr.graph.openfst import from_kaldifst, to_kaldifst
from blasr.hmm.tree import ContextDependency
from blasr.io.fst import Fst

_SPARE_STATES: Final = 10_000
_MAX_GROWTH: Final = 20
"""Determinization stops at this many times the states of its input, plus the spare states."""


def expand_to_transitions(
    phones_to_words: kaldifst.StdVectorFst,
    disambig_phones: Sequence[int],
    tree: ContextDependency,
    builder: HTransducerBuilder,
    *,
    remove_epsilons: bool,
) -> tuple[Fst, HTransducer]:
    """Compile ``min(rds(det(H o C o LG)))``, where ``rds`` removes disambiguation symbols.

    Args:
        phones_to_words: LG, or L composed with a transcript; it is not changed.
        disambig_phones: disambiguation symbols on its input side.
        tree: the phonetic decision tree, which gives the context.
        builder: makes H.
        remove_epsilons: whether to remove epsilons locally before minimization.

    Returns:
        Transition-ids to words, without self-loops; and H.

    Raises:
        MismatchError: the composition is empty.
        DataError: see :func:`determinize`.
    """
    # compose_context adds the subsequential loop to its input, hence the copy
    in_context, windows = kaldifst.compose_context(
        list(disambig_phones), tree.context_width, tree.central_position, phones_to_words.copy()
    )
    kaldifst.arcsort(in_context, "ilabel")
    h = builder.build(windows)
    graph = kaldifst.compose(to_kaldifst(h.fst), in_context)
    if graph.start < 0:
        raise MismatchError("the graph is empty: no path leads through lexicon, grammar and context")
    determinize(graph)
    without_symbols = remove_input_symbols(from_kaldifst(graph), h.disambig)
    graph = to_kaldifst(remove_epsilons_locally(without_symbols) if remove_epsilons else without_symbols)
    kaldifst.minimize_encoded(graph)
    return from_kaldifst(graph), h


def determinize(fst: kaldifst.StdVectorFst) -> None:
    """Determinize in place, in the log semiring (``fstdeterminizestar --use-log=true``).

    Raises:
        DataError: the result has many more states than the input, which suggests that it would grow forever.
    """
    limit = _SPARE_STATES + _MAX_GROWTH * fst.num_states
    try:
        kaldifst.determinize_star(fst, max_states=limit, use_log=True)
    except RuntimeError as error:
        if "passed" not in str(error):
            raise
        raise DataError(
            f"the graph cannot be determinized: stopped after {limit} states",
            fix="give the backoff arcs of the grammar #0 as their input label, and make the lang directory with "
            "`blasr lang`, so that words that sound alike have disambiguation symbols",
        ) from None
