from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import FormatError, MismatchError
from blasr.hmm import AmDiagGmm, DiagGmm, TransitionModel, make_topology, monophone_tree, read_model, write_model


def small_model(seed: int = 0) -> tuple[TransitionModel, AmDiagGmm]:
    rng = np.random.default_rng(seed)
    tree = monophone_tree([[1], [2]], {1: 1, 2: 1})
    transitions = TransitionModel.from_tree(tree, make_topology([2], [1], speech_states=1, silence_states=1))
    sizes = rng.integers(1, 4, size=2)
    mixtures = [
        DiagGmm(rng.dirichlet(np.ones(size)), rng.normal(size=(size, 3)), rng.uniform(0.1, 9, size=(size, 3)))
        for size in sizes
    ]
    return transitions, AmDiagGmm(mixtures)


def test_kaldis_model_byte_for_byte(golden: Path, tmp_path: Path) -> None:
    path = golden / "fsdd_tri1" / "final.mdl"
    transitions, mixtures = read_model(path)
    assert mixtures is not None
    assert (mixtures.num_pdfs, mixtures.num_gaussians, mixtures.dimension) == (144, 1505, 39)
    write_model(tmp_path / "final.mdl", transitions, mixtures)
    assert (tmp_path / "final.mdl").read_bytes() == path.read_bytes()


def test_kaldis_constant_terms(golden: Path) -> None:
    """Computed from the parameters, within 1e-4 of those that Kaldi stored."""
    _, mixtures = read_model(golden / "fsdd_tri1" / "final.mdl")
    assert mixtures is not None
    for gmm in mixtures:
        computed = DiagGmm(gmm.weights, gmm.means, gmm.variances).gconsts
        assert computed is not None
        assert gmm.gconsts is not None
        np.testing.assert_allclose(computed, gmm.gconsts, rtol=1e-6, atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_written_model_reads_back(tmp_path_factory: pytest.TempPathFactory, seed: int, binary: bool) -> None:
    path = tmp_path_factory.mktemp("model") / "final.mdl"
    transitions, mixtures = small_model(seed)
    write_model(path, transitions, mixtures, binary=binary)
    again, found = read_model(path)
    np.testing.assert_array_equal(again.tuples, transitions.tuples)
    assert found is not None
    for name in ("weights", "means", "variances"):
        np.testing.assert_allclose(getattr(found, name), getattr(mixtures, name), rtol=3e-6, atol=1e-6)
    written = path.read_bytes()
    write_model(path, again, found, binary=binary)
    if binary:
        assert path.read_bytes() == written


def test_a_transition_model_alone_or_followed_by_a_neural_network(tmp_path: Path) -> None:
    transitions, _ = small_model()
    path = tmp_path / "final.mdl"
    write_model(path, transitions)
    assert read_model(path)[1] is None
    alone = path.read_bytes()
    path.write_bytes(alone + b"<Nnet3> \n\n input-node name=input dim=40\n")
    assert read_model(path)[1] is None
    path.write_bytes(alone + b"<Other> ")
    with pytest.raises(FormatError, match="expected an acoustic model or the end of the file, found '<Other>'"):
        read_model(path)


@pytest.mark.parametrize("binary", [True, False])
def test_every_truncated_file_is_refused(tmp_path: Path, binary: bool) -> None:
    """Except the file that ends where the transition model ends, which is valid."""
    transitions, mixtures = small_model()
    path = tmp_path / "final.mdl"
    write_model(path, transitions, binary=binary)
    boundary = len(path.read_bytes().rstrip()) + (1 if binary else 0)
    write_model(path, transitions, mixtures, binary=binary)
    data = path.read_bytes()
    step = 1 if binary else 5
    for length in range(0, len(data.rstrip()) - 1, step):
        path.write_bytes(data[:length])
        if boundary <= length <= boundary + (0 if binary else 2):
            assert read_model(path)[1] is None
        else:
            with pytest.raises(FormatError):
                read_model(path)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_flipped_bit_is_an_error_or_another_model(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("model") / "final.mdl"
    write_model(path, *small_model())
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        _, mixtures = read_model(path)
    except FormatError as error:
        assert str(path) in str(error)
    else:
        assert mixtures is None or np.all(mixtures.variances > 0)


def test_wrong_constant_terms_are_computed_again(tmp_path: Path) -> None:
    """As Kaldi does."""
    transitions, mixtures = small_model()
    wrong = [
        DiagGmm(gmm.weights, gmm.means, gmm.variances, np.full(gmm.num_gaussians, 7, np.float32)) for gmm in mixtures
    ]
    write_model(tmp_path / "final.mdl", transitions, AmDiagGmm(wrong))
    _, found = read_model(tmp_path / "final.mdl")
    assert found is not None
    for gmm, expected in zip(found, mixtures, strict=True):
        assert gmm.gconsts is not None
        assert expected.gconsts is not None
        np.testing.assert_allclose(gmm.gconsts, expected.gconsts, rtol=1e-5)


def test_fewer_mixtures_than_pdfs_are_refused(tmp_path: Path) -> None:
    transitions, mixtures = small_model()
    path = tmp_path / "final.mdl"
    with pytest.raises(MismatchError, match="2 pdfs, the acoustic model only 1 mixtures"):
        write_model(path, transitions, AmDiagGmm([mixtures[0]]))
    assert not path.exists()
    write_model(path, transitions, mixtures)
    data = path.read_bytes()
    end = data.index(b"<DiagGMM>", data.index(b"<DiagGMM>") + 1)
    path.write_bytes(data[:end].replace(b"<NUMPDFS> \4\2", b"<NUMPDFS> \4\1"))
    with pytest.raises(FormatError, match="2 pdfs, the acoustic model only 1 mixtures"):
        read_model(path)
    path.write_bytes(data.replace(b"<DIMENSION> \4\3", b"<DIMENSION> \4\4"))
    with pytest.raises(FormatError, match="declares 4 dimensions, but has 3"):
        read_model(path)
