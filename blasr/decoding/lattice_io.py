"""Archives of state-level lattices in Kaldi's formats (``lat/kaldi-lattice.cc``), binary and text, plain or gzipped.

A binary lattice is an OpenFst vector transducer over ``lattice4`` arcs: for each state its final weight (two float32),
its number of arcs (int64) and its arcs (int32 ilabel, int32 olabel, two float32, int32 nextstate).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import Any, Final, Self

import numba
import numpy as np

from blasr.decoding.lattice import Lattice
from blasr.errors import FormatError
from blasr.io.atomic import atomic_open
from blasr.io.specifiers import Rspecifier
from blasr.io.streams import open_input
from blasr.units import AnyArray, IntArray

_MAGIC: Final = struct.pack("<i", 2125659606)
_HEADER: Final = struct.Struct("<iiQqqq")  # version, flags, properties, start, states, arcs
_VERSION: Final = 2
_EXPANDED_MUTABLE: Final = 3
_STATE: Final = np.dtype([("graph", "<f4"), ("acoustic", "<f4"), ("arcs", "<i8")])
ARC: Final = np.dtype(
    [("ilabel", "<i4"), ("olabel", "<i4"), ("graph", "<f4"), ("acoustic", "<f4"), ("nextstate", "<i4")]
)
_COMPACT_FIX: Final = "convert them with `blasr kaldi lattice-copy --write-compact=false`"


class LatticeWriter:
    """Writes an archive of lattices, which appears under its name once the ``with`` block ends without an error.

    Args:
        path: the archive; gzipped where the name ends in .gz.
        binary: Kaldi's binary form, else its text.
    """

    def __init__(self, path: str | PathLike[str], *, binary: bool = True) -> None:
        self.path = Path(path)
        self.binary = binary
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stream: Any = self._stack.enter_context(atomic_open(self.path, "wb"))
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stack.__exit__(*exception)

    def write(self, utterance: str, lattice: Lattice) -> None:
        """Append one utterance's lattice."""
        body = lattice_to_bytes(lattice) if self.binary else f"\n{lattice_to_text(lattice)}\n".encode()
        self._stream.write(f"{utterance} ".encode() + body)


def read_lattices(specifier: str | PathLike[str]) -> Iterator[tuple[str, Lattice]]:
    """Utterance-ids and lattices of an archive (a path or ``ark:FILE``), in its order.

    Raises:
        FormatError: the archive is truncated or corrupt, a lattice has a cycle or paths of different lengths into one
            state, or the lattices are compact ones.
    """
    table = Rspecifier.parse(specifier)
    if table.kind == "scp":
        raise FormatError("lattices are read from archives", path=table.path, fix="name the .ark file itself")
    with open_input(table.path) as (stream, _):
        if table.path.endswith(".gz") or table.path == "-" or not Path(table.path).stat().st_size:
            data = np.frombuffer(stream.read(), np.uint8)
        else:
            data = np.memmap(table.path, np.uint8, mode="r")
    position = 0
    while position < len(data):
        utterance, position = _utterance(data, position, table.path)
        if bytes(data[position : position + 4]) == _MAGIC:
            lattice, position = _read_binary(data, position, table.path, utterance)
        elif bytes(data[position : position + 1]) == b"\n":
            lattice, position = _read_text(data, position, table.path, utterance)
        else:
            raise FormatError(
                f"neither a binary nor a text lattice (at byte {position})", path=table.path, utterance=utterance
            )
        yield utterance, lattice


