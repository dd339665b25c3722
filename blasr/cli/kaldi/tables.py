"""Tools on tables: copying and measuring features, matrices, vectors, alignments and posteriors."""

from __future__ import annotations

import logging
from argparse import Namespace
from typing import Any, Final

import numpy as np

from blasr.cli.kaldi.tool import BINARY, Argument, Tool, argument, flag, option
from blasr.errors import ConfigError, MismatchError
from blasr.io.kaldi import holders
from blasr.io.kaldi.compression import CompressionMethod
from blasr.io.kaldi.holders import Holder
from blasr.io.kaldi.posteriors import Posterior
from blasr.io.kaldi.specifiers import is_table
from blasr.io.kaldi.table_writer import TableWriter, write_value
from blasr.io.kaldi.tables import read_table, read_value
from blasr.io.symbols import SymbolTable

_LOG: Final = logging.getLogger(__name__)
_IN: Final = argument("input", "an rspecifier, or a file of one value")
_OUT: Final = argument("output", "a wspecifier, or a file of one value")


def copy(args: Namespace, read_as: Holder[Any], write_as: Holder[Any], what: str) -> None:
    """Copy a table to a table, or a file to a file."""
    if is_table(args.input) != is_table(args.output):
        raise ConfigError(
            f"{args.input!r} and {args.output!r}: one is a table, the other a file",
            fix="give two tables (ark:..., scp:...) or two files",
        )
    if not is_table(args.input):
        value = read_value(args.input, read_as, allow_pipes=args.allow_pipes)
        write_value(args.output, write_as, value, binary=args.binary, allow_pipes=args.allow_pipes)
        return
    with TableWriter(args.output, write_as, allow_pipes=args.allow_pipes) as writer:
        for key, value in read_table(args.input, read_as, allow_pipes=args.allow_pipes):
            writer.write(key, value)
        _LOG.info("Copied %d %s.", len(writer), what)


def _copy_feats(args: Namespace) -> None:
    method = CompressionMethod(args.compression_method)
    holder = holders.compressed_matrix(method) if args.compress else holders.MATRIX
    if args.write_num_frames is None:
        copy(args, holders.MATRIX, holder, "feature matrices")
        return
    with (
        TableWriter(args.output, holder, allow_pipes=args.allow_pipes) as writer,
        TableWriter(args.write_num_frames, holders.INT, allow_pipes=args.allow_pipes) as lengths,
    ):
        for key, matrix in read_table(args.input, holders.MATRIX, allow_pipes=args.allow_pipes):
            writer.write(key, matrix)
            lengths.write(key, len(matrix))
        _LOG.info("Copied %d feature matrices.", len(writer))


def _copy_matrix(args: Namespace) -> None:
    copy(args, holders.MATRIX, holders.MATRIX, "matrices")


def _copy_vector(args: Namespace) -> None:
    copy(args, holders.VECTOR, holders.VECTOR, "vectors")


def _copy_int_vector(args: Namespace) -> None:
    copy(args, holders.INT_VECTOR, holders.INT_VECTOR, "vectors of integers")


def _copy_post(args: Namespace) -> None:
    copy(args, holders.POSTERIOR, holders.POSTERIOR, "posteriors")


def _copy_gselect(args: Namespace) -> None:
    copy(args, holders.INT_VECTORS, holders.INT_VECTORS, "vectors of vectors of integers")


def _ali_to_post(args: Namespace) -> None:
    with TableWriter(args.output, holders.POSTERIOR, allow_pipes=args.allow_pipes) as writer:
        for key, labels in read_table(args.input, holders.INT_VECTOR, allow_pipes=args.allow_pipes):
            writer.write(key, Posterior.from_alignment(labels))
        _LOG.info("Converted %d alignments.", len(writer))


def _feat_to_dim(args: Namespace) -> None:
    matrices = read_table(args.input, holders.MATRIX, allow_pipes=args.allow_pipes)
    if is_table(args.output):
        with TableWriter(args.output, holders.INT, allow_pipes=args.allow_pipes) as writer:
            for key, matrix in matrices:
                writer.write(key, matrix.shape[1])
        return
    first = next(matrices, None)
    if first is None:
        raise MismatchError("the table has no features, whose dimension is asked for", path=args.input)
    write_value(args.output, holders.TOKEN, str(first[1].shape[1]), allow_pipes=args.allow_pipes)


