"""A language model too big to compile into a graph: the search replaces the costs of the graph's model with its costs.

The same as Kaldi's ``latgen-biglm-faster-mapped``.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from blasr.errors import DataError, MismatchError
from blasr.graph.grammar import read_language_model
from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable
from blasr.lm.backoff_grammar import BackoffGrammar, LmDifference, lay_out_grammar, words_missing

logger = logging.getLogger(__name__)


def read_lm_difference(old_lm: Path, new_lm: Path, graph: Fst, words: SymbolTable) -> LmDifference:
    """Read two language models; the search adds their difference to the costs of words.

    Words that the new model lacks cannot be recognized, and are logged.

    Args:
        old_lm: the model that the graph was compiled with, as G.fst or ARPA.
        new_lm: the model to decode with.
        graph: HCLG.
        words: its words.

    Raises:
        MismatchError: the graph has words that the old model lacks, or no word that the new model has.
        DataError: a model is ambiguous, for example with two arcs for one word.
    """
    old, new = _read_grammar(old_lm, words), _read_grammar(new_lm, words)
    if len(missing := words_missing(graph, old)):
        raise MismatchError(
            f"lacks {_list_words(missing.tolist(), words)}, which the graph has",
            path=old_lm,
            fix="give the language model that the graph was compiled with",
        )
    if len(missing := words_missing(graph, new)):
        if len(missing) == len(np.unique(graph.olabel[graph.olabel > 0])):
            raise MismatchError(
                "has none of the words of the graph", path=new_lm, fix="check that both use the same spelling"
            )
        logger.warning(
            "%s lacks %s, which the graph has and which can therefore not be recognized",
            new_lm,
            _list_words(missing.tolist(), words),
        )
    return LmDifference(old, new)


def _read_grammar(path: Path, words: SymbolTable) -> BackoffGrammar:
    grammar, backoff = read_language_model(path, words)
    try:
        return lay_out_grammar(grammar, backoff)
    except DataError as error:
        raise error.at(path=path) from error


def _list_words(numbers: list[int], words: SymbolTable) -> str:
    names = ", ".join(words.symbol_of(number) for number in numbers[:10])
    return f"{len(numbers)} words ({names}{', ...' if len(numbers) > 10 else ''})"
