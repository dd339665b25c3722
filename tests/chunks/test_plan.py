"""Plans of epochs: every utterance once, in one process, whatever the sizes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.chunks.config import ChunkConfig
from blasr.chunks.plan import PlannedUtterance, ProcessShare, plan_epoch, split_evenly
from blasr.errors import DataError


def utterances(lengths: list[int]) -> list[PlannedUtterance]:
    return [PlannedUtterance(f"u{index:03d}", f"s{index % 3}", length) for index, length in enumerate(lengths)]


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
    seen = Counter(name for plan in plans for pool in plan for group in pool.groups for name in group)
    assert seen == Counter(f"u{index:03d}" for index in range(len(lengths)))
    assert len({tuple(pool.num_batches for pool in plan) for plan in plans}) == 1
    for plan in plans:
        for pool in plan:
            chunks = sum(
                len(split_evenly(sum(lengths[int(name[1:])] for name in group), chunk_frames)) for group in pool.groups
            )
            assert chunks >= pool.num_batches >= 1


def test_joined_utterances_have_one_speaker() -> None:
    plan = plan_epoch(
        utterances([20] * 90), ChunkConfig(), ProcessShare(), random=np.random.default_rng(0), join_probability=0.8
    )
    groups = [group for pool in plan for group in pool.groups]
    assert max(map(len, groups)) > 2
    assert all(len({int(name[1:]) % 3 for name in group}) == 1 for group in groups)


def test_epochs_differ_and_repeat() -> None:
    def order(seed: int) -> list[tuple[str, ...]]:
        plan = plan_epoch(utterances([10] * 50), ChunkConfig(), ProcessShare(), random=np.random.default_rng(seed))
        return [group for pool in plan for group in pool.groups]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_pools_have_about_the_configured_frames() -> None:
    plan = plan_epoch(
        utterances([100] * 1000), ChunkConfig(pool_frames=9_000), ProcessShare(), random=np.random.default_rng(0)
    )
    frames = [100 * len(pool.groups) for pool in plan]
    assert sum(frames) == 100_000
    assert all(8_000 <= count <= 10_000 for count in frames)
