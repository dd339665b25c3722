"""Lattice archives: round trips, OpenFst's own reader, and archives that are refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import kaldifst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import FormatError
from blasr.io.kaldi.specifiers import Wspecifier
from blasr.io.kaldi.table_writer import TableWriter
from blasr.lattices.config import CostScales
from blasr.lattices.lattice import Lattice
from blasr.lattices.lattice_io import LATTICE, lattice_to_bytes, lattice_to_text, read_lattices
from tests.golden_system import GoldenSystem

ARRAYS = (
    "offsets",
    "ilabel",
    "olabel",
    "nextstate",
    "graph_cost",
    "acoustic_cost",
    "final_graph_cost",
    "final_acoustic_cost",
    "state_times",
)


def assert_equal(first: Lattice, second: Lattice) -> None:
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)
        assert getattr(first, name).dtype == getattr(second, name).dtype, name


costs = st.floats(-1e6, 1e6, width=32)


@st.composite
def lattices(draw: st.DrawFn) -> Lattice:
    """A sausage with epsilon arcs that skip nothing: state t is reached after t frames."""
    num_frames = draw(st.integers(1, 6))
    sources = sorted(draw(st.lists(st.integers(0, num_frames - 1), max_size=10)) + list(range(num_frames)))
    size = len(sources)

    def numbers(count: int) -> list[float]:
        return draw(st.lists(costs, min_size=count, max_size=count))

    labels = draw(st.lists(st.integers(1, 1000), min_size=2 * size, max_size=2 * size))
    final = np.full((2, num_frames + 1), np.inf, np.float32)
    final[:, num_frames] = numbers(2)
    return Lattice(
        offsets=np.searchsorted(sources, np.arange(num_frames + 2)).astype(np.int64),
        ilabel=np.array(labels[:size], np.int32),
        olabel=np.array(labels[size:], np.int32) % 5,
        nextstate=np.array(sources, np.int32) + 1,
        graph_cost=np.array(numbers(size), np.float32),
        acoustic_cost=np.array(numbers(size), np.float32),
        final_graph_cost=final[0],
        final_acoustic_cost=final[1],
        state_times=np.arange(num_frames + 1, dtype=np.int32),
    )


@given(items=st.lists(lattices(), min_size=1, max_size=3), binary=st.booleans(), suffix=st.sampled_from(["", ".gz"]))
@settings(deadline=None, max_examples=50)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, items: list[Lattice], binary: bool, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("lat") / f"lat.ark{suffix}"
    with TableWriter(Wspecifier(str(path), binary=binary), LATTICE) as writer:
        for number, lattice in enumerate(items):
            writer.write(f"utt-{number}", lattice)
    found = list(read_lattices(path))
    assert [utterance for utterance, _ in found] == [f"utt-{number}" for number in range(len(items))]
    for lattice, (_, again) in zip(items, found, strict=True):
        assert_equal(lattice, again)


def test_the_decoders_lattices_come_back(system: GoldenSystem, tmp_path: Path) -> None:
    path = tmp_path / "lat.ark"
    with TableWriter(path, LATTICE) as writer:
        for utterance, lattice in system.lattices.items():
            writer.write(utterance, lattice)
    for utterance, lattice in read_lattices(f"ark:{path}"):
        assert_equal(lattice, system.lattices[utterance])


def test_openfst_reads_what_is_written(system: GoldenSystem, tmp_path: Path) -> None:
    lattice = next(iter(system.lattices.values()))
    (tmp_path / "lattice.fst").write_bytes(lattice_to_bytes(lattice))
    fst = kaldifst.Lattice.read(str(tmp_path / "lattice.fst"))
    assert (fst.start, fst.num_states) == (0, lattice.num_states)
    printed = [line.split() for line in fst.to_str(show_weight_one=True).splitlines() if line.strip()]
    own = [line.split() for line in lattice_to_text(lattice).splitlines()]
    for line, expected in zip(printed, own, strict=True):
        assert line[:-1] == expected[:-1]
        costs = [float(cost) for cost in line[-1].split(",")]
        assert costs == pytest.approx(
            [float(cost) for cost in expected[-1].split(",")], rel=1e-5
        )  # it prints six digits


def test_states_in_any_order_are_sorted(tmp_path: Path) -> None:
    path = tmp_path / "lat.ark"
    path.write_text("u1 \n2\t0\t5\t1\t0.5,2\n0\t1\t6\t0\t,3\n1\t1.5,0\n\nu2 \n0\t1\t1\t1\n1\n\n")
    (_, first), (_, second) = read_lattices(path)
    assert first.ilabel.tolist() == [5, 6]
    assert first.state_times.tolist() == [0, 1, 2]
    path_of_first = first.best_path(CostScales(acoustic_scale=1.0))
    assert (path_of_first.graph_cost, path_of_first.acoustic_cost) == (2.0, 5.0)
    assert second.best_path().transition_ids.tolist() == [1]


def test_compact_lattices_are_refused(golden: Path, tmp_path: Path) -> None:
    folder = golden / "fsdd_tri1" / "connected"
    with pytest.raises(FormatError, match=r"conn00: byte \d+: found a compact.*\n  fix: .*--write-compact=false"):
        next(read_lattices(folder / "lat.ark"))
    with pytest.raises(FormatError, match=r"conn00: byte \d+: found a compact.*\n  fix: .*--write-compact=false"):
        next(read_lattices(folder / "lat_compact.txt"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("u1 \n0\t1\t1\t1\n1\t0\t1\t1\n1\n\n", "cycle"),
        ("u1 \n0\t1\t1\t1\n0\t2\t1\t1\n1\t2\t1\t1\n2\n\n", "paths with different numbers of frames"),
        ("u1 \n0\t1\tA\tB\n\n", "is not an arc or final state"),
        ("u1 \n-1\t1\t1\t1\n\n", "expected consecutive numbers"),
        ("u1 \n0\t1\t1\t-2\n1\n\n", "negative label"),
        ("u1 \n0\t1\t1\t1\tnan,1\n1\n\n", "not a number"),
        ("u1 [ 1 2 ]\n", "neither a binary nor a text lattice"),
    ],
)
def test_what_is_no_lattice_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "lat.ark"
    path.write_text(text)
    with pytest.raises(FormatError, match=f"lat.ark.*{message}"):
        list(read_lattices(path))


@given(lattice=lattices(), data=st.data())
@settings(deadline=None, max_examples=50)
def test_a_truncated_archive_is_refused(
    tmp_path_factory: pytest.TempPathFactory, lattice: Lattice, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("lat") / "lat.ark"
    whole = b"u1 " + lattice_to_bytes(lattice)
    path.write_bytes(whole[: data.draw(st.integers(1, len(whole) - 1))])
    with pytest.raises(FormatError):
        list(read_lattices(path))


def test_an_empty_archive_has_no_lattices(tmp_path: Path) -> None:
    (tmp_path / "lat.ark").write_bytes(b"")
    (tmp_path / "lat.ark.gz").write_bytes(gzip.compress(b""))
    assert list(read_lattices(tmp_path / "lat.ark")) == list(read_lattices(tmp_path / "lat.ark.gz")) == []
