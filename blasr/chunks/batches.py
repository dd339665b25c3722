"""Batches of chunks: worker processes make the examples of a pool, this process cuts and shuffles their chunks."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader

from blasr.chunks.config import ChunkConfig
from blasr.chunks.cutting import ChunkBatch, ChunkGatherer, batch_edges, blank_batch, chunk_table
from blasr.chunks.examples import ExampleLoader
from blasr.chunks.plan import ChunkPool, PlannedUtterances, ProcessShare, plan_epoch
from blasr.chunks.pool_examples import PoolDataset, PoolExamples
from blasr.errors import BlasrError
from blasr.interrupts import ignore_first_stop
from blasr.tally import Tally
from blasr.units import AnyArray

logger = logging.getLogger(__name__)

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Sampling:
    """The order of the chunks of every epoch.

    Args:
        shuffle: False for held-out data: its utterances keep their order and are not joined.
        seed: seed of the order.
        join_probability: the probability that an utterance is joined to the next one of its speaker.
        pdf_weights: ``(num_pdfs,)``; windows are drawn with replacement in proportion to the weights of their pdfs.
            With None, every chunk is used once.
    """

    shuffle: bool = True
    seed: int = 0
    join_probability: float = 0.0
    pdf_weights: AnyArray | None = None


def balancing_weights(pdf_counts: AnyArray, gamma: float) -> AnyArray | None:
    """Return the weights with which a pdf of frequency f is drawn in proportion to f ** gamma.

    Args:
        pdf_counts: frames of each pdf-id in the corpus, ``(num_pdfs,)``.
        gamma: see :class:`ChunkConfig`; for 1, None is returned.
    """
    weights: AnyArray = np.maximum(pdf_counts, 1.0) ** (gamma - 1)
    return weights if gamma < 1 else None


class ChunkBatches:
    """The batches of one process; the same epoch gives the same batches, bit for bit.

    Args:
        loader: makes examples.
        utterances: the whole corpus, the same in every process.
        config: the sizes of chunks, batches and pools.
        sampling: the order.
        share: the rank of this process and the number of processes.
        max_loss: the largest share of utterances that may be dropped.
        device: where chunks are cut; on a GPU the overlapping windows of a pool never cross the bus.
    """

    def __init__(
        self,
        loader: ExampleLoader,
        utterances: PlannedUtterances,
        config: ChunkConfig,
        sampling: Sampling | None = None,
        *,
        share: ProcessShare | None = None,
        max_loss: float = 0.05,
        device: torch.device | None = None,
    ) -> None:
        self._loader, self._utterances, self._config = loader, utterances, config
        self._sampling = sampling or Sampling()
        self._share = share or ProcessShare()
        self._max_loss = max_loss
        self._device = device or torch.device("cpu")
        self._plan: tuple[int, list[ChunkPool]] = (-1, [])

    def _pools(self, epoch: int) -> list[ChunkPool]:
        if self._plan[0] != epoch:
            sampling = self._sampling
            random = np.random.default_rng([sampling.seed, epoch]) if sampling.shuffle else None
            pools = plan_epoch(
                self._utterances,
                self._config,
                self._share,
                random=random,
                join_probability=sampling.join_probability,
            )
            self._plan = (epoch, pools)
        return self._plan[1]

    def num_batches(self, epoch: int) -> int:
        """Return the number of batches of ``epoch`` (from 1), which is the same in every process."""
        return sum(pool.num_batches for pool in self._pools(epoch))

    def batches(self, epoch: int, first: int = 0) -> Iterator[ChunkBatch]:
        """Yield the batches of ``epoch``, starting with number ``first`` (from 0).

        Raises:
            DataError: too many utterances have unreadable audio, or differ from their labels in length.
        """
        pools = list(self._pools(epoch))
        expected = sum(len(pool.places) for pool in pools)
        while pools and first >= pools[0].num_batches:
            first -= pools.pop(0).num_batches
        loader: DataLoader[PoolExamples | BlasrError] = DataLoader(
            PoolDataset(self._loader, pools, self._utterances.names, epoch),
            batch_size=None,
            shuffle=False,
            num_workers=min(self._config.num_workers, len(pools)),
            collate_fn=_unchanged,
            worker_init_fn=_start_worker,
            generator=torch.Generator(),  # a resumed run must not draw more from the training's own
        )
        tally = Tally("chunks", self._max_loss)
        for pool, examples in zip(pools, loader, strict=True):
            if isinstance(examples, BlasrError):
                raise examples
            tally.keep(examples.kept)
            for name, error in examples.dropped:
                if epoch == 1:
                    tally.drop_error(name, error)
                else:
                    tally.drop(name, error.reason)
            tally.check_early(expected)
            yield from self._cut(pool, examples, epoch, first)
            first = 0
        if tally.dropped and epoch == 1:
            logger.info("%s", tally.summary())
        if tally.total == expected and not tally.kept:
            tally.check()

    def _cut(self, pool: ChunkPool, examples: PoolExamples, epoch: int, first: int) -> Iterator[ChunkBatch]:
        """Yield the batches of one pool, starting with number ``first``."""
        chunks = chunk_table(examples.lengths, self._config.chunk_frames)
        order = np.arange(pool.num_batches)
        if self._sampling.shuffle:
            # Every process has the same state here, so the chunks of one step have similar lengths in all processes.
            np.random.default_rng([self._sampling.seed, epoch, pool.number]).shuffle(order)
            chunks = self._sampled(chunks, examples, [epoch, pool.number, 1 + self._share.rank])
        chunks = chunks[np.argsort(-chunks[:, 2], kind="stable")]
        filled = min(len(chunks), pool.num_batches)  # fewer than planned if utterances were dropped
        edges = batch_edges(chunks[:, 2], filled)
        gatherer = ChunkGatherer(examples, self._device)
        for number in order[first:]:
            if number < filled:
                yield gatherer.batch(chunks[edges[number] : edges[number + 1]])
            else:  # other processes may have a batch here, and every process must take the same number of steps
                yield blank_batch(self._loader.num_bins)

    def _sampled(self, chunks: AnyArray, examples: PoolExamples, state: list[int]) -> AnyArray:
        """Return the chunks shuffled, or drawn with replacement if pdfs have weights."""
        random = np.random.default_rng([self._sampling.seed, *state])
        random.shuffle(chunks)
        if self._sampling.pdf_weights is None or not len(chunks):
            return chunks
        starts = np.cumsum([0, *examples.lengths])
        weights = self._sampling.pdf_weights[examples.pdf_ids[starts[chunks[:, 0]] + chunks[:, 1]]]
        return random.choice(chunks, len(chunks), p=weights / weights.sum())


def _start_worker(number: int) -> None:
    """Let the main process finish its step and save when a batch system stops the job.

    Objects of the main process leave the garbage collector's view, which would copy every page that it visits.
    """
    gc.freeze()
    ignore_first_stop()


def _unchanged(item: Item) -> Item:
    """Keep numpy arrays, which the loader would turn into tensors."""
    return item
