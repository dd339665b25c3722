from __future__ import annotations

import math
from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.graph.lang import Lang
from tests.graph.systems import best_way

LEXICON = "<UNK> SPN\nYES Y EH S\nNO N OW\n"


def test_makes_a_lang_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lexicon.txt").write_text(LEXICON)
    (tmp_path / "phones.txt").write_text("Y\nEH\nS\nN\nOW\n")
    arguments = ["lang", "--lexicon", str(tmp_path / "lexicon.txt"), "--silence-phones", "SIL,SPN", "--oov", "<UNK>"]
    assert main([*arguments, "--out", str(tmp_path / "lang")]) == 0
    assert "3 words, 2 silence and 5 other phones" in capsys.readouterr().out
    lang = Lang.read(tmp_path / "lang")
    assert lang.oov == "<UNK>"
    options = ["--nonsilence-phones", str(tmp_path / "phones.txt"), "--position-dependent", "--silence-states", "3"]
    assert main([*arguments, *options, "--out", str(tmp_path / "lang")]) == 0
    lang = Lang.read(tmp_path / "lang")
    assert lang.topology.num_pdf_classes(1) == 3
    assert "Y_B" in lang.phones


def test_a_misspelled_phone_is_reported_with_its_line_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lexicon.txt").write_text(LEXICON.replace("OW", "0W"))
    (tmp_path / "phones.txt").write_text("Y EH S N OW\n")
    arguments = ["lang", "--lexicon", str(tmp_path / "lexicon.txt"), "--silence-phones", "SIL,SPN", "--oov", "<UNK>"]
    status = main([*arguments, "--nonsilence-phones", str(tmp_path / "phones.txt"), "--out", str(tmp_path / "lang")])
    assert status == 1
    error = capsys.readouterr().err
    assert f"{tmp_path / 'lexicon.txt'}:3: the phone '0W' of 'NO'" in error
    assert not (tmp_path / "lang").exists()


def test_unreadable_lists_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lexicon.txt").write_text(LEXICON)
    arguments = ["lang", "--lexicon", str(tmp_path / "lexicon.txt"), "--silence-phones", "SIL,SPN", "--oov", "<UNK>"]
    assert main([*arguments, "--nonsilence-phones", str(tmp_path / "absent"), "--out", str(tmp_path / "lang")]) == 1
    assert "absent: cannot be read" in capsys.readouterr().err
    (tmp_path / "empty").write_text("\n")
    assert main([*arguments, "--extra-questions", str(tmp_path / "empty"), "--out", str(tmp_path / "lang")]) == 1
    assert "the list of phones is empty" in capsys.readouterr().err


def test_probabilities_of_pronunciations_and_of_silence(tmp_path: Path) -> None:
    """``lexiconp.txt``: probabilities are costs of the words' first arcs, as in make_lexicon_fst.py."""
    (tmp_path / "lexiconp.txt").write_text("<UNK> 1.0 SPN\nREAD 1.0 R EH D\nREAD 0.4 R IY D\n")
    arguments = ["lang", "--lexicon", str(tmp_path / "lexiconp.txt"), "--silence-phones", "SIL,SPN", "--oov", "<UNK>"]
    assert main([*arguments, "--silence-probability", "0.3", "--out", str(tmp_path / "lang")]) == 0
    lang = Lang.read(tmp_path / "lang")
    for phones, probability in (
        ("R EH D", 0.7 * 0.7),
        ("R IY D", 0.7 * 0.4 * 0.7),
        ("SIL R IY D SIL", 0.3 * 0.4 * 0.3),
        ("SPN SIL R EH D", 0.7 * 0.3 * 0.7),
    ):
        way = best_way(lang.lexicon_fst, [lang.phones.id_of(phone) for phone in phones.split()])
        assert way is not None
        assert way.cost == pytest.approx(-math.log(probability), abs=1e-5)
    disambig = (tmp_path / "lang" / "phones" / "disambig.txt").read_text().split()
    assert disambig == ["#0", "#1"]  # no homophones: #1 follows the optional silence


def test_lexicons_that_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lexicon = tmp_path / "lexicon.txt"
    arguments = ["lang", "--lexicon", str(lexicon), "--silence-phones", "SIL,SPN"]
    for text, oov, message in (
        ("", "<UNK>", f"{lexicon}: the lexicon has no words"),
        ("\n\n", "<UNK>", f"{lexicon}: the lexicon has no words"),
        (LEXICON, "<unk>", "the word for unknown words, '<unk>', is not in the lexicon"),
        ("<UNK> SPN\nYES\n", "<UNK>", f"{lexicon}:2: the pronunciation of 'YES' is empty"),
        ("<UNK> SPN\nYES #1 S\n", "<UNK>", f"{lexicon}:2: '#1' is reserved"),
    ):
        lexicon.write_text(text)
        assert main([*arguments, "--oov", oov, "--out", str(tmp_path / "lang")]) == 1
        error = capsys.readouterr().err
        assert message in error and "Traceback" not in error
        assert not (tmp_path / "lang").exists()
    arguments[2] = str(tmp_path / "absent.txt")
    assert main([*arguments, "--oov", "<UNK>", "--out", str(tmp_path / "lang")]) == 1
    assert "absent.txt: cannot be read" in capsys.readouterr().err


def test_a_silence_phone_without_a_pronunciation_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The optional silence needs no word."""
    (tmp_path / "lexicon.txt").write_text(LEXICON)
    arguments = ["lang", "--lexicon", str(tmp_path / "lexicon.txt"), "--oov", "<UNK>", "--out", str(tmp_path / "lang")]
    assert main([*arguments, "--silence-phones", "SIL,SPN"]) == 0
    assert "no pronunciation has" not in caplog.text
    assert main([*arguments, "--silence-phones", "SIL,SPN,NSN"]) == 0
    assert "lexicon.txt: no pronunciation has the silence phone NSN" in caplog.text
