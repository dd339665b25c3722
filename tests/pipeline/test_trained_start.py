"""Weights of a trained network, and the patterns that are made from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from blasr.errors import ConfigError, MismatchError
from blasr.nn import BinarizeConfig, PatternStageConfig, Pointwise, binarize, is_binarized
from blasr.pipeline.trained_start import TrainedNetwork, check_initial_experiment, finished_weights, start_from
from blasr.vision import ImageModel, create_model

PATTERNS = BinarizeConfig(("stem",))
STAGE = PatternStageConfig(("stem",))


def network(patterns: BinarizeConfig | None = None, width: float = 0.5, num_classes: int = 3) -> ImageModel:
    return create_model("sep_resnet20", num_classes, width=width, patterns=patterns).eval()


def trained(patterns: BinarizeConfig | None = None) -> tuple[ImageModel, TrainedNetwork]:
    torch.manual_seed(7)
    model = network(patterns)
    return model, TrainedNetwork(Path("exp/trained"), model.state_dict(), patterns)


def test_a_network_in_float_becomes_its_patterns() -> None:
    source, start = trained()
    model = network()
    start_from(model, start, PATTERNS, stage=STAGE)
    binarize(source, PATTERNS.keep)
    assert all(torch.equal(value, source.state_dict()[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("pointwise", ["float", "int8"])
def test_patterns_are_trained_further(pointwise: Pointwise) -> None:
    """As they are, or with 8-bit 1x1 convolutions in addition."""
    source, start = trained(PATTERNS)
    model = network()
    target = replace(PATTERNS, pointwise=pointwise)
    start_from(
        model, start, target, stage=PatternStageConfig(("stem",), pointwise="int8") if pointwise == "int8" else None
    )
    x = torch.randn(2, 3, 32, 32)
    if pointwise == "float":
        assert torch.equal(model(x), source(x))
    else:
        torch.testing.assert_close(model(x), source(x), atol=0.1, rtol=0.1)
        assert model.state_dict().keys() == network(target).state_dict().keys()


def test_other_shapes_are_left_out_in_float() -> None:
    _, start = trained()
    model = network(num_classes=5)
    start_from(model, start, None)
    assert torch.equal(model.state_dict()["stages.stem.conv.weight"], start.weights["stages.stem.conv.weight"])
    for patterns, whole in ((None, "lfmmi"), (PATTERNS, "")):
        with pytest.raises(MismatchError, match=r"exp/trained: only \d+ of \d+ tensors fit this model"):
            start_from(network(num_classes=5), start, patterns, whole=whole)


@pytest.mark.parametrize(
    ("target", "is_new_stage", "message"),
    [
        (None, False, "exp/trained: has binary patterns, .* but this run trains in float"),
        (PATTERNS, True, "exp/trained: is binarized already"),
        (BinarizeConfig(), True, "exp/trained: is binarized already"),
        (BinarizeConfig(), False, "stem in float, but this run binary patterns"),
    ],
)
def test_patterns_are_made_once(target: BinarizeConfig | None, is_new_stage: bool, message: str) -> None:
    _, start = trained(PATTERNS)
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ConfigError, match=message) as caught:
        start_from(model, start, target, stage=STAGE if is_new_stage else None)
    assert "copy the section model of exp/trained/final.yaml" in str(caught.value)
    assert not is_binarized(model)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_signs_that_are_trained_end_as_patterns() -> None:
    """During the training the state is that of a network in float; afterwards it is packed."""
    source, start = trained()
    stage = PatternStageConfig(("stem",), signs="trained")
    model = network()
    start_from(model, start, stage.patterns, stage=stage)
    state = model.state_dict()
    assert state.keys() == source.state_dict().keys()
    packed = finished_weights(network(), state, stage, Path("exp"))
    result = network(PATTERNS)
    result.load_state_dict(packed)
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(result(x), model(x))
    assert finished_weights(network(), state, None, Path("exp")) is state
    _, patterns = trained(PATTERNS)
    with pytest.raises(ConfigError, match="is binarized already"):
        start_from(network(), patterns, PATTERNS, stage=stage)
    step = PatternStageConfig(("stem",), signs="trained")
    int8 = replace(PATTERNS, pointwise="int8")
    with pytest.raises(ConfigError, match="signs are trained from a network in float"):
        start_from(network(), patterns, int8, stage=step)


def test_a_training_starts_from_one_network(tmp_path: Path) -> None:
    """A cascade has two, and the files of the big one look like an experiment; an export has no weights to train."""
    check_initial_experiment(None)
    check_initial_experiment(tmp_path)
    for name in ("cascade.yaml", "final.yaml", "final.safetensors"):
        (tmp_path / name).touch()
    with pytest.raises(ConfigError, match="is a cascade of two networks") as caught:
        check_initial_experiment(tmp_path)
    assert f"set initialize_from to {tmp_path / 'little'}" in str(caught.value)
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "model.onnx").touch()
    with pytest.raises(ConfigError, match=r"is an exported network \(model.onnx\), which cannot be trained"):
        check_initial_experiment(tmp_path / "export")
