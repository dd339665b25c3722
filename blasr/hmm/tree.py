"""Phonetic decision trees, from a phone in context and a pdf-class to a pdf-id (Kaldi's ``tree/context-dep``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from os import PathLike
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
from blasr.hmm.model_part import ModelPart, checked_at
from blasr.io.kaldi.model_stream import Reader, Writer


@dataclass(frozen=True)
class ContextDependency(ModelPart):
    """A tree over windows of phones.

    Kaldi stores it in the file ``tree``.

    Attributes:
        context_width: phones in the window (N): 1 for monophones, 3 for triphones.
        central_position: position of the central phone in the window, from 0 (P): 0 for monophones, 1 for triphones.
        event_map: the tree; its answers are pdf-ids (from 0).
    """

    context_width: int
    central_position: int
    event_map: EventMap

    def __post_init__(self) -> None:
        if not 0 <= self.central_position < self.context_width:
            message = f"the central position {self.central_position} is outside the {self.context_width} phones"
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
            raise MismatchError(f"the tree needs {self.context_width} phones, found {len(phone_window)}")
        answer = self.event_map.map({PDF_CLASS: pdf_class, **dict(enumerate(phone_window))})
        if answer is None:
            window = " ".join(map(str, phone_window))
            raise MismatchError(
                f"the tree has no pdf for pdf-class {pdf_class} of the phones {window}",
                fix="use the tree and the lang directory of one alignment directory",
            )
        return answer

    def pdfs_of(self, phone: int, pdf_class: int) -> list[int]:
        """All pdf-ids, in ascending order, that a pdf-class of a phone has in any context (``GetPdfInfo``)."""
        return sorted(set(self.event_map.answers({self.central_position: phone, PDF_CLASS: pdf_class})))

    def pdf_pairs_of(self, phone: int, forward: int, self_loop: int, phones: Sequence[int]) -> set[tuple[int, int]]:
        """The pairs of pdf-ids that two pdf-classes of a phone have together in any context (``EnumeratePairs``).

        Args:
            phone: the central phone.
            forward: the forward pdf-class.
            self_loop: the self-loop pdf-class; if negative, the second pdf-id of every pair is -1.
            phones: all phones, for the other positions of the window.
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
    def read_from(cls, reader: Reader) -> Self:
        """Read the tree at the reader's position; :class:`FormatError` if there is none."""
        reader.expect("ContextDependency")
        context_width = reader.int32("the context width")
        central_position = reader.int32("the central position")
        if reader.expect("ToPdf", "ToLength") == "ToLength":  # old files also have numbers of pdf-classes
            read_event_map(reader)
            reader.expect("ToPdf")
        event_map = read_event_map(reader)
        if event_map is None:
            raise reader.error("the tree is empty")
        reader.expect("EndContextDependency")
        with checked_at(reader):
            return cls(context_width, central_position, event_map)

    def write_to(self, writer: Writer) -> None:
        """Write the tree at the writer's position, byte for byte as Kaldi does."""
        writer.token("ContextDependency")
        writer.int32(self.context_width)
        writer.int32(self.central_position)
        writer.token("ToPdf")
        write_event_map(writer, self.event_map)
        writer.token("EndContextDependency")


def read_tree(path: str | PathLike[str]) -> ContextDependency:
    """Read a ``tree`` file, binary or text; :class:`FormatError` if it is not one."""
    return ContextDependency.read(path)


def monophone_tree(
    phone_sets: Sequence[Sequence[int]], num_pdf_classes_of_phone: Mapping[int, int]
) -> ContextDependency:
    """A tree without context; the phones of a set share their pdfs (``MonophoneContextDependencyShared``).

    Args:
        phone_sets: the phones (from 1) of each set; every phone is in one set.
        num_pdf_classes_of_phone: the number of pdf-classes of every phone in the topology.

    Raises:
        DataError: a phone is in two sets, or a set is empty.
    """
    return ContextDependency(1, 0, stub_map(0, phone_sets, num_pdf_classes_of_phone))


def stub_map(
    central_position: int,
    phone_sets: Sequence[Sequence[int]],
    num_pdf_classes_of_phone: Mapping[int, int],
    share_roots: Sequence[bool] | None = None,
) -> EventMap:
    """The tree before any split, with leaves numbered from 0 (``GetStubMap``).

    Args:
        central_position: the key of the central phone.
        phone_sets: the phones (from 1) that share a root; every phone is in one set.
        num_pdf_classes_of_phone: the number of pdf-classes of every phone in the topology.
        share_roots: for every set, whether all its pdf-classes share one leaf; by default no set does.

    Raises:
        DataError: a phone is in two sets, a set is empty, or the number of flags is wrong.
    """
    sets = [sorted(phones) for phones in phone_sets]
    shared = [False] * len(sets) if share_roots is None else list(share_roots)
    listed = [phone for phones in sets for phone in phones]
    if len(set(listed)) < len(listed):
        raise DataError("a phone is in two phone sets")
    if not sets or not all(sets) or len(shared) != len(sets):
        raise DataError("there are no phone sets, a phone set is empty, or the number of share_roots flags is wrong")
    return _stub_of_roots(central_position, list(zip(sets, shared, strict=True)), num_pdf_classes_of_phone, count())


def _stub_of_roots(
    position: int, roots: Sequence[tuple[list[int], bool]], num_pdf_classes: Mapping[int, int], number: Iterator[int]
) -> EventMap:
    """The stub for some roots, each a set of phones and whether its pdf-classes share one leaf.

    As in Kaldi, single phones become a table; sets of several phones are halved until one set is left.
    """
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
            table[root[0][0]] = _stub_of_roots(position, [root], num_pdf_classes, number)
        return TableEventMap(position, tuple(table))
    half = len(roots) // 2
    yes = _stub_of_roots(position, roots[:half], num_pdf_classes, number)
    no = _stub_of_roots(position, roots[half:], num_pdf_classes, number)
    return SplitEventMap(position, frozenset(phone for phones, _ in roots[:half] for phone in phones), yes, no)
