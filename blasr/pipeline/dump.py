"""Log-likelihoods of a data directory as Kaldi archives, for external decoders."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from blasr.inference.acoustic_scorer import score_utterances
from blasr.inference.dump import write_dump
from blasr.io.folder_lock import locked_folder
from blasr.pipeline.data_scorers import DataScorer
from blasr.progress import track
from blasr.tally import Tally

logger = logging.getLogger(__name__)


def dump(scorer: DataScorer, out: Path, *, workers: int = 1, max_loss: float = 0.05) -> Tally:
    """Write ``loglikes.ark``, ``loglikes.scp`` and ``manifest.json`` into ``out``.

    Args:
        scorer: a network or GMMs, with the data directory.
        out: a folder, created if absent.
        workers: number of threads; each scores one utterance at a time.
        max_loss: the largest share of utterances that may be dropped.

    Raises:
        DataError: no utterances, or too many of them dropped: unreadable audio, values that are not finite.
    """
    utterances = scorer.data_dir.utterances
    tally = Tally("dump", max_loss)
    started = time.perf_counter()
    matrices = score_utterances(scorer.score, utterances, workers, tally)
    with locked_folder(out):
        write_dump(
            out,
            track(matrices, "log-likelihoods", total=len(utterances)),
            num_pdfs=scorer.num_pdfs,
            asked=len(utterances),
            tally=tally,
            manifest=scorer.manifest,
        )
    seconds = time.perf_counter() - started
    logger.info("%s", tally.summary())
    scale = f", prior scale {scorer.manifest['priors']['scale']:g}" if "priors" in scorer.manifest else ""
    logger.info("written: %s in %.1f s%s", out / "loglikes.ark", seconds, scale)
    return tally
