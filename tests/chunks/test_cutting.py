"""Chunks cover every frame once, and batches have nearly equal sizes."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from blasr.chunks.cutting import ChunkGatherer, batch_edges, blank_batch, chunk_table
from blasr.chunks.pool_examples import PoolExamples
from blasr.models import build_acoustic_model
from blasr.units import IGNORE_INDEX


@given(st.lists(st.integers(1, 400), min_size=1, max_size=80), st.integers(1, 80))
def test_no_batch_is_empty(lengths: list[int], num_batches: int) -> None:
    lengths.sort(reverse=True)
    num_batches = min(num_batches, len(lengths))
    edges = batch_edges(np.array(lengths), num_batches)
    assert edges[0] == 0 and edges[-1] == len(lengths) and len(edges) == num_batches + 1
    assert np.all(np.diff(edges) >= 1)


def test_batches_have_equal_numbers_of_frames() -> None:
    assert batch_edges(np.full(10, 3), 5).tolist() == [0, 2, 4, 6, 8, 10]
    assert batch_edges(np.array([], dtype=np.int64), 0).tolist() == [0]


def test_the_table_has_example_start_and_length() -> None:
    assert chunk_table([5, 2], 3).tolist() == [[0, 0, 2], [0, 2, 3], [1, 0, 2]]
    assert chunk_table([], 3).shape == (0, 3)


def test_a_shorter_chunk_repeats_its_last_frame_and_ignores_its_labels() -> None:
    inputs = np.arange(3 * (2 + 48) + 3 * (1 + 48), dtype=np.float32).reshape(3, 1, -1)  # two examples, F = 1
    examples = PoolExamples(("a", "b"), (2, 1), inputs, np.array([7, 8, 9], np.int32), 2, ())
    batch = ChunkGatherer(examples, torch.device("cpu")).batch(np.array([[0, 0, 2], [1, 0, 1]]))
    assert batch.names == ("a", "b")
    assert batch.targets.tolist() == [[7, 8], [9, IGNORE_INDEX]]
    assert torch.equal(batch.inputs[0], torch.from_numpy(inputs[:, :, :50]))
    assert torch.equal(batch.inputs[1, :, :, :49], torch.from_numpy(inputs[:, :, 50:]))
    assert torch.equal(batch.inputs[1, :, :, 49], torch.from_numpy(inputs[:, :, -1]))


def test_a_network_trains_on_a_blank_batch() -> None:
    """It has no label, but goes through the network, in which batch norm needs more than one output frame."""
    batch = blank_batch(64)
    assert batch.targets.tolist() == [[IGNORE_INDEX, IGNORE_INDEX]]
    outputs = build_acoustic_model("resnet22", num_pdfs=3, width=0.0625).train()(batch.inputs)
    assert outputs.shape == (1, 3, 2) and torch.isfinite(outputs).all()
