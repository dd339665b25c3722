from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import DataError, FormatError
from blasr.graph.lang_files import LangSymbols, lang_texts, read_phone_groups
from blasr.graph.phone_inventory import PhoneInventory
from blasr.io.symbols import SymbolTable
from blasr.lexicon.pronunciations import Pronunciation

LEXICON = [Pronunciation("<UNK>", ("SPN",)), Pronunciation("TEA", ("t", "i"))]
SYMBOLS = LangSymbols(
    PhoneInventory((("SIL",), ("SPN",)), (("i",), ("t",)), "SIL"),
    ("#0", "#1"),
    SymbolTable.from_symbols(["SIL", "SPN", "i", "t", "#0", "#1"]),
    SymbolTable.from_symbols(["<UNK>", "TEA", "#0", "<s>", "</s>"]),
    "<UNK>",
)


def test_texts_of_a_small_lexicon() -> None:
    texts = lang_texts(SYMBOLS, LEXICON)
    assert texts["oov.int"] == "1\n"
    assert texts["phones/silence.csl"] == "1:2\n"
    assert texts["phones/disambig.int"] == "5\n6\n"
    assert texts["phones/roots.int"].splitlines()[-1] == "shared split 4"
    assert texts["phones/extra_questions.txt"] == "SIL SPN\ni t\n"
    assert texts["phones/wdisambig_words.int"] == "3\n"
    assert texts["phones/align_lexicon.int"] == "1 1 2\n0 0 1\n2 2 4 3\n"
    assert "phones/word_boundary.txt" not in texts


def test_an_extra_question_must_ask_about_known_phones() -> None:
    with pytest.raises(DataError, match="an extra question has the phone 'q'"):
        lang_texts(SYMBOLS, LEXICON, [["t", "q"]])


def test_groups_of_phones_are_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "phones.txt"
    path.write_text("a0 a1\n\nb\n")
    assert read_phone_groups(path) == [["a0", "a1"], ["b"]]
    path.write_text("\n")
    with pytest.raises(DataError, match="the list of phones is empty"):
        read_phone_groups(path)
    path.write_bytes(b"a\xff\n")
    with pytest.raises(FormatError, match="the byte 0xff is not UTF-8"):
        read_phone_groups(path)
    with pytest.raises(FormatError, match="cannot be read"):
        read_phone_groups(tmp_path / "absent")
