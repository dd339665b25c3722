"""A self-test passes here, and fails when the stage computes something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.features.fbank import LogMel
from blasr.models import AcousticModel
from blasr.pipeline.doctor import self_tests
from blasr.pipeline.doctor.self_tests import SELF_TESTS, SelfTest, run_self_test
from blasr.pipeline.doctor.small_system import SmallSystem

BY_NAME = {test.name: test for test in SELF_TESTS}


@pytest.fixture(scope="module")
def small_system(tmp_path_factory: pytest.TempPathFactory) -> SmallSystem:
    return SmallSystem(tmp_path_factory.mktemp("doctor"))


@pytest.mark.parametrize("test", SELF_TESTS, ids=lambda test: test.name)
def test_passes_here(test: SelfTest, small_system: SmallSystem) -> None:
    result = run_self_test(test, small_system)
    assert result.passed, result.detail
    assert result.seconds < 10 or result.compiled


def test_wrong_features_fail(small_system: SmallSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    right = LogMel.forward
    monkeypatch.setattr(LogMel, "forward", lambda self, waveform: right(self, waveform).flip(1))
    result = run_self_test(BY_NAME["features"], small_system)
    assert not result.passed and "is loudest in mel bin" in result.detail


def test_a_network_that_sees_the_time_fails(small_system: SmallSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    right = AcousticModel.forward

    def forward(self: AcousticModel, x: torch.Tensor) -> torch.Tensor:
        y = right(self, x)
        return y + torch.arange(y.shape[2])

    monkeypatch.setattr(AcousticModel, "forward", forward)
    result = run_self_test(BY_NAME["network"], small_system)
    assert not result.passed and "differ from those of the utterance" in result.detail


def test_other_log_likelihoods_fail(tmp_path: Path) -> None:
    system = SmallSystem(tmp_path)
    system.__dict__["loglikes"] = np.ascontiguousarray(system.loglikes[::-1])
    failed = [name for name in ("search", "alignment", "lattice") if not run_self_test(BY_NAME[name], system).passed]
    assert failed == ["search", "alignment", "lattice"]


def test_any_exception_is_a_failure(small_system: SmallSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_tests, "score_text", lambda *texts: 1 / 0)
    result = run_self_test(BY_NAME["scoring"], small_system)
    assert not result.passed and result.detail == "ZeroDivisionError: division by zero"
