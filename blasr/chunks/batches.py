"""Batches of chunks: worker processes make the examples of a pool, this process cuts and shuffles their chunks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from blasr.chunks.config import ChunkConfig
from blasr.chunks.examples import Example, ExampleLoader, LengthError
from blasr.chunks.plan import PlannedUtterance, Pool, plan_epoch, split_evenly
from blasr.errors import BlasrError
from blasr.features.fbank import TooShortError
from blasr.tally import Tally
from blasr.units import CONTEXT_FRAMES, IGNORE_INDEX, WINDOW_FRAMES, AnyArray, FloatArray, IntArray

logger = logging.getLogger(__name__)

_TOO_SHORT = "too short for one frame"
_OTHER_LENGTH = "whose frames are not those of the alignment"


@dataclass(frozen=True)
class ChunkBatch:
    """Chunks of one batch.

    Args:
        inputs: ``(B, 3, F, K + 48)``, K output frames of the longest chunk.
        targets: ``(B, K)`` pdf-ids, :data:`IGNORE_INDEX` beyond a shorter chunk's end.
        names: the utterances that the chunks are from.
    """

    inputs: Tensor
    targets: Tensor
    names: tuple[str, ...]


@dataclass(frozen=True)
class PoolExamples:
    """The examples of a pool, one after the other in time: ``inputs (3, F, sum of T + 48)``, ``pdf_ids (sum of T)``.

    ``kept`` utterances are in them; of those ``dropped``, the utterance-id and the reason are told.
    """

    names: tuple[str, ...]
    lengths: tuple[int, ...]
    inputs: FloatArray
    pdf_ids: IntArray
    kept: int
    dropped: tuple[tuple[str, str], ...]


class _PoolDataset(Dataset[PoolExamples | BlasrError]):
    """Makes examples in whichever process asks; a mistake in the data comes back as a value and keeps its message."""

    def __init__(self, loader: ExampleLoader, pools: Sequence[Pool], epoch: int) -> None:
        self._loader, self._pools, self._epoch = loader, pools, epoch

    def __len__(self) -> int:
        return len(self._pools)

    def __getitem__(self, index: int) -> PoolExamples | BlasrError:
        examples: list[Example] = []
        dropped: list[tuple[str, str]] = []
        for group in self._pools[index].groups:
            rest = list(group)
            while rest:
                try:
                    examples.append(self._loader.load(rest, self._epoch))
                    break
                except (LengthError, TooShortError) as error:
                    name = error.utterance or rest[0]
                    short = isinstance(error, TooShortError)
                    dropped.append((name, _TOO_SHORT if short else _OTHER_LENGTH))
                    rest.remove(name)
                except BlasrError as error:
                    return error
        kept = sum(len(group) for group in self._pools[index].groups) - len(dropped)
        if not examples:
            return PoolExamples((), (), np.zeros((3, 1, 0), np.float32), np.zeros(0, np.int32), kept, tuple(dropped))
        return PoolExamples(
            tuple(example.name for example in examples),
            tuple(len(example.pdf_ids) for example in examples),
            np.concatenate([example.inputs for example in examples], axis=2),
            np.concatenate([example.pdf_ids for example in examples]),
            kept,
            tuple(dropped),
        )


def _as_is(item: Any) -> Any:
    return item


class ChunkBatches:
    """Every epoch's batches of one process; the same epoch gives the same batches, bit for bit.

    Args:
        loader: makes examples.
        entries: every utterance of the corpus, the same in every process.
        config: sizes.
        seed: of the order.
        shuffle: False for held-out data, whose utterances keep their order and are not joined.
        join_probability: how likely an utterance is followed, as one string, by another of its speaker.
        rank: of this process, from 0.
        world_size: number of processes.
        max_loss: the greatest share of utterances that may be dropped.
        pdf_counts: frames of each pdf-id in the corpus, for ``config.balance_gamma``.
        device: where chunks are cut; on a GPU the overlapping windows of a pool never cross the bus.
    """

    def __init__(
        self,
        loader: ExampleLoader,
        entries: Sequence[PlannedUtterance],
        config: ChunkConfig,
        *,
        seed: int = 0,
        shuffle: bool = True,
        join_probability: float = 0.0,
        rank: int = 0,
        world_size: int = 1,
        max_loss: float = 0.05,
        pdf_counts: AnyArray | None = None,
        device: torch.device | None = None,
    ) -> None:
        self._loader, self._entries, self._config = loader, entries, config
        self._seed, self._shuffle, self._join_probability = seed, shuffle, join_probability
        self._rank, self._world_size, self._max_loss = rank, world_size, max_loss
        self._device = device or torch.device("cpu")
        self._weights: AnyArray | None = None
        if pdf_counts is not None and config.balance_gamma < 1:
            self._weights = np.maximum(pdf_counts, 1.0) ** (config.balance_gamma - 1)
        self._plan: tuple[int, list[Pool]] = (-1, [])

    def _pools(self, epoch: int) -> list[Pool]:
        if self._plan[0] != epoch:
            random = np.random.default_rng([self._seed, epoch]) if self._shuffle else None
            pools = plan_epoch(
                self._entries,
                self._config,
                random=random,
                rank=self._rank,
                world_size=self._world_size,
                join_probability=self._join_probability,
            )
            self._plan = (epoch, pools)
        return self._plan[1]

    def num_batches(self, epoch: int) -> int:
        """Batches of ``epoch`` (from 1), the same number in every process."""
        return sum(pool.num_batches for pool in self._pools(epoch))

    def batches(self, epoch: int, first: int = 0) -> Iterator[ChunkBatch]:
        """The batches of ``epoch`` from number ``first`` (from 0) on.

        Raises:
            DataError: audio cannot be read, or too many utterances have other frames than their labels.
        """
        pools = list(self._pools(epoch))
        while pools and first >= pools[0].num_batches:
            first -= pools.pop(0).num_batches
        workers = self._config.num_workers
        loader: DataLoader[PoolExamples | BlasrError] = DataLoader(
            _PoolDataset(self._loader, pools, epoch),
            batch_size=None,
            shuffle=False,
            num_workers=min(workers, len(pools)),
            collate_fn=_as_is,
        )
        tally = Tally("chunks", self._max_loss)
        for pool, examples in zip(pools, loader, strict=True):
            if isinstance(examples, BlasrError):
                raise examples
            tally.keep(examples.kept)
            for name, reason in examples.dropped:
                tally.drop(name, reason)
            if not tally.kept:
                tally.check()
            yield from self._cut(pool, examples, epoch, first)
            first = 0
        if tally.dropped and epoch == 1:
            logger.info("%s", tally.summary())
        if tally.total:
            tally.check()

    def _cut(self, pool: Pool, examples: PoolExamples, epoch: int, first: int) -> Iterator[ChunkBatch]:
        chunks = chunk_table(examples.lengths, self._config.chunk_frames)
        starts = np.cumsum([0, *examples.lengths])
        order = np.arange(pool.num_batches)
        if self._shuffle:
            # the same state in every process: the chunks of one step have similar lengths in all of them
            np.random.default_rng([self._seed, epoch, pool.number]).shuffle(order)
            own = np.random.default_rng([self._seed, epoch, pool.number, 1 + self._rank])
            own.shuffle(chunks)
            if self._weights is not None and len(chunks):
                weights = self._weights[examples.pdf_ids[starts[chunks[:, 0]] + chunks[:, 1]]]
                chunks = own.choice(chunks, len(chunks), p=weights / weights.sum())
        chunks = chunks[np.argsort(-chunks[:, 2], kind="stable")]
        filled = min(len(chunks), pool.num_batches)  # fewer than planned where utterances were dropped
        edges = batch_edges(chunks[:, 2], filled)
        inputs = torch.from_numpy(examples.inputs).to(self._device)
        pdf_ids = torch.from_numpy(examples.pdf_ids.astype(np.int64))
        for number in order[first:]:
            if number < filled:
                yield _batch(chunks[edges[number] : edges[number + 1]], examples.names, starts, inputs, pdf_ids)
            else:  # other processes may have a batch here, and every process must take the same number of steps
                yield _blank_batch(self._loader.num_bins)


def chunk_table(lengths: Sequence[int], chunk_frames: int) -> AnyArray:
    """Rows of (example, first output frame, output frames): int64 ``(chunks, 3)``, each frame in exactly one chunk."""
    rows = [(index, *chunk) for index, length in enumerate(lengths) for chunk in split_evenly(length, chunk_frames)]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def batch_edges(lengths: AnyArray, num_batches: int) -> AnyArray:
    """Where to cut a sequence of chunks into ``num_batches`` batches of nearly equal numbers of frames.

    Args:
        lengths: frames of each chunk; at least ``num_batches`` chunks.
        num_batches: how many batches; 0 for no chunks.

    Returns:
        ``num_batches + 1`` rising edges; no batch is empty.
    """
    if num_batches == 0:
        return np.zeros(1, dtype=np.int64)
    ends = np.cumsum(lengths)
    ideal = ends[-1] * np.arange(1, num_batches) / num_batches
    edges = np.searchsorted(ends, ideal, side="left") + 1
    steps = np.arange(1, num_batches)
    edges = np.maximum.accumulate(edges - steps) + steps  # at least one chunk each, from the left
    edges = np.minimum(edges, len(lengths) - num_batches + steps)  # and enough left for the rest
    return np.concatenate([[0], edges, [len(lengths)]])


def _blank_batch(num_bins: int) -> ChunkBatch:
    """One window of silence whose label is ignored."""
    window = torch.zeros(1, 3, num_bins, WINDOW_FRAMES)
    return ChunkBatch(window, torch.full((1, 1), IGNORE_INDEX), ("",))


def _batch(chunks: AnyArray, names: Sequence[str], starts: AnyArray, inputs: Tensor, pdf_ids: Tensor) -> ChunkBatch:
    example, start, length = (torch.from_numpy(column.copy()) for column in chunks.T)
    longest = int(length.max())
    context = 2 * CONTEXT_FRAMES
    first_label = torch.from_numpy(starts)[example] + start
    first_frame = first_label + context * example  # every example before has its own context frames
    steps = torch.arange(longest + context)
    frames = first_frame[:, None] + torch.minimum(steps, (length + context - 1)[:, None])  # repeats the last frame
    steps = steps[:longest]
    known = steps < length[:, None]
    targets = pdf_ids[torch.where(known, first_label[:, None] + steps, first_label[:, None])]
    return ChunkBatch(
        inputs[:, :, frames.to(inputs.device)].permute(2, 0, 1, 3).contiguous(),
        targets.masked_fill(~known, IGNORE_INDEX),
        tuple(names[index] for index in example.tolist()),
    )
