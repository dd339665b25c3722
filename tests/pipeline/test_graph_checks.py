"""A graph, its model and its words: one message with both numbers and both files."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import FormatError, MismatchError
from blasr.hmm.transition_model import TransitionModel
from blasr.io.fst import Fst, read_fst
from blasr.io.symbols import SymbolTable
from blasr.pipeline.graph_checks import DecodingModel, check_decode


def golden_parts(golden: Path) -> tuple[Fst, Path, DecodingModel, SymbolTable]:
    folder = golden / "fsdd_tri1"
    words = SymbolTable.read(folder / "lang" / "words.txt")
    return read_fst(folder / "HCLG.fst"), folder / "HCLG.fst", DecodingModel.read(folder / "final.mdl"), words


def test_kaldis_graph_belongs_to_its_model(golden: Path) -> None:
    check_decode(*golden_parts(golden))


def test_a_graph_of_another_size(golden: Path, tmp_path: Path) -> None:
    graph, _, decoder, words = golden_parts(golden)
    (tmp_path / "num_pdfs").write_text("90\n")
    with pytest.raises(MismatchError, match=r"144 in .*final\.mdl, 144 in .*tree, 90 in .*num_pdfs"):
        check_decode(graph, tmp_path / "HCLG.fst", decoder, words)
    (tmp_path / "num_pdfs").write_text("many\n")
    with pytest.raises(FormatError, match="expected one number"):
        check_decode(graph, tmp_path / "HCLG.fst", decoder, words)


def test_a_graph_of_another_tree_with_as_many_pdfs(golden: Path) -> None:
    graph, path, decoder, words = golden_parts(golden)
    number = decoder.transitions.num_transition_ids
    order = np.concatenate([[0], 1 + np.random.default_rng(0).permutation(number)]).astype(np.int32)
    shuffled = replace(graph, ilabel=order[graph.ilabel])
    with pytest.raises(MismatchError, match=r"arcs from a state to itself, \d+ have a self-loop's transition-id"):
        check_decode(shuffled, path, decoder, words)


def test_a_graph_of_another_tree_with_self_loops_in_the_same_places(golden: Path) -> None:
    """A model of as many transition-ids, whose tree has other numbers of leaves by phone."""
    graph, path, decoder, words = golden_parts(golden)
    theirs = decoder.transitions
    speech = [phone for phone in theirs.topology.phones if theirs.topology.num_pdf_classes(phone) == 3]
    renamed = dict(zip(speech, speech[::-1], strict=True))
    rows = sorted((renamed.get(row[0], row[0]), *row[1:]) for row in theirs.tuples.tolist())
    other = TransitionModel(theirs.topology, np.array(rows, np.int32))
    assert other.num_transition_ids == theirs.num_transition_ids
    with pytest.raises(MismatchError, match=r"of \d+ arcs that follow a transition of .*final.mdl, \d+ continue"):
        check_decode(graph, path, DecodingModel(decoder.model_path, other), words)


def test_words_of_another_lang(golden: Path) -> None:
    graph, path, decoder, _ = golden_parts(golden)
    words = SymbolTable.from_symbols(["<eps>", "ONE"])
    with pytest.raises(MismatchError, match="the largest output label is"):
        check_decode(graph, path, decoder, words)


def test_without_a_tree_beside_the_model(golden: Path, tmp_path: Path) -> None:
    shutil.copyfile(golden / "fsdd_tri1" / "final.mdl", tmp_path / "final.mdl")
    assert DecodingModel.read(tmp_path / "final.mdl").pdfs() == {f"{tmp_path / 'final.mdl'}": 144}
