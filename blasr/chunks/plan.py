"""Which process trains on which utterances, in which order: known to every process from lengths alone."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blasr.chunks.config import ChunkConfig
from blasr.errors import DataError


@dataclass(frozen=True, slots=True)
class PlannedUtterance:
    """An utterance to train on; ``num_frames`` is expected, not yet known for certain."""

    name: str
    speaker: str
    num_frames: int


@dataclass(frozen=True)
class Pool:
    """Utterances whose chunks are shuffled among each other, of one process.

    Args:
        groups: utterance-ids; those of one group follow one another as one string.
        num_batches: how many batches the pool gives, the same number in every process.
        number: of the pool in its epoch, from 0.
    """

    groups: tuple[tuple[str, ...], ...]
    num_batches: int
    number: int


def num_chunks(num_frames: int, chunk_frames: int) -> int:
    """The fewest chunks of at most ``chunk_frames`` frames that cover ``num_frames``."""
    return -(-num_frames // chunk_frames)


def split_evenly(num_frames: int, chunk_frames: int) -> list[tuple[int, int]]:
    """``(start, length)`` of the fewest chunks, of even lengths, that cover every frame exactly once."""
    edges = np.linspace(0, num_frames, num_chunks(num_frames, chunk_frames) + 1).round().astype(int)
    return [(int(start), int(end - start)) for start, end in itertools.pairwise(edges)]


def plan_epoch(
    entries: Sequence[PlannedUtterance],
    config: ChunkConfig,
    *,
    random: np.random.Generator | None,
    rank: int = 0,
    world_size: int = 1,
    join_probability: float = 0.0,
) -> list[Pool]:
    """The pools of one process.

    Args:
        entries: every utterance of the corpus, in the same order in every process.
        config: sizes.
        random: shuffles and joins, in the same state in every process; None keeps the order.
        rank: of this process, from 0.
        world_size: number of processes; every group belongs to exactly one of them.
        join_probability: how likely an utterance is followed by another of its speaker.

    Raises:
        DataError: fewer utterances than processes.
    """
    if len(entries) < world_size:
        raise DataError(f"{len(entries)} utterances cannot be shared among {world_size} processes")
    order = random.permutation(len(entries)).tolist() if random is not None else range(len(entries))
    pools = []
    ordered = [entries[index] for index in order]
    for number, members in enumerate(_cut(ordered, config.pool_frames * world_size, world_size)):
        groups = _join(members, join_probability, random)
        if len(groups) < world_size:
            groups = [(entry,) for entry in members]
        dealt = _deal(groups, world_size)
        frames = sum(entry.num_frames for entry in members)
        chunks = [sum(num_chunks(_length(group), config.chunk_frames) for group in groups) for groups in dealt]
        batches = max(1, min(round(frames / config.batch_frames), *chunks))
        names = tuple(tuple(entry.name for entry in group) for group in dealt[rank])
        pools.append(Pool(names, batches, number))
    return pools


def _length(group: Sequence[PlannedUtterance]) -> int:
    return sum(entry.num_frames for entry in group)


def _cut(entries: list[PlannedUtterance], pool_frames: int, least: int) -> list[list[PlannedUtterance]]:
    """Consecutive pools of about ``pool_frames`` frames, each of at least ``least`` entries."""
    ends = np.cumsum([entry.num_frames for entry in entries])
    count = max(1, round(float(ends[-1]) / pool_frames))
    number = np.minimum((ends - 1) * count // ends[-1], count - 1)
    edges = [0]
    for edge in (np.flatnonzero(np.diff(number)) + 1).tolist():
        if edge - edges[-1] >= least and len(entries) - edge >= least:
            edges.append(edge)
    return [entries[start:end] for start, end in itertools.pairwise([*edges, len(entries)])]


def _join(
    members: list[PlannedUtterance], probability: float, random: np.random.Generator | None
) -> list[tuple[PlannedUtterance, ...]]:
    """Every utterance once, some of them following one another as one string of one speaker."""
    if random is None or not probability:
        return [(entry,) for entry in members]
    open_groups: dict[str, list[PlannedUtterance]] = {}
    groups: list[list[PlannedUtterance]] = []
    for entry in members:
        if entry.speaker in open_groups and random.random() < probability:
            open_groups[entry.speaker].append(entry)
        else:
            open_groups[entry.speaker] = [entry]
            groups.append(open_groups[entry.speaker])
    return [tuple(group) for group in groups]


def _deal(groups: list[tuple[PlannedUtterance, ...]], world_size: int) -> list[list[tuple[PlannedUtterance, ...]]]:
    """The groups of each process: the longest first, each to the process with the fewest frames so far."""
    if world_size == 1:
        return [groups]
    dealt: list[list[tuple[PlannedUtterance, ...]]] = [[] for _ in range(world_size)]
    loads = [(0, rank) for rank in range(world_size)]
    for group in sorted(groups, key=_length, reverse=True):
        load, rank = heapq.heappop(loads)
        dealt[rank].append(group)
        heapq.heappush(loads, (load + _length(group), rank))
    return dealt
