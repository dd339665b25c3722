from __future__ import annotations

import io

import numpy as np
import pytest

from blasr.errors import FormatError
from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter
from blasr.io.kaldi.posteriors import (
    Posterior,
    read_posterior,
    read_posterior_text,
    write_posterior,
    write_posterior_text,
)
from blasr.io.kaldi.text_streams import TextReader, TextWriter

FRAMES = [[(7, 0.5), (1, 0.25)], [], [(3, 1.0)]]
BYTES = (
    b"\4\3\0\0\0"  # three frames
    b"\4\2\0\0\0" b"\4\7\0\0\0\4\0\0\0\x3f" b"\4\1\0\0\0\4\0\0\x80\x3e"
    b"\4\0\0\0\0"
    b"\4\1\0\0\0" b"\4\3\0\0\0\4\0\0\x80\x3f"
)  # fmt: skip
TEXT = "[ 7 0.5 1 0.25 ] [ ] [ 3 1 ] \n"


def test_posteriors_of_an_alignment() -> None:
    posterior = Posterior.from_alignment(np.array([3, 1, 1]))
    assert list(posterior) == [[(3, 1.0)], [(1, 1.0)], [(1, 1.0)]]


def test_frames_are_stored_in_flat_arrays() -> None:
    posterior = Posterior.from_frames(FRAMES)
    assert len(posterior) == 3
    assert (posterior.offsets.tolist(), posterior.ids.tolist()) == ([0, 2, 2, 3], [7, 1, 3])
    assert posterior.weights.tolist() == [0.5, 0.25, 1.0]
    assert list(posterior) == FRAMES


def test_the_binary_form() -> None:
    stream = io.BytesIO()
    write_posterior(BinaryWriter(stream), Posterior.from_frames(FRAMES))
    assert stream.getvalue() == BYTES
    assert list(read_posterior(BinaryReader(io.BytesIO(BYTES), "it", len(BYTES)))) == FRAMES


def test_the_text_form() -> None:
    stream = io.StringIO()
    write_posterior_text(TextWriter(stream), Posterior.from_frames(FRAMES))
    assert stream.getvalue() == TEXT
    assert list(read_posterior_text(TextReader(TEXT, "it"))) == FRAMES


def test_wrong_size_bytes_are_refused() -> None:
    wrong = BYTES[:10] + b"\x08" + BYTES[11:]
    with pytest.raises(FormatError, match="a size byte among the entries of a posterior is not 4"):
        read_posterior(BinaryReader(io.BytesIO(wrong), "it", len(wrong)))
