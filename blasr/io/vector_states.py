"""The states of OpenFst's vector transducers, read from words of 4 bytes by compiled functions, without a copy.

A state is its final weight (float32), its number of arcs (int64), and its arcs of four words each: input label, output
label, weight and next state.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from blasr.jit import jit
from blasr.units import AnyArray, IntArray

_STATE_WORDS: Final = 3
_ARC_WORDS: Final = 4


class StatesSize(NamedTuple):
    """How many states and arcs there are, and where they end.

    Attributes:
        num_states: the number of states, with the one that is not complete.
        num_arcs: the number of arcs.
        last: the word at which the last state begins.
        end: the word after the last state; beyond the words if its arcs are cut off.
        is_whole: false if the head of the last state is cut off or impossible.
    """

    num_states: int
    num_arcs: int
    last: int
    end: int
    is_whole: bool


@jit
def measure_states(words: IntArray, num_states: int) -> StatesSize:
    """Count states and arcs up to the first mistake.

    Args:
        words: int32, the states and whatever follows them.
        num_states: the number of states; below 0 if they go on to the end of the words.
    """
    count, num_arcs, last, end = 0, 0, 0, 0
    while (num_states < 0 and end < len(words)) or count < num_states:
        last = end
        count += 1
        if end + _STATE_WORDS > len(words) or words[end + 1] < 0 or words[end + 2] != 0:
            return StatesSize(count, num_arcs, last, end, False)
        num_arcs += words[end + 1]
        end += _STATE_WORDS + _ARC_WORDS * int(words[end + 1])
    return StatesSize(count, num_arcs, last, end, True)


@jit
def copy_states(
    words: IntArray,
    offsets: AnyArray,
    ilabel: IntArray,
    olabel: IntArray,
    weight: IntArray,
    nextstate: IntArray,
    final: IntArray,
) -> None:
    """Fill the arrays of a :class:`blasr.io.fst.Fst` from states that :func:`measure_states` found to be complete.

    Args:
        words: int32, the states.
        offsets: int64 ``(S + 1,)``.
        ilabel, olabel, nextstate: int32 ``(A,)``.
        weight, final: the bits of the float32 weights, ``(A,)`` and ``(S,)``, as int32.
    """
    place, arc = 0, 0
    offsets[0] = 0
    for state in range(len(final)):
        final[state] = words[place]
        offsets[state + 1] = arc + words[place + 1]
        place += _STATE_WORDS
        while arc < offsets[state + 1]:
            ilabel[arc], olabel[arc] = words[place], words[place + 1]
            weight[arc], nextstate[arc] = words[place + 2], words[place + 3]
            place += _ARC_WORDS
            arc += 1
