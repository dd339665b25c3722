"""Which process trains on which utterances, in which order. Every process computes it from the lengths alone.

Utterances are named by their places in the corpus, and a plan is a few arrays. So its memory is four bytes for an
utterance, and worker processes share it.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from blasr.chunks.config import ChunkConfig
from blasr.errors import DataError
from blasr.units import AnyArray


@dataclass(frozen=True, eq=False)
class PlannedUtterances:
    """The utterances to train on, by their places from 0.

    Attributes:
        names: the utterance-ids.
        speakers: a number for each speaker, int32 ``(N,)``.
        num_frames: the expected numbers of frames, from which the audio may differ, int32 ``(N,)``.
    """

    names: Sequence[str]
    speakers: AnyArray
    num_frames: AnyArray

    def __len__(self) -> int:
        return len(self.num_frames)


@dataclass(frozen=True)
class ProcessShare:
    """The part of this process among those that share the utterances.

    Args:
        rank: number of this process, from 0.
        world_size: number of processes.
    """

    rank: int = 0
    world_size: int = 1


@dataclass(frozen=True, eq=False)
class ChunkPool:
    """Utterances of one process; their chunks are shuffled together.

    Args:
        places: the places of the utterances, group by group; the utterances of a group are joined. int32 ``(N,)``.
        edges: group g has ``places[edges[g]:edges[g + 1]]``. int32 ``(groups + 1,)``.
        num_batches: number of batches that the pool gives, the same in every process.
        number: the number of the pool in its epoch, from 0.
    """

    places: AnyArray
    edges: AnyArray
    num_batches: int
    number: int

    def groups(self) -> Iterator[list[int]]:
        """Yield the places of the utterances of each group."""
        places, edges = self.places.tolist(), self.edges.tolist()
        return (places[first:last] for first, last in itertools.pairwise(edges))


def num_chunks(num_frames: int, chunk_frames: int) -> int:
    """Return the fewest chunks of at most ``chunk_frames`` frames that cover ``num_frames``."""
    return -(-num_frames // chunk_frames)


def split_evenly(num_frames: int, chunk_frames: int) -> list[tuple[int, int]]:
    """Return ``(start, length)`` of the fewest chunks, of nearly equal lengths, that cover every frame exactly once."""
    edges = np.linspace(0, num_frames, num_chunks(num_frames, chunk_frames) + 1).round().astype(int)
    return [(int(start), int(end - start)) for start, end in itertools.pairwise(edges)]


def plan_epoch(
    utterances: PlannedUtterances,
    config: ChunkConfig,
    share: ProcessShare,
    *,
    random: np.random.Generator | None,
    join_probability: float = 0.0,
) -> list[ChunkPool]:
    """Return the pools of one process.

    Args:
        utterances: the whole corpus, in the same order in every process.
        config: the sizes of chunks, batches and pools.
        share: this process; every group belongs to exactly one process.
        random: the generator for shuffling and joining, in the same state in every process; None keeps the order.
        join_probability: the probability that an utterance is joined to the next one of its speaker.

    Raises:
        DataError: there are fewer utterances than processes.
    """
    world_size, total = share.world_size, len(utterances)
    if total < world_size:
        raise DataError(f"{total} utterances cannot be shared among {world_size} processes")
    order = (random.permutation(total) if random is not None else np.arange(total)).astype(np.int32)
    lengths = utterances.num_frames[order]
    pools = []
    for number, (start, end) in enumerate(_cut(lengths, config.pool_frames * world_size, world_size)):
        members = order[start:end]
        groups = _join(members, utterances.speakers, join_probability, random)
        if len(groups.edges) <= world_size:
            groups = _singles(members)
        group_frames = groups.sums(utterances.num_frames)
        ranks = _deal(group_frames, world_size)
        group_chunks = -(-group_frames // config.chunk_frames)
        chunks = np.bincount(ranks.of_group, weights=group_chunks[ranks.groups], minlength=world_size)
        batches = max(1, min(round(int(group_frames.sum()) / config.batch_frames), int(chunks.min())))
        own = groups if world_size == 1 else groups.select(ranks.groups[ranks.of_group == share.rank])
        pools.append(ChunkPool(own.places, own.edges, batches, number))
    return pools


def _cut(lengths: AnyArray, pool_frames: int, min_utterances: int) -> Iterator[tuple[int, int]]:
    """Return consecutive pools of about ``pool_frames`` frames, each of at least ``min_utterances`` utterances."""
    ends = np.cumsum(lengths, dtype=np.int64)
    count = max(1, round(float(ends[-1]) / pool_frames))
    number = np.minimum((ends - 1) * count // ends[-1], count - 1)
    edges = [0]
    for edge in (np.flatnonzero(np.diff(number)) + 1).tolist():
        if edge - edges[-1] >= min_utterances and len(lengths) - edge >= min_utterances:
            edges.append(edge)
    return itertools.pairwise([*edges, len(lengths)])


@dataclass(frozen=True, eq=False)
class _Groups:
    """Utterances and the edges of their groups, as those of a :class:`ChunkPool`."""

    places: AnyArray
    edges: AnyArray

    def sums(self, num_frames: AnyArray) -> AnyArray:
        """Return the frames of each group: int64 ``(groups,)``."""
        ends = np.concatenate([[0], np.cumsum(num_frames[self.places], dtype=np.int64)])
        return np.diff(ends[self.edges])

    def select(self, groups: AnyArray) -> _Groups:
        """Return only these groups, in this order."""
        sizes = np.diff(self.edges)[groups]
        edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        within = np.arange(edges[-1]) - np.repeat(edges[:-1], sizes)
        return _Groups(self.places[np.repeat(self.edges[groups], sizes) + within], edges)


def _singles(members: AnyArray) -> _Groups:
    return _Groups(members, np.arange(len(members) + 1, dtype=np.int32))


def _join(members: AnyArray, speakers: AnyArray, probability: float, random: np.random.Generator | None) -> _Groups:
    """Return every utterance once, some of them joined with others of the same speaker."""
    if random is None or not probability:
        return _singles(members)
    open_groups: dict[int, int] = {}
    numbers = np.zeros(len(members), np.int32)
    count = 0
    for index, speaker in enumerate(speakers[members].tolist()):
        if speaker not in open_groups or random.random() >= probability:
            open_groups[speaker] = count
            count += 1
        numbers[index] = open_groups[speaker]
    edges = np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=count))]).astype(np.int32)
    return _Groups(members[np.argsort(numbers, kind="stable")], edges)


@dataclass(frozen=True, eq=False)
class _Dealt:
    """Groups in the order in which they are dealt, and the rank that receives each."""

    groups: AnyArray
    of_group: AnyArray


def _deal(group_frames: AnyArray, world_size: int) -> _Dealt:
    """Give the longest group first, each to the process with the fewest frames so far."""
    if world_size == 1:
        return _Dealt(np.arange(len(group_frames)), np.zeros(len(group_frames), np.int64))
    order = np.argsort(-group_frames, kind="stable")
    ranks = np.zeros(len(order), np.int64)
    loads = [(0, rank) for rank in range(world_size)]
    for index, frames in enumerate(group_frames[order].tolist()):
        load, ranks[index] = loads[0]
        heapq.heapreplace(loads, (load + frames, loads[0][1]))
    return _Dealt(order, ranks)
