"""Frames that differ from the big model, and word errors of a best path."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from blasr.data.data_dir import DataDir, Utterance
from blasr.inference.acoustic_scorer import Posteriors
from blasr.inference.config import ScoringConfig
from blasr.lattices.config import PathWeights
from blasr.lattices.timed_words import PathFormatter
from blasr.pipeline.cascade.measures import BestPathErrors, FrameDisagreements
from blasr.pipeline.decode import DecodeConfig, compile_search
from blasr.pipeline.decode_inputs import DecodeInputs, DecodePaths
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.tuning_references import TranscriptReference
from blasr.scoring import ErrorCounts
from tests.pipeline.cascade.pairs import write_data
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture


def test_frames_whose_likeliest_pdf_differs() -> None:
    big = np.log(np.array([[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], np.float32))
    mixed = np.log(np.array([[0.9, 0.1], [0.6, 0.4], [0.6, 0.4]], np.float32))
    utterances = tuple(Utterance(name, name, name) for name in ("a", "b", "lost"))
    measure = FrameDisagreements(DataDir(Path(), utterances, {}))
    outcomes = {
        "b": measure.outcome("b", Posteriors(big, np.zeros(2)), big),
        "a": measure.outcome("a", Posteriors(mixed, np.zeros(2)), big),
    }
    assert measure.counts(outcomes) == [ErrorCounts(2, 1), ErrorCounts(3, 0)]


def test_word_errors_are_those_of_the_transcripts(system: System, tmp_path: Path) -> None:
    experiment, data = Experiment.load(system.experiment), DataDir.read(write_data(tmp_path / "dev", count=2))
    inputs = DecodeInputs.read(DecodePaths(system.graph, lang=system.lang), experiment.final_mdl)
    words = {"u0": ["TEA"], "u1": ["OAT", "OAT"]}
    formatter = PathFormatter(
        words=inputs.words,
        joiner=inputs.joiner,
        frame_shift=0.01,
        transition_model=inputs.model.transitions,
        lexicon=inputs.lexicon,
    )
    reference = TranscriptReference(tmp_path / "text", words)
    search = compile_search(inputs, DecodeConfig(determinize=False))
    measure = BestPathErrors(search, reference, formatter, PathWeights(10.0), 0.5)
    compute = experiment.scorer(ScoringConfig()).posteriors_for_data(data)
    outcomes = {
        utterance.id: measure.outcome(utterance.id, compute(utterance), np.empty((0, 0), np.float32))
        for utterance in data.utterances
    }
    assert set(outcomes["u0"]) <= {"TEA", "TWO", "EAT", "OAT"}
    assert measure.counts(outcomes) == reference.segments(outcomes)
    assert [counts.reference_words for counts in measure.counts({"u1": ["OAT"]})] == [1, 2]
    assert measure.counts({"u1": ["OAT"]}) == [ErrorCounts(deletions=1), ErrorCounts(1, deletions=1)]