def lattice_to_bytes(lattice: Lattice) -> bytes:
    """The lattice as OpenFst writes it."""
    head = _MAGIC + _string(b"vector") + _string(b"lattice4")
    start = 0 if lattice.num_states else -1
    head += _HEADER.pack(_VERSION, 0, _EXPANDED_MUTABLE, start, lattice.num_states, lattice.num_arcs)
    states = np.empty(lattice.num_states, _STATE)
    states["graph"], states["acoustic"] = lattice.final_graph_cost, lattice.final_acoustic_cost
    states["arcs"] = np.diff(lattice.offsets)
    arcs = np.empty(lattice.num_arcs, ARC)
    arcs["ilabel"], arcs["olabel"], arcs["nextstate"] = lattice.ilabel, lattice.olabel, lattice.nextstate
    arcs["graph"], arcs["acoustic"] = lattice.graph_cost, lattice.acoustic_cost
    body = np.empty(states.nbytes + arcs.nbytes, np.uint8)
    begins = lattice.offsets[:-1] * ARC.itemsize + np.arange(lattice.num_states) * _STATE.itemsize
    is_state = _mask(begins, len(body))
    body[is_state] = states.view(np.uint8)
    body[~is_state] = arcs.view(np.uint8)
    return head + body.tobytes()


def lattice_to_text(lattice: Lattice) -> str:
    """The lattice as Kaldi's text: one line per arc and per final state, without the empty line that ends it."""
    lines = []
    for state in range(lattice.num_states):
        for arc in range(lattice.offsets[state], lattice.offsets[state + 1]):
            labels = f"{state}\t{lattice.nextstate[arc]}\t{lattice.ilabel[arc]}\t{lattice.olabel[arc]}"
            lines.append(f"{labels}\t{lattice.graph_cost[arc]},{lattice.acoustic_cost[arc]}\n")
        if np.isfinite(lattice.final_graph_cost[state]):
            lines.append(f"{state}\t{lattice.final_graph_cost[state]},{lattice.final_acoustic_cost[state]}\n")
    return "".join(lines)


def _string(text: bytes) -> bytes:
    return struct.pack("<i", len(text)) + text


def _mask(begins: AnyArray, size: int) -> AnyArray:
    """Where, in a block of ``size`` bytes, the states' heads are that begin at ``begins``."""
    mask = np.zeros(size, bool)
    mask[(begins[:, None] + np.arange(_STATE.itemsize)).ravel()] = True
    return mask


def _utterance(data: AnyArray, position: int, path: str) -> tuple[str, int]:
    """The utterance-id at ``position`` and where its lattice begins."""
    window = bytes(data[position : position + 4096])
    space = window.find(b" ")
    try:
        utterance = window[: max(space, 0)].decode()
    except UnicodeDecodeError:
        utterance = ""
    if not utterance or utterance.split() != [utterance]:
        raise FormatError(f"expected an utterance-id and a space (at byte {position})", path=path)
    return utterance, position + space + 1


def _read_binary(data: AnyArray, position: int, path: str, utterance: str) -> tuple[Lattice, int]:
    def error(message: str, fix: str | None = None) -> FormatError:
        return FormatError(f"{message} (at byte {position})", path=path, utterance=utterance, fix=fix)

    def string() -> bytes:
        nonlocal position
        size = int.from_bytes(bytes(data[position : position + 4]), "little")
        position += 4 + size
        if position > len(data) or size > 80:
            raise error("truncated or corrupt in the header")
        return bytes(data[position - size : position])

    position += len(_MAGIC)
    fst_type, arc_type = string(), string()
    if arc_type.startswith(b"compactlattice"):
        raise error("a compact (determinised) lattice, where a state-level one is expected", _COMPACT_FIX)
    if (fst_type, arc_type) != (b"vector", b"lattice4"):
        raise error(f"an FST of type {fst_type!r} over {arc_type!r} arcs, expected 'vector' and 'lattice4'")
    if position + _HEADER.size > len(data):
        raise error("truncated in the header")
    version, flags, _, start, num_states, _ = _HEADER.unpack(bytes(data[position : position + _HEADER.size]))
    position += _HEADER.size
    if version != _VERSION or flags & 3:
        raise error(f"version {version} and flags {flags}, expected version {_VERSION} without symbol tables")
    if not 0 <= num_states <= (len(data) - position) // _STATE.itemsize:
        raise error(f"truncated: {num_states} states are promised and {len(data) - position} bytes are left")
    begins, end = _walk(data, position, num_states)
    if end < 0:
        raise error("truncated or corrupt among its states")
    block = np.array(data[position:end])
    is_state = _mask(begins - position, len(block))
    states, arcs = block[is_state].view(_STATE), block[~is_state].view(ARC)
    sources = np.repeat(np.arange(num_states), states["arcs"])
    lattice = assemble(start, sources, arcs, states["graph"], states["acoustic"], path, utterance)
    return lattice, end


