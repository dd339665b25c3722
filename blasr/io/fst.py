"""OpenFst's binary files as flat arrays: vector and const transducers over the standard (tropical) arc.

The formats are those of OpenFst's ``fst.cc`` (header), ``vector-fst.h``, ``const-fst.h`` and ``symbol-table.cc``. The
files are little-endian. A vector transducer stores for each state its final weight (float32), its number of arcs
(int64) and its arcs (int32 ilabel, int32 olabel, float32 weight, int32 nextstate).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from blasr.errors import FormatError
from blasr.io.atomic import atomic_path
from blasr.units import AnyArray, FloatArray, IntArray

_NO_STATE: Final = -1  # the start state of a transducer without states

_FST_MAGIC: Final = 2125659606
_SYMBOLS_MAGIC: Final = 2125658996
_HAS_INPUT_SYMBOLS, _HAS_OUTPUT_SYMBOLS, _IS_ALIGNED = 1, 2, 4
_VECTOR_VERSION: Final = 2
_CONST_ALIGNED_VERSION, _CONST_VERSION = 1, 2
_ALIGNMENT: Final = 16
_EXPANDED_MUTABLE: Final = 3  # the two properties that every vector transducer has; the others are not known
_STATE_WORDS, _ARC_WORDS = 3, 4  # 4-byte words in the header of a vector state and in an arc
_ARC: Final = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("weight", "<f4"), ("nextstate", "<i4")])
_BLOCK: Final = 1 << 18  # arcs, or states, that are written at a time
_CONST_STATE: Final = np.dtype(
    [("final", "<f4"), ("position", "<u4"), ("arcs", "<u4"), ("iepsilons", "<u4"), ("oepsilons", "<u4")]
)


@dataclass(frozen=True, eq=False)
class Fst:
    """A weighted transducer of S states and A arcs in compressed rows; weights are costs (negated logarithms).

    Attributes:
        start: the start state; -1 if there are no states.
        offsets: int64 ``(S + 1,)``: the arcs of state s are ``offsets[s]:offsets[s + 1]``.
        ilabel: int32 ``(A,)``: input labels; 0 is epsilon.
        olabel: int32 ``(A,)``: output labels; 0 is epsilon.
        weight: float32 ``(A,)``: costs.
        nextstate: int32 ``(A,)``: the state that each arc enters.
        final: float32 ``(S,)``: the cost of ending in a state; inf if the state is not final.
    """

    start: int
    offsets: NDArray[np.int64]
    ilabel: IntArray
    olabel: IntArray
    weight: FloatArray
    nextstate: IntArray
    final: FloatArray

    @property
    def num_states(self) -> int:
        """The number of states, S."""
        return len(self.final)

    @property
    def num_arcs(self) -> int:
        """The number of arcs, A."""
        return len(self.ilabel)

    @property
    def sources(self) -> IntArray:
        """int32 ``(A,)``: the state that each arc leaves."""
        return np.repeat(np.arange(self.num_states, dtype=np.int32), np.diff(self.offsets))

    @staticmethod
    def from_arcs(
        start: int,
        final: ArrayLike,
        source: ArrayLike,
        ilabel: ArrayLike,
        olabel: ArrayLike,
        weight: ArrayLike,
        nextstate: ArrayLike,
    ) -> Fst:
        """Build a transducer from arcs in any order; the arcs of one state keep their order."""
        sources = np.asarray(source, dtype=np.int64)
        finals = np.asarray(final, dtype=np.float32)
        order = np.argsort(sources, kind="stable")
        offsets = np.zeros(len(finals) + 1, dtype=np.int64)
        np.cumsum(np.bincount(sources, minlength=len(finals)), out=offsets[1:])
        return Fst(
            start=start,
            offsets=offsets,
            ilabel=np.asarray(ilabel, dtype=np.int32)[order],
            olabel=np.asarray(olabel, dtype=np.int32)[order],
            weight=np.asarray(weight, dtype=np.float32)[order],
            nextstate=np.asarray(nextstate, dtype=np.int32)[order],
            final=finals,
        )


def read_fst(path: str | PathLike[str]) -> Fst:
    """Read an OpenFst binary file (vector or const, standard arc); symbol tables are skipped.

    Raises:
        FormatError: the file is something else, truncated or corrupt; the error names the byte.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path, fix="check the path") from error
    return fst_from_bytes(data, path=path)


