from __future__ import annotations

import math

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.error_evidence import collect_evidence
from blasr.lattices.lattice import Lattice

WORDS = SymbolTable({"<eps>": 0, "yes": 1, "no": 2})


def one_word(*words: int, acoustic: tuple[float, ...]) -> Lattice:
    """Return a lattice of one word each, with these acoustic costs."""
    count = len(words)
    return Lattice(
        offsets=np.array([0, count, count], np.int64),
        ilabel=np.ones(count, np.int32),
        olabel=np.array(words, np.int32),
        nextstate=np.ones(count, np.int32),
        graph_cost=np.zeros(count, np.float32),
        acoustic_cost=np.array(acoustic, np.float32),
        final_graph_cost=np.array([np.inf, 0], np.float32),
        final_acoustic_cost=np.array([np.inf, 0], np.float32),
        state_times=np.array([0, 1], np.int32),
    )


def test_the_evidence_of_two_utterances() -> None:
    lattices = [
        ("a", one_word(1, 2, acoustic=(10.0, 30.0))),
        ("b", one_word(1, acoustic=(5.0,))),
        ("c", one_word(1, acoustic=(1.0,))),
    ]
    references = {"a": ["no"], "b": ["no"]}
    forced = [("b", one_word(2, acoustic=(25.0,)))]
    found = collect_evidence(lattices, WORDS, references, PathWeights(10.0), forced)
    assert found.hypotheses == {"a": ["yes"], "b": ["yes"], "c": ["yes"]}
    assert (found.oracle_errors, found.reference_words) == (1, 2)  # only b's lattice lacks its reference
    assert found.evidence["a"].acoustic_excess == pytest.approx(2.0)  # (30 - 10) / 10
    assert found.evidence["b"].forced_excess == pytest.approx(2.0)
    assert "c" not in found.evidence


def test_a_forced_path_must_be_the_reference() -> None:
    lattice = one_word(1, acoustic=(1.0,))
    with pytest.raises(DataError, match="utterance a: the forced path differs from the reference"):
        collect_evidence([("a", lattice)], WORDS, {"a": ["no"]}, PathWeights(10.0), [("a", lattice)])


def test_confidences_are_posteriors_of_the_best_path() -> None:
    lattices = [("a", one_word(1, 2, acoustic=(10.0, 20.0)))]
    found = collect_evidence(lattices, WORDS, {"a": ["no"]}, PathWeights(10.0), confidences=True)
    assert found.confidences["a"] == pytest.approx([1 / (1 + math.exp(-1))])
    assert collect_evidence(lattices, WORDS, {"a": ["no"]}, PathWeights(10.0)).confidences == {}
