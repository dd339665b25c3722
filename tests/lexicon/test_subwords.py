"""Splitting words into pieces, and training the pieces."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import DataError, FormatError
from blasr.lexicon.subwords import SubwordModel, spell, train_subwords
from blasr.lexicon.word_pieces import WORD_MARK

sentencepiece = pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")
TEXT = [
    ["the", "lighter", "the", "better"],
    ["they", "light", "the", "lights", "[noise]", "and", "don't", "fight"],
    ["better", "late", "than", "never", "is", "the", "latest", "latter"],
] * 5
CHARACTERS = st.characters(exclude_categories=("Z", "C"), exclude_characters=WORD_MARK)
ANY_WORD = st.text(CHARACTERS, min_size=1, max_size=8).filter(lambda word: word.split() == [word])


@pytest.fixture(scope="module", params=["unigram", "bpe"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SubwordModel:
    path = tmp_path_factory.mktemp("subwords") / "subwords.model"
    return train_subwords(TEXT, 40, path, method=request.param, whole=["[noise]"])


@settings(max_examples=100, deadline=None)
@given(st.lists(ANY_WORD | st.sampled_from([*TEXT[0], *TEXT[1], "[noise]"]), max_size=6))
def test_split_words_are_joined_again(model: SubwordModel, words: list[str]) -> None:
    assert model.join(model.split(words)) == words


def test_pieces_of_the_text_are_in_the_lexicon(model: SubwordModel) -> None:
    lexicon = {entry.word: entry.phones for entry in model.lexicon()}
    for sentence in TEXT:
        assert set(model.split(sentence)) <= {*lexicon, "[noise]"}
    assert WORD_MARK not in lexicon
    assert all(lexicon.values())
    phones = [phone for piece in model.split(["lighter"]) for phone in lexicon[piece]]
    assert phones == list("lighter")


def test_spelling_and_joining(model: SubwordModel) -> None:
    assert spell(f"{WORD_MARK}Don't") == tuple("dont")
    assert spell("'") == ("'",)
    assert model.join(["x", "y", f"{WORD_MARK}a", "[noise]", "b", "c"]) == ["xy", "a", "[noise]", "bc"]


def test_words_models_and_sizes_that_cannot_be_used_are_refused(model: SubwordModel, tmp_path: Path) -> None:
    for word in (f"a{WORD_MARK}", "a b", ""):
        with pytest.raises(DataError, match="cannot be split"):
            model.split([word])
    (tmp_path / "no.model").write_text("nothing")
    with pytest.raises(FormatError, match="not a sentencepiece model"):
        SubwordModel(tmp_path / "no.model")
    with pytest.raises(DataError, match="no words"):
        train_subwords([["[noise]"]], 40, tmp_path / "m", whole=["[noise]"])
    with pytest.raises(
        DataError, match=r"5 pieces are too few for the text.s \d+ characters\n  fix: choose \d+ pieces or more"
    ):
        train_subwords(TEXT, 5, tmp_path / "m")
    assert not (tmp_path / "m").exists()
