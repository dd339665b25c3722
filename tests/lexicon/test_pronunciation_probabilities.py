"""Probabilities of pronunciations and silence, computed by hand from the equations of Chen et al. (2015)."""

from __future__ import annotations

import pytest

from blasr.lexicon import Pronunciation, PronunciationCounts, estimate_probabilities

LEXICON = [Pronunciation("A", ("AH",)), Pronunciation("A", ("EY",)), Pronunciation("B", ("B", "IY"))]


@pytest.fixture
def counts() -> PronunciationCounts:
    """Three times ``A SIL B``, once ``B`` after silence; A is always EY."""
    found = PronunciationCounts(LEXICON, "SIL")
    for _ in range(3):
        assert found.add(["A", "B"], ["EY", "SIL", "B", "IY"])
    assert found.add(["B"], ["SIL", "B", "IY"])
    return found


def test_the_most_frequent_pronunciation_has_probability_one(counts: PronunciationCounts) -> None:
    spoken = estimate_probabilities(LEXICON, counts)
    # counts 0, 3 and 4, plus one each
    assert [entry.probability for entry in spoken.entries] == [pytest.approx(1 / 4), 1.0, 1.0]
    assert [(entry.word, entry.phones) for entry in spoken.entries] == [(entry.word, entry.phones) for entry in LEXICON]


def test_silence_follows_the_equations(counts: PronunciationCounts) -> None:
    spoken = estimate_probabilities(LEXICON, counts)
    overall = 5 / 13  # silence at 4 of 11 places, with one of each added
    assert spoken.overall_silence == pytest.approx(overall)
    assert spoken.begin_silence == pytest.approx((1 + 2 * overall) / (4 + 2))
    unseen, a, b = (entry.silence for entry in spoken.entries)
    assert a is not None and b is not None and unseen is not None
    assert a.silence_after == pytest.approx((3 + 2 * overall) / (3 + 2))
    assert b.silence_after == pytest.approx((0 + 2 * overall) / (4 + 2))
    assert unseen.silence_after == pytest.approx(overall)
    assert (unseen.word_ratio_after_silence, unseen.word_ratio_after_word) == (1.0, 1.0)
    # B came 3 times after A and once at the beginning, always after silence
    expected = 3 * a.silence_after + spoken.begin_silence
    assert b.word_ratio_after_silence == pytest.approx((4 + 2) / (expected + 2))
    assert b.word_ratio_after_word == pytest.approx((0 + 2) / (4 - expected + 2))
    # sentences end after B, never after silence
    assert spoken.end.word_ratio_after_silence == pytest.approx(2 / (4 * b.silence_after + 2))
    assert spoken.end.word_ratio_after_word == pytest.approx((4 + 2) / (4 * (1 - b.silence_after) + 2))


def test_without_counts_nothing_is_impossible() -> None:
    spoken = estimate_probabilities(LEXICON, PronunciationCounts(LEXICON, "SIL"))
    for entry in spoken.entries:
        assert entry.probability == 1.0
        assert entry.silence is not None
        assert entry.silence.silence_after == pytest.approx(0.5)
