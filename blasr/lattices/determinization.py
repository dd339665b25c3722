"""Pruned determinization of lattices at the word level: for every word sequence within the beam, its best path.

Kaldi's ``DeterminizeLatticePruned`` and ``DeterminizeLatticePhonePruned`` (``lat/determinize-lattice-pruned.cc``;
Povey et al. 2012, "Generating exact lattices in the WFST framework"). The weight of a path is the pair of its graph
and acoustic costs, compared by their sum, and the string of its transition-ids.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from blasr.hmm.transition_model import TransitionModel
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import DeterminizationConfig
from blasr.lattices.lattice import Lattice
from blasr.lattices.subset_construction import determinize
from blasr.lattices.subset_table import Acceptor
from blasr.lattices.word_arcs import state_order
from blasr.units import AnyArray, FloatArray


class Determinized(NamedTuple):
    """A determinized lattice, and the beam within which it is complete, which is narrower if memory ran out."""

    lattice: CompactLattice
    effective_beam: float


def determinize_lattice(
    lattice: Lattice | CompactLattice,
    config: DeterminizationConfig | None = None,
    transition_model: TransitionModel | None = None,
) -> Determinized:
    """Return the best path of every word sequence within the beam of the best path of all.

    Args:
        lattice: the lattice of a search, or a compact one with several paths for a word sequence.
        config: the beam, and the acoustic scale to which it applies.
        transition_model: if given, paths are first determinized by phones and words, as in Kaldi
            (``--phone-determinize``); only paths near the edge of the beam can differ.

    Returns:
        A lattice in topological order; each state has at most one arc of a word, and no arc without a word. Costs are
        unscaled. A lattice without a path to a final state gives a lattice without states. If ``config.max_memory`` is
        used up, the effective beam is narrower, but the best path is always in the lattice.

    Raises:
        DataError: a compact lattice has a cycle.
    """
    config = config or DeterminizationConfig()
    acceptor = _from_compact(lattice, config) if isinstance(lattice, CompactLattice) else _from_raw(lattice, config)
    beams = []
    if transition_model is not None and isinstance(lattice, Lattice):
        first_phone = int(lattice.olabel.max(initial=0)) + 1
        with_phones = _insert_phones(lattice, acceptor, transition_model, first_phone)
        by_phones, effective_beam = determinize(with_phones, config.beam, config.delta, config.max_memory)
        beams.append(effective_beam)
        acceptor = by_phones._replace(label=np.where(by_phones.label >= first_phone, 0, by_phones.label))
    result, effective_beam = determinize(acceptor, config.beam, config.delta, config.max_memory)
    return Determinized(_to_compact(result, config), max(0.0, min([*beams, effective_beam])))


def warm_up(lattice: Lattice) -> None:
    """Determinize a lattice with almost no memory, so that everything that a determinization may call is compiled."""
    determinize_lattice(lattice, DeterminizationConfig(max_memory=1))


def _from_raw(lattice: Lattice, config: DeterminizationConfig) -> Acceptor:
    emitting = lattice.ilabel > 0
    return Acceptor(
        offsets=lattice.offsets,
        label=lattice.olabel,
        nextstate=lattice.nextstate,
        graph=lattice.graph_cost.astype(np.float64),
        acoustic=config.acoustic_scale * lattice.acoustic_cost.astype(np.float64),
        string_offsets=np.append(0, np.cumsum(emitting)),
        string=lattice.ilabel[emitting],
        final_graph=lattice.final_graph_cost.astype(np.float64),
        final_acoustic=config.acoustic_scale * lattice.final_acoustic_cost.astype(np.float64),
        final_string_offsets=np.zeros(lattice.num_states + 1, np.int64),
        final_string=np.zeros(0, np.int32),
    )


def _from_compact(lattice: CompactLattice, config: DeterminizationConfig) -> Acceptor:
    """Return a compact lattice as an acceptor with its states in topological order, which files do not guarantee."""
    order = np.array(state_order(lattice), np.int64)
    number_of = np.full(lattice.num_states, -1, np.int64)
    number_of[order] = np.arange(len(order))
    counts = np.diff(lattice.offsets)[order]
    arcs = _positions(lattice.offsets, order)
    ends = _positions(lattice.final_string_offsets, order)
    lengths = np.diff(lattice.string_offsets)[arcs]
    return Acceptor(
        offsets=np.append(0, np.cumsum(counts)),
        label=lattice.words[arcs],
        nextstate=number_of[lattice.nextstate[arcs]].astype(np.int32),
        graph=lattice.graph_cost[arcs].astype(np.float64),
        acoustic=config.acoustic_scale * lattice.acoustic_cost[arcs].astype(np.float64),
        string_offsets=np.append(0, np.cumsum(lengths)),
        string=lattice.transition_ids[_positions(lattice.string_offsets, arcs)].astype(np.int32),
        final_graph=lattice.final_graph_cost[order].astype(np.float64),
        final_acoustic=config.acoustic_scale * lattice.final_acoustic_cost[order].astype(np.float64),
        final_string_offsets=np.append(0, np.cumsum(np.diff(lattice.final_string_offsets)[order])),
        final_string=lattice.final_transition_ids[ends].astype(np.int32),
    )


def _positions(offsets: AnyArray, rows: AnyArray) -> AnyArray:
    """Return the positions ``offsets[r]:offsets[r + 1]`` of each row, concatenated."""
    lengths = np.diff(offsets)[rows]
    begins = np.cumsum(lengths) - lengths
    return np.asarray(np.arange(lengths.sum()) + np.repeat(offsets[:-1][rows] - begins, lengths))


def _to_compact(acceptor: Acceptor, config: DeterminizationConfig) -> CompactLattice:
    def unscaled(costs: AnyArray) -> FloatArray:
        return np.asarray(costs / config.acoustic_scale, np.float32)

    return CompactLattice(
        start=0 if len(acceptor.final_graph) else -1,
        offsets=acceptor.offsets,
        words=acceptor.label,
        nextstate=acceptor.nextstate,
        graph_cost=acceptor.graph.astype(np.float32),
        acoustic_cost=unscaled(acceptor.acoustic),
        string_offsets=acceptor.string_offsets,
        transition_ids=acceptor.string,
        final_graph_cost=acceptor.final_graph.astype(np.float32),
        final_acoustic_cost=unscaled(acceptor.final_acoustic),
        final_string_offsets=acceptor.final_string_offsets,
        final_transition_ids=acceptor.final_string,
    )


def _insert_phones(
    lattice: Lattice, acceptor: Acceptor, transition_model: TransitionModel, first_phone: int
) -> Acceptor:
    """Label the arcs that begin a phone with the phone (``DeterminizeLatticeInsertPhones``).

    If such an arc already has a word, the phone gets its own arc after it.
    """
    tids = np.maximum(lattice.ilabel, 1)
    begins = (lattice.ilabel > 0) & (transition_model.hmm_states(tids) == 0) & ~transition_model.is_self_loop(tids)
    phones = np.where(begins, transition_model.phones(tids) + first_phone, 0).astype(np.int32)
    after_word = begins & (acceptor.label > 0)
    # New states precede the states that they lead to, so the order stays topological.
    count = np.bincount(acceptor.nextstate[after_word], minlength=lattice.num_states)
    number_of = np.arange(lattice.num_states) + np.cumsum(count)
    num_states = lattice.num_states + int(count.sum())
    sources = number_of[np.repeat(np.arange(lattice.num_states), np.diff(acceptor.offsets))]
    targets = number_of[acceptor.nextstate]
    split = np.flatnonzero(after_word)
    by_target = split[np.argsort(acceptor.nextstate[split], kind="stable")]
    old = np.zeros(num_states, bool)
    old[number_of] = True
    new_states = np.flatnonzero(~old)
    first_targets = targets.copy()
    first_targets[by_target] = new_states
    order = np.argsort(np.concatenate([sources, new_states]), kind="stable")
    nothing = np.zeros(len(new_states))
    ilabel = np.concatenate([lattice.ilabel, nothing.astype(np.int32)])[order]
    all_sources = np.concatenate([sources, new_states])[order]
    final_graph, final_acoustic = np.full((2, num_states), np.inf)
    final_graph[number_of], final_acoustic[number_of] = acceptor.final_graph, acceptor.final_acoustic
    labels = np.where(acceptor.label > 0, acceptor.label, phones)
    return Acceptor(
        offsets=np.searchsorted(all_sources, np.arange(num_states + 1)).astype(np.int64),
        label=np.concatenate([labels, phones[by_target]])[order].astype(np.int32),
        nextstate=np.concatenate([first_targets, targets[by_target]])[order].astype(np.int32),
        graph=np.concatenate([acceptor.graph, nothing])[order],
        acoustic=np.concatenate([acceptor.acoustic, nothing])[order],
        string_offsets=np.append(0, np.cumsum(ilabel > 0)),
        string=ilabel[ilabel > 0],
        final_graph=final_graph,
        final_acoustic=final_acoustic,
        final_string_offsets=np.zeros(num_states + 1, np.int64),
        final_string=np.zeros(0, np.int32),
    )
