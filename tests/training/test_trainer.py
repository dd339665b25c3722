"""The training loop resumes exactly, refuses what it should and leaves nothing half-written."""

from __future__ import annotations

import json
import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from blasr.errors import ConfigError, FormatError, MismatchError, StopRequestedError, TrainingError
from blasr.training import CrossEntropy, DistributedContext, RunIdentity, Trainer, TrainingConfig, load_weights
from blasr.training.checkpoint import read_state
from tests.training.toy import ToySource, toy_module


class StopEarlyError(Exception):
    """Stands for a process that was killed."""


class StoppingSource(ToySource):
    def __init__(self, stop: tuple[int, int]) -> None:
        super().__init__()
        self.stop = stop

    def batches(self, epoch: int, first: int = 0) -> Any:
        for number, batch in enumerate(super().batches(epoch, first), first):
            if (epoch, number) == self.stop:
                raise StopEarlyError
            yield batch


def trainer(directory: Path, run_config: dict[str, Any] | None = None, **values: Any) -> Trainer:
    config = TrainingConfig(**{"epochs": 3, "log_interval": 1, **values})
    identity = RunIdentity(run_config or {})
    return Trainer(toy_module(), CrossEntropy(), config, directory, identity=identity, unit="points")


def weights(directory: Path, name: str = "last") -> dict[str, Tensor]:
    return load_weights(directory / "checkpoints" / f"{name}.safetensors")[0]


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def figures(directory: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    timing = ("points_per_second", "waiting", "seconds", "processor_seconds")
    return [{key: value for key, value in line.items() if key not in timing} for line in lines]


def test_another_number_of_processes_within_an_epoch_is_refused(tmp_path: Path) -> None:
    config = TrainingConfig(epochs=2, checkpoint_interval=2)
    with pytest.raises(StopEarlyError):
        Trainer(toy_module(), CrossEntropy(), config, tmp_path).fit(StoppingSource((2, 3)))
    before = (tmp_path / "checkpoints" / "last.safetensors").read_bytes()
    trainer = Trainer(toy_module(), CrossEntropy(), config, tmp_path)
    trainer.distributed = DistributedContext(world_size=2)  # of another start; no process group is needed to refuse it
    with pytest.raises(ConfigError, match=r"within an epoch by 1 processes, found 2 now\n  fix: resume with 1"):
        trainer.fit(ToySource())
    assert (tmp_path / "checkpoints" / "last.safetensors").read_bytes() == before


@pytest.mark.parametrize("stop", [(1, 3), (2, 0), (2, 4), (3, 2)])
def test_resumed_equals_uninterrupted_bit_for_bit(tmp_path: Path, stop: tuple[int, int]) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    trainer(whole, checkpoint_interval=2).fit(ToySource(), ToySource())
    with pytest.raises(StopEarlyError):
        trainer(parts, checkpoint_interval=2).fit(StoppingSource(stop), ToySource())
    state = trainer(parts, checkpoint_interval=2).fit(ToySource(), ToySource())
    assert state.step == 15
    assert equal(weights(whole), weights(parts))
    assert any(name.startswith("optimizer.state.") for name in weights(whole))
    assert figures(whole) == figures(parts)


def test_times_continue_after_an_interruption(tmp_path: Path) -> None:
    with pytest.raises(StopEarlyError):
        trainer(tmp_path).fit(StoppingSource((3, 0)), ToySource())
    trainer(tmp_path).fit(ToySource(), ToySource())
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    epochs = [line for line in lines if line["kind"] == "epoch"]
    for name in ("seconds", "processor_seconds"):
        times = [line[name] for line in epochs]
        assert 0 < times[0] < times[1] < times[2]


def test_a_finished_run_says_so_and_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trainer(tmp_path).fit(ToySource())
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.safetensors")}
    with caplog.at_level("INFO"):
        trainer(tmp_path).fit(ToySource())
    assert "training is done: 3 epochs, 15 steps" in caplog.text
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.safetensors")}


def test_more_epochs_resume_from_the_end(tmp_path: Path) -> None:
    trainer(tmp_path / "a").fit(ToySource())
    trainer(tmp_path / "a", epochs=5).fit(ToySource())
    trainer(tmp_path / "b", epochs=5).fit(ToySource())
    assert equal(weights(tmp_path / "a"), weights(tmp_path / "b"))


def test_another_configuration_is_refused_by_key(tmp_path: Path) -> None:
    trainer(tmp_path, {"model": {"width": 1.0}, "seed": 1}).fit(ToySource())
    with pytest.raises(ConfigError, match=r"model\.width: 1\.0 -> 0\.5"):
        trainer(tmp_path, {"model": {"width": 0.5}, "seed": 1}).fit(ToySource())


@pytest.mark.parametrize("poison", [(1, 0), (2, 3)])
def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path: Path, poison: tuple[int, int]) -> None:
    epoch, number = poison
    with pytest.raises(TrainingError) as caught:
        trainer(tmp_path).fit(ToySource(poison))
    assert f"epoch {epoch}, step {5 * (epoch - 1) + number + 1}" in caught.value.message
    assert f"u{epoch}-{number}-3" in caught.value.message
    kept = sorted(path.name for path in (tmp_path / "checkpoints").glob("*")) if epoch > 1 else []
    assert kept == ([] if epoch == 1 else ["epoch01.safetensors", "last.safetensors"])
    assert all(
        torch.isfinite(tensor).all()
        for name in kept
        for tensor in load_weights(tmp_path / "checkpoints" / name)[0].values()
    )


