"""Words of NIST's markup, and transcripts as networks."""

from __future__ import annotations

import pytest

from blasr.scoring.word_network import (
    Alternatives,
    NetworkWord,
    WordNetwork,
    hypothesis_word,
    parse_transcript,
    reference_word,
    same_word,
)


def test_brackets_hyphens_and_tags_of_words() -> None:
    assert hypothesis_word("(Uh)") == NetworkWord("(uh)", "uh", deletable=True)
    assert hypothesis_word("Ca-") == NetworkWord("ca-", "ca-", fragment=True)
    assert reference_word(r"a\;b;tag") == NetworkWord("a;b", "a;b")
    assert same_word(hypothesis_word("-at"), hypothesis_word("cat"))
    assert same_word(hypothesis_word("cat"), hypothesis_word("ca-"))
    assert not same_word(hypothesis_word("-"), hypothesis_word("cat"))


@pytest.mark.parametrize("text", ["{ a", "a }", "{ a / { b }"])
def test_broken_braces_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="has no"):
        parse_transcript(text)


def test_alternatives_can_be_nested_and_empty_ones_are_skipped() -> None:
    a, b, c = map(reference_word, "abc")
    assert parse_transcript("a { b / { c / a } } c") == (
        a,
        Alternatives(((b,), (Alternatives(((c,), (a,))),))),
        c,
    )
    assert parse_transcript("{ a / } b/c") == (Alternatives(((a,),)), reference_word("b/c"))
    assert parse_transcript("{ }") == (Alternatives(((),)),)


def test_the_arcs_of_a_network() -> None:
    network = WordNetwork.of(parse_transcript("a { b c / @ } a"))
    assert [word.text for word in network.words] == ["@", "a", "b", "c", "@", "a"]
    assert network.before == ((), (0,), (1,), (2,), (1,), (3, 4))
    assert network.last == (5,)
    assert WordNetwork.of([]).last == (0,)
