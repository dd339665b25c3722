"""Pruning of tokens and forward links against the lattice beam (``PruneActiveTokens``, ``FinalizeDecoding``).

The extra cost of a token says how much worse the best path through it is than the best path of all. It depends on
the extra costs of the tokens after it, so pruning goes backward in time.
"""

from __future__ import annotations

import numpy as np

from blasr.decoding.look_ahead import Exchange
from blasr.decoding.token_store import FrameTokens, Store, final_cost, free_link, free_token
from blasr.jit import jit
from blasr.units import AnyArray, FloatArray, IntArray


@jit
def _prune_links_of(store: Store, index: int, lattice_beam: float) -> tuple[float, bool]:
    """Remove the links of a token beyond the beam; return the lowest extra cost left, and whether any was removed."""
    tokens, links = store.tokens, store.links
    lowest = np.inf
    pruned = False
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
            free_link(store, link)
            pruned = True
        else:
            lowest = min(lowest, max(extra, 0.0))
            previous = link
        link = following
    return lowest, pruned


@jit
def _prune_forward_links(store: Store, first: int, lattice_beam: float, delta: float) -> tuple[bool, bool]:
    """``PruneForwardLinks`` of one frame.

    Return whether an extra cost changed by more than ``delta``, and whether a link was removed.
    """
    any_changed, any_pruned = False, False
    changed = True
    while changed:  # epsilon links make a token's extra cost depend on others of its frame
        changed = False
        index = first
        while index >= 0:
            extra, pruned = _prune_links_of(store, index, lattice_beam)
            any_pruned |= pruned
            old = store.tokens[index].extra_cost
            if extra != old and not abs(extra - old) <= delta:
                changed = True
            store.tokens[index].extra_cost = extra
            index = store.tokens[index].next
        any_changed |= changed
    return any_changed, any_pruned


@jit
def _prune_tokens(store: Store, frame_tokens: IntArray, frame: int) -> None:
    """``PruneTokensForFrame``: remove the tokens that are on no path within the lattice beam."""
    tokens = store.tokens
    previous, index = -1, frame_tokens[frame]
    while index >= 0:
        following = tokens[index].next
        if tokens[index].extra_cost == np.inf:
            if previous < 0:
                frame_tokens[frame] = following
            else:
                tokens[previous].next = following
            free_token(store, index)
        else:
            previous = index
        index = following


@jit
def prune_active_tokens(store: Store, frames: FrameTokens, num_frames: int, lattice_beam: float, delta: float) -> None:
    """``PruneActiveTokens`` after ``num_frames`` frames: prune the stale frames, and mark them as pruned."""
    for frame in range(num_frames - 1, -1, -1):
        if frames.stale_links[frame]:
            changed, pruned = _prune_forward_links(store, frames.first[frame], lattice_beam, delta)
            if changed and frame > 0:
                frames.stale_links[frame - 1] = True
            frames.stale_tokens[frame] |= pruned
            frames.stale_links[frame] = False
        if frame + 1 < num_frames and frames.stale_tokens[frame + 1]:
            _prune_tokens(store, frames.first, frame + 1)
            frames.stale_tokens[frame + 1] = False


@jit
def _lowest_costs(final: FloatArray, exchange: Exchange | None, tokens: AnyArray, first: int) -> tuple[float, float]:
    """Return the lowest cost of the tokens of a frame, without and with final costs."""
    best, best_final = np.inf, np.inf
    index = first
    while index >= 0:
        best = min(best, tokens[index].cost)
        best_final = min(best_final, tokens[index].cost + final_cost(final, exchange, tokens, index))
        index = tokens[index].next
    return best, best_final


@jit
def prune_final(
    final: FloatArray,
    exchange: Exchange | None,
    store: Store,
    frame_tokens: IntArray,
    num_frames: int,
    lattice_beam: float,
) -> bool:
    """``FinalizeDecoding``: prune all frames with the final costs; return whether a token is in a final state.

    ``final`` has the final costs of the graph's states. If no token has a finite final cost, every token of the
    last frame counts as final, with cost 0, as in Kaldi.
    """
    tokens = store.tokens
    best, best_final = _lowest_costs(final, exchange, tokens, frame_tokens[num_frames])
    reached_final = best_final < np.inf
    lowest = best_final if reached_final else best
    changed = True
    while changed:
        changed = False
        index = frame_tokens[num_frames]
        while index >= 0:
            extra, _ = _prune_links_of(store, index, lattice_beam)
            ending = final_cost(final, exchange, tokens, index) if reached_final else 0.0
            extra = min(extra, tokens[index].cost + ending - lowest)
            if extra > lattice_beam:
                extra = np.inf
            old = tokens[index].extra_cost
            if extra != old and not abs(extra - old) <= 1e-5:
                changed = True
            tokens[index].extra_cost = extra
            index = tokens[index].next
    for frame in range(num_frames - 1, -1, -1):
        _prune_forward_links(store, frame_tokens[frame], lattice_beam, 0.0)
        _prune_tokens(store, frame_tokens, frame + 1)
    _prune_tokens(store, frame_tokens, 0)
    return reached_final
