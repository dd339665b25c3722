"""A recognizer of four made-up words, and one utterance of it whose answer is known: the input of the self-tests."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from blasr.errors import DataError
from blasr.graph.config import LangConfig
from blasr.graph.grammar import unigram_loop
from blasr.graph.hclg import compile_decoding_graph, write_decoding_graph
from blasr.graph.lang import Lang
from blasr.graph.lang_writing import make_lang
from blasr.graph.training_graph import TrainingGraphCompiler
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency, monophone_tree
from blasr.io.fst import Fst, read_fst
from blasr.lexicon.pronunciations import Pronunciation
from blasr.units import FloatArray, IntArray

LEXICON: Final = (
    Pronunciation("<unk>", ("spn",)),
    Pronunciation("tea", ("t", "i")),
    Pronunciation("two", ("t", "u")),
    Pronunciation("eat", ("i", "t")),
    Pronunciation("oat", ("o", "t")),
)
VOCABULARY: Final = ("tea", "two", "eat", "oat")
TRANSCRIPT: Final = ("tea", "oat", "two", "eat", "tea")
FRAMES_PER_STATE: Final = 4


class SmallSystem:
    """The parts are made when they are first used, so that an error belongs to the self-test that needs the part.

    Args:
        folder: a temporary folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def lang(self) -> Lang:
        """The lang folder."""
        return make_lang(
            LEXICON,
            self.folder / "lang",
            LangConfig(silence_phones=["sil", "spn"], oov="<unk>", optional_silence="sil"),
        )

    @cached_property
    def tree(self) -> ContextDependency:
        """A tree without context."""
        topology = self.lang.topology
        return monophone_tree(
            [[phone] for phone in topology.phones], {p: topology.num_pdf_classes(p) for p in topology.phones}
        )

    @cached_property
    def transitions(self) -> TransitionModel:
        """The transition model."""
        return TransitionModel.from_tree(self.tree, self.lang.topology)

    @cached_property
    def grammar(self) -> Fst:
        """All sequences of the words."""
        return unigram_loop(self.lang.words, VOCABULARY)

    @cached_property
    def graph(self) -> Fst:
        """HCLG as ``blasr decode`` reads it from its file."""
        path = self.folder / "graph" / "HCLG.fst"
        graph = compile_decoding_graph(self.lang, self.tree, self.transitions, self.grammar)
        write_decoding_graph(graph, self.lang, path)
        return read_fst(path)

    @cached_property
    def training_graph(self) -> Fst:
        """The graph of the transcript."""
        return TrainingGraphCompiler(self.lang, self.tree, self.transitions).compile(TRANSCRIPT)

    @cached_property
    def pdf_ids(self) -> IntArray:
        """The pdf-id of each frame of the utterance ``(T,)``: the shortest path of its graph, in slow motion."""
        labels = shortest_path(self.training_graph)
        return np.repeat(self.transitions.tid_to_pdf[labels], FRAMES_PER_STATE).astype(np.int32)

    @cached_property
    def loglikes(self) -> FloatArray:
        """Log-likelihoods ``(T, num_pdfs)`` that are high for the pdf-id of each frame."""
        frames = np.arange(len(self.pdf_ids))
        matrix = np.random.default_rng(1).normal(-20, 2, (len(frames), self.transitions.num_pdfs)).astype(np.float32)
        matrix[frames, self.pdf_ids] = -1.0
        return matrix

    def spell(self, word_ids: IntArray) -> list[str]:
        """Return the words of word-ids."""
        return [self.lang.words.symbol_of(int(number)) for number in word_ids]


def shortest_path(graph: Fst) -> IntArray:
    """Return the input labels, without epsilon, of the path to a final state with the fewest arcs.

    Raises:
        DataError: no final state can be reached.
    """
    arrived: dict[int, tuple[int, int]] = {graph.start: (-1, -1)}  # the state before, and the arc between
    waiting = deque([graph.start])
    while waiting:
        state = waiting.popleft()
        if np.isfinite(graph.final[state]):
            labels = []
            while arrived[state][1] >= 0:
                state, arc = arrived[state]
                labels.append(int(graph.ilabel[arc]))
            return np.array([label for label in reversed(labels) if label > 0], np.int32)
        for arc in range(int(graph.offsets[state]), int(graph.offsets[state + 1])):
            target = int(graph.nextstate[arc])
            if target not in arrived:
                arrived[target] = (state, arc)
                waiting.append(target)
    raise DataError("no final state of the graph can be reached", fix="install blasr again (make setup)")
