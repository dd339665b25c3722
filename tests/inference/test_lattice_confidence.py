"""The confidence of a lattice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.hmm.transition_model import read_transition_model
from blasr.inference.acoustic_scorer import Posteriors
from blasr.inference.config import LatticeConfidenceConfig
from blasr.inference.lattice_confidence import LatticeConfidence
from blasr.io.fst import read_fst
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture


@pytest.fixture(scope="module")
def measure(system: System) -> LatticeConfidence:
    transitions = read_transition_model(system.model)
    return LatticeConfidence(read_fst(system.graph / "HCLG.fst"), transitions, LatticeConfidenceConfig())


def posteriors(system: System, sharpness: float, seed: int) -> Posteriors:
    num_pdfs = read_transition_model(system.model).num_pdfs
    logits = sharpness * np.random.default_rng(seed).standard_normal((40, num_pdfs))
    rows = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return Posteriors(rows.astype(np.float32), np.zeros(num_pdfs))


def test_sharper_posteriors_are_surer(system: System, measure: LatticeConfidence) -> None:
    vague, sharp = (
        np.mean([measure(posteriors(system, sharpness, seed)) for seed in range(5)]) for sharpness in (0.1, 10.0)
    )
    assert 0 <= vague < sharp <= 1


def test_an_utterance_without_a_path_has_none(system: System, measure: LatticeConfidence, tmp_path: Path) -> None:
    one_frame = posteriors(system, 1.0, 0)
    assert 0 <= measure(Posteriors(one_frame.log_posteriors[:1], one_frame.log_priors)) <= 1
