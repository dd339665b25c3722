from __future__ import annotations

import io

import pytest

from blasr.errors import FormatError
from blasr.hmm.event_map import (
    PDF_CLASS,
    ConstantEventMap,
    SplitEventMap,
    TableEventMap,
    leaves,
    read_event_map,
    write_event_map,
)
from blasr.io.kaldi.text_streams import TextReader, TextWriter

MAP = SplitEventMap(
    0, frozenset({1, 2}), TableEventMap(PDF_CLASS, (ConstantEventMap(0), ConstantEventMap(1))), ConstantEventMap(2)
)
"""Two pdfs, one per pdf-class, after phones 1 and 2; one pdf after all others."""


def test_an_event_has_one_answer() -> None:
    assert MAP.map({0: 1, PDF_CLASS: 1}) == 1
    assert MAP.map({0: 3, PDF_CLASS: 1}) == 2
    assert MAP.map({0: 1, PDF_CLASS: 2}) is None
    assert MAP.map({PDF_CLASS: 0}) is None


def test_missing_keys_give_all_answers() -> None:
    assert sorted(MAP.answers({})) == [0, 1, 2]
    assert sorted(MAP.answers({PDF_CLASS: 0})) == [0, 2]
    assert sorted(MAP.answers({0: 2})) == [0, 1]
    assert [leaf.answer for leaf in leaves(MAP)] == [0, 1, 2]
    assert list(leaves(None)) == []


def test_text_form() -> None:
    text = io.StringIO()
    write_event_map(TextWriter(text), MAP)
    assert text.getvalue().split() == [
        "SE",
        "0",
        "[",
        "1",
        "2",
        "]",
        "{",
        "TE",
        "-1",
        "2",
        "(",
        "CE",
        "0",
        "CE",
        "1",
        ")",
        "CE",
        "2",
        "}",
    ]
    assert read_event_map(TextReader(text.getvalue(), "tree")) == MAP
    assert read_event_map(TextReader("NULL ", "tree")) is None
    with pytest.raises(FormatError, match="expected a pdf-id from 0, found -1"):
        read_event_map(TextReader("CE -1 ", "tree"))
