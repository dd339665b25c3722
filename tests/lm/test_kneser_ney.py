"""Interpolated modified Kneser-Ney models, against the equations, MITLM and KenLM."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import ConfigError, DataError
from blasr.lm.arpa import read_arpa, write_arpa
from blasr.lm.backoff_model import BEGIN, END, BackoffModel
from blasr.lm.kneser_ney import estimate_kneser_ney, modified_discounts
from tests.lm.ngrams import HISTORIES, TEXTS, WORDS, random_text, total_after

NGram = tuple[str, ...]


class Plain:
    """The same estimate, computed word by word from the equations."""

    def __init__(self, text: list[list[str]], order: int, num_words: int) -> None:
        self.order, self.num_words = order, num_words
        raw: list[Counter[NGram]] = [Counter() for _ in range(order + 1)]
        for sentence in text:
            words = (BEGIN, *sentence, END)
            for size in range(1, order + 1):
                raw[size].update(words[i : i + size] for i in range(len(words) - size + 1))
        self.adjusted = [Counter(raw[size]) for size in range(order + 1)]
        for size in range(1, order):
            left = Counter(ngram[1:] for ngram in raw[size + 1])
            for ngram in raw[size]:
                if ngram[0] != BEGIN:
                    self.adjusted[size][ngram] = left[ngram]
        del self.adjusted[1][(BEGIN,)]
        self.discounts = []
        for size in range(1, order + 1):
            of = Counter(self.adjusted[size].values())
            self.discounts.append(modified_discounts([of[count] for count in range(5)]) or (0.5, 1.0, 1.5))

    def probability(self, word: str, history: NGram) -> float:
        history = history[max(0, len(history) - self.order + 1) :]
        lower = self.probability(word, history[1:]) if history else 1 / self.num_words
        size = len(history) + 1
        after = {ngram: count for ngram, count in self.adjusted[size].items() if ngram[:-1] == history}
        if not after:
            return lower
        taken = {ngram: self.discounts[size - 1][min(count, 3) - 1] for ngram, count in after.items()}
        seen = (*history, word)
        kept = after[seen] - taken[seen] if seen in after else 0.0
        return (kept + sum(taken.values()) * lower) / sum(after.values())


@settings(max_examples=15, deadline=None)
@given(TEXTS, st.integers(1, 5), HISTORIES)
def test_probabilities_are_the_equations_and_sum_to_one(text: list[list[str]], order: int, history: list[str]) -> None:
    model = estimate_kneser_ney(text, order, vocabulary=WORDS).model
    plain = Plain(text, order, num_words=len(WORDS) + 2)
    for word in (*WORDS, END, "<unk>"):
        expected = plain.probability(word, (BEGIN, *history))
        assert 10 ** model.log_prob_of(word, (BEGIN, *history)) == pytest.approx(expected, abs=1e-9)
    assert total_after(model, history) == pytest.approx(1.0)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_a_text_large_enough_for_its_own_discounts(order: int) -> None:
    text = random_text(400)
    found = estimate_kneser_ney(text, order, unknown=None)
    plain = Plain(text, order, num_words=41)
    assert not {3, 4} & set(found.fallback_orders)
    np.testing.assert_allclose(found.discounts, plain.discounts)
    for sentence in text[:20]:
        for end in range(len(sentence)):
            history = (BEGIN, *sentence[:end])
            expected = plain.probability(sentence[end], history)
            assert 10 ** found.model.log_prob_of(sentence[end], history) == pytest.approx(expected)


def test_discounts_computed_by_hand() -> None:
    # Y = 10 / (10 + 2 * 4); 1 - 2Y 4/10, 2 - 3Y 2/4, 3 - 4Y 1/2
    assert modified_discounts([0, 10, 4, 2, 1]) == pytest.approx((1 - 4 / 9, 2 - 5 / 6, 3 - 10 / 9))
    assert modified_discounts([0, 10, 0, 2, 1]) is None
    assert modified_discounts([0, 1, 4, 40, 1]) is None  # the second discount would be negative


def test_figures_computed_by_hand() -> None:
    # unigrams: a follows <s> and b, b follows a, </s> follows a: adjusted counts 2, 1, 1; discounts 1 and .5
    found = estimate_kneser_ney([["a", "b", "a"], ["a"]], 2, unknown=None)
    assert found.fallback_orders == (1, 2)
    unigram_a = (2 - 1) / 4 + (1 + 0.5 + 0.5) / 4 / 3
    assert 10 ** found.model.log_prob_of("a") == pytest.approx(unigram_a)
    # after a: b once, </s> twice
    assert 10 ** found.model.log_prob_of("a", ["a"]) == pytest.approx((0.5 + 1) / 3 * unigram_a)
    assert 10 ** found.model.log_prob_of("a", [BEGIN]) == pytest.approx((2 - 1) / 2 + 1 / 2 * unigram_a)


def test_fallback_discounts_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    estimate_kneser_ney([["a"]], 2)
    assert "no Kneser-Ney discounts for n-grams of order 1, 2: 0.5, 1.0, 1.5 are used" in caplog.text


@settings(max_examples=12, deadline=None)
@given(TEXTS, st.sampled_from([(1, 2), (1, 1, 2), (1, 2, 3)]), HISTORIES)
def test_cut_off_ngrams_back_off(text: list[list[str]], min_counts: tuple[int, ...], history: list[str]) -> None:
    full = estimate_kneser_ney(text, 3, vocabulary=WORDS)
    cut = estimate_kneser_ney(text, 3, vocabulary=WORDS, min_counts=min_counts)
    assert cut.discounts == full.discounts
    assert total_after(cut.model, history) == pytest.approx(1.0)
    raw = Counter(tuple((BEGIN, *sentence, END)[i : i + 3]) for sentence in text for i in range(len(sentence)))
    listed = {tuple(words) for _, block in cut.model.ngrams(3) for words in block}
    assert listed == {ngram for ngram, count in raw.items() if count >= min_counts[-1]}


def test_the_vocabulary_and_the_unknown_word() -> None:
    found = estimate_kneser_ney([["a", "x"], ["y", "x"]], 2, vocabulary=["a", "b"])
    assert found.unknown_words == {"x": 2, "y": 1}
    assert found.model.words == (BEGIN, END, "<unk>", "a", "b")
    assert found.model.log_prob_of("<unk>", ["a"]) > found.model.log_prob_of("b", ["a"])
    with pytest.raises(DataError, match="2 words outside the vocabulary: x, y"):
        estimate_kneser_ney([["a", "x"], ["y", "x"]], 2, vocabulary=["a", "b"], unknown=None)


def test_orders_counts_and_texts_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(ConfigError, match="found 6"):
        estimate_kneser_ney([["a"]], 6)
    for counts in ([2], [1, 3, 2], [1, 1, 1]):
        with pytest.raises(ConfigError, match="never decrease"):
            estimate_kneser_ney([["a"]], 2, min_counts=counts)
    with pytest.raises(DataError, match="no sentences"):
        estimate_kneser_ney([], 2)
    with pytest.raises(DataError, match="sentence mark: a </s>"):
        estimate_kneser_ney([["a", "</s>"]], 2)


def mitlm() -> str | None:
    """MITLM's program, which is part of the phonetisaurus package."""
    spec = importlib.util.find_spec("phonetisaurus")
    program = Path(spec.origin or "").parent / "bin" / "x86_64" / "estimate-ngram" if spec else None
    return str(program) if program and program.is_file() else shutil.which("estimate-ngram")


