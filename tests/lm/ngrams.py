"""Small texts, and the sum of a model's probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from blasr.lm.backoff_model import BEGIN, BackoffModel

WORDS = ["a", "b", "c", "d"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS[:3]), max_size=6), min_size=1, max_size=12)
HISTORIES = st.lists(st.sampled_from(WORDS), max_size=4)


def random_text(num_sentences: int, num_words: int = 40, seed: int = 0) -> list[list[str]]:
    """Sentences of words with Zipf's frequencies, in which some words are more likely after others."""
    rng = np.random.default_rng(seed)
    text = []
    for _ in range(num_sentences):
        ids = np.minimum(rng.zipf(1.4, rng.integers(1, 12)) - 1, num_words - 1)
        ids[1::2] = (ids[: len(ids[1::2]) * 2 : 2] + rng.integers(1, 3, len(ids[1::2]))) % num_words
        text.append([f"w{number}" for number in ids])
    return text


def total_after(model: BackoffModel, history: Sequence[str]) -> float:
    """Return the sum of the probabilities of all words except ``<s>``, after ``<s>`` and the history."""
    context = np.zeros(1, dtype=np.int64)
    for word in (BEGIN, *history):
        context = model.advance(context, np.array([model.ids[word]]))
    words = np.array([number for word, number in model.ids.items() if word != BEGIN])
    return float((10.0 ** model.log_probs(np.repeat(context, len(words)), words)).sum())
