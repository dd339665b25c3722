"""Guessed pronunciations, by the programs of Phonetisaurus."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from blasr.errors import DataError, DependencyError
from blasr.lexicon import Pronunciation, guess_pronunciations, train_g2p

PHONES = {"b": "B", "d": "D", "k": "K", "a": "AE", "e": "EH", "o": "AO", "x": "K S"}


def spoken(word: str) -> tuple[str, ...]:
    return tuple(phone for letter in word for phone in PHONES[letter].split())


def dictionary() -> list[Pronunciation]:
    """All words of the form consonant, vowel, consonant, and pairs of them; ``x`` has two phones."""
    syllables = ["".join(letters) for letters in itertools.product("bdk", "aeo", "bdkx")]
    return [
        Pronunciation(word, spoken(word)) for word in [*syllables, *(a + b for a in syllables for b in syllables[:9])]
    ]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("phonetisaurus", reason="this test needs the package phonetisaurus")
    path = tmp_path_factory.mktemp("g2p") / "model.fst"
    words = [entry for entry in dictionary() if entry.word != "kexbad"]
    reserved = Pronunciation("b_d", ("B", "D"))
    assert train_g2p([*words, reserved], path, ngram_order=4) == len(words)
    return path


def test_new_words_are_pronounced_by_their_letters(model: Path) -> None:
    words = ["kexbad", "doxkeb", "bakdekbox"]
    assert guess_pronunciations(words, model) == {word: spoken(word) for word in words}


def test_words_with_unknown_letters_have_no_entry(model: Path) -> None:
    assert guess_pronunciations(["bad", "zzz"], model) == {"bad": ("B", "AE", "D")}


def test_without_the_package_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonetisaurus", None)
    with pytest.raises(DependencyError, match="phonetisaurus is not installed") as caught:
        train_g2p(dictionary(), tmp_path / "model.fst")
    assert "blasr[g2p]" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_mistakes_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no words"):
        train_g2p([Pronunciation("a|b", ("A",))], tmp_path / "model.fst")
    pytest.importorskip("phonetisaurus", reason="this test needs the package phonetisaurus")
    (tmp_path / "broken.fst").write_bytes(b"not a model")
    with pytest.raises(DataError, match="pronounces none of the 1 words"):
        guess_pronunciations(["bad"], tmp_path / "broken.fst")