@numba.njit(cache=True, nogil=True)
def _walk(data: AnyArray, position: int, num_states: int) -> tuple[AnyArray, int]:
    """Where every state begins and the last ends; the end is -1 where the data ends before."""
    begins = np.empty(num_states, np.int64)
    for state in range(num_states):
        if position + 16 > len(data):
            return begins, -1
        begins[state] = position
        num_arcs = 0
        for byte in range(15, 7, -1):
            num_arcs = num_arcs * 256 + int(data[position + byte])
        if num_arcs < 0 or num_arcs > (len(data) - position) // 20:
            return begins, -1
        position += 16 + 20 * num_arcs
    return begins, position if position <= len(data) else -1


def _read_text(data: AnyArray, position: int, path: str, utterance: str) -> tuple[Lattice, int]:
    arcs: list[tuple[int, int, float, float, int]] = []
    sources: list[int] = []
    final: dict[int, tuple[float, float]] = {}
    start, position = -1, position + 1
    while True:
        window = 256
        while (length := bytes(data[position : position + window]).find(b"\n")) < 0 and position + window < len(data):
            window *= 2
        line = bytes(data[position : position + length]) if length >= 0 else bytes(data[position:])
        position += len(line) + 1
        fields = line.split()
        if not fields:
            break
        try:
            state = int(fields[0])
            if len(fields) in (4, 5) and b"," not in fields[3]:
                costs = costs_of_text(fields[4]) if len(fields) == 5 else (0.0, 0.0)
                arcs.append((int(fields[2]), int(fields[3]), *costs, int(fields[1])))
                sources.append(state)
            elif len(fields) in (1, 2):
                final[state] = costs_of_text(fields[1]) if len(fields) == 2 else (0.0, 0.0)
            else:
                raise ValueError
        except ValueError:
            compact = any(field.count(b",") == 2 for field in fields)
            raise FormatError(
                "a compact (determinised) lattice, where a state-level one is expected"
                if compact
                else f"the line {line[:80].decode('utf-8', 'replace')!r} is not an arc or final state of a lattice",
                path=path,
                utterance=utterance,
                fix=_COMPACT_FIX if compact else None,
            ) from None
        start = state if start < 0 else start
    records = np.array(arcs, ARC)
    highest = max([*sources, *final, int(records["nextstate"].max(initial=-1))], default=-1)
    if min([*sources, *final], default=0) < 0 or highest > len(data):
        raise FormatError(f"the state {highest} cannot be", path=path, utterance=utterance)
    final_costs = np.full((2, highest + 1), np.inf, np.float32)
    for state, pair in final.items():
        final_costs[:, state] = pair
    return assemble(
        start, np.array(sources, np.int64), records, final_costs[0], final_costs[1], path, utterance
    ), position


def costs_of_text(text: bytes) -> tuple[float, float]:
    graph, acoustic = text.split(b",")
    return float(graph or 0), float(acoustic or 0)


