from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.errors import MismatchError
from blasr.hmm import TransitionModel, make_topology, monophone_tree, read_transition_model
from blasr.hmm.show import show_transitions
from blasr.io import SymbolTable
from blasr.io.kaldi.model_stream import open_reader


def test_kaldis_show_transitions(golden: Path) -> None:
    """Every character of ``show-transitions phones.txt final.mdl final.occs``."""
    folder = golden / "fsdd_tri1"
    phones = SymbolTable.read(folder / "lang" / "phones.txt")
    with open_reader(folder / "final.occs") as reader:
        occupancies = reader.float_vector()
    lines = list(show_transitions(read_transition_model(folder / "final.mdl"), phones, occupancies))
    assert lines == (folder / "show_transitions.txt").read_text(encoding="utf-8").splitlines()


def test_without_occupancies() -> None:
    model = TransitionModel.from_tree(
        monophone_tree([[1], [2]], {1: 1, 2: 1}), make_topology([2], [1], speech_states=1, silence_states=1)
    )
    phones = SymbolTable.from_symbols(["SIL", "A"])
    assert list(show_transitions(model, phones))[:3] == [
        "Transition-state 1: phone = SIL hmm-state = 0 pdf = 0",
        " Transition-id = 1 p = 0.75 [self-loop]",
        " Transition-id = 2 p = 0.25 [0 -> 1]",
    ]
    with pytest.raises(MismatchError, match="2 pdfs, but there are 1 occupancies"):
        list(show_transitions(model, phones, np.ones(1)))