def write_fst(fst: Fst, path: str | PathLike[str]) -> None:
    """Write an OpenFst binary vector transducer, for OpenFst, Kaldi and :func:`read_fst`."""
    with atomic_path(Path(path)) as temporary, Path(temporary).open("wb") as stream:
        stream.writelines(_blocks(fst))


def fst_to_bytes(fst: Fst) -> bytes:
    """The bytes that :func:`write_fst` writes."""
    return b"".join(_blocks(fst))


def _blocks(fst: Fst) -> Iterator[bytes]:
    """Yield the bytes of the file, some states at a time, so that no copy of a large transducer is in memory."""
    yield (
        struct.pack("<i", _FST_MAGIC)
        + _string("vector")
        + _string("standard")
        + struct.pack("<iiQqqq", _VECTOR_VERSION, 0, _EXPANDED_MUTABLE, fst.start, fst.num_states, fst.num_arcs)
    )
    first = 0
    while first < fst.num_states:
        last = int(np.searchsorted(fst.offsets, fst.offsets[first] + _BLOCK, side="right")) - 1
        last = min(max(last, first + 1), first + _BLOCK)
        yield _block(fst, first, last)
        first = last


def _block(fst: Fst, first: int, last: int) -> bytes:
    """The bytes of the states from ``first`` to before ``last``."""
    rows = slice(int(fst.offsets[first]), int(fst.offsets[last]))
    offsets = fst.offsets[first : last + 1] - rows.start
    sizes = np.diff(offsets)
    num_arcs = rows.stop - rows.start
    words = np.empty(_STATE_WORDS * len(sizes) + _ARC_WORDS * num_arcs, dtype="<i4")
    states = _STATE_WORDS * np.arange(len(sizes)) + _ARC_WORDS * offsets[:-1]
    words[states] = fst.final[first:last].astype("<f4").view("<i4")
    words[states + 1] = sizes
    words[states + 2] = 0  # the upper half of the number of arcs
    arcs = _STATE_WORDS * np.repeat(np.arange(1, len(sizes) + 1), sizes) + _ARC_WORDS * np.arange(num_arcs)
    words[arcs] = fst.ilabel[rows]
    words[arcs + 1] = fst.olabel[rows]
    words[arcs + 2] = fst.weight[rows].astype("<f4").view("<i4")
    words[arcs + 3] = fst.nextstate[rows]
    return words.tobytes()


def fst_from_bytes(data: bytes, *, path: str | PathLike[str] | None = None) -> Fst:
    """Parse what :func:`read_fst` reads; ``path`` is named in errors."""
    reader = _FstReader(data, path)
    if len(data) < 4 or reader.unpack("i") != _FST_MAGIC:
        raise reader.error("not an OpenFst binary file", offset=0)
    fst_type, arc_type = reader.string(), reader.string()
    if arc_type != "standard":
        raise reader.error(f"the arcs of the FST are {arc_type!r}, expected 'standard' (tropical) ones")
    if fst_type not in ("vector", "const"):
        raise reader.error(f"the type of the FST is {fst_type!r}, expected 'vector' or 'const'")
    version, flags = reader.unpack("i"), reader.unpack("i")
    reader.unpack("Q")  # properties: they are not needed and cannot be trusted
    start, num_states, num_arcs = reader.unpack("q"), reader.unpack("q"), reader.unpack("q")
    for flag in (_HAS_INPUT_SYMBOLS, _HAS_OUTPUT_SYMBOLS):
        if flags & flag:
            reader.skip_symbols()
    if fst_type == "vector":
        if version != _VECTOR_VERSION:
            raise reader.error(f"found version {version} of vector FSTs, expected {_VECTOR_VERSION}")
        fst = _read_vector(reader, start, num_states)
    else:
        if version not in (_CONST_ALIGNED_VERSION, _CONST_VERSION):
            raise reader.error(f"found version {version} of const FSTs, expected 1 or 2")
        aligned = bool(flags & _IS_ALIGNED) or version == _CONST_ALIGNED_VERSION
        fst = _read_const(reader, start, num_states, num_arcs, aligned)
    if reader.left:
        raise reader.error(f"{reader.left} bytes left after the last state")
    return _checked(fst, reader)