def test_a_diverging_rate_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the batch contains u"):
        trainer(tmp_path, learning_rate=1e30, gradient_clipping=0.0).fit(ToySource())


def test_it_learns(tmp_path: Path) -> None:
    run = trainer(tmp_path, epochs=30, learning_rate=0.1)
    run.fit(ToySource(), ToySource())
    assert run.evaluate(ToySource()).accuracy > 0.8


RESUMED: list[dict[str, Any]] = [
    {"accumulate": 2},
    {"ema_decay": 0.9, "accumulate": 3},
    {"optimizer": "adamw", "learning_rate": 1e-3, "ema_decay": 0.9},
    {"precision": "float16"},
    {"precision": "bfloat16", "momentum": 0.0, "nesterov": False},
]


@pytest.mark.parametrize("changes", RESUMED)
def test_every_kind_of_run_resumes_bit_for_bit(tmp_path: Path, changes: dict[str, Any]) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run = trainer(whole, checkpoint_interval=1, **changes)
    state = run.fit(ToySource(), ToySource())
    assert state.step == 3 * -(-5 // changes.get("accumulate", 1))
    for stop in ((1, 3), (2, 4)):
        with pytest.raises(StopEarlyError):
            trainer(parts, checkpoint_interval=1, **changes).fit(StoppingSource(stop), ToySource())
    trainer(parts, checkpoint_interval=1, **changes).fit(ToySource(), ToySource())
    for name in ("last", "epoch03"):
        assert equal(weights(whole, name), weights(parts, name))
    assert figures(whole) == figures(parts)
    assert any(name.startswith("extra.average.") for name in weights(whole)) == ("ema_decay" in changes)


def test_epochs_have_the_averaged_weights(tmp_path: Path) -> None:
    run = trainer(tmp_path, ema_decay=0.9)
    run.fit(ToySource(), ToySource())
    average = {name.removeprefix("extra.average."): tensor for name, tensor in weights(tmp_path).items()}
    epoch = weights(tmp_path, "epoch03")
    assert torch.equal(epoch["0.weight"], average["0.weight"])
    assert not torch.equal(epoch["0.weight"], weights(tmp_path)["module.0.weight"])
    run.final_weights()
    assert run.evaluate(ToySource()).mean_loss == run.state.losses[run.state.best_epoch - 1]


class SignallingSource(ToySource):
    """Sends this process a signal before one batch of the first call."""

    def __init__(self, number: int, place: tuple[int, int]) -> None:
        super().__init__()
        self.number, self.place = number, place

    def batches(self, epoch: int, first: int = 0) -> Any:
        for index, batch in enumerate(super().batches(epoch, first), first):
            if (epoch, index) == self.place:
                os.kill(os.getpid(), self.number)
            yield batch


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
@pytest.mark.parametrize("place", [(1, 0), (1, 3), (2, 4)])
def test_a_signal_saves_and_stops(tmp_path: Path, number: signal.Signals, place: tuple[int, int]) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    trainer(whole).fit(ToySource(), ToySource())
    with pytest.raises(StopRequestedError, match=f"stopped by {number.name} at epoch") as caught:
        trainer(parts).fit(SignallingSource(number, place), ToySource())
    assert caught.value.exit_code == 128 + number
    state = read_state(parts / "checkpoints" / "last.safetensors")
    expected = (
        (place[0], place[1] + 1) if place[1] < 4 else (place[0] + 1, 1)
    )  # the last step of an epoch is not a stop
    assert (state.epoch, state.batch) == expected
    trainer(parts).fit(ToySource(), ToySource())
    assert equal(weights(whole), weights(parts)) and figures(whole) == figures(parts)


def test_checkpoints_by_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = []
    monkeypatch.setattr(Trainer, "_save_last", lambda self: saved.append((self.state.epoch, self.state.batch)))
    trainer(tmp_path / "a", epochs=1, checkpoint_minutes=60).fit(ToySource())
    assert saved == [(2, 0)]
    saved.clear()
    trainer(tmp_path / "b", epochs=1, checkpoint_minutes=1e-9).fit(ToySource())
    assert saved == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 0)]


