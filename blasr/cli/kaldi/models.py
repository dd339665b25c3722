"""Tools that print and copy models and trees."""

from __future__ import annotations

from collections.abc import Iterable

from blasr.errors import DataError
from blasr.hmm.gmm import AmDiagGmm
from blasr.hmm.model_file import read_model, write_model
from blasr.hmm.show import show_transitions
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.hmm.tree import read_tree
from blasr.io.kaldi import holders
from blasr.io.kaldi.tables import read_value
from blasr.io.symbols import SymbolTable


def print_transitions(phones: str, model: str, occupancies: str | None) -> None:
    """Print every transition-id of a model, as ``show-transitions``."""
    transitions = read_transition_model(model)
    counts = None if occupancies is None else read_value(occupancies, holders.VECTOR)
    for line in show_transitions(transitions, SymbolTable.read(phones), counts):
        print(line)


def am_info(model: str) -> None:
    """Print the size of a model, as ``am-info``."""
    _print_counts(_model_counts(read_transition_model(model)))


def gmm_info(model: str) -> None:
    """Print the size of a model of Gaussian mixtures, as ``gmm-info``."""
    transitions, mixtures = _read_gmm(model)
    counts = [("feature dimension", mixtures.dimension), ("number of gaussians", mixtures.num_gaussians)]
    _print_counts([*_model_counts(transitions), *counts])


def tree_info(tree: str) -> None:
    """Print the size of a tree, as ``tree-info``."""
    found = read_tree(tree)
    counts = [("num-pdfs", found.num_pdfs), ("context-width", found.context_width)]
    _print_counts([*counts, ("central-position", found.central_position)])


def copy_tree(tree: str, target: str, *, binary: bool) -> None:
    """Copy a tree, as ``copy-tree``."""
    read_tree(tree).write(target, binary=binary)


def gmm_copy(model: str, target: str, *, binary: bool) -> None:
    """Copy a model of Gaussian mixtures, as ``gmm-copy``."""
    transitions, mixtures = _read_gmm(model)
    write_model(target, transitions, mixtures, binary=binary)


def copy_transition_model(model: str, target: str, *, binary: bool) -> None:
    """Copy the transition model of a model, as ``copy-transition-model``."""
    read_transition_model(model).write(target, binary=binary)


def _print_counts(counts: Iterable[tuple[str, int]]) -> None:
    for name, count in counts:
        print(f"{name} {count}")


def _model_counts(model: TransitionModel) -> list[tuple[str, int]]:
    return [
        ("number of phones", len(model.topology.phones)),
        ("number of pdfs", model.num_pdfs),
        ("number of transition-ids", model.num_transition_ids),
        ("number of transition-states", model.num_transition_states),
    ]


def _read_gmm(path: str) -> tuple[TransitionModel, AmDiagGmm]:
    model, mixtures = read_model(path)
    if mixtures is None:
        raise DataError("the model has no Gaussian mixtures", path=path, fix="use am-info or copy-transition-model")
    return model, mixtures
