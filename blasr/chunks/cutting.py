"""Cutting the examples of a pool into chunks, and gathering chunks into batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from blasr.chunks.plan import split_evenly
from blasr.chunks.pool_examples import PoolExamples
from blasr.units import CONTEXT_FRAMES, IGNORE_INDEX, WINDOW_FRAMES, AnyArray


@dataclass(frozen=True)
class ChunkBatch:
    """The chunks of one batch.

    Args:
        inputs: ``(B, 3, F, K + 48)``, where K is the number of output frames of the longest chunk.
        targets: ``(B, K)`` pdf-ids, with :data:`blasr.units.IGNORE_INDEX` after the end of a shorter chunk.
        names: the utterance of each chunk.
    """

    inputs: Tensor
    targets: Tensor
    names: tuple[str, ...]


class ChunkGatherer:
    """Gathers chunks of a pool's examples into batches.

    Args:
        examples: the examples of one pool.
        device: where the chunks are gathered; on a GPU the overlapping windows never cross the bus.
    """

    def __init__(self, examples: PoolExamples, device: torch.device) -> None:
        self._names = examples.names
        self._starts = torch.from_numpy(np.cumsum([0, *examples.lengths]))  # the first label of each example
        self._inputs = torch.from_numpy(examples.inputs).to(device)
        self._pdf_ids = torch.from_numpy(examples.pdf_ids.astype(np.int64))

    def batch(self, chunks: AnyArray) -> ChunkBatch:
        """Return the batch of these rows of :func:`chunk_table`."""
        example, start, length = (torch.from_numpy(column.copy()) for column in chunks.T)
        longest = int(length.max())
        context = 2 * CONTEXT_FRAMES
        first_label = self._starts[example] + start
        first_frame = first_label + context * example  # every earlier example has its own context
        steps = torch.arange(longest + context)
        frames = first_frame[:, None] + torch.minimum(steps, (length + context - 1)[:, None])  # repeats the last frame
        steps = steps[:longest]
        known = steps < length[:, None]
        targets = self._pdf_ids[torch.where(known, first_label[:, None] + steps, first_label[:, None])]
        return ChunkBatch(
            self._inputs[:, :, self._sent(frames)].permute(2, 0, 1, 3).contiguous(),
            self._sent(targets.masked_fill(~known, IGNORE_INDEX)),
            tuple(self._names[index] for index in example.tolist()),
        )

    def _sent(self, values: Tensor) -> Tensor:
        """Return values on the device of the inputs, without waiting for what a GPU still computes."""
        device = self._inputs.device
        return values.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else values.to(device)


def blank_batch(num_bins: int) -> ChunkBatch:
    """Return zeros without a label: two output frames, as the output layer's batch norm has no variance of one."""
    inputs = torch.zeros(1, 3, num_bins, WINDOW_FRAMES + 1)
    return ChunkBatch(inputs, torch.full((1, 2), IGNORE_INDEX), ("",))


def chunk_table(lengths: Sequence[int], chunk_frames: int) -> AnyArray:
    """Return rows of (example, first output frame, output frames): int64 ``(chunks, 3)``.

    Every frame is in exactly one chunk.
    """
    rows = [(index, *chunk) for index, length in enumerate(lengths) for chunk in split_evenly(length, chunk_frames)]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def batch_edges(lengths: AnyArray, num_batches: int) -> AnyArray:
    """Return where to cut a sequence of chunks into batches of nearly equal numbers of frames.

    Args:
        lengths: frames of each chunk; at least ``num_batches`` chunks.
        num_batches: number of batches; 0 if there are no chunks.

    Returns:
        ``num_batches + 1`` increasing edges; no batch is empty.
    """
    if num_batches == 0:
        return np.zeros(1, dtype=np.int64)
    ends = np.cumsum(lengths)
    ideal = ends[-1] * np.arange(1, num_batches) / num_batches
    edges = np.searchsorted(ends, ideal, side="left") + 1
    steps = np.arange(1, num_batches)
    edges = np.maximum.accumulate(edges - steps) + steps  # at least one chunk in each batch, from the left
    edges = np.minimum(edges, len(lengths) - num_batches + steps)  # and enough chunks left for the rest
    return np.concatenate([[0], edges, [len(lengths)]])
