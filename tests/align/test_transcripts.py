from __future__ import annotations

from dataclasses import replace

import pytest

from blasr.align.transcripts import checked_utterances
from blasr.errors import DataError

from .conftest import ToneCorpus


def with_words(tones: ToneCorpus, *words: tuple[str, ...] | None) -> ToneCorpus:
    """The corpus with other words for its first utterances."""
    first = [replace(utterance, words=each) for utterance, each in zip(tones.data.utterances, words, strict=False)]
    utterances = (*first, *tones.data.utterances[len(words) :])
    return replace(tones, data=replace(tones.data, utterances=utterances))


def test_known_words_are_accepted(tones: ToneCorpus) -> None:
    assert checked_utterances(tones.data, tones.lang) == list(tones.data.utterances)


def test_the_first_unknown_word_is_named_with_its_line(tones: ToneCorpus) -> None:
    changed = with_words(tones, ("AB",), ("AB", "XYZZY", "PLUGH"), ("XYZZY",))
    with pytest.raises(
        DataError, match=r"'XYZZY' is not in .* \(and 1 other unknown word\(s\), 3 occurrences in total\)"
    ) as caught:
        checked_utterances(changed.data, tones.lang)
    assert (caught.value.line, caught.value.utterance) == (2, tones.data.utterances[1].id)
    assert caught.value.path == tones.data.path / "text"


def test_unknown_words_can_become_the_oov_word(tones: ToneCorpus) -> None:
    changed = with_words(tones, ("AB", "XYZZY"))
    assert checked_utterances(changed.data, tones.lang, map_oov=True)[0].words == ("AB", "<UNK>")


def test_missing_transcripts_and_empty_data_are_refused(tones: ToneCorpus) -> None:
    with pytest.raises(DataError, match="has no transcript"):
        checked_utterances(with_words(tones, None).data, tones.lang)
    with pytest.raises(DataError, match="has no utterances"):
        checked_utterances(replace(tones.data, utterances=()), tones.lang)
