"""Archives of compact lattices: Kaldi's byte for byte, strings on final states, and archives that are refused."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import FormatError
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.compact_lattice_io import compact_lattice_writer, read_compact_lattices
from blasr.lattices.config import CostScales
from blasr.lattices.lattice_io import read_lattices

TEXT = "u1 \n0\t1\t7\t0.5,2,3_4\n1\t2\t0\t0,1.5,\n2\t1,0,5_5\n\n"


def test_kaldis_archives_byte_for_byte(golden: Path, tmp_path: Path) -> None:
    """``latgen-faster-mapped``'s lattices and ``lattice-copy ark,t:`` of them; text from binary, text from text."""
    folder = golden / "fsdd_tri1" / "connected"
    lattices = list(read_compact_lattices(folder / "lat.ark"))
    assert len(lattices) == 36
    outputs = {f"ark:{tmp_path}/lat.ark": "lat.ark", f"ark,t:{tmp_path}/lat.txt": "lat_compact.txt"}
    for specifier, name in outputs.items():
        with compact_lattice_writer(specifier) as writer:
            for utterance, lattice in lattices:
                writer.write(utterance, lattice)
        assert Path(specifier.partition(":")[2]).read_bytes() == (folder / name).read_bytes()
    with compact_lattice_writer(f"ark,t:{tmp_path}/again.txt") as writer:
        for utterance, lattice in read_compact_lattices(folder / "lat_compact.txt"):
            writer.write(utterance, lattice)
    assert (tmp_path / "again.txt").read_bytes() == (folder / "lat_compact.txt").read_bytes()


def test_strings_on_final_states(tmp_path: Path) -> None:
    (tmp_path / "lat.txt").write_text(TEXT)
    ((utterance, compact),) = read_compact_lattices(tmp_path / "lat.txt")
    assert compact.final_string(2).tolist() == [5, 5]
    lattice = compact.to_lattice()
    path = lattice.best_path(CostScales(acoustic_scale=1.0))
    assert path.transition_ids.tolist() == [3, 4, 5, 5]
    assert (path.graph_cost, path.acoustic_cost) == (1.5, 3.5)
    for form in ("ark", "ark,t"):
        with compact_lattice_writer(f"{form}:{tmp_path}/copy") as writer:
            writer.write(utterance, compact)
        ((_, again),) = read_compact_lattices(tmp_path / "copy")
        np.testing.assert_array_equal(again.final_transition_ids, compact.final_transition_ids)
        np.testing.assert_array_equal(again.transition_ids, compact.transition_ids)
    assert (tmp_path / "copy").read_text() == TEXT


def test_an_empty_lattice(tmp_path: Path) -> None:
    (tmp_path / "lat.txt").write_text("u1 \n\nu2 \n0\n\n")
    (_, empty), (_, single) = read_compact_lattices(tmp_path / "lat.txt")
    assert (empty.num_states, empty.start, single.num_states) == (0, -1, 1)
    assert empty.to_lattice().num_states == CompactLattice.from_lattice(empty.to_lattice()).num_states == 0
    with compact_lattice_writer(f"ark:{tmp_path}/lat.ark") as writer:
        writer.write("u1", empty)
    ((_, again),) = read_compact_lattices(tmp_path / "lat.ark")
    assert again.num_states == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("u1 \n0\t1\t7\t0.5,2\n\n", "is not an arc or final state"),
        ("u1 \n0\t1\t7\t8\t0.5,2\n\n", "is not an arc or final state"),
        ("u1 \n0\t1\t7\t0.5,2,3_x\n\n", "is not an arc or final state"),
        ("u1 \n0\t99999999\t7\t0.5,2,3\n\n", "expected consecutive numbers"),
        ("u1 \n0\t1\t7\tnan,2,3\n\n", "not a number"),
        ("u1 \n0\t1\t7\t1,2,3\n", "truncated"),
        ("u1 [ 1 2 ]\n", "neither a binary nor a text lattice"),
    ],
)
def test_what_is_no_lattice_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "lat.ark").write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        list(read_compact_lattices(tmp_path / "lat.ark"))
    assert caught.value.utterance == "u1"


def test_the_other_kind_of_lattice_is_named(golden: Path, tmp_path: Path) -> None:
    head = struct.pack("<i", 2125659606) + struct.pack("<i", 6) + b"vector" + struct.pack("<i", 8) + b"lattice4"
    (tmp_path / "lat.ark").write_bytes(b"u1 " + head + struct.pack("<iiQqqq", 2, 0, 3, -1, 0, 0))
    with pytest.raises(FormatError, match="state-level"):
        list(read_compact_lattices(tmp_path / "lat.ark"))
    with pytest.raises(FormatError, match="blasr kaldi lattice-copy"):
        next(read_lattices(golden / "fsdd_tri1" / "connected" / "lat.ark"))


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_corrupt_archives_end_in_errors(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("compact")
    (folder / "lat.txt").write_text(TEXT)
    ((_, lattice),) = read_compact_lattices(folder / "lat.txt")
    with compact_lattice_writer(f"ark:{folder}/lat.ark") as writer:
        writer.write("u1", lattice)
    content = bytearray((folder / "lat.ark").read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    del content[data.draw(st.integers(1, len(content))) :]
    (folder / "lat.ark").write_bytes(content)
    try:
        list(read_compact_lattices(folder / "lat.ark"))
    except FormatError as error:
        assert str(folder) in str(error)
