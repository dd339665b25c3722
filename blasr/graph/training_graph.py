"""Graphs of a single transcript, for forced alignment (Kaldi's ``decoder/training-graph-compiler.cc``)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from blasr.errors import DataError
from blasr.graph.composition import expand_to_transitions
from blasr.graph.fst_compose import compose
from blasr.graph.hmm_transducer import HTransducerBuilder, add_transition_costs
from blasr.graph.lang import Lang
from blasr.graph.preflight import check_same_phones
from blasr.graph.self_loops import add_self_loops
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency
from blasr.io.fst import Fst

__all__ = ["TrainingGraphCompiler", "add_transition_costs"]


class TrainingGraphCompiler:
    """Compiles transcripts to graphs with all pronunciations of the words and optional silence around them.

    By default graphs have no transition costs, because these change with every estimate of the model. As in Kaldi, the
    aligner adds them (:func:`add_transition_costs`, which is fast), so that no graph is compiled twice.

    Args:
        lang: a lang directory.
        tree: the phonetic decision tree.
        transition_model: the transition model that belongs to the tree.
        transition_scale, self_loop_scale: see :func:`add_transition_costs`; both 0 for graphs without these costs.
        cache_size: number of graphs to keep for transcripts that occur again.

    Raises:
        MismatchError: lang, tree and model do not belong together.
    """

    def __init__(
        self,
        lang: Lang,
        tree: ContextDependency,
        transition_model: TransitionModel,
        *,
        transition_scale: float = 0.0,
        self_loop_scale: float = 0.0,
        cache_size: int = 256,
    ) -> None:
        check_same_phones(lang, tree, transition_model)
        self._lang = lang
        self._tree = tree
        self._model = transition_model
        self._scales = transition_scale, self_loop_scale
        self._builder = HTransducerBuilder(tree, transition_model, transition_scale=0.0)
        self._graph = lru_cache(maxsize=cache_size)(self._compile)

    def compile(self, words: Sequence[str], *, utterance: str | None = None, map_oov: bool = False) -> Fst:
        """Return the graph of a transcript, from transition-ids to words, with self-loops.

        Args:
            words: the transcript; empty for silence.
            utterance: the utterance-id, for errors.
            map_oov: replace words outside the lexicon by the OOV word of the lang directory.

        Raises:
            DataError: a word is not in the lexicon and ``map_oov`` is not set.
        """
        return self._graph(tuple(self._word_id(word, utterance, map_oov) for word in words))

    def _word_id(self, word: str, utterance: str | None, map_oov: bool) -> int:
        if word in self._lang.words and self._lang.words.id_of(word) in self._lang.spoken_word_ids:
            return self._lang.words.id_of(word)
        if map_oov:
            return self._lang.words.id_of(self._lang.oov)
        raise DataError(
            f"the word {word!r} is not in the lexicon of {self._lang.path}",
            utterance=utterance,
            fix=f"add it to the lexicon and make the lang directory again, or align it as {self._lang.oov!r} (map_oov)",
        )

    def _compile(self, word_ids: tuple[int, ...]) -> Fst:
        phones_to_words = compose(self._lang.lexicon_fst, _acceptor_of(word_ids))
        graph, _ = expand_to_transitions(
            phones_to_words, self._lang.disambig_phones, self._tree, self._builder, remove_epsilons=False
        )
        graph = add_self_loops(graph, self._model, self_loop_scale=0.0)
        transition_scale, self_loop_scale = self._scales
        if not transition_scale and not self_loop_scale:
            return graph
        return add_transition_costs(
            graph, self._model, transition_scale=transition_scale, self_loop_scale=self_loop_scale
        )


def _acceptor_of(word_ids: tuple[int, ...]) -> Fst:
    """Return the acceptor of one sequence of words."""
    states = np.arange(len(word_ids))
    final = np.full(len(word_ids) + 1, np.inf)
    final[-1] = 0.0
    return Fst.from_arcs(0, final, states, word_ids, word_ids, np.zeros(len(word_ids)), states + 1)
