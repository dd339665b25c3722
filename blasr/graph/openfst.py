"""Conversion between arrays and kaldifst's transducers, through OpenFst's binary form, without loops over arcs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kaldifst

from blasr.io.fst import Fst, fst_from_bytes, fst_to_bytes


def to_kaldifst(fst: Fst) -> kaldifst.StdVectorFst:
    """Return a kaldifst transducer with the same states and arcs."""
    with _scratch_file() as path:
        path.write_bytes(fst_to_bytes(fst))
        return kaldifst.StdVectorFst.read(str(path))


def from_kaldifst(fst: kaldifst.StdVectorFst) -> Fst:
    """Return the arrays of a kaldifst transducer."""
    with _scratch_file() as path:
        if not fst.write(str(path)):
            raise OSError(f"OpenFst could not write {path}")
        return fst_from_bytes(path.read_bytes(), path=path)


@contextmanager
def _scratch_file() -> Iterator[Path]:
    """A file in memory if the system supports it, otherwise a temporary file. Small graphs never wait for a disk."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("blasr-fst")
        try:
            yield Path(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
            yield Path(folder, "graph.fst")
