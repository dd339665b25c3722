"""The words of lattices' best paths with their times, at each LM weight and insertion penalty."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from blasr.errors import ConfigError, DataError
from blasr.hmm.transition_model import read_transition_model
from blasr.io.nist.ctm import CtmWord
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.lattice_table import read_state_lattices
from blasr.lattices.sweep import sweep_ctm
from blasr.lattices.timed_words import PathFormatter
from blasr.lattices.word_times import AlignLexicon
from blasr.lexicon.word_pieces import WordJoiner
from blasr.progress import track


def lattice_words(args: argparse.Namespace, settings: Sequence[PathWeights]) -> dict[PathWeights, list[CtmWord]]:
    """Return the CTM rows of every lattice's best path at each setting, as ``blasr decode`` writes them."""
    if args.words is None:
        raise ConfigError("--lattices hold word-ids", fix="name the symbol table that spells them with --words")
    if (args.lang is None) != (args.model is None):
        raise ConfigError("--lang and --model go together", fix="give both for the times of the words' phones")
    lexicon = None if args.lang is None else AlignLexicon.read(Path(args.lang) / "phones" / "align_lexicon.int")
    formatter = PathFormatter(
        words=SymbolTable.read(args.words),
        joiner=WordJoiner.beside(args.words),
        frame_shift=args.frame_shift,
        transition_model=None if args.model is None else read_transition_model(args.model),
        lexicon=lexicon,
    )
    try:
        return sweep_ctm(track(read_state_lattices(args.lattices), "reading lattices"), formatter, settings)
    except DataError as error:
        raise error.at(path=args.lattices) from None
