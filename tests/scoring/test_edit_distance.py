"""Alignments, against every possible one, and sums of their counts."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from blasr.scoring.edit_distance import Alignment, ErrorCounts, align_words

words = st.lists(st.sampled_from("ABC"), max_size=7)


def cost_of(counts: ErrorCounts) -> int:
    return 4 * counts.substitutions + 3 * counts.insertions + 3 * counts.deletions


def lowest_cost(reference: tuple[str, ...], hypothesis: tuple[str, ...]) -> int:
    """Return the lowest cost of all alignments, which are tried from the front."""

    @cache
    def best(row: int, column: int) -> int:
        options = []
        if row < len(reference) and column < len(hypothesis):
            options.append(best(row + 1, column + 1) + 4 * (reference[row] != hypothesis[column]))
        if row < len(reference):
            options.append(best(row + 1, column) + 3)
        if column < len(hypothesis):
            options.append(best(row, column + 1) + 3)
        return min(options, default=0)

    return best(0, 0)


@given(words, words)
def test_no_alignment_is_cheaper(reference: list[str], hypothesis: list[str]) -> None:
    counts = align_words(reference, hypothesis).counts
    assert cost_of(counts) == lowest_cost(tuple(reference), tuple(hypothesis))


@given(words, words)
def test_counts_add_up(reference: list[str], hypothesis: list[str]) -> None:
    alignment = align_words(reference, hypothesis)
    counts = alignment.counts
    assert counts.correct + counts.substitutions + counts.deletions == len(reference) == counts.reference_words
    assert counts.correct + counts.substitutions + counts.insertions == len(hypothesis)
    assert [word for word, _ in alignment.pairs if word is not None] == reference
    assert [word for _, word in alignment.pairs if word is not None] == hypothesis


@given(words, words, words, words)
def test_pooled_counts_are_sums(first: list[str], second: list[str], third: list[str], fourth: list[str]) -> None:
    pooled = align_words(first, second).counts + align_words(third, fourth).counts
    assert pooled.reference_words == len(first) + len(third)
    assert pooled.errors == align_words(first, second).counts.errors + align_words(third, fourth).counts.errors


def test_two_errors_in_a_row_are_substitutions() -> None:
    """A substitution costs 4, an insertion and a deletion together 6; unit costs have the same result."""
    assert align_words(["A", "B"], ["C", "D"]) == Alignment((("A", "C"), ("B", "D")))


def test_sclite_costs_differ_from_unit_costs() -> None:
    """Unit costs give 3 substitutions. So does sclite, where two alignments cost 12 and pairs are preferred."""
    counts = align_words(["A", "B", "C"], ["C", "D", "E"]).counts
    assert counts == ErrorCounts(correct=0, substitutions=3)
    # With one word more, two deletions and two insertions (12) are below four substitutions (16).
    counts = align_words(["A", "B", "C", "D"], ["C", "D", "E", "F"]).counts
    assert counts == ErrorCounts(correct=2, deletions=2, insertions=2)


def test_rate_without_reference_words_is_not_a_number() -> None:
    counts = align_words([], ["A"]).counts
    assert counts == ErrorCounts(insertions=1)
    assert counts.wer != counts.wer
