"""HMM topologies: the states of every phone, their pdf-classes and transitions (Kaldi's ``hmm/hmm-topology``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from blasr.errors import DataError, MismatchError
from blasr.hmm.model_part import ModelPart, checked_at
from blasr.io.kaldi.model_stream import Reader, Writer

NO_PDF: Final = -1
"""The pdf-class of a state that emits nothing, such as the final state."""


@dataclass(frozen=True)
class HmmState:
    """A state of a phone's HMM.

    Attributes:
        forward_pdf_class: the pdf-class (from 0) of the transitions to other states; ``NO_PDF`` if it emits nothing.
        self_loop_pdf_class: the pdf-class of the self-loop; equal to ``forward_pdf_class`` except in chain topologies.
        transitions: pairs of a destination state and its initial probability.
    """

    forward_pdf_class: int
    self_loop_pdf_class: int
    transitions: tuple[tuple[int, float], ...] = ()

    @classmethod
    def emitting(cls, pdf_class: int, transitions: Iterable[tuple[int, float]]) -> Self:
        """A state with one pdf-class for its self-loop and its other transitions."""
        return cls(pdf_class, pdf_class, tuple(transitions))


_IN_STATE: Final = ("<Transition>", "<Final>", "</State>")
FINAL_STATE: Final = HmmState(NO_PDF, NO_PDF)
PhoneEntry = tuple[HmmState, ...]
"""The HMM of a phone: its states; the last one is final."""


class Topology(ModelPart):
    """The HMM of every phone. Kaldi stores it in the file ``topo``.

    Args:
        entries: the different HMMs, each a sequence of states. The last state is final: no pdf-class, no transitions.
        entry_of_phone: for every phone (from 1) the index (from 0) of its HMM in ``entries``.

    Raises:
        DataError: Kaldi's ``HmmTopology::Check`` would refuse the topology.
    """

    BINARY = False

    def __init__(self, entries: Iterable[Sequence[HmmState]], entry_of_phone: Mapping[int, int]) -> None:
        self.entries: tuple[PhoneEntry, ...] = tuple(tuple(entry) for entry in entries)
        self.entry_of_phone = dict(sorted(entry_of_phone.items()))
        self._check()

    @property
    def phones(self) -> tuple[int, ...]:
        """All phones, in ascending order."""
        return tuple(self.entry_of_phone)

    @property
    def is_hmm(self) -> bool:
        """Whether the self-loop and the other transitions of every state share a pdf-class (not so in chain models)."""
        return all(state.forward_pdf_class == state.self_loop_pdf_class for entry in self.entries for state in entry)

    def entry(self, phone: int) -> PhoneEntry:
        """The states of a phone's HMM; :class:`MismatchError` if the topology does not cover the phone."""
        try:
            return self.entries[self.entry_of_phone[phone]]
        except KeyError:
            raise MismatchError(
                f"phone {phone} is not in the topology; its largest phone is {self.phones[-1]}",
                fix="use the topo, phones.txt and tree of one lang directory",
            ) from None

    def num_pdf_classes(self, phone: int) -> int:
        """Number of pdf-classes of a phone."""
        return 1 + max(max(state.forward_pdf_class, state.self_loop_pdf_class) for state in self.entry(phone))

    @classmethod
    def read_from(cls, reader: Reader) -> Self:
        """Read the topology at the reader's position; :class:`FormatError` if there is none."""
        reader.expect("<Topology>")
        entries, entry_of_phone = _read_binary(reader) if reader.binary else _read_text(reader)
        with checked_at(reader):
            return cls(entries, entry_of_phone)

    def write_to(self, writer: Writer) -> None:
        """Write the topology at the writer's position."""
        writer.token("<Topology>")
        if writer.binary:
            self._write_binary(writer)
        else:
            self._write_text(writer)
        writer.token("</Topology>")
        writer.newline()

    def _write_binary(self, writer: Writer) -> None:
        writer.int_vector(self.phones)
        writer.int_vector([self.entry_of_phone.get(phone, -1) for phone in range(self.phones[-1] + 1)])
        if not self.is_hmm:
            writer.int32(-1)
        writer.int32(len(self.entries))
        for entry in self.entries:
            writer.int32(len(entry))
            for state in entry:
                writer.int32(state.forward_pdf_class)
                if not self.is_hmm:
                    writer.int32(state.self_loop_pdf_class)
                writer.int32(len(state.transitions))
                for destination, probability in state.transitions:
                    writer.int32(destination)
                    writer.float32(probability)

    def _write_text(self, writer: Writer) -> None:
        writer.newline()
        for index, entry in enumerate(self.entries):
            writer.token("<TopologyEntry>")
            writer.newline()
            writer.token("<ForPhones>")
            writer.newline()
            for phone, phone_index in self.entry_of_phone.items():
                if phone_index == index:
                    writer.int32(phone)
            writer.newline()
            writer.token("</ForPhones>")
            writer.newline()
            for number, state in enumerate(entry):
                self._write_text_state(writer, number, state)
            writer.token("</TopologyEntry>")
            writer.newline()

    def _write_text_state(self, writer: Writer, number: int, state: HmmState) -> None:
        writer.token("<State>")
        writer.int32(number)
        if state.forward_pdf_class != NO_PDF:
            writer.token("<PdfClass>" if self.is_hmm else "<ForwardPdfClass>")
            writer.int32(state.forward_pdf_class)
            if not self.is_hmm:
                writer.token("<SelfLoopPdfClass>")
                writer.int32(state.self_loop_pdf_class)
        for destination, probability in state.transitions:
            writer.token("<Transition>")
            writer.int32(destination)
            writer.float32(probability)
        writer.token("</State>")
        writer.newline()

    def _check(self) -> None:
        """Raise :class:`DataError` in the cases that ``HmmTopology::Check`` refuses."""
        if not self.entries or not self.entry_of_phone:
            raise DataError("the topology is empty")
        if self.phones[0] < 1:
            raise DataError(f"the topology has phone {self.phones[0]}, but phones are numbered from 1")
        if set(self.entry_of_phone.values()) != set(range(len(self.entries))):
            raise DataError("the topology has an entry without phones, or a phone without an entry")
        for entry in self.entries:
            _check_entry(entry)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Topology)
            and self.entries == other.entries
            and self.entry_of_phone == other.entry_of_phone
        )

    __hash__ = None  # type: ignore[assignment]


