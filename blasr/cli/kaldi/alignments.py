"""Tools that convert and count alignments."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np

from blasr.errors import BlasrError, ConfigError, MismatchError
from blasr.hmm.phone_segments import Segmenter
from blasr.hmm.transition_model import read_transition_model
from blasr.io.kaldi import holders
from blasr.io.kaldi.alignments import read_alignments
from blasr.io.kaldi.extended_filenames import open_output
from blasr.io.kaldi.posteriors import Posterior
from blasr.io.kaldi.table_writer import TableWriter, write_value
from blasr.io.symbols import SymbolTable
from blasr.units import IntArray

logger = logging.getLogger(__name__)


def ali_to_post(alignments: str, target: str, *, allow_pipes: bool) -> None:
    """Convert alignments to posteriors of weight 1, as ``ali-to-post``."""
    with TableWriter(target, holders.POSTERIOR, allow_pipes=allow_pipes) as writer:
        for key, labels in read_alignments(alignments, allow_pipes=allow_pipes):
            writer.write(key, Posterior.from_alignment(labels))
        logger.info("Converted %d alignments.", len(writer))


def ali_to_pdf(model: str, alignments: str, target: str, *, allow_pipes: bool) -> None:
    """Convert transition-ids to pdf-ids, as ``ali-to-pdf``."""
    transitions = read_transition_model(model)
    with TableWriter(target, holders.INT_VECTOR, allow_pipes=allow_pipes) as writer:
        for key, alignment in read_alignments(alignments, allow_pipes=allow_pipes):
            try:
                writer.write(key, transitions.pdf_ids(alignment))
            except BlasrError as error:
                raise error.at(path=alignments, utterance=key) from None
        logger.info("Converted %d alignments to pdf sequences.", len(writer))


def ali_to_phones(
    model: str,
    alignments: str,
    target: str,
    *,
    per_frame: bool,
    write_lengths: bool,
    ctm_output: bool,
    frame_shift: float,
    allow_pipes: bool,
) -> None:
    """Convert transition-ids to phones, as ``ali-to-phones``."""
    if write_lengths and ctm_output:
        raise ConfigError("--write-lengths and --ctm-output exclude each other")
    segments = _phone_segments(alignments, Segmenter(read_transition_model(model)), allow_pipes=allow_pipes)
    if ctm_output:
        _write_ctm(segments, target, frame_shift, allow_pipes=allow_pipes)
        return
    holder: Any = holders.INT_PAIRS if write_lengths else holders.INT_VECTOR
    with TableWriter(target, holder, allow_pipes=allow_pipes) as writer:
        for key, phones, lengths in segments:
            if write_lengths:
                writer.write(key, np.stack([phones, lengths], axis=1))
            else:
                writer.write(key, np.repeat(phones, lengths) if per_frame else phones)
        logger.info("Converted %d alignments.", len(writer))


def _phone_segments(
    alignments: str, segmenter: Segmenter, *, allow_pipes: bool
) -> Iterator[tuple[str, IntArray, IntArray]]:
    """Yield utterance-ids, phones and numbers of frames."""
    for key, alignment in read_alignments(alignments, allow_pipes=allow_pipes):
        try:
            segments = segmenter.segments(alignment)
        except BlasrError as error:
            raise error.at(path=alignments, utterance=key) from None
        yield key, segments.phones, segments.durations


def _write_ctm(
    segments: Iterator[tuple[str, IntArray, IntArray]], target: str, frame_shift: float, *, allow_pipes: bool
) -> None:
    digits = 2 if frame_shift >= 0.01 else 3
    with open_output(target, allow_pipes=allow_pipes) as stream:
        for key, phones, lengths in segments:
            starts = (np.cumsum(lengths) - lengths).tolist()
            for phone, start, length in zip(phones.tolist(), starts, lengths.tolist(), strict=True):
                times = f"{frame_shift * start:.{digits}f} {frame_shift * length:.{digits}f}"
                stream.write(f"{key} 1 {times} {phone}\n".encode())


def analyze_counts(
    alignments: str,
    target: str,
    *,
    binary: bool,
    counts_dim: int,
    normalize: bool,
    symbol_table: str | None,
    allow_pipes: bool,
) -> None:
    """Count the labels of alignments, as ``analyze-counts``."""
    counts = np.zeros(counts_dim, np.int64)
    utterances = 0
    for key, labels in read_alignments(alignments, allow_pipes=allow_pipes):
        if labels.size and labels.min() < 0:
            raise MismatchError(f"the label {labels.min()} is negative", path=alignments, utterance=key)
        found = np.bincount(labels, minlength=len(counts))
        if counts_dim and len(found) > counts_dim:
            message = f"the label {labels.max()} does not fit --counts-dim={counts_dim}"
            raise MismatchError(message, path=alignments, utterance=key)
        found[: len(counts)] += counts
        counts = found
        utterances += 1
    logger.info("Summed %d int32 vectors to counts.", utterances)
    values = counts + 0.5  # as in Kaldi, no count is zero, so every logarithm is finite
    if normalize:
        values /= values.sum()
    if symbol_table is not None:
        names = SymbolTable.read(symbol_table)
        order = np.argsort(values, kind="stable")[::-1].tolist()
        for rank, label in enumerate(order, start=1):
            share = 100.0 * values[label] / values.sum()
            logger.info("%d\t%.2f%%\t%.0f\t%s", rank, share, values[label], names.symbol_of(label))
    write_value(target, holders.DOUBLE_VECTOR, values, binary=binary, allow_pipes=allow_pipes)