def assemble(
    start: int,
    sources: AnyArray,
    arcs: AnyArray,
    final_graph_cost: AnyArray,
    final_acoustic_cost: AnyArray,
    path: str,
    utterance: str,
) -> Lattice:
    """Check the parts, bring the states into topological order from the start and work out their times."""

    def error(message: str) -> FormatError:
        return FormatError(message, path=path, utterance=utterance)

    num_states = len(final_graph_cost)
    targets = arcs["nextstate"].astype(np.int64)
    if num_states and not 0 <= start < num_states:
        raise error(f"the start state is {start} of {num_states}")
    if len(arcs) and not 0 <= targets.min() <= targets.max() < num_states:
        raise error(f"an arc leads to a state that is not among the {num_states}")
    if len(arcs) and min(arcs["ilabel"].min(), arcs["olabel"].min()) < 0:
        raise error("an arc has a negative label")
    if np.isnan(arcs["graph"]).any() or np.isnan(arcs["acoustic"]).any():
        raise error("a cost is not a number")
    order = np.argsort(sources, kind="stable")
    offsets = np.searchsorted(sources[order], np.arange(num_states + 1))
    if start != 0 or (targets <= sources).any():
        ranks = _topological_ranks(start, offsets, targets[order])
        if num_states and ranks.min() < 0:
            raise error("the lattice has a cycle")
        sources, targets = ranks[sources], ranks[targets]
        order = np.argsort(sources, kind="stable")
        offsets = np.searchsorted(sources[order], np.arange(num_states + 1))
        positions = np.argsort(ranks)
        final_graph_cost, final_acoustic_cost = final_graph_cost[positions], final_acoustic_cost[positions]
    arcs, targets = arcs[order], targets[order]
    lattice = Lattice(
        offsets=offsets.astype(np.int64),
        ilabel=arcs["ilabel"].astype(np.int32),
        olabel=arcs["olabel"].astype(np.int32),
        nextstate=targets.astype(np.int32),
        graph_cost=arcs["graph"].astype(np.float32),
        acoustic_cost=arcs["acoustic"].astype(np.float32),
        final_graph_cost=np.array(final_graph_cost, np.float32),
        final_acoustic_cost=np.array(final_acoustic_cost, np.float32),
        state_times=_times(offsets, arcs["ilabel"].astype(np.int32), targets.astype(np.int32)),
    )
    if num_states and lattice.state_times.min() < 0:
        raise error("paths of different numbers of frames lead to one state")
    return lattice


@numba.njit(cache=True, nogil=True)
def _topological_ranks(start: int, offsets: AnyArray, targets: AnyArray) -> AnyArray:
    """Each state's place in a topological order that begins with ``start``; -1 for those in or after a cycle."""
    num_states = len(offsets) - 1
    entering = np.zeros(num_states, np.int64)
    for target in targets:
        entering[target] += 1
    ranks = np.full(num_states, -1, np.int64)
    queue = np.empty(num_states, np.int64)
    begin, end = 0, 0
    for shift in range(num_states):
        state = (start + shift) % num_states
        if entering[state] == 0:
            queue[end] = state
            end += 1
    if end == 0 or queue[0] != start:
        return ranks
    while begin < end:
        state = queue[begin]
        ranks[state] = begin
        begin += 1
        for arc in range(offsets[state], offsets[state + 1]):
            entering[targets[arc]] -= 1
            if entering[targets[arc]] == 0:
                queue[end] = targets[arc]
                end += 1
    return ranks


@numba.njit(cache=True, nogil=True)
def _times(offsets: AnyArray, ilabel: IntArray, nextstate: IntArray) -> IntArray:
    """Frames before each state of a sorted lattice, -1 where two paths disagree; 0 for states never reached."""
    num_states = len(offsets) - 1
    times = np.zeros(num_states, np.int32)
    reached = np.zeros(num_states, np.bool_)
    for state in range(num_states):
        if state == 0:
            reached[state] = True
        if not reached[state] or times[state] < 0:
            continue
        for arc in range(offsets[state], offsets[state + 1]):
            target = nextstate[arc]
            time = times[state] + (1 if ilabel[arc] > 0 else 0)
            if reached[target] and times[target] != time:
                times[target] = -1
            elif not reached[target]:
                reached[target] = True
                times[target] = time
    return times
