from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.graph.lang import Lang

LEXICON = "<UNK> SPN\nYES Y EH S\nNO N OW\n"


def test_makes_a_lang_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lexicon.txt").write_text(LEXICON)
    (tmp_path / "phones.txt").write_text("Y\nEH\nS\nN\nOW\n")
    arguments = ["lang", "--lexicon", str(tmp_path / "lexicon.txt"), "--silence-phones", "SIL,SPN", "--oov", "<UNK>"]
    assert main([*arguments, str(tmp_path / "lang")]) == 0
    assert "3 words, 2 silence and 5 other phones" in capsys.readouterr().out
    lang = Lang.read(tmp_path / "lang")
    assert lang.oov == "<UNK>"
    options = ["--nonsilence-phones", str(tmp_path / "phones.txt"), "--position-dependent", "--silence-states", "3"]
    assert main([*arguments, *options, str(tmp_path / "lang")]) == 0
    lang = Lang.read(tmp_path / "lang")
    assert lang.topology.num_pdf_classes(1) == 3
    assert "Y_B" in lang.phones


def test_a_misspelt_phone_is_told_with_its_line_and_nothing_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lexicon.txt").write_text(LEXICON.replace("OW", "0W"))
    (tmp_path / "phones.txt").write_text("Y EH S N OW\n")
    arguments = ["lang", "--lexicon", str(tmp_path / "lexicon.txt"), "--silence-phones", "SIL,SPN", "--oov", "<UNK>"]
    status = main([*arguments, "--nonsilence-phones", str(tmp_path / "phones.txt"), str(tmp_path / "lang")])
    assert status == 1
    error = capsys.readouterr().err
    assert f"{tmp_path / 'lexicon.txt'}:3: the phone '0W' of 'NO'" in error
    assert not (tmp_path / "lang").exists()


def test_unreadable_lists_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lexicon.txt").write_text(LEXICON)
    arguments = ["lang", "--lexicon", str(tmp_path / "lexicon.txt"), "--silence-phones", "SIL,SPN", "--oov", "<UNK>"]
    assert main([*arguments, "--nonsilence-phones", str(tmp_path / "absent"), str(tmp_path / "lang")]) == 1
    assert "absent: cannot be read" in capsys.readouterr().err
    (tmp_path / "empty").write_text("\n")
    assert main([*arguments, "--extra-questions", str(tmp_path / "empty"), str(tmp_path / "lang")]) == 1
    assert "the list of phones is empty" in capsys.readouterr().err
