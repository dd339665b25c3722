"""Probabilities of pronunciations and of silence around them, from counts (Kaldi's ``utils/dict_dir_add_pronprobs.sh``;
Chen et al., "Pronunciation and silence probability modeling for ASR", Interspeech 2015)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from blasr.lexicon.pronunciation_counts import SENTENCE_BEGIN, SENTENCE_END, PronunciationCounts, Spoken
from blasr.lexicon.pronunciations import Pronunciation, WordSilence

PRONUNCIATION_PRIOR: Final = 1.0
"""Added to the count of every pronunciation of the lexicon, so that none is impossible."""
SILENCE_PRIOR: Final = 2.0
"""Weight of the overall probability of silence in that of a word (lambda 2 of the paper)."""
RATIO_PRIOR: Final = 2.0
"""Added to the numerator and the denominator of both ratios (lambda 3 of the paper)."""
LOWEST_SILENCE: Final = 1e-4
"""Probabilities of silence are at least this and at most 1 minus this."""


@dataclass(frozen=True)
class SpokenLexicon:
    """A lexicon with probabilities.

    Attributes:
        entries: the pronunciations in the order of the lexicon. The most frequent one of each word has probability 1.
        begin_silence: the probability of silence before the first word of a sentence.
        end: how much more often a sentence ends after silence, and directly after a word, than it would if words and
            silence were independent.
        overall_silence: the share of the places between words that have silence.
    """

    entries: tuple[Pronunciation, ...]
    begin_silence: float
    end: WordSilence
    overall_silence: float


def estimate_probabilities(lexicon: Sequence[Pronunciation], counts: PronunciationCounts) -> SpokenLexicon:
    """Return the lexicon with the probabilities that the counts give; earlier probabilities are replaced."""
    spoken = counts.spoken()
    silence = _silence(counts, [*((entry.word, entry.phones) for entry in lexicon), SENTENCE_BEGIN, SENTENCE_END])
    largest: defaultdict[str, float] = defaultdict(float)
    for entry in lexicon:
        largest[entry.word] = max(largest[entry.word], spoken[entry.word, entry.phones] + PRONUNCIATION_PRIOR)
    entries = tuple(
        replace(
            entry,
            probability=(spoken[entry.word, entry.phones] + PRONUNCIATION_PRIOR) / largest[entry.word],
            silence=silence[entry.word, entry.phones],
        )
        for entry in lexicon
    )
    return SpokenLexicon(
        entries, silence[SENTENCE_BEGIN].silence_after, silence[SENTENCE_END], _overall_silence(counts)
    )


def _overall_silence(counts: PronunciationCounts) -> float:
    """The smoothed share of the places before, between and after words that have silence."""
    with_silence = sum(count for (_, silence, _), count in counts.pairs.items() if silence)
    return _bounded((with_silence + 1) / (counts.pairs.total() + 2))


def _silence(counts: PronunciationCounts, all_spoken: Sequence[Spoken]) -> dict[Spoken, WordSilence]:
    """Return equations 3 to 6 of the paper for every pronunciation."""
    overall = _overall_silence(counts)
    places: Counter[Spoken] = Counter()
    silences: Counter[Spoken] = Counter()
    for (before, silence, _), count in counts.pairs.items():
        places[before] += count
        silences[before] += count * silence
    after = {
        spoken: _bounded((silences[spoken] + SILENCE_PRIOR * overall) / (places[spoken] + SILENCE_PRIOR))
        for spoken in all_spoken
    }
    # how often a word follows silence, and how often that is expected from the words before it alone
    found = {True: Counter[Spoken](), False: Counter[Spoken]()}
    expected: dict[bool, defaultdict[Spoken, float]] = {True: defaultdict(float), False: defaultdict(float)}
    for (before, silence, spoken), count in counts.pairs.items():
        found[silence][spoken] += count
        expected[True][spoken] += count * after[before]
        expected[False][spoken] += count * (1 - after[before])
    ratios = {
        silence: {
            spoken: (found[silence][spoken] + RATIO_PRIOR) / (expected[silence][spoken] + RATIO_PRIOR)
            for spoken in all_spoken
        }
        for silence in (True, False)
    }
    return {spoken: WordSilence(after[spoken], ratios[True][spoken], ratios[False][spoken]) for spoken in all_spoken}


def _bounded(probability: float) -> float:
    return min(max(probability, LOWEST_SILENCE), 1 - LOWEST_SILENCE)
