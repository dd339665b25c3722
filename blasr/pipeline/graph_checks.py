"""Comparison of a decoding graph with the model and the words before anything is decoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blasr.decoding.decode_table import check_graph
from blasr.errors import FormatError, MismatchError
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.hmm.tree import read_tree
from blasr.inference.loglike_checks import check_num_pdfs
from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable

SELF_LOOPS = 0.9
"""In a graph of the right model, nearly all arcs from a state to itself have the transition-id of a self-loop."""


@dataclass(frozen=True)
class DecodingModel:
    """The ``final.mdl`` of a decoder, and where its tree is."""

    model_path: Path
    transitions: TransitionModel

    @classmethod
    def read(cls, model_path: Path) -> DecodingModel:
        """Read ``final.mdl``.

        Raises:
            FormatError: it cannot be read.
        """
        return cls(model_path, read_transition_model(model_path))

    @property
    def tree_path(self) -> Path:
        """The path at which Kaldi's scripts keep the tree of a model."""
        return self.model_path.parent / "tree"

    def pdfs(self) -> dict[str, int]:
        """Return the number of pdfs of the model, and of the tree beside it if there is one, by file."""
        numbers = {f"{self.model_path}": self.transitions.num_pdfs}
        if self.tree_path.is_file():
            numbers[f"{self.tree_path}"] = read_tree(self.tree_path).num_pdfs
        return numbers


def check_decode(graph: Fst, graph_path: Path, model: DecodingModel, words: SymbolTable) -> None:
    """Compare HCLG, ``num_pdfs`` beside it, ``final.mdl``, tree and ``words.txt`` before decoding.

    Raises:
        MismatchError: two of them differ; names both numbers, both files and the fix.
    """
    numbers: Mapping[str, int] = model.pdfs()
    noted = graph_path.parent / "num_pdfs"
    if noted.is_file():
        numbers = {**numbers, f"{noted}": _number_in(noted)}
    fix = "use the graph, tree and final.mdl of one model: compile the graph again (blasr graph)"
    check_num_pdfs(numbers, fix=fix)
    check_graph(graph, graph_path, model.transitions, model.model_path, words)
    loops = graph.ilabel[(graph.nextstate == graph.sources) & (graph.ilabel > 0)]
    proper = int(np.count_nonzero(model.transitions.is_self_loop(loops))) if len(loops) else 0
    if proper < SELF_LOOPS * len(loops):
        raise MismatchError(
            f"of {len(loops)} arcs from a state to itself, {proper} have a self-loop's transition-id of "
            f"{model.model_path}: the graph belongs to another model",
            path=graph_path,
            fix="compile the graph from this final.mdl and its tree (blasr graph)",
        )
    followed, proper = _count_sequences(graph, model.transitions)
    if proper < SELF_LOOPS * followed:
        raise MismatchError(
            f"of {followed} arcs that follow a transition of {model.model_path}, {proper} continue the phone or "
            "begin another: the graph belongs to another model with as many transition-ids",
            path=graph_path,
            fix="compile the graph from this final.mdl and its tree (blasr graph)",
        )


def check_same_symbols(given: Path, beside_graph: Path) -> None:
    """Refuse a ``words.txt`` or ``phones.txt`` that differs from the one beside the graph.

    Nothing is compared if one of the files does not exist. Spaces and the order of the lines do not matter.

    Raises:
        MismatchError: a symbol has another id, or is in one of the files only; names the first one and both files.
    """
    if not given.is_file() or not beside_graph.is_file() or given.samefile(beside_graph):
        return
    if given.read_bytes() == beside_graph.read_bytes():
        return
    ours, theirs = SymbolTable.read(given), SymbolTable.read(beside_graph)
    for table, other in ((theirs, ours), (ours, theirs)):
        for symbol, number in table.items():
            if symbol not in other or other.id_of(symbol) != number:
                found = f"is {other.id_of(symbol)}" if symbol in other else "is absent"
                raise MismatchError(
                    f"{symbol} is {number} in {table.path} and {found} in {other.path}",
                    fix="give the lang directory that the graph was compiled with",
                )


def _count_sequences(graph: Fst, transitions: TransitionModel) -> tuple[int, int]:
    """Count arcs with a transition-id after arcs with one, and those of them that the topology allows."""
    entering = np.zeros(graph.num_states, np.int32)
    loops = graph.nextstate == graph.sources
    entering[graph.nextstate[~loops]] = graph.ilabel[~loops]
    before, after = entering[graph.sources], graph.ilabel
    chosen = ~loops & (before > 0) & (after > 0)
    before, after = before[chosen], after[chosen]
    continues = (transitions.phones(after) == transitions.phones(before)) & (
        transitions.hmm_states(after) == transitions.destinations[before]
    )
    begins = transitions.is_final(before) & (transitions.hmm_states(after) == 0)
    return len(before), int(np.count_nonzero(continues | begins))


def _number_in(path: Path) -> int:
    try:
        return int(path.read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        raise FormatError("expected one number", path=path, fix="compile the graph again (blasr graph)") from None
