from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from blasr.errors import DataError, FormatError, MismatchError
from blasr.hmm import (
    ContextDependency,
    Topology,
    TransitionModel,
    make_topology,
    monophone_tree,
    read_transition_model,
    read_tree,
)
from blasr.hmm.event_map import PDF_CLASS, ConstantEventMap, SplitEventMap, TableEventMap
from blasr.hmm.topology import FINAL_STATE, HmmState
from blasr.io import read_alignments
from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter
from blasr.io.kaldi.model_stream import open_reader


@pytest.fixture(scope="module")
def tri1(golden: Path) -> Path:
    return golden / "fsdd_tri1"


@pytest.fixture(scope="module")
def kaldi_model(tri1: Path) -> TransitionModel:
    return read_transition_model(tri1 / "final.mdl")


def small_model() -> TransitionModel:
    """Phones 1 (silence, five states) and 2, 3 (three states), with a pdf for every state."""
    tree = monophone_tree([[1], [2], [3]], {1: 5, 2: 3, 3: 3})
    return TransitionModel.from_tree(tree, make_topology([2, 3], [1]))


def chain_model() -> TransitionModel:
    """One state per phone; the self-loop has its own pdf, which depends on the left phone."""
    topology = Topology([[HmmState(0, 1, ((0, 0.5), (1, 0.5))), FINAL_STATE]], {1: 0, 2: 0})
    looped = SplitEventMap(0, frozenset({0, 1}), ConstantEventMap(2), ConstantEventMap(3))
    tree = ContextDependency(
        2, 1, SplitEventMap(PDF_CLASS, frozenset({0}), TableEventMap(1, (None, *map(ConstantEventMap, (0, 1)))), looped)
    )
    return TransitionModel.from_tree(tree, topology)


def test_kaldis_model(kaldi_model: TransitionModel, tri1: Path, tmp_path: Path) -> None:
    """The numbers of am_info.txt; the text form equals Kaldi's byte for byte and can be read again."""
    assert kaldi_model.num_transition_ids == 322
    assert kaldi_model.num_transition_states == 153
    assert (kaldi_model.num_pdfs, kaldi_model.num_phones) == (144, 21)
    kaldi_model.write(tmp_path / "text", binary=False)
    expected = tri1 / "final_transition_model.txt"
    assert (tmp_path / "text").read_bytes() == expected.read_bytes()
    np.testing.assert_array_equal(read_transition_model(expected).tuples, kaldi_model.tuples)
    np.testing.assert_allclose(read_transition_model(expected).log_probs, kaldi_model.log_probs, rtol=1e-6)
    kaldi_model.write(tmp_path / "binary")
    binary = (tmp_path / "binary").read_bytes()
    assert (tri1 / "final.mdl").read_bytes().startswith(binary)


def test_the_tree_gives_kaldis_tuples(kaldi_model: TransitionModel, tri1: Path) -> None:
    """Exactly the tuples of final.mdl, with the topology's probabilities."""
    topology = Topology.read(tri1 / "lang" / "topo")
    model = TransitionModel.from_tree(read_tree(tri1 / "tree"), topology)
    np.testing.assert_array_equal(model.tuples, kaldi_model.tuples)
    assert np.exp(model.log_probs[[1, 17, 18]]) == pytest.approx([0.25, 0.75, 0.25])


def test_pdfs_and_phones_of_alignments_equal_kaldis(kaldi_model: TransitionModel, tri1: Path) -> None:
    """Exactly as ali-to-pdf, ali-to-phones --per-frame and analyze-counts."""
    pdfs = dict(read_alignments(tri1 / "ali.1.pdf.txt.gz"))
    phones = dict(read_alignments(tri1 / "ali.1.phones.txt.gz"))
    counts = np.zeros(kaldi_model.num_pdfs)
    for part in ("ali.1.gz", "ali.2.gz"):
        for utterance, transition_ids in read_alignments(tri1 / part):
            found = kaldi_model.pdf_ids(transition_ids)
            counts += np.bincount(found, minlength=kaldi_model.num_pdfs)
            if part == "ali.1.gz":
                np.testing.assert_array_equal(found, pdfs.pop(utterance))
                np.testing.assert_array_equal(kaldi_model.phones(transition_ids), phones.pop(utterance))
    assert not pdfs
    assert not phones
    with open_reader(tri1 / "pdf_counts.txt") as reader:
        np.testing.assert_array_equal(counts + 0.5, reader.float_vector())


