"""Errors put down to spelling, vocabulary, search and models; tables of words and speakers; the page."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

import pytest

from blasr.scoring.aligned_utterance import AlignedUtterance
from blasr.scoring.causes import Cause, LatticeEvidence, causes
from blasr.scoring.confusions import Confusions, error_regions
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.error_page import error_page


def utterance(text: str, speaker: str = "ann", name: str = "u1") -> AlignedUtterance:
    """``a:a b:x c:- -:d`` are pairs of a reference and a hypothesis word."""
    pairs = tuple(tuple(None if word == "-" else word for word in pair.split(":")) for pair in text.split())
    aligned = tuple((first, second) for first, second in pairs)
    return AlignedUtterance(name, speaker, aligned, tuple(first == second for first, second in aligned))


def test_regions_and_counts() -> None:
    found = utterance("a:a b:x c:- d:d -:e")
    assert error_regions(found) == [[("b", "x"), ("c", None)], [(None, "e")]]
    assert found.counts == ErrorCounts(correct=2, substitutions=1, deletions=1, insertions=1)


def test_an_optional_word_that_is_left_out_is_right() -> None:
    optional = AlignedUtterance("u1", "ann", (("(uh)", None), ("a", "a")), (True, True))
    assert optional.counts == ErrorCounts(correct=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("may:maybe be:-", {Cause.NORMALISATION: 2}),
        ("it's:its a:a co-op:Coop", {Cause.NORMALISATION: 2}),
        ("a:a xylo:b -:c d:d", {Cause.VOCABULARY: 2}),
        ("a:b", {Cause.UNKNOWN: 1}),
        ("a:a", {}),
    ],
)
def test_causes_that_words_tell(text: str, expected: dict[Cause, int]) -> None:
    assert causes(utterance(text), lambda word: word != "xylo") == Counter(expected)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (LatticeEvidence(0, 3.0, -1.0), {Cause.LANGUAGE_MODEL: 3}),
        (LatticeEvidence(0, -1.0, 3.0), {Cause.MODEL: 3}),
        (LatticeEvidence(2, -1.0, 3.0), {Cause.MODEL: 1, Cause.SEARCH: 2}),
        (LatticeEvidence(9, 0.0, 0.0), {Cause.SEARCH: 3}),
        (LatticeEvidence(3, 0.0, 0.0, forced_excess=-2.0), {Cause.SEARCH: 3}),
        (LatticeEvidence(3, 0.0, 0.0, forced_excess=5.0, forced_graph_excess=4.0), {Cause.LANGUAGE_MODEL: 3}),
        (LatticeEvidence(3, 0.0, 0.0, forced_excess=5.0, forced_graph_excess=1.0), {Cause.MODEL: 3}),
    ],
)
def test_causes_that_lattices_tell(evidence: LatticeEvidence, expected: dict[Cause, int]) -> None:
    assert causes(utterance("a:x b:b c:y d:d e:-"), None, evidence) == Counter(expected)


def test_the_oracle_is_not_blamed_twice_for_a_word_outside_the_vocabulary() -> None:
    found = causes(utterance("xylo:b d:d e:y"), lambda word: word != "xylo", LatticeEvidence(1, 0.0, 1.0))
    assert found == Counter({Cause.VOCABULARY: 1, Cause.MODEL: 1})


def test_tables() -> None:
    tables = Confusions.of([utterance("a:b c:c"), utterance("a:b a:- -:c", "bob", "u2")])
    assert tables.speakers == {
        "ann": ErrorCounts(correct=1, substitutions=1),
        "bob": ErrorCounts(substitutions=1, deletions=1, insertions=1),
    }
    assert tables.worst_pairs(5) == [(("a", "b"), 2)]
    assert [(word, seen.errors) for word, seen in tables.worst_words(5)] == [("a", 3), ("c", 1)]
    assert (tables.words["c"].correct, tables.words["c"].inserted) == (1, 1)


class Reader(HTMLParser):
    """Checks that elements close in order, and keeps what links outside."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [name for name, _ in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_escapes_words() -> None:
    page = error_page("A & B", [utterance("<unk>:b c:c")], {Cause.SEARCH: 1}, ["a note"])
    reader = Reader()
    reader.feed(page)
    assert (reader.open, reader.links) == ([], [])
    assert "&lt;unk&gt;" in page and "<unk>" not in page and "A &amp; B" in page and "a note" in page
    assert "50.00% word error rate" in page
