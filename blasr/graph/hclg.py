"""The decoding graph HCLG (Kaldi's ``utils/mkgraph.sh``; Mohri, Pereira and Riley, "Speech recognition with weighted
finite-state transducers", 2008)."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

import kaldifst

from blasr.errors import MismatchError
from blasr.graph.composition import determinize, expand_to_transitions
from blasr.graph.grammar import check_grammar
from blasr.graph.hmm_transducer import HTransducerBuilder, add_self_loops
from blasr.graph.lang import Lang
from blasr.graph.lexicon_fst import sort_arcs
from blasr.graph.openfst import from_kaldifst, to_kaldifst
from blasr.graph.preflight import check_same_phones
from blasr.graph.pushing import push_special
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency
from blasr.io.atomic import atomic_open
from blasr.io.fst import Fst, write_fst
from blasr.lexicon.word_pieces import WHOLE_WORDS
from blasr.units import IntArray

log = logging.getLogger(__name__)

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
"""Files of the lang directory that are put beside HCLG, where they are there."""


@dataclass(frozen=True)
class DecodingGraph:
    """HCLG and what must be known with it.

    Attributes:
        fst: transition-ids (from 1) in, words (from 1) out.
        disambig: input labels that H had beside transition-ids (``disambig_tid.int``); none is left in ``fst``.
        num_pdfs: pdfs of the model.
    """

    fst: Fst
    disambig: IntArray
    num_pdfs: int


def compile_hclg(
    lang: Lang,
    tree: ContextDependency,
    transition_model: TransitionModel,
    grammar: Fst,
    *,
    self_loop_scale: float = 0.1,
    transition_scale: float = 1.0,
) -> Fst:
    """HCLG: transition-ids in, words out; see :func:`compile_decoding_graph`."""
    return compile_decoding_graph(
        lang, tree, transition_model, grammar, self_loop_scale=self_loop_scale, transition_scale=transition_scale
    ).fst


def compile_decoding_graph(
    lang: Lang,
    tree: ContextDependency,
    transition_model: TransitionModel,
    grammar: Fst,
    *,
    self_loop_scale: float = 0.1,
    transition_scale: float = 1.0,
) -> DecodingGraph:
    """HCLG, the same states and arcs as ``mkgraph.sh`` makes.

    Args:
        lang: the lang directory.
        tree: the phonetic decision tree.
        transition_model: of the same model.
        grammar: G, with ``#0`` on backoff arcs.
        self_loop_scale: scale of the costs of staying in a state or leaving it.
        transition_scale: scale of the costs of leaving a state one way or another.

    Raises:
        MismatchError: lang, tree, model and grammar do not belong together.
        DataError: grammar or lexicon cannot be made deterministic.
    """
    check_same_phones(lang, tree, transition_model)
    check_grammar(grammar, lang)
    lg = kaldifst.compose(to_kaldifst(lang.lexicon_disambig_fst), to_kaldifst(sort_arcs(grammar, by="ilabel")))
    if lg.start < 0:
        raise MismatchError("lexicon and grammar have no sentence in common")
    determinize(lg)
    kaldifst.minimize_encoded(lg)
    flat = sort_arcs(push_special(from_kaldifst(lg)), by="ilabel")
    log.info("LG: %d states, %d arcs", flat.num_states, flat.num_arcs)
    builder = HTransducerBuilder(tree, transition_model, transition_scale)
    graph, h = expand_to_transitions(to_kaldifst(flat), lang.disambig_phones, tree, builder, remove_epsilons=True)
    fst = add_self_loops(graph, transition_model, self_loop_scale)
    log.info("HCLG: %d states, %d arcs", fst.num_states, fst.num_arcs)
    return DecodingGraph(fst, h.disambig, transition_model.num_pdfs)


def write_decoding_graph(graph: DecodingGraph, lang: Lang, path: str | PathLike[str]) -> None:
    """Write ``HCLG.fst`` and, beside it, what a decoder needs to know, as ``mkgraph.sh`` does.

    That is words.txt, phones.txt, disambig_tid.int, num_pdfs and ``phones/``; HCLG comes last.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    for name in COPIED_FILES:
        source, copy = lang.path / name, target.parent / name
        if not source.is_file():
            copy.unlink(missing_ok=True)  # of a graph that was here before
        elif not (copy.exists() and copy.samefile(source)):
            copy.parent.mkdir(exist_ok=True)
            with atomic_open(copy, "wb") as stream, source.open("rb") as original:
                shutil.copyfileobj(original, stream)
    for name, text in (
        ("disambig_tid.int", "".join(f"{symbol}\n" for symbol in graph.disambig)),
        ("num_pdfs", f"{graph.num_pdfs}\n"),
    ):
        with atomic_open(target.parent / name, "w") as stream:
            stream.write(text)
    write_fst(graph.fst, target)
