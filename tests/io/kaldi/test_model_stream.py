from __future__ import annotations

import io
from pathlib import Path

import pytest

from blasr.errors import FormatError
from blasr.io.kaldi.binary_streams import BinaryReader
from blasr.io.kaldi.model_stream import open_reader, open_writer, reader_of


@pytest.mark.parametrize("binary", [True, False])
def test_a_file_opens_in_the_form_it_has(tmp_path: Path, binary: bool) -> None:
    with open_writer(tmp_path / "object", binary=binary) as writer:
        writer.token("<Go>")
        writer.float32(0.5)
        writer.int_vector([1, 2])
    with open_reader(tmp_path / "object") as reader:
        assert reader.binary is binary
        reader.expect("<Go>")
        assert (reader.float32(), reader.int_vector().tolist()) == (0.5, [1, 2])


def test_a_file_of_neither_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"\xff\xfe\0")
    with pytest.raises(FormatError, match="byte 0: neither"), open_reader(tmp_path / "noise"):
        pass
    with pytest.raises(FormatError, match="cannot be opened"), open_reader(tmp_path / "absent"):
        pass


def test_an_object_inside_a_stream_has_its_own_form() -> None:
    data = b"key \0B<Go> "
    reader = BinaryReader(io.BytesIO(data), "it", len(data))
    assert reader.token() == "key"
    assert reader_of(reader) is reader
    assert reader.token() == "<Go>"
    data = "key <Gö> 1".encode()
    reader = BinaryReader(io.BytesIO(data), "it", len(data))
    assert reader.token() == "key"
    text = reader_of(reader)
    assert (text.binary, text.token(), text.int32()) == (False, "<Gö>", 1)
    with pytest.raises(FormatError, match="expected Kaldi's binary form or text"):
        reader_of(BinaryReader(io.BytesIO(b"\0C"), "it", 2))
