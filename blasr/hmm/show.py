"""A human-readable listing of a transition model, as Kaldi's ``show-transitions`` prints it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from blasr.errors import MismatchError
from blasr.hmm.transition_model import TransitionModel
from blasr.io.symbols import SymbolTable
from blasr.units import AnyArray


def show_transitions(model: TransitionModel, phones: SymbolTable, occupancies: AnyArray | None = None) -> Iterator[str]:
    """List every transition-state and its transition-ids.

    Args:
        model: the transition model.
        phones: names of its phones.
        occupancies: for every pdf-id the number of frames in which it occurred (``final.occs``); listed if given.

    Yields:
        The lines of the listing, without line ends.

    Raises:
        MismatchError: there are fewer occupancies than pdfs.
        DataError: a phone has no name.
    """
    if occupancies is not None and len(occupancies) < model.num_pdfs:
        raise MismatchError(f"the model has {model.num_pdfs} pdfs, but there are {len(occupancies)} occupancies")
    is_hmm = model.topology.is_hmm
    probabilities = np.exp(model.log_probs, dtype=np.float64).astype(np.float32)
    for state, (phone, hmm_state, forward, self_loop) in enumerate(model.tuples.tolist(), start=1):
        pdfs = f"pdf = {forward}" if is_hmm else f"forward-pdf = {forward} self-loop-pdf = {self_loop}"
        yield f"Transition-state {state}: phone = {phones.symbol_of(phone)} hmm-state = {hmm_state} {pdfs}"
        count = ""
        if occupancies is not None:
            count = f" count of pdf = {occupancies[forward]:g}"
            if not is_hmm:
                count = f" count of forward-pdf = {occupancies[forward]:g}"
                count += f" count of self-loop-pdf = {occupancies[self_loop]:g}" if self_loop >= 0 else ""
        for number in range(*model.first_transition_ids[state : state + 2].tolist()):
            destination = int(model.destinations[number])
            kind = "self-loop" if destination == hmm_state else f"{hmm_state} -> {destination}"
            yield f" Transition-id = {number} p = {probabilities[number]:.6g}{count} [{kind}]"
