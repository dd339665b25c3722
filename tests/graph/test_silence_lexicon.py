from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.errors import DataError
from blasr.graph.config import LangConfig
from blasr.graph.hclg import compile_decoding_graph
from blasr.graph.lang import Lang
from blasr.graph.lang_writing import make_lang
from blasr.graph.silence_lexicon import SentenceSilence, silence_lexicon_fst
from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable
from blasr.lexicon.pronunciations import Pronunciation, WordSilence, read_lexicon
from tests.graph.systems import best_way, make_system

LEXICON = "<UNK> 1.0 0.2 1.5 0.9 SPN\nA 1.0 0.3 1.2 0.7 a\nAB 0.5 0.1 0.8 1.1 a b\n"
SILPROB = "<s> 0.9\n</s>_s 2.5\n</s>_n 0.01\noverall 0.2\n"
PHONES = SymbolTable.from_symbols(["SIL", "SPN", "a", "b", "#0", "#1", "#2"])
WORDS = SymbolTable.from_symbols(["<UNK>", "A", "AB", "#0", "<s>", "</s>"])


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    (tmp_path / "silprob.txt").write_text(SILPROB)
    path = tmp_path / "lexiconp_silprob.txt"
    path.write_text(LEXICON)
    return path


def test_the_arcs_of_make_lexicon_fst_silprob(lexicon: Path) -> None:
    """The lines that Kaldi's script prints for one word of two phones, with ``#2`` on the paths without silence."""
    sentence = SentenceSilence.read(lexicon.parent / "silprob.txt")
    fst = silence_lexicon_fst(read_lexicon(lexicon)[2:], PHONES, WORDS, sentence, "SIL", "#2")
    found = {
        (int(source), int(target), PHONES.symbol_of(int(label)), WORDS.symbol_of(int(word))): math.exp(-weight)
        for source, target, label, word, weight in zip(
            fst.sources, fst.nextstate, fst.ilabel, fst.olabel, fst.weight.tolist(), strict=True
        )
    }
    assert found == pytest.approx(
        {
            (0, 2, "SIL", "<eps>"): 0.9,
            (0, 1, "#2", "<eps>"): 0.1,
            (1, 3, "a", "AB"): 0.5 * 1.1,
            (2, 3, "a", "AB"): 0.5 * 0.8,
            (3, 4, "b", "<eps>"): 1.0,
            (4, 1, "#2", "<eps>"): 0.9,
            (4, 2, "SIL", "<eps>"): 0.1,
        }
    )
    assert np.exp(-fst.final[[1, 2]]) == pytest.approx([0.01, 2.5])


@pytest.mark.parametrize(
    ("phones", "probability"),
    [
        ("SIL a", 0.9 * 1.2 * 0.7 * 0.01),
        ("SIL a SIL", 0.9 * 1.2 * 0.3 * 2.5),
        ("a b SIL SPN SIL", 0.1 * (0.5 * 1.1 * 0.1) * (1.5 * 0.2) * 2.5),
        ("SIL a a SIL", 0.9 * (1.2 * 0.7) * (0.7 * 0.3) * 2.5),
    ],
)
def test_cost_of_words_and_silence_from_the_command(lexicon: Path, phones: str, probability: float) -> None:
    arguments = ["lang", "--lexicon", str(lexicon), "--silence-phones", "SIL,SPN", "--oov", "<UNK>"]
    assert main([*arguments, "--out", str(lexicon.parent / "lang")]) == 0
    lang = Lang.read(lexicon.parent / "lang")
    way = best_way(lang.lexicon_fst, [lang.phones.id_of(phone) for phone in phones.split()])
    assert way is not None
    assert math.exp(-way.cost) == pytest.approx(probability, rel=1e-4)


@pytest.mark.parametrize(("word", "probability"), [("A", 0.9 * 1.2 * 0.3 * 2.5), ("AB", 0.9 * (0.5 * 0.8) * 0.1 * 2.5)])
def test_a_decoding_graph_has_the_probabilities(lexicon: Path, word: str, probability: float) -> None:
    """Without transition costs, the best path of a word is as probable in HCLG as in L, except for rounding."""
    sentence = SentenceSilence.read(lexicon.parent / "silprob.txt")
    lang = make_lang(
        lexicon,
        lexicon.parent / "lang",
        LangConfig(silence_phones=["SIL", "SPN"], oov="<UNK>", position_dependent=True),
        sentence_silence=sentence,
    )
    system = make_system(lang, 1, 0)
    label = [lang.words.id_of(word)]
    grammar = Fst.from_arcs(0, [math.inf, 0.0], [0], label, label, [0.0], [1])
    graph = compile_decoding_graph(
        lang, system.tree, system.model, grammar, self_loop_scale=0.0, transition_scale=0.0
    ).fst
    best = best_way(graph)
    assert best is not None
    assert best.outputs == label
    assert best.cost == pytest.approx(-math.log(probability), abs=0.03)


def test_errors_are_refused(lexicon: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text, message in (
        (SILPROB.replace("0.9", "1.5"), r"silprob.txt:1: expected one of <s>, .* found '<s> 1.5'"),
        (SILPROB.replace("</s>_s 2.5\n", ""), r"silprob.txt: lacks </s>_s"),
        ("<s> 0.9 0.1\n", r"silprob.txt:1: expected one of"),
    ):
        (tmp_path / "silprob.txt").write_text(text)
        with pytest.raises(DataError, match=message):
            SentenceSilence.read(tmp_path / "silprob.txt")
    for line in ("A 1.0 1.0 1 1 a", "A 1.0 0.3 0 1 a", "A 1.0 0.3 a b", "A 1.0"):
        lexicon.write_text(f"<UNK> 1.0 0.2 1.5 0.9 SPN\n{line}\n")
        with pytest.raises(DataError, match=r"lexiconp_silprob.txt:2: expected a probability of silence between"):
            read_lexicon(lexicon)
    sentence = SentenceSilence(0.5, 1.0, 1.0)
    with pytest.raises(DataError, match="the pronunciation of 'A' has no silence probabilities"):
        silence_lexicon_fst([Pronunciation("A", ("a",))], PHONES, WORDS, sentence, "SIL")
    known = Pronunciation("<UNK>", ("SPN",), silence=WordSilence(0.1, 1.0, 1.0)), Pronunciation("A", ("a",))
    with pytest.raises(DataError, match="cannot be used with pieces of words"):
        make_lang(
            known,
            tmp_path / "lang",
            LangConfig(silence_phones=["SIL", "SPN"], oov="<UNK>"),
            sentence_silence=sentence,
            whole_words={"<UNK>"},
        )
    (tmp_path / "silprob.txt").write_text(SILPROB)
    arguments = ["lang", "--lexicon", str(lexicon), "--silence-phones", "SIL,SPN", "--oov", "<UNK>"]
    assert main([*arguments, "--silence-probability", "0.3", "--out", str(tmp_path / "lang")]) == 2
    assert "fix: leave --silence-probability out" in capsys.readouterr().err
