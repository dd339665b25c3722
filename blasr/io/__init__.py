"""Formats on disk: Kaldi's tables, models' basic types, symbol tables, lexicons, FSTs and audio. No torch, no GPU."""

from __future__ import annotations

from blasr.io.alignment_index import AlignmentIndex
from blasr.io.alignments import read_alignments, write_alignments
from blasr.io.compression import CompressionMethod
from blasr.io.posteriors import Posterior
from blasr.io.random_access import RandomAccessTable
from blasr.io.symbols import SymbolTable
from blasr.io.table_writer import MatrixWriter, TableWriter, write_value
from blasr.io.tables import read_matrices, read_table, read_value, read_vectors

__all__ = [
    "AlignmentIndex",
    "CompressionMethod",
    "MatrixWriter",
    "Posterior",
    "RandomAccessTable",
    "SymbolTable",
    "TableWriter",
    "read_alignments",
    "read_matrices",
    "read_table",
    "read_value",
    "read_vectors",
    "write_alignments",
    "write_value",
]
