"""SEP-Net against its published totals."""

from __future__ import annotations

import pytest

from blasr.nn import BinarizeConfig, PatternConv2d, is_binarized
from blasr.vision import create_model, summarize, weight_sizes
from blasr.vision.sepnet import SEP_VARIANTS, network_spec


def test_published_parameters_and_sizes() -> None:
    """The published sizes are of weights; the running statistics of batch norm (8 bytes a channel) are left out."""
    params = summarize("sep_net_r").params
    assert params == 1310712 == pytest.approx(1.3e6, rel=0.03)
    statistics = 4 * params - weight_sizes("sep_net_r")["float"].data
    for form, published in zip(weight_sizes("sep_net_r").values(), (5.2, 4.2, 1.3), strict=True):
        assert (form.data + statistics) / 1e6 == pytest.approx(published, rel=0.015)


def test_both_forms_have_the_same_weights() -> None:
    large, small = (summarize(name, image_size=size) for name, size in (("sep_net_r", 224), ("sep_net_r_32", 32)))
    assert large.params == small.params
    assert [part.output[1] for part in large.parts[:-1]] == [112, 56, 28, 14, 7]
    assert [part.output[1] for part in small.parts[:-1]] == [32, 32, 16, 8, 4]


def test_what_the_rows_binarize() -> None:
    model = create_model("sep_net_b", 10)
    patterns = {name for name, module in model.named_modules() if isinstance(module, PatternConv2d)}
    assert len(patterns) == 2 * 12 and all(".pattern.conv" in name for name in patterns)
    assert not is_binarized(create_model("sep_net_r", 10))
    assert SEP_VARIANTS["sep_net_bq_32"].binarize == BinarizeConfig(("stem", "strided"), pointwise="int8")


@pytest.mark.parametrize("width", [0.1, 0.5, 0.7, 2.0])
def test_every_width_has_whole_groups(width: float) -> None:
    spec = network_spec(SEP_VARIANTS["sep_net_r"], width)
    assert all(module.channels % 16 == 0 for module in spec.modules)
