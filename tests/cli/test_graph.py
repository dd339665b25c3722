from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.graph.lang import Lang
from blasr.hmm.tree import monophone_tree
from blasr.io.fst import read_fst


def arguments(tri1: Path, *more: str) -> list[str]:
    return ["graph", "--lang", str(tri1 / "lang"), "--gmm", str(tri1), *more]


@pytest.fixture
def tri1(golden: Path) -> Path:
    return golden / "fsdd_tri1"


def test_a_grammar_and_a_word_loop_give_the_graph_of_kaldi(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grammar = str(tri1 / "lang" / "G.fst")
    assert main(arguments(tri1, "--grammar", grammar, "--out", str(tmp_path / "a" / "HCLG.fst"))) == 0
    assert "194 states, 416 arcs, 144 pdfs" in capsys.readouterr().out
    assert main(arguments(tri1, "--loop", "all", "--out", str(tmp_path / "b"))) == 0
    one, other = read_fst(tmp_path / "a" / "HCLG.fst"), read_fst(tmp_path / "b" / "HCLG.fst")
    np.testing.assert_array_equal(one.ilabel, other.ilabel)
    np.testing.assert_array_equal(one.ilabel, read_fst(tri1 / "HCLG.fst").ilabel)
    assert (tmp_path / "a" / "num_pdfs").read_text() == "144\n"
    assert (tmp_path / "a" / "words.txt").read_bytes() == (tri1 / "lang" / "words.txt").read_bytes()


def test_a_text_with_and_without_utterance_ids(tri1: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("u1 ONE TWO\nu2 TWO TWO ONE\n")
    (tmp_path / "plain").write_text("ONE TWO\nTWO TWO ONE\n")
    assert main(arguments(tri1, "--text", str(tmp_path / "text"), "--order", "3", "--out", str(tmp_path / "a"))) == 0
    plain = ["--text", str(tmp_path / "plain"), "--no-utterance-ids", "--order", "3"]
    assert main(arguments(tri1, *plain, "--out", str(tmp_path / "b"))) == 0
    assert (tmp_path / "a" / "HCLG.fst").read_bytes() == (tmp_path / "b" / "HCLG.fst").read_bytes()
    assert set(read_fst(tmp_path / "a" / "HCLG.fst").olabel.tolist()) == {0, 6, 10}


def test_words_outside_the_lexicon(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "text").write_text("u1 ONE TWO\nu2 ELEVEN ONE\n")
    text = ["--text", str(tmp_path / "text")]
    assert main(arguments(tri1, *text, "--out", str(tmp_path / "out"))) == 1
    assert "1 words of the text are not in the lexicon, 1 times in all: ELEVEN" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(arguments(tri1, *text, "--missing-words", "drop", "--out", str(tmp_path / "drop"))) == 0
    assert "2 sentences in -> 1 kept" in caplog.text
    assert main(arguments(tri1, *text, "--missing-words", "oov", "--out", str(tmp_path / "oov"))) == 0
    assert 1 in read_fst(tmp_path / "oov" / "HCLG.fst").olabel


ARPA = (
    """\\data\\
ngram 1=15

\\1-grams:
-99\t<s>
-1.0\t</s>
-1.1\tONE
"""
    + "".join(f"-1.2\tUNHEARD{number:02d}\n" for number in range(12))
    + "\n\\end\\\n"
)


def test_words_of_a_language_model_outside_the_lexicon(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "lm.arpa").write_text(ARPA)
    arpa, listed = ["--arpa", str(tmp_path / "lm.arpa")], tmp_path / "missing.txt"
    assert main(arguments(tri1, *arpa, "--out", str(tmp_path / "out"))) == 1
    error = capsys.readouterr().err
    assert "12 of 13 words of the language model are not in the lexicon: UNHEARD00, " in error
    assert "UNHEARD09, ...\n  fix: add them to the lexicon (--missing-list FILE names all)" in error
    assert not (tmp_path / "out").exists()
    outputs = {}
    for choice in ("drop", "oov"):
        graph = tmp_path / choice
        chosen = ["--missing-words", choice, "--missing-list", str(listed)]
        assert main(arguments(tri1, *arpa, *chosen, "--out", str(graph))) == 0
        outputs[choice] = set(read_fst(graph / "HCLG.fst").olabel.tolist())
    assert outputs == {"drop": {0, 6}, "oov": {0, 1, 6}}
    assert listed.read_text().split() == [f"UNHEARD{number:02d}" for number in range(12)]
    assert f"(all in {listed}); their 12 n-grams of 15 are left out" in caplog.text
    assert "their 12 n-grams of 15 become those of <UNK>" in caplog.text


def test_files_that_are_missing_or_do_not_belong_together(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = ["graph", "--loop", "all", "--out", str(tmp_path / "out")]
    assert main([*graph, "--lang", str(tri1 / "lang"), "--gmm", str(tmp_path)]) == 1
    assert f"{tmp_path / 'final.mdl'}: there is no model here" in capsys.readouterr().err
    lexicon = tmp_path / "lexicon.txt"
    lexicon.write_text("<UNK> SPN\nYES Y EH S\n")
    lang = tmp_path / "lang"
    make_lang = ["lang", "--lexicon", str(lexicon), "--silence-phones", "SIL,SPN", "--oov", "<UNK>"]
    assert main([*make_lang, "--out", str(lang)]) == 0
    capsys.readouterr()
    assert main([*graph, "--lang", str(lang), "--gmm", str(tri1)]) == 1
    error = capsys.readouterr().err
    assert f"{lang / 'topo'} has 5 phones, {tri1 / 'final.mdl'} has 21" in error
    assert not (tmp_path / "out").exists()


def test_an_error_in_a_language_model_is_reported_with_its_line(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for old, new, message in (
        ("-1.1\tONE", "-1.1", "lm.arpa:7: not an ARPA language model: expected a logprob, 1 words"),
        ("-1.1\tONE", "high\tONE", "lm.arpa:7: not an ARPA language model: expected a logprob, found 'high'"),
        (
            "ngram 1=15",
            "ngram 1=16",
            "lm.arpa:4: not an ARPA language model: 16 1-grams are announced, but 15",
        ),
        ("\\end\\", "", "expected \\end\\, found the end of the file"),
    ):
        (tmp_path / "lm.arpa").write_text(ARPA.replace(old, new))
        assert main(arguments(tri1, "--arpa", str(tmp_path / "lm.arpa"), "--out", str(tmp_path / "out"))) == 1
        assert message in capsys.readouterr().err
        assert not (tmp_path / "out").exists()


def test_a_tree_of_another_model_is_refused(tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    topology = Lang.read(tri1 / "lang").topology
    sizes = {phone: topology.num_pdf_classes(phone) for phone in topology.phones}
    monophone_tree([[phone] for phone in topology.phones], sizes).write(tmp_path / "tree")
    tree = ["--tree", str(tmp_path / "tree")]
    graph = ["graph", "--lang", str(tri1 / "lang"), "--loop", "all", "--out", str(tmp_path / "out"), *tree]
    assert main([*graph, "--gmm", str(tri1)]) == 2
    assert "--tree goes with --model" in capsys.readouterr().err
    assert main([*graph, "--model", str(tri1 / "final.mdl")]) == 1
    error = capsys.readouterr().err
    assert f"{tmp_path / 'tree'} has 67 pdfs, {tri1 / 'final.mdl'} has 144" in error
    assert "fix: use the tree and final.mdl of one alignment directory" in error
    assert not (tmp_path / "out").exists()


def test_an_unknown_word_that_the_lexicon_lacks_is_reported(
    tri1: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "lm.arpa").write_text(ARPA.replace("UNHEARD00", "<unk>").replace("UNHEARD", "NEVER"))
    arpa = ["--arpa", str(tmp_path / "lm.arpa"), "--missing-words", "drop"]
    assert main(arguments(tri1, *arpa, "--out", str(tmp_path / "graph"))) == 0
    assert "<unk> is left out, since words.txt lacks it" in caplog.text
    assert "blasr lm train --unknown '<UNK>'" in caplog.text
    caplog.clear()
    (tmp_path / "lm.arpa").write_text(ARPA.replace("UNHEARD00", "<UNK>").replace("UNHEARD", "NEVER"))
    assert main(arguments(tri1, *arpa, "--out", str(tmp_path / "graph"))) == 0
    assert "since words.txt lacks it" not in caplog.text


def test_an_unknown_word_of_a_loop_suggests_the_nearest(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "graph")]
    assert main(arguments(tri1, "--loop", "ONE,TREE", *out)) == 1
    assert "the word 'TREE' is not in the lexicon\n  fix: did you mean THREE?" in capsys.readouterr().err
    assert main(arguments(tri1, "--loop", "ONE,XYZ", *out)) == 1
    assert "add it to the lexicon, or leave it out" in capsys.readouterr().err


def test_a_file_as_gmm_is_answered_with_its_directory(
    tri1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tri1 / "final.mdl"
    rest = ["--lang", str(tri1 / "lang"), "--loop", "all", "--out", str(tmp_path / "graph")]
    assert main(["graph", "--gmm", str(model), *rest]) == 2
    assert f"--gmm is a file, expected a directory\n  fix: give --gmm {tri1}, or --model {model}" in (
        capsys.readouterr().err
    )
    for command in (["align", "--lang", str(tri1 / "lang")], ["dump"]):
        assert main([*command, "--data", "absent", "--gmm", str(model), "--out", str(tmp_path / "out")]) == 2
        assert f"  fix: give --gmm {tri1}\n" in capsys.readouterr().err
