"""Positions for the nodes of a directed graph without cycles, in layers from left to right.

Sugiyama, Tagawa and Toda 1981, "Methods for visual understanding of hierarchical system structures": edges over several
layers get a node in each, nodes are ordered by the mean place of their neighbors, and then moved to straighten edges.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Generic, TypeVar

NodeT = TypeVar("NodeT", bound=Hashable)

SWEEPS: Final = 12
STRAIGHTENING_ROUNDS: Final = 16
HEAVY: Final = 1000.0
"""The weight of a node on the straight line against that of any other node."""


@dataclass
class LayeredGraph(Generic[NodeT]):
    """Nodes in layers; every edge leads from one layer to the next.

    Attributes:
        layers: the nodes of each layer, from left to right, in their order from top to bottom.
        edges: source and target of each edge.
        heights: the height that each node needs.
        straight: the nodes that should be on one straight line.
    """

    layers: list[list[NodeT]]
    edges: Sequence[tuple[NodeT, NodeT]]
    heights: Mapping[NodeT, float]
    straight: frozenset[NodeT] = frozenset()
    before: dict[NodeT, list[NodeT]] = field(init=False)
    after: dict[NodeT, list[NodeT]] = field(init=False)

    def __post_init__(self) -> None:
        self.before = {node: [] for layer in self.layers for node in layer}
        self.after = {node: [] for layer in self.layers for node in layer}
        for source, target in self.edges:
            self.after[source].append(target)
            self.before[target].append(source)

    def order(self) -> None:
        """Reorder the nodes of each layer so that few edges cross."""
        best, fewest = [list(layer) for layer in self.layers], self.crossings()
        for sweep in range(SWEEPS):
            forward = sweep % 2 == 0
            neighbors = self.before if forward else self.after
            for number in range(1, len(self.layers)) if forward else range(len(self.layers) - 2, -1, -1):
                fixed = self.layers[number - 1 if forward else number + 1]
                places = {node: place for place, node in enumerate(fixed)}
                layer = self.layers[number]
                means = {
                    node: _mean([places[other] for other in neighbors[node]], own) for own, node in enumerate(layer)
                }
                self.layers[number] = sorted(layer, key=lambda node: means[node])
            found = self.crossings()
            if found < fewest:
                best, fewest = [list(layer) for layer in self.layers], found
        self.layers = best

    def crossings(self) -> int:
        """Return the number of pairs of edges that cross."""
        total = 0
        places = {node: place for layer in self.layers for place, node in enumerate(layer)}
        for layer in self.layers:
            ends = [places[target] for node in layer for target in sorted(self.after[node], key=lambda n: places[n])]
            total += sum(later < end for number, end in enumerate(ends) for later in ends[number + 1 :])
        return total

    def positions(self, gap: float) -> dict[NodeT, float]:
        """Return the middle of each node from top to bottom; nodes of a layer are ``gap`` apart or more.

        The straight nodes are at 0.
        """
        found: dict[NodeT, float] = {}
        for layer in self.layers:
            offsets = self._offsets(layer, gap)
            on_line = [offset for node, offset in zip(layer, offsets, strict=True) if node in self.straight]
            middle = on_line[0] if on_line else offsets[-1] / 2
            found.update({node: offset - middle for node, offset in zip(layer, offsets, strict=True)})
        for turn in range(STRAIGHTENING_ROUNDS):
            for layer in self.layers if turn % 2 == 0 else reversed(self.layers):
                wanted = [
                    0.0
                    if node in self.straight
                    else _mean([found[other] for other in (*self.before[node], *self.after[node])], found[node])
                    for node in layer
                ]
                weights = [HEAVY if node in self.straight else 1.0 for node in layer]
                placed = apart(wanted, self._offsets(layer, gap), weights)
                found.update(zip(layer, placed, strict=True))
        return found

    def _offsets(self, layer: Sequence[NodeT], gap: float) -> list[float]:
        """Return where the middles of a layer are if its nodes are as near as possible."""
        offsets = [0.0]
        for above, below in pairwise(layer):
            offsets.append(offsets[-1] + (self.heights[above] + self.heights[below]) / 2 + gap)
        return offsets


def apart(wanted: Sequence[float], offsets: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the places nearest to the wanted ones (least squares) at which neighbors are far enough apart.

    Args:
        wanted: the wanted places, in the order of the results.
        offsets: the places of the densest arrangement.
        weights: how much each distance from a wanted place counts.
    """
    blocks: list[tuple[float, float, int]] = []  # the mean, the weight and the size of what touches
    for place, offset, weight in zip(wanted, offsets, weights, strict=True):
        mean, size = place - offset, 1
        while blocks and blocks[-1][0] >= mean:
            other, other_weight, count = blocks.pop()
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight, size = weight + other_weight, size + count
        blocks.append((mean, weight, size))
    means = [mean for mean, _, size in blocks for _ in range(size)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default
