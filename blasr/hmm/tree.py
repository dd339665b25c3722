"""The phonetic decision tree: which pdf-id a phone in its context has (Kaldi's ``tree/context-dep``)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Self

from blasr.errors import DataError, MismatchError
from blasr.hmm.event_map import (
    PDF_CLASS,
    ConstantEventMap,
    EventMap,
    SplitEventMap,
    TableEventMap,
    leaves,
    read_event_map,
    write_event_map,
)
from blasr.io.kaldi.model_stream import Reader, Writer, open_reader, open_writer

__all__ = [
    "ConstantEventMap",
    "ContextDependency",
    "EventMap",
    "SplitEventMap",
    "TableEventMap",
    "monophone_tree",
    "read_tree",
    "stub_map",
]


@dataclass(frozen=True)
class ContextDependency:
    """A tree over windows of phones.

    Attributes:
        context_width: phones in the window (N): 1 for monophones, 3 for triphones.
        central_position: where the phone itself stands in it, from 0 (P): 0 for monophones, 1 for triphones.
        event_map: the tree; its answers are pdf-ids, from 0.
    """

    context_width: int
    central_position: int
    event_map: EventMap

    def __post_init__(self) -> None:
        if not 0 <= self.central_position < self.context_width:
            message = f"the central position {self.central_position} lies outside the {self.context_width} phones"
            raise DataError(f"{message} of the context window")

    @cached_property
    def num_pdfs(self) -> int:
        """Number of pdfs: the largest pdf-id of any leaf, plus one."""
        return 1 + max((leaf.answer for leaf in leaves(self.event_map)), default=-1)

    def pdf_id(self, phone_window: Sequence[int], pdf_class: int) -> int:
        """The pdf-id (from 0) of a pdf-class of the central phone.

        Args:
            phone_window: ``context_width`` phones, 0 beyond the ends of an utterance.
            pdf_class: from 0.

        Raises:
            MismatchError: the tree does not cover the window.
        """
        if len(phone_window) != self.context_width:
            raise MismatchError(f"the tree looks at {self.context_width} phones, {len(phone_window)} were given")
        answer = self.event_map.map({PDF_CLASS: pdf_class, **dict(enumerate(phone_window))})
        if answer is None:
            window = " ".join(map(str, phone_window))
            raise MismatchError(
                f"the tree has no pdf for pdf-class {pdf_class} of the phones {window}",
                fix="use the tree and the lang directory of one alignment directory",
            )
        return answer

    def pdfs_of(self, phone: int, pdf_class: int) -> list[int]:
        """All pdf-ids, ascending, that a pdf-class of a phone has in some context (``GetPdfInfo``)."""
        return sorted(set(self.event_map.answers({self.central_position: phone, PDF_CLASS: pdf_class})))

    def pdf_pairs_of(self, phone: int, forward: int, self_loop: int, phones: Sequence[int]) -> set[tuple[int, int]]:
        """The pairs of pdf-ids that two pdf-classes of a phone have together in some context (``EnumeratePairs``).

        Args:
            phone: the central phone.
            forward: the forward pdf-class.
            self_loop: the self-loop pdf-class; if negative, the second pdf-id of every pair is -1.
            phones: all phones, for the positions around the central one.
        """
        positions = sorted(range(self.context_width), key=lambda position: abs(position - self.central_position))
        return set(self._pairs({self.central_position: phone}, positions[1:], forward, self_loop, (0, *phones)))

    def _pairs(
        self, window: Mapping[int, int], positions: Sequence[int], forward: int, self_loop: int, phones: Sequence[int]
    ) -> Iterator[tuple[int, int]]:
        forward_pdfs = set(self.event_map.answers({**window, PDF_CLASS: forward}))
        self_loop_pdfs = set(self.event_map.answers({**window, PDF_CLASS: self_loop})) if self_loop >= 0 else {-1}
        if len(forward_pdfs) == 1 or len(self_loop_pdfs) == 1 or not positions:
            yield from ((first, second) for first in forward_pdfs for second in self_loop_pdfs)
            return
        for phone in phones:
            yield from self._pairs({**window, positions[0]: phone}, positions[1:], forward, self_loop, phones)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read a ``tree`` file, binary or text; :class:`FormatError` if it is none."""
        with open_reader(path) as reader:
            return cls.read_from(reader)

    @classmethod
    def read_from(cls, reader: Reader) -> Self:
        """Read the tree that starts at the reader's position."""
        reader.expect("ContextDependency")
        context_width = reader.int32("the context width")
        central_position = reader.int32("the central position")
        if reader.expect("ToPdf", "ToLength") == "ToLength":  # an old form also told the pdf-classes of each phone
            read_event_map(reader)
            reader.expect("ToPdf")
        event_map = read_event_map(reader)
        if event_map is None:
            raise reader.error("the tree is empty")
        reader.expect("EndContextDependency")
        try:
            return cls(context_width, central_position, event_map)
        except DataError as error:
            raise reader.error(error.message) from None

    def write(self, path: str | os.PathLike[str], *, binary: bool = True) -> None:
        """Write a ``tree`` file, byte for byte as Kaldi does."""
        with open_writer(path, binary=binary) as writer:
            self.write_to(writer)

    def write_to(self, writer: Writer) -> None:
        """Write the tree at the writer's position."""
        writer.token("ContextDependency")
        writer.int32(self.context_width)
        writer.int32(self.central_position)
        writer.token("ToPdf")
        write_event_map(writer, self.event_map)
        writer.token("EndContextDependency")


