"""Models over a small lexicon, and the cheapest path of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import kaldifst
import numpy as np

from blasr.graph.lang import Lang
from blasr.graph.openfst import to_kaldifst
from blasr.hmm.event_map import ConstantEventMap, EventMap, SplitEventMap, TableEventMap
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency, monophone_tree
from blasr.io.fst import Fst
from blasr.lexicon.pronunciations import Pronunciation

LEXICON = [
    Pronunciation("<UNK>", ("SPN",)),
    Pronunciation("TWO", ("t", "u")),
    Pronunciation("TO", ("t", "u")),
    Pronunciation("TOOTH", ("t", "u", "th")),
    Pronunciation("A", ("a",)),
    Pronunciation("A", ("e", "i"), 0.5),
    Pronunciation("EAT", ("i", "t")),
    Pronunciation("TEA", ("t", "i")),
]
"""Homophones, prefixes of other words, and a word with two pronunciations."""


@dataclass(frozen=True)
class System:
    """The parts from which a graph is compiled."""

    lang: Lang
    tree: ContextDependency
    model: TransitionModel


@dataclass(frozen=True)
class Way:
    """A path of a graph."""

    inputs: list[int]
    outputs: list[int]
    cost: float


def make_system(lang: Lang, width: int, central: int) -> System:
    """A tree with this context width and central position, and a model with random transition probabilities."""
    phones = lang.topology.phones
    if width == 1:
        tree = monophone_tree([[phone] for phone in phones], {p: lang.topology.num_pdf_classes(p) for p in phones})
    else:
        tree = _context_tree(lang, width, central)
    initial = TransitionModel.from_tree(tree, lang.topology)
    counts = np.random.default_rng(width).uniform(5, 50, initial.num_transition_ids + 1)
    return System(lang, tree, initial.estimate(counts))


def _context_tree(lang: Lang, width: int, central: int) -> ContextDependency:
    """A tree that asks one question about every neighbor."""
    numbers = count()
    phones = lang.topology.phones
    neighbors = [position for position in range(width) if position != central]

    def split(phone: int, positions: Sequence[int]) -> EventMap:
        if positions:
            yes = frozenset(phones[positions[0] :: 2])
            return SplitEventMap(positions[0], yes, split(phone, positions[1:]), split(phone, positions[1:]))
        classes = lang.topology.num_pdf_classes(phone)
        return TableEventMap(-1, tuple(ConstantEventMap(next(numbers)) for _ in range(classes)))

    roots = (None, *(split(phone, neighbors) for phone in phones))
    return ContextDependency(width, central, TableEventMap(central, roots))


def best_way(fst: Fst, inputs: Sequence[int] | None = None) -> Way | None:
    """The cheapest path, or the cheapest path with these input labels; None if there is none."""
    graph = to_kaldifst(fst)
    if inputs is not None:
        graph = kaldifst.compose(kaldifst.make_linear_acceptor(list(inputs)), graph)
        if graph.start < 0:
            return None
    found, labels, words, cost = kaldifst.get_linear_symbol_sequence(kaldifst.shortest_path(graph))
    return Way(list(labels), list(words), float(cost.value)) if found and np.isfinite(cost.value) else None


def random_inputs(fst: Fst, length: int, seed: int) -> list[int] | None:
    """The input labels of a random path of this length; None if there is no path so short."""
    done, way = kaldifst.equal_align(to_kaldifst(fst), length, seed)
    return list(kaldifst.get_linear_symbol_sequence(way)[1]) if done else None
