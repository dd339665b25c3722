from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.graph.arpa_grammar import grammar_of
from blasr.graph.config import LangConfig
from blasr.graph.lang import Lang
from blasr.graph.lang_writing import make_lang
from blasr.graph.text_grammar import grammar_of_text
from blasr.lm.witten_bell import estimate_witten_bell


@pytest.fixture
def yes_no(tmp_path: Path) -> Lang:
    (tmp_path / "lexicon.txt").write_text("<UNK> SPN\nYES Y EH S\nNO N OW\n")
    return make_lang(tmp_path / "lexicon.txt", tmp_path / "lang", LangConfig(["SIL", "SPN"], "<UNK>"))


def test_the_grammar_is_that_of_a_witten_bell_model(yes_no: Lang, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("u1 YES NO\nu2 NO\n")
    found = grammar_of_text(tmp_path / "text", yes_no, 2)
    expected = grammar_of(estimate_witten_bell([["YES", "NO"], ["NO"]], 2), yes_no.words)
    np.testing.assert_array_equal(found.olabel, expected.olabel)
    np.testing.assert_array_equal(found.weight, expected.weight)


def test_words_outside_the_lexicon(yes_no: Lang, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "text").write_text("YES NO\nMAYBE NO\n")
    text, listed = tmp_path / "text", tmp_path / "missing"
    with pytest.raises(DataError, match="1 words of the text are not in the lexicon, 1 times in all: MAYBE"):
        grammar_of_text(text, yes_no, 2, utterance_ids=False)
    dropped = grammar_of_text(text, yes_no, 2, utterance_ids=False, missing_words="drop", missing_list=listed)
    assert "2 sentences in -> 1 kept" in caplog.text
    assert listed.read_text() == "MAYBE\n"
    unknown = yes_no.words.id_of("<UNK>")
    assert unknown not in dropped.olabel
    assert unknown in grammar_of_text(text, yes_no, 2, utterance_ids=False, missing_words="oov").olabel
