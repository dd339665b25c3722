"""Several processes train an image model as one."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.multiprocessing.spawn import spawn

from blasr.config import load_config
from blasr.pipeline.vision import VisionRunConfig, train_vision, training
from blasr.pipeline.vision.experiment import build_image_model
from blasr.training import TrainingState, load_weights
from blasr.training.checkpoint import read_state
from blasr.vision.batches import ImageBatch, ImageBatches
from blasr.vision.config import ImageModelConfig
from blasr.vision.model import ImageModel
from tests.vision.imagefolders import write_folders

CONF = Path(__file__).parents[3] / "conf" / "vision" / "bl_resnet50_a2b4.yaml"


def fit(root: Path, name: str, epochs: int = 2) -> TrainingState:
    """Train a tiny bL-ResNet-50 on the images under ``root``, without batch norm if the name starts with by_image."""
    overrides = [
        f"experiment={root / name}", f"data.train={root}/train", f"data.valid={root}/valid", "data.batch_size=8",
        "data.num_workers=0", "model.width=0.0625", "images.size=32", f"training.epochs={epochs}",
        "training.threads=1", "training.device=cpu", "training.learning_rate=0.02", "training.schedule.kind=constant",
        "training.checkpoint_interval=2",
    ]  # fmt: skip
    config = load_config(VisionRunConfig, CONF, overrides)
    with pytest.MonkeyPatch.context() as patch:
        if name.startswith("by_image"):
            patch.setattr(training, "build_image_model", partial(built_by_image, build_image_model))
        return train_vision(config)


def built_by_image(
    build: Callable[[ImageModelConfig, int], ImageModel], config: ImageModelConfig, num_classes: int
) -> ImageModel:
    """Return the configured model with norms over each image alone.

    Batch norm depends on the images of its own process only, so two processes would not equal one.
    """
    model = build(config, num_classes)
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.GroupNorm(1, child.num_features))
    return model


class InterruptionError(Exception):
    """Stands for a process that was killed."""


def work(rank: int, ports: list[int], directory: str) -> None:
    torch.set_num_threads(1)
    root = Path(directory)

    def fit_together(name: str) -> None:  # a new process group for each run, as with torchrun
        os.environ.update(
            RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(ports.pop())
        )
        fit(root, name)

    fit_together("by_image_two")
    fit_together("whole")
    batches = ImageBatches.batches
    with pytest.MonkeyPatch.context() as patch:

        def interrupted(self: ImageBatches, epoch: int, first: int = 0) -> Iterator[ImageBatch]:
            for number, batch in enumerate(batches(self, epoch, first), first):
                if (epoch, number) == (2, 1):
                    raise InterruptionError
                yield batch

        patch.setattr(ImageBatches, "batches", interrupted)
        with pytest.raises(InterruptionError):
            fit_together("parts")
    fit_together("parts")


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_folders(tmp_path_factory.mktemp("two"))
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(4)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        ports = [probe.getsockname()[1] for probe in probes]
    spawn(work, (ports, str(root)), nprocs=2)  # type: ignore[no-untyped-call]
    return root


def final(directory: Path) -> dict[str, torch.Tensor]:
    return load_weights(directory / "final.safetensors")[0]


def test_two_processes_equal_one(two_processes: Path) -> None:
    """Each process has its share of every batch, and held-out losses are over all images."""
    state = fit(two_processes, "by_image_one")
    one, two = final(two_processes / "by_image_one"), final(two_processes / "by_image_two")
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-5)
    state_of_two = read_state(two_processes / "by_image_two" / "checkpoints" / "last.safetensors")
    assert state_of_two.step == state.step == 6
    assert state_of_two.losses == pytest.approx(state.losses, rel=1e-4)


def test_two_processes_resume_exactly(two_processes: Path) -> None:
    whole, parts = final(two_processes / "whole"), final(two_processes / "parts")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
