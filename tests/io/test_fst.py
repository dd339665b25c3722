from __future__ import annotations

import struct
import time
from pathlib import Path

import kaldifst
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import FormatError
from blasr.io.fst import Fst, fst_from_bytes, fst_to_bytes, read_fst, write_fst

ARRAYS = ("offsets", "ilabel", "olabel", "weight", "nextstate", "final")


def assert_same(one: Fst, other: Fst) -> None:
    assert one.start == other.start
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        assert getattr(one, name).dtype == getattr(other, name).dtype


@st.composite
def fsts(draw: st.DrawFn) -> Fst:
    num_states = draw(st.integers(0, 6))
    if not num_states:
        return Fst.from_arcs(-1, [], [], [], [], [], [])
    states = st.integers(0, num_states - 1)
    costs = st.floats(-10, 10, width=32)
    arcs = draw(st.lists(st.tuples(states, st.integers(0, 2**31 - 1), st.integers(0, 9), costs, states), max_size=12))
    final = draw(st.lists(st.one_of(costs, st.just(np.inf)), min_size=num_states, max_size=num_states))
    columns = zip(*arcs, strict=True) if arcs else ((),) * 5
    source, ilabel, olabel, weight, nextstate = [list(column) for column in columns]
    return Fst.from_arcs(draw(states), final, source, ilabel, olabel, weight, nextstate)


@given(fsts())
def test_writing_and_reading_gives_the_same_arrays(fst: Fst) -> None:
    assert_same(fst_from_bytes(fst_to_bytes(fst)), fst)


@given(fsts())
def test_a_header_without_counts_is_read_to_the_end_of_the_file(fst: Fst) -> None:
    data = bytearray(fst_to_bytes(fst))
    counts = 4 + 4 + len("vector") + 4 + len("standard") + 4 + 4 + 8 + 8
    data[counts : counts + 16] = struct.pack("<qq", -1, -1)
    if fst.num_states:
        assert_same(fst_from_bytes(bytes(data)), fst)


@given(fsts(), st.data())
def test_a_truncated_file_is_a_format_error(fst: Fst, data: st.DataObject) -> None:
    whole = fst_to_bytes(fst)
    size = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FormatError):
        fst_from_bytes(whole[:size], path="cut.fst")


@given(st.binary(max_size=80))
def test_any_other_bytes_are_a_format_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        fst_from_bytes(b"\xd6\xfd\xb2\x7e" + data)


@given(fsts(), st.data())
def test_a_changed_byte_is_read_or_refused_but_never_crashes(fst: Fst, data: st.DataObject) -> None:
    changed = bytearray(fst_to_bytes(fst))
    position = data.draw(st.integers(0, len(changed) - 1))
    changed[position] ^= data.draw(st.integers(1, 255))
    try:
        found = fst_from_bytes(bytes(changed))
    except FormatError:
        return
    assert found.num_arcs == 0 or found.nextstate.max() < found.num_states


def test_openfst_reads_what_is_written_and_writes_what_is_read(tmp_path: Path) -> None:
    fst = Fst.from_arcs(0, [np.inf, 0.5], [0, 0, 1], [1, 2, 3], [4, 0, 6], [0.25, 1.5, -2.0], [1, 0, 1])
    write_fst(fst, tmp_path / "a.fst")
    found = kaldifst.StdVectorFst.read(str(tmp_path / "a.fst"))
    assert [line.split() for line in found.to_str().splitlines()] == [
        ["0", "1", "1", "4", "0.25"],
        ["0", "0", "2", "0", "1.5"],
        ["1", "1", "3", "6", "-2"],
        ["1", "0.5"],
    ]
    found.write(str(tmp_path / "b.fst"))
    assert_same(read_fst(tmp_path / "b.fst"), fst)


def test_const_files_of_kaldi_are_read(golden: Path) -> None:
    fst = read_fst(golden / "fsdd_tri1" / "HCLG.fst")
    assert (fst.start, fst.num_states, fst.num_arcs) == (0, 194, 416)
    kaldi = kaldifst.StdConstFst.read(str(golden / "fsdd_tri1" / "HCLG.fst"))
    assert [kaldi.num_arcs(state) for state in range(194)] == np.diff(fst.offsets).tolist()


def test_symbol_tables_in_the_header_are_skipped(tmp_path: Path) -> None:
    text = kaldifst.compile("0 1 1 1 0.5\n1 0\n", acceptor=False)
    symbols = kaldifst.SymbolTable.from_str("<eps> 0\na 1\n")
    text.input_symbols = symbols
    text.output_symbols = symbols
    text.write(str(tmp_path / "symbols.fst"))
    assert b"<eps>" in (tmp_path / "symbols.fst").read_bytes()
    fst = read_fst(tmp_path / "symbols.fst")
    assert (fst.num_states, fst.num_arcs, fst.weight.tolist()) == (2, 1, [0.5])


def test_errors_name_the_file_and_what_was_found(tmp_path: Path) -> None:
    fst = Fst.from_arcs(0, [0.0], [0], [1], [1], [0.0], [0])
    data = fst_to_bytes(fst)
    arc = len(data) - 16
    for changed, message in (
        (data.replace(b"standard", b"log_arcs"), "are 'log_arcs'"),
        (data.replace(b"vector", b"const8"), "is 'const8'"),
        (data[:arc], "truncated"),
        (data[: arc + 12] + struct.pack("<i", 1), "an arc to state 1 of an FST with 1 states"),
        (data[: arc + 8] + struct.pack("<f", float("nan")) + data[arc + 12 :], "not a number"),
        (data[:arc] + struct.pack("<i", -1) + data[arc + 4 :], "negative label"),
    ):
        path = tmp_path / "bad.fst"
        path.write_bytes(changed)
        with pytest.raises(FormatError, match=message) as caught:
            read_fst(path)
        assert str(path) in str(caught.value)
    with pytest.raises(FormatError, match="cannot be read"):
        read_fst(tmp_path / "absent.fst")
    with pytest.raises(FormatError, match="bytes left"):
        fst_from_bytes(data + b"\0\0\0\0")


def test_sources_are_the_states_that_arcs_leave() -> None:
    fst = Fst.from_arcs(0, [0, 0, 0], [2, 0, 2], [5, 6, 7], [0, 0, 0], [0, 0, 0], [1, 1, 1])
    assert fst.sources.tolist() == [0, 2, 2]
    assert fst.ilabel.tolist() == [6, 5, 7]


@pytest.mark.slow
def test_a_million_arcs_take_less_than_a_second() -> None:
    random = np.random.default_rng(0)
    states, arcs = 400_000, 1_000_000
    labels, sources = random.integers(0, 9, arcs), random.integers(0, states, arcs)
    fst = Fst.from_arcs(
        0, np.zeros(states), sources, labels, labels, random.random(arcs), random.integers(0, states, arcs)
    )
    begin = time.process_time()
    assert_same(fst_from_bytes(fst_to_bytes(fst)), fst)
    assert time.process_time() - begin < 2.0
