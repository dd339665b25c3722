"""MACs are linear in the frames, and spans are joined where that is cheaper."""

from __future__ import annotations

import pytest

from blasr.inference.cascade_cost import DenseCost, joined_spans
from blasr.models import VARIANTS, build_acoustic_model
from blasr.nn import count_layers


@pytest.mark.parametrize("name", VARIANTS)
def test_macs_are_those_of_every_layer(name: str) -> None:
    model = build_acoustic_model(name, num_pdfs=30, width=0.1)
    cost = DenseCost.of(model)
    for num_frames in (1, 2, 57, 1000):
        expected = sum(layer.macs for layer in count_layers(model, (3, 64, num_frames + 48)))
        assert cost.macs(num_frames) == expected
    assert cost.macs(0) == 0
    assert 5 < cost.context_frames < 40  # much cheaper than 48 frames


def test_pieces_have_their_own_context() -> None:
    cost = DenseCost(window=100, frame=10)
    assert cost.macs_of_spans([(0, 7), (10, 12)], 5) == cost.macs(5) + 2 * cost.macs(2)
    assert cost.macs_of_spans([(0, 10)], 5) == 2 * cost.macs(5)
    assert cost.macs_of_spans([], 5) == 0


def test_spans_are_joined_where_that_is_cheaper() -> None:
    cost = DenseCost(window=100, frame=10)  # a context costs 9 frames
    spans = [(0, 5), (5, 7), (16, 20), (30, 31), (39, 40)]
    joined = joined_spans(spans, cost)
    assert joined == [(0, 20), (30, 40)]
    assert cost.macs_of_spans(joined, 1000) < cost.macs_of_spans(spans, 1000)
    assert joined_spans([], cost) == []
