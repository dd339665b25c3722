"""Which pronunciation of each word was spoken, with and without silence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blasr.lexicon import Pronunciation, PronunciationCounts
from blasr.lexicon.pronunciation_counts import SENTENCE_BEGIN, SENTENCE_END

A1, A2, B = ("A", ("AH",)), ("A", ("EY",)), ("B", ("B", "IY"))
AB = ("AB", ("AH", "B", "IY"))
LEXICON = [Pronunciation(*spoken) for spoken in (A1, A2, B, AB)]


def counts() -> PronunciationCounts:
    return PronunciationCounts(LEXICON, "SIL")


def test_variants_and_silences_are_found() -> None:
    found = counts()
    assert found.add(["A", "B"], ["SIL", "EY", "B", "IY"])
    assert found.add(["B", "A"], ["B", "IY", "SIL", "AH", "SIL"])
    assert found.pairs == {
        (SENTENCE_BEGIN, True, A2): 1,
        (A2, False, B): 1,
        (B, False, SENTENCE_END): 1,
        (SENTENCE_BEGIN, False, B): 1,
        (B, True, A1): 1,
        (A1, True, SENTENCE_END): 1,
    }
    assert found.spoken() == {A1: 1, A2: 1, B: 2, SENTENCE_BEGIN: 2, SENTENCE_END: 2}


def test_phones_of_other_words_are_not_counted() -> None:
    found = counts()
    assert not found.add(["A"], ["B", "IY"])
    assert not found.add(["A"], ["EY", "EY"])
    assert not found.add(["A"], ["EY", "SIL", "SIL"])  # silence is optional once
    assert not found.add(["C"], ["EY"])
    assert not found.pairs


def test_a_sentence_of_silence_has_no_words() -> None:
    found = counts()
    assert found.add([], ["SIL"])
    assert found.pairs == {(SENTENCE_BEGIN, True, SENTENCE_END): 1}


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([A1, A2, B, AB])), max_size=8), st.booleans())
def test_every_way_to_speak_is_found(path: list[tuple[bool, tuple[str, tuple[str, ...]]]], silence_last: bool) -> None:
    phones = [phone for silence, (_, spoken) in path for phone in (*(["SIL"] * silence), *spoken)] + [
        "SIL"
    ] * silence_last
    found = counts()
    assert found.add([word for _, (word, _) in path], phones)
    # the phones of the path that was counted are those that were spoken
    assert found.pairs.total() == len(path) + 1
    assert sum(count * len(after[1]) for (_, _, after), count in found.pairs.items()) + sum(
        count for (_, silence, _), count in found.pairs.items() if silence
    ) == len(phones)
