"""Every kind of value in every form, compared with Kaldi's code if kaldi_native_io is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import DataError, FormatError
from blasr.io.kaldi import holders
from blasr.io.kaldi.binary_streams import BinaryWriter
from blasr.io.kaldi.holders import Holder
from blasr.io.kaldi.posteriors import Posterior
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_table
from blasr.io.kaldi.text_streams import TextWriter

INT32 = st.integers(-(1 << 31), (1 << 31) - 1)
WEIGHT = st.floats(0, 1, width=32).map(lambda value: float(f"{value:.3g}"))
TOKEN = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=5)
FORMS = ["ark", "ark,t"]
DOUBLE_MATRIX = replace(
    holders.MATRIX,
    write_binary=partial(BinaryWriter.float_matrix, double=True),
    write_text=partial(TextWriter.float_matrix, double=True),
)


def plain(value: Any) -> Any:
    if isinstance(value, Posterior):
        return [[(number, pytest.approx(weight, rel=1e-6)) for number, weight in frame] for frame in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [plain(part) for part in value] if isinstance(value, list) else value


def round_trip(folder: Path, holder: Holder[Any], form: str, value: Any) -> Any:
    path = folder / "table.ark"
    with TableWriter(f"{form}:{path}", holder) as writer:
        writer.write("a", value)
        writer.write("b", value)
    found = list(read_table(path, holder))
    assert [key for key, _ in found] == ["a", "b"]
    assert plain(found[0][1]) == plain(found[1][1])
    return found[0][1]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(FORMS))
def test_written_values_read_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, form: str) -> None:
    folder = tmp_path_factory.mktemp("holders")
    frames = data.draw(st.lists(st.lists(st.tuples(st.integers(0, 1 << 30), WEIGHT), max_size=3), max_size=4))
    cases: Sequence[tuple[Holder[Any], Any]] = [
        (holders.INT_VECTOR, np.array(data.draw(st.lists(INT32, max_size=5)), np.int32)),
        (holders.INT_VECTORS, [np.array(v, np.int32) for v in data.draw(st.lists(st.lists(INT32, max_size=3)))]),
        (holders.INT_PAIRS, np.array(data.draw(st.lists(st.tuples(INT32, INT32))), np.int32).reshape(-1, 2)),
        (holders.POSTERIOR, Posterior.from_frames(frames)),
        (holders.INT, data.draw(INT32)),
        (holders.TOKEN, data.draw(TOKEN)),
    ]
    for holder, value in cases:
        assert plain(round_trip(folder, holder, form, value)) == plain(value), holder.what


@pytest.mark.parametrize("form", FORMS)
def test_doubles_keep_their_precision(tmp_path: Path, form: str) -> None:
    matrix, vector = np.array([[1 / 3, 1e-300]]), np.array([1 / 3, 2.0])
    digits = 0 if form == "ark" else 1e-6
    for holder, value in ((DOUBLE_MATRIX, matrix), (holders.DOUBLE_VECTOR, vector)):
        np.testing.assert_allclose(round_trip(tmp_path, holder, form, value), value, rtol=digits, atol=1e-30)
    np.testing.assert_allclose(round_trip(tmp_path, holders.VECTOR, form, vector), vector, rtol=1e-6)


NATIVE = [
    ("Int32VectorWriter", holders.INT_VECTOR, [[1, -2, 1 << 30], []]),
    ("Int32VectorVectorWriter", holders.INT_VECTORS, [[[1, 2], [], [3]], [], [[]]]),
    ("Int32PairVectorWriter", holders.INT_PAIRS, [[(1, 2), (3, 4)], []]),
    ("PosteriorWriter", holders.POSTERIOR, [[[(1, 0.5), (2, 0.25)], []], []]),
    ("Int32Writer", holders.INT, [7, -1]),
    ("TokenWriter", holders.TOKEN, ["word"]),
    ("FloatMatrixWriter", holders.MATRIX, [[[1.5, -2.25], [1e10, 0.1]]]),
    ("DoubleMatrixWriter", DOUBLE_MATRIX, [[[1.5, -2.25], [1e100, 0.1]]]),
    ("FloatVectorWriter", holders.VECTOR, [[1.5, 1 / 3]]),
    ("DoubleVectorWriter", holders.DOUBLE_VECTOR, [[1.5, 1e-200]]),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("writer", "holder", "values"), NATIVE)
def test_kaldis_code_writes_the_same_bytes(
    tmp_path: Path, form: str, writer: str, holder: Holder[Any], values: list[Any]
) -> None:
    native = pytest.importorskip("kaldi_native_io")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    with getattr(native, writer)(f"{form}:{theirs}") as other, TableWriter(f"{form}:{ours}", holder) as own:
        for number, value in enumerate(values):
            is_array = "Matrix" in writer or ("Vector" in writer and ("Float" in writer or "Double" in writer))
            dtype = np.float64 if "Double" in writer else np.float32
            other.write(f"u{number}", np.array(value, dtype) if is_array else value)
            is_posterior = holder is holders.POSTERIOR
            own.write(f"u{number}", Posterior.from_frames(value) if is_posterior else value)
    assert ours.read_bytes() == theirs.read_bytes()


BAD = [
    (holders.INT_VECTORS, b"a 1 2 ; 3\n", "does not end with a semicolon"),
    (holders.INT_PAIRS, b"a 1 2 ; 3\n", "pairs of integers"),
    (holders.INT_PAIRS, b"a 1 2 3 4 5\n", "pairs of integers"),
    (holders.POSTERIOR, b"a [ 1 0.5 ] 2\n", r"expected the \["),
    (holders.POSTERIOR, b"a [ 1 0.5 2\n", "truncated"),
    (holders.POSTERIOR, b"a [ x 0.5 ]\n", "expected an id"),
    (holders.POSTERIOR, b"a \0B\4\xff\xff\xff\x7f", "truncated"),
    (holders.INT_VECTORS, b"a \0B\4\xff\xff\xff\x7f", "truncated"),
    (holders.INT, b"a 3 4\n", "after it"),
    (holders.TOKEN, b"a \n", "expected a token"),
    (holders.MATRIX, b"a  [ 1 2 ] 3\n", "expected the end"),
    (holders.MATRIX, b"a \0C", "expected a matrix"),
    (holders.INT_VECTOR, b"a 1\0B\n", "expected a vector of integers"),
]


@pytest.mark.parametrize(("holder", "content", "message"), BAD)
def test_bad_content_is_refused(tmp_path: Path, holder: Holder[Any], content: bytes, message: str) -> None:
    path = tmp_path / "table.ark"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message) as caught:
        list(read_table(path, holder))
    assert caught.value.utterance == "a"


def test_a_token_contains_no_space(tmp_path: Path) -> None:
    with TableWriter(f"ark:{tmp_path}/t", holders.TOKEN) as writer, pytest.raises(DataError, match="is not a token"):
        writer.write("a", "two words")
