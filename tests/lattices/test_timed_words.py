"""Best paths as words and CTM rows: spelled, joined from pieces, timed by phones or by arcs, with confidences."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.errors import ConfigError
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import CostScales
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.lattice import BestPath
from blasr.lattices.timed_words import PathFormatter, timed_words, word_confidences
from blasr.lattices.word_times import AlignLexicon, WordTime
from blasr.lexicon.word_pieces import WORD_MARK, WordJoiner
from tests.golden_system import GoldenSystem

PIECES = SymbolTable({"<eps>": 0, f"{WORD_MARK}sea": 1, "son": 2, f"{WORD_MARK}is": 3})


def test_pieces_become_words_with_the_times_of_all_their_pieces() -> None:
    formatter = PathFormatter(words=PIECES, joiner=WordJoiner([]), frame_shift=0.5)
    assert formatter.text([1, 2, 3]) == ["season", "is"]
    rows = formatter.ctm(
        "u1", [WordTime(1, 0, 2), WordTime(2, 2, 1), WordTime(3, 4, 1)], [0.5, 0.75, 1.0], first_frame=10
    )
    assert [(row.word, row.start_seconds, row.duration_seconds, row.confidence) for row in rows] == [
        ("season", 5.0, 1.5, 0.5),
        ("is", 7.0, 0.5, 1.0),
    ]


def test_times_come_from_arcs_where_the_lexicon_does_not_fit(system: GoldenSystem) -> None:
    path = next(iter(system.lattices.values())).best_path()
    lexicon = AlignLexicon.read(system.folder / "lang" / "phones" / "align_lexicon.int")
    by_phones, yes = timed_words(path, system.transition_model, lexicon)
    by_arcs, no = timed_words(path, system.transition_model, AlignLexicon([]))
    assert (yes, no) == (True, False)
    assert [time.word for time in by_phones] == [time.word for time in by_arcs] == path.words.tolist()
    assert timed_words(path, None, None) == (by_arcs, False)


def test_confidences_belong_to_the_words_of_the_path(system: GoldenSystem) -> None:
    lattice = next(iter(system.lattices.values()))
    path, compact = lattice.best_path(), determinize_lattice(lattice).lattice
    times, _ = timed_words(path, None, None)
    confidences = word_confidences(path, times, compact, CostScales())
    assert all(confidence is not None and 0 < confidence <= 1 for confidence in confidences)
    assert word_confidences(path, times[1:], compact, CostScales()) == [None] * (len(times) - 1)


def test_a_lexicon_needs_the_model() -> None:
    with pytest.raises(ConfigError, match="needs the model"):
        PathFormatter(words=PIECES, lexicon=AlignLexicon([]))


def test_a_path_without_words() -> None:
    nothing = np.zeros(0, np.int32)
    path = BestPath(nothing, nothing, np.array([1], np.int32), 0.0, 0.0)
    formatter = PathFormatter(words=PIECES)
    assert formatter.times(path) == ([], False) and formatter.ctm("u1", []) == []
