"""The golden triphone system of Kaldi and its log-likelihoods, read once per session."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.io.fst import Fst, read_fst
from blasr.io.kaldi.tables import read_matrices
from blasr.io.symbols import SymbolTable
from blasr.lattices.lattice import Lattice
from blasr.units import FloatArray


@dataclass(frozen=True)
class GoldenSystem:
    """Kaldi's graph, model and log-likelihoods, and the lattices that blasr decodes from them."""

    folder: Path
    graph: Fst
    transition_model: TransitionModel
    words: SymbolTable
    loglikes: dict[str, FloatArray]
    log_likelihoods_per_frame: dict[str, float]
    lattices: dict[str, Lattice]

    def text(self, name: str) -> dict[str, list[str]]:
        """Return the words of each utterance in a text file of ``connected/``."""
        lines = (self.folder / "connected" / name).read_text(encoding="utf-8").splitlines()
        return {line.split()[0]: line.split()[1:] for line in lines}


@pytest.fixture(scope="session")
def system(golden: Path) -> GoldenSystem:
    folder = golden / "fsdd_tri1"
    graph = read_fst(folder / "HCLG.fst")
    transition_model = read_transition_model(folder / "final.mdl")
    loglikes = dict(read_matrices(folder / "connected" / "loglikes.ark"))
    decoder = LatticeDecoder(graph, transition_model.tid_to_pdf)
    log = (folder / "connected" / "latgen.log").read_text(encoding="utf-8")
    return GoldenSystem(
        folder=folder,
        graph=graph,
        transition_model=transition_model,
        words=SymbolTable.read(folder / "lang" / "words.txt"),
        loglikes=loglikes,
        log_likelihoods_per_frame={
            match[1]: float(match[2]) for match in re.finditer(r"for utterance (\S+) is (\S+) over", log)
        },
        lattices={utterance: decoder.decode(matrix, utterance=utterance) for utterance, matrix in loglikes.items()},
    )
