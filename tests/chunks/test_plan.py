"""Plans of epochs: every utterance once, in one process, whatever the sizes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.chunks.config import ChunkConfig
from blasr.chunks.plan import ChunkPool, PlannedUtterances, ProcessShare, plan_epoch, split_evenly
from blasr.errors import DataError


def utterances(lengths: list[int]) -> PlannedUtterances:
    names = [f"u{index:03d}" for index in range(len(lengths))]
    return PlannedUtterances(names, np.arange(len(lengths), dtype=np.int32) % 3, np.array(lengths, np.int32))


def names_of(planned: PlannedUtterances, pool: ChunkPool) -> list[tuple[str, ...]]:
    return [tuple(planned.names[place] for place in group) for group in pool.groups()]


@given(st.integers(1, 5000), st.integers(1, 400))
def test_chunks_cover_each_frame_exactly_once(num_frames: int, chunk_frames: int) -> None:
    chunks = split_evenly(num_frames, chunk_frames)
    assert [frame for start, length in chunks for frame in range(start, start + length)] == list(range(num_frames))
    lengths = [length for _, length in chunks]
    assert max(lengths) <= chunk_frames
    assert max(lengths) - min(lengths) <= 1
    assert len(chunks) == -(-num_frames // chunk_frames)


@given(
    lengths=st.lists(st.integers(1, 300), min_size=1, max_size=60),
    world_size=st.integers(1, 4),
    chunk_frames=st.sampled_from([1, 7, 100]),
    pool_frames=st.sampled_from([10, 500, 10_000]),
    join=st.sampled_from([0.0, 0.7]),
    seed=st.integers(0, 1000),
)
def test_ranks_are_disjoint_and_cover_everything(
    lengths: list[int], world_size: int, chunk_frames: int, pool_frames: int, join: float, seed: int
) -> None:
    config = ChunkConfig(chunk_frames=chunk_frames, batch_frames=64, pool_frames=pool_frames)
    if len(lengths) < world_size:
        with pytest.raises(DataError, match="cannot be shared among"):
            plan_epoch(utterances(lengths), config, ProcessShare(0, world_size), random=None)
        return
    plans = [
        plan_epoch(
            utterances(lengths),
            config,
            ProcessShare(rank, world_size),
            random=np.random.default_rng(seed),
            join_probability=join,
        )
        for rank in range(world_size)
    ]
    seen = Counter(place for plan in plans for pool in plan for group in pool.groups() for place in group)
    assert seen == Counter(range(len(lengths)))
    assert len({tuple(pool.num_batches for pool in plan) for plan in plans}) == 1
    for plan in plans:
        for pool in plan:
            chunks = sum(
                len(split_evenly(sum(lengths[place] for place in group), chunk_frames)) for group in pool.groups()
            )
            assert chunks >= pool.num_batches >= 1


def test_joined_utterances_have_one_speaker() -> None:
    plan = plan_epoch(
        utterances([20] * 90), ChunkConfig(), ProcessShare(), random=np.random.default_rng(0), join_probability=0.8
    )
    groups = [group for pool in plan for group in pool.groups()]
    assert max(map(len, groups)) > 2
    assert all(len({place % 3 for place in group}) == 1 for group in groups)


def test_epochs_differ_and_repeat() -> None:
    def order(seed: int) -> list[list[int]]:
        plan = plan_epoch(utterances([10] * 50), ChunkConfig(), ProcessShare(), random=np.random.default_rng(seed))
        return [group for pool in plan for group in pool.groups()]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_pools_have_about_the_configured_frames() -> None:
    plan = plan_epoch(
        utterances([100] * 1000), ChunkConfig(pool_frames=9_000), ProcessShare(), random=np.random.default_rng(0)
    )
    frames = [100 * len(pool.places) for pool in plan]
    assert sum(frames) == 100_000
    assert all(8_000 <= count <= 10_000 for count in frames)


def plan_in_plain_python(
    planned: PlannedUtterances, config: ChunkConfig, world_size: int, seed: int, join: float
) -> list[list[tuple[list[tuple[str, ...]], int]]]:
    """The groups and the batches of every pool of each rank, utterance by utterance."""
    random = np.random.default_rng(seed)
    lengths = dict(zip(planned.names, planned.num_frames.tolist(), strict=True))
    speakers = dict(zip(planned.names, planned.speakers.tolist(), strict=True))
    order = [planned.names[place] for place in random.permutation(len(planned))]
    total, done = sum(lengths.values()), 0
    count = max(1, round(total / (config.pool_frames * world_size)))
    pools: list[list[str]] = [[]]
    number = 0
    for index, name in enumerate(order):
        done += lengths[name]
        new = min((done - 1) * count // total, count - 1)
        if new != number and len(pools[-1]) >= world_size and len(order) - index >= world_size:
            pools.append([])
        number = new
        pools[-1].append(name)
    plans: list[list[tuple[list[tuple[str, ...]], int]]] = [[] for _ in range(world_size)]
    for members in pools:
        groups: list[list[str]] = []
        latest: dict[int, list[str]] = {}
        for name in members:
            if join and speakers[name] in latest and random.random() < join:
                latest[speakers[name]].append(name)
            else:
                groups.append([name])
                latest[speakers[name]] = groups[-1]
        if len(groups) < world_size:
            groups = [[name] for name in members]
        frames = [sum(lengths[name] for name in group) for group in groups]
        dealt: list[list[int]] = [[] for _ in range(world_size)]
        by_length = (
            sorted(range(len(groups)), key=lambda index: -frames[index]) if world_size > 1 else range(len(groups))
        )
        for index in by_length:
            rank = min(range(world_size), key=lambda rank: (sum(frames[other] for other in dealt[rank]), rank))
            dealt[rank].append(index)
        chunks = [sum(-(-frames[index] // config.chunk_frames) for index in part) for part in dealt]
        batches = max(1, min(round(sum(frames) / config.batch_frames), *chunks))
        for rank in range(world_size):
            plans[rank].append(([tuple(groups[index]) for index in dealt[rank]], batches))
    return plans


@given(
    lengths=st.lists(st.integers(1, 300), min_size=4, max_size=40),
    world_size=st.integers(1, 4),
    chunk_frames=st.sampled_from([1, 100]),
    pool_frames=st.sampled_from([10, 500, 3_000]),
    join=st.sampled_from([0.0, 0.7]),
    seed=st.integers(0, 1000),
)
def test_arrays_give_the_plan_of_plain_python(
    lengths: list[int], world_size: int, chunk_frames: int, pool_frames: int, join: float, seed: int
) -> None:
    planned, config = utterances(lengths), ChunkConfig(chunk_frames, batch_frames=64, pool_frames=pool_frames)
    expected = plan_in_plain_python(planned, config, world_size, seed, join)
    for rank in range(world_size):
        random = np.random.default_rng(seed)
        plan = plan_epoch(planned, config, ProcessShare(rank, world_size), random=random, join_probability=join)
        assert [(names_of(planned, pool), pool.num_batches) for pool in plan] == expected[rank]
        assert [pool.number for pool in plan] == list(range(len(plan)))


def test_a_plan_takes_few_bytes_for_an_utterance() -> None:
    plan = plan_epoch(
        utterances([100] * 20_000), ChunkConfig(pool_frames=50_000), ProcessShare(), random=np.random.default_rng(0)
    )
    assert sum(pool.places.nbytes + pool.edges.nbytes for pool in plan) < 9 * 20_000
