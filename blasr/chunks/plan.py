"""Which process trains on which utterances, in which order. Every process computes it from the lengths alone."""

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
    """An utterance to train on; ``num_frames`` is the expected number, from which the audio may differ."""

    name: str
    speaker: str
    num_frames: int


Group = tuple[PlannedUtterance, ...]
"""Utterances of one speaker that are joined."""


@dataclass(frozen=True)
class ProcessShare:
    """The part of this process among those that share the utterances.

    Args:
        rank: number of this process, from 0.
        world_size: number of processes.
    """

    rank: int = 0
    world_size: int = 1


@dataclass(frozen=True)
class ChunkPool:
    """Utterances of one process; their chunks are shuffled together.

    Args:
        groups: utterance-ids; the utterances of a group are joined.
        num_batches: number of batches that the pool gives, the same in every process.
        number: the number of the pool in its epoch, from 0.
    """

    groups: tuple[tuple[str, ...], ...]
    num_batches: int
    number: int


def num_chunks(num_frames: int, chunk_frames: int) -> int:
    """Return the fewest chunks of at most ``chunk_frames`` frames that cover ``num_frames``."""
    return -(-num_frames // chunk_frames)


def split_evenly(num_frames: int, chunk_frames: int) -> list[tuple[int, int]]:
    """Return ``(start, length)`` of the fewest chunks, of nearly equal lengths, that cover every frame exactly once."""
    edges = np.linspace(0, num_frames, num_chunks(num_frames, chunk_frames) + 1).round().astype(int)
    return [(int(start), int(end - start)) for start, end in itertools.pairwise(edges)]


def plan_epoch(
    utterances: Sequence[PlannedUtterance],
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
    world_size = share.world_size
    if len(utterances) < world_size:
        raise DataError(f"{len(utterances)} utterances cannot be shared among {world_size} processes")
    order = random.permutation(len(utterances)).tolist() if random is not None else range(len(utterances))
    pools = []
    ordered = [utterances[index] for index in order]
    for number, members in enumerate(_cut(ordered, config.pool_frames * world_size, world_size)):
        groups = _join(members, join_probability, random)
        if len(groups) < world_size:
            groups = [(member,) for member in members]
        dealt = _deal(groups, world_size)
        chunks = [sum(num_chunks(_length(group), config.chunk_frames) for group in groups) for groups in dealt]
        batches = max(1, min(round(_length(members) / config.batch_frames), *chunks))
        names = tuple(tuple(member.name for member in group) for group in dealt[share.rank])
        pools.append(ChunkPool(names, batches, number))
    return pools


def _length(group: Sequence[PlannedUtterance]) -> int:
    return sum(utterance.num_frames for utterance in group)


def _cut(utterances: list[PlannedUtterance], pool_frames: int, min_utterances: int) -> list[list[PlannedUtterance]]:
    """Return consecutive pools of about ``pool_frames`` frames, each of at least ``min_utterances`` utterances."""
    ends = np.cumsum([utterance.num_frames for utterance in utterances])
    count = max(1, round(float(ends[-1]) / pool_frames))
    number = np.minimum((ends - 1) * count // ends[-1], count - 1)
    edges = [0]
    for edge in (np.flatnonzero(np.diff(number)) + 1).tolist():
        if edge - edges[-1] >= min_utterances and len(utterances) - edge >= min_utterances:
            edges.append(edge)
    return [utterances[start:end] for start, end in itertools.pairwise([*edges, len(utterances)])]


def _join(members: list[PlannedUtterance], probability: float, random: np.random.Generator | None) -> list[Group]:
    """Return every utterance once, some of them joined with others of the same speaker."""
    if random is None or not probability:
        return [(member,) for member in members]
    open_groups: dict[str, list[PlannedUtterance]] = {}
    groups: list[list[PlannedUtterance]] = []
    for member in members:
        if member.speaker in open_groups and random.random() < probability:
            open_groups[member.speaker].append(member)
        else:
            open_groups[member.speaker] = [member]
            groups.append(open_groups[member.speaker])
    return [tuple(group) for group in groups]


def _deal(groups: list[Group], world_size: int) -> list[list[Group]]:
    """Return the groups of each process: the longest first, each to the process with the fewest frames so far."""
    if world_size == 1:
        return [groups]
    dealt: list[list[Group]] = [[] for _ in range(world_size)]
    loads = [(0, rank) for rank in range(world_size)]
    for group in sorted(groups, key=_length, reverse=True):
        load, rank = heapq.heappop(loads)
        dealt[rank].append(group)
        heapq.heappush(loads, (load + _length(group), rank))
    return dealt
