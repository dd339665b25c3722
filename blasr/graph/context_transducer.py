"""Composition with the context transducer C, which is never built (Kaldi's ``fstext/context-fst.cc``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from blasr.graph.fst_arrays import FstArrays, arrays_of, fst_of, spread
from blasr.graph.fst_draft import add_arc, finished, new_draft, room_for_arcs
from blasr.io.fst import Fst
from blasr.jit import grown, jit
from blasr.units import EPSILON, AnyArray, IntArray

_NO_MATCH: Final = -1
_MOST_WINDOWS: Final = 2**62


def compose_context(
    fst: Fst, disambig: Sequence[int], context_width: int, central_position: int
) -> tuple[Fst, list[list[int]]]:
    """Compose C with a transducer of phones (``fstcomposecontext``).

    Args:
        fst: LG, or any transducer with phones and disambiguation symbols on its input side.
        disambig: the disambiguation symbols.
        context_width: phones in a window.
        central_position: the place of the phone itself in its window, from 0.

    Returns:
        A transducer with the numbers of windows as input labels, and the windows: see
        :meth:`blasr.graph.hmm_transducer.HTransducerBuilder.build`.
    """
    symbols = np.unique(fst.ilabel)
    end_symbol = max(1, int(symbols.max(initial=0)), *disambig) + 1
    if (end_symbol + 1) ** context_width > _MOST_WINDOWS:
        raise ValueError(f"windows of {context_width} of {end_symbol} phones have no numbers of 64 bits")
    is_disambig = np.zeros(end_symbol + 1, dtype=np.bool_)
    is_disambig[list(disambig)] = True
    context = _Context(context_width, central_position, end_symbol, is_disambig)
    if central_position != context_width - 1:
        fst = _with_end_symbol(fst, end_symbol)
    composed, keys = _compose(arrays_of(fst), context, bool(disambig))
    return fst_of(composed), [[], *(_window(int(key), context_width, end_symbol + 1) for key in keys[1:])]


def _with_end_symbol(fst: Fst, symbol: int) -> Fst:
    """Let any number of end symbols follow a complete path (``AddSubsequentialLoop``)."""
    ending = np.flatnonzero(np.isfinite(fst.final))
    last = fst.num_states
    zeros = np.zeros(len(ending) + 1, dtype=np.int32)
    return Fst.from_arcs(
        fst.start,
        np.append(fst.final, np.float32(0)),
        np.concatenate((fst.sources, ending, [last])),
        np.concatenate((fst.ilabel, zeros + symbol)),
        np.concatenate((fst.olabel, zeros)),
        np.concatenate((fst.weight, fst.final[ending], [0])),
        np.concatenate((fst.nextstate, zeros + last)),
    )


def _window(key: int, width: int, base: int) -> list[int]:
    """Return the window that a key stands for."""
    if key < 0:
        return [key + 1]
    return [key // base ** (width - 1 - place) % base for place in range(width)]


class _Context(NamedTuple):
    """The size of windows; a window is a number with its phones as digits, in base ``end_symbol + 1``."""

    width: int
    central: int
    end_symbol: int
    is_disambig: AnyArray


class _Table(NamedTuple):
    """The different keys that were found, numbered from 0; ``used`` holds how many."""

    used: AnyArray
    buckets: IntArray
    keys: AnyArray


@jit
def _new_table() -> _Table:
    return _Table(np.zeros(1, np.int64), np.full(1024, -1, np.int32), np.empty(512, np.int64))


@jit
def _room_for_key(table: _Table) -> _Table:
    if table.used[0] < len(table.keys):
        return table
    keys = grown(table.keys, table.used[0] + 1)
    size = 2 * len(keys)
    buckets = np.full(size, -1, np.int32)
    for number in range(table.used[0]):
        place = spread(keys[number]) & (size - 1)
        while buckets[place] >= 0:
            place = (place + 1) & (size - 1)
        buckets[place] = number
    return _Table(table.used, buckets, keys)


@jit
def _number_of(table: _Table, key: Any) -> Any:
    """Return the number of a key, a new one if it is not there; there must be room."""
    size = len(table.buckets)
    place = spread(key) & (size - 1)
    while table.buckets[place] >= 0 and table.keys[table.buckets[place]] != key:
        place = (place + 1) & (size - 1)
    if table.buckets[place] < 0:
        table.buckets[place] = table.used[0]
        table.keys[table.used[0]] = key
        table.used[0] += 1
    return np.int64(table.buckets[place])


@jit
def _compose(fst: FstArrays, context: _Context, has_disambig: Any) -> tuple[FstArrays, AnyArray]:
    """Return the composition and the keys of the windows: negative for symbols, -1 - s for s."""
    base = np.int64(context.end_symbol + 1)
    shifted_out = base ** max(context.width - 2, 0)
    central_place = base ** max(context.width - 2 - context.central, 0)
    lefts, windows = _new_table(), _new_table()
    _number_of(lefts, np.int64(0))
    _number_of(windows, np.int64(-_MOST_WINDOWS))  # epsilon, label 0
    first_window = np.int64(0)  # the label of windows whose center is before the first phone
    if context.width > context.central + 1 and has_disambig:
        first_window = _number_of(windows, np.int64(-1))
    draft = new_draft(len(fst.offsets) + 1024, 0, fst.start)
    offsets = np.zeros(len(draft.first) + 1, np.int64)
    final = np.empty(len(draft.first), np.float32)
    state = 0
    while state < draft.counts[0]:
        left, right = draft.first[state], draft.second[state]
        key = lefts.keys[left]
        ended = context.central == context.width - 1 or key // central_place % base == context.end_symbol
        final = grown(final, state + 1)
        final[state] = fst.final[right] if ended else np.float32(np.inf)
        draft = room_for_arcs(draft, fst.offsets[right + 1] - fst.offsets[right])
        for arc in range(fst.offsets[right], fst.offsets[right + 1]):
            symbol = np.int64(fst.ilabel[arc])
            label, following = np.int64(0), np.int64(left)
            if symbol != EPSILON:
                windows, lefts = _room_for_key(windows), _room_for_key(lefts)
                if context.is_disambig[symbol]:
                    label = _number_of(windows, -1 - symbol)
                else:
                    label = _label(context, windows, key, symbol, first_window)
                    if label == _NO_MATCH:
                        continue
                    if context.width > 1:
                        following = _number_of(lefts, key % shifted_out * base + symbol)
            add_arc(draft, following, fst.nextstate[arc], label, fst.olabel[arc], fst.weight[arc])
        offsets = grown(offsets, state + 2)
        offsets[state + 1] = draft.counts[1]
        state += 1
    return finished(draft, offsets, final), windows.keys[: windows.used[0]].copy()


@jit
def _label(context: _Context, windows: _Table, left: Any, symbol: Any, first_window: Any) -> Any:
    """Return the label of the window of the phones on the left and this symbol, or ``_NO_MATCH``."""
    base = np.int64(context.end_symbol + 1)
    if context.width > 1 and left % base == context.end_symbol and symbol != context.end_symbol:
        return np.int64(_NO_MATCH)
    key, place, center = np.int64(0), np.int64(1), np.int64(0)
    rest = left * base + symbol
    for position in range(context.width - 1, -1, -1):
        phone = rest % base
        rest //= base
        if position == context.central:
            center = phone
        if phone == context.end_symbol and position > context.central:
            phone = np.int64(0)
        key += phone * place
        place *= base
    if center == context.end_symbol:
        return np.int64(_NO_MATCH)
    return first_window if center == EPSILON else _number_of(windows, key)
