from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blasr.errors import MismatchError
from blasr.graph.lang import Lang
from blasr.graph.preflight import check_same_phones
from blasr.hmm.topology import Topology, make_topology
from blasr.hmm.transition_model import TransitionModel
from tests.graph.systems import System, make_system


def test_parts_of_one_system_are_accepted(system: System) -> None:
    check_same_phones(system.lang, system.tree, system.model)


def test_other_numbers_of_pdfs_are_refused(system: System, lang: Lang) -> None:
    other = make_system(replace(lang, topology=_topology(lang, speech_states=2)), 1, 0)
    with pytest.raises(MismatchError, match=r"^exp/tree: exp/tree has \d+ pdfs, exp/final.mdl has \d+") as caught:
        check_same_phones(system.lang, other.tree, system.model, tree_path="exp/tree", model_path="exp/final.mdl")
    assert caught.value.fix == "use the tree and final.mdl of one alignment directory"


def test_other_phones_are_refused(system: System, lang: Lang) -> None:
    phones = lang.topology.phones
    fewer = Topology(lang.topology.entries, {phone: lang.topology.entry_of_phone[phone] for phone in phones[:-1]})
    with pytest.raises(MismatchError, match=rf"; phone {phones[-1]} is only in the model"):
        check_same_phones(replace(lang, topology=fewer), system.tree, system.model)


def test_other_pdf_classes_are_refused(system: System, lang: Lang) -> None:
    changed = replace(lang, topology=_topology(lang, speech_states=2))
    with pytest.raises(MismatchError, match=r"has 2 pdf-classes in .*topo, 3 in the model"):
        check_same_phones(changed, system.tree, system.model)


def test_another_tree_with_as_many_pdfs_is_refused(system: System) -> None:
    """The pdfs of two phones are exchanged in the model."""
    first, second = system.lang.nonsilence_phones[:2]
    exchanged = {first: second, second: first}
    rows = sorted((exchanged.get(row[0], row[0]), *row[1:]) for row in system.model.tuples.tolist())
    other = TransitionModel(system.model.topology, np.array(rows))
    with pytest.raises(MismatchError, match=rf"belong to different trees: only the \w+ has pdf \d+ for phone {first} "):
        check_same_phones(system.lang, system.tree, other)


def _topology(lang: Lang, speech_states: int) -> Topology:
    return make_topology(lang.nonsilence_phones, lang.silence_phones, speech_states=speech_states)