class _FstReader:
    """A cursor over bytes that never passes their end."""

    def __init__(self, data: bytes, path: str | PathLike[str] | None) -> None:
        self.data = data
        self.path = path
        self.offset = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.offset

    def error(self, message: str, offset: int | None = None) -> FormatError:
        return FormatError(f"{message} (at byte {self.offset if offset is None else offset})", path=self.path)

    def take(self, size: int, what: str) -> memoryview:
        if not 0 <= size <= self.left:
            raise self.error(f"truncated: {what} needs {size} bytes and {self.left} are left")
        self.offset += size
        return memoryview(self.data)[self.offset - size : self.offset]

    def unpack(self, code: str) -> int:
        layout = struct.Struct(f"<{code}")
        return int(layout.unpack(self.take(layout.size, "the header"))[0])

    def string(self) -> str:
        return bytes(self.take(self.unpack("i"), "a string")).decode("utf-8", "replace")

    def skip_symbols(self) -> None:
        if self.unpack("i") != _SYMBOLS_MAGIC:
            raise self.error("a corrupt symbol table", offset=self.offset - 4)
        self.string()
        self.unpack("q")
        for _ in range(self.unpack("q")):
            self.string()
            self.unpack("q")

    def align(self) -> None:
        self.take(-self.offset % _ALIGNMENT, "alignment")


def _read_vector(reader: _FstReader, start: int, num_states: int) -> Fst:
    if num_states > reader.left // (4 * _STATE_WORDS):
        raise reader.error(f"truncated: the header declares {num_states} states and {reader.left} bytes are left")
    from blasr.io.vector_states import copy_states, measure_states  # numba takes a second to import

    begin = reader.offset
    words = np.frombuffer(reader.take(reader.left - reader.left % 4, "the states"), dtype="<i4")
    size = measure_states(words, num_states)
    if not size.is_whole:
        raise reader.error(f"truncated or corrupt in state {size.num_states - 1}", offset=begin + 4 * size.last)
    if size.end > len(words):
        raise reader.error(f"truncated in the arcs of state {size.num_states - 1}", offset=begin + 4 * size.last)
    reader.offset = begin + 4 * size.end
    offsets = np.empty(size.num_states + 1, dtype=np.int64)
    ilabel, olabel, nextstate = (np.empty(size.num_arcs, dtype=np.int32) for _ in range(3))
    weight, final = (np.empty(count, dtype=np.float32) for count in (size.num_arcs, size.num_states))
    copy_states(words, offsets, ilabel, olabel, weight.view(np.int32), nextstate, final.view(np.int32))
    return Fst(start, offsets, ilabel, olabel, weight, nextstate, final)


def _read_const(reader: _FstReader, start: int, num_states: int, num_arcs: int, aligned: bool) -> Fst:
    if min(num_states, num_arcs) < 0:
        raise reader.error(f"a const FST of {num_states} states and {num_arcs} arcs")
    if aligned:
        reader.align()
    states = np.frombuffer(reader.take(num_states * _CONST_STATE.itemsize, "the states"), dtype=_CONST_STATE)
    if aligned:
        reader.align()
    arcs = np.frombuffer(reader.take(num_arcs * _ARC.itemsize, "the arcs"), dtype=_ARC)
    offsets = np.zeros(num_states + 1, dtype=np.int64)
    np.cumsum(states["arcs"], out=offsets[1:])
    if offsets[-1] != num_arcs or not np.array_equal(states["position"], offsets[:-1]):
        raise reader.error("corrupt: the arcs of the states are not stored consecutively")
    return _from_records(start, offsets, arcs, states["final"])


def _from_records(start: int, offsets: NDArray[np.int64], arcs: AnyArray, final: AnyArray) -> Fst:
    return Fst(
        start=start,
        offsets=offsets,
        ilabel=arcs["ilabel"].astype(np.int32),
        olabel=arcs["olabel"].astype(np.int32),
        weight=arcs["weight"].astype(np.float32),
        nextstate=arcs["nextstate"].astype(np.int32),
        final=final.astype(np.float32),
    )


def _checked(fst: Fst, reader: _FstReader) -> Fst:
    if not (0 <= fst.start < fst.num_states or (fst.start == _NO_STATE and fst.num_states == 0)):
        raise reader.error(f"start state {fst.start} of an FST with {fst.num_states} states")
    if fst.num_arcs:
        lowest, highest = int(fst.nextstate.min()), int(fst.nextstate.max())
        if lowest < 0 or highest >= fst.num_states:
            found = lowest if lowest < 0 else highest
            raise reader.error(f"an arc to state {found} of an FST with {fst.num_states} states")
        if min(int(fst.ilabel.min()), int(fst.olabel.min())) < 0:
            raise reader.error("an arc with a negative label")
    if np.isnan(fst.weight).any() or np.isnan(fst.final).any():
        raise reader.error("a weight that is not a number")
    return fst


def _string(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<i", len(encoded)) + encoded
