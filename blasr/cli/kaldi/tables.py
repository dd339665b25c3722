"""Tools that copy and measure tables of matrices, vectors and posteriors."""

from __future__ import annotations

import logging
from typing import Any

from blasr.errors import ConfigError, MismatchError
from blasr.io.kaldi import holders
from blasr.io.kaldi.compression import CompressionMethod
from blasr.io.kaldi.holders import Holder
from blasr.io.kaldi.specifiers import is_table
from blasr.io.kaldi.table_writer import TableWriter, write_value
from blasr.io.kaldi.tables import read_table, read_value

logger = logging.getLogger(__name__)


def copy_feats(
    source: str,
    target: str,
    *,
    compress: bool,
    compression_method: int,
    write_num_frames: str | None,
    binary: bool,
    allow_pipes: bool,
) -> None:
    """Copy matrices of features, as ``copy-feats``."""
    holder = holders.compressed_matrix(CompressionMethod(compression_method)) if compress else holders.MATRIX
    if write_num_frames is None:
        _copy(source, target, holders.MATRIX, holder, "feature matrices", binary=binary, allow_pipes=allow_pipes)
        return
    with (
        TableWriter(target, holder, allow_pipes=allow_pipes) as writer,
        TableWriter(write_num_frames, holders.INT, allow_pipes=allow_pipes) as lengths,
    ):
        for key, matrix in read_table(source, holders.MATRIX, allow_pipes=allow_pipes):
            writer.write(key, matrix)
            lengths.write(key, len(matrix))
        logger.info("Copied %d feature matrices.", len(writer))


def copy_matrix(source: str, target: str, *, binary: bool, allow_pipes: bool) -> None:
    """Copy matrices, as ``copy-matrix``."""
    _copy(source, target, holders.MATRIX, holders.MATRIX, "matrices", binary=binary, allow_pipes=allow_pipes)


def copy_vector(source: str, target: str, *, binary: bool, allow_pipes: bool) -> None:
    """Copy vectors, as ``copy-vector``."""
    _copy(source, target, holders.VECTOR, holders.VECTOR, "vectors", binary=binary, allow_pipes=allow_pipes)


def copy_int_vector(source: str, target: str, *, binary: bool, allow_pipes: bool) -> None:
    """Copy vectors of integers, as ``copy-int-vector``."""
    holder = holders.INT_VECTOR
    _copy(source, target, holder, holder, "vectors of integers", binary=binary, allow_pipes=allow_pipes)


def copy_post(source: str, target: str, *, binary: bool, allow_pipes: bool) -> None:
    """Copy posteriors, as ``copy-post``."""
    _copy(source, target, holders.POSTERIOR, holders.POSTERIOR, "posteriors", binary=binary, allow_pipes=allow_pipes)


def copy_gselect(source: str, target: str, *, binary: bool, allow_pipes: bool) -> None:
    """Copy vectors of vectors of integers, as ``copy-gselect``."""
    holder = holders.INT_VECTORS
    _copy(source, target, holder, holder, "vectors of vectors of integers", binary=binary, allow_pipes=allow_pipes)


def feat_to_dim(source: str, target: str, *, allow_pipes: bool) -> None:
    """Write the dimension of features, as ``feat-to-dim``."""
    matrices = read_table(source, holders.MATRIX, allow_pipes=allow_pipes)
    if is_table(target):
        with TableWriter(target, holders.INT, allow_pipes=allow_pipes) as writer:
            for key, matrix in matrices:
                writer.write(key, matrix.shape[1])
        return
    first = next(matrices, None)
    if first is None:
        raise MismatchError("the table has no features and therefore no dimension", path=source)
    write_value(target, holders.TOKEN, str(first[1].shape[1]), allow_pipes=allow_pipes)


def feat_to_len(source: str, target: str | None, *, allow_pipes: bool) -> None:
    """Write the number of frames, as ``feat-to-len``."""
    matrices = read_table(source, holders.MATRIX, allow_pipes=allow_pipes)
    if target is None:
        print(sum(len(matrix) for _, matrix in matrices))
    elif is_table(target):
        with TableWriter(target, holders.INT, allow_pipes=allow_pipes) as writer:
            for key, matrix in matrices:
                writer.write(key, len(matrix))
    else:
        total = sum(len(matrix) for _, matrix in matrices)
        write_value(target, holders.TOKEN, str(total), allow_pipes=allow_pipes)


def _copy(
    source: str,
    target: str,
    read_as: Holder[Any],
    write_as: Holder[Any],
    what: str,
    *,
    binary: bool,
    allow_pipes: bool,
) -> None:
    """Copy a table to a table, or a file to a file."""
    if is_table(source) != is_table(target):
        raise ConfigError(
            f"{source!r} and {target!r}: one is a table, the other a file",
            fix="give two tables (ark:..., scp:...) or two files",
        )
    if not is_table(source):
        value = read_value(source, read_as, allow_pipes=allow_pipes)
        write_value(target, write_as, value, binary=binary, allow_pipes=allow_pipes)
        return
    with TableWriter(target, write_as, allow_pipes=allow_pipes) as writer:
        for key, value in read_table(source, read_as, allow_pipes=allow_pipes):
            writer.write(key, value)
        logger.info("Copied %d %s.", len(writer), what)
