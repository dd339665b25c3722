"""Tools on models, trees, transition-id alignments and lattices."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np

from blasr.align.phone_segments import Segmenter
from blasr.cli.kaldi.tool import BINARY, Argument, Tool, argument, flag, option
from blasr.errors import BlasrError, DataError
from blasr.hmm.gmm import AmDiagGmm
from blasr.hmm.model_file import read_model, write_model
from blasr.hmm.show import show_transitions
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.hmm.tree import read_tree
from blasr.io.kaldi import holders
from blasr.io.kaldi.extended_filenames import open_output
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_table, read_value
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import CostScales

_LOG: Final = logging.getLogger(__name__)
_MODEL: Final = argument("model", "final.mdl, binary or text")
_ALIGNMENTS: Final = argument("alignments", "an rspecifier of transition-ids, such as 'ark:gunzip -c ali.1.gz |'")


def _alignments(args: Namespace) -> Iterator[tuple[str, Any]]:
    return read_table(args.alignments, holders.INT_VECTOR, allow_pipes=args.allow_pipes)


def _named(error: BlasrError, args: Namespace, utterance: str) -> BlasrError:
    return type(error)(error.message, path=args.alignments, utterance=utterance, fix=error.fix)


def _ali_to_pdf(args: Namespace) -> None:
    model = read_transition_model(args.model)
    with TableWriter(args.output, holders.INT_VECTOR, allow_pipes=args.allow_pipes) as writer:
        for key, alignment in _alignments(args):
            try:
                writer.write(key, model.pdf_ids(alignment))
            except BlasrError as error:
                raise _named(error, args, key) from None
        _LOG.info("Converted %d alignments to pdf sequences.", len(writer))


def _ali_to_phones(args: Namespace) -> None:
    if args.write_lengths and args.ctm_output:
        raise DataError("--write-lengths and --ctm-output exclude each other")
    segmenter = Segmenter(read_transition_model(args.model))
    if args.ctm_output:
        _write_phone_ctm(args, segmenter)
        return
    holder: Any = holders.INT_PAIRS if args.write_lengths else holders.INT_VECTOR
    with TableWriter(args.output, holder, allow_pipes=args.allow_pipes) as writer:
        for key, phones, lengths in _phones(args, segmenter):
            if args.write_lengths:
                writer.write(key, np.stack([phones, lengths], axis=1))
            else:
                writer.write(key, np.repeat(phones, lengths) if args.per_frame else phones)
        _LOG.info("Converted %d alignments.", len(writer))


def _phones(args: Namespace, segmenter: Segmenter) -> Iterator[tuple[str, Any, Any]]:
    for key, alignment in _alignments(args):
        try:
            segments = segmenter.segments(alignment)
        except BlasrError as error:
            raise _named(error, args, key) from None
        yield key, segments.phones, segments.durations


def _write_phone_ctm(args: Namespace, segmenter: Segmenter) -> None:
    digits = 2 if args.frame_shift >= 0.01 else 3
    with open_output(args.output, allow_pipes=args.allow_pipes) as stream:
        for key, phones, lengths in _phones(args, segmenter):
            starts = (np.cumsum(lengths) - lengths).tolist()
            for phone, start, length in zip(phones.tolist(), starts, lengths.tolist(), strict=True):
                times = f"{args.frame_shift * start:.{digits}f} {args.frame_shift * length:.{digits}f}"
                stream.write(f"{key} 1 {times} {phone}\n".encode())


def _show_transitions(args: Namespace) -> None:
    model = read_transition_model(args.model)
    occupancies = None if args.occupancies is None else read_value(args.occupancies, holders.VECTOR)
    for line in show_transitions(model, SymbolTable.read(args.phones), occupancies):
        print(line)


def _print_counts(counts: Iterable[tuple[str, int]]) -> None:
    for name, count in counts:
        print(f"{name} {count}")


def _model_counts(model: TransitionModel) -> list[tuple[str, int]]:
    return [
        ("number of phones", len(model.topology.phones)),
        ("number of pdfs", model.num_pdfs),
        ("number of transition-ids", model.num_transition_ids),
        ("number of transition-states", model.num_transition_states),
    ]


def _am_info(args: Namespace) -> None:
    _print_counts(_model_counts(read_transition_model(args.model)))


def _gmm_info(args: Namespace) -> None:
    model, mixtures = _read_gmm(args.model)
    counts = [("feature dimension", mixtures.dimension), ("number of gaussians", mixtures.num_gaussians)]
    _print_counts([*_model_counts(model), *counts])


def _read_gmm(path: str) -> tuple[TransitionModel, AmDiagGmm]:
    model, mixtures = read_model(path)
    if mixtures is None:
        raise DataError("the model has no Gaussian mixtures", path=path, fix="use am-info or copy-transition-model")
    return model, mixtures


def _tree_info(args: Namespace) -> None:
    tree = read_tree(args.tree)
    counts = [("num-pdfs", tree.num_pdfs), ("context-width", tree.context_width)]
    _print_counts([*counts, ("central-position", tree.central_position)])


def _copy_tree(args: Namespace) -> None:
    read_tree(args.tree).write(args.output, binary=args.binary)


def _gmm_copy(args: Namespace) -> None:
    model, mixtures = _read_gmm(args.model)
    write_model(args.output, model, mixtures, binary=args.binary)


def _copy_transition_model(args: Namespace) -> None:
    read_transition_model(args.model).write(args.output, binary=args.binary)


def _lattice_copy(args: Namespace) -> None:
    from blasr.lattices.compact_lattice import CompactLattice
    from blasr.lattices.lattice_table import ANY_LATTICE, read_any_lattices

    with TableWriter(args.output, ANY_LATTICE, allow_pipes=args.allow_pipes) as writer:
        for key, lattice in read_any_lattices(args.lattices, allow_pipes=args.allow_pipes):
            if isinstance(lattice, CompactLattice):
                writer.write(key, lattice if args.write_compact else lattice.to_lattice())
            else:
                writer.write(key, CompactLattice.from_lattice(lattice) if args.write_compact else lattice)
        _LOG.info("Done copying %d lattices.", len(writer))


def _lattice_best_path(args: Namespace) -> None:
    from blasr.lattices.compact_lattice import CompactLattice
    from blasr.lattices.lattice_table import read_any_lattices

    names = None if args.word_symbol_table is None else SymbolTable.read(args.word_symbol_table)
    words_to, alignments_to = args.words or "ark:/dev/null", args.alignments or "ark:/dev/null"
    with (
        TableWriter(words_to, holders.INT_VECTOR, allow_pipes=args.allow_pipes) as words,
        TableWriter(alignments_to, holders.INT_VECTOR, allow_pipes=args.allow_pipes) as alignments,
    ):
        for key, found in read_any_lattices(args.lattices, allow_pipes=args.allow_pipes):
            lattice = found.to_lattice() if isinstance(found, CompactLattice) else found
            path = lattice.best_path(CostScales(args.lm_scale, args.acoustic_scale))
            words.write(key, path.words)
            alignments.write(key, path.transition_ids)
            if names is not None:
                _LOG.info("%s %s", key, " ".join(map(names.symbol_of, path.words.tolist())))


def _tool(run: Any, summary: str, example: str, *arguments: Argument) -> Tool:
    return Tool(summary, example, arguments, run)


_LATTICES: Final = argument("lattices", "an rspecifier of lattices, compact or state-level")
_WSPECIFIER: Final = argument("output", "a wspecifier")
_FILE: Final = argument("output", "a file")

TOOLS: Final = {
    "ali-to-pdf": _tool(
        _ali_to_pdf, "transition-ids to pdf-ids", "final.mdl ark:ali.1 ark,t:-", _MODEL, _ALIGNMENTS, _WSPECIFIER
    ),
    "ali-to-phones": _tool(
        _ali_to_phones,
        "transition-ids to phones",
        '--per-frame final.mdl "ark:gunzip -c ali.1.gz |" ark,t:-',
        flag("per-frame", "one phone for every frame"),
        flag("write-lengths", "pairs of a phone and its number of frames"),
        flag("ctm-output", "a CTM file of the phones"),
        option("frame-shift", "seconds from frame to frame, for --ctm-output", type=float, default=0.01),
        _MODEL,
        _ALIGNMENTS,
        argument("output", "a wspecifier, or a file for --ctm-output"),
    ),
    "show-transitions": _tool(
        _show_transitions,
        "tell every transition-id of a model",
        "phones.txt final.mdl final.occs",
        argument("phones", "phones.txt"),
        _MODEL,
        argument("occupancies", "final.occs", nargs="?"),
    ),
    "am-info": _tool(_am_info, "tell the size of a model", "final.mdl", _MODEL),
    "gmm-info": _tool(_gmm_info, "tell the size of a model of Gaussian mixtures", "final.mdl", _MODEL),
    "tree-info": _tool(_tree_info, "tell the size of a tree", "tree", argument("tree", "a tree, binary or text")),
    "copy-tree": _tool(
        _copy_tree, "copy a tree", "--binary=false tree -", BINARY, argument("tree", "a tree, binary or text"), _FILE
    ),
    "gmm-copy": _tool(_gmm_copy, "copy a model of Gaussian mixtures", "final.mdl final.txt", BINARY, _MODEL, _FILE),
    "copy-transition-model": _tool(
        _copy_transition_model,
        "copy the transition model of a model",
        "--binary=false final.mdl -",
        BINARY,
        _MODEL,
        _FILE,
    ),
    "lattice-copy": _tool(
        _lattice_copy,
        "copy lattices, of either kind, to one kind",
        '"ark:gunzip -c lat.1.gz |" ark,t:-',
        flag("write-compact", "write compact lattices, else state-level ones", default=True),
        _LATTICES,
        _WSPECIFIER,
    ),
    "lattice-best-path": _tool(
        _lattice_best_path,
        "the cheapest path of every lattice",
        '--acoustic-scale=0.1 "ark:gunzip -c lat.1.gz |" ark,t:words ark:ali',
        option("acoustic-scale", "the weight of acoustic costs (default: 1)", type=float, default=1.0),
        option("lm-scale", "the weight of graph costs (default: 1)", type=float, default=1.0),
        option("word-symbol-table", "words.txt, to tell the words in the log", metavar="FILE"),
        _LATTICES,
        argument("words", "a wspecifier of word-ids", nargs="?"),
        argument("alignments", "a wspecifier of transition-ids", nargs="?"),
    ),
}
