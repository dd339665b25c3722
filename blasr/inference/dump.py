"""Log-likelihoods as Kaldi archives, for any decoder that reads them (``latgen-faster-mapped`` and others)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from blasr.errors import ConfigError, DataError
from blasr.inference.loglike_checks import check_matrix
from blasr.inference.manifest import MANIFEST_NAME, write_manifest, write_manifest_file
from blasr.io.kaldi import MATRIX, CompressionMethod, Holder, TableWriter, Wspecifier, compressed_matrix
from blasr.tally import Tally
from blasr.units import AnyArray, FloatArray

Item = tuple[str, FloatArray]

HOLDERS: Final[Mapping[int, Holder[AnyArray]]] = {
    4: MATRIX,
    2: compressed_matrix(CompressionMethod.TWO_BYTE_AUTO),
    1: compressed_matrix(CompressionMethod.AUTOMATIC),
}
"""How matrices are written, by the bytes of a value: as 32-bit floats, or as Kaldi's compressed matrices.

With 2 bytes (CM2) no value changes by more than 1/125,000 of the range of its matrix. With 1 byte (CM, or CM2 for up to
8 rows) no value changes by more than 1/125 of the range of its column and 1/16,000 of the range of its matrix.
"""


def write_dump(
    out: Path,
    matrices: Iterable[Item],
    *,
    num_pdfs: int,
    asked: int,
    tally: Tally,
    manifest: Mapping[str, Any],
    bytes_per_value: int = 4,
) -> None:
    """Write ``loglikes.ark``, ``loglikes.scp`` and ``manifest.json`` into ``out``; the archive whole or not at all.

    Args:
        out: a folder, created if absent.
        matrices: utterance-ids and log-likelihoods ``(T, num_pdfs)``; utterances that ``tally`` dropped are left out.
        num_pdfs: the columns of every matrix.
        asked: the number of utterances that were requested.
        tally: counts what was kept and dropped. It is checked before anything gets its final name.
        manifest: the inputs of the log-likelihoods.
        bytes_per_value: a key of :data:`HOLDERS`.

    Raises:
        MismatchError: a matrix has another shape.
        DataError: too many utterances were dropped, those with values that are not finite included.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = _Written(num_pdfs, tally, bytes_per_value)
    write_manifest(out, {**manifest, "complete": False})  # it must never describe another archive
    names = Wspecifier(str(out / "loglikes.ark"), str(out / "loglikes.scp"))
    try:
        with TableWriter(names, HOLDERS[bytes_per_value]) as writer:
            for utterance, matrix in written.usable(matrices):
                writer.write(utterance, matrix)
            written.check(asked, out)
    finally:
        if not (out / "loglikes.ark").exists():
            (out / MANIFEST_NAME).unlink(missing_ok=True)
    archives = [{"file": "loglikes.ark", "bytes": (out / "loglikes.ark").stat().st_size}]
    write_manifest(out, {**manifest, **written.facts(asked), "archives": archives, "complete": True})


def write_table(
    names: Wspecifier,
    matrices: Iterable[Item],
    *,
    num_pdfs: int,
    asked: int,
    tally: Tally,
    manifest: Mapping[str, Any],
    manifest_file: Path | None = None,
    bytes_per_value: int = 4,
    allow_pipes: bool = False,
) -> None:
    """Write log-likelihoods to a table of Kaldi: files, the standard output or a command.

    A stream cannot be taken back. Its reader has everything that was written before an error, and ``manifest_file``
    exists only if there was none.

    Args:
        names: the table.
        matrices, num_pdfs, asked, tally, manifest, bytes_per_value: as for :func:`write_dump`.
        manifest_file: receives the manifest.
        allow_pipes: run a command in place of a file.

    Raises:
        ConfigError: the folder of a file has the manifest of another dump.
        MismatchError, DataError: as for :func:`write_dump`; too many losses end a stream early.
    """
    for name in (names.ark, names.scp):
        if name is not None and (beside := Path(name).parent / MANIFEST_NAME).is_file() and "|" not in name:
            message = "belongs to a dump in this folder, and would be read as that of the new archive"
            raise ConfigError(message, path=beside, fix="write the archive into another folder")
    if manifest_file is not None:
        with suppress(FileNotFoundError):
            manifest_file.unlink()
    written = _Written(num_pdfs, tally, bytes_per_value)
    with TableWriter(names, HOLDERS[bytes_per_value], allow_pipes=allow_pipes) as writer:
        for utterance, matrix in written.usable(matrices, asked):
            writer.write(utterance, matrix)
        written.check(asked, names.ark or str(names.scp))
    if manifest_file is not None:
        write_manifest_file(manifest_file, {**manifest, **written.facts(asked), "complete": True})


class _Written:
    """Checks and counts the matrices of one dump."""

    def __init__(self, num_pdfs: int, tally: Tally, bytes_per_value: int) -> None:
        self._num_pdfs, self._tally, self._bytes_per_value = num_pdfs, tally, bytes_per_value
        self._started, self._frames = (time.perf_counter(), time.process_time()), 0

    def usable(self, matrices: Iterable[Item], expected: int | None = None) -> Iterator[Item]:
        """Yield the matrices with finite values; with ``expected``, stop as soon as too many are lost."""
        for utterance, matrix in matrices:
            try:
                check_matrix(matrix, len(matrix), self._num_pdfs, utterance)
            except DataError as error:
                self._tally.drop_error(utterance, error)
            else:
                yield utterance, matrix
                self._tally.keep()
                self._frames += len(matrix)
            if expected is not None:
                self._tally.check_early(expected)

    def check(self, asked: int, place: str | Path) -> None:
        """Check the losses, and that every utterance was counted."""
        self._tally.check()
        if self._tally.total != asked:
            raise DataError(f"expected log-likelihoods of {asked} utterances, found {self._tally.total}", path=place)

    def facts(self, asked: int) -> dict[str, Any]:
        """Return what the manifest says about the matrices."""
        return {
            "num_pdfs": self._num_pdfs,
            "bytes_per_value": self._bytes_per_value,
            "frames": self._frames,
            "utterances": {"asked": asked, "written": self._tally.kept, "dropped": dict(self._tally.dropped)},
            "seconds": round(time.perf_counter() - self._started[0], 3),
            "processor_seconds": round(time.process_time() - self._started[1], 3),
        }
