"""The release's weights: every name and shape, and the logits of a network filled from the names."""

from __future__ import annotations

import hashlib
import math
import zlib
from pathlib import Path

import pytest
import torch
from torch import Tensor

from blasr.errors import FormatError, MismatchError
from blasr.vision import create_model, load_released_state_dict, read_released_file
from blasr.vision.released import released_names, released_variant

# Tensors in the release's state dicts, and the SHA-256 of their sorted lines "name shape".
RELEASED = {
    "bl_resnet50_a2b4": (428, "f37fc8820ba9c15a77f996d68b117186357d84e46068cdb6ffc9860688c9c3ec"),
    "bl_resnext50_32x4d_a2b4": (428, "a1781ab48042299d25b4eb8c3bad7d573ca95434adf2d73f2f663cddc9c1be2d"),
    "bl_seresnext50_32x4d_a2b4": (504, "fc04a0f85d6260a63112db9f1f02524f2883ba1154136417e95dcfce4da57d08"),
}

# First ten logits, argmax and sum of absolute logits of the release's code with the weights of filled().
LOGITS = [
    6.2221055, 0.4302074, -5.7582669, -6.3328362, -0.7616125, 5.5029521, 6.3549523, 0.9930031, -5.3114681, -6.3792887,
]  # fmt: skip
ARGMAX, ABSOLUTE_SUM = 583, 4407.356


def released_shapes(name: str) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        model = create_model(name)
    names = released_names(model)
    return {names[own]: tuple(tensor.shape) for own, tensor in model.state_dict().items()}


def filled(name: str, shape: tuple[int, ...]) -> Tensor:
    """A tensor that depends on its name and shape alone."""
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    count = math.prod(shape)
    wave = torch.sin(0.7 * torch.arange(count, dtype=torch.float64) + zlib.crc32(name.encode()) % 1000)
    if name.endswith("running_var"):
        values = 1 + 0.1 * wave.abs()
    elif len(shape) == 1 and name.endswith(".weight"):
        values = 1 + 0.1 * wave
    elif len(shape) >= 2:
        values = wave * math.sqrt(2 / (count / shape[0]))
    else:
        values = 0.1 * wave
    return values.reshape(shape).float()


@pytest.mark.parametrize("name", RELEASED)
def test_names_and_shapes(name: str) -> None:
    shapes = released_shapes(name)
    lines = "\n".join(sorted(f"{key} {shape}" for key, shape in shapes.items()))
    assert (len(shapes), hashlib.sha256(lines.encode()).hexdigest()) == RELEASED[name]


def test_logits() -> None:
    """Tolerance 1e-3, on logits of a size of 6."""
    name = "bl_resnet50_a2b4"
    model = create_model(name, upsample="nearest").eval()
    load_released_state_dict(model, {key: filled(key, shape) for key, shape in released_shapes(name).items()})
    image = torch.sin(0.01 * torch.arange(3 * 224 * 224, dtype=torch.float64)).float().reshape(1, 3, 224, 224)
    with torch.inference_mode():
        logits = model(image)[0]
    torch.testing.assert_close(logits[:10], torch.tensor(LOGITS), atol=1e-3, rtol=0)
    assert logits.argmax() == ARGMAX
    assert logits.abs().sum().item() == pytest.approx(ABSOLUTE_SUM, abs=0.05)


def test_a_file_with_the_prefix_of_data_parallel(tmp_path: Path) -> None:
    name = "bl_resnet50_a4b4"
    shapes = {key: shape for key, shape in released_shapes(name).items() if not key.startswith("fc")}
    weights = {f"module.{key}": filled(key, shape) for key, shape in shapes.items()}
    path = tmp_path / "weights.pth"
    torch.save({"epoch": 110, "arch": "bLResNet", "state_dict": weights}, path)
    model = create_model(name, num_classes=0, upsample="nearest")
    load_released_state_dict(model, read_released_file(path))
    torch.testing.assert_close(model.state_dict()["stages.stem.conv.weight"], weights["module.conv1.weight"])


def test_another_variant_is_refused_with_the_first_differences() -> None:
    with torch.device("meta"):
        model = create_model("bl_resnet50_a2b4")
        other = create_model("bl_resnet50_a4b2")
    names = released_names(other)
    weights = {names[own]: tensor for own, tensor in other.state_dict().items()}
    with pytest.raises(MismatchError, match=r"l_conv0.weight is .16, 64, 3, 3. in the file and .32, 64") as error:
        load_released_state_dict(model, weights)
    assert "differences" in error.value.message
    with pytest.raises(MismatchError, match=r"conv1.weight is missing"):
        load_released_state_dict(model, {"layer9.weight": torch.zeros(1)})


def test_the_variant_of_a_state_dict_is_found() -> None:
    name = "bl_resnext50_32x4d_a4b2"
    shapes = released_shapes(name)
    weights = {f"module.{key}": torch.zeros(shape, device="meta") for key, shape in shapes.items()}
    assert released_variant(weights) == name
    weights.pop("module.fc.weight")
    assert released_variant(weights) is None


@pytest.mark.parametrize("name", ["resnet50", "bl_resnet50_a2b4_m1", "bl_resnet50_a2b4_k3", "bl_resnet101_a2b4_m7"])
def test_what_the_release_lacks(name: str) -> None:
    with torch.device("meta"):
        model = create_model(name)
    with pytest.raises(MismatchError, match="no counterpart"):
        released_names(model)


class Harm:
    """What a pickle could bring along."""

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("harm"),)


def test_other_pickles_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": Harm()}, path)
    with pytest.raises(FormatError, match=r"contains \S+, expected only plain tensors") as error:
        read_released_file(path)
    assert not (tmp_path / "harm").exists()
    assert "weights_only" not in str(error.value)  # torch's message says how to load it anyway
    torch.save({"fc.bias": torch.tensor([1.0, math.nan])}, path)
    with pytest.raises(FormatError, match=r"fc\.bias contains numbers that are not finite"):
        read_released_file(path)
    path.write_bytes(b"no weights")
    with pytest.raises(FormatError, match=r"weights\.pth"):
        read_released_file(path)
    torch.save([torch.zeros(2)], path)
    with pytest.raises(FormatError, match="no state dict"):
        read_released_file(path)
    with pytest.raises(FormatError, match=r"absent\.pth"):
        read_released_file(tmp_path / "absent.pth")
