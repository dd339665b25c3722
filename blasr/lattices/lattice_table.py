"""Tables of lattices of either kind; each lattice says which kind it is."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from blasr.errors import DataError
from blasr.io.kaldi.binary_streams import BinaryReader
from blasr.io.kaldi.holders import Holder
from blasr.io.kaldi.model_stream import Writer
from blasr.io.kaldi.specifiers import Specifier
from blasr.io.kaldi.tables import read_table
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.compact_lattice_io import COMPACT_LATTICE, compact_lattice_of_lines, read_compact_states
from blasr.lattices.lattice import Lattice
from blasr.lattices.lattice_io import (
    COMPACT,
    LATTICE,
    is_compact_line,
    lattice_of_lines,
    read_header,
    read_lines,
    read_states,
)

AnyLattice = Lattice | CompactLattice
"""A lattice in either form."""


def _read(reader: BinaryReader) -> AnyLattice:
    if reader.at(b"\n"):
        lines = read_lines(reader)
        compact = any(map(is_compact_line, lines)) or any(len(fields) == 3 for fields in lines)
        return compact_lattice_of_lines(lines, reader) if compact else lattice_of_lines(lines, reader)
    arc_type, start, num_states, properties = read_header(reader)
    if arc_type == COMPACT:
        return read_compact_states(reader, start, num_states, properties)
    return read_states(reader, start, num_states)


def _write(writer: Writer, lattice: AnyLattice) -> None:
    if isinstance(lattice, CompactLattice):
        COMPACT_LATTICE.write(writer, lattice)
    else:
        LATTICE.write(writer, lattice)


ANY_LATTICE: Final = Holder[AnyLattice]("a lattice", _read, None, _write, _write, has_header=False)
"""The values of an archive of lattices, compact or not, for :func:`blasr.io.kaldi.read_table`."""


def read_any_lattices(specifier: Specifier, *, allow_pipes: bool = False) -> Iterator[tuple[str, AnyLattice]]:
    """Yield utterance-ids and lattices of a table, each of the kind found in the file.

    Raises:
        FormatError: as :func:`blasr.io.kaldi.tables.read_table`.
    """
    return read_table(specifier, ANY_LATTICE, allow_pipes=allow_pipes)


def lattice_files(path: Path) -> list[Path]:
    """Return the archives of a decoding directory, ``lat.ark`` or ``lat.1.gz``, ``lat.2.gz`` ...; or the file itself.

    Raises:
        DataError: the folder has no such file.
    """
    if not path.is_dir():
        return [path]
    if (path / "lat.ark").is_file():
        return [path / "lat.ark"]
    numbered = [file for file in path.glob("lat.*.gz") if file.name.split(".")[1].isdigit()]
    if not numbered:
        raise DataError("has neither lat.ark nor lat.1.gz", path=path, fix="decode first (blasr decode --out)")
    return sorted(numbered, key=lambda file: int(file.name.split(".")[1]))


def read_state_lattices(path: Path) -> Iterator[tuple[str, Lattice]]:
    """Yield utterance-ids and state-level lattices of :func:`lattice_files`; compact lattices are expanded.

    Raises:
        DataError: the folder has no lattices, or a compact lattice has a cycle.
        FormatError: as :func:`blasr.io.kaldi.tables.read_table`.
    """
    for file in lattice_files(path):
        for utterance, lattice in read_any_lattices(file):
            yield utterance, lattice.to_lattice() if isinstance(lattice, CompactLattice) else lattice


def find_lattice(path: Path, utterance: str) -> AnyLattice:
    """Return the lattice of one utterance from :func:`lattice_files`.

    Raises:
        DataError: the folder has no lattices, or there is none of the utterance; the most similar name is suggested.
        FormatError: as :func:`blasr.io.kaldi.tables.read_table`.
    """
    names = []
    for file in lattice_files(path):
        for name, lattice in read_any_lattices(file):
            if name == utterance:
                return lattice
            names.append(name)
    near = difflib.get_close_matches(utterance, names, n=1, cutoff=0.5) or names[:1]
    fix = f"did you mean {near[0]}?" if near else "decode the utterance first"
    raise DataError(f"no lattice among the {len(names)}", path=path, utterance=utterance, fix=fix)
