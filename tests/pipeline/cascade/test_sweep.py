"""A sweep over thresholds costs and gives what the cascade at each of them costs and gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blasr.data.data_dir import DataDir
from blasr.errors import DataError
from blasr.inference.config import CascadeConfig
from blasr.pipeline.cascade.experiment import CascadeExperiment
from blasr.pipeline.cascade.measures import FrameDisagreements
from blasr.pipeline.cascade.sweep import CascadeSweep
from blasr.pipeline.experiment import Experiment
from tests.pipeline.cascade.pairs import write_data, write_little
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture


@pytest.fixture(scope="module")
def experiment(system: System, tmp_path_factory: pytest.TempPathFactory) -> CascadeExperiment:
    little = Experiment.load(write_little(system, tmp_path_factory.mktemp("little") / "exp"))
    return CascadeExperiment.join(little, Experiment.load(system.experiment), CascadeConfig(chunk_frames=25))


@pytest.mark.parametrize("unit", ["window", "chunk", "utterance"])
def test_usage_and_rows_are_those_of_the_cascade(experiment: CascadeExperiment, tmp_path: Path, unit: str) -> None:
    cascade = replace(experiment.cascade, unit=unit)  # type: ignore[arg-type]
    data = DataDir.read(write_data(tmp_path / "dev", count=3))
    sweep = CascadeSweep.over(replace(experiment, cascade=cascade).scorer(), data, 2, 0.0)
    measure = FrameDisagreements(data)
    curve = sweep.full_curve(measure, 3)
    assert len(curve.points) >= 4
    for point in curve.points:
        scorer = replace(experiment, cascade=replace(cascade, threshold=point.threshold)).scorer()
        outcomes = {}
        for utterance in data.utterances:
            inputs = sweep.network_input(utterance)
            outcomes[utterance.id] = measure.outcome(
                utterance.id, scorer.posteriors(inputs), scorer.big_log_posteriors(inputs)
            )
        assert scorer.usage == point.usage
        assert tuple(measure.counts(outcomes)) == point.counts
    assert [point.usage.passed_on for point in curve.points] == sorted(point.usage.passed_on for point in curve.points)


def test_lost_utterances_are_counted(experiment: CascadeExperiment, tmp_path: Path) -> None:
    data = DataDir.read(write_data(tmp_path / "dev", count=2))
    write_audio(Path(data.recordings["u1"]), babble(0.01, 0))
    sweep = CascadeSweep.over(experiment.scorer(), data, 1, 0.0)
    with pytest.raises(DataError, match="above the allowed"):
        sweep.full_curve(FrameDisagreements(data), 3)
    kept = replace(sweep, max_loss=0.5)
    assert len(kept.full_curve(FrameDisagreements(data), 3).big.counts) == 1
    assert len(kept.readable_inputs(data.utterances)) == 1
