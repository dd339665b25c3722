"""A transducer under construction whose states are pairs, expanded in the order in which arcs first lead to them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from blasr.graph.fst_arrays import FstArrays
from blasr.graph.pair_buckets import pair_bucket, pair_buckets
from blasr.jit import grown, jit, jit_inline
from blasr.units import AnyArray, FloatArray, IntArray


class Draft(NamedTuple):
    """A composition under construction.

    ``counts`` holds the number of states and of arcs. ``buckets`` finds a state by its two parts, ``first`` and
    ``second``.
    """

    counts: AnyArray
    buckets: IntArray
    first: IntArray
    second: IntArray
    ilabel: IntArray
    olabel: IntArray
    weight: FloatArray
    nextstate: IntArray


@jit
def new_draft(size: Any, first: Any, second: Any) -> Draft:
    """Return a draft with a start state of these two parts, and room for about ``size`` states and arcs."""
    draft = Draft(
        np.zeros(2, np.int64),
        np.full(1024, -1, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.float32),
        np.empty(size, np.int32),
    )
    draft.first[0], draft.second[0] = first, second
    draft.buckets[pair_bucket(draft.buckets, draft.first, draft.second, first, second)] = 0
    draft.counts[0] = 1
    return draft


@jit
def room_for_arcs(draft: Draft, more: Any) -> Draft:
    """Return a draft with room for more arcs and as many states."""
    num_states, num_arcs = draft.counts[0] + more, draft.counts[1] + more
    if num_arcs <= len(draft.ilabel) and num_states <= len(draft.first) and 2 * num_states <= len(draft.buckets):
        return draft
    buckets = draft.buckets
    if 2 * num_states > len(buckets):
        size = len(buckets)
        while size < 2 * num_states:
            size *= 2
        buckets = pair_buckets(draft.first, draft.second, 0, draft.counts[0], size)
    return Draft(
        draft.counts,
        buckets,
        grown(draft.first, num_states),
        grown(draft.second, num_states),
        grown(draft.ilabel, num_arcs),
        grown(draft.olabel, num_arcs),
        grown(draft.weight, num_arcs),
        grown(draft.nextstate, num_arcs),
    )


@jit_inline
def add_arc(draft: Draft, first: Any, second: Any, ilabel: Any, olabel: Any, weight: Any) -> None:
    """Add an arc to the state that is being expanded, into the state of these two parts; there must be room."""
    place = pair_bucket(draft.buckets, draft.first, draft.second, first, second)
    found = draft.buckets[place]
    if found < 0:
        found = np.int32(draft.counts[0])
        draft.buckets[place] = found
        draft.first[found], draft.second[found] = first, second
        draft.counts[0] += 1
    arc = draft.counts[1]
    draft.ilabel[arc], draft.olabel[arc], draft.weight[arc], draft.nextstate[arc] = ilabel, olabel, weight, found
    draft.counts[1] += 1


@jit
def finished(draft: Draft, offsets: AnyArray, final: FloatArray) -> FstArrays:
    """Return the transducer of a draft, given the first arc and the final cost of each state."""
    num_states, num_arcs = draft.counts[0], draft.counts[1]
    return FstArrays(  # memory behind the end of an array was never touched, so that it takes no room
        np.int64(0),
        offsets[: num_states + 1],
        draft.ilabel[:num_arcs],
        draft.olabel[:num_arcs],
        draft.weight[:num_arcs],
        draft.nextstate[:num_arcs],
        final[:num_states],
    )
