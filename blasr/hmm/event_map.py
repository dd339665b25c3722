"""Decision trees as Kaldi's event maps (``tree/event-map``), which map events to pdf-ids.

An event maps keys to values. Key ``i >= 0`` is the phone at position ``i`` of the context window (0 beyond the ends of
an utterance). Key ``PDF_CLASS`` is the pdf-class of the HMM state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from blasr.io.kaldi.model_stream import Reader, Writer

PDF_CLASS: Final = -1
"""The key of the pdf-class in an event."""
MAX_DEPTH: Final = 300
"""The largest depth of a tree that is read; Kaldi's trees have a few dozen levels."""


@dataclass(frozen=True, slots=True)
class ConstantEventMap:
    """A leaf: the same answer for every event."""

    answer: int

    def map(self, event: Mapping[int, int]) -> int | None:
        """The answer."""
        return self.answer

    def answers(self, event: Mapping[int, int]) -> Iterator[int]:
        """The answer."""
        yield self.answer


@dataclass(frozen=True, slots=True)
class TableEventMap:
    """One branch for every value of a key; None for a value without a branch."""

    key: int
    table: tuple[EventMap | None, ...]

    def map(self, event: Mapping[int, int]) -> int | None:
        """The pdf-id of an event, or None if the tree does not cover it."""
        branch = self._branch(event[self.key]) if self.key in event else None
        return None if branch is None else branch.map(event)

    def answers(self, event: Mapping[int, int]) -> Iterator[int]:
        """The pdf-ids of all events with these values, whatever the values of the other keys (``MultiMap``)."""
        branches = (self._branch(event[self.key]),) if self.key in event else self.table
        for branch in branches:
            if branch is not None:
                yield from branch.answers(event)

    def _branch(self, value: int) -> EventMap | None:
        return self.table[value] if 0 <= value < len(self.table) else None


@dataclass(frozen=True, slots=True)
class SplitEventMap:
    """A question: is the value of a key in a set?"""

    key: int
    yes_set: frozenset[int]
    yes: EventMap
    no: EventMap

    def map(self, event: Mapping[int, int]) -> int | None:
        """The pdf-id of an event, or None if the tree does not cover it."""
        if self.key not in event:
            return None
        return (self.yes if event[self.key] in self.yes_set else self.no).map(event)

    def answers(self, event: Mapping[int, int]) -> Iterator[int]:
        """The pdf-ids of all events with these values, whatever the values of the other keys (``MultiMap``)."""
        if self.key not in event or event[self.key] in self.yes_set:
            yield from self.yes.answers(event)
        if self.key not in event or event[self.key] not in self.yes_set:
            yield from self.no.answers(event)


EventMap = ConstantEventMap | TableEventMap | SplitEventMap
"""A node of a decision tree, with all nodes below it (Kaldi's ``tree/event-map.h``)."""


def leaves(event_map: EventMap | None) -> Iterator[ConstantEventMap]:
    """All leaves, from left to right; none for None."""
    if isinstance(event_map, ConstantEventMap):
        yield event_map
    elif isinstance(event_map, TableEventMap):
        for branch in event_map.table:
            yield from leaves(branch)
    elif isinstance(event_map, SplitEventMap):
        yield from leaves(event_map.yes)
        yield from leaves(event_map.no)


def read_event_map(reader: Reader, depth: int = 0) -> EventMap | None:
    """Read the event map at the reader's position, None for ``NULL``; :class:`FormatError` if there is none."""
    if depth > MAX_DEPTH:
        raise reader.error(f"the tree is deeper than {MAX_DEPTH} levels")
    kind = reader.expect("CE", "TE", "SE", "NULL")
    if kind == "NULL":
        return None
    if kind == "CE":
        answer = reader.int32("a pdf-id")
        if answer < 0:
            raise reader.error(f"expected a pdf-id from 0, found {answer}")
        return ConstantEventMap(answer)
    key = reader.int32("the key of a question")
    if kind == "TE":
        size = reader.check_count(reader.uint32("the size of a table"), 5, "branches")
        reader.expect("(")
        table = tuple(read_event_map(reader, depth + 1) for _ in range(size))
        reader.expect(")")
        return TableEventMap(key, table)
    yes_set = frozenset(reader.int_vector("the set of a question").tolist())
    reader.expect("{")
    yes = read_event_map(reader, depth + 1)
    no = read_event_map(reader, depth + 1)
    if yes is None or no is None:
        raise reader.error("a question lacks one of its two branches")
    reader.expect("}")
    return SplitEventMap(key, yes_set, yes, no)


def write_event_map(writer: Writer, event_map: EventMap | None) -> None:
    """Write an event map; ``NULL`` for None."""
    if event_map is None:
        writer.token("NULL")
    elif isinstance(event_map, ConstantEventMap):
        writer.token("CE")
        writer.int32(event_map.answer)
    elif isinstance(event_map, TableEventMap):
        writer.token("TE")
        writer.int32(event_map.key)
        writer.uint32(len(event_map.table))
        writer.token("(")
        for branch in event_map.table:
            write_event_map(writer, branch)
        writer.token(")")
        writer.newline()
    else:
        writer.token("SE")
        writer.int32(event_map.key)
        writer.int_vector(sorted(event_map.yes_set))
        writer.token("{")
        write_event_map(writer, event_map.yes)
        write_event_map(writer, event_map.no)
        writer.token("}")
        writer.newline()
