"""Checks before a graph is compiled: lang directory, tree and model must belong together."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import Final

from blasr.errors import MismatchError
from blasr.graph.lang import Lang
from blasr.hmm.topology import NO_PDF
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency

_OTHER_TREE: Final = "use the tree and final.mdl of one alignment directory"
_OTHER_LANG: Final = "use the lang directory that the model was trained with"


def check_same_phones(
    lang: Lang,
    tree: ContextDependency,
    transition_model: TransitionModel,
    *,
    tree_path: str | PathLike[str] = "the tree",
    model_path: str | PathLike[str] = "the model",
) -> None:
    """Check that lang directory and model have the same phones, and that tree and model have the same pdfs.

    Args:
        lang, tree, transition_model: the parts of a graph.
        tree_path, model_path: their files, for errors.

    Raises:
        MismatchError: they differ; the error names both files and the difference.
    """
    if tree.num_pdfs != transition_model.num_pdfs:
        raise MismatchError(
            f"{tree_path} has {tree.num_pdfs} pdfs, {model_path} has {transition_model.num_pdfs}",
            path=tree_path,
            fix=_OTHER_TREE,
        )
    _check_phones(lang, transition_model, model_path)
    if lang.topology.is_hmm:  # in chain models the pdfs of self-loops depend on the tree in pairs
        _check_pdfs(lang, tree, transition_model, tree_path, model_path)


def _check_phones(lang: Lang, transition_model: TransitionModel, model_path: str | PathLike[str]) -> None:
    of_lang, of_model = lang.topology.phones, transition_model.topology.phones
    if of_lang != of_model:
        phone = min(set(of_lang) ^ set(of_model))
        name = f" ({lang.phones.symbol_of(phone)!r})" if phone in of_lang else ""
        where = "only in the lang directory" if phone in of_lang else "only in the model"
        raise MismatchError(
            f"{lang.path / 'topo'} has {len(of_lang)} phones, {model_path} has {len(of_model)}; "
            f"phone {phone}{name} is {where}",
            path=lang.path,
            fix=_OTHER_LANG,
        )
    for phone in of_lang:
        found, expected = lang.topology.num_pdf_classes(phone), transition_model.topology.num_pdf_classes(phone)
        if found != expected:
            raise MismatchError(
                f"phone {phone} ({lang.phones.symbol_of(phone)!r}) has {found} pdf-classes in {lang.path / 'topo'}, "
                f"{expected} in {model_path}",
                path=lang.path,
                fix=_OTHER_LANG,
            )


def _check_pdfs(
    lang: Lang,
    tree: ContextDependency,
    transition_model: TransitionModel,
    tree_path: str | PathLike[str],
    model_path: str | PathLike[str],
) -> None:
    tuples = transition_model.tuples
    for phone, hmm_state, pdf_class in _pdf_classes(lang):
        of_tree = set(tree.pdfs_of(phone, pdf_class))
        of_model = set(tuples[(tuples[:, 0] == phone) & (tuples[:, 1] == hmm_state), 2].tolist())
        if of_tree != of_model:
            pdf = min(of_tree ^ of_model)
            raise MismatchError(
                f"{tree_path} and {model_path} both have {tree.num_pdfs} pdfs, but belong to different trees: only the "
                f"{'tree' if pdf in of_tree else 'model'} has pdf {pdf} for phone {phone} "
                f"({lang.phones.symbol_of(phone)!r}), pdf-class {pdf_class}",
                path=tree_path,
                fix=_OTHER_TREE,
            )


def _pdf_classes(lang: Lang) -> Iterator[tuple[int, int, int]]:
    """Phone, HMM state and pdf-class of every emitting state."""
    for phone in lang.topology.phones:
        for hmm_state, state in enumerate(lang.topology.entry(phone)):
            if state.forward_pdf_class != NO_PDF:
                yield phone, hmm_state, state.forward_pdf_class
