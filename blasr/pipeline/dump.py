"""Log-likelihoods of a data directory as Kaldi archives or streams, for external decoders."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blasr.errors import ConfigError, DataError
from blasr.inference.acoustic_scorer import score_utterances
from blasr.inference.dump import write_dump, write_table
from blasr.io.folder_lock import locked_folder
from blasr.io.kaldi import Wspecifier
from blasr.pipeline.data_scorers import DataScorer
from blasr.progress import track
from blasr.tally import Tally

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DumpOutput:
    """Where log-likelihoods go.

    Attributes:
        out: a folder, created if absent, for ``loglikes.ark``, ``loglikes.scp`` and ``manifest.json``; or a wspecifier
            such as ``ark:-`` or ``ark,scp:FILE.ark,FILE.scp`` as text.
        manifest: with a wspecifier, the file that receives the manifest at the end.
        bytes_per_value: 4 for floats, 2 or 1 for compressed matrices (:data:`blasr.inference.dump.HOLDERS`).
        allow_pipes: run a command that the wspecifier names.

    Raises:
        ConfigError: there is a manifest file beside a folder, which has its own.
        DataError: the folder is a file.
    """

    out: Path | str
    manifest: Path | None = None
    bytes_per_value: int = 4
    allow_pipes: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.out, str):
            names = Wspecifier.parse(self.out)
            if names.ark == "-" and names.binary and sys.stdout.isatty():
                fix = "pipe it into a program, or name a file"
                raise ConfigError("the standard output is a terminal, which cannot show an archive", fix=fix)
        elif self.manifest is not None:
            raise ConfigError("a directory has its own manifest.json", fix="leave out --manifest")
        elif self.out.exists() and not self.out.is_dir():
            message = "is a file, expected a directory for loglikes.ark, loglikes.scp and manifest.json"
            raise DataError(message, path=self.out, fix=f"name a directory, or an archive with --out ark:{self.out}")


def dump(scorer: DataScorer, output: DumpOutput | Path, *, workers: int = 1, max_loss: float = 0.05) -> Tally:
    """Write the log-likelihoods of all utterances, in their order.

    Args:
        scorer: a network or GMMs, with the data directory.
        output: where they go; a path is a folder.
        workers: number of threads; each scores one utterance at a time. At most two per thread are in memory.
        max_loss: the largest share of utterances that may be dropped.

    Raises:
        DataError: no utterances, or too many of them dropped: unreadable audio, values that are not finite.
    """
    output = output if isinstance(output, DumpOutput) else DumpOutput(output)
    utterances = scorer.data_dir.utterances
    tally = Tally("dump", max_loss)
    started = time.perf_counter()
    matrices = track(
        score_utterances(scorer.score, utterances, workers, tally), "log-likelihoods", total=len(utterances)
    )
    facts: dict[str, Any] = {
        "num_pdfs": scorer.num_pdfs,
        "asked": len(utterances),
        "tally": tally,
        "manifest": scorer.manifest,
    }
    if isinstance(output.out, str):
        write_table(
            Wspecifier.parse(output.out),
            matrices,
            manifest_file=output.manifest,
            bytes_per_value=output.bytes_per_value,
            allow_pipes=output.allow_pipes,
            **facts,
        )
        place: str | Path = output.out
    else:
        with locked_folder(output.out):
            write_dump(output.out, matrices, bytes_per_value=output.bytes_per_value, **facts)
        place = output.out / "loglikes.ark"
    seconds = time.perf_counter() - started
    logger.info("%s", tally.summary())
    if usage := scorer.describe_usage():
        logger.info("%s", usage)
    scale = f", prior scale {scorer.manifest['priors']['scale']:g}" if "priors" in scorer.manifest else ""
    logger.info("written: %s in %.1f s%s", place, seconds, scale)
    return tally
