"""Tools that copy lattices and find their best paths."""

from __future__ import annotations

import logging

from blasr.io.kaldi import holders
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.symbols import SymbolTable
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import CostScales
from blasr.lattices.lattice_table import ANY_LATTICE, read_any_lattices

logger = logging.getLogger(__name__)


def lattice_copy(lattices: str, target: str, *, write_compact: bool, allow_pipes: bool) -> None:
    """Copy lattices of either kind to one kind, as ``lattice-copy``."""
    with TableWriter(target, ANY_LATTICE, allow_pipes=allow_pipes) as writer:
        for key, lattice in read_any_lattices(lattices, allow_pipes=allow_pipes):
            if isinstance(lattice, CompactLattice):
                writer.write(key, lattice if write_compact else lattice.to_lattice())
            else:
                writer.write(key, CompactLattice.from_lattice(lattice) if write_compact else lattice)
        logger.info("Done copying %d lattices.", len(writer))


def lattice_best_path(
    lattices: str,
    words: str | None,
    alignments: str | None,
    *,
    acoustic_scale: float,
    lm_scale: float,
    word_symbol_table: str | None,
    allow_pipes: bool,
) -> None:
    """Write the words and transition-ids of the cheapest path of every lattice, as ``lattice-best-path``."""
    names = None if word_symbol_table is None else SymbolTable.read(word_symbol_table)
    scales = CostScales(lm_scale, acoustic_scale)
    with (
        TableWriter(words or "ark:/dev/null", holders.INT_VECTOR, allow_pipes=allow_pipes) as word_writer,
        TableWriter(alignments or "ark:/dev/null", holders.INT_VECTOR, allow_pipes=allow_pipes) as alignment_writer,
    ):
        for key, found in read_any_lattices(lattices, allow_pipes=allow_pipes):
            lattice = found.to_lattice() if isinstance(found, CompactLattice) else found
            path = lattice.best_path(scales)
            word_writer.write(key, path.words)
            alignment_writer.write(key, path.transition_ids)
            if names is not None:
                logger.info("%s %s", key, " ".join(map(names.symbol_of, path.words.tolist())))
