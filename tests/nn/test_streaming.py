"""A network column by column against one pass over the whole input."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from blasr.models import TABLE3, build_acoustic_model
from blasr.nn import BigLittleModule, ConvNorm, ResidualBlock, Stream, binarize, chain, stream
from blasr.nn.binarize_config import Pointwise


def in_pieces(running: Stream, x: Tensor, lengths: list[int]) -> Tensor:
    """Return the outputs of all pieces; the lengths repeat until the end of ``x``."""
    outputs, begin, piece = [], 0, 0
    while begin < x.shape[3]:
        end = begin + lengths[piece % len(lengths)]
        output = running.accept(x[..., begin:end])
        outputs += [] if output is None else [output]
        begin, piece = end, piece + 1
    return torch.cat(outputs, dim=3)


@pytest.mark.parametrize("name", list(TABLE3))
@settings(deadline=None, max_examples=5)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_every_variant_in_pieces(name: str, lengths: list[int]) -> None:
    """Pieces of any length give the logits of the whole, to the rounding of doubles, and lose 48 frames in all."""
    torch.manual_seed(3)
    model = build_acoustic_model(name, num_pdfs=11, width=0.0625).double().eval()
    for module in model.modules():  # as after training, so that no normalization is the identity
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    x = torch.randn(1, 3, 64, 49 + sum(lengths) + 20, dtype=torch.float64)
    with torch.inference_mode():
        running = chain(list(model.parts.values()))
        assert running.lost == 48
        logits = in_pieces(running, x, lengths).squeeze(2)
        torch.testing.assert_close(logits, model(x), atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "pointwise"),
    [("bl_resnet22_a2b3", "int8"), ("bl_resnet22_a2b3", "patterns"), ("sep_resnet22", None), ("sep_resnet22", "int8")],
)
def test_pattern_networks_in_pieces(name: str, pointwise: Pointwise | None) -> None:
    torch.manual_seed(4)
    model = build_acoustic_model(name, num_pdfs=11, width=0.0625).double().eval()
    if pointwise is not None:
        binarize(model, keep=("stem",), pointwise=pointwise)
    x = torch.randn(1, 3, 64, 90, dtype=torch.float64)
    with torch.inference_mode():
        logits = in_pieces(chain(list(model.parts.values())), x, [7, 20]).squeeze(2)
        torch.testing.assert_close(logits, model(x), atol=1e-10, rtol=1e-10)


def test_nothing_comes_before_the_first_window_and_then_one_column_for_each() -> None:
    running = stream(nn.Sequential(*(ConvNorm(2, 2, (3, 3), padding=(1, 0), bias=True) for _ in range(3))).eval())
    columns = torch.randn(1, 2, 5, 12)
    with torch.inference_mode():
        outputs = [running.accept(columns[..., [index]]) for index in range(12)]
    assert [output is None for output in outputs] == [True] * 6 + [False] * 6
    assert all(output is None or output.shape == (1, 2, 5, 1) for output in outputs)


def test_two_streams_do_not_meet() -> None:
    block = ResidualBlock(2, 2, 2, padding=(1, 0), bias=True).eval()
    x, y = torch.randn(2, 1, 2, 4, 30)
    with torch.inference_mode():
        first, second = stream(block), stream(block)
        pieces = [(first.accept(x[..., i : i + 10]), second.accept(y[..., i : i + 10])) for i in (0, 10, 20)]
        for column, whole in enumerate((x, y)):
            joined = torch.cat([output for piece in pieces if (output := piece[column]) is not None], dim=3)
            torch.testing.assert_close(joined, block(whole), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (ConvNorm(2, 2, (3, 3), padding=(1, 1), bias=True), "padding 1 along W"),
        (nn.Conv2d(2, 2, 3, stride=(1, 2)), "stride 2"),
        (nn.AdaptiveAvgPool2d(1), "cannot run AdaptiveAvgPool2d"),
        (BigLittleModule([nn.Conv2d(2, 2, (1, 3)), nn.Conv2d(2, 2, (1, 5))], crop_axes=(3,)), "must lose the most"),
        (BigLittleModule([nn.Conv2d(2, 2, (1, 5)), nn.Conv2d(2, 2, (1, 3))]), "does not crop"),
    ],
)
def test_modules_that_cannot_be_streamed(module: nn.Module, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stream(module)


def test_a_valid_padding_is_none() -> None:
    assert stream(nn.Conv2d(2, 2, 3, padding="valid")).lost == 2