def _feat_to_len(args: Namespace) -> None:
    matrices = read_table(args.input, holders.MATRIX, allow_pipes=args.allow_pipes)
    if args.output is None:
        print(sum(len(matrix) for _, matrix in matrices))
    elif is_table(args.output):
        with TableWriter(args.output, holders.INT, allow_pipes=args.allow_pipes) as writer:
            for key, matrix in matrices:
                writer.write(key, len(matrix))
    else:
        total = sum(len(matrix) for _, matrix in matrices)
        write_value(args.output, holders.TOKEN, str(total), allow_pipes=args.allow_pipes)


def _analyze_counts(args: Namespace) -> None:
    counts = np.zeros(max(args.counts_dim, 0), np.int64)
    utterances = 0
    for key, labels in read_table(args.alignments, holders.INT_VECTOR, allow_pipes=args.allow_pipes):
        if labels.size and labels.min() < 0:
            raise MismatchError(f"the label {labels.min()} is negative", path=args.alignments, utterance=key)
        found = np.bincount(labels, minlength=len(counts))
        if args.counts_dim and len(found) > args.counts_dim:
            message = f"the label {labels.max()} does not fit --counts-dim={args.counts_dim}"
            raise MismatchError(message, path=args.alignments, utterance=key)
        found[: len(counts)] += counts
        counts = found
        utterances += 1
    _LOG.info("Summed %d int32 vectors to counts.", utterances)
    values = counts + 0.5  # as Kaldi: no count is zero, for the sake of logarithms
    if args.normalize:
        values /= values.sum()
    if args.symbol_table is not None:
        names = SymbolTable.read(args.symbol_table)
        order = np.argsort(values, kind="stable")[::-1].tolist()
        for number, label in enumerate(order, start=1):
            share = 100.0 * values[label] / values.sum()
            _LOG.info("%d\t%.2f%%\t%.0f\t%s", number, share, values[label], names.symbol_of(label))
    write_value(args.output, holders.DOUBLE_VECTOR, values, binary=args.binary, allow_pipes=args.allow_pipes)


def _tool(run: Any, summary: str, example: str, *arguments: Argument) -> Tool:
    return Tool(summary, example, arguments, run)


_COMPRESS: Final = (
    flag("compress", "write compressed matrices"),
    option(
        "compression-method",
        "1 automatic, 2 CM, 3 CM2, 4 CM2 of integers, 5 CM3, 6 CM3 of integers, 7 CM3 from 0 to 1 (default: 1)",
        type=int,
        choices=range(1, 8),
        default=1,
        metavar="1-7",
    ),
    option("write-num-frames", "also write the number of frames of every utterance", metavar="WSPECIFIER"),
)

TOOLS: Final = {
    "copy-feats": _tool(
        _copy_feats, "copy matrices of features", "--compress=true scp:feats.scp ark:-", BINARY, *_COMPRESS, _IN, _OUT
    ),
    "copy-matrix": _tool(_copy_matrix, "copy matrices", "--binary=false global_cmvn.stats -", BINARY, _IN, _OUT),
    "copy-vector": _tool(_copy_vector, "copy vectors", "--binary=false final.occs -", BINARY, _IN, _OUT),
    "copy-int-vector": _tool(
        _copy_int_vector, "copy vectors of integers", '"ark:gunzip -c ali.1.gz |" ark,t:-', BINARY, _IN, _OUT
    ),
    "copy-post": _tool(_copy_post, "copy posteriors", "ark:post.ark ark,t:-", BINARY, _IN, _OUT),
    "copy-gselect": _tool(_copy_gselect, "copy vectors of vectors", "ark:gselect.1 ark,t:-", BINARY, _IN, _OUT),
    "ali-to-post": _tool(_ali_to_post, "alignments to posteriors of weight 1", "ark:pdf.ark ark,t:-", _IN, _OUT),
    "feat-to-dim": _tool(_feat_to_dim, "the dimension of features", "scp:feats.scp -", _IN, _OUT),
    "feat-to-len": _tool(
        _feat_to_len,
        "the number of frames, of every utterance or of all",
        "scp:feats.scp ark,t:-",
        _IN,
        argument("output", "a wspecifier, or a file for the total", nargs="?"),
    ),
    "analyze-counts": _tool(
        _analyze_counts,
        "count the labels of alignments, such as pdf-ids; 0.5 is added to every count",
        '--binary=false "ark:ali-to-pdf final.mdl ark:ali.1 ark:- |" pdf.counts --allow-pipes',
        BINARY,
        option("counts-dim", "the number of labels", type=int, default=0, metavar="N"),
        flag("normalize", "write shares that sum to 1"),
        option("symbol-table", "tell the counts by these names", metavar="FILE"),
        argument("alignments", "an rspecifier"),
        argument("output", "a file"),
    ),
}