@pytest.mark.skipif(mitlm() is None, reason="MITLM's estimate-ngram is not installed (pip install phonetisaurus)")
def test_mitlm_estimates_the_same_model(tmp_path: Path) -> None:
    program = Path(mitlm() or "")
    text = random_text(600, num_words=80)
    (tmp_path / "text").write_text("".join(" ".join(sentence) + "\n" for sentence in text))
    subprocess.run(
        [program, "-t", tmp_path / "text", "-o", "3", "-s", "FixModKN", "-wl", tmp_path / "mitlm.arpa"],
        check=True,
        capture_output=True,
        env={"LD_LIBRARY_PATH": str(program.parents[2] / "lib" / "x86_64")},
    )
    theirs, ours = read_arpa(tmp_path / "mitlm.arpa"), estimate_kneser_ney(text, 3, unknown=None).model
    assert theirs.num_ngrams == ours.num_ngrams
    expected, found = values(theirs), values(ours)
    assert expected.keys() == found.keys()
    ngrams = list(expected)
    np.testing.assert_allclose([found[ngram] for ngram in ngrams], [expected[ngram] for ngram in ngrams], atol=2e-6)


def values(model: BackoffModel) -> dict[NGram, tuple[float, float]]:
    return {
        tuple(words): (float(model.log_prob[node]), float(model.backoff[node]))
        for order in range(1, model.order + 1)
        for nodes, block in model.ngrams(order)
        for node, words in zip(nodes, block, strict=True)
    }


def test_kenlm_gives_the_same_scores(tmp_path: Path) -> None:
    kenlm = pytest.importorskip("kenlm", reason="kenlm is not installed (pip install kenlm)")
    text = random_text(300)
    model = estimate_kneser_ney(text, 4).model
    write_arpa(model, tmp_path / "lm.arpa")
    theirs = kenlm.Model(str(tmp_path / "lm.arpa"))
    for sentence in [*random_text(20, seed=1), ["w1", "never", "w2"]]:
        ids = np.array([model.ids.get(word, 2) for word in (BEGIN, *sentence, END)], dtype=np.int32)
        ours = model.score_stream(ids).sum()
        assert ours == pytest.approx(theirs.score(" ".join(sentence)), abs=1e-4)
