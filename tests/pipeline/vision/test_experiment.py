"""A trained image model on disk, and released weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blasr.errors import DataError, MismatchError
from blasr.pipeline.vision import ImageModelDescription, load_image_experiment, load_released_model
from blasr.pipeline.vision.experiment import build_image_model, write_final_model
from blasr.vision import ImageConfig, ImageModelConfig, create_model
from blasr.vision.released import released_names

CONFIG = ImageModelConfig("bl_resnet50_a2b4", width=0.0625, upsample="nearest")


def test_a_model_returns_with_its_description(tmp_path: Path) -> None:
    model = build_image_model(CONFIG, 2)
    description = ImageModelDescription(CONFIG, ("blue", "red"), ImageConfig(size=32), "epoch 3")
    write_final_model(tmp_path, description, model.state_dict())
    loaded, found = load_image_experiment(tmp_path)
    assert found == description and not loaded.training
    assert all(torch.equal(tensor, loaded.state_dict()[name]) for name, tensor in model.state_dict().items())


def test_an_unfinished_experiment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the experiment is not finished"):
        load_image_experiment(tmp_path)


def test_released_weights_of_another_model_are_refused_with_the_right_name(tmp_path: Path) -> None:
    model = create_model("bl_resnet50_a4b4", 2, "nearest")
    names = released_names(model)
    torch.save({names[name]: tensor for name, tensor in model.state_dict().items()}, tmp_path / "weights.pth")
    assert load_released_model("bl_resnet50_a4b4", tmp_path / "weights.pth").num_classes == 2
    with pytest.raises(MismatchError) as caught:
        load_released_model("bl_resnet50_a2b4", tmp_path / "weights.pth")
    assert caught.value.fix == "these are the weights of bl_resnet50_a4b4: give --name bl_resnet50_a4b4"
