"""The text form alone; ``test_binary_streams.py`` tests what both forms have in common."""

from __future__ import annotations

import io

import numpy as np
import pytest

from blasr.errors import FormatError
from blasr.io.kaldi.text_streams import TextReader, TextWriter


def test_values_are_written_like_a_cpp_stream_of_precision_seven() -> None:
    stream = io.StringIO()
    writer = TextWriter(stream)
    writer.token("<Go>")
    writer.int32(-7)
    writer.float32(1 / 3)
    writer.newline()
    writer.int_vector([1, 2])
    writer.float_vector(np.array([1.5, 1e-20]))
    writer.float_matrix(np.array([[1, 2], [3, 4]]))
    writer.float_matrix(np.zeros((0, 0)))
    writer.int_rows(np.array([[1, 2], [3, 4]]))
    assert stream.getvalue() == ("<Go> -7 0.3333333 \n[ 1 2 ]\n [ 1.5 1e-20 ]\n [\n  1 2 \n  3 4 ]\n [ ]\n1 2 \n3 4 \n")


def test_vectors_may_span_lines_and_matrices_have_one_row_per_line() -> None:
    reader = TextReader("[ 1\n2 ] [ 1.5 2 ]\n [\n 1 2\n\n 3 4 ] [ ] 5 6 7", "it")
    assert reader.int_vector().tolist() == [1, 2]
    assert reader.float_vector().tolist() == [1.5, 2]
    assert reader.float_matrix().tolist() == [[1, 2], [3, 4]]
    assert reader.float_matrix().shape == (0, 0)
    assert reader.int_rows(1, 2, "rows").tolist() == [[5, 6]]
    assert reader.rest() == ["7"]


def test_errors_name_the_line() -> None:
    reader = TextReader("1\n2\nx\n", "it", first_line=10)
    for _ in range(2):
        reader.int32()
    with pytest.raises(FormatError, match="it:12: expected an integer, found 'x'"):
        reader.int32()


@pytest.mark.parametrize("text", ["2147483648", "1.0", "0x1", "1_0", "9" * 5000])
def test_other_numbers_are_not_integers(text: str) -> None:
    with pytest.raises(FormatError, match="expected an integer"):
        TextReader(text, "it").int32()
    with pytest.raises(FormatError, match="expected an integer"):
        TextReader("", "it").integers([text])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[ 1 2\n 3 ]", "row 1 of a matrix has 1 columns, the rows above have 2"),
        ("[ 1 2", "truncated: a matrix has no closing ]"),
        ("[ 1 x ]", "a matrix contains something that is not a number"),
        ("1 2 ]", r"expected the \[ of a matrix"),
    ],
)
def test_malformed_matrices_are_refused(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        TextReader(text, "it").float_matrix()


def test_a_vector_is_not_a_matrix() -> None:
    with pytest.raises(FormatError, match="expected a vector, found a matrix of 2 rows"):
        TextReader("[ 1\n2 ]", "it").float_vector()


def test_numbers_that_are_too_large_become_infinite() -> None:
    assert TextReader("[ 1e39 -1e39 ]", "it").float_vector().tolist() == [np.inf, -np.inf]


def test_a_count_is_checked_against_the_rest_of_the_text() -> None:
    with pytest.raises(FormatError, match="2147483647 rows do not fit in the text left"):
        TextReader("1 2", "it").int_rows(2147483647, 1, "rows")
