"""Statistics of batch norm for weights that no batch has passed through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from blasr.errors import DataError
from blasr.training.batch_norm import recompute_batch_norm
from tests.training.toy import ToyBatch, ToySource, toy_module

CPU = torch.device("cpu")


def test_the_means_are_those_of_the_batches() -> None:
    module = nn.Sequential(nn.BatchNorm1d(2))
    norm = module[0]
    assert isinstance(norm, nn.BatchNorm1d) and norm.running_mean is not None and norm.running_var is not None
    module(torch.full((8, 2), 1e6))  # statistics of other weights
    module.eval()
    assert recompute_batch_norm(module, ToySource().batches(1), CPU, 3) == 3
    inputs = [batch.inputs for batch in ToySource().batches(1)][:3]
    torch.testing.assert_close(norm.running_mean, torch.stack([item.mean(0) for item in inputs]).mean(0))
    torch.testing.assert_close(norm.running_var, torch.stack([item.var(0) for item in inputs]).mean(0))
    assert norm.momentum == 0.1 and not module.training


def test_batches_without_a_target_do_not_count() -> None:
    def batches() -> Iterator[ToyBatch]:
        for batch in ToySource().batches(1):
            yield batch
            yield ToyBatch(torch.zeros(8, 2), torch.full((8,), -100), batch.names)

    one, two = toy_module(), toy_module()
    assert recompute_batch_norm(one, batches(), CPU, 10) == 5
    assert recompute_batch_norm(two, ToySource().batches(1), CPU, 10) == 5
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, two.state_dict()[name]), name


def test_no_batch_is_an_error() -> None:
    with pytest.raises(DataError, match="there is no batch"):
        recompute_batch_norm(toy_module(), [], CPU, 5)
