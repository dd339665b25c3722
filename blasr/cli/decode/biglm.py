"""``blasr decode --old-lm --new-lm``: a language model too big for a graph of its own, exchanged during the search."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from blasr.errors import ConfigError, DataError, MismatchError
from blasr.graph.grammar import read_language_model
from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable
from blasr.lm.backoff_grammar import BackoffGrammar, LmDifference, lay_out_grammar, words_missing

DESCRIPTION = """\
Decode with a language model that would make HCLG too large: HCLG is compiled with a small one (a pruned bigram, a
unigram), and the search takes its costs away word by word and adds those of the big one, as Kaldi's
latgen-biglm-faster-mapped. Lattices have the big model's costs.

  blasr lm prune --threshold 1e-6 big.arpa.gz small.arpa.gz
  blasr graph --lang data/lang --arpa small.arpa.gz --model exp/tri exp/tri/graph_small
  blasr decode --graph exp/tri/graph_small --model exp/tri/final.mdl --lang data/lang \\
      --old-lm small.arpa.gz --new-lm big.arpa.gz --loglikes scp:test/loglikes.scp --out exp/tri/decode_big
"""
logger = logging.getLogger(__name__)


def configure_biglm(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    group = parser.add_argument_group("big language models", DESCRIPTION)
    group.add_argument("--old-lm", type=Path, metavar="G.fst|ARPA", help="the one that the graph was compiled with")
    group.add_argument("--new-lm", type=Path, metavar="G.fst|ARPA", help="the one to decode with")


def open_biglm(args: argparse.Namespace, graph: Fst, words: SymbolTable) -> LmDifference | None:
    """What the decoder exchanges; None where nothing was asked for. Words that the big model lacks are told.

    Raises:
        ConfigError: only one of the two models is named.
        MismatchError: the graph has words that the old model lacks, or none that the new one has.
        DataError: a model leaves a choice, such as two arcs of a word.
    """
    if args.old_lm is None and args.new_lm is None:
        return None
    if args.old_lm is None or args.new_lm is None:
        raise ConfigError("--old-lm and --new-lm go together", fix="give the graph's own model as --old-lm")
    old, new = _grammar(args.old_lm, words), _grammar(args.new_lm, words)
    if len(missing := words_missing(graph, old)):
        raise MismatchError(
            f"lacks {_named(missing.tolist(), words)}, which the graph has",
            path=args.old_lm,
            fix="give the language model that the graph was compiled with",
        )
    if len(missing := words_missing(graph, new)):
        if len(missing) == len(np.unique(graph.olabel[graph.olabel > 0])):
            raise MismatchError(
                "has none of the graph's words", path=args.new_lm, fix="check that both are spelt alike"
            )
        logger.warning(
            "%s lacks %s, which the graph has and which can therefore not be recognised",
            args.new_lm,
            _named(missing.tolist(), words),
        )
    return LmDifference(old, new)


def _grammar(path: Path, words: SymbolTable) -> BackoffGrammar:
    grammar, backoff = read_language_model(path, words)
    try:
        return lay_out_grammar(grammar, backoff)
    except DataError as error:
        raise DataError(error.message, path=path, fix=error.fix) from error


def _named(numbers: list[int], words: SymbolTable) -> str:
    names = ", ".join(words.symbol_of(number) for number in numbers[:10])
    return f"{len(numbers)} words ({names}{', ...' if len(numbers) > 10 else ''})"
