"""A picture of a compact lattice as SVG: words on arcs, probable arcs thicker, the best path straight and marked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

from blasr.errors import DataError
from blasr.lattices.compact_lattice import CompactLattice
from blasr.lattices.config import MAX_PICTURED_STATES, CostScales
from blasr.lattices.layered_layout import LayeredGraph
from blasr.lattices.word_arcs import WordArc, WordArcs
from blasr.pictures import BLUE, FRAME, GRAY, INK

Place = tuple[str, int, int]
"""A node of the layout: ``state`` and its number, ``arc`` and its number, or ``bend``, the arc's number and a layer."""

LETTER: Final = 7.6  # pixels, as all lengths below
STATE_RADIUS: Final = 11.0
STATE_HEIGHT, ARC_HEIGHT, BEND_HEIGHT = 48.0, 36.0, 8.0
GAP: Final = 10.0
LAYER_GAP: Final = 24.0
MARGIN: Final = 28.0
HEAD: Final = 74.0
LEAST_WIDTH: Final = 820.0
EPSILON_WORD: Final = "\u03b5"


@dataclass(frozen=True)
class PicturedArc:
    """An arc of a picture.

    Attributes:
        source, target: its states.
        word: its word.
        posterior: its probability among all paths.
        graph_cost, acoustic_cost: its unscaled costs.
        is_best: whether it is on the best path.
    """

    source: int
    target: int
    word: str
    posterior: float
    graph_cost: float
    acoustic_cost: float
    is_best: bool


@dataclass(frozen=True)
class PicturedLattice:
    """What a picture of a lattice shows.

    Attributes:
        utterance: the utterance-id.
        arcs: the arcs, each after those that lead to its source.
        seconds: the time of each state, from the beginning of the utterance.
        ends: the states in which a path can end.
        best_states: the states of the best path, in order.
        total_states, total_arcs: the size of the lattice before pruning.
    """

    utterance: str
    arcs: tuple[PicturedArc, ...]
    seconds: dict[int, float]
    ends: frozenset[int]
    best_states: tuple[int, ...]
    total_states: int
    total_arcs: int

    @property
    def best_words(self) -> str:
        """The words of the best path."""
        return " ".join(arc.word for arc in self.arcs if arc.is_best and arc.word != EPSILON_WORD)


def picture_of(
    utterance: str,
    lattice: CompactLattice,
    spell: Callable[[int], str],
    scales: CostScales,
    *,
    frame_shift: float = 0.01,
    prune: float | None = None,
    max_states: int = MAX_PICTURED_STATES,
) -> PicturedLattice:
    """Return what a picture of a lattice shows.

    Args:
        utterance: the utterance-id.
        lattice: a determinized lattice.
        spell: returns the word of a word-id.
        scales: the factors of costs, for the best path and for the posteriors.
        frame_shift: seconds from frame to frame.
        prune: leave out arcs whose best path costs more than the best path of all by more than this.
        max_states: the largest number of states to draw.

    Raises:
        DataError: the lattice has no path, a cycle, or more states.
    """
    arcs = WordArcs.of(lattice, scales, utterance)
    best, forward, backward = _best_path(arcs), _forward_costs(arcs), arcs.backward_costs()
    logs, back_logs = arcs.forward_logs(), _backward_logs(arcs)
    lowest = backward[arcs.start]
    on_best = {arc.index for arc in best if arc.index >= 0}
    kept = [
        arc
        for arc in arcs.arcs
        if prune is None or forward[arc.source] + arc.cost + backward[arc.target] <= lowest + prune + 1e-6
    ]
    states = {state for arc in kept for state in (arc.source, arc.target)} - {arcs.end}
    if len(states) > max_states:
        raise DataError(
            f"the lattice has {len(states)} states, a picture shows at most {max_states}",
            utterance=utterance,
            fix=f"draw only what is likely, for example with --prune {_smaller(prune):g}, or raise --max-states",
        )
    drawn = tuple(
        PicturedArc(
            arc.source,
            arc.target,
            spell(arc.word) if arc.word else EPSILON_WORD,
            min(1.0, math.exp(logs[arc.source] - arc.cost + back_logs[arc.target] - logs[arcs.end])),
            arc.graph_cost,
            arc.acoustic_cost,
            arc.index in on_best,
        )
        for arc in kept
        if arc.index >= 0
    )
    return PicturedLattice(
        utterance,
        drawn,
        {state: arcs.times[state] * frame_shift for state in sorted(states)},
        frozenset(arc.source for arc in kept if arc.target == arcs.end),
        tuple(arc.source for arc in best),
        lattice.num_states,
        lattice.num_arcs,
    )


def _smaller(prune: float | None) -> float:
    return 4.0 if prune is None else round(prune / 2, 2)