def test_steps_that_are_not_finite_are_skipped_up_to_a_limit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Poisoned(ToySource):
        def batches(self, epoch: int, first: int = 0) -> Any:
            for index, batch in enumerate(super().batches(epoch, first), first):
                if index == 2:
                    batch.inputs[3, 0] = float("nan")
                yield batch

    with caplog.at_level("INFO"):
        run = trainer(tmp_path / "a", skip_non_finite=3)
        state = run.fit(Poisoned(), ToySource())
    assert state.skipped == 3 and state.step == 15
    assert (
        "epoch 2, step 8: the loss is nan: the inputs of u2-2-3 are not finite; skipped, 2 of at most 3" in caplog.text
    )
    assert all(torch.isfinite(tensor).all() for tensor in weights(tmp_path / "a", "epoch03").values())
    assert all(math.isfinite(line["loss"]) for line in figures(tmp_path / "a"))
    with pytest.raises(
        TrainingError, match=r"step 13: the loss is nan: .* \(3 steps that are not finite, expected at most 2"
    ):
        trainer(tmp_path / "b", skip_non_finite=2).fit(Poisoned(), ToySource())


def test_every_third_epoch_is_kept(tmp_path: Path) -> None:
    run = trainer(tmp_path, epochs=8, keep_checkpoints=1, keep_every=3)
    best = run.fit(ToySource(), ToySource()).best_epoch
    there = {path.stem for path in (tmp_path / "checkpoints").glob("epoch*")}
    assert there == {f"epoch{epoch:02d}" for epoch in {3, 6, 8, best}}


def test_old_epochs_are_removed_except_the_best(tmp_path: Path) -> None:
    run = trainer(tmp_path, epochs=6, keep_checkpoints=2)
    best = run.fit(ToySource(), ToySource()).best_epoch
    there = {path.stem for path in (tmp_path / "checkpoints").glob("epoch*")}
    assert there == {f"epoch{epoch:02d}" for epoch in {5, 6, best}}


def test_final_weights(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    run.fit(ToySource(), ToySource())
    assert run.final_weights()[1] == f"epoch {run.state.best_epoch}"
    last = trainer(tmp_path, select="last")
    last.fit(ToySource(), ToySource())
    assert equal(last.final_weights()[0], weights(tmp_path, "epoch03"))
    average = trainer(tmp_path, select="average", average_epochs=2)
    average.fit(ToySource(), ToySource())
    found, origin = average.final_weights()
    assert origin == "average of epochs 2 to 3"
    two, three = weights(tmp_path, "epoch02"), weights(tmp_path, "epoch03")
    torch.testing.assert_close(found["0.weight"], (two["0.weight"] + three["0.weight"]) / 2)
    assert found["1.num_batches_tracked"].item() == 15


def test_a_truncated_checkpoint_is_refused(tmp_path: Path) -> None:
    trainer(tmp_path, epochs=1).fit(ToySource())
    path = tmp_path / "checkpoints" / "last.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match=r"last\.safetensors"):
        trainer(tmp_path, epochs=2).fit(ToySource())


def test_another_model_is_refused_with_both_shapes(tmp_path: Path) -> None:
    trainer(tmp_path, epochs=1).fit(ToySource())
    module = torch.nn.Sequential(torch.nn.Linear(2, 8), *list(toy_module().children())[1:])
    with pytest.raises(MismatchError, match=r"0\.weight is \(16, 2\) in the file and \(8, 2\) in the model"):
        Trainer(module, CrossEntropy(), TrainingConfig(epochs=2), tmp_path).fit(ToySource())


def test_metrics_are_written_for_steps_and_epochs(tmp_path: Path) -> None:
    trainer(tmp_path, log_interval=2).fit(ToySource(), ToySource())
    lines = figures(tmp_path)
    assert [line["step"] for line in lines if line["kind"] == "step"] == [2, 4, 6, 8, 10, 12, 14]
    epochs = [line for line in lines if line["kind"] == "epoch"]
    assert [line["epoch"] for line in epochs] == [1, 2, 3]
    assert all(0 <= line["valid_accuracy"] <= 1 and line["learning_rate"] == 0.03 for line in epochs)
    assert list((tmp_path / "tensorboard").iterdir())
