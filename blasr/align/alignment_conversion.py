"""Conversion of alignments to another tree (ConvertAlignment of hmm/hmm-utils.cc)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from blasr.hmm.phone_segments import Segmenter
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency
from blasr.units import EPSILON, IntArray


class AlignmentConverter:
    """Converts transition-ids of one model to those of another model with the same topology.

    Args:
        old: the model of the alignments.
        new: the model to convert to.
        tree: the tree of ``new``.
    """

    def __init__(self, old: TransitionModel, new: TransitionModel, tree: ContextDependency) -> None:
        self._old = old
        self._new = new
        self._tree = tree
        self._segmenter = Segmenter(old)
        self._tables: dict[tuple[int, ...], dict[int, int]] = {}

    def convert(self, alignment: IntArray) -> IntArray:
        """Return transition-ids ``(T,)`` of the new model, with the same phones and states at the same frames.

        Raises:
            DataError: the alignment does not belong to the old model.
            MismatchError: the tree or the new model lacks a phone or state of the alignment.
        """
        segments = self._segmenter.segments(alignment)
        width, center = self._tree.context_width, self._tree.central_position
        count = len(segments.phones)
        padded = [EPSILON] * center + segments.phones.tolist() + [EPSILON] * (width - 1 - center)
        old_ids = alignment.tolist()
        new_ids: list[int] = []
        begin = 0
        for position, duration in zip(range(count), segments.durations.tolist(), strict=True):
            window = tuple(padded[position : position + width])
            table = self._tables.setdefault(window, {})
            for old_id in old_ids[begin : begin + duration]:
                if old_id not in table:
                    table[old_id] = self._convert_one(window, old_id)
                new_ids.append(table[old_id])
            begin += duration
        return np.array(new_ids, dtype=np.int32)

    def _convert_one(self, window: Sequence[int], old_id: int) -> int:
        old_state = int(self._old.transition_states[old_id])
        phone, hmm_state = self._old.tuples[old_state - 1, :2].tolist()
        state = self._old.topology.entry(phone)[hmm_state]
        forward, loop = (
            self._tree.pdf_id(window, pdf_class) for pdf_class in (state.forward_pdf_class, state.self_loop_pdf_class)
        )
        new_state = self._new.transition_state(phone, hmm_state, forward, loop)
        offset = old_id - int(self._old.first_transition_ids[old_state])
        return int(self._new.first_transition_ids[new_state]) + offset