def _best_path(arcs: WordArcs) -> list[WordArc]:
    """Return the arcs of the best path; the last one is an end."""
    leaving, backward = arcs.leaving(), arcs.backward_costs()
    path, state = [], arcs.start
    while state != arcs.end:
        path.append(min(leaving[state], key=lambda arc: arc.cost + backward[arc.target]))
        state = path[-1].target
    return path


def _forward_costs(arcs: WordArcs) -> list[float]:
    best = [math.inf] * (arcs.end + 1)
    best[arcs.start] = 0.0
    for arc in arcs.arcs:
        best[arc.target] = min(best[arc.target], best[arc.source] + arc.cost)
    return best


def _backward_logs(arcs: WordArcs) -> list[float]:
    """Return, by state, the log of the summed probability of all paths to the end."""
    terms: list[list[float]] = [[] for _ in range(arcs.end + 1)]
    logs = [-math.inf] * (arcs.end + 1)
    logs[arcs.end] = 0.0
    for arc in reversed(arcs.arcs):  # all arcs that leave a target come before those that lead to it
        terms[arc.source].append(logs[arc.target] - arc.cost)
        high = max(terms[arc.source])
        logs[arc.source] = high + math.log(sum(math.exp(term - high) for term in terms[arc.source]))
    return logs


