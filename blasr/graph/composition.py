"""From a transducer of phones to one of transition-ids: C, H and what follows, for any grammar or transcript."""

from __future__ import annotations

from collections.abc import Sequence

import kaldifst

from blasr.errors import MismatchError
from blasr.graph.hmm_transducer import HTransducer, HTransducerBuilder, remove_input_symbols
from blasr.graph.openfst import from_kaldifst, to_kaldifst
from blasr.hmm.tree import ContextDependency
from blasr.io.fst import Fst


def expand_to_transitions(
    phones_to_words: kaldifst.StdVectorFst,
    disambig_phones: Sequence[int],
    tree: ContextDependency,
    builder: HTransducerBuilder,
) -> tuple[Fst, HTransducer]:
    """``min(rds(det(H o C o LG)))``: transition-ids to words, without self-loops, and H.

    Args:
        phones_to_words: LG, or L composed with a transcript; left as it is.
        disambig_phones: disambiguation symbols on its input side.
        tree: gives the context.
        builder: makes H.
    """
    # kaldifst adds the subsequential loop to what it is given
    in_context, windows = kaldifst.compose_context(
        list(disambig_phones), tree.context_width, tree.central_position, phones_to_words.copy()
    )
    kaldifst.arcsort(in_context, "ilabel")
    h = builder.build(windows)
    graph = kaldifst.compose(to_kaldifst(h.fst), in_context)
    if graph.start < 0:
        raise MismatchError("the graph is empty: no path goes through lexicon, grammar and context")
    kaldifst.determinize_star(graph, use_log=True)
    graph = to_kaldifst(remove_input_symbols(from_kaldifst(graph), h.disambig))
    kaldifst.minimize_encoded(graph)
    return from_kaldifst(graph), h
