"""Parts of a network: their layers, outputs, parameters and MACs, counted by hand."""

from __future__ import annotations

from torch import nn

from blasr.nn import summarize_parts


def test_parts_have_the_counts_of_their_layers() -> None:
    stem, head = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 4, 1)), nn.Conv2d(4, 3, 2, bias=False)
    model = nn.Sequential(stem, head)
    summary = summarize_parts(model, {"stem": stem, "head": head}, {"stem": "3x3, 1x1", "head": "2x2"}, (1, 5, 6))
    assert [(part.name, part.structure, part.output) for part in summary.parts] == [
        ("stem", "3x3, 1x1", (4, 3, 4)),
        ("head", "2x2", (3, 2, 3)),
    ]
    # 2 filters of 9 weights and a bias, 4 of 2 weights and a bias; then 3 filters of 4 x 4 weights
    assert [part.params for part in summary.parts] == [20 + 12, 48]
    # outputs (2, 3, 4) of 9 products each, (4, 3, 4) of 2, (3, 2, 3) of 16
    assert [part.macs for part in summary.parts] == [24 * 9 + 48 * 2, 18 * 16]
    assert (summary.params, summary.macs) == (80, 600)
    assert [layer.name for layer in summary.layers] == ["0.0", "0.2", "1"]


def test_a_name_that_starts_with_another_name_is_another_part() -> None:
    model = nn.Sequential()
    for name in ("a", "ab"):
        model.add_module(name, nn.Conv2d(2, 2, 1, bias=False))
    parts = dict(model.named_children())
    assert [part.params for part in summarize_parts(model, parts, dict.fromkeys(parts, ""), (2, 3, 3)).parts] == [4, 4]
