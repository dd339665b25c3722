"""Training and evaluating an image model from end to end, through the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from blasr.cli.main import main
from blasr.nn import BinarizeConfig, PatternConv2d, is_binarized
from blasr.pipeline.vision import load_image_experiment
from blasr.vision.batches import ImageBatch, ImageBatches
from blasr.vision.config import ImageConfig
from blasr.vision.factory import create_model
from blasr.vision.images import ImageFolder
from blasr.vision.released import released_names
from blasr.vision.transforms import EvaluationTransform
from tests.vision.imagefolders import write_folders, write_mnist

CONF = Path(__file__).parents[3] / "conf" / "vision"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folders(tmp_path)


def train(folder: Path, *sets: str) -> int:
    defaults = (
        f"data.train={folder}/train", f"data.valid={folder}/valid", "data.batch_size=8", "data.num_workers=0",
        "model.width=0.0625", "images.size=32", "training.epochs=3", "training.threads=1",
        "training.device=cpu", "training.learning_rate=0.05",
    )  # fmt: skip
    overrides = dict(override.split("=", 1) for override in (*defaults, *sets)).items()
    words = [word for key, value in overrides for word in ("--set", f"{key}={value}")]
    return main(["vision", "train", str(CONF / "bl_resnet50_a2b4.yaml"), "--experiment", str(folder / "exp"), *words])


def test_train_resume_and_evaluate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(folder) == 0
    weights = (folder / "exp" / "final.safetensors").read_bytes()
    model, description = load_image_experiment(folder / "exp")
    assert description.classes == ("blue", "red") and model.num_classes == 2
    assert train(folder) == 0  # done already
    assert (folder / "exp" / "final.safetensors").read_bytes() == weights
    capsys.readouterr()
    words = [
        "vision",
        "evaluate",
        "--experiment",
        str(folder / "exp"),
        "--data",
        str(folder / "valid"),
        "--device",
        "cpu",
    ]
    assert main([*words, "--sizes", "32", "64"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[:2] for row in rows] == [["32", "10"], ["64", "10"]]
    assert train(folder, "images.flip=0.0") == 2
    assert re.search(r"images.flip: 0.5 -> 0.0", capsys.readouterr().err)
    assert main([*words, "--sizes", "50"]) == 2
    assert "choose 32 or 64" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "message"), [("cascade.yaml", "is a cascade of two networks"), ("model.onnx", "is an exported network")]
)
def test_a_training_starts_from_one_network(
    file: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "start").mkdir()
    (folder / "start" / file).touch()
    assert train(folder, f"initialize_from={folder}/start") == 2
    assert f"{folder}/start: {message}" in capsys.readouterr().err
    assert not (folder / "exp" / "config.yaml").exists()


@pytest.mark.parametrize("stop", [(1, 2), (2, 0), (3, 1), "fixed", "trained"])
def test_resuming_is_exact(folder: Path, stop: tuple[int, int] | str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is interrupted before any batch of any epoch ends with the same weights, with patterns too."""
    sets: tuple[str, ...] = ("training.checkpoint_interval=1",)
    if isinstance(stop, str):
        signs, stop = stop, (2, 1)
        sets = (*sets, "model.name=sep_resnet20", "model.width=0.5")
        assert train(folder, *sets, "training.epochs=1") == 0
        (folder / "exp").rename(folder / "float")
        sets = (*sets, f"initialize_from={folder}/float", f"binarize.signs={signs}", "training.epochs=2")
    assert train(folder, *sets) == 0
    whole = (folder / "exp" / "final.safetensors").read_bytes()
    (folder / "exp").rename(folder / "whole")

    class InterruptionError(Exception):
        pass

    batches = ImageBatches.batches

    def interrupted(self: ImageBatches, epoch: int, first: int = 0) -> Iterator[ImageBatch]:
        for number, batch in enumerate(batches(self, epoch, first), first):
            if (epoch, number) == stop:
                raise InterruptionError
            yield batch

    with monkeypatch.context() as patch:
        patch.setattr(ImageBatches, "batches", interrupted)
        with pytest.raises(InterruptionError):
            train(folder, *sets)
    assert not (folder / "exp" / "final.safetensors").exists()
    assert train(folder, *sets) == 0
    assert (folder / "exp" / "final.safetensors").read_bytes() == whole