def read_tree(path: str | os.PathLike[str]) -> ContextDependency:
    """Read a ``tree`` file, binary or text; :class:`FormatError` if it is none."""
    return ContextDependency.read(path)


def monophone_tree(
    phone_sets: Sequence[Sequence[int]], num_pdf_classes_of_phone: Mapping[int, int]
) -> ContextDependency:
    """A tree without context: the phones of a set share their pdfs (``MonophoneContextDependencyShared``).

    Args:
        phone_sets: the phones (from 1) of each set; every phone once.
        num_pdf_classes_of_phone: as the topology has them.
    """
    return ContextDependency(1, 0, stub_map(0, phone_sets, num_pdf_classes_of_phone))


def stub_map(
    central_position: int,
    phone_sets: Sequence[Sequence[int]],
    num_pdf_classes_of_phone: Mapping[int, int],
    share_roots: Sequence[bool] | None = None,
) -> EventMap:
    """The tree before any splitting, leaves numbered from 0 (``GetStubMap``).

    Args:
        central_position: key of the phone itself.
        phone_sets: the phones (from 1) that share a root; every phone once.
        num_pdf_classes_of_phone: as the topology has them.
        share_roots: for every set, whether its pdf-classes start from one leaf too; by default none do.
    """
    sets = [sorted(phones) for phones in phone_sets]
    shared = [False] * len(sets) if share_roots is None else list(share_roots)
    everything = [phone for phones in sets for phone in phones]
    if len(set(everything)) < len(everything):
        raise DataError("a phone is in two phone sets")
    if not sets or not all(sets) or len(shared) != len(sets):
        raise DataError("there are no phone sets, an empty one, or not one share_roots flag for each")
    return _stub(central_position, list(zip(sets, shared, strict=True)), num_pdf_classes_of_phone, count())


def _stub(
    position: int, roots: Sequence[tuple[list[int], bool]], num_pdf_classes: Mapping[int, int], number: Iterator[int]
) -> EventMap:
    if len(roots) == 1:
        phones, shared = roots[0]
        if shared:
            return ConstantEventMap(next(number))
        size = max(num_pdf_classes[phone] for phone in phones)
        return TableEventMap(PDF_CLASS, tuple(ConstantEventMap(next(number)) for _ in range(size)))
    highest = max(max(phones) for phones, _ in roots)
    if all(len(phones) == 1 for phones, _ in roots) and len(roots) <= 2 * highest:
        table: list[EventMap | None] = [None] * (highest + 1)
        for root in roots:
            table[root[0][0]] = _stub(position, [root], num_pdf_classes, number)
        return TableEventMap(position, tuple(table))
    half = len(roots) // 2
    yes = _stub(position, roots[:half], num_pdf_classes, number)
    no = _stub(position, roots[half:], num_pdf_classes, number)
    return SplitEventMap(position, frozenset(phone for phones, _ in roots[:half] for phone in phones), yes, no)
