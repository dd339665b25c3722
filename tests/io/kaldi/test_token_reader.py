from __future__ import annotations

import io

import pytest

from blasr.errors import FormatError
from blasr.io.kaldi.binary_streams import BinaryReader
from blasr.io.kaldi.text_streams import TextReader
from blasr.io.kaldi.token_reader import TokenReader


def readers(text: str) -> tuple[TokenReader, ...]:
    data = text.encode()
    return BinaryReader(io.BytesIO(data), "it", len(data)), TextReader(text, "it")


def test_an_expected_token_is_returned() -> None:
    for reader in readers("<A> <B> "):
        assert reader.expect("<B>", "<A>") == "<A>"
        assert reader.token() == "<B>"
        assert reader.try_token() is None


def test_another_token_is_refused() -> None:
    for reader in readers("x" * 200 + " "):
        with pytest.raises(FormatError, match=r"expected <A> or <B>, found 'x{80}'$"):
            reader.expect("<A>", "<B>")


def test_the_end_of_the_file_is_reported_with_what_was_expected() -> None:
    for reader in readers(" "):
        with pytest.raises(FormatError, match="truncated: expected a name, found the end of the file"):
            reader.token("a name")
