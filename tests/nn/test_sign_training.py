"""Training signs: the outputs are those of the pattern to the bit, and the gradient reaches the floats."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blasr.errors import ConfigError
from blasr.models import build_acoustic_model
from blasr.nn import PatternConv2d, SignTrainingConv2d, binarize, train_signs


def network() -> nn.Module:
    torch.manual_seed(2)
    return build_acoustic_model("bl_resnet22_a2b3", num_pdfs=6, width=0.06).eval()


def test_the_outputs_are_those_of_the_patterns() -> None:
    x = torch.randn(2, 3, 64, 52)
    trained, fixed = train_signs(network(), ("stem",)), binarize(network(), ("stem",))
    assert torch.equal(trained(x), fixed(x))
    assert trained.state_dict().keys() == network().state_dict().keys()
    names = [
        {name for name, module in model.named_modules() if isinstance(module, kind)}
        for model, kind in ((trained, SignTrainingConv2d), (fixed, PatternConv2d))
    ]
    assert names[0] == names[1] and "stem.conv" not in names[0]


def test_the_gradient_is_that_of_the_binary_weights() -> None:
    conv = nn.Conv2d(4, 5, 3, padding=1, groups=1)
    x = torch.randn(2, 4, 6, 6)
    layer = SignTrainingConv2d(conv)
    assert layer.weight is conv.weight and layer.bias is conv.bias
    layer(x).square().sum().backward()
    binary = (conv.weight.detach().abs().mean((1, 2, 3), keepdim=True) * conv.weight.detach().sign()).requires_grad_()
    assert conv.bias is not None
    loss = nn.functional.conv2d(x, binary, conv.bias.detach(), padding=1).square().sum()
    loss.backward()  # type: ignore[no-untyped-call]
    assert conv.weight.grad is not None and binary.grad is not None
    torch.testing.assert_close(conv.weight.grad, binary.grad)


def test_signs_change_and_the_result_is_packed() -> None:
    model = train_signs(network(), ("stem",)).train()
    x = torch.randn(4, 3, 64, 52)
    before = model.get_submodule("head.conv").weight.detach().clone()  # type: ignore[operator]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(3):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
    after = model.get_submodule("head.conv").weight.detach()  # type: ignore[operator]
    assert ((before >= 0) != (after >= 0)).any()
    packed = network()
    packed.load_state_dict(model.state_dict())
    assert torch.equal(binarize(packed, ("stem",))(x), model.eval()(x))


@pytest.mark.parametrize("make", [train_signs, binarize])
def test_a_pattern_is_not_trained_again(make: object) -> None:
    with pytest.raises(ConfigError, match="is binarized already"):
        make(binarize(network()))  # type: ignore[operator]