class _Drawing:
    """A lattice with the places of its states, words and bends."""

    def __init__(self, lattice: PicturedLattice) -> None:
        self.lattice = lattice
        depths = dict.fromkeys(lattice.seconds, 0)
        for arc in lattice.arcs:
            depths[arc.target] = max(depths[arc.target], depths[arc.source] + 1)
        self.routes = [self._route(number, arc, depths) for number, arc in enumerate(lattice.arcs)]
        layers: dict[Place, int] = {("state", state, 0): 2 * depth for state, depth in depths.items()}
        for number, route in enumerate(self.routes):
            first = layers["state", lattice.arcs[number].source, 0]
            layers.update({place: first + step for step, place in enumerate(route[1:-1], start=1)})
        columns: list[list[Place]] = [[] for _ in range(1 + max(layers.values(), default=0))]
        straight = {("state", state, 0) for state in lattice.best_states}
        for arc, route in zip(lattice.arcs, self.routes, strict=True):
            straight.update(route if arc.is_best else ())
        for place, layer in sorted(layers.items(), key=lambda entry: entry[0] not in straight):
            columns[layer].append(place)
        kinds = {"state": STATE_HEIGHT, "arc": ARC_HEIGHT, "bend": BEND_HEIGHT}
        edges = [edge for route in self.routes for edge in pairwise(route)]
        graph = LayeredGraph(columns, edges, {place: kinds[place[0]] for place in layers}, frozenset(straight))
        graph.order()
        heights = graph.positions(GAP)
        edges_of = [(heights[place], kinds[place[0]] / 2) for place in layers]
        top = min(middle - half for middle, half in edges_of)
        self.height = HEAD + max(middle + half for middle, half in edges_of) - top + MARGIN
        self.y = {place: HEAD + middle - top for place, middle in heights.items()}
        self.x: dict[Place, float] = {}
        left = MARGIN
        for column in graph.layers:
            width = max(self.width_of(place) for place in column)
            self.x.update(dict.fromkeys(column, left + width / 2))
            left += width + LAYER_GAP
        self.width = left - LAYER_GAP + MARGIN

    def _route(self, number: int, arc: PicturedArc, depths: dict[int, int]) -> list[Place]:
        """Return the places of an arc: its source, bends, its word in the middle, bends, its target."""
        span = 2 * (depths[arc.target] - depths[arc.source])
        word_at = (span // 2) | 1
        word: Place = ("arc", number, 0)
        inner = [word if step == word_at else ("bend", number, step) for step in range(1, span)]
        return [("state", arc.source, 0), *inner, ("state", arc.target, 0)]

    def width_of(self, place: Place) -> float:
        """Return the width of a place."""
        kind, number, _ = place
        if kind == "arc":
            return max(LETTER * len(self.lattice.arcs[number].word), 30.0) + 14
        return 2 * STATE_RADIUS if kind == "state" else 0.0


def lattice_svg(lattice: PicturedLattice) -> str:
    """Return the picture as an SVG document with a title, and with the costs of each arc in its tooltip."""
    drawing = _Drawing(lattice)
    width = max(drawing.width, LEAST_WIDTH)
    shown = len(lattice.seconds)
    pruned = f" of {lattice.total_states}" if shown < lattice.total_states else ""
    pruned_arcs = f" of {lattice.total_arcs}" if len(lattice.arcs) < lattice.total_arcs else ""
    title = f"Lattice of {lattice.utterance}. Best path: {lattice.best_words}"
    below = (
        f"{shown}{pruned} states, {len(lattice.arcs)}{pruned_arcs} arcs. Blue: the best path. Under each word: its "
        "probability. Under each state: its time in seconds."
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {drawing.height:.0f}" '
        f'width="{width:.0f}" height="{drawing.height:.0f}" role="img" aria-label="{escape(title)}" '
        'font-family="system-ui, Helvetica, Arial, sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width:.0f}" height="{drawing.height:.0f}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="32" font-size="18" font-weight="700" fill="{INK}">{escape(lattice.utterance)}</text>',
        f'<text x="{MARGIN}" y="52" font-size="12.5" fill="{GRAY}">{escape(below)}</text>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.8 L8 4 L0 7.2 Z" fill="context-stroke"/></marker>'
        "</defs>",
    ]
    ordered = sorted(range(len(lattice.arcs)), key=lambda number: lattice.arcs[number].is_best)
    parts += [line for number in ordered for line in _arc_lines(drawing, number)]
    parts += [_word_box(drawing, number) for number in ordered]
    parts += [_state_circle(drawing, state) for state in lattice.seconds]
    return "\n".join([*parts, "</svg>", ""])


def _arc_lines(drawing: _Drawing, number: int) -> Iterator[str]:
    """Yield the curves of an arc: one from its source to its word, one from its word to its target."""
    arc, route = drawing.lattice.arcs[number], drawing.routes[number]
    look = f'fill="none" stroke="{BLUE if arc.is_best else "#8a949e"}" stroke-width="{1 + 3 * arc.posterior:.2f}"'
    middle = route.index(("arc", number, 0))
    for part, is_last in ((route[: middle + 1], False), (route[middle:], True)):
        commands: list[str] = []
        for begin, end in pairwise(part):
            x0, x1 = drawing.x[begin] + _right(drawing, begin), drawing.x[end] - _right(drawing, end)
            y0, y1 = drawing.y[begin], drawing.y[end]
            if not commands:
                commands.append(f"M{x0:.1f} {y0:.1f}")
            elif begin[0] == "bend":
                commands.append(f"L{x0:.1f} {y0:.1f}")
            half = (x1 - x0) / 2
            commands.append(f"C{x0 + half:.1f} {y0:.1f} {x1 - half:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")
        tip = ' marker-end="url(#tip)"' if is_last else ""
        yield f'<path d="{" ".join(commands)}" {look}{tip}/>'


def _right(drawing: _Drawing, place: Place) -> float:
    """Return how far the curves of a place begin from its middle."""
    kind = place[0]
    return drawing.width_of(place) / 2 if kind == "arc" else STATE_RADIUS + 1 if kind == "state" else 0.0


def _word_box(drawing: _Drawing, number: int) -> str:
    arc = drawing.lattice.arcs[number]
    place: Place = ("arc", number, 0)
    x, y, width = drawing.x[place], drawing.y[place], drawing.width_of(place)
    start, end = drawing.lattice.seconds[arc.source], drawing.lattice.seconds[arc.target]
    tooltip = (
        f"{arc.word}: {start:.2f} to {end:.2f} s, probability {arc.posterior:.3f}, "
        f"graph cost {arc.graph_cost:.2f}, acoustic cost {arc.acoustic_cost:.2f}"
    )
    fill, edge, weight = ("#e2eff8", BLUE, 700) if arc.is_best else ("#ffffff", FRAME, 400)
    return (
        f'<g><title>{escape(tooltip)}</title><rect x="{x - width / 2:.1f}" y="{y - ARC_HEIGHT / 2:.1f}" '
        f'width="{width:.1f}" height="{ARC_HEIGHT}" rx="6" fill="{fill}" stroke="{edge}"/>'
        f'<text x="{x:.1f}" y="{y - 1:.1f}" font-size="13" font-weight="{weight}" fill="{INK}" text-anchor="middle">'
        f"{escape(arc.word)}</text>"
        f'<text x="{x:.1f}" y="{y + 12:.1f}" font-size="10" fill="{GRAY}" text-anchor="middle">'
        f"{arc.posterior:.2f}</text></g>"
    )


def _state_circle(drawing: _Drawing, state: int) -> str:
    place: Place = ("state", state, 0)
    x, y, lattice = drawing.x[place], drawing.y[place], drawing.lattice
    color = BLUE if state in lattice.best_states else GRAY
    ring = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{STATE_RADIUS - 3}" fill="none" stroke="{color}"/>'
    return (
        f'<g><circle cx="{x:.1f}" cy="{y:.1f}" r="{STATE_RADIUS}" fill="#fff" stroke="{color}" stroke-width="1.5"/>'
        f"{ring if state in lattice.ends else ''}"
        f'<text x="{x:.1f}" y="{y + 3.2:.1f}" font-size="9" fill="{INK}" text-anchor="middle">{state}</text>'
        f'<text x="{x:.1f}" y="{y + STATE_RADIUS + 11:.1f}" font-size="9.5" fill="{GRAY}" text-anchor="middle">'
        f"{lattice.seconds[state]:.2f}</text></g>"
    )
