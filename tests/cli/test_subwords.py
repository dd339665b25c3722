from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.graph.lang import Lang
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import monophone_tree
from blasr.io.kaldi.table_writer import MatrixWriter
from blasr.io.nist.ctm import read_ctm

pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")
PHONES = {"SPN", "W", "AH", "N", "T", "UW", "EH", "Z", "AE", "D", "HH", "R"}
PHONES = {"SPN", "W", "AH", "N", "T", "UW", "EH", "Z", "AE", "D", "HH", "R"}
SENTENCES = ["one hundred", "two hundredth", "three tenths", "ten", "hundreds and tens"] * 3


def blasr(*arguments: object) -> int:
    return main(["subwords", *map(str, arguments)])


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text"
    path.write_text("".join(f"u{number} {sentence}\n" for number, sentence in enumerate(SENTENCES)))
    return path


@pytest.fixture
def subwords(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    out = tmp_path / "subwords"
    assert blasr("train", "--text", text, "--utterance-ids", "--vocabulary-size", 30, "--out", out) == 0
    assert "28 pieces of 11 phones, 1 whole words" in capsys.readouterr().out
    return out


def test_text_in_pieces_and_words_again(
    text: Path, subwords: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sorted(path.name for path in subwords.iterdir()) == ["lexiconp.txt", "subwords.model", "whole_words.txt"]
    assert "<unk> 1 SPN" in (subwords / "lexiconp.txt").read_text().splitlines()
    pieces, words = tmp_path / "pieces", tmp_path / "words"
    assert blasr("apply", "--utterance-ids", "--subwords", subwords, "--text", text, "--out", pieces) == 0
    assert f"{sum(map(len, map(str.split, SENTENCES)))} words in -> " in capsys.readouterr().out
    known = {line.split()[0] for line in (subwords / "lexiconp.txt").read_text().splitlines()}
    assert {piece for line in pieces.read_text().splitlines() for piece in line.split()[1:]} <= known
    assert blasr("join", "--subwords", subwords, "--hyp", pieces, "--out", words) == 0
    assert words.read_text() == text.read_text()
    (tmp_path / "ctm").write_text("u 1 0.0 0.5 ▁hun 0.9\nu 1 0.5 0.25 dred 0.7\nu 1 1 0.5 <unk> 0.2\n")
    assert blasr("join", "--subwords", subwords, "--ctm", tmp_path / "ctm", "--out", tmp_path / "joined") == 0
    assert (tmp_path / "joined").read_text() == "u 1 0.000 0.750 hundred 0.70\nu 1 1.000 0.500 <unk> 0.20\n"


def test_words_never_seen_are_recognized_timed_and_scored(
    subwords: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each frame has one certain state, and no text has the spoken words ``tenth`` and ``onetwo``."""
    folder = {name: tmp_path / name for name in ("lang", "model", "graph", "decode")}
    lang_options = ["--silence-phones", "SIL,SPN", "--oov", "<unk>", "--silence-states", "3"]
    assert main(["lang", "--subwords", str(subwords), *lang_options, "--out", str(folder["lang"])]) == 0
    lang = Lang.read(folder["lang"])
    phones = lang.topology.phones
    tree = monophone_tree(
        [[phone] for phone in phones], {phone: lang.topology.num_pdf_classes(phone) for phone in phones}
    )
    folder["model"].mkdir()
    tree.write(folder["model"] / "tree")
    TransitionModel.from_tree(tree, lang.topology).write(folder["model"] / "final.mdl")
    graph = ["graph", "--lang", str(lang.path), "--gmm", str(folder["model"]), "--loop", "all"]
    assert main([*graph, "--out", str(folder["graph"])]) == 0
    assert (folder["graph"] / "whole_words.txt").read_text() == "<unk>\n"

    spoken = ["SIL", *"tenth", "SIL", *"onetwo"]
    heard = [tree.pdf_id([lang.phones.id_of(phone)], state) for phone in spoken for state in range(3) for _ in range(2)]
    loglikes = np.full((len(heard), tree.num_pdfs), -30.0, np.float32)
    loglikes[np.arange(len(heard)), heard] = 0.0
    with MatrixWriter(tmp_path / "loglikes.ark") as writer:
        writer.write("u", loglikes)
    decode = ["--loglikes", f"ark:{tmp_path / 'loglikes.ark'}", "--model", str(folder["model"] / "final.mdl")]
    decode += ["--graph", str(folder["graph"]), "--lang", str(lang.path), "--acoustic-scale", "1"]
    decode += ["--beam", "30", "--lattice-beam", "15"]
    assert main(["decode", *decode, "--confidences", "--out", str(folder["decode"])]) == 0
    assert (folder["decode"] / "best_path.txt").read_text() == "u tenth onetwo\n"
    words = list(read_ctm(folder["decode"] / "ctm"))
    assert [word.word for word in words] == ["tenth", "onetwo"]
    times = [second for word in words for second in (word.start_seconds, word.duration_seconds)]
    assert times == pytest.approx([0.06, 0.30, 0.42, 0.36])
    assert all(word.confidence is not None and 0 < word.confidence <= 1 for word in words)

    (tmp_path / "reference").write_text("u tenth onetwo\n")
    (tmp_path / "reference.stm").write_text("u 1 speaker 0.0 0.9 <O> tenth onetwo\n")
    lattices = ["--lattices", str(folder["decode"]), "--words", str(lang.path / "words.txt")]
    capsys.readouterr()
    for reference in (
        ["text", "--ref", str(tmp_path / "reference")],
        ["stm", "--ref", str(tmp_path / "reference.stm")],
    ):
        assert main(["score", *reference, *lattices, "--lm-weights", "1", "--word-ins-penalties", "0"]) == 0
        assert "0.00" in capsys.readouterr().out
    for action in ("1best", "mbr"):
        out = tmp_path / action
        assert main(["lattice", action, *lattices, "--out", str(out), "--lm-weight", "1"]) == 0
    assert (tmp_path / "1best").read_text() == "u tenth onetwo\n"
    nbest = ["lattice", "nbest", *lattices, "--out", str(tmp_path / "nbest")]
    assert main([*nbest, "--lm-weight", "1", "--n", "80"]) == 0
    ranked = [line.split() for line in (tmp_path / "nbest").read_text().splitlines()]
    assert [name for name, *_ in ranked] == [f"u-{rank}" for rank in range(1, len(ranked) + 1)]
    assert len({tuple(sentence) for _, *sentence in ranked}) == len(ranked) < 80
    capsys.readouterr()
    ref = ["--ref", str(tmp_path / "reference")]
    assert main(["lattice", "oracle", *ref, *lattices]) == 2
    assert main(["explain", "text", *ref, *lattices]) == 2
    assert capsys.readouterr().err.count("contains pieces of words, which the references do not have") == 2
    assert [word.word for word in read_ctm(tmp_path / "mbr")] == ["tenth", "onetwo"]


def test_letters_without_a_piece(
    text: Path, subwords: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").write_text("one zebra\nzebra quilt ten\n")
    apply = ["--subwords", subwords, "--text", tmp_path / "other", "--out", tmp_path / "out"]
    assert blasr("apply", *apply) == 1
    error = capsys.readouterr().err
    assert f"{tmp_path / 'other'}: 2 words have letters without a piece, 3 times in all: zebra, quilt" in error
    assert not (tmp_path / "out").exists()
    assert blasr("apply", "--unknown", "<unk>", *apply) == 0
    assert "; they become <unk>" in capsys.readouterr().out
    assert blasr("join", "--subwords", subwords, "--hyp", tmp_path / "out", "--out", tmp_path / "back") == 0
    assert [line.split()[-1] for line in (tmp_path / "back").read_text().splitlines()] == ["<unk>", "ten"]
    assert blasr("apply", "--unknown", "<oov>", *apply) == 1
    assert "'<oov>' is not in whole_words.txt" in capsys.readouterr().err


def test_a_lexicon_of_spelled_words(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "whole").write_text("<unk> SPN\n[noise] NSN\n")
    spelling = [
        "spell",
        "--utterance-ids",
        "--whole",
        tmp_path / "whole",
        "--text",
        text,
        "--out",
        tmp_path / "lexicon.txt",
    ]
    assert blasr(*spelling) == 0
    lines = (tmp_path / "lexicon.txt").read_text().splitlines()
    assert lines[:2] == ["<unk> SPN", "[noise] NSN"]
    assert "tens t e n s" in lines
    (tmp_path / "empty").write_text("")
    assert blasr("spell", "--text", tmp_path / "empty", "--out", tmp_path / "none") == 1
    assert "the text has no words to spell" in capsys.readouterr().err


def test_pieces_pronounced_as_in_a_dictionary(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lexicon.txt").write_text(
        "<unk> SPN\none W AH N\ntwo T UW\nten T EH N\ntens T EH N Z\nand AE N D\nhundred HH AH N D R AH D\n"
    )
    train = ["train", "--text", text, "--utterance-ids", "--vocabulary-size", 35, "--out", tmp_path / "subwords"]
    assert blasr(*train, "--dictionary", tmp_path / "lexicon.txt") == 0
    said = capsys.readouterr().out
    assert " of the dictionary's 7 pronunciations can be built from pieces of the words" in said
    assert int(said.split("whole words\n")[1].split()[0]) >= 5
    rows = [line.split() for line in (tmp_path / "subwords" / "lexiconp.txt").read_text().splitlines()]
    assert rows[0] == ["<unk>", "1", "SPN"]
    assert {phone for _, _, *phones in rows for phone in phones} <= PHONES
    (tmp_path / "few.txt").write_text("one W AH N\n")
    assert blasr(*train, "--dictionary", tmp_path / "few.txt") == 0
    assert "pieces have letters that the dictionary lacks: " in capsys.readouterr().out


def test_folders_without_subwords_are_refused(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1").write_text("years of work")
    assert blasr("train", "--text", text, "--out", tmp_path / "thesis") == 1
    assert "is a folder with content other than subwords" in capsys.readouterr().err
    assert blasr("apply", "--subwords", tmp_path / "thesis", "--text", text, "--out", tmp_path / "out") == 1
    assert "lacks subwords.model, lexiconp.txt, whole_words.txt" in capsys.readouterr().err
    assert blasr("join", "--subwords", tmp_path / "thesis", "--hyp", text, "--out", tmp_path / "out") == 1
    assert "there is no whole_words.txt" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_sentencepiece_is_optional(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sentencepiece", None)
    assert blasr("train", "--text", text, "--out", tmp_path / "out") == 1
    assert "fix: pip install 'blasr[subwords]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
