"""The beam of one frame, which adapts to the number of active tokens (``GetCutoff`` of Kaldi's decoders)."""

from __future__ import annotations

import numpy as np

from blasr.jit import jit
from blasr.units import AnyArray


@jit
def beam_cutoff(
    costs: AnyArray, beam: float, min_active: int, max_active: int, beam_delta: float
) -> tuple[float, float]:
    """Return the highest cost that survives, and the beam of the next frame.

    Args:
        costs: ``(N,)``, the costs of all active tokens.
        beam: the largest difference from the lowest cost.
        min_active: the beam widens until this many tokens survive; the cutoff is inf if there are no more tokens.
        max_active: the beam narrows until at most this many tokens survive.
        beam_delta: added to the adapted beam for the next frame.
    """
    if len(costs) <= min_active:
        return np.inf, np.inf
    best = np.inf
    for cost in costs:
        best = min(best, cost)
    limit = best + beam
    below, within = 0, 0
    for cost in costs:
        below += cost < limit
        within += cost <= limit
    if below > max_active:
        limit = np.partition(costs, max_active)[max_active]
    elif within <= min_active:
        limit = np.partition(costs, min_active)[min_active]
    else:
        return limit, beam
    return limit, limit - best + beam_delta
