"""Archives of compact lattices in Kaldi's formats (``lat/kaldi-lattice.cc``), binary and text.

A binary lattice is an OpenFst vector acceptor over ``compactlattice44`` arcs: for each state its final weight (two
float32 and a string: int32 length, int32 transition-ids), its number of arcs (int64) and its arcs (int32 label, twice,
the weight, int32 nextstate).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from blasr.errors import DataError
from blasr.io.kaldi.binary_streams import BinaryReader
from blasr.io.kaldi.holders import Holder
from blasr.io.kaldi.model_stream import Writer
from blasr.io.kaldi.specifiers import Specifier
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_table
from blasr.io.kaldi.text_streams import TextWriter
from blasr.lattices.compact_lattice import ACCEPTOR, CompactLattice, check_compact
from blasr.lattices.lattice_io import COMPACT, read_header, read_lines, write_header
from blasr.units import AnyArray

_WEIGHT: Final = struct.Struct("<ffi")
_ARC: Final = struct.Struct("<iiffi")
_STATE_FIX: Final = "read it as a state-level lattice"
_MAX_NUMBER: Final = 1 << 31


class _Parts:
    """The arcs and final weights read so far."""

    def __init__(self) -> None:
        self.sources: list[int] = []
        self.arcs: list[tuple[int, int, float, float]] = []
        self.strings: list[AnyArray] = []
        self.final: dict[int, tuple[float, float, AnyArray]] = {}

    def lattice(self, start: int, num_states: int, properties: int = ACCEPTOR) -> CompactLattice:
        order = np.argsort(np.array(self.sources, np.int64), kind="stable")
        columns = np.array(self.arcs, np.float64).reshape(-1, 4)[order]
        strings = [self.strings[arc] for arc in order.tolist()]
        final = np.full((2, num_states), np.inf, np.float32)
        final_strings: list[AnyArray] = [_EMPTY] * num_states
        for state, (graph_cost, acoustic_cost, string) in self.final.items():
            with np.errstate(over="ignore"):
                final[:, state] = graph_cost, acoustic_cost
            final_strings[state] = string
        with np.errstate(over="ignore"):
            costs = columns[:, 2:].astype(np.float32)
        return CompactLattice(
            start=start,
            offsets=np.searchsorted(np.sort(self.sources), np.arange(num_states + 1)),
            words=columns[:, 0].astype(np.int32),
            nextstate=columns[:, 1].astype(np.int32),
            graph_cost=costs[:, 0].copy(),
            acoustic_cost=costs[:, 1].copy(),
            string_offsets=np.cumsum([0, *map(len, strings)]),
            transition_ids=np.concatenate([_EMPTY, *strings]),
            final_graph_cost=final[0],
            final_acoustic_cost=final[1],
            final_string_offsets=np.cumsum([0, *map(len, final_strings)]),
            final_transition_ids=np.concatenate([_EMPTY, *final_strings]),
            properties=properties,
        )


_EMPTY: Final = np.zeros(0, np.int32)


def _read(reader: BinaryReader) -> CompactLattice:
    if reader.at(b"\n"):
        return compact_lattice_of_lines(read_lines(reader), reader)
    arc_type, start, num_states, properties = read_header(reader)
    if arc_type != COMPACT:
        raise reader.error("found a state-level lattice, expected a compact one", fix=_STATE_FIX)
    return read_compact_states(reader, start, num_states, properties)


def read_compact_states(reader: BinaryReader, start: int, num_states: int, properties: int) -> CompactLattice:
    """Read the compact lattice that follows its header."""
    parts = _Parts()
    for state in range(reader.check_count(num_states, _WEIGHT.size + 8, "states")):
        graph_cost, acoustic_cost, size = _WEIGHT.unpack(reader.take(_WEIGHT.size, "a final weight"))
        string = reader.values("<i4", size, "transition-ids") if size else _EMPTY
        parts.final[state] = graph_cost, acoustic_cost, string
        num_arcs = int.from_bytes(reader.take(8, "the number of arcs"), "little", signed=True)
        for _ in range(reader.check_count(num_arcs, _ARC.size + 4, "arcs")):
            label, output, graph_cost, acoustic_cost, size = _ARC.unpack(reader.take(_ARC.size, "an arc"))
            if label != output:
                raise reader.error(f"an arc has the labels {label} and {output}, expected equal ones")
            parts.strings.append(reader.values("<i4", size, "transition-ids") if size else _EMPTY)
            nextstate = int.from_bytes(reader.take(4, "a state"), "little", signed=True)
            parts.sources.append(state)
            parts.arcs.append((label, nextstate, graph_cost, acoustic_cost))
    return _checked(parts.lattice(start, num_states, properties), reader)


def _checked(lattice: CompactLattice, reader: BinaryReader) -> CompactLattice:
    try:
        check_compact(lattice)
    except DataError as error:
        raise reader.error(error.message) from None
    return lattice


def compact_lattice_of_lines(lines: list[list[bytes]], reader: BinaryReader) -> CompactLattice:
    """Return the compact lattice of the lines of its text form."""
    parts, highest = _Parts(), -1
    for fields in lines:
        try:
            numbers = [_number(field) for field in fields if b"," not in field]
            weight = _weight(fields[-1]) if len(fields) > len(numbers) else (0.0, 0.0, _EMPTY)
            if len(fields) - len(numbers) > 1 or len(numbers) not in (1, 3):
                raise ValueError
        except (ValueError, OverflowError):
            line = b" ".join(fields)[:80].decode("utf-8", "replace")
            raise reader.error(f"{line!r} is not an arc or final state of a compact lattice") from None
        highest = max(highest, *numbers[:2])
        if len(numbers) == 3:
            parts.sources.append(numbers[0])
            parts.arcs.append((numbers[2], numbers[1], *weight[:2]))
            parts.strings.append(weight[2])
        else:
            parts.final[numbers[0]] = weight
    if highest > 2 * len(lines):
        raise reader.error(f"found the state {highest} in {len(lines)} lines, expected consecutive numbers from 0")
    return _checked(parts.lattice(int(lines[0][0]) if lines else -1, highest + 1), reader)


def _number(text: bytes) -> int:
    if not 0 <= (value := int(text)) < _MAX_NUMBER:
        raise ValueError
    return value


def _weight(text: bytes) -> tuple[float, float, AnyArray]:
    graph_cost, acoustic_cost, string = text.split(b",")
    labels = [int(label) for label in string.split(b"_")] if string else []
    return float(graph_cost), float(acoustic_cost), np.array(labels, np.int32)


def _write(writer: Writer, lattice: CompactLattice) -> None:
    if isinstance(writer, TextWriter):
        writer.line("")
        for line in _lines(lattice):
            writer.line(line)
        writer.line("")
    else:
        writer.raw(b"".join(_pieces(lattice)))


def _states(lattice: CompactLattice) -> Iterator[int]:
    """Yield the states in the order of Kaldi's text form: the start first."""
    if lattice.num_states:
        yield lattice.start
        yield from (state for state in range(lattice.num_states) if state != lattice.start)


