"""A set of alignments as one memory-mapped array: built once, then any utterance's labels without reading the rest.

The alignments of a large corpus (2000 hours: 720 million frames) are gzipped archives that can only be read from front
to back. Their labels are laid out as int32 in one ``.npy`` file, with a table of utterance-ids and offsets beside it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Self

import numpy as np

from blasr.errors import BlasrError, FormatError
from blasr.io.atomic import atomic_dir
from blasr.io.kaldi.alignments import alignment_files, read_alignments
from blasr.io.kaldi.key_table import KeyCollector, KeyTable, check_manifest, describe, load_array, write_manifest
from blasr.io.kaldi.specifiers import Specifier
from blasr.units import AnyArray, IntArray

_KIND: Final = "alignments"


class AlignmentIndex(Mapping[str, IntArray]):
    """Utterance-ids and their labels ``(T,)``, in the order of the archives; the arrays are read-only views.

    Args:
        folder: what :meth:`build` wrote.

    Raises:
        FormatError: there is no index, or it is damaged.
        DataError: an archive that it was built of has changed since.
    """

    def __init__(self, folder: Specifier) -> None:
        self.folder = Path(folder)
        manifest = check_manifest(self.folder, _KIND)
        self._load(manifest)

    def _load(self, manifest: Mapping[str, object]) -> None:
        self._keys = KeyTable.load(self.folder)
        self.labels: IntArray = load_array(self.folder, "labels")
        """All labels, one utterance behind the other."""
        self.offsets: AnyArray = load_array(self.folder, "offsets")
        """int64 ``(N + 1,)``: utterance n has ``labels[offsets[n]:offsets[n + 1]]``."""
        counts = (manifest.get("utterances"), manifest.get("frames"))
        if counts != (len(self._keys), len(self.labels)) or len(self.offsets) != len(self._keys) + 1:
            raise FormatError("its arrays do not fit its manifest", path=self.folder, fix="build the index anew")

    @property
    def num_frames(self) -> int:
        """Frames of all utterances together."""
        return len(self.labels)

    def lengths(self) -> AnyArray:
        """Frames of every utterance, int64 ``(N,)``."""
        return np.diff(self.offsets)

    def __getitem__(self, utterance: str) -> IntArray:
        row = self._keys.row(utterance)
        if row is None:
            raise KeyError(utterance)
        return self.labels[self.offsets[row] : self.offsets[row + 1]]

    def __contains__(self, utterance: object) -> bool:
        return isinstance(utterance, str) and self._keys.row(utterance) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    @classmethod
    def build(
        cls,
        source: Specifier,
        folder: Specifier,
        *,
        convert: Callable[[IntArray], IntArray] | None = None,
        depends_on: Sequence[Specifier] = (),
    ) -> Self:
        """Read alignments once and lay them out in a folder, which appears when it is complete.

        Memory does not grow with the frames; for every utterance its id and 24 bytes are held.

        Args:
            source: an archive, or a folder of ``ali.*.gz``.
            folder: where the index goes; one that is there is replaced.
            convert: applied to every alignment, such as a transition model's ``pdf_ids``.
            depends_on: further files whose change makes the index stale, such as that model.

        Raises:
            FormatError: an archive is truncated or corrupt.
            DataError: an utterance stands in them twice.
        """
        files = _files(source)
        sources = describe([*files, *map(Path, depends_on)])
        keys, offsets = KeyCollector(), array("q", [0])
        with atomic_dir(folder) as temporary:
            with (temporary / "labels.npy").open("wb") as stream:
                _write_head(stream, 0)
                for file in files:
                    for utterance, alignment in read_alignments(f"ark:{file}"):
                        labels = alignment if convert is None else _converted(convert, alignment, file, utterance)
                        stream.write(np.ascontiguousarray(labels, "<i4").data)
                        keys.add(utterance)
                        offsets.append(offsets[-1] + len(labels))
                stream.seek(0)
                _write_head(stream, offsets[-1])
            keys.table(str(source)).save(temporary)
            np.save(temporary / "offsets.npy", np.array(offsets, np.int64), allow_pickle=False)
            write_manifest(temporary, _KIND, sources, utterances=len(offsets) - 1, frames=offsets[-1])
        return cls(folder)

    @classmethod
    def open_or_build(
        cls,
        source: Specifier,
        folder: Specifier,
        *,
        convert: Callable[[IntArray], IntArray] | None = None,
        depends_on: Sequence[Specifier] = (),
    ) -> Self:
        """The index in ``folder`` if it is of these very files, unchanged; otherwise built anew, as :meth:`build`."""
        try:
            check_manifest(Path(folder), _KIND, describe([*_files(source), *map(Path, depends_on)]))
            return cls(folder)
        except BlasrError:
            return cls.build(source, folder, convert=convert, depends_on=depends_on)


def _files(source: Specifier) -> list[Path]:
    path = Path(source)
    if path.is_dir():
        return alignment_files(path)
    if not path.is_file():
        raise FormatError("cannot be opened: no such file or folder", path=source)
    return [path]


def _converted(convert: Callable[[IntArray], IntArray], alignment: IntArray, file: Path, utterance: str) -> IntArray:
    try:
        return convert(alignment)
    except BlasrError as error:
        raise error.at(path=file, utterance=utterance) from None


def _write_head(stream: BinaryIO, size: int) -> None:
    """The head of an ``.npy`` file of int32; numpy pads it so that its length does not depend on ``size``."""
    header = {"descr": "<i4", "fortran_order": False, "shape": (size,)}
    np.lib.format.write_array_header_1_0(stream, header)
