"""Words of lattices: those of the best path, and the sequences beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.inference.bundle import Bundle
from blasr.inference.lattice_words import LatticeWords
from blasr.lattices.lattice import Lattice
from blasr.pipeline.bundle import make_bundle
from blasr.pipeline.experiment import Experiment
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture


@pytest.fixture(scope="module")
def bundle(system: System, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    out = tmp_path_factory.mktemp("bundles") / "bundle"
    make_bundle(Experiment.load(system.experiment), system.graph, out)
    return Bundle.read(out)


def lattice_of(bundle: Bundle, frames: int = 80) -> Lattice:
    loglikes = np.random.default_rng(1).normal(0, 20, (frames, bundle.priors.num_pdfs)).astype(np.float32)
    decoder = LatticeDecoder(bundle.graph, bundle.transition_model.tid_to_pdf, bundle.config.decoder)
    return decoder.decode(loglikes)


def test_the_best_path(bundle: Bundle, tmp_path: Path) -> None:
    reader, lattice = LatticeWords(bundle), lattice_of(bundle)
    path = reader.best_path(lattice)
    words = reader.of_lattice(lattice, path)
    assert " ".join(word.text for word in words) == reader.text(path) != ""
    assert all(word.confidence is not None and 0 < word.confidence <= 1 + 1e-9 for word in words)
    later = reader.of_lattice(lattice, path, first_frame=100)
    assert [word.start_seconds - 1 for word in later] == pytest.approx([word.start_seconds for word in words])
    plain = LatticeWords(bundle, confidences=False).of_lattice(lattice, path)
    assert [word.text for word in plain] == [word.text for word in words] and plain[0].confidence is None


def test_phones_cover_the_path(bundle: Bundle) -> None:
    reader, lattice = LatticeWords(bundle), lattice_of(bundle)
    phones = reader.phones(reader.best_path(lattice), first_frame=10)
    assert phones[0].start_seconds == pytest.approx(0.1) and phones[-1].end_seconds == pytest.approx(0.9)


def test_alternatives(bundle: Bundle) -> None:
    reader, lattice = LatticeWords(bundle), lattice_of(bundle)
    found = reader.alternatives(lattice, 5)
    assert found[0].text == reader.text(reader.best_path(lattice))
    assert len({other.text for other in found}) == len(found) == 5
    assert sum(other.probability for other in found) == pytest.approx(1)
