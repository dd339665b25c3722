"""Tables of errors by word and speaker."""

from __future__ import annotations

from blasr.scoring.confusions import Confusions, error_regions
from blasr.scoring.edit_distance import ErrorCounts
from tests.scoring.aligned import utterance


def test_runs_of_errors() -> None:
    found = utterance("a:a b:x c:- d:d -:e")
    assert error_regions(found) == [[("b", "x"), ("c", None)], [(None, "e")]]
    assert error_regions(utterance("a:a")) == []


def test_errors_of_words_pairs_and_speakers() -> None:
    tables = Confusions.of([utterance("a:b c:c"), utterance("a:b a:- -:c", "bob", "u2")])
    assert tables.speakers == {
        "ann": ErrorCounts(correct=1, substitutions=1),
        "bob": ErrorCounts(substitutions=1, deletions=1, insertions=1),
    }
    assert tables.worst_pairs(5) == [(("a", "b"), 2)]
    assert [(word, seen.errors) for word, seen in tables.worst_words(5)] == [("a", 3), ("c", 1)]
    assert (tables.words["c"].correct, tables.words["c"].inserted) == (1, 1)
