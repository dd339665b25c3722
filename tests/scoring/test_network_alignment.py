"""Alignments of networks, against every pair of their paths and against sclite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.scoring.edit_distance import ErrorCounts, align_words
from blasr.scoring.network_alignment import align_networks, counts_of
from blasr.scoring.word_network import (
    Alternatives,
    Item,
    NetworkWord,
    WordNetwork,
    hypothesis_word,
    parse_transcript,
)

spellings = st.sampled_from(["a", "b", "c"])
words = spellings.map(hypothesis_word)
rows = st.lists(words, max_size=2).map(tuple)
alternatives = st.lists(rows, min_size=1, max_size=3).map(lambda options: Alternatives(tuple(options)))
nested = st.tuples(alternatives, rows).map(lambda pair: Alternatives((pair[1], (pair[0],), (pair[0], *pair[1]))))
sequences = st.lists(words | alternatives | nested, max_size=3)


def paths(sequence: Sequence[Item]) -> Iterator[list[str]]:
    if not sequence:
        yield []
        return
    first, rest = sequence[0], sequence[1:]
    heads = [[first.text]] if isinstance(first, NetworkWord) else [path for row in first.options for path in paths(row)]
    for head in heads:
        for tail in paths(rest):
            yield [*head, *tail]


def cost(counts: ErrorCounts) -> int:
    return 4 * counts.substitutions + 3 * counts.deletions + 3 * counts.insertions


@settings(max_examples=60, deadline=None)
@given(sequences, sequences)
def test_the_cheapest_pair_of_paths_is_aligned(reference: list[Item], hypothesis: list[Item]) -> None:
    counts = counts_of(align_networks(WordNetwork.of(reference), WordNetwork.of(hypothesis)))
    lowest = min(cost(align_words(a, b).counts) for a in paths(reference) for b in paths(hypothesis))
    assert cost(counts) == lowest


@given(st.lists(spellings, max_size=8), st.lists(spellings, max_size=8))
def test_without_alternatives_the_alignment_is_the_plain_one(reference: list[str], hypothesis: list[str]) -> None:
    pairs = align_networks(*(WordNetwork.of(map(hypothesis_word, side)) for side in (reference, hypothesis)))
    found = [(pair.reference and pair.reference.text, pair.hypothesis and pair.hypothesis.text) for pair in pairs]
    assert found == list(align_words(reference, hypothesis).pairs)


def score(reference: str, hypothesis: str) -> ErrorCounts:
    network = WordNetwork.of(hypothesis_word(word) for word in hypothesis.split())
    return counts_of(align_networks(WordNetwork.of(parse_transcript(reference)), network))


@pytest.mark.parametrize(
    ("reference", "hypothesis", "counts"),
    [
        ("a (b) c", "a c", ErrorCounts(correct=3)),
        ("a (b) c", "a b c", ErrorCounts(correct=3)),
        ("a (b) c", "a x c", ErrorCounts(correct=2, substitutions=1)),
        ("a (b)", "x", ErrorCounts(correct=1, substitutions=1)),  # leaving out b costs 2, not 3
        ("a", "a (uh)", ErrorCounts(correct=2)),
        ("(ab-) -yz", "abc xyz", ErrorCounts(correct=2)),
        (
            "(-yz)",
            "xyz",
            ErrorCounts(substitutions=1),
        ),  # in brackets, sclite knows no fragment with - first
        ("{ it is / it's }", "it's", ErrorCounts(correct=1)),
        ("{ uh / @ } a", "a", ErrorCounts(correct=1)),
        ("{ a / } b", "b", ErrorCounts(correct=1, deletions=1)),  # an empty alternative is ignored
        ("{ { a / b } c / d } e", "b e", ErrorCounts(correct=2, deletions=1)),
        ("a;name b*", "A B", ErrorCounts(correct=2)),
        ("and/or", "and/or", ErrorCounts(correct=1)),
        ("", "a", ErrorCounts(insertions=1)),
        ("@", "", ErrorCounts()),
    ],
)
def test_counts_as_sclite(reference: str, hypothesis: str, counts: ErrorCounts) -> None:
    """The counts are those of sclite 2.10 -F -D."""
    assert score(reference, hypothesis) == counts
