"""Posteriors as Kaldi's tables hold them (``hmm/posterior``): some ids and their weights for every frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np

from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter
from blasr.io.kaldi.text_streams import TextReader, TextWriter
from blasr.units import AnyArray, FloatArray, IntArray

_PAIR: Final = np.dtype([("id_size", "i1"), ("id", "<i4"), ("weight_size", "i1"), ("weight", "<f4")])


@dataclass(frozen=True, eq=False)
class Posterior:
    """The posteriors of T frames as flat arrays.

    Attributes:
        offsets: int64 ``(T + 1,)``: the entries of frame t are ``offsets[t]`` to ``offsets[t + 1] - 1``.
        ids: int32, for example transition-ids (from 1) or pdf-ids (from 0).
        weights: float32, one for each id.
    """

    offsets: AnyArray
    ids: IntArray
    weights: FloatArray

    @classmethod
    def from_frames(cls, frames: Iterable[Sequence[tuple[int, float]]]) -> Self:
        """The posterior of frames that are lists of pairs of an id and its weight."""
        lists = [list(frame) for frame in frames]
        pairs = [pair for frame in lists for pair in frame]
        offsets = np.cumsum([0, *map(len, lists)])
        ids = np.array([number for number, _ in pairs], np.int32)
        return cls(offsets, ids, np.array([weight for _, weight in pairs], np.float32))

    @classmethod
    def from_alignment(cls, labels: AnyArray) -> Self:
        """One label with weight 1 for every frame (``ali-to-post``)."""
        ids = np.array(labels, np.int32)
        return cls(np.arange(len(ids) + 1), ids, np.ones(len(ids), np.float32))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[list[tuple[int, float]]]:
        ids, weights, offsets = self.ids.tolist(), self.weights.tolist(), self.offsets.tolist()
        for first, last in pairwise(offsets):
            yield list(zip(ids[first:last], weights[first:last], strict=True))


def read_posterior(reader: BinaryReader) -> Posterior:
    """Read a posterior in binary form; :class:`FormatError` if it is truncated or corrupt."""
    num_frames = reader.check_count(reader.int32("the number of frames"), 5, "frames")
    sizes: list[int] = []
    pieces: list[bytes] = []
    for _ in range(num_frames):
        size = reader.check_count(reader.int32("the number of entries of a frame"), _PAIR.itemsize, "entries")
        sizes.append(size)
        if size:
            pieces.append(reader.take(size * _PAIR.itemsize, "the entries of a frame"))
    pairs = np.frombuffer(b"".join(pieces), _PAIR)
    if np.count_nonzero(pairs["id_size"] != 4) or np.count_nonzero(pairs["weight_size"] != 4):
        raise reader.error("a size byte among the entries of a posterior is not 4")
    return Posterior(np.cumsum([0, *sizes]), pairs["id"].astype(np.int32), pairs["weight"].astype(np.float32))


def read_posterior_text(reader: TextReader) -> Posterior:
    """Read a posterior in text form: ``[ ID WEIGHT ID WEIGHT ... ]`` for every frame."""
    frames: list[list[tuple[int, float]]] = []
    while (token := reader.try_token()) is not None:
        if token != "[":
            raise reader.error(f"expected the [ of a frame, found {token[:80]!r}")
        frame: list[tuple[int, float]] = []
        while (token := reader.token("the ] of a frame")) != "]":
            if not token.lstrip("-").isdecimal() or not token.isascii() or len(token) > 10 or abs(int(token)) >> 31:
                raise reader.error(f"expected an id, found {token[:80]!r}")
            frame.append((int(token), reader.float32("a weight")))
        frames.append(frame)
    return Posterior.from_frames(frames)


def write_posterior(writer: BinaryWriter, posterior: Posterior) -> None:
    """Write a posterior in binary form."""
    pairs = np.empty(len(posterior.ids), _PAIR)
    pairs["id_size"] = pairs["weight_size"] = 4
    pairs["id"], pairs["weight"] = posterior.ids, posterior.weights
    data, offsets = pairs.tobytes(), (posterior.offsets * _PAIR.itemsize).tolist()
    writer.int32(len(posterior))
    for first, last in pairwise(offsets):
        writer.int32((last - first) // _PAIR.itemsize)
        writer.raw(data[first:last])


def write_posterior_text(writer: TextWriter, posterior: Posterior) -> None:
    """Write a posterior in text form."""
    for frame in posterior:
        writer.token("[")
        for number, weight in frame:
            writer.int32(number)
            writer.float32(weight)
        writer.token("]")
    writer.newline()
