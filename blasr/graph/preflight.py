"""What must hold before a graph is compiled: lang directory, tree and model belong together."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike

from blasr.errors import MismatchError
from blasr.graph.lang import Lang
from blasr.hmm.topology import NO_PDF
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency


def check_same_phones(
    lang: Lang,
    tree: ContextDependency,
    transition_model: TransitionModel,
    *,
    tree_path: str | PathLike[str] = "the tree",
    model_path: str | PathLike[str] = "the model",
) -> None:
    """Compare phones of the lang directory and the model, and of tree and model the pdfs, phone by phone.

    Args:
        lang, tree, transition_model: what a graph is to be made of.
        tree_path, model_path: named in errors.

    Raises:
        MismatchError: with both numbers and both files.
    """
    if tree.num_pdfs != transition_model.num_pdfs:
        raise MismatchError(
            f"{tree_path} has {tree.num_pdfs} pdfs, {model_path} has {transition_model.num_pdfs}",
            path=tree_path,
            fix="use the tree and final.mdl of one alignment directory",
        )
    ours, theirs = lang.topology.phones, transition_model.topology.phones
    if ours != theirs:
        odd = min(set(ours) ^ set(theirs))
        name = f" ({lang.phones.symbol_of(odd)!r})" if odd in ours else ""
        where = "only in the lang directory" if odd in ours else "only in the model"
        raise MismatchError(
            f"{lang.path / 'topo'} has {len(ours)} phones, {model_path} has {len(theirs)}; "
            f"phone {odd}{name} is {where}",
            path=lang.path,
            fix="use the lang directory that the model was trained with",
        )
    for phone in ours:
        if (found := lang.topology.num_pdf_classes(phone)) != (
            expected := transition_model.topology.num_pdf_classes(phone)
        ):
            raise MismatchError(
                f"phone {phone} ({lang.phones.symbol_of(phone)!r}) has {found} pdf-classes in {lang.path / 'topo'}, "
                f"{expected} in {model_path}",
                path=lang.path,
                fix="use the lang directory that the model was trained with",
            )
    if not lang.topology.is_hmm:
        return  # pdfs of self-loops depend on the tree in pairs: what the model lacks is told when it is needed
    for phone, number, pdf_class in _pdf_classes(lang):
        of_tree = set(tree.pdfs_of(phone, pdf_class))
        rows = (transition_model.tuples[:, 0] == phone) & (transition_model.tuples[:, 1] == number)
        if of_tree != (of_model := set(transition_model.tuples[rows, 2].tolist())):
            odd = min(of_tree ^ of_model)
            raise MismatchError(
                f"{tree_path} and {model_path} both have {tree.num_pdfs} pdfs, but are of different trees: pdf {odd} "
                f"is one of phone {phone} ({lang.phones.symbol_of(phone)!r}), pdf-class {pdf_class}, only in the "
                f"{'tree' if odd in of_tree else 'model'}",
                path=tree_path,
                fix="use the tree and final.mdl of one alignment directory",
            )


def _pdf_classes(lang: Lang) -> Iterator[tuple[int, int, int]]:
    """Phone, HMM state and pdf-class of every emitting state."""
    for phone in lang.topology.phones:
        for number, state in enumerate(lang.topology.entry(phone)):
            if state.forward_pdf_class != NO_PDF:
                yield phone, number, state.forward_pdf_class