def test_probabilities_for_graphs(kaldi_model: TransitionModel) -> None:
    """The probabilities that GetHTransducer and AddSelfLoops need: leaving and looping sum to 1."""
    ids = np.arange(1, 323)
    leaving = ids[~kaldi_model.is_self_loop(ids)]
    probs = np.exp(kaldi_model.log_probs_ignoring_self_loops[leaving].astype(np.float64))
    sums = np.bincount(kaldi_model.transition_states[leaving], probs)[1:]
    np.testing.assert_allclose(sums, 1.0, atol=1e-3)  # after Kaldi's last flooring the sum is slightly above 1
    loops = kaldi_model.self_loop_of[ids]
    assert np.all(kaldi_model.is_self_loop(loops))
    np.testing.assert_array_equal(kaldi_model.transition_states[loops], kaldi_model.transition_states[ids])
    np.testing.assert_allclose(
        np.exp(kaldi_model.non_self_loop_log_probs[ids]) + np.exp(kaldi_model.log_probs[loops]), 1.0, atol=1e-6
    )


def test_the_meaning_of_transition_ids() -> None:
    model = small_model()
    ids = np.arange(1, model.num_transition_ids + 1)
    assert model.num_transition_ids == 18 + 2 * 6
    np.testing.assert_array_equal(model.phones(ids), np.repeat([1, 2, 3], [18, 6, 6]))
    np.testing.assert_array_equal(model.pdf_ids([1, 5, 17, 19, 21]), [0, 1, 4, 5, 6])
    np.testing.assert_array_equal(model.hmm_states([1, 17, 19, 24]), [0, 4, 0, 2])
    np.testing.assert_array_equal(ids[model.is_self_loop(ids)], [1, 5, 10, 15, 17, 19, 21, 23, 25, 27, 29])
    np.testing.assert_array_equal(ids[model.is_final(ids)], [18, 24, 30])
    assert model.pdf_ids([[1, 2], [3, 4]]).shape == (2, 2)
    assert model.pdf_ids([]).size == 0
    assert model.transition_state(2, 1, 6) == 7
    np.testing.assert_array_equal(model.first_transition_ids[[1, 6, 7, 12]], [1, 19, 21, 31])
    np.testing.assert_array_equal(model.tid_to_pdf[1:], model.pdf_ids(ids))


def test_the_self_loop_can_have_its_own_pdf() -> None:
    """The tuples of a chain model are the pairs of forward and self-loop pdf that occur together."""
    model = chain_model()
    assert model.tuples.tolist() == [[1, 0, 0, 2], [1, 0, 0, 3], [2, 0, 1, 2], [2, 0, 1, 3]]
    np.testing.assert_array_equal(model.pdf_ids(np.arange(1, 9)), [2, 0, 3, 0, 2, 1, 3, 1])
    assert model.transition_state(2, 0, 1, 3) == 4
    assert model.num_pdfs == 4


def test_a_state_without_self_loop() -> None:
    topology = Topology([[HmmState.emitting(0, [(1, 1.0)]), FINAL_STATE]], {1: 0})
    model = TransitionModel.from_tree(monophone_tree([[1]], {1: 1}), topology)
    assert model.self_loop_of.tolist() == [0, 0]
    assert model.non_self_loop_log_probs[1] == 0.0
    assert model.log_probs_ignoring_self_loops[1] == 0.0


def test_a_self_loop_of_probability_1_can_be_left() -> None:
    """Kaldi uses 1e-10."""
    topology = Topology([[HmmState.emitting(0, [(0, 1.0), (1, 0.1)]), FINAL_STATE]], {1: 0})
    model = TransitionModel.from_tree(monophone_tree([[1]], {1: 1}), topology)
    assert np.exp(model.non_self_loop_log_probs[1]) == pytest.approx(1e-10)


def kaldis_update(counts: list[float], floor: float) -> list[float]:
    """MleUpdate for one transition-state, in plain Python."""
    probs = [count / sum(counts) for count in counts]
    for _ in range(3):
        total = sum(probs)
        probs = [max(prob / total, floor) for prob in probs]
    return probs


