"""The labels of each archive of a set of alignments, converted by several processes.

A part is a folder with the labels of one archive. A part that an earlier run finished is used again, so that a run that
was stopped loses at most the archives that it was reading.
"""

from __future__ import annotations

import multiprocessing
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from blasr.errors import BlasrError
from blasr.io.atomic import atomic_dir
from blasr.io.kaldi.alignments import read_alignments
from blasr.io.kaldi.key_table import (
    KeyCollector,
    KeyTable,
    check_manifest,
    describe_files,
    load_array,
    write_manifest,
)
from blasr.units import AnyArray, IntArray

_KIND: Final = "labels of one archive"


@dataclass(frozen=True)
class LabelConversion:
    """How an alignment ``(T,)`` becomes the labels ``(T,)`` that an index stores.

    Attributes:
        function: maps one alignment, for example from transition-ids to pdf-ids; another process must be able to
            import it.
        files: the files that the function depends on. The index is stale when one of them changes.
    """

    function: Callable[[IntArray], IntArray]
    files: tuple[Path, ...] = ()


class LabelPart:
    """The utterance-ids and labels of one archive, in its order; memory-mapped.

    Attributes:
        keys: the utterance-ids.
        labels: int32: the labels of all utterances, stored consecutively.
        offsets: int64 ``(N + 1,)``: utterance n has ``labels[offsets[n]:offsets[n + 1]]``.
    """

    def __init__(self, folder: Path) -> None:
        self.keys = KeyTable.load(folder)
        self.labels: IntArray = load_array(folder, "labels")
        self.offsets: AnyArray = load_array(folder, "offsets")


def convert_archives(
    archives: Sequence[Path], folder: Path, conversion: LabelConversion | None, num_jobs: int
) -> list[LabelPart]:
    """Return the parts of all archives, which are written to subfolders of ``folder`` unless they are there.

    Raises:
        FormatError: an archive is truncated or corrupt.
        DataError: an utterance appears twice in an archive.
        BlasrError: whatever the conversion raises, with file and utterance added.
    """
    folders = [folder / f"{number:06d}" for number in range(1, len(archives) + 1)]
    work = [
        (archive, part)
        for archive, part in zip(archives, folders, strict=True)
        if not _is_current(archive, part, conversion)
    ]
    convert = partial(_convert, conversion)
    if num_jobs <= 1 or len(work) <= 1:
        for item in work:
            convert(item)
    else:
        context = multiprocessing.get_context("spawn")  # threads of a process group do not survive a fork
        with ProcessPoolExecutor(min(num_jobs, len(work)), mp_context=context) as executor:
            try:
                list(executor.map(convert, work))
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise
    return [LabelPart(part) for part in folders]


def _sources(archive: Path, conversion: LabelConversion | None) -> list[dict[str, Any]]:
    return describe_files([archive, *(conversion.files if conversion else ())])


def _is_current(archive: Path, folder: Path, conversion: LabelConversion | None) -> bool:
    try:
        check_manifest(folder, _KIND, _sources(archive, conversion))
        LabelPart(folder)
    except BlasrError:
        return False
    return True


def _convert(conversion: LabelConversion | None, item: tuple[Path, Path]) -> None:
    """Write the part of one archive."""
    archive, folder = item
    described = _sources(archive, conversion)
    keys, offsets = KeyCollector(), array("q", [0])
    with atomic_dir(folder) as temporary:
        with (temporary / "labels.npy").open("wb") as stream:
            write_label_header(stream, 0)
            for utterance, labels in _converted(archive, conversion):
                keys.add(utterance)
                offsets.append(offsets[-1] + len(labels))
                stream.write(labels.data)
            stream.seek(0)
            write_label_header(stream, offsets[-1])
        keys.table(str(archive)).save(temporary)
        np.save(temporary / "offsets.npy", np.array(offsets, np.int64), allow_pickle=False)
        write_manifest(temporary, _KIND, described, {})


def _converted(archive: Path, conversion: LabelConversion | None) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Yield utterance-ids and their labels, int32 in little-endian order and contiguous in memory."""
    for utterance, alignment in read_alignments(f"ark:{archive}"):
        try:
            labels = alignment if conversion is None else conversion.function(alignment)
        except BlasrError as error:
            raise error.at(path=archive, utterance=utterance) from None
        yield utterance, np.ascontiguousarray(labels, "<i4")


def write_label_header(stream: BinaryIO, size: int) -> None:
    """Write the header of an ``.npy`` file of int32. Numpy pads it, so its length does not depend on ``size``."""
    header = {"descr": "<i4", "fortran_order": False, "shape": (size,)}
    np.lib.format.write_array_header_1_0(stream, header)
