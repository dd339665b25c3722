from __future__ import annotations

from pathlib import Path
from typing import Self

import pytest

from blasr.errors import DataError, FormatError
from blasr.hmm.model_part import ModelPart, checked_at
from blasr.io.kaldi.model_stream import Reader, Writer


class Even(ModelPart):
    """An even number."""

    def __init__(self, value: int) -> None:
        if value % 2:
            raise DataError(f"{value} is odd")
        self.value = value

    @classmethod
    def read_from(cls, reader: Reader) -> Self:
        reader.expect("<Even>")
        value = reader.int32("a number")
        with checked_at(reader):
            return cls(value)

    def write_to(self, writer: Writer) -> None:
        writer.token("<Even>")
        writer.int32(self.value)


class TextEven(Even):
    BINARY = False


def test_both_forms_are_read_and_the_default_can_be_chosen(tmp_path: Path) -> None:
    Even(4).write(tmp_path / "default")
    assert (tmp_path / "default").read_bytes().startswith(b"\0B<Even> ")
    Even(6).write(tmp_path / "text", binary=False)
    TextEven(6).write(tmp_path / "text_default")
    assert (tmp_path / "text").read_bytes() == (tmp_path / "text_default").read_bytes() == b"<Even> 6 "
    assert [Even.read(tmp_path / name).value for name in ("default", "text")] == [4, 6]


def test_an_invalid_value_names_the_file_and_the_position(tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("<Even> 3 ")
    with pytest.raises(FormatError, match="odd:1: 3 is odd"):
        Even.read(tmp_path / "odd")
