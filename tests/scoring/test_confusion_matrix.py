"""Confusion matrices of words and phones."""

from __future__ import annotations

from blasr.scoring.confusion_matrix import ConfusionMatrix, matrix_table, phone_alignments
from tests.scoring.aligned import utterance


def test_counts_by_row_and_column() -> None:
    found = ConfusionMatrix.of([utterance("a:a a:b b:b c:- -:a d:d"), utterance("a:b z:z")])
    assert found.labels == ("a", "b", "c")
    assert dict(found.rows) == {
        "a": (1, 2, 0, 0, 0),
        "b": (0, 1, 0, 0, 0),
        "c": (0, 0, 0, 0, 1),
        "inserted": (1, 0, 0, 0, 0),
    }
    assert found.columns == ("a", "b", "c", "others", "deleted")
    assert found.others == 2


def test_only_the_worst_are_shown() -> None:
    found = ConfusionMatrix.of([utterance("a:b a:b a:c d:e")], shown=2)
    assert found.labels == ("a", "b")
    assert found.counts[0] == (0, 2, 1, 0)
    assert found.others == 3


def test_phones_of_errors_are_aligned_again() -> None:
    lexicon = {"cat": ["k", "a", "t"], "cut": ["k", "u", "t"], "at": ["a", "t"]}
    found, left_out = phone_alignments([utterance("cat:cat cat:cut at:-"), utterance("xylo:cat cat:cat")], lexicon)
    assert found[0].pairs == (
        ("k", "k"), ("a", "a"), ("t", "t"), ("k", "k"), ("a", None), ("t", None), ("a", "u"), ("t", "t")
    )  # fmt: skip
    assert found[0].counts.errors == 3
    assert found[1].pairs == (("k", "k"), ("a", "a"), ("t", "t"))
    assert left_out == 1


def test_the_table_escapes_labels_and_names_rows_for_screen_readers() -> None:
    table = matrix_table(ConfusionMatrix.of([utterance("<a>:b <a>:<a>")]), "words")
    assert '<th scope="row">&lt;a&gt;</th>' in table and "<a>" not in table
    assert '<th scope="col">deleted</th>' in table and "<caption>" in table
    assert table.count("background: rgba(0, 114, 178") == 1 and table.count("background: rgba(213, 94, 0") == 1
    assert matrix_table(ConfusionMatrix.of([utterance("a:a")]), "words") == "<p>No words with errors.</p>"
