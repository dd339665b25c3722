"""The decoding graph HCLG (Kaldi's ``utils/mkgraph.sh``; Mohri, Pereira and Riley, "Speech recognition with weighted
finite-state transducers", 2008)."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Final

from blasr.errors import MismatchError
from blasr.graph.composition import expand_to_transitions
from blasr.graph.fst_arrays import sort_arcs_by_ilabel
from blasr.graph.fst_compose import compose
from blasr.graph.fst_determinize import determinize
from blasr.graph.fst_minimize import minimize
from blasr.graph.grammar import check_grammar
from blasr.graph.hmm_transducer import HTransducerBuilder
from blasr.graph.lang import Lang
from blasr.graph.lexicon_fst import sort_arcs
from blasr.graph.preflight import check_same_phones
from blasr.graph.pushing import push_special
from blasr.graph.self_loops import add_self_loops
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency
from blasr.io.atomic import atomic_open
from blasr.io.fst import Fst, write_fst
from blasr.jit import before_compilation
from blasr.lexicon.word_pieces import WHOLE_WORDS
from blasr.units import IntArray

logger = logging.getLogger(__name__)

COMPILING_GRAPHS: Final = "compiling the graph operations for the first time; this takes about a minute"
COPIED_FILES: Final = (
    "words.txt",
    WHOLE_WORDS,
    "phones.txt",
    "phones/silence.csl",
    "phones/disambig.txt",
    "phones/disambig.int",
    "phones/align_lexicon.txt",
    "phones/align_lexicon.int",
    "phones/word_boundary.txt",
    "phones/word_boundary.int",
)
"""Files of the lang directory that are copied beside HCLG if they exist."""


@dataclass(frozen=True)
class DecodingGraph:
    """HCLG and the data that is written beside it.

    Attributes:
        fst: HCLG; transition-ids (from 1) on the input side, words (from 1) on the output side.
        disambig: the disambiguation symbols of H, larger than all transition-ids (``disambig_tid.int``); ``fst`` has
            none of them.
        num_pdfs: number of pdfs of the model.
    """

    fst: Fst
    disambig: IntArray
    num_pdfs: int


def compile_decoding_graph(
    lang: Lang,
    tree: ContextDependency,
    transition_model: TransitionModel,
    grammar: Fst,
    *,
    self_loop_scale: float = 0.1,
    transition_scale: float = 1.0,
) -> DecodingGraph:
    """Compile HCLG, with the same states and arcs as ``mkgraph.sh``.

    Args:
        lang: the lang directory.
        tree: the phonetic decision tree.
        transition_model: the transition model that belongs to the tree.
        grammar: G, with ``#0`` on its backoff arcs.
        self_loop_scale: scale of the costs of staying in a state and of leaving it.
        transition_scale: scale of the costs of choosing between the transitions that leave a state.

    Raises:
        MismatchError: lang directory, tree, model and grammar do not belong together.
        DataError: grammar or lexicon cannot be determinized.
    """
    check_same_phones(lang, tree, transition_model)
    check_grammar(grammar, lang)
    with before_compilation(partial(logger.info, COMPILING_GRAPHS)):
        graph, disambig = expand_to_transitions(
            _compile_lg(lang, grammar),
            lang.disambig_phones,
            tree,
            HTransducerBuilder(tree, transition_model, transition_scale),
            remove_epsilons=True,
        )
        fst = add_self_loops(graph, transition_model, self_loop_scale)
    logger.info("HCLG: %d states, %d arcs", fst.num_states, fst.num_arcs)
    return DecodingGraph(fst, disambig, transition_model.num_pdfs)


def _compile_lg(lang: Lang, grammar: Fst) -> Fst:
    """LG, determinized, minimized, pushed and sorted by input label."""
    parts = [compose(lang.lexicon_disambig_fst, sort_arcs(grammar, by="ilabel"))]
    if parts[0].start < 0:
        raise MismatchError("lexicon and grammar have no sentence in common")
    # each step releases the graph before it
    parts.append(minimize(determinize(parts.pop())))
    pushed = sort_arcs_by_ilabel(push_special(parts.pop()))
    logger.info("LG: %d states, %d arcs", pushed.num_states, pushed.num_arcs)
    return pushed


def write_decoding_graph(graph: DecodingGraph, lang: Lang, path: str | PathLike[str]) -> None:
    """Write ``HCLG.fst`` and, beside it, the files that a decoder needs, as ``mkgraph.sh`` does.

    These are words.txt, phones.txt, disambig_tid.int, num_pdfs and files of ``phones/``. An old HCLG is removed first,
    and the new one is written last, so that an interruption never leaves one beside the files of another graph.

    Args:
        graph: the compiled graph.
        lang: the lang directory that it was compiled from.
        path: the file of HCLG; its folder is made if needed.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    for name in COPIED_FILES:
        _copy_or_remove(lang.path / name, target.parent / name)
    for name, text in (
        ("disambig_tid.int", "".join(f"{symbol}\n" for symbol in graph.disambig)),
        ("num_pdfs", f"{graph.num_pdfs}\n"),
    ):
        with atomic_open(target.parent / name, "w") as stream:
            stream.write(text)
    write_fst(graph.fst, target)


def _copy_or_remove(source: Path, copy: Path) -> None:
    """Copy a file, or remove the copy that an earlier graph left if there is no such file."""
    if not source.is_file():
        copy.unlink(missing_ok=True)
    elif not (copy.exists() and copy.samefile(source)):
        copy.parent.mkdir(exist_ok=True)
        with atomic_open(copy, "wb") as stream, source.open("rb") as original:
            shutil.copyfileobj(original, stream)
