"""Weight pushing that succeeds on every graph (Kaldi's ``fstext/push-special.cc``)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from blasr.io.fst import Fst

MAX_ITERATIONS: Final = 2000
_DAMPING: Final = 0.1


def push_special(fst: Fst, delta: float = 2.0**-10) -> Fst:
    """The same transducer with weights moved so that each state's arcs and end sum to the same probability.

    The power method finds the potentials: see Hannemann and Povey, "Combining forward and backward search in
    decoding" (ICASSP 2013), equation 4 and the text around it. A beam search prunes best when it sees the cost of a
    grammar as early as possible.

    Args:
        fst: every state on a path from the start to an end.
        delta: largest difference between the states' log sums at which to stop.
    """
    if not fst.num_states:
        return fst
    sources, targets = fst.sources, fst.nextstate
    probability = np.exp(-fst.weight.astype(np.float64))
    final = np.exp(-fst.final.astype(np.float64))
    potential = np.full(fst.num_states, fst.num_states**-0.5)
    for _ in range(MAX_ITERATIONS):
        sums = np.bincount(sources, probability * potential[targets], fst.num_states) + final * potential[fst.start]
        ratios = sums / potential
        if np.log(ratios.max() / ratios.min()) <= delta:
            break
        updated = sums + _DAMPING * potential  # eigenvalues of one magnitude but other phases do no harm then
        potential = updated / np.sqrt((updated**2).sum())
    cost = -np.log(potential)
    return replace(
        fst,
        weight=(fst.weight + cost[targets] - cost[sources]).astype(np.float32),
        final=(fst.final + cost[fst.start] - cost).astype(np.float32),
    )
