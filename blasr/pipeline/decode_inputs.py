"""What a decoding needs besides log-likelihoods: graph, model, words, their pronunciations, and a bigger LM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from blasr.errors import ConfigError
from blasr.hmm.transition_model import read_transition_model
from blasr.io.fst import Fst, read_fst
from blasr.io.symbols import SymbolTable
from blasr.lattices.word_times import AlignLexicon
from blasr.lexicon.word_pieces import WordJoiner
from blasr.lm.backoff_grammar import LmDifference
from blasr.pipeline.big_lm import read_lm_difference
from blasr.pipeline.graph_checks import DecodingModel, check_decode, check_same_symbols


@dataclass(frozen=True)
class DecodePaths:
    """Where the inputs of a decoding are.

    Attributes:
        graph: HCLG.fst, or the folder that contains it.
        words: words.txt; by default the one in ``lang`` or beside the graph.
        lang: a lang folder; its ``align_lexicon.int`` gives words their times.
        old_lm: the language model that the graph was compiled with, if it is replaced.
        new_lm: the language model that replaces it.

    Raises:
        ConfigError: only one of the two language models is given.
    """

    graph: Path
    words: Path | None = None
    lang: Path | None = None
    old_lm: Path | None = None
    new_lm: Path | None = None

    def __post_init__(self) -> None:
        if (self.old_lm is None) != (self.new_lm is None):
            raise ConfigError(
                "--old-lm and --new-lm go together", fix="give the language model of the graph as --old-lm"
            )


@dataclass(frozen=True, eq=False)
class DecodeInputs:
    """The inputs of a decoding, after a check that they fit together.

    Attributes:
        graph_path: where ``graph`` is.
        graph: HCLG.
        model: the transition model.
        words: spells the word-ids.
        joiner: joins pieces into words.
        lexicon: the pronunciations that give words their times; None for the rough times of arcs.
        times_from: the source of the words' times, for the report.
        lm_difference: what the search adds to the costs of words, if it replaces the language model.
    """

    graph_path: Path
    graph: Fst
    model: DecodingModel
    words: SymbolTable
    joiner: WordJoiner
    lexicon: AlignLexicon | None
    times_from: str
    lm_difference: LmDifference | None

    @classmethod
    def read(cls, paths: DecodePaths, model: Path) -> DecodeInputs:
        """Read and compare all inputs.

        Args:
            paths: where they are.
            model: the ``final.mdl`` that the graph was compiled from.

        Raises:
            ConfigError: there is no words.txt.
            FormatError, DataError: a file cannot be read.
            MismatchError: the inputs do not fit together, or words.txt or phones.txt differ from those of the graph.
        """
        graph_path = paths.graph / "HCLG.fst" if paths.graph.is_dir() else paths.graph
        words_path = paths.words or _find_words(graph_path, paths.lang)
        check_same_symbols(words_path, graph_path.parent / "words.txt")
        if paths.lang is not None:
            for name in ("words.txt", "phones.txt"):
                check_same_symbols(paths.lang / name, graph_path.parent / name)
        words = SymbolTable.read(words_path)
        lexicon, times_from = _read_lexicon(paths.lang)
        decoding_model = DecodingModel(model, read_transition_model(model))
        graph = read_fst(graph_path)
        check_decode(graph, graph_path, decoding_model, words)
        difference = None
        if paths.old_lm is not None and paths.new_lm is not None:
            difference = read_lm_difference(paths.old_lm, paths.new_lm, graph, words)
        joiner = WordJoiner.beside(words_path)
        return cls(graph_path, graph, decoding_model, words, joiner, lexicon, times_from, difference)


def _find_words(graph_path: Path, lang: Path | None) -> Path:
    places = [folder / "words.txt" for folder in (lang, graph_path.parent) if folder is not None]
    for place in places:
        if place.is_file():
            return place
    raise ConfigError(
        f"there is no {' and no '.join(map(str, places))} to spell the words with", fix="name it with --words"
    )


def _read_lexicon(lang: Path | None) -> tuple[AlignLexicon | None, str]:
    """Return the lexicon that gives words their times, and the source of these times."""
    if lang is None:
        return None, "from the arcs with the words' labels (rough: give --lang for the times of their phones)"
    path = lang / "phones" / "align_lexicon.int"
    if not path.is_file():
        return None, f"from the arcs with the words' labels (rough: there is no {path})"
    return AlignLexicon.read(path), f"from the words' phones, by {path}"
