"""What must hold before a graph is compiled: lang directory, tree and model belong together."""

from __future__ import annotations

from os import PathLike

from blasr.errors import MismatchError
from blasr.graph.lang import Lang
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
    """Compare phones of the lang directory and the model, and pdfs of the tree and the model.

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
