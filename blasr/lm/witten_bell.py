"""Estimation of small n-gram language models: interpolated Witten-Bell, written in the ARPA format.

Witten and Bell, "The zero-frequency problem" (IEEE Trans. Inf. Theory 37(4), 1991), method C; Chen and Goodman,
"An empirical study of smoothing techniques for language modeling" (1998), equations 15 to 17. Unlike Kneser-Ney it
needs no counts of counts, so it behaves on a few dozen sentences and on strings of digits.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Final

from blasr.errors import ConfigError, DataError, FormatError
from blasr.io.atomic import atomic_open

BEGIN: Final = "<s>"
END: Final = "</s>"
MAX_ORDER: Final = 5
_NEVER: Final = -99.0  # the ARPA format's logarithm of 0

NGram = tuple[str, ...]


class WittenBell:
    """An interpolated n-gram model: ``p(w | h) = (c(h w) + t(h) p(w | h')) / (c(h) + t(h))``.

    ``c`` counts, ``t(h)`` is the number of different words seen after ``h``, and ``h'`` is ``h`` without its oldest
    word; below the unigrams stands the uniform distribution over the vocabulary and the sentence end.

    Args:
        sentences: the text, without sentence marks.
        order: 1 for unigrams, 2 for bigrams, ...
        vocabulary: words that have a probability; by default those of the text.

    Raises:
        ConfigError: the order is out of range.
        DataError: there are no sentences, or one has a word outside the vocabulary or a sentence mark.
    """

    def __init__(self, sentences: Iterable[Sequence[str]], order: int, vocabulary: Iterable[str] | None = None) -> None:
        if not 1 <= order <= MAX_ORDER:
            raise ConfigError(f"expected an n-gram order from 1 to {MAX_ORDER}, found {order}")
        self.order = order
        self.counts: list[Counter[NGram]] = [Counter() for _ in range(order)]
        """By order from 1: how often each n-gram was seen; ``<s>`` is never a predicted word."""
        num_sentences = 0
        for sentence in sentences:
            num_sentences += 1
            marked = (BEGIN, *sentence, END)
            for end in range(2, len(marked) + 1):
                for size in range(1, min(order, end) + 1):
                    self.counts[size - 1][marked[end - size : end]] += 1
        if not num_sentences:
            raise DataError("the text has no sentences to estimate a language model from")
        seen = {ngram[0] for ngram in self.counts[0]} - {END}
        self.vocabulary = frozenset(seen if vocabulary is None else vocabulary) - {BEGIN, END}
        unknown = sorted(seen - self.vocabulary) + [BEGIN] * (BEGIN in seen)
        if unknown:
            raise DataError(f"the text has {len(unknown)} words outside the vocabulary: {', '.join(unknown[:10])}")
        self._totals: Counter[NGram] = Counter()
        self._types: Counter[NGram] = Counter()
        for counts in self.counts:
            for ngram, count in counts.items():
                self._totals[ngram[:-1]] += count
                self._types[ngram[:-1]] += 1

    def probability(self, word: str, history: NGram = ()) -> float:
        """``p(word | history)``; of the history only the last ``order - 1`` words count."""
        history = history[max(0, len(history) - self.order + 1) :]
        lower = self.probability(word, history[1:]) if history else 1.0 / (len(self.vocabulary) + 1)
        total, types = self._totals[history], self._types[history]
        if not total:
            return lower
        return (self.counts[len(history)][(*history, word)] + types * lower) / (total + types)

    def backoff(self, history: NGram) -> float:
        """What is left for words never seen after ``history``, as a factor of the shorter history's probability."""
        total, types = self._totals[history], self._types[history]
        return types / (total + types) if total else 1.0

    def write_arpa(self, path: str | PathLike[str]) -> None:
        """Write the model; reading it as a backoff model gives exactly these probabilities."""
        ngrams = [sorted(counts) for counts in self.counts]
        ngrams[0] = [(BEGIN,), (END,), *((word,) for word in sorted(self.vocabulary))]
        with atomic_open(path, "w") as stream:
            stream.write("\\data\\\n")
            stream.writelines(f"ngram {size}={len(found)}\n" for size, found in enumerate(ngrams, start=1))
            for size, found in enumerate(ngrams, start=1):
                stream.write(f"\n\\{size}-grams:\n")
                stream.writelines(self._arpa_line(ngram) for ngram in found)
            stream.write("\n\\end\\\n")

    def _arpa_line(self, ngram: NGram) -> str:
        *history, word = ngram
        log_prob = _NEVER if ngram == (BEGIN,) else math.log10(self.probability(word, tuple(history)))
        line = f"{log_prob:.7f}\t{' '.join(ngram)}"
        if len(ngram) < self.order and word != END:
            line += f"\t{math.log10(self.backoff(ngram)):.7f}"
        return f"{line}\n"


def estimate_arpa(
    sentences: Iterable[Sequence[str]],
    order: int,
    out: str | PathLike[str],
    *,
    vocabulary: Iterable[str] | None = None,
) -> WittenBell:
    """Estimate an n-gram model from text and write it as ARPA; see :class:`WittenBell`."""
    model = WittenBell(sentences, order, vocabulary)
    model.write_arpa(out)
    return model


def read_sentences(
    path: str | PathLike[str], *, vocabulary: Collection[str], utterance_ids: bool = True
) -> list[list[str]]:
    """The sentences of a text, one a line; empty lines of a text without utterance-ids are left out.

    Args:
        path: Kaldi's ``text``, each line beginning with an utterance-id, or plain sentences.
        vocabulary: the words of the lexicon, which tell one from the other.
        utterance_ids: whether lines begin with an utterance-id.

    Raises:
        FormatError: the file cannot be read or is not UTF-8.
        DataError: it has no sentences, or the first words of its lines are no utterance-ids.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise FormatError(f"the text cannot be read: {error.strerror}", path=path, fix="check the path") from None
    except UnicodeDecodeError as error:
        raise FormatError(f"byte {error.start} is not UTF-8", path=path, fix="convert the file to UTF-8") from None
    rows = [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise DataError("the text has no sentences", path=path)
    if not utterance_ids:
        return [fields for _, fields in rows]
    only_words = all(fields[0] in vocabulary for _, fields in rows)
    line_of: dict[str, int] = {}
    for number, (utterance, *_) in rows:
        if utterance in line_of or only_words:
            raise DataError(
                f"expected an utterance-id of its own at the beginning of the line, found {utterance!r}",
                path=path,
                line=number,
                fix="give a text as in Kaldi's data directories, or say --plain-text if lines are only words",
            )
        line_of[utterance] = number
    return [fields[1:] for _, fields in rows]


def replace_words(
    sentences: Iterable[Sequence[str]], known: Iterable[str], replacement: str | None
) -> tuple[list[list[str]], Counter[str]]:
    """Sentences without unknown words, and how often each unknown word was seen.

    Args:
        sentences: the text.
        known: words that may stay.
        replacement: what unknown words become; None to leave out the sentences that have any.
    """
    allowed = set(known)
    kept: list[list[str]] = []
    unknown: Counter[str] = Counter()
    for sentence in sentences:
        missing = [word for word in sentence if word not in allowed]
        unknown.update(missing)
        if replacement is not None:
            kept.append([word if word in allowed else replacement for word in sentence])
        elif not missing:
            kept.append(list(sentence))
    return kept, unknown
