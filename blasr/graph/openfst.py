"""Between flat arrays and kaldifst's transducers, through OpenFst's binary form: no arc is looped over in Python."""

from __future__ import annotations

import tempfile
from pathlib import Path

import kaldifst

from blasr.io.fst import Fst, from_bytes, to_bytes


def to_kaldifst(fst: Fst) -> kaldifst.StdVectorFst:
    """A kaldifst transducer of the same states and arcs."""
    with tempfile.NamedTemporaryFile(prefix="blasr-", suffix=".fst") as file:
        file.write(to_bytes(fst))
        file.flush()
        return kaldifst.StdVectorFst.read(file.name)


def from_kaldifst(fst: kaldifst.StdVectorFst) -> Fst:
    """The arrays of a kaldifst transducer."""
    with tempfile.NamedTemporaryFile(prefix="blasr-", suffix=".fst") as file:
        if not fst.write(file.name):
            raise OSError(f"OpenFst could not write {file.name}")
        return from_bytes(Path(file.name).read_bytes(), path=file.name)
