"""Pruning of tokens and forward links against the lattice beam (``PruneActiveTokens``, ``FinalizeDecoding``).

The extra cost of a token says how much worse the best path through it is than the best path of all. It depends on
the extra costs of the tokens after it, so pruning goes backward in time.
"""

from __future__ import annotations

import numpy as np

from blasr.decoding.look_ahead import Exchange
from blasr.decoding.token_store import FrameTokens, Store, compact, final_cost
from blasr.jit import jit, jit_inline
from blasr.units import AnyArray, FloatArray, IntArray


@jit_inline
def _prune_links_of(tokens: AnyArray, links: AnyArray, index: int, end: int, lattice_beam: float) -> tuple[float, bool]:
    """Remove the links of a token beyond the beam.

    Return the lowest extra cost left, and whether it depends on other tokens of the frame, which are before ``end``.
    """
    lowest = np.inf
    depends = False
    previous, link = -1, tokens[index].links
    while link >= 0:
        following = links[link].next
        target = links[link].target
        cost = tokens[index].cost + links[link].acoustic_cost + links[link].graph_cost
        extra = tokens[target].extra_cost + (cost - tokens[target].cost)
        if extra > lattice_beam or extra == np.inf:
            if previous < 0:
                tokens[index].links = following
            else:
                links[previous].next = following
            links[link].target = -1
        else:
            lowest = min(lowest, max(extra, 0.0))
            depends |= target < end
            previous = link
        link = following
    return lowest, depends


@jit_inline
def _set_extra_cost(tokens: AnyArray, index: int, extra: float, delta: float) -> bool:
    """Return whether the extra cost of a token changes by more than ``delta``."""
    old = tokens[index].extra_cost
    tokens[index].extra_cost = extra
    return bool(extra != old and not abs(extra - old) <= delta)


@jit
def _prune_forward_links(store: Store, begin: int, end: int, lattice_beam: float, delta: float) -> bool:
    """``PruneForwardLinks`` of the tokens of a frame; return whether an extra cost changed by more than ``delta``."""
    tokens, links = store.tokens, store.links
    dependent = np.empty(end - begin, np.int32)  # tokens with epsilon links, the only ones that may change twice
    num_dependent = 0
    any_changed = False
    for index in range(end - 1, begin - 1, -1):
        extra, depends = _prune_links_of(tokens, links, index, end, lattice_beam)
        any_changed |= _set_extra_cost(tokens, index, extra, delta)
        if depends:
            dependent[num_dependent] = index
            num_dependent += 1
    changed = any_changed
    while changed:
        changed = False
        for index in dependent[:num_dependent]:
            extra, _ = _prune_links_of(tokens, links, index, end, lattice_beam)
            changed |= _set_extra_cost(tokens, index, extra, delta)
    return any_changed


@jit
def prune_active_tokens(
    store: Store, frames: FrameTokens, num_frames: int, lattice_beam: float, delta: float
) -> tuple[int, IntArray]:
    """``PruneActiveTokens`` after ``num_frames`` frames: prune the stale frames, and mark them as pruned.

    Return the first token that may have moved, and where it and the tokens after it went.
    """
    earliest = num_frames
    for frame in range(num_frames - 1, -1, -1):
        if frames.stale[frame]:
            begin, end = frames.tokens[frame], frames.tokens[frame + 1]
            if _prune_forward_links(store, begin, end, lattice_beam, delta) and frame > 0:
                frames.stale[frame - 1] = True
            frames.stale[frame] = False
            earliest = frame
    first = frames.tokens[earliest]
    return first, compact(store, frames, earliest, num_frames)


@jit
def _lowest_costs(
    final: FloatArray, exchange: Exchange | None, tokens: AnyArray, begin: int, end: int
) -> tuple[float, float]:
    """Return the lowest cost of the tokens of a frame, without and with final costs."""
    best, best_final = np.inf, np.inf
    for index in range(begin, end):
        best = min(best, tokens[index].cost)
        best_final = min(best_final, tokens[index].cost + final_cost(final, exchange, tokens, index))
    return best, best_final


@jit
def prune_final(
    final: FloatArray,
    exchange: Exchange | None,
    store: Store,
    frames: FrameTokens,
    num_frames: int,
    lattice_beam: float,
) -> bool:
    """``FinalizeDecoding``: prune all frames with the final costs; return whether a token is in a final state.

    ``final`` has the final costs of the graph's states. If no token has a finite final cost, every token of the
    last frame counts as final, with cost 0, as in Kaldi.
    """
    tokens, links = store.tokens, store.links
    begin, end = frames.tokens[num_frames], frames.tokens[num_frames + 1]
    best, best_final = _lowest_costs(final, exchange, tokens, begin, end)
    reached_final = best_final < np.inf
    lowest = best_final if reached_final else best
    changed = True
    while changed:
        changed = False
        for index in range(end - 1, begin - 1, -1):
            extra, _ = _prune_links_of(tokens, links, index, end, lattice_beam)
            ending = final_cost(final, exchange, tokens, index) if reached_final else 0.0
            extra = min(extra, tokens[index].cost + ending - lowest)
            if extra > lattice_beam:
                extra = np.inf
            changed |= _set_extra_cost(tokens, index, extra, 1e-5)
    for frame in range(num_frames - 1, -1, -1):
        _prune_forward_links(store, frames.tokens[frame], frames.tokens[frame + 1], lattice_beam, 0.0)
    compact(store, frames, 0, num_frames)
    return reached_final
