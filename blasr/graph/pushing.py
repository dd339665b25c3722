"""Weight pushing that works on every graph (Kaldi's ``fstext/push-special.cc``)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from blasr.io.fst import Fst

MAX_ITERATIONS: Final = 2000
_DAMPING: Final = 0.1


def push_special(fst: Fst, delta: float = 2.0**-10) -> Fst:
    """Move weights so that the arcs and the final probability of every state have the same sum.

    The potentials are found with the power method: see Hannemann and Povey, "Combining forward and backward search in
    decoding" (ICASSP 2013), equation 4 and the text around it. The costs of a grammar then occur as early as possible,
    which makes the pruning of a beam search more effective.

    Args:
        fst: a transducer without useless states.
        delta: the iteration stops when the log sums of the states differ by at most this.
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
        # damping makes eigenvalues of equal magnitude and different phase harmless
        updated = sums + _DAMPING * potential
        potential = updated / np.sqrt((updated**2).sum())
    cost = -np.log(potential)
    return replace(
        fst,
        weight=(fst.weight + cost[targets] - cost[sources]).astype(np.float32),
        final=(fst.final + cost[fst.start] - cost).astype(np.float32),
    )
