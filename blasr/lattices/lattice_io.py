"""Archives of state-level lattices in Kaldi's formats (``lat/kaldi-lattice.cc``), binary and text, plain or gzipped.

A binary lattice is an OpenFst vector transducer over ``lattice4`` arcs: for each state its final weight (two float32),
its number of arcs (int64) and its arcs (int32 ilabel, int32 olabel, two float32, int32 nextstate).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from blasr.errors import DataError
from blasr.io.kaldi.binary_streams import BinaryReader
from blasr.io.kaldi.holders import Holder
from blasr.io.kaldi.model_stream import Writer
from blasr.io.kaldi.specifiers import Specifier
from blasr.io.kaldi.tables import read_table
from blasr.io.kaldi.text_streams import TextWriter
from blasr.lattices.assembly import ARC, assemble
from blasr.lattices.lattice import Lattice
from blasr.units import AnyArray

STATE_LEVEL: Final = b"lattice4"
"""The arc type of state-level lattices."""
COMPACT: Final = b"compactlattice44"
"""The arc type of compact lattices."""
_LONGEST_TYPE: Final = 80
_MAGIC: Final = struct.pack("<i", 2125659606)
_HEADER: Final = struct.Struct("<iiQqqq")  # version, flags, properties, start, states, arcs
_VERSION: Final = 2
_EXPANDED_MUTABLE: Final = 3
_STATE: Final = np.dtype([("graph", "<f4"), ("acoustic", "<f4"), ("arcs", "<i8")])
_COMPACT_FIX: Final = "convert them with `blasr kaldi lattice-copy --write-compact=false`"


def read_lattices(specifier: Specifier, *, allow_pipes: bool = False) -> Iterator[tuple[str, Lattice]]:
    """Yield utterance-ids and state-level lattices of a table (a path or an rspecifier), in its order.

    Raises:
        FormatError: the table is truncated or corrupt, a lattice has a cycle or paths of different lengths into one
            state, or the lattices are compact ones.
    """
    return read_table(specifier, LATTICE, allow_pipes=allow_pipes)


def read_header(reader: BinaryReader) -> tuple[bytes, int, int, int]:
    """Read the header of a binary lattice; return its arc type, start state, number of states and properties."""
    if reader.take(len(_MAGIC), "a lattice") != _MAGIC:
        raise reader.error("neither a binary nor a text lattice")
    fst_type, arc_type = _take_string(reader), _take_string(reader)
    if fst_type != b"vector" or arc_type not in (STATE_LEVEL, COMPACT):
        raise reader.error(f"found an FST of type {fst_type!r} over {arc_type!r} arcs, expected a lattice")
    version, flags, properties, start, num_states, _ = _HEADER.unpack(reader.take(_HEADER.size, "a header"))
    if version != _VERSION or flags & 3:
        raise reader.error(f"version {version} and flags {flags}, expected version {_VERSION} without symbol tables")
    return arc_type, start, reader.check_count(num_states, _STATE.itemsize, "states"), properties


def _take_string(reader: BinaryReader) -> bytes:
    size = int.from_bytes(reader.take(4, "a type"), "little")
    if size > _LONGEST_TYPE:
        raise reader.error(f"the name of a type has {size} bytes, expected at most {_LONGEST_TYPE}")
    return reader.take(size, "a type")


def write_header(arc_type: bytes, start: int, num_states: int, num_arcs: int, properties: int) -> bytes:
    """Return the header of a binary lattice."""
    head = _MAGIC + _string(b"vector") + _string(arc_type)
    return head + _HEADER.pack(_VERSION, 0, properties, start, num_states, num_arcs)


def read_lines(reader: BinaryReader) -> list[list[bytes]]:
    """Read the lines of a text lattice; return the fields of each."""
    reader.take(1, "a new line")
    lines: list[list[bytes]] = []
    while True:
        line = reader.until(b"\n")
        if not line.endswith(b"\n"):
            raise reader.error("truncated: the empty line that ends a lattice is missing")
        if not line.strip():
            return lines
        lines.append(line.split())


def is_compact_line(fields: list[bytes]) -> bool:
    """Return whether a line can only belong to a compact lattice."""
    return any(field.count(b",") == 2 for field in fields) or (len(fields) == 4 and b"," in fields[3])


def _read(reader: BinaryReader) -> Lattice:
    if reader.at(b"\n"):
        return lattice_of_lines(read_lines(reader), reader)
    arc_type, start, num_states, _ = read_header(reader)
    if arc_type == COMPACT:
        raise reader.error("found a compact (determinized) lattice, expected a state-level one", fix=_COMPACT_FIX)
    return read_states(reader, start, num_states)


def read_states(reader: BinaryReader, start: int, num_states: int) -> Lattice:
    """Read the state-level lattice that follows its header."""
    heads, pieces = [], []
    for _ in range(num_states):
        heads.append(reader.take(_STATE.itemsize, "a state"))
        num_arcs = int.from_bytes(heads[-1][8:], "little", signed=True)
        if num_arcs:
            pieces.append(reader.take(reader.check_count(num_arcs, ARC.itemsize, "arcs") * ARC.itemsize, "arcs"))
    states, arcs = np.frombuffer(b"".join(heads), _STATE), np.frombuffer(b"".join(pieces), ARC)
    sources = np.repeat(np.arange(num_states), states["arcs"])
    return _assembled(reader, start, sources, arcs, states["graph"], states["acoustic"])


def lattice_of_lines(lines: list[list[bytes]], reader: BinaryReader) -> Lattice:
    """Return the state-level lattice of the lines of its text form."""
    arcs: list[tuple[int, int, float, float, int]] = []
    sources: list[int] = []
    final: dict[int, tuple[float, float]] = {}
    for fields in lines:
        try:
            state = int(fields[0])
            if len(fields) in (4, 5) and b"," not in fields[3]:
                costs = _costs(fields[4]) if len(fields) == 5 else (0.0, 0.0)
                arcs.append((_label(fields[2]), _label(fields[3]), *costs, _label(fields[1])))
                sources.append(state)
            elif len(fields) in (1, 2):
                final[state] = _costs(fields[1]) if len(fields) == 2 else (0.0, 0.0)
            else:
                raise ValueError
        except ValueError:
            if is_compact_line(fields):
                message = "found a compact (determinized) lattice, expected a state-level one"
                raise reader.error(message, fix=_COMPACT_FIX) from None
            line = b" ".join(fields)[:80].decode("utf-8", "replace")
            raise reader.error(f"the line {line!r} is not an arc or final state of a lattice") from None
    with np.errstate(over="ignore"):
        records = np.array(arcs, ARC)
    highest = max([*sources, *final, int(records["nextstate"].max(initial=-1))], default=-1)
    if min([*sources, *final], default=0) < 0 or highest > 2 * len(lines):
        raise reader.error(f"found the state {highest} in {len(lines)} lines, expected consecutive numbers from 0")
    final_costs = np.full((2, highest + 1), np.inf, np.float32)
    for state, pair in final.items():
        with np.errstate(over="ignore"):
            final_costs[:, state] = pair
    start = int(lines[0][0]) if lines else -1
    return _assembled(reader, start, np.array(sources, np.int64), records, final_costs[0], final_costs[1])


def _assembled(reader: BinaryReader, start: int, sources: AnyArray, arcs: AnyArray, *final_costs: AnyArray) -> Lattice:
    """Assemble a lattice; a mistake in it is reported at the reader's position."""
    try:
        return assemble(start, sources, arcs, *final_costs)
    except DataError as error:
        raise reader.error(error.message) from None


def _label(text: bytes) -> int:
    if abs(value := int(text)) >> 31:
        raise ValueError
    return value


def lattice_to_bytes(lattice: Lattice) -> bytes:
    """Return the bytes of a lattice in OpenFst's binary form."""
    start = 0 if lattice.num_states else -1
    head = write_header(STATE_LEVEL, start, lattice.num_states, lattice.num_arcs, _EXPANDED_MUTABLE)
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
    """Return a lattice in Kaldi's text form: a line per arc and per final state, without the empty line at the end."""
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
    """Return a mask of ``size`` bytes that selects the records of the states, which begin at ``begins``."""
    mask = np.zeros(size, bool)
    mask[(begins[:, None] + np.arange(_STATE.itemsize)).ravel()] = True
    return mask


def _write(writer: Writer, lattice: Lattice) -> None:
    if isinstance(writer, TextWriter):
        writer.line(f"\n{lattice_to_text(lattice)}")
    else:
        writer.raw(lattice_to_bytes(lattice))


LATTICE: Final = Holder[Lattice]("a lattice", _read, None, _write, _write, has_header=False)


def _costs(text: bytes) -> tuple[float, float]:
    graph, acoustic = text.split(b",")
    return float(graph or 0), float(acoustic or 0)
