from __future__ import annotations

import io
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import DataError, FormatError, MismatchError
from blasr.hmm.event_map import PDF_CLASS, ConstantEventMap, EventMap, SplitEventMap, TableEventMap, leaves
from blasr.hmm.tree import ContextDependency, monophone_tree, read_tree, stub_map
from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter
from blasr.io.kaldi.text_streams import TextReader, TextWriter

PHONES = range(4)
CLASSES = range(3)
KEYS = st.integers(-1, 2)


def _grow(children: st.SearchStrategy[EventMap]) -> st.SearchStrategy[EventMap]:
    tables = st.builds(TableEventMap, KEYS, st.lists(st.none() | children, max_size=4).map(tuple))
    splits = st.builds(SplitEventMap, KEYS, st.frozensets(st.integers(0, 3), max_size=3), children, children)
    return tables | splits


EVENT_MAPS: st.SearchStrategy[EventMap] = st.recursive(
    st.builds(ConstantEventMap, st.integers(0, 30)), _grow, max_leaves=12
)
TREES = st.builds(ContextDependency, st.just(3), st.just(1), EVENT_MAPS)


@settings(deadline=None)
@given(TREES)
def test_a_written_tree_reads_back(tree: ContextDependency) -> None:
    stream = io.BytesIO()
    tree.write_to(BinaryWriter(stream))
    data = stream.getvalue()
    assert ContextDependency.read_from(BinaryReader(io.BytesIO(data), "tree", len(data))) == tree
    text = io.StringIO()
    tree.write_to(TextWriter(text))
    assert ContextDependency.read_from(TextReader(text.getvalue(), "tree")) == tree
    for length in range(len(data)):
        with pytest.raises(FormatError):
            ContextDependency.read_from(BinaryReader(io.BytesIO(data[:length]), "tree", length))


@settings(max_examples=60, deadline=None)
@given(TREES, st.integers(0, 3), st.integers(0, 2), st.integers(0, 2))
def test_pdfs_of_a_phone_are_those_of_its_windows(
    tree: ContextDependency, phone: int, forward: int, self_loop: int
) -> None:
    """The pdf of every window is among the pdfs of its phone, and every pair of pdfs is among the pairs."""
    windows = [(left, phone, right) for left, right in product(PHONES, PHONES)]
    pdfs = set(tree.pdfs_of(phone, forward))
    pairs = tree.pdf_pairs_of(phone, forward, self_loop, PHONES[1:])
    assert {pair[0] for pair in pairs} <= pdfs
    for window in windows:
        event = dict(enumerate(window))
        answer = tree.event_map.map({PDF_CLASS: forward, **event})
        looped = tree.event_map.map({PDF_CLASS: self_loop, **event})
        if answer is not None:
            assert answer in pdfs
            assert tree.pdf_id(window, forward) == answer
            if looped is not None:
                assert (answer, looped) in pairs
        else:
            with pytest.raises(MismatchError):
                tree.pdf_id(window, forward)


def test_kaldis_tree(golden: Path, tmp_path: Path) -> None:
    """Byte-identical in both forms, each read from either."""
    folder = golden / "fsdd_tri1"
    tree = read_tree(folder / "tree")
    assert read_tree(folder / "tree.txt") == tree
    tree.write(tmp_path / "tree")
    tree.write(tmp_path / "tree.txt", binary=False)
    for name in ("tree", "tree.txt"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    assert (tree.num_pdfs, tree.context_width, tree.central_position) == (144, 3, 1)
    assert {leaf.answer for leaf in leaves(tree.event_map)} == set(range(144))


def test_kaldis_tree_by_hand(golden: Path) -> None:
    """Looked up by eye in tree.txt: SIL does not depend on its context, SPN has one pdf."""
    tree = read_tree(golden / "fsdd_tri1" / "tree")
    assert [tree.pdf_id((0, 1, 5), pdf_class) for pdf_class in range(5)] == [0, 72, 51, 37, 38]
    assert {tree.pdf_id((3, 2, 4), pdf_class) for pdf_class in range(5)} == {1}
    assert (tree.pdf_id((1, 3, 7), 0), tree.pdf_id((3, 3, 7), 0)) == (2, 55)
    assert tree.pdfs_of(3, 0) == [2, 55]


def test_a_monophone_tree_numbers_its_pdfs_by_phone_and_class() -> None:
    """As in MonophoneContextDependency: a table over phones of tables over pdf-classes."""
    tree = monophone_tree([[1], [2], [4]], {1: 5, 2: 5, 4: 3})
    assert [tree.pdf_id([1], pdf_class) for pdf_class in range(5)] == [0, 1, 2, 3, 4]
    assert [tree.pdf_id([4], pdf_class) for pdf_class in range(3)] == [10, 11, 12]
    assert tree.num_pdfs == 13
    assert isinstance(tree.event_map, TableEventMap)
    assert len(tree.event_map.table) == 5
    with pytest.raises(MismatchError, match="no pdf for pdf-class 3 of the phones 4"):
        tree.pdf_id([4], 3)
    with pytest.raises(MismatchError, match="no pdf for pdf-class 0 of the phones 9"):
        tree.pdf_id([9], 0)
    with pytest.raises(MismatchError, match="needs 1 phones"):
        tree.pdf_id([1, 2, 3], 0)


def test_a_stub_halves_the_phone_sets() -> None:
    """As in GetStubMap, sets of several phones become questions and a shared root is one leaf."""
    stub = stub_map(1, [[1], [3, 2], [4]], {1: 2, 2: 3, 3: 3, 4: 3}, [False, False, True])
    assert isinstance(stub, SplitEventMap)
    assert (stub.key, stub.yes_set) == (1, frozenset({1}))
    answers = [[stub.map({1: phone, PDF_CLASS: number}) for number in range(3)] for phone in (1, 2, 3, 4)]
    assert answers == [[0, 1, None], [2, 3, 4], [2, 3, 4], [5, 5, 5]]


def test_invalid_phone_sets_are_refused() -> None:
    for sets, share in (([[1], [1]], None), ([], None), ([[]], None), ([[1]], [True, False])):
        with pytest.raises(DataError):
            stub_map(0, sets, {1: 3}, share)
    with pytest.raises(DataError, match="central position 1"):
        ContextDependency(1, 1, ConstantEventMap(0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ContextDependency 3 1 ToPdf NULL EndContextDependency ", "empty"),
        ("ContextDependency 3 3 ToPdf CE 0 EndContextDependency ", "central position 3"),
        ("ContextDependency 3 1 ToPdf CE -1 EndContextDependency ", "expected a pdf-id"),
        ("ContextDependency 3 1 ToPdf TE 0 99999 ( NULL ) EndContextDependency ", "99999 branches"),
        ("ContextDependency 3 1 ToPdf SE 0 [ 1 ] { NULL CE 1 } EndContextDependency ", "lacks one"),
        ("ContextDependency 3 1 ToPdf XE 0 EndContextDependency ", "expected CE or TE or SE or NULL"),
        ("ContextDependency 1 0 ToPdf " + "SE 0 [ 1 ]\n{ " * 5000, "deeper than"),
    ],
)
def test_a_corrupt_tree_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "tree").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        read_tree(tmp_path / "tree")


def test_the_old_form_with_lengths(tmp_path: Path) -> None:
    text = "ContextDependency 1 0 ToLength CE 3 ToPdf CE 0 EndContextDependency "
    (tmp_path / "tree").write_text(text, encoding="utf-8")
    assert read_tree(tmp_path / "tree").event_map == ConstantEventMap(0)
