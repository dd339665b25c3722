"""From a transducer of phones to one of transition-ids: composition with C and H, for any grammar or transcript."""

from __future__ import annotations

from collections.abc import Sequence

from blasr.errors import MismatchError
from blasr.graph.context_transducer import compose_context
from blasr.graph.epsilon_removal import remove_epsilons_locally
from blasr.graph.fst_arrays import sort_arcs_by_ilabel
from blasr.graph.fst_compose import compose
from blasr.graph.fst_determinize import determinize
from blasr.graph.fst_minimize import minimize
from blasr.graph.hmm_transducer import HTransducerBuilder, remove_input_symbols
from blasr.hmm.tree import ContextDependency
from blasr.io.fst import Fst
from blasr.units import IntArray


def expand_to_transitions(
    phones_to_words: Fst,
    disambig_phones: Sequence[int],
    tree: ContextDependency,
    builder: HTransducerBuilder,
    *,
    remove_epsilons: bool,
) -> tuple[Fst, IntArray]:
    """Compile ``min(rds(det(H o C o LG)))``, where ``rds`` removes disambiguation symbols.

    Args:
        phones_to_words: LG, or L composed with a transcript; it is not changed.
        disambig_phones: disambiguation symbols on its input side.
        tree: the phonetic decision tree, which gives the context.
        builder: makes H.
        remove_epsilons: whether to remove epsilons locally before minimization.

    Returns:
        Transition-ids to words, without self-loops; and the disambiguation symbols of H, larger than all
        transition-ids.

    Raises:
        MismatchError: the composition is empty.
        DataError: see :func:`blasr.graph.fst_determinize.determinize`.
    """
    # each step releases what the steps before it needed, so that at most two graphs are in memory
    in_context, windows = compose_context(
        phones_to_words, list(disambig_phones), tree.context_width, tree.central_position
    )
    h = builder.build(windows)
    del phones_to_words, windows, builder
    parts = [compose(h.fst, sort_arcs_by_ilabel(in_context))]
    disambig = h.disambig
    del in_context, h
    if parts[0].start < 0:
        raise MismatchError("the graph is empty: no path leads through lexicon, grammar and context")
    parts.append(remove_input_symbols(determinize(parts.pop()), disambig))
    if remove_epsilons:
        parts.append(remove_epsilons_locally(parts.pop()))
    return minimize(parts.pop()), disambig
