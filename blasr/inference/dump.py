"""Log-likelihoods as Kaldi archives, for any decoder that takes them (``latgen-faster-mapped`` and the like)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blasr.errors import DataError, MismatchError
from blasr.inference.manifest import NAME, write_manifest
from blasr.io.kaldi import MatrixWriter
from blasr.tally import Tally
from blasr.units import FloatArray


@dataclass(frozen=True)
class LogLikelihoods:
    """Turns log-posteriors into ``log p(s|x) - prior_scale * log p(s)``.

    Args:
        log_priors: ``(num_pdfs,)``, natural logarithms.
        prior_scale: 1 divides by the priors, 0 leaves posteriors.
    """

    log_priors: NDArray[np.float64]
    prior_scale: float = 1.0

    def __call__(self, log_posteriors: FloatArray) -> FloatArray:
        """``(T, num_pdfs)`` to ``(T, num_pdfs)``."""
        scaled = (self.prior_scale * self.log_priors).astype(np.float32)
        return np.asarray(log_posteriors - scaled, dtype=np.float32)


def check_num_pdfs(expected: Mapping[str, int], fix: str) -> int:
    """The number of pdfs that all parts agree on.

    Args:
        expected: from what was read (a file, "the network's output layer") to its number of pdfs.
        fix: what to do about a difference.

    Raises:
        MismatchError: with every number and where it is from.
    """
    numbers = set(expected.values())
    if len(numbers) != 1:
        told = ", ".join(f"{number} in {name}" for name, number in expected.items())
        raise MismatchError(f"numbers of pdfs differ: {told}", fix=fix)
    return numbers.pop()


def check_matrix(matrix: FloatArray, num_frames: int, num_pdfs: int, utterance: str) -> None:
    """Refuse a matrix that a decoder would stumble over.

    Raises:
        DataError: another shape than ``(num_frames, num_pdfs)``, or values that are not finite.
    """
    if matrix.shape != (num_frames, num_pdfs):
        raise DataError(
            f"the log-likelihoods are {matrix.shape}, expected ({num_frames} frames, {num_pdfs} pdfs)",
            utterance=utterance,
        )
    if not np.isfinite(matrix).all():
        bad = int(np.count_nonzero(~np.isfinite(matrix)))
        raise DataError(
            f"{bad} log-likelihoods are not finite",
            utterance=utterance,
            fix="check the audio with `blasr data check`, and that the training did not diverge",
        )


def write_dump(
    out: Path,
    matrices: Iterable[tuple[str, FloatArray, int]],
    *,
    num_pdfs: int,
    asked: int,
    tally: Tally,
    manifest: Mapping[str, Any],
) -> None:
    """Write ``loglikes.ark``, ``loglikes.scp`` and ``manifest.json`` into ``out``; the archive whole or not at all.

    Args:
        out: a folder, made where absent.
        matrices: utterance-id, ``(T, num_pdfs)``, T; utterances that ``tally`` dropped are left out.
        num_pdfs: columns of every matrix.
        asked: how many utterances there should be.
        tally: what was kept and dropped; checked before anything takes its final name.
        manifest: what the log-likelihoods were made of.

    Raises:
        DataError: a matrix of another shape or with values that are not finite; too many utterances were dropped.
    """
    out.mkdir(parents=True, exist_ok=True)
    started, frames = time.perf_counter(), 0
    write_manifest(out, {**manifest, "complete": False})  # it must never describe another archive
    try:
        with MatrixWriter(out / "loglikes.ark", out / "loglikes.scp") as writer:
            for utterance, matrix, num_frames in matrices:
                check_matrix(matrix, num_frames, num_pdfs, utterance)
                writer.write(utterance, matrix)
                tally.keep()
                frames += num_frames
            tally.check()
            if tally.total != asked:
                raise DataError(f"{asked} utterances were asked for, log-likelihoods of {tally.total} came", path=out)
    finally:
        if not (out / "loglikes.ark").exists():
            (out / NAME).unlink(missing_ok=True)
    utterances = {"asked": asked, "written": tally.kept, "dropped": dict(tally.dropped)}
    write_manifest(
        out,
        {
            **manifest,
            "num_pdfs": num_pdfs,
            "frames": frames,
            "utterances": utterances,
            "archives": [{"file": "loglikes.ark", "bytes": (out / "loglikes.ark").stat().st_size}],
            "seconds": round(time.perf_counter() - started, 3),
            "complete": True,
        },
    )
