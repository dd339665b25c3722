"""Checkpoints keep the whole state of a run, whatever its optimizer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from blasr.errors import FormatError, MismatchError
from blasr.training import TrainingConfig, TrainingState, load_weights, save_weights
from blasr.training.checkpoint import average_weights, load_checkpoint, read_state, save_checkpoint
from blasr.training.config import ScheduleConfig
from blasr.training.schedule import learning_rate
from tests.training.toy import ToySource, toy_module

Optimizers = Callable[[nn.Module], torch.optim.Optimizer]

SCHEDULE = TrainingConfig(epochs=2, schedule=ScheduleConfig(kind="cosine", warmup_epochs=0.5))


def sgd(module: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3)


def adamw(module: nn.Module) -> torch.optim.Optimizer:
    linear, *rest = module.children()
    others = [parameter for part in rest for parameter in part.parameters()]
    groups: list[dict[str, Any]] = [
        {"params": linear.parameters(), "weight_decay": 0.1},
        {"params": others, "betas": (0.8, 0.99)},
    ]
    return torch.optim.AdamW(groups, amsgrad=True)


def rmsprop(module: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(module.parameters(), centered=True, momentum=0.5)


def lbfgs(module: nn.Module) -> torch.optim.Optimizer:
    """Its state contains lists of tensors."""
    return torch.optim.LBFGS(module.parameters(), lr=0.1, max_iter=3)


def train(module: nn.Module, optimizer: torch.optim.Optimizer, first: int, last: int) -> None:
    """Take the steps ``first`` to ``last - 1`` of two epochs of five."""
    for step in range(first, last):
        epoch, number = step // 5 + 1, step % 5
        batch = next(ToySource().batches(epoch, number))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(SCHEDULE, epoch, number / 5)

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(module(batch.inputs), batch.targets)  # noqa: B023 - called at once
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimizer.step(closure)  # type: ignore[arg-type]


@pytest.mark.parametrize("make_optimizer", [sgd, adamw, rmsprop, lbfgs])
@pytest.mark.parametrize("stop", [0, 3, 7])
def test_resumed_training_equals_uninterrupted_training(make_optimizer: Optimizers, stop: int, tmp_path: Path) -> None:
    """Every weight, every tensor and every number of the optimizer, and the dropout, are the same bit for bit."""
    whole = toy_module()
    whole_optimizer = make_optimizer(whole)
    train(whole, whole_optimizer, 0, 10)

    first = toy_module()
    first_optimizer = make_optimizer(first)
    train(first, first_optimizer, 0, stop)
    state = TrainingState(epoch=stop // 5 + 1, batch=stop % 5, step=stop, losses=[0.1 + 0.2], config={"seed": 1})
    save_checkpoint(tmp_path / "last.safetensors", first, first_optimizer, state)

    resumed = toy_module()
    torch.manual_seed(99)
    resumed_optimizer = make_optimizer(resumed)
    assert load_checkpoint(tmp_path / "last.safetensors", resumed, resumed_optimizer) == state
    train(resumed, resumed_optimizer, stop, 10)

    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
    torch.testing.assert_close(resumed_optimizer.state_dict(), whole_optimizer.state_dict(), rtol=0, atol=0)


def test_the_file_is_safetensors_with_readable_names(tmp_path: Path) -> None:
    module = toy_module()
    optimizer = adamw(module)
    train(module, optimizer, 0, 1)
    save_checkpoint(tmp_path / "a.safetensors", module, optimizer, TrainingState())
    tensors, metadata = load_weights(tmp_path / "a.safetensors")
    assert torch.equal(tensors["module.0.weight"], module.state_dict()["0.weight"])
    assert tensors["optimizer.state.0.weight.exp_avg_sq"].shape == (16, 2)
    assert metadata.keys() == {"version", "state", "optimizer", "extra"}


def test_another_optimizer_is_refused(tmp_path: Path) -> None:
    module = toy_module()
    save_checkpoint(tmp_path / "a.safetensors", module, sgd(module), TrainingState())
    with pytest.raises(MismatchError, match="the optimizer SGD, found AdamW now"):
        load_checkpoint(tmp_path / "a.safetensors", module, adamw(module))


def test_another_grouping_of_the_parameters_is_refused(tmp_path: Path) -> None:
    module = toy_module()
    save_checkpoint(tmp_path / "a.safetensors", module, adamw(module), TrainingState())
    with pytest.raises(MismatchError, match="optimizer with other parameters"):
        load_checkpoint(tmp_path / "a.safetensors", module, torch.optim.AdamW(module.parameters()))


def first_layout(directory: Path) -> tuple[Path, nn.Module, torch.optim.Optimizer]:
    """Write a checkpoint as blasr did before checkpoints had a version."""
    module = toy_module()
    optimizer = sgd(module)
    train(module, optimizer, 0, 3)
    tensors = {f"module.{name}": tensor for name, tensor in module.state_dict().items()}
    for name, parameter in module.named_parameters():
        tensors[f"momentum.{name}"] = optimizer.state[parameter]["momentum_buffer"]
    tensors["random.cpu"] = torch.get_rng_state()
    save_weights(directory / "old.safetensors", tensors, {"state": TrainingState(step=3).to_json()})
    return directory / "old.safetensors", module, optimizer


def test_checkpoints_of_the_first_layout_still_resume_with_sgd(tmp_path: Path) -> None:
    path, whole, optimizer = first_layout(tmp_path)
    train(whole, optimizer, 3, 6)
    resumed = toy_module()
    resumed_optimizer = sgd(resumed)
    assert load_checkpoint(path, resumed, resumed_optimizer).step == 3
    train(resumed, resumed_optimizer, 3, 6)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_checkpoints_of_the_first_layout_are_refused_with_another_optimizer(tmp_path: Path) -> None:
    path, module, _ = first_layout(tmp_path)
    with pytest.raises(MismatchError, match="the momentum of SGD, found the optimizer AdamW now"):
        load_checkpoint(path, module, adamw(module))


def test_a_newer_layout_is_refused(tmp_path: Path) -> None:
    save_weights(tmp_path / "a.safetensors", {"x": torch.ones(1)}, {"version": "3", "state": TrainingState().to_json()})
    with pytest.raises(FormatError, match="version 3, expected at most 2"):
        read_state(tmp_path / "a.safetensors")


def test_a_state_survives_json_exactly() -> None:
    state = TrainingState(epoch=3, losses=[0.1 + 0.2, 1e-300], config={"a": {"b": [1, None]}})
    assert TrainingState.from_json(state.to_json()) == state
    assert state.best_epoch == 2
    assert TrainingState().best_epoch == 0


def test_weights_are_not_a_checkpoint(tmp_path: Path) -> None:
    module = toy_module()
    save_weights(tmp_path / "a.safetensors", module.state_dict(), {})
    with pytest.raises(FormatError, match="is not a checkpoint to resume from"):
        read_state(tmp_path / "a.safetensors")
    with pytest.raises(FormatError, match="is not a checkpoint to resume from"):
        load_checkpoint(tmp_path / "a.safetensors", module, sgd(module))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is missing"),
        (b"", "is cut short: it has 0 bytes\n"),
        (b"\x10\0\0\0\0", "is cut short: it has 5 bytes\n"),
        (b"\x00" * 100, "is not a readable safetensors file"),
    ],
)
def test_a_file_of_another_kind_is_refused(content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FormatError, match=rf"a.safetensors: {message}(.|\n)*fix: copy the file again"):
        load_weights(path)


def test_the_average_is_the_mean_of_the_weights_and_the_last_count(tmp_path: Path) -> None:
    for number, value in enumerate((1.0, 2.0, 6.0)):
        weights = {"w": torch.full((2,), value), "count": torch.tensor(number)}
        save_weights(tmp_path / f"{number}.safetensors", weights, {})
    average = average_weights(tmp_path / f"{number}.safetensors" for number in range(3))
    assert average["w"].tolist() == [3.0, 3.0] and average["w"].dtype == torch.float32
    assert average["count"].item() == 2


def test_others_may_read_weights_as_any_other_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    save_weights(tmp_path / "model.safetensors", toy_module().state_dict(), {})
    assert (tmp_path / "model.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.999])
def test_a_file_that_is_cut_short(kept: float, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_weights(path, toy_module().state_dict(), {"origin": "epoch 1"})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(FormatError) as caught:
        load_weights(path)
    found, expected = int(kept * len(whole)), len(whole)
    if kept > 0.1:
        assert f"is cut short: it has {found} bytes, and its header describes {expected}" in str(caught.value)
    else:  # within the header
        assert f"is cut short: it has {found} bytes" in str(caught.value)
    assert "copy the file again" in str(caught.value)
