"""The best path so far of a search that goes on, from each token to the one before it (``TraceBackBestPath``).

The path is kept, and a new one is followed back only to the token where they meet: a few frames, whatever the length
of the utterance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from blasr.decoding.look_ahead import Exchange
from blasr.decoding.search_graph import SearchGraph
from blasr.decoding.token_store import Store, Trellis, expected_cost
from blasr.jit import grown, jit
from blasr.lattices.lattice import BestPath
from blasr.units import AnyArray, FloatArray, IntArray


class PathArrays(NamedTuple):
    """A path through the tokens, from the first one; longer than the path, to have room.

    Attributes:
        tokens: the index of each token.
        frames: the number of frames before it.
        arcs: the arc of the graph that leads to it; -1 for the first one.
        graph_costs, acoustic_costs: of the link that leads to it, scaled.
    """

    tokens: IntArray
    frames: IntArray
    arcs: IntArray
    graph_costs: FloatArray
    acoustic_costs: FloatArray


class Traceback:
    """The best path to the last frame of a search, and how much of it all good paths have in common.

    Args:
        graph: of the search.
        exchange: of the search.
    """

    def __init__(self, graph: SearchGraph, exchange: Exchange | None) -> None:
        self._graph, self._exchange = graph, exchange
        self._path = _empty_path()
        self._length = 0

    def update(self, trellis: Trellis, frame: int) -> None:
        """Follow the best path back from the tokens after ``frame`` frames; there must be one."""
        end = _best_token(self._exchange, trellis, frame)
        self._path, self._length = _trace(self._path, self._length, trellis.store, self._graph.arcs, end, frame)

    def follow(self, first: int, moved: IntArray) -> None:
        """Change the indices of the path's tokens after pruning.

        Args:
            first: the first token that may have moved.
            moved: where it and the tokens after it went; -1 for tokens that are no longer there.
        """
        tokens = self._path.tokens[: self._length]
        may_move = tokens >= first
        tokens[may_move] = moved[tokens[may_move] - first]

    def best_path(self, acoustic_scale: float) -> BestPath:
        """Return the path of the last update; its costs have no final cost."""
        path = self._path
        arcs = path.arcs[1 : self._length]
        labels, words = self._graph.ilabel[arcs], self._graph.arcs["olabel"][arcs]
        sources = path.frames[: self._length - 1]
        return BestPath(
            words=words[words > 0],
            word_frames=sources[words > 0],
            transition_ids=labels[labels > 0],
            graph_cost=float(path.graph_costs[: self._length].sum(dtype=np.float64)),
            acoustic_cost=float(path.acoustic_costs[: self._length].sum(dtype=np.float64)) / acoustic_scale,
        )

    def words(self, after: int, end: int) -> tuple[int, ...]:
        """Return the word-ids of the path after one position and up to another; the path begins at position 0."""
        words = self._graph.arcs["olabel"][self._path.arcs[after + 1 : end + 1]]
        return tuple(words[words > 0].tolist())

    def frame(self, position: int) -> int:
        """Return the number of frames before a position of the path."""
        return int(self._path.frames[position])

    def common(self, trellis: Trellis, frame: int, beam: float) -> int:
        """Return the last position of the path that the best paths to all tokens of a frame within ``beam`` go through.

        Args:
            trellis: the tokens.
            frame: the frame of the last update.
            beam: how much worse than the best token; inf for all tokens.
        """
        return int(_common(self._exchange, trellis, frame, self._path.tokens[: self._length], beam))


def _empty_path() -> PathArrays:
    tokens, frames, arcs = np.empty((3, 256), np.int32)
    graph_costs, acoustic_costs = np.empty((2, 256), np.float32)
    return PathArrays(tokens, frames, arcs, graph_costs, acoustic_costs)


@jit
def _best_token(exchange: Exchange | None, trellis: Trellis, frame: int) -> int:
    """Return the best token of a frame, the newest of equal ones."""
    tokens, frames = trellis.store.tokens, trellis.frames
    best = frames.tokens[frame + 1] - 1
    for index in range(best, frames.tokens[frame] - 1, -1):
        if expected_cost(exchange, tokens, index) < expected_cost(exchange, tokens, best):
            best = index
    return int(best)


@jit
def _trace(path: PathArrays, length: int, store: Store, arcs: AnyArray, end: int, frame: int) -> tuple[PathArrays, int]:
    """Return the path to token ``end``, given another path to any token, and its length.

    A token is the same as one of the other path if it has its index and its frame.
    """
    tokens, links = store.tokens, store.links
    new = np.empty(256, np.int32)  # tokens that the other path does not have, the last one first
    count = 0
    index, at = end, frame
    meeting = length - 1
    while index >= 0:
        while meeting >= 0 and path.frames[meeting] > at:
            meeting -= 1
        same = meeting
        while same >= 0 and path.frames[same] == at and path.tokens[same] != index:
            same -= 1
        if same >= 0 and path.frames[same] == at:
            meeting = same
            break
        new = grown(new, count + 1)
        new[count] = index
        count += 1
        previous = tokens[index].previous
        if previous < 0:
            meeting = -1
            break
        if arcs[links[_link_between(store, previous, index)].arc].pdf >= 0:
            at -= 1
        index = previous
    length = meeting + 1 + count
    path = PathArrays(
        grown(path.tokens, length),
        grown(path.frames, length),
        grown(path.arcs, length),
        grown(path.graph_costs, length),
        grown(path.acoustic_costs, length),
    )
    for position in range(meeting + 1, length):
        index = new[length - 1 - position]
        path.tokens[position] = index
        previous = tokens[index].previous
        if previous < 0:
            path.frames[position], path.arcs[position] = 0, -1
            path.graph_costs[position] = path.acoustic_costs[position] = 0.0
            continue
        link = links[_link_between(store, previous, index)]
        path.frames[position] = path.frames[position - 1] + (arcs[link.arc].pdf >= 0)
        path.arcs[position] = link.arc
        path.graph_costs[position], path.acoustic_costs[position] = link.graph_cost, link.acoustic_cost
    return path, length


@jit
def _link_between(store: Store, source: int, target: int) -> int:
    """Return the cheapest link between two tokens."""
    links = store.links
    best = -1
    link = store.tokens[source].links
    while link >= 0:
        if links[link].target == target and (
            best < 0
            or links[link].acoustic_cost + links[link].graph_cost < links[best].acoustic_cost + links[best].graph_cost
        ):
            best = link
        link = links[link].next
    return best


@jit
def _common(exchange: Exchange | None, trellis: Trellis, frame: int, path: IntArray, beam: float) -> int:
    tokens, frames = trellis.store.tokens, trellis.frames
    limit = expected_cost(exchange, tokens, path[-1]) + beam
    position_of = np.full(len(tokens), -1, np.int32)  # on the path; -2 for other tokens that were visited
    for position, index in enumerate(path):
        position_of[index] = position
    common = len(path) - 1
    for end in range(frames.tokens[frame], frames.tokens[frame + 1]):
        if expected_cost(exchange, tokens, end) <= limit:
            index = end
            while index >= 0 and position_of[index] == -1:
                position_of[index] = -2
                index = tokens[index].previous
            if index >= 0 and position_of[index] >= 0:
                common = min(common, position_of[index])
    return common
