"""The time of a cascade and of its two models on the same input."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from torch import Tensor

from blasr.inference.config import CascadeConfig, ScoringConfig
from blasr.pipeline.cascade.experiment import CascadeExperiment
from blasr.pipeline.cascade.timing import NetworkSeconds, PassSeconds, time_networks
from blasr.pipeline.experiment import Experiment
from tests.pipeline.cascade.pairs import write_little
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture


def test_every_model_is_timed_on_every_input(system: System, tmp_path: Path) -> None:
    little = Experiment.load(write_little(system, tmp_path / "little"))
    experiment = CascadeExperiment.join(little, Experiment.load(system.experiment), CascadeConfig(0.3))
    runs = {"little": 0, "big": 0}

    def count(name: str, output: Tensor) -> None:
        runs[name] += output.device.type != "meta"  # MACs are counted without computing

    for name, model in (("little", little.model), ("big", experiment.model)):
        model.register_forward_hook(lambda _module, _inputs, output, name=name: count(name, output))
    inputs = [torch.randn(3, 64, 48 + frames, generator=torch.Generator().manual_seed(0)) for frames in (30, 50)]
    found = time_networks(experiment, inputs, ScoringConfig(), repetitions=2)
    assert found.inputs == 2 and found.outputs == 80
    for seconds in (found.little, found.big, found.cascade):
        assert seconds.wall > 0 and seconds.processor > 0
    assert runs["little"] == 2 * 2 * 2 and runs["big"] >= 2 * 2


def test_what_is_saved() -> None:
    found = NetworkSeconds(PassSeconds(), PassSeconds(4.0, 2.0), PassSeconds(1.0, 1.0), 1, 1)
    assert (found.saved, found.processor_saved) == (0.75, 0.5)


def test_the_fastest_pass_counts() -> None:
    waits = iter((0.05, 0.0, 0.05))
    found = PassSeconds.of(lambda: time.sleep(next(waits)), 3)
    assert found.wall < 0.05 and found.processor < 0.05