def test_a_torchvision_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torchvision")
    write_mnist(tmp_path, {"train": 24, "t10k": 12})
    sets = ["data.dataset=MNIST", f"data.train={tmp_path}", "training.epochs=1"]
    assert train(tmp_path, *sets) == 0
    assert len(load_image_experiment(tmp_path / "exp")[1].classes) == 10
    words = ["vision", "evaluate", "--experiment", str(tmp_path / "exp"), "--data", str(tmp_path), "--device", "cpu"]
    capsys.readouterr()
    assert main([*words, "--dataset", "MNIST"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["32", "12"]
    assert main([*words, "--dataset", "mnist"]) == 2
    assert "did you mean MNIST?" in capsys.readouterr().err


def test_evaluation_at_224_and_256(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is like those of the release, except for the number of classes."""
    write_folders(tmp_path, 1, 1)
    torch.manual_seed(0)
    model = create_model("bl_resnet50_a4b4", 2, "nearest").eval()
    names = released_names(model)
    weights = {f"module.{names[name]}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"epoch": 110, "state_dict": weights}, tmp_path / "weights.pth.tar")
    words = ["--name", "bl_resnet50_a4b4", "--data", str(tmp_path / "valid"), "--sizes", "224", "256"]
    assert main(["vision", "evaluate", "--released", str(tmp_path / "weights.pth.tar"), *words, "--device", "cpu"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[:2] for row in rows] == [["224", "2"], ["256", "2"]]
    images = ImageFolder(tmp_path / "valid")
    for row, size in zip(rows, (224, 256), strict=True):
        batch = torch.stack([EvaluationTransform(ImageConfig(), size)(images.image(index)) for index in range(2)])
        with torch.inference_mode():
            loss = torch.nn.functional.cross_entropy(model(batch), torch.tensor([0, 1]))
        assert float(row[-1]) == pytest.approx(float(loss), abs=1e-4)


def test_released_weights_can_be_evaluated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"conv1.weight": torch.zeros(1)}, folder / "weights.pth")
    words = ["vision", "evaluate", "--released", str(folder / "weights.pth"), "--data", str(folder / "valid")]
    assert main(words) == 2
    assert "give --name" in capsys.readouterr().err
    assert main([*words, "--name", "bl_resnet50_a2b4"]) == 1
    assert "weights of another model" in capsys.readouterr().err


def test_a_second_stage_with_patterns(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Trained in float, binarized, trained further, evaluated; then what is refused."""
    small = ("model.name=sep_resnet20", "model.width=0.5", "training.epochs=1")
    assert train(folder, *small) == 0
    (folder / "exp").rename(folder / "float")
    stage = (*small, f"initialize_from={folder}/float", "binarize.keep=[stem]", "training.epochs=2")
    assert train(folder, *stage, "training.checkpoint_interval=1") == 0
    model, description = load_image_experiment(folder / "exp")
    assert is_binarized(model) and description.model.patterns == BinarizeConfig(("stem",))
    source = load_image_experiment(folder / "float")[0].state_dict()
    for name, module in model.named_modules():
        if isinstance(module, PatternConv2d):
            assert torch.equal(module.signs > 0, source[f"{name}.weight"] >= 0)
    words = ["vision", "evaluate", "--data", str(folder / "valid"), "--device", "cpu", "--experiment"]
    assert main([*words, str(folder / "exp")]) == 0

    path = folder / "exp" / "final.safetensors"
    whole = path.read_bytes()
    assert len(whole) < 0.4 * (folder / "float" / "final.safetensors").stat().st_size
    path.write_bytes(whole[: len(whole) // 2])
    capsys.readouterr()
    assert main([*words, str(folder / "exp")]) == 1
    size = f"it has {len(whole) // 2} bytes, and its header describes {len(whole)}"
    assert f"{path}: is cut short: {size}" in capsys.readouterr().err

    path.write_bytes(whole)
    (folder / "exp").rename(folder / "patterns")
    again = (*small, f"initialize_from={folder}/patterns")
    for sets, message in ((again, "this run trains in float"), ((*again, "binarize.keep=[stem]"), "binarized already")):
        assert train(folder, *sets) == 2
        assert message in capsys.readouterr().err
        assert not (folder / "exp" / "checkpoints").exists()
    assert train(folder, *again, "model.binarize.keep=[stem]", "model.binarize.pointwise=int8") == 0
    assert (folder / "exp" / "final.safetensors").stat().st_size < len(whole)
