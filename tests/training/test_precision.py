"""What ``training.precision=auto`` stands for, and the warning about bfloat16 where it is slow."""

from __future__ import annotations

import logging

import pytest
import torch
from torch import nn

from blasr.training import CrossEntropy, DistributedContext, TrainingConfig, precision, with_precision
from blasr.training.optimization import Optimization

CPU = torch.device("cpu")


@pytest.fixture(params=[True, False])
def supported(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: request.param)
    return bool(request.param)


def test_auto_takes_what_the_device_computes_in(supported: bool) -> None:
    assert with_precision(TrainingConfig(precision="auto"), CPU).precision == ("bfloat16" if supported else "float32")


def test_auto_keeps_the_precision_of_a_run_that_resumes(supported: bool) -> None:
    for started in ("float32", "bfloat16", "float16"):
        before = {"training": {"precision": started}}
        assert with_precision(TrainingConfig(precision="auto"), CPU, before).precision == started


def test_a_named_precision_stays(supported: bool) -> None:
    config = TrainingConfig(precision="float16")
    assert with_precision(config, CPU, {"training": {"precision": "float32"}}) is config


def test_slow_bfloat16_is_warned_of(supported: bool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Optimization(
            nn.Linear(2, 2), CrossEntropy(), TrainingConfig(precision="bfloat16"), DistributedContext(device=CPU)
        )
    assert ("training.precision=auto" in caplog.text) is not supported