@settings(max_examples=40, deadline=None)
@given(npst.arrays(np.float64, 31, elements=st.floats(0, 1000, allow_subnormal=False)))
def test_estimate_equals_kaldis_update(counts: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    model = small_model()
    estimated = model.estimate(counts)
    for state in range(1, model.num_transition_states + 1):
        ids = slice(*model.first_transition_ids[state : state + 2])
        total = counts[ids].sum()
        if abs(total - 5.0) < 1e-6:
            continue
        expected = kaldis_update(counts[ids].tolist(), 0.01) if total >= 5.0 else np.exp(model.log_probs[ids]).tolist()
        np.testing.assert_allclose(np.exp(estimated.log_probs[ids]), expected, rtol=1e-5)
    np.testing.assert_array_equal(estimated.tuples, model.tuples)


def test_estimate_from_kaldis_alignments(kaldi_model: TransitionModel, tri1: Path) -> None:
    """The alignments were made a few passes before final.mdl, so the estimate differs slightly from it."""
    counts = np.zeros(323)
    for part in ("ali.1.gz", "ali.2.gz"):
        for _, transition_ids in read_alignments(tri1 / part):
            counts += np.bincount(transition_ids, minlength=323)
    estimated = kaldi_model.estimate(counts)
    difference = np.abs(np.exp(estimated.log_probs) - np.exp(kaldi_model.log_probs))
    assert difference.max() < 0.06
    assert np.median(difference) < 0.003
    with pytest.raises(MismatchError, match="expected 323 transition counts"):
        kaldi_model.estimate(counts[1:])
    with pytest.raises(DataError, match="negative"):
        kaldi_model.estimate(-counts)


@pytest.mark.parametrize("model", [small_model(), chain_model()], ids=["triples", "tuples"])
def test_every_truncated_file_is_refused(model: TransitionModel, tmp_path: Path) -> None:
    stream = io.BytesIO()
    model.write_to(BinaryWriter(stream))
    data = stream.getvalue()
    again = TransitionModel.read_from(BinaryReader(io.BytesIO(data), "mdl", len(data)))
    np.testing.assert_array_equal(again.tuples, model.tuples)
    np.testing.assert_array_equal(again.log_probs, model.log_probs)
    assert again.topology == model.topology
    for length in range(len(data)):
        with pytest.raises(FormatError):
            TransitionModel.read_from(BinaryReader(io.BytesIO(data[:length]), "mdl", length))
    model.write(tmp_path / "text", binary=False)
    np.testing.assert_array_equal(read_transition_model(tmp_path / "text").tuples, model.tuples)


@settings(deadline=None)
@given(st.data())
def test_a_flipped_bit_is_an_error_or_another_model(data: st.DataObject) -> None:
    stream = io.BytesIO()
    chain_model().write_to(BinaryWriter(stream))
    content = bytearray(stream.getvalue())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        model = TransitionModel.read_from(BinaryReader(io.BytesIO(content), "mdl", len(content)))
    except FormatError as error:
        assert "mdl: byte" in str(error)
    else:
        assert np.all(model.log_probs <= 0)


def test_ids_outside_the_model_are_refused() -> None:
    model = small_model()
    for wrong in (0, -1, 31):
        with pytest.raises(MismatchError, match=f"{wrong} is not a transition-id of the model, which has 1 to 30"):
            model.pdf_ids([1, wrong, 2])
    with pytest.raises(MismatchError, match="no transition-state of phone 2"):
        model.transition_state(2, 1, 7)


def test_a_tree_without_a_phone_is_refused() -> None:
    with pytest.raises(MismatchError, match="no pdf for pdf-class 0 of phone 3"):
        TransitionModel.from_tree(monophone_tree([[1], [2]], {1: 5, 2: 3}), make_topology([2, 3], [1]))


@pytest.mark.parametrize(
    ("tuples", "message"),
    [
        ([], "no transition-states"),
        ([[2, 0, 0, 0], [1, 0, 0, 0]], "not sorted"),
        ([[1, 0, 0, 0], [1, 0, 0, 0]], "appears twice"),
        ([[1, 5, 0, 0]], "uses state 5 of phone 1, which is not an emitting state"),
        ([[1, 0, -1, -1]], "negative"),
    ],
)
def test_invalid_tuples_are_refused(tuples: list[list[int]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        TransitionModel(make_topology([2], [1]), np.array(tuples))


def test_invalid_probabilities_are_refused() -> None:
    model = small_model()
    for log_probs, message in (
        (model.log_probs[1:], "expected 30 transition probabilities, found 29"),
        (np.full(31, 0.1), "transition-id 1 has the log-probability"),
        (np.full(31, np.nan), "transition-id 1 has the log-probability nan"),
    ):
        with pytest.raises(DataError, match=message):
            TransitionModel(model.topology, model.tuples, log_probs)


def test_files_of_another_kind_are_refused(tmp_path: Path, golden: Path) -> None:
    with pytest.raises(FormatError, match="expected <TransitionModel>, found 'ContextDependency'"):
        read_transition_model(golden / "fsdd_tri1" / "tree")
    (tmp_path / "packed.mdl").write_bytes(gzip.compress(b"model"))
    with pytest.raises(FormatError):
        read_transition_model(tmp_path / "packed.mdl")
