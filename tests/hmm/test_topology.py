from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import DataError, FormatError, MismatchError
from blasr.hmm.topology import FINAL_STATE, NO_PDF, HmmState, Topology, make_topology
from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter
from blasr.io.kaldi.text_streams import TextReader, TextWriter

PROBABILITIES = st.floats(2.0**-10, 1.0, width=32)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Left-to-right entries with random skips back, with one or two pdf-classes per state."""
    entries = []
    two_classes = draw(st.booleans())
    for _ in range(draw(st.integers(1, 3))):
        size = draw(st.integers(1, 4))
        states = []
        for number in range(size):
            extra = draw(st.sets(st.integers(0, number)))
            transitions = tuple((destination, draw(PROBABILITIES)) for destination in (*sorted(extra), number + 1))
            forward, self_loop = (2 * number, 2 * number + 1) if two_classes else (number, number)
            states.append(HmmState(forward, self_loop, transitions))
        entries.append([*states, FINAL_STATE])
    phones = draw(st.lists(st.integers(1, 40), min_size=len(entries), max_size=12, unique=True))
    return Topology(entries, {phone: index % len(entries) for index, phone in enumerate(phones)})


@settings(deadline=None)
@given(topologies())
def test_a_written_topology_reads_back(topology: Topology) -> None:
    stream = io.BytesIO()
    topology.write_to(BinaryWriter(stream))
    data = stream.getvalue()
    assert Topology.read_from(BinaryReader(io.BytesIO(data), "topo", len(data))) == topology
    text = io.StringIO()
    topology.write_to(TextWriter(text))
    again = Topology.read_from(TextReader(text.getvalue(), "topo"))
    assert (again.phones, again.is_hmm) == (topology.phones, topology.is_hmm)
    for phone in topology.phones:
        assert again.num_pdf_classes(phone) == topology.num_pdf_classes(phone)
        for state, expected in zip(again.entry(phone), topology.entry(phone), strict=True):
            np.testing.assert_allclose(state.transitions, expected.transitions, rtol=1e-6)
    for length in range(len(data) - 1):
        with pytest.raises(FormatError):
            Topology.read_from(BinaryReader(io.BytesIO(data[:length]), "topo", length))


def test_make_topology_equals_kaldis_topo(golden: Path, tmp_path: Path) -> None:
    """The topology equals a file made by gen_topo.pl; the written text differs only in spaces."""
    path = golden / "fsdd_tri1" / "lang" / "topo"
    topology = Topology.read(path)
    assert topology == make_topology(range(3, 22), [1, 2])
    topology.write(tmp_path / "topo")
    assert (tmp_path / "topo").read_text(encoding="utf-8").split() == path.read_text(encoding="utf-8").split()
    topology.write(tmp_path / "binary", binary=True)
    assert Topology.read(tmp_path / "binary") == topology
    assert (topology.num_pdf_classes(1), topology.num_pdf_classes(3), topology.is_hmm) == (5, 3, True)


CHAIN_TOPO = """<Topology>
<TopologyEntry>
<ForPhones>
1 2
</ForPhones>
<State> 0 <ForwardPdfClass> 0 <SelfLoopPdfClass> 1 <Transition> 0 0.5 <Transition> 1 0.5 </State>
<State> 1 </State>
</TopologyEntry>
</Topology>
"""


def test_topologies_of_chain_models(tmp_path: Path) -> None:
    """One state whose self-loop has its own pdf-class, as ``gen_topo.py`` writes it for chain models."""
    (tmp_path / "topo").write_text(CHAIN_TOPO, encoding="utf-8")
    topology = Topology.read(tmp_path / "topo")
    assert topology.entry(2)[0] == HmmState(0, 1, ((0, 0.5), (1, 0.5)))
    assert not topology.is_hmm
    assert topology.num_pdf_classes(1) == 2
    topology.write(tmp_path / "again")
    assert (tmp_path / "again").read_text(encoding="utf-8").split() == CHAIN_TOPO.split()


def test_other_numbers_of_states() -> None:
    topology = make_topology([3], [1, 2], speech_states=1, silence_states=3)
    assert [len(topology.entry(phone)) for phone in (1, 3)] == [4, 2]
    assert topology.entry(1)[0].transitions == ((0, 0.5), (1, 0.5))
    assert topology.entry(1)[1].transitions == ((1, 0.5), (2, 0.5))
    assert make_topology([2], [1], silence_states=1).entry(1) == topology.entry(3)
    assert make_topology([1], []).phones == (1,)
    with pytest.raises(DataError, match="twice"):
        make_topology([1, 2], [2])


def test_an_unknown_phone_is_refused() -> None:
    with pytest.raises(MismatchError, match="phone 9 is not in the topology"):
        make_topology([2], [1]).entry(9)


SPEECH = HmmState.emitting(0, [(0, 0.5), (1, 0.5)])


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ([FINAL_STATE], "needs an emitting state"),
        ([SPEECH, SPEECH], "last state"),
        ([HmmState.emitting(0, [(0, 0.5), (2, 0.5)]), FINAL_STATE], "transition to state 2 of 2"),
        ([HmmState.emitting(0, [(1, 0.5), (1, 0.5)]), FINAL_STATE], "two transitions"),
        ([HmmState.emitting(0, [(1, 0.0)]), FINAL_STATE], "probability 0"),
        ([HmmState.emitting(0, [(1, float("nan"))]), FINAL_STATE], "probability nan"),
        ([HmmState.emitting(0, []), FINAL_STATE], "no transitions"),
        ([HmmState.emitting(1, [(1, 1.0)]), FINAL_STATE], "are not numbered from 0"),
        ([HmmState.emitting(0, [(0, 1.0)]), FINAL_STATE], "state 1 has no transition into it"),
        ([HmmState(NO_PDF, NO_PDF, ((1, 1.0),)), FINAL_STATE], "emits nothing"),
        ([HmmState(0, NO_PDF, ((0, 0.5), (1, 0.5))), FINAL_STATE], "self-loop without a pdf-class"),
        ([HmmState(NO_PDF, 0, ((1, 1.0),)), FINAL_STATE], "without a forward one"),
    ],
)
def test_topologies_that_kaldi_refuses_are_refused(entry: list[HmmState], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Topology([entry], {1: 0})


def test_phones_without_entries_and_entries_without_phones_are_refused() -> None:
    for phones in ({}, {1: 1}, {0: 0}):
        with pytest.raises(DataError):
            Topology([[SPEECH, FINAL_STATE]], phones)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1 2", "1 1", "phone 1 appears twice"),
        ("1 2", "1 x", "expected a phone's number"),
        ("<State> 1", "<State> 2", "expected state 1"),
        ("0.5 </State>", "zero </State>", "expected a probability"),
        ("<SelfLoopPdfClass>", "<PdfClass>", "expected <SelfLoopPdfClass>"),
        ("<Transition> 1 0.5", "<Transition> 7 0.5", "transition to state 7"),
    ],
)
def test_an_error_names_the_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in CHAIN_TOPO
    (tmp_path / "topo").write_text(CHAIN_TOPO.replace(old, new), encoding="utf-8")
    with pytest.raises(FormatError, match=message) as caught:
        Topology.read(tmp_path / "topo")
    assert caught.value.line is not None


@pytest.mark.parametrize(
    "end",
    [
        "<State> 1 <PdfClass> 1 <Transition> 1 0.75 <Final> 0.25 </State>",
        "<State> 1 <PdfClass> 1 <Transition> 1 0.75 <Final> 0.25 </State> <State> 2 <Final> 1 </State>",
        "<State> 1 <PdfClass> 1 <Transition> 1 0.75 <Transition> 2 0.25 <Final> 0.25 </State> <State> 2 </State>",
        "<State> 1 <PdfClass> 1 <Transition> 1 0.75 <Transition> 2 0.25 </State> <State> 2 </State>",
    ],
)
def test_the_old_form_without_final_states(end: str) -> None:
    """``<Final>``, which Kaldi wrote before it had final states, becomes a transition to a final state."""
    first = "<State> 0 <PdfClass> 0 <Transition> 0 0.75 <Transition> 1 0.25 </State>"
    text = f"<Topology> <TopologyEntry> <ForPhones> 1 2 </ForPhones> {first} {end} </TopologyEntry> </Topology>"
    assert Topology.read_from(TextReader(text, "topo")) == make_topology([1, 2], [], speech_states=2)