def _lines(lattice: CompactLattice) -> Iterator[str]:
    for state in _states(lattice):
        for arc in range(lattice.offsets[state], lattice.offsets[state + 1]):
            weight = _weight_text(lattice.graph_cost[arc], lattice.acoustic_cost[arc], lattice.string(arc))
            yield f"{state}\t{lattice.nextstate[arc]}\t{lattice.words[arc]}{weight}"
        if np.isfinite(lattice.final_graph_cost[state]):
            costs = lattice.final_graph_cost[state], lattice.final_acoustic_cost[state]
            yield f"{state}{_weight_text(*costs, lattice.final_string(state))}"


def _weight_text(graph_cost: float, acoustic_cost: float, string: AnyArray) -> str:
    """Return a tab and a weight with six digits; an empty string for a weight of 0 without a string."""
    if graph_cost == 0 and acoustic_cost == 0 and not len(string):
        return ""
    costs = f"{graph_cost:.6g},{acoustic_cost:.6g}".replace("inf", "Infinity")
    return f"\t{costs},{'_'.join(map(str, string.tolist()))}"


def _pieces(lattice: CompactLattice) -> Iterator[bytes]:
    # Kaldi leaves the number of arcs at 0: it is not known when the header of a stream is written.
    yield write_header(COMPACT, lattice.start, lattice.num_states, 0, lattice.properties)
    for state in range(lattice.num_states):
        string = lattice.final_string(state)
        costs = lattice.final_graph_cost[state], lattice.final_acoustic_cost[state]
        yield _WEIGHT.pack(*costs, len(string)) + string.astype("<i4").tobytes()
        yield struct.pack("<q", lattice.offsets[state + 1] - lattice.offsets[state])
        for arc in range(lattice.offsets[state], lattice.offsets[state + 1]):
            string, word = lattice.string(arc), lattice.words[arc]
            yield _ARC.pack(word, word, lattice.graph_cost[arc], lattice.acoustic_cost[arc], len(string))
            yield string.astype("<i4").tobytes() + struct.pack("<i", lattice.nextstate[arc])


COMPACT_LATTICE: Final = Holder[CompactLattice]("a compact lattice", _read, None, _write, _write, has_header=False)


def read_compact_lattices(specifier: Specifier, **options: Any) -> Iterator[tuple[str, CompactLattice]]:
    """Yield utterance-ids and compact lattices of a table; raises as :func:`blasr.io.kaldi.tables.read_table`."""
    return read_table(specifier, COMPACT_LATTICE, **options)


def compact_lattice_writer(specifier: Specifier, **options: Any) -> TableWriter[CompactLattice]:
    """Return a writer of compact lattices to, for example, ``ark,t:-`` or ``lat.1.gz``."""
    return TableWriter(specifier, COMPACT_LATTICE, **options)