def _check_entry(entry: PhoneEntry) -> None:
    if len(entry) < 2:
        raise DataError("a topology entry needs an emitting state and a final one")
    if entry[-1] != FINAL_STATE:
        raise DataError("the last state of a topology entry must have no pdf-class and no transitions")
    for number, state in enumerate(entry):
        _check_state(number, state, len(entry))
    reached = {0} | {destination for state in entry for destination, _ in state.transitions}
    if len(reached) < len(entry):
        raise DataError(f"state {min(set(range(len(entry))) - reached)} has no transition into it")
    classes = {number for state in entry for number in (state.forward_pdf_class, state.self_loop_pdf_class)} - {NO_PDF}
    if classes != set(range(len(classes))) or not classes:
        raise DataError(f"the pdf-classes {sorted(classes)} are not numbered from 0 without gaps")


def _check_state(number: int, state: HmmState, num_states: int) -> None:
    if state.self_loop_pdf_class == NO_PDF != state.forward_pdf_class and number in dict(state.transitions):
        raise DataError(f"state {number} has a self-loop without a pdf-class")
    if state.forward_pdf_class == NO_PDF != state.self_loop_pdf_class:
        raise DataError(f"state {number} has a self-loop pdf-class without a forward one")
    destinations = [destination for destination, _ in state.transitions]
    if len(set(destinations)) != len(destinations):
        raise DataError(f"state {number} has two transitions to one state")
    if not destinations and number < num_states - 1:
        raise DataError(f"state {number} has no transitions")
    for destination, probability in state.transitions:
        if not 0 <= destination < num_states:
            raise DataError(f"state {number} has a transition to state {destination} of {num_states}")
        if not 0.0 < probability < float("inf"):
            raise DataError(f"state {number} has a transition of probability {probability}")
        if state.forward_pdf_class == NO_PDF and destination in (number, num_states - 1):
            raise DataError(f"state {number} emits nothing, but has a self-loop or ends the phone")


def _read_binary(reader: Reader) -> tuple[list[list[HmmState]], dict[int, int]]:
    phones = reader.int_vector("the phones").tolist()
    entry_of_phone = reader.int_vector("the topology entry of each phone").tolist()
    if phones != [phone for phone, index in enumerate(entry_of_phone) if index != -1]:
        raise reader.error("the list of phones disagrees with the list of their topology entries")
    count = reader.int32("the number of topology entries")
    is_hmm = count != -1
    if not is_hmm:
        count = reader.int32("the number of topology entries")
    entries = []
    for _ in range(reader.check_count(count, 5, "topology entries")):
        num_states = reader.check_count(reader.int32("the number of states"), 10, "states")
        entries.append([_read_binary_state(reader, is_hmm) for _ in range(num_states)])
    reader.expect("</Topology>")
    return entries, {phone: entry_of_phone[phone] for phone in phones}


def _read_binary_state(reader: Reader, is_hmm: bool) -> HmmState:
    forward = reader.int32("a pdf-class")
    self_loop = forward if is_hmm else reader.int32("a pdf-class")
    num_transitions = reader.check_count(reader.int32("the number of transitions"), 10, "transitions")
    transitions = [(reader.int32("a state"), reader.float32("a probability")) for _ in range(num_transitions)]
    return HmmState(forward, self_loop, tuple(transitions))


