"""Formats on disk: Kaldi's tables, models' basic types, symbol tables, lexicons, FSTs and audio. No torch, no GPU."""

from __future__ import annotations

from blasr.io.alignments import read_alignments, write_alignments
from blasr.io.symbols import SymbolTable
from blasr.io.tables import MatrixWriter, read_matrices, read_vectors

__all__ = [
    "MatrixWriter",
    "SymbolTable",
    "read_alignments",
    "read_matrices",
    "read_vectors",
    "write_alignments",
]
