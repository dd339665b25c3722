"""Word times against Kaldi's CTM, and how phones are divided among words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import FormatError
from blasr.io.nist.ctm import read_ctm
from blasr.lattices.lattice import BestPath
from blasr.lattices.word_times import AlignLexicon, phone_times, word_times, word_times_from_arcs
from tests.golden_system import GoldenSystem

SIL, A, B, C = 1, 2, 3, 4
LEXICON = AlignLexicon([(0, 0, (SIL,)), (1, 1, (A, B)), (1, 1, (A,)), (2, 2, (B, C)), (3, 5, (SIL,))])


def test_equals_kaldis_ctm(system: GoldenSystem) -> None:
    """Every word of every utterance to the frame: the CTM of LM weight 10 without penalty."""
    lexicon = AlignLexicon.read(system.folder / "lang" / "phones" / "align_lexicon.int")
    found = []
    for utterance, lattice in system.lattices.items():
        times = word_times(lattice.best_path(), system.transition_model, lexicon)
        assert times is not None
        found += [(utterance, system.words.symbol_of(t.word), t.start_frame, t.num_frames) for t in times]
    expected = [
        (word.recording, word.word, round(100 * word.start_seconds), round(100 * word.duration_seconds))
        for word in read_ctm(system.folder / "connected" / "1best.ctm")
    ]
    assert found == expected


def test_silence_takes_its_phones_between_words() -> None:
    assert LEXICON.segment([1, 2], [SIL, A, B, SIL, SIL, B, C, SIL]) == [(1, 1, 3), (2, 5, 7)]


def test_the_longer_pronunciation_gives_way_where_it_must() -> None:
    assert LEXICON.segment([1, 2], [A, B, C]) == [(1, 0, 1), (2, 1, 3)]


def test_a_word_may_be_put_out_under_another_id() -> None:
    assert LEXICON.segment([3], [SIL, SIL]) == [(5, 0, 1)]


@pytest.mark.parametrize(("words", "phones"), [([1], [A, B, C]), ([2], [A]), ([], [A]), ([9], [A]), ([1, 2], [A, B])])
def test_phones_that_do_not_fit_have_no_segments(words: list[int], phones: list[int]) -> None:
    assert LEXICON.segment(words, phones) is None


def test_a_partial_path_may_break_off() -> None:
    assert LEXICON.segment([1, 2], [A, B], partial=True) == [(1, 0, 2), (2, 2, 2)]
    assert LEXICON.segment([1, 2], [A, SIL, B], partial=True) == [(1, 0, 1), (2, 2, 3)]
    assert LEXICON.segment([1], [A, B, SIL, B], partial=True) == [(1, 0, 2)]
    assert LEXICON.segment([2], [A], partial=True) is None


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.integers(0, 1), st.integers(0, 2)), max_size=200))
def test_any_sequence_of_the_lexicon_is_divided(said: list[tuple[int, int, int]]) -> None:
    pronunciations: dict[int, list[tuple[int, ...]]] = {1: [(A, B), (A,)], 2: [(B, C), (B, C)]}
    phones: list[int] = []
    for word, variant, silences in said:
        phones += [*pronunciations[word][variant], *[SIL] * silences]
    segments = LEXICON.segment([word for word, _, _ in said], phones)
    assert segments is not None
    assert [word for word, _, _ in segments] == [word for word, _, _ in said]
    for word, begin, end in segments:
        assert tuple(phones[begin:end]) in pronunciations[word]


def test_times_without_a_lexicon_last_until_the_next_word() -> None:
    words, frames = np.array([7, 8], np.int32), np.array([2, 5], np.int32)
    path = BestPath(words, frames, np.arange(1, 10, dtype=np.int32), 0.0, 0.0)
    times = [(time.word, time.start_frame, time.num_frames) for time in word_times_from_arcs(path)]
    assert times == [(7, 2, 3), (8, 5, 4)]


def test_a_line_that_is_not_of_the_lexicon_is_named(tmp_path: Path) -> None:
    path = tmp_path / "align_lexicon.int"
    path.write_text("0 0 1\nONE ONE 2\n")
    with pytest.raises(FormatError, match=r"align_lexicon.int:2: found 'ONE ONE 2'"):
        AlignLexicon.read(path)


def test_phone_times_cover_the_path_and_bound_the_words(system: GoldenSystem) -> None:
    lexicon = AlignLexicon.read(system.folder / "lang" / "phones" / "align_lexicon.int")
    path = next(iter(system.lattices.values())).best_path()
    phones = phone_times(path.transition_ids, system.transition_model)
    assert [start for _, start, _ in phones] == [0, *(end for *_, end in phones[:-1])]
    assert phones[-1][2] == len(path.transition_ids)
    for phone, start, end in phones:
        assert set(system.transition_model.phones(path.transition_ids[start:end]).tolist()) == {phone}
    words = word_times(path, system.transition_model, lexicon)
    assert words is not None
    edges = {edge for _, *span in phones for edge in span}
    assert {edge for word in words for edge in (word.start_frame, word.start_frame + word.num_frames)} <= edges
