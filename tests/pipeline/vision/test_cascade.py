"""The threshold of a cascade of image models, its folder, and its mistakes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from blasr.cli.main import main
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.nn import count_layers
from blasr.pipeline.vision import (
    ImageCascadeTuneConfig,
    ImageModelDescription,
    evaluate_images,
    load_image_experiment,
    open_experiment_evaluation,
    tune_image_cascade,
)
from blasr.pipeline.vision.experiment import build_image_model, write_final_model
from blasr.vision import ImageConfig, ImageModelConfig, LittleBigClassifier
from tests.vision.imagefolders import write_folders

CONFIG = ImageCascadeTuneConfig(max_degradation=10.0, num_thresholds=5, picture=False, timed_batches=1, batch_size=8)
CLASSES = ("blue", "red")


def write_model(folder: Path, width: float, seed: int, images: ImageConfig, classes: tuple[str, ...] = CLASSES) -> Path:
    """An untrained model."""
    torch.manual_seed(seed)
    config = ImageModelConfig("resnet50", width=width)
    model = build_image_model(config, len(classes))
    for parameter in model.parameters():
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter, 0.5)
    write_final_model(folder, ImageModelDescription(config, classes, images, "epoch 0"), model.state_dict())
    return folder


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folders(tmp_path_factory.mktemp("images"), train=1, valid=12) / "valid"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, images: Path) -> tuple[Path, Path]:
    """Two models that do not classify all images alike."""
    root = tmp_path_factory.mktemp("models")
    little = write_model(root / "little", 0.0625, 0, ImageConfig(size=32))
    for seed in range(1, 20):
        big = write_model(root / f"big{seed}", 0.125, seed, ImageConfig(size=32))
        scores = []
        for folder in (little, big):
            opened = open_experiment_evaluation(folder, images)
            scores.append(evaluate_images(opened.model, opened.images, opened.config, 32).top1_error)
        if scores[0] != scores[1]:
            return little, big
    pytest.fail("no seed gives models that differ")


def test_errors_and_macs_are_those_of_the_cascade(pair: tuple[Path, Path], images: Path, tmp_path: Path) -> None:
    measured = tune_image_cascade(*pair, images, tmp_path / "out", CONFIG)
    curve, chosen = measured.curve, measured.chosen
    macs = [sum(layer.macs for layer in count_layers(load_image_experiment(folder)[0], (3, 32, 32))) for folder in pair]
    assert curve.little.usage.macs == 24 * macs[0] and curve.big.usage.macs == 24 * macs[1]
    opened = open_experiment_evaluation(tmp_path / "out", images)
    assert isinstance(opened.model, LittleBigClassifier) and opened.model.threshold == chosen.threshold
    for point in curve.points:
        opened.model.threshold, opened.model.images, opened.model.passed_on = point.threshold, 0, 0
        score = evaluate_images(opened.model, opened.images, opened.config, 32)
        assert score.top1_error == pytest.approx(point.total.wer)
        assert opened.model.passed_on == point.usage.passed_on
        little_macs = 0 if point.threshold > 1 else 24 * macs[0]
        assert point.usage.macs == little_macs + point.usage.passed_on * macs[1]
    assert chosen.total.wer <= curve.big.total.wer + 10.0
    report = json.loads((tmp_path / "out" / "cascade.json").read_text(encoding="utf-8"))
    assert report["measure"] == "top-1 error" and report["seconds"]["inputs"] == 8


def test_the_command_line(
    pair: tuple[Path, Path], images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    models = ["--little", str(pair[0]), "--big", str(pair[1]), "--data", str(images), "--device", "cpu"]
    assert main(["vision", "cascade", *models, "--out", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["little", "cascade", "big"]
    assert lines[-2].startswith("chosen: threshold ") and lines[-1] == f"written: {tmp_path / 'out'}"
    assert (tmp_path / "out" / "curve.png").is_file()
    experiment = ["--experiment", str(tmp_path / "out"), "--data", str(images), "--device", "cpu"]
    assert main(["vision", "evaluate", *experiment]) == 0
    assert "of the images passed on" in capsys.readouterr().out
    assert main(["vision", "cascade", *models, "--out", str(pair[0])]) > 0
    assert (pair[0] / "final.safetensors").is_file()


def test_mistakes(pair: tuple[Path, Path], images: Path, tmp_path: Path) -> None:
    little, big = pair
    with pytest.raises(DataError, match="the same top-1 error on each of 24 images"):
        tune_image_cascade(big, big, images, tmp_path / "out", CONFIG)
    larger = write_model(tmp_path / "larger", 0.0625, 0, ImageConfig(size=64))
    with pytest.raises(MismatchError, match="read different images: size is 64 and 32"):
        tune_image_cascade(larger, big, images, tmp_path / "out", CONFIG)
    others = write_model(tmp_path / "others", 0.0625, 0, ImageConfig(size=32), ("green", "red"))
    with pytest.raises(MismatchError, match="missing: blue, unknown: green"):
        tune_image_cascade(others, big, images, tmp_path / "out", CONFIG)
    tune_image_cascade(little, big, images, tmp_path / "cascade", replace(CONFIG, timed_batches=0))
    with pytest.raises(ConfigError, match="is a cascade itself"):
        tune_image_cascade(tmp_path / "cascade", big, images, tmp_path / "out", CONFIG)
    path = tmp_path / "cascade" / "cascade.yaml"
    path.write_text("threshold: -1\n")
    with pytest.raises(ConfigError, match="expected a number from 0 to 1, or above 1"):
        open_experiment_evaluation(tmp_path / "cascade", images)
    assert not (tmp_path / "out").exists()
