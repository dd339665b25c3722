from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from blasr.nn import count_layers


def test_counts_by_hand() -> None:
    model = nn.Sequential(
        nn.Conv2d(4, 6, (3, 2), stride=(2, 1), groups=2),  # 8 x 5 -> 3 x 4
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(72, 10, bias=False),
    )
    layers = count_layers(model, (4, 8, 5))
    assert [(layer.name, layer.kind, layer.output) for layer in layers] == [
        ("0", "Conv2d 3x2", (6, 3, 4)),
        ("1", "BatchNorm2d", (6, 3, 4)),
        ("4", "Linear", (10,)),
    ]
    assert [layer.params for layer in layers] == [6 * 2 * 6 + 6, 12, 720]
    assert [layer.macs for layer in layers] == [3 * 4 * 6 * 2 * 6, 0, 720]


def test_the_model_stays_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout())
    model[1].eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    count_layers(model, (1, 5, 5))
    assert [module.training for module in model] == [True, False, True]
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert model[0].weight.device.type == "cpu"
    assert not any(module._forward_hooks for module in model.modules())


def test_a_layer_that_runs_twice() -> None:
    layer = nn.Linear(3, 3)
    layers = count_layers(nn.Sequential(layer, nn.ReLU(), layer), (3,))
    assert [(layer.params, layer.macs) for layer in layers] == [(12, 9), (0, 9)]


def test_a_layer_that_does_not_run_is_refused() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used = nn.Linear(2, 2)
            self.unused = nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.used(x)  # type: ignore[no-any-return]

    with pytest.raises(ValueError, match="ran have 6 parameters, the model has 12"):
        count_layers(Idle(), (2,))
