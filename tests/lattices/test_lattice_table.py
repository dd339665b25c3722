"""Tables with lattices of both kinds, and the archives of a decoding directory."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from blasr.errors import DataError
from blasr.io.kaldi.specifiers import Wspecifier
from blasr.io.kaldi.table_writer import TableWriter
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.lattice import Lattice
from blasr.lattices.lattice_table import ANY_LATTICE, lattice_files, read_any_lattices, read_state_lattices
from tests.golden_system import GoldenSystem


@pytest.mark.parametrize("binary", [True, False])
def test_both_kinds_in_one_table(system: GoldenSystem, tmp_path: Path, binary: bool) -> None:
    (name, raw), (other, second) = list(system.lattices.items())[:2]
    compact = CompactLattice.from_lattice(second)
    with TableWriter(Wspecifier(str(tmp_path / "lat.ark"), binary=binary), ANY_LATTICE) as writer:
        writer.write(name, raw)
        writer.write(other, compact)
    found = dict(read_any_lattices(tmp_path / "lat.ark"))
    one, two = found[name], found[other]
    assert isinstance(one, Lattice) and one.num_arcs == raw.num_arcs
    assert isinstance(two, CompactLattice) and two.num_arcs == compact.num_arcs
    expanded = dict(read_state_lattices(tmp_path))
    assert expanded[other].num_frames == second.num_frames
    assert expanded[other].best_path().words.tolist() == second.best_path().words.tolist()


def test_the_archives_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"neither lat\.ark nor lat\.1\.gz"):
        lattice_files(tmp_path)
    for name in ("lat.10.gz", "lat.2.gz", "lat.old.gz"):
        gzip.open(tmp_path / name, "wb").close()
    assert [file.name for file in lattice_files(tmp_path)] == ["lat.2.gz", "lat.10.gz"]
    assert list(read_state_lattices(tmp_path)) == []
    (tmp_path / "lat.ark").touch()
    assert [file.name for file in lattice_files(tmp_path)] == ["lat.ark"]
    assert lattice_files(tmp_path / "lat.2.gz") == [tmp_path / "lat.2.gz"]
