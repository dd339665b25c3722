"""A set of alignments as one memory-mapped array, which gives the labels of any utterance without reading the rest.

The alignments of a large corpus (2000 hours: 720 million frames) are gzipped archives that can only be read from
beginning to end. An index is built from them once. It has all labels as int32 in one ``.npy`` file, and a table of
utterance-ids and offsets beside it.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

import numpy as np

from blasr.errors import BlasrError, DataError, FormatError
from blasr.io.atomic import atomic_dir
from blasr.io.kaldi.alignments import alignment_files
from blasr.io.kaldi.key_table import (
    REBUILD,
    KeyTable,
    check_manifest,
    describe_files,
    load_array,
    take_ranges,
    write_manifest,
)
from blasr.io.kaldi.label_parts import LabelConversion, LabelPart, convert_archives, write_label_header
from blasr.io.kaldi.specifiers import Specifier
from blasr.units import AnyArray, IntArray

_KIND: Final = "alignments"
_BLOCK_FRAMES: Final = 1 << 20
"""Frames that are counted at a time."""


class AlignmentIndex(Mapping[str, IntArray]):
    """Utterance-ids and their labels ``(T,)``, in the order of the archives; the arrays are read-only views.

    Args:
        folder: the folder that :meth:`build` wrote.

    Raises:
        FormatError: there is no index, or it is damaged.
        DataError: an archive that it was built from has changed since.
    """

    def __init__(self, folder: Specifier) -> None:
        self.folder = Path(folder).absolute()
        manifest = check_manifest(self.folder, _KIND)
        self.key_table = KeyTable.load(self.folder)
        """The utterance-ids."""
        self.labels: IntArray = load_array(self.folder, "labels")
        """The labels of all utterances, stored consecutively."""
        self.offsets: AnyArray = load_array(self.folder, "offsets")
        """int64 ``(N + 1,)``: utterance n has ``labels[offsets[n]:offsets[n + 1]]``."""
        self.fingerprint = str(manifest.get("fingerprint"))
        """SHA-256 of all utterance-ids and labels, in hexadecimal."""
        counts = (manifest.get("utterances"), manifest.get("frames"))
        if counts != (len(self.key_table), len(self.labels)) or len(self.offsets) != len(self.key_table) + 1:
            raise FormatError("the arrays of the index do not fit its manifest", path=self.folder, fix=REBUILD)

    def __reduce__(self) -> tuple[Any, ...]:
        """Let another process map the files instead of copying the arrays to it."""
        return type(self), (self.folder,)

    @property
    def num_frames(self) -> int:
        """The number of frames of all utterances together."""
        return len(self.labels)

    def num_frames_of(self, rows: AnyArray) -> AnyArray:
        """Return the numbers of frames of the utterances in these rows: int64 ``(N,)``."""
        return np.asarray(self.offsets[rows + 1] - self.offsets[rows])

    def counts(self, rows: AnyArray, num_labels: int) -> AnyArray:
        """Count how many frames of the utterances in these rows have each label: int64 ``(num_labels,)``."""
        total = np.zeros(num_labels, np.int64)
        sizes = self.num_frames_of(rows)
        blocks = np.searchsorted(np.cumsum(sizes), np.arange(_BLOCK_FRAMES, int(sizes.sum()), _BLOCK_FRAMES), "right")
        for first, last in itertools.pairwise([0, *blocks.tolist(), len(rows)]):
            labels = take_ranges(self.labels, self.offsets[rows[first:last]], sizes[first:last])
            total += np.bincount(labels, minlength=num_labels)
        return total

    def __getitem__(self, utterance: str) -> IntArray:
        row = self.key_table.row(utterance)
        if row is None:
            raise KeyError(utterance)
        return self.labels[self.offsets[row] : self.offsets[row + 1]]

    def __contains__(self, utterance: object) -> bool:
        return isinstance(utterance, str) and self.key_table.row(utterance) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.key_table)

    def __len__(self) -> int:
        return len(self.key_table)

    @classmethod
    def build(
        cls, source: Specifier, folder: Specifier, conversion: LabelConversion | None = None, num_jobs: int = 1
    ) -> Self:
        """Read alignments once and write their index to a folder, which appears when it is complete.

        Memory does not grow with the number of frames. For every utterance its id and 24 bytes are held. Archives that
        have been read are kept in a folder beside it until the index is complete, so that a run that was stopped
        continues.

        Args:
            source: an archive, or a folder of ``ali.*.gz``.
            folder: where the index goes; an existing folder is replaced.
            conversion: applied to every alignment before it is stored.
            num_jobs: the number of processes that read archives.

        Raises:
            FormatError: an archive is truncated or corrupt.
            DataError: an utterance appears twice, or there is none.
            BlasrError: whatever the conversion raises, with file and utterance added.
        """
        files = _archives(source)
        described = describe_files([*files, *(conversion.files if conversion else ())])
        parts_folder = Path(folder).with_name(f"{Path(folder).name}.parts")
        parts = convert_archives(files, parts_folder, conversion, num_jobs)
        if not any(len(part.keys) for part in parts):
            raise DataError("aligns no utterance", path=source, fix="look at the log of the alignment")
        with atomic_dir(folder) as temporary:
            keys = KeyTable.joined([part.keys for part in parts], str(source))
            keys.save(temporary)
            starts = np.cumsum([0, *(len(part.labels) for part in parts)])
            offsets = [part.offsets[1:] + start for part, start in zip(parts, starts[:-1], strict=True)]
            np.save(temporary / "offsets.npy", np.concatenate([np.zeros(1, np.int64), *offsets]), allow_pickle=False)
            digest = hashlib.sha256()
            with (temporary / "labels.npy").open("wb") as stream:
                write_label_header(stream, int(starts[-1]))
                for part in parts:
                    _append(part, stream, digest)
            counts = {"utterances": len(keys), "frames": int(starts[-1]), "fingerprint": digest.hexdigest()}
            write_manifest(temporary, _KIND, described, counts)
        del parts
        shutil.rmtree(parts_folder, ignore_errors=True)
        return cls(folder)

    @classmethod
    def is_current(cls, source: Specifier, folder: Specifier, conversion: LabelConversion | None = None) -> bool:
        """Whether the folder has a complete index that was built from exactly these files."""
        files = [*_archives(source), *(conversion.files if conversion else ())]
        try:
            check_manifest(Path(folder), _KIND, describe_files(files))
        except BlasrError:
            return False
        return True

    @classmethod
    def open_or_build(
        cls, source: Specifier, folder: Specifier, conversion: LabelConversion | None = None, num_jobs: int = 1
    ) -> Self:
        """Open the index in a folder if :meth:`is_current`; otherwise :meth:`build` it."""
        try:
            if cls.is_current(source, folder, conversion):
                return cls(folder)
        except BlasrError:
            pass  # it is damaged
        return cls.build(source, folder, conversion, num_jobs)


def _archives(source: Specifier) -> list[Path]:
    path = Path(source)
    if path.is_dir():
        return alignment_files(path)
    if not path.is_file():
        raise FormatError("cannot be opened: no such file or folder", path=source)
    return [path]


def _append(part: LabelPart, stream: BinaryIO, digest: Any) -> None:
    """Append the labels of a part to a file, and its ids and labels to a digest."""
    edges = part.offsets.tolist()
    for utterance, first, last in zip(part.keys, edges[:-1], edges[1:], strict=True):
        labels = part.labels[first:last].data
        digest.update(f"{utterance} {last - first}\n".encode())
        digest.update(labels)
        stream.write(labels)
