"""Log-likelihoods as Kaldi archives, for any decoder that reads them (``latgen-faster-mapped`` and others)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from blasr.errors import DataError
from blasr.inference.loglike_checks import check_matrix
from blasr.inference.manifest import MANIFEST_NAME, write_manifest
from blasr.io.kaldi import MatrixWriter
from blasr.tally import Tally
from blasr.units import FloatArray


def write_dump(
    out: Path,
    matrices: Iterable[tuple[str, FloatArray]],
    *,
    num_pdfs: int,
    asked: int,
    tally: Tally,
    manifest: Mapping[str, Any],
) -> None:
    """Write ``loglikes.ark``, ``loglikes.scp`` and ``manifest.json`` into ``out``; the archive whole or not at all.

    Args:
        out: a folder, created if absent.
        matrices: utterance-ids and log-likelihoods ``(T, num_pdfs)``; utterances that ``tally`` dropped are left out.
        num_pdfs: the columns of every matrix.
        asked: the number of utterances that were requested.
        tally: counts what was kept and dropped. It is checked before anything gets its final name.
        manifest: the inputs of the log-likelihoods.

    Raises:
        MismatchError: a matrix has another shape.
        DataError: too many utterances were dropped, those with values that are not finite included.
    """
    out.mkdir(parents=True, exist_ok=True)
    started, frames = (time.perf_counter(), time.process_time()), 0
    write_manifest(out, {**manifest, "complete": False})  # it must never describe another archive
    try:
        with MatrixWriter(out / "loglikes.ark", out / "loglikes.scp") as writer:
            for utterance, matrix in matrices:
                try:
                    check_matrix(matrix, len(matrix), num_pdfs, utterance)
                except DataError as error:
                    tally.drop_error(utterance, error)
                    continue
                writer.write(utterance, matrix)
                tally.keep()
                frames += len(matrix)
            tally.check()
            if tally.total != asked:
                raise DataError(f"expected log-likelihoods of {asked} utterances, found {tally.total}", path=out)
    finally:
        if not (out / "loglikes.ark").exists():
            (out / MANIFEST_NAME).unlink(missing_ok=True)
    utterances = {"asked": asked, "written": tally.kept, "dropped": dict(tally.dropped)}
    write_manifest(
        out,
        {
            **manifest,
            "num_pdfs": num_pdfs,
            "frames": frames,
            "utterances": utterances,
            "archives": [{"file": "loglikes.ark", "bytes": (out / "loglikes.ark").stat().st_size}],
            "seconds": round(time.perf_counter() - started[0], 3),
            "processor_seconds": round(time.process_time() - started[1], 3),
            "complete": True,
        },
    )