def _read_text(reader: Reader) -> tuple[list[list[HmmState]], dict[int, int]]:
    entries: list[list[HmmState]] = []
    entry_of_phone: dict[int, int] = {}
    while reader.expect("<TopologyEntry>", "</Topology>") == "<TopologyEntry>":
        for phone in _read_text_phones(reader):
            if phone in entry_of_phone:
                raise reader.error(f"phone {phone} appears twice in the topology")
            entry_of_phone[phone] = len(entries)
        entries.append(_read_text_states(reader))
    return entries, entry_of_phone


def _read_text_phones(reader: Reader) -> Iterator[int]:
    reader.expect("<ForPhones>")
    while (token := reader.token("a phone or </ForPhones>")) != "</ForPhones>":
        if not (token.isascii() and token.isdigit() and len(token) < 10):
            raise reader.error(f"expected a phone's number, found {token[:80]!r}")
        yield int(token)


def _read_text_states(reader: Reader) -> list[HmmState]:
    states: list[HmmState] = []
    final: dict[int, float] = {}
    while reader.expect("<State>", "</TopologyEntry>") == "<State>":
        if (number := reader.int32("a state's number")) != len(states):
            raise reader.error(f"expected state {len(states)}, found state {number}")
        state, probability = _read_text_state(reader)
        states.append(state)
        if probability is not None:
            final[number] = probability
    return _with_final_state(states, final) if final else states


def _with_final_state(entry: list[HmmState], final: Mapping[int, float]) -> list[HmmState]:
    """Convert an entry of the old form, in which states have a final probability, to one with a final state."""
    states = entry if entry[-1] == FINAL_STATE else [*entry, FINAL_STATE]
    last = len(states) - 1
    for number, probability in final.items():
        state = states[number]
        if number != last and last not in dict(state.transitions):
            states[number] = replace(state, transitions=(*state.transitions, (last, probability)))
    return states


def _read_text_state(reader: Reader) -> tuple[HmmState, float | None]:
    """Read a state and, from files of Kaldi before 2012, the probability of ending in it."""
    forward = self_loop = NO_PDF
    token = reader.expect("<PdfClass>", "<ForwardPdfClass>", *_IN_STATE)
    if token == "<PdfClass>":
        forward = self_loop = reader.int32("a pdf-class")
        token = reader.expect(*_IN_STATE)
    elif token == "<ForwardPdfClass>":
        forward = reader.int32("a pdf-class")
        reader.expect("<SelfLoopPdfClass>")
        self_loop = reader.int32("a pdf-class")
        token = reader.expect(*_IN_STATE)
    transitions, final = [], None
    while token != "</State>":
        if token == "<Final>":
            final = reader.float32("a probability")
        else:
            transitions.append((reader.int32("a state"), reader.float32("a probability")))
        token = reader.expect(*_IN_STATE)
    return HmmState(forward, self_loop, tuple(transitions)), final


def make_topology(
    speech_phones: Sequence[int],
    silence_phones: Sequence[int],
    *,
    speech_states: int = 3,
    silence_states: int = 5,
) -> Topology:
    """Kaldi's usual topologies, as ``utils/gen_topo.pl`` makes them.

    Speech phones are left-to-right without skips. Silence phones have a first state, a last state and, in between,
    states with transitions to each other in any order. With fewer than three states they are left-to-right too.

    Args:
        speech_phones: phones from 1.
        silence_phones: phones from 1 with sounds of varying length and order: silence, noise.
        speech_states: emitting states of a speech phone.
        silence_states: emitting states of a silence phone.

    Raises:
        DataError: a phone is listed twice, or there are no phones.
    """
    entries = [_left_to_right(speech_states)] if speech_phones else []
    if silence_phones:
        entries.append(_ergodic(silence_states) if silence_states >= 3 else _left_to_right(silence_states))
    entry_of_phone = dict.fromkeys(speech_phones, 0) | dict.fromkeys(silence_phones, len(entries) - 1)
    if len(entry_of_phone) < len(speech_phones) + len(silence_phones):
        raise DataError("a phone is listed twice among the speech and silence phones")
    return Topology(entries, entry_of_phone)


def _left_to_right(num_states: int) -> list[HmmState]:
    states = [HmmState.emitting(state, [(state, 0.75), (state + 1, 0.25)]) for state in range(num_states)]
    return [*states, FINAL_STATE]


def _ergodic(num_states: int) -> list[HmmState]:
    last = num_states - 1
    share = 1.0 / last
    states = [HmmState.emitting(0, [(state, share) for state in range(last)])]
    states += [
        HmmState.emitting(state, [(destination, share) for destination in range(1, num_states)])
        for state in range(1, last)
    ]
    states.append(HmmState.emitting(last, [(last, 0.75), (num_states, 0.25)]))
    return [*states, FINAL_STATE]
