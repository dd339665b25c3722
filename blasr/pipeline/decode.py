"""Decoding of log-likelihoods with a graph into a folder: lattices, best paths, words with times, and a log."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

import numpy as np

from blasr.decoding.config import DecoderConfig
from blasr.decoding.decode_output import DecodeFiles, DecodeOutput
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.io.atomic import atomic_open
from blasr.io.folder_lock import locked_folder
from blasr.io.kaldi.table_writer import TableWriter
from blasr.jit import COMPILING, before_compilation
from blasr.lattices.config import DeterminizationConfig
from blasr.lattices.determinization import determinize_lattice, warm_up
from blasr.lattices.lattice_table import ANY_LATTICE
from blasr.lattices.timed_words import PathFormatter
from blasr.pipeline.decode_inputs import DecodeInputs, DecodePaths
from blasr.pipeline.loglike_sources import LoglikeSource, Search
from blasr.progress import track
from blasr.tally import Tally

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DecodeConfig:
    """The configuration of a decoding: its search, its outputs and its accepted losses.

    Attributes:
        decoder: the beams.
        determinize: write determinized lattices rather than those of the search.
        confidences: give each word of the CTM a confidence.
        workers: number of threads; each works on one utterance at a time.
        max_loss: the largest share of utterances that may be without a result.
    """

    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    determinize: bool = True
    confidences: bool = False
    workers: int = 1
    max_loss: float = 0.05


def check_decoding(source: LoglikeSource, paths: DecodePaths) -> None:
    """Compare all inputs of a decoding without decoding anything.

    Raises:
        BlasrError: as :func:`decode`.
    """
    inputs = DecodeInputs.read(paths, source.model)
    source.open(inputs)
    logger.info("%s, %s and %s belong together", source.name, source.model, inputs.graph_path)


def decode(source: LoglikeSource, paths: DecodePaths, out: Path, config: DecodeConfig | None = None) -> Tally:
    """Decode every utterance of a source.

    Writes ``lat.ark``, ``best_path.txt``, ``ctm`` and ``decode.log`` into ``out``: all of them, or none after an error.

    Args:
        source: the log-likelihoods.
        paths: graph, words, lang folder and language models.
        out: a folder, created if absent.
        config: beams, outputs and workers.

    Raises:
        ConfigError: there is no words.txt.
        DataError: an input cannot be read, another process writes ``out``, or too many utterances have no result.
        MismatchError: the inputs do not fit together.
    """
    config = config or DecodeConfig()
    inputs = DecodeInputs.read(paths, source.model)
    run = source.open(inputs)
    determinization = DeterminizationConfig(config.decoder.lattice_beam, config.decoder.acoustic_scale)
    tally = Tally("decode", config.max_loss)
    with locked_folder(out), _open_files(out) as files:
        search = compile_search(inputs, config)
        started = time.monotonic()
        output = DecodeOutput(
            files=files,
            formatter=PathFormatter(
                words=inputs.words,
                joiner=inputs.joiner,
                frame_shift=source.frame_shift,
                transition_model=inputs.model.transitions,
                lexicon=inputs.lexicon,
            ),
            determinization=determinization,
            determinized=config.determinize,
            confidences=config.confidences,
        )
        replaced = ""
        if inputs.lm_difference is not None:
            replaced = f", language model {paths.new_lm} in place of {paths.old_lm}"
        files.log.write(
            f"{config.decoder}, graph {inputs.graph_path}, model {source.model}, {source.description}{replaced}\n"
        )
        for decoded in track(run(search, config.workers), "decoding"):
            if decoded.error is not None:
                tally.drop_error(decoded.utterance, decoded.error)
            elif decoded.lattice is None:
                tally.drop(decoded.utterance, decoded.reason)
            else:
                tally.keep()
            output.write(decoded)
        tally.check()
        warning = output.narrowed_warning()
        if warning is not None:
            files.log.write(f"{warning}\n")
        lines = output.summary(tally, time.monotonic() - started, config.workers, inputs.times_from)
        files.log.writelines(f"{line}\n" for line in lines)
    if warning is not None:
        logger.warning("%s; see %s", warning, out / "decode.log")
    for line in lines:
        logger.info(line)
    return tally


def compile_search(inputs: DecodeInputs, config: DecodeConfig) -> Search:
    """Return the search, compiled by decoding one frame, unless this machine has it already."""
    decoder = LatticeDecoder(inputs.graph, inputs.model.transitions.tid_to_pdf, config.decoder, inputs.lm_difference)
    started = time.monotonic()
    with before_compilation(partial(logger.info, COMPILING)):
        warm_up(decoder.decode(np.zeros((1, decoder.num_pdfs), np.float32)))
    if (seconds := time.monotonic() - started) > 1:
        logger.info("compiled the search in %.1f s; this happens once", seconds)
    if not (config.determinize or config.confidences):
        return Search(decoder)
    transitions = inputs.model.transitions
    determinization = DeterminizationConfig(config.decoder.lattice_beam, config.decoder.acoustic_scale)
    return Search(decoder, partial(determinize_lattice, config=determinization, transition_model=transitions))


@contextmanager
def _open_files(out: Path) -> Iterator[DecodeFiles]:
    """Open the outputs; they get their names when the context ends without an error."""
    with ExitStack() as stack:

        def create(name: str) -> TextIO:
            return stack.enter_context(atomic_open(out / name, "w"))

        yield DecodeFiles(
            lattices=stack.enter_context(TableWriter(out / "lat.ark", ANY_LATTICE)),
            best_paths=create("best_path.txt"),
            ctm=create("ctm"),
            log=create("decode.log"),
        )
