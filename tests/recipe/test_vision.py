"""Training and evaluating an image model from end to end, through the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from PIL import Image

from blasr.cli.main import main
from blasr.config import load_config, to_mapping
from blasr.errors import MismatchError
from blasr.recipe.vision import VisionRunConfig, load_experiment, paper_training, read_images

CONF = Path(__file__).parents[2] / "conf" / "vision"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes that colour alone tells apart."""
    for part, count in (("train", 12), ("valid", 5)):
        for name, colour in (("blue", (0, 0, 200)), ("red", (200, 0, 0))):
            (tmp_path / part / name).mkdir(parents=True)
            for index in range(count):
                Image.new("RGB", (40, 36), tuple(c + 4 * index for c in colour)).save(
                    tmp_path / part / name / f"{index}.png"
                )
    return tmp_path


def train(folder: Path, *sets: str) -> int:
    overrides = [
        f"data.train={folder}/train", f"data.valid={folder}/valid", "data.batch_size=8", "data.num_workers=0",
        "model.width=0.0625", "images.size=32", "training.epochs=3", "training.threads=1",
        "training.device=cpu", "training.learning_rate=0.05", *sets,
    ]  # fmt: skip
    words = [word for override in overrides for word in ("--set", override)]
    return main(["vision", "train", str(CONF / "bl_resnet50_a2b4.yaml"), "--experiment", str(folder / "exp"), *words])


def test_train_go_on_and_evaluate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(folder) == 0
    weights = (folder / "exp" / "final.safetensors").read_bytes()
    model, description = load_experiment(folder / "exp")
    assert description.classes == ("blue", "red") and model.num_classes == 2
    assert train(folder) == 0  # done already
    assert (folder / "exp" / "final.safetensors").read_bytes() == weights
    capsys.readouterr()
    words = ["vision", "evaluate", str(folder / "exp"), "--data", str(folder / "valid"), "--device", "cpu"]
    assert main([*words, "--size", "32", "64"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[:2] for row in rows] == [["32", "10"], ["64", "10"]]
    assert train(folder, "images.flip=0.0") == 2
    assert re.search(r"images.flip: 0.5 -> 0.0", capsys.readouterr().err)
    assert main([*words, "--size", "50"]) == 2
    assert "choose 32 or 64" in capsys.readouterr().err


def test_going_on_is_exact(folder: Path) -> None:
    """Cut off after the second of three epochs, a run ends in the same weights."""
    assert train(folder) == 0
    whole = (folder / "exp" / "final.safetensors").read_bytes()
    (folder / "exp").rename(folder / "whole")

    class CutError(Exception):
        pass

    def cut(*_: object) -> None:
        raise CutError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("blasr.training.trainer.Trainer._prune", cut)
        with pytest.raises(CutError):
            train(folder)
    assert not (folder / "exp" / "final.safetensors").exists()
    assert train(folder) == 0
    assert (folder / "exp" / "final.safetensors").read_bytes() == whole


def test_released_weights_can_be_evaluated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"conv1.weight": torch.zeros(1)}, folder / "weights.pth")
    words = ["vision", "evaluate", str(folder / "weights.pth"), "--data", str(folder / "valid")]
    assert main(words) == 2
    assert "give --model" in capsys.readouterr().err
    assert main([*words, "--model", "bl_resnet50_a2b4"]) == 1
    assert "weights of another model" in capsys.readouterr().err


def test_other_classes_are_refused(folder: Path) -> None:
    (folder / "valid" / "red").rename(folder / "valid" / "rot")
    config = load_config(
        VisionRunConfig,
        CONF / "bl_resnet50_a2b4.yaml",
        [f"data.train={folder}/train", f"data.valid={folder}/valid"],
    )
    with pytest.raises(MismatchError, match="missing: red, unknown: rot"):
        read_images(config.data)


@pytest.mark.parametrize("path", sorted(CONF.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_configuration_is_valid(path: Path) -> None:
    config = load_config(VisionRunConfig, path)
    if not path.stem.startswith("digits"):
        assert to_mapping(config.training) == to_mapping(paper_training())
        assert (config.data.batch_size, config.images.size) == (256, 224)
        assert config.model.name == path.stem
