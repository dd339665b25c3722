from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError, MismatchError
from blasr.graph.training_graph import TrainingGraphCompiler, add_transition_costs
from blasr.io.kaldi.alignments import read_alignments
from tests.graph.systems import System, best_way, make_system, random_inputs

DIGITS = ["ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"]


def test_every_alignment_of_kaldi_is_a_path_of_its_graph(kaldi: System, tri1: Path) -> None:
    """Utterance-ids are SPEAKER-DIGIT-INDEX; the graph has no costs but those of the lexicon."""
    compiler = TrainingGraphCompiler(kaldi.lang, kaldi.tree, kaldi.model)
    model = kaldi.model
    half = math.log(2)
    for utterance, alignment in list(read_alignments(tri1 / "ali.1.gz"))[::20]:
        digit = DIGITS[int(utterance.split("-")[1])]
        graph = compiler.compile([digit])
        way = best_way(graph, alignment.tolist())
        assert way is not None, utterance
        assert [kaldi.lang.words.symbol_of(word) for word in way.outputs] == [digit]
        assert way.cost == pytest.approx(2 * half, abs=0.01)  # silence or none, before and after
        costed = best_way(
            add_transition_costs(graph, model, transition_scale=1.0, self_loop_scale=1.0), alignment.tolist()
        )
        assert costed is not None
        assert costed.cost - way.cost == pytest.approx(-model.log_probs[alignment].sum(), rel=1e-4)


def test_only_the_transcript_is_accepted(system: System) -> None:
    compiler = TrainingGraphCompiler(system.lang, system.tree, system.model)
    eat, tea = compiler.compile(["EAT"]), compiler.compile(["TEA"])
    inputs = random_inputs(eat, 40, 0)
    assert inputs is not None
    assert best_way(eat, inputs) is not None
    assert best_way(tea, inputs) is None
    names = [system.lang.phones.symbol_of(phone).split("_")[0] for phone in system.model.phones(inputs)]
    assert [name for index, name in enumerate(names) if name != "SIL" and names[index - 1 : index] != [name]] == [
        "i",
        "t",
    ]


def test_all_pronunciations_are_alternatives(system: System) -> None:
    graph = TrainingGraphCompiler(system.lang, system.tree, system.model).compile(["A"])
    phones = {system.lang.phones.symbol_of(phone)[0] for phone in system.model.phones(graph.ilabel[graph.ilabel > 0])}
    assert phones == {"a", "e", "i", "S"}


def test_an_empty_transcript_accepts_silence_or_nothing(system: System) -> None:
    graph = TrainingGraphCompiler(system.lang, system.tree, system.model).compile([])
    phones = {system.lang.phones.symbol_of(phone) for phone in system.model.phones(graph.ilabel[graph.ilabel > 0])}
    assert phones == {"SIL"}
    nothing = best_way(graph)
    assert nothing is not None
    assert nothing.inputs == []
    assert nothing.cost == pytest.approx(-math.log(0.6), abs=0.01)


def test_scales_of_the_compiler_equal_costs_added_later(system: System) -> None:
    plain = TrainingGraphCompiler(system.lang, system.tree, system.model).compile(["TO", "TEA"])
    scaled = TrainingGraphCompiler(
        system.lang, system.tree, system.model, transition_scale=1.0, self_loop_scale=0.1
    ).compile(["TO", "TEA"])
    added = add_transition_costs(plain, system.model, transition_scale=1.0, self_loop_scale=0.1)
    np.testing.assert_array_equal(scaled.weight, added.weight)
    assert (added.weight > plain.weight).any()


def test_the_same_words_are_compiled_once(kaldi: System) -> None:
    compiler = TrainingGraphCompiler(kaldi.lang, kaldi.tree, kaldi.model)
    assert compiler.compile(["ONE", "TWO"]) is compiler.compile(("ONE", "TWO"))


def test_unknown_words_are_refused_or_replaced(kaldi: System) -> None:
    compiler = TrainingGraphCompiler(kaldi.lang, kaldi.tree, kaldi.model)
    for word in ("ELEVEN", "#0", "<s>", "<eps>"):
        with pytest.raises(DataError, match=f"utterance u7: the word '{word}' is not in the lexicon of"):
            compiler.compile(["ONE", word], utterance="u7")
    assert compiler.compile(["ELEVEN"], map_oov=True) is compiler.compile(["<UNK>"])


def test_a_tree_of_another_model_is_refused(kaldi: System) -> None:
    with pytest.raises(MismatchError, match="67 pdfs, the model has 144"):
        TrainingGraphCompiler(kaldi.lang, make_system(kaldi.lang, 1, 0).tree, kaldi.model)


@pytest.mark.slow
def test_hundreds_of_transcripts_are_compiled_per_second(kaldi: System) -> None:
    compiler = TrainingGraphCompiler(kaldi.lang, kaldi.tree, kaldi.model)
    random = np.random.default_rng(0)
    transcripts = [[DIGITS[digit] for digit in random.integers(0, 10, 6)] for _ in range(100)]
    begin = time.process_time()
    for transcript in transcripts:
        compiler.compile(transcript)
    assert len(transcripts) / (time.process_time() - begin) > 100
