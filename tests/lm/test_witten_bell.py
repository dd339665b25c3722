from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import ConfigError, DataError, FormatError
from blasr.lm.witten_bell import WittenBell, estimate_arpa, read_sentences, replace_words

TEXTS = st.lists(st.lists(st.sampled_from(["one", "two", "three"]), max_size=5), min_size=1, max_size=8)


@given(TEXTS, st.integers(1, 3), st.lists(st.sampled_from(["<s>", "one", "two", "three", "four"]), max_size=4))
def test_probabilities_after_any_history_sum_to_one(text: list[list[str]], order: int, history: list[str]) -> None:
    model = WittenBell(text, order, ["one", "two", "three", "four"])
    total = sum(model.probability(word, tuple(history)) for word in [*model.vocabulary, "</s>"])
    assert total == pytest.approx(1.0)


@given(TEXTS, st.integers(1, 3), st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=4))
def test_the_arpa_file_read_as_a_backoff_model_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, text: list[list[str]], order: int, sentence: list[str]
) -> None:
    path = tmp_path_factory.mktemp("lm") / "lm.arpa"
    model = estimate_arpa(text, order, path, vocabulary=["one", "two", "three", "four"])
    table = read_arpa(path)

    def backed_off(history: tuple[str, ...], word: str) -> float:
        if (*history, word) in table:
            return table[(*history, word)][0]
        return (table[history][1] if history in table else 0.0) + backed_off(history[1:], word)

    words = ["<s>", *sentence, "</s>"]
    for index in range(1, len(words)):
        history = tuple(words[max(0, index - order + 1) : index])
        expected = math.log10(model.probability(words[index], history))
        assert backed_off(history, words[index]) == pytest.approx(expected, abs=1e-5)


def read_arpa(path: Path) -> dict[tuple[str, ...], tuple[float, float]]:
    table = {}
    for line in path.read_text().splitlines():
        fields = line.split("\t")
        if len(fields) > 1:
            table[tuple(fields[1].split())] = (float(fields[0]), float(fields[2]) if len(fields) > 2 else 0.0)
    return table


def test_figures_computed_by_hand() -> None:
    model = WittenBell([["a", "b"], ["a"]], 2, ["a", "b", "c"])
    # 5 tokens (a 2, b 1, </s> 2) of 3 types; 4 outcomes in all
    unigram_a = (2 + 3 / 4) / (5 + 3)
    assert model.probability("a") == pytest.approx(unigram_a)
    assert model.probability("c") == pytest.approx(3 / 4 / 8)
    # after "a": b and </s>, once each
    assert model.probability("a", ("a",)) == pytest.approx(2 * unigram_a / (2 + 2))
    assert model.backoff(("a",)) == pytest.approx(0.5)
    assert model.probability("a", ("<s>",)) == pytest.approx((2 + unigram_a) / 3)


def test_what_cannot_be_estimated() -> None:
    for order in (0, 6):
        with pytest.raises(ConfigError, match=f"found {order}"):
            WittenBell([["a"]], order)
    with pytest.raises(DataError, match="no sentences"):
        WittenBell([], 2)
    with pytest.raises(DataError, match="2 words outside the vocabulary: b, c"):
        WittenBell([["a", "b", "c"]], 2, ["a"])
    with pytest.raises(DataError, match="outside the vocabulary: <s>"):
        WittenBell([["a", "<s>"]], 2)


def test_sentences_of_a_kaldi_text_and_of_plain_lines(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("u1 ONE TWO\nu2\n\nu3 ONE\n")
    vocabulary = {"ONE", "TWO"}
    assert read_sentences(path, vocabulary=vocabulary) == [["ONE", "TWO"], [], ["ONE"]]
    path.write_text("ONE TWO\nTWO\n")
    assert read_sentences(path, vocabulary=vocabulary, utterance_ids=False) == [["ONE", "TWO"], ["TWO"]]
    with pytest.raises(DataError, match=r"text:1: expected an utterance-id .* found 'ONE'"):
        read_sentences(path, vocabulary=vocabulary)
    path.write_text("u1 ONE\nu1 TWO\n")
    with pytest.raises(DataError, match="text:2: "):
        read_sentences(path, vocabulary=vocabulary)
    path.write_text("\n")
    with pytest.raises(DataError, match="no sentences"):
        read_sentences(path, vocabulary=vocabulary)
    with pytest.raises(FormatError, match="cannot be read"):
        read_sentences(tmp_path / "absent", vocabulary=vocabulary)


def test_unknown_words_are_replaced_or_their_sentences_left_out() -> None:
    text = [["a", "x"], ["b"], ["x", "x", "y"]]
    kept, unknown = replace_words(text, ["a", "b"], None)
    assert kept == [["b"]]
    assert unknown == {"x": 3, "y": 1}
    kept, _ = replace_words(text, ["a", "b"], "<unk>")
    assert kept == [["a", "<unk>"], ["b"], ["<unk>", "<unk>", "<unk>"]]
