"""The words of lattices' best paths with their times, at each LM weight and insertion penalty."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from blasr.cli.score.report import lattices_of
from blasr.errors import ConfigError, DataError
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.io.nist.ctm import CtmWord
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import PathWeights
from blasr.lattices.lattice import BestPath
from blasr.lattices.word_times import AlignLexicon, WordTime, word_times, word_times_from_arcs
from blasr.lexicon.word_pieces import WordJoiner
from blasr.progress import track


def lattice_words(args: argparse.Namespace, settings: Sequence[PathWeights]) -> dict[PathWeights, list[CtmWord]]:
    """The best path's words of every lattice at each setting, as ``blasr decode`` writes them into its CTM.

    Lattices are read once; settings with the same path share its words. With --lang and --model the times are those
    of the words' phones, else of the arcs with the words' labels.
    """
    if args.words is None:
        raise ConfigError("--lattices hold word-ids", fix="name the symbol table that spells them with --words")
    if (args.lang is None) != (args.model is None):
        raise ConfigError("--lang and --model go together", fix="give both for the times of the words' phones")
    table, joiner = SymbolTable.read(args.words), WordJoiner.beside(args.words)
    timing: tuple[AlignLexicon, TransitionModel] | None = None
    if args.lang is not None:
        lexicon = AlignLexicon.read(Path(args.lang) / "phones" / "align_lexicon.int")
        timing = lexicon, read_transition_model(args.model)
    words: dict[PathWeights, list[CtmWord]] = {setting: [] for setting in settings}
    seen: set[str] = set()
    for utterance, lattice in track(lattices_of(args.lattices), "reading lattices"):
        if utterance in seen:
            raise DataError("stands twice among the lattices", path=args.lattices, utterance=utterance)
        seen.add(utterance)
        known: dict[bytes, list[CtmWord]] = {}
        for setting in settings:
            path = lattice.best_path(setting.scales)
            key = path.transition_ids.tobytes() + path.words.tobytes()
            if key not in known:
                known[key] = joiner.join_ctm(
                    CtmWord(
                        utterance,
                        "1",
                        time.start_frame * args.frame_shift,
                        time.num_frames * args.frame_shift,
                        table.symbol_of(time.word),
                    )
                    for time in _times(path, timing)
                )
            words[setting] += known[key]
    return words


def _times(path: BestPath, timing: tuple[AlignLexicon, TransitionModel] | None) -> list[WordTime]:
    times = None
    if timing is not None:
        lexicon, transition_model = timing
        times = word_times(path, transition_model, lexicon)
    return word_times_from_arcs(path) if times is None else times
