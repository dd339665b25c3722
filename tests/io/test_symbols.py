from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import DataError, FormatError
from blasr.io.symbols import SymbolTable, describe_reserved, is_reserved

SYMBOLS = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=8).filter(
    lambda text: text.split() == [text] and text != "<eps>"
)


@settings(deadline=None)
@given(st.lists(SYMBOLS, unique=True, min_size=1))
def test_a_written_table_reads_back(tmp_path_factory: pytest.TempPathFactory, symbols: list[str]) -> None:
    path = tmp_path_factory.mktemp("symbols") / "words.txt"
    table = SymbolTable.from_symbols(symbols)
    table.write(path)
    again = SymbolTable.read(path)
    assert again == table
    assert len(again) == len(symbols) + 1
    assert all(again.symbol_of(again.id_of(symbol)) == symbol for symbol in symbols)
    assert again.id_of("<eps>") == 0


def test_a_table_written_by_kaldi_is_read(golden: Path) -> None:
    path = golden / "fsdd_tri1" / "lang" / "phones.txt"
    phones = SymbolTable.read(path)
    assert (phones.id_of("SIL"), phones.symbol_of(21), len(phones)) == (1, "Z", 24)
    assert "AX" not in phones
    assert dict(phones.items())["#1"] == 23


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("<eps> 0\nA\n", 2, "expected a symbol and its id"),
        ("<eps> 0\nA -1\n", 2, "expected a symbol and its id"),
        ("<eps> 0\nA 1 2\n", 2, "expected a symbol and its id"),
        ("<eps> 0\nA ²\n", 2, "expected a symbol and its id"),
        ("<eps> 0\nA 1\nA 2\n", 3, "a second time"),
        ("<eps> 0\nA 1\n\nB 1\n", 4, "on line 2"),
    ],
)
def test_a_bad_line_is_refused_with_its_number(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = tmp_path / "phones.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=message) as caught:
        SymbolTable.read(path)
    assert caught.value.line == line


def test_a_file_that_is_not_a_symbol_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "latin1").write_bytes(b"<eps> 0\n\xe4 1\n")
    for name, message in (("empty", "empty"), ("latin1", "not UTF-8"), ("absent", "No such file")):
        with pytest.raises(FormatError, match=message):
            SymbolTable.read(tmp_path / name)


def test_repeated_and_invalid_symbols_are_refused() -> None:
    with pytest.raises(DataError, match="share the id 1"):
        SymbolTable({"A": 1, "B": 1})
    with pytest.raises(DataError, match="appears twice"):
        SymbolTable.from_symbols(["A", "A"])
    with pytest.raises(DataError, match="white space"):
        SymbolTable.from_symbols(["A B"])
    with pytest.raises(DataError, match="not in the symbol table"):
        SymbolTable.from_symbols(["A"]).id_of("B")
    with pytest.raises(DataError, match="not in the symbol table"):
        SymbolTable.from_symbols(["A"]).symbol_of(7)


def test_reserved_words_have_another_meaning_in_graphs() -> None:
    assert [word for word in ("<eps>", "#0", "#12", "#", "#a", "<unk>", "a#0", "", "#\u0663") if is_reserved(word)] == [
        "<eps>",
        "#0",
        "#12",
    ]
    assert describe_reserved("#0") == "'#0' is reserved: it is a disambiguation symbol of graphs"
