"""Segmentation of alignments into phones (SplitToPhones of hmm/hmm-utils.cc)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blasr.errors import DataError
from blasr.hmm.transition_model import TransitionModel
from blasr.units import AnyArray, IntArray


@dataclass(frozen=True)
class PhoneSegments:
    """The phones ``(P,)`` of an utterance and their durations ``(P,)`` in frames."""

    phones: IntArray
    durations: IntArray


class Segmenter:
    """Splits alignments of one transition model into phones.

    Attributes:
        pdf_classes: by transition-id (element 0 unused), its pdf-class.
    """

    def __init__(self, transitions: TransitionModel) -> None:
        tids = np.arange(1, transitions.num_transition_ids + 1)
        self._loops: AnyArray = np.append(False, transitions.is_self_loop(tids))
        self._final: AnyArray = np.append(False, transitions.is_final(tids))
        self._phones: IntArray = np.append(0, transitions.phones(tids)).astype(np.int32)
        self._states = transitions.transition_states
        entry = transitions.topology.entry
        classes = [
            (entry(phone)[state].forward_pdf_class, entry(phone)[state].self_loop_pdf_class)
            for phone, state in transitions.tuples[:, :2].tolist()
        ]
        by_state = np.array([(0, 0), *classes], dtype=np.int32)[self._states]
        self.pdf_classes: IntArray = np.where(self._loops, by_state[:, 1], by_state[:, 0])

    def segments(self, alignment: IntArray) -> PhoneSegments:
        """Return the phones of an alignment ``(T,)`` of transition-ids; a repeated phone gives two segments.

        Both orders of Kaldi are accepted: the self-loops of a state after its forward transition ("reordered", the
        default of Kaldi's scripts) and before it.

        Raises:
            DataError: the alignment is empty, or its transitions cannot follow each other.
        """
        if len(alignment) == 0 or alignment.min() < 1 or alignment.max() >= len(self._phones):
            raise DataError(
                f"the alignment is empty or has transition-ids outside 1 to {len(self._phones) - 1}",
                fix="use the final.mdl that the alignment was made with",
            )
        loops, final, phones = self._loops[alignment], self._final[alignment], self._phones[alignment]
        if _is_reordered(loops, self._states[alignment]):
            entries = np.flatnonzero(~loops)
            ends = np.append(entries[1:], len(alignment))[final[entries]]
        else:
            ends = np.flatnonzero(final) + 1
        starts = np.concatenate([[0], ends[:-1]])
        durations = np.diff(np.append(starts, len(alignment)))
        whole = len(ends) > 0 and ends[-1] == len(alignment)
        if not whole or not np.array_equal(np.repeat(phones[starts], durations), phones):
            raise DataError(
                "the alignment's transition-ids do not follow each other in this model's topology",
                fix="use the final.mdl that the alignment was made with",
            )
        return PhoneSegments(phones[starts], durations.astype(np.int32))


def _is_reordered(loops: AnyArray, states: IntArray) -> bool:
    """Whether self-loops come before a change of state rather than after it (IsReordered of hmm/hmm-utils.cc)."""
    changes = np.flatnonzero(states[1:] != states[:-1])
    if np.any(loops[changes]):
        return True
    if np.any(loops[changes + 1]):
        return False
    return not (len(loops) > 1 and loops[0])
