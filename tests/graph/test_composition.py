from __future__ import annotations

import copy

import numpy as np
import pytest

from blasr.errors import MismatchError
from blasr.graph.composition import expand_to_transitions
from blasr.graph.fst_compose import compose
from blasr.graph.hmm_transducer import HTransducerBuilder
from blasr.io.fst import Fst
from tests.graph.systems import System, best_way
from tests.graph.transducers import assert_same


@pytest.mark.parametrize("remove_epsilons", [False, True])
def test_the_transitions_of_one_word(system: System, remove_epsilons: bool) -> None:
    """Without self-loops, a word of two phones with three states each has six transition-ids."""
    words = system.lang.words
    tea = words.id_of("TEA")
    acceptor = Fst.from_arcs(0, [np.inf, 0.0], [0], [tea], [tea], [0.0], [1])
    phones_to_words = compose(system.lang.lexicon_fst, acceptor)
    before = copy.deepcopy(phones_to_words)
    builder = HTransducerBuilder(system.tree, system.model)
    graph, disambig = expand_to_transitions(
        phones_to_words, system.lang.disambig_phones, system.tree, builder, remove_epsilons=remove_epsilons
    )
    assert_same(phones_to_words, before)
    assert graph.ilabel.max() <= system.model.num_transition_ids < disambig.min(initial=2**30)
    way = best_way(graph)
    assert way is not None
    assert way.outputs == [words.id_of("TEA")]
    speech = [tid for tid in way.inputs if system.model.phones(tid) not in system.lang.silence_phones]
    assert len(speech) == 6
    assert not system.model.is_self_loop(speech).any()
    names = [system.lang.phones.symbol_of(int(phone))[0] for phone in system.model.phones(speech)]
    assert names == ["t"] * 3 + ["i"] * 3


def test_an_empty_composition_is_refused(kaldi: System) -> None:
    nothing = Fst.from_arcs(0, [float("inf")], [], [], [], [], [])
    builder = HTransducerBuilder(kaldi.tree, kaldi.model)
    with pytest.raises(MismatchError, match="the graph is empty"):
        expand_to_transitions(nothing, kaldi.lang.disambig_phones, kaldi.tree, builder, remove_epsilons=True)
