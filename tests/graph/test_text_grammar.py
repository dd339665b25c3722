from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.graph.grammar import arpa_to_fst
from blasr.graph.hclg import compile_decoding_graph
from blasr.graph.text_grammar import grammar_of_text
from blasr.io.fst import fst_to_bytes
from blasr.lm.arpa import write_arpa
from blasr.lm.witten_bell import estimate_witten_bell
from tests.graph.systems import System


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_grammar_equals_that_of_an_arpa_file(kaldi: System, tmp_path: Path, order: int) -> None:
    """G and HCLG are the same to the last bit as through an ARPA file of the same model."""
    random = np.random.default_rng(order)
    digits = [word for word in kaldi.lang.spoken_words if word != kaldi.lang.oov]
    sentences = [random.choice(digits, size=random.integers(1, 8)).tolist() for _ in range(200)]
    (tmp_path / "text").write_text("".join(f"u{i:03d} {' '.join(words)}\n" for i, words in enumerate(sentences)))
    write_arpa(estimate_witten_bell(sentences, order), tmp_path / "lm.arpa")
    direct = grammar_of_text(tmp_path / "text", kaldi.lang, order)
    through_file = arpa_to_fst(tmp_path / "lm.arpa", kaldi.lang.words)
    assert fst_to_bytes(direct) == fst_to_bytes(through_file)
    graphs = [
        compile_decoding_graph(kaldi.lang, kaldi.tree, kaldi.model, grammar).fst for grammar in (direct, through_file)
    ]
    assert fst_to_bytes(graphs[0]) == fst_to_bytes(graphs[1])


def test_words_outside_the_lexicon(kaldi: System, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "text").write_text("ONE TWO\nELEVEN ONE ELEVEN\n")
    missing = tmp_path / "missing"
    with pytest.raises(DataError, match="1 words of the text are not in the lexicon, 2 times in all: ELEVEN"):
        grammar_of_text(tmp_path / "text", kaldi.lang, 2, utterance_ids=False, missing_list=missing)
    assert missing.read_text() == "ELEVEN\n"
    one, two, oov, backoff = (kaldi.lang.words.id_of(word) for word in ("ONE", "TWO", "<UNK>", "#0"))
    dropped = grammar_of_text(tmp_path / "text", kaldi.lang, 1, utterance_ids=False, missing_words="drop")
    assert set(dropped.ilabel.tolist()) == {one, two, backoff}
    assert "2 sentences in -> 1 kept" in caplog.text
    replaced = grammar_of_text(tmp_path / "text", kaldi.lang, 1, utterance_ids=False, missing_words="oov")
    assert set(replaced.ilabel.tolist()) == {one, two, oov, backoff}
