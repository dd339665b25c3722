from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.graph.config import LangConfig
from blasr.graph.lang_writing import make_lang
from blasr.io.fst import read_fst
from blasr.lexicon.pronunciations import Pronunciation
from tests.graph.systems import LEXICON, best_way

SILENCE = ["SIL", "SPN"]


def test_every_file_equals_that_of_prepare_lang(tri1: Path, tmp_path: Path) -> None:
    theirs, ours = tri1 / "lang", tmp_path / "lang"
    make_lang(theirs / "lexicon.txt", ours, LangConfig(silence_phones=SILENCE, oov="<UNK>"))
    names = sorted(str(path.relative_to(theirs)) for path in theirs.rglob("*") if path.is_file())
    compared = [name for name in names if name not in ("G.fst", "lexicon.txt")]
    assert sorted(str(path.relative_to(ours)) for path in ours.rglob("*") if path.is_file()) == compared
    for name in compared:
        if name.endswith(".fst"):
            one, other = read_fst(ours / name), read_fst(theirs / name)
            assert one.start == other.start
            for array in ("offsets", "ilabel", "olabel", "weight", "nextstate", "final"):
                np.testing.assert_array_equal(getattr(one, array), getattr(other, array), err_msg=f"{name} {array}")
        elif name == "topo":  # Kaldi's script and binaries differ in spaces at the ends of lines
            assert (ours / name).read_text().split() == (theirs / name).read_text().split()
        else:
            assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name


def test_position_dependent_phones(tmp_path: Path) -> None:
    lang = make_lang(
        LEXICON, tmp_path / "lang", LangConfig(silence_phones=SILENCE, oov="<UNK>", position_dependent=True)
    )
    phones = tmp_path / "lang" / "phones"
    assert list(lang.phones)[:8] == ["<eps>", "SIL", "SIL_B", "SIL_E", "SIL_I", "SIL_S", "SPN", "SPN_B"]
    assert (phones / "sets.txt").read_text().splitlines()[:3] == [
        "SIL SIL_B SIL_E SIL_I SIL_S",
        "SPN SPN_B SPN_E SPN_I SPN_S",
        "a_B a_E a_I a_S",
    ]
    assert (phones / "roots.txt").read_text().splitlines()[2] == "shared split a_B a_E a_I a_S"
    align = (phones / "align_lexicon.txt").read_text().splitlines()
    assert align[:3] == ["<UNK> <UNK> SPN_S", "<eps> <eps> SIL", "A A a_S"]
    assert "TOOTH TOOTH t_B u_I th_E" in align
    boundary = dict(line.split() for line in (phones / "word_boundary.txt").read_text().splitlines())
    assert boundary["SIL"] == "nonword"
    assert (boundary["t_B"], boundary["u_I"], boundary["th_E"], boundary["a_S"]) == (
        "begin",
        "internal",
        "end",
        "singleton",
    )
    assert len((phones / "word_boundary.int").read_text().splitlines()) == len(boundary) == 10 + 4 * 6
    questions = (phones / "extra_questions.txt").read_text().splitlines()
    assert questions[2] == "a_B e_B i_B t_B th_B u_B"
    assert questions[-5:] == ["SIL SPN", "SIL_B SPN_B", "SIL_E SPN_E", "SIL_I SPN_I", "SIL_S SPN_S"]
    assert (phones / "optional_silence.txt").read_text() == "SIL\n"


def test_positions_of_pieces_are_positions_in_words(tmp_path: Path) -> None:
    pieces = [("<unk>", "SPN"), ("▁a", "a"), ("▁ba", "b a"), ("a", "a"), ("bab", "b a b")]
    lexicon = [Pronunciation(word, tuple(phones.split())) for word, phones in pieces]
    out = tmp_path / "lang"
    make_lang(lexicon, out, LangConfig(silence_phones=SILENCE, oov="<unk>"), whole_words={"<unk>"})
    assert (out / "whole_words.txt").read_text() == "<unk>\n"
    lang = make_lang(
        lexicon, out, LangConfig(silence_phones=SILENCE, oov="<unk>", position_dependent=True), whole_words={"<unk>"}
    )
    assert not (out / "phones" / "word_boundary.txt").exists()
    align = {tuple(line.split()[1:]) for line in (out / "phones" / "align_lexicon.txt").read_text().splitlines()}
    assert align == {
        ("<eps>", "SIL"),
        ("<unk>", "SPN_S"),
        *((("▁a", "a_S"), ("▁a", "a_B"), ("▁ba", "b_B", "a_E"), ("▁ba", "b_B", "a_I"), ("a", "a_E"), ("a", "a_I"))),
        *((("bab", "b_I", "a_I", "b_E"), ("bab", "b_I", "a_I", "b_I"))),
    }
    for phones, words in (
        ("b_B a_I a_I b_I a_I b_E SIL a_S", "▁ba a bab ▁a"),
        ("SPN_S b_B a_E", "<unk> ▁ba"),
        ("a_B b_I a_I b_E", "▁a bab"),
        ("b_B a_E a_E", None),
        ("a_B a_S", None),
        ("a_E", None),
    ):
        way = best_way(lang.lexicon_fst, [lang.phones.id_of(phone) for phone in phones.split()])
        found = None if way is None else " ".join(lang.words.symbol_of(word) for word in way.outputs)
        assert found == words
    make_lang(LEXICON, out, LangConfig(silence_phones=SILENCE, oov="<UNK>"))
    assert not (out / "whole_words.txt").exists()


def test_variants_of_a_phone_share_their_statistics(tmp_path: Path) -> None:
    lexicon = [Pronunciation("<UNK>", ("SPN",)), Pronunciation("A", ("a1",)), Pronunciation("B", ("b", "a0"))]
    make_lang(
        lexicon,
        tmp_path / "lang",
        LangConfig(
            silence_phones=SILENCE,
            oov="<UNK>",
            nonsilence_phones=[["a0", "a1"], ["b"]],
            extra_questions=[["a0", "b"]],
            position_dependent=True,
        ),
    )
    phones = tmp_path / "lang" / "phones"
    assert (phones / "sets.txt").read_text().splitlines()[2] == "a0_B a0_E a0_I a0_S a1_B a1_E a1_I a1_S"
    assert (phones / "extra_questions.txt").read_text().splitlines()[0] == "a0_B a0_E a0_I a0_S b_B b_E b_I b_S"


def test_without_optional_silence(tmp_path: Path) -> None:
    lang = make_lang(
        LEXICON, tmp_path / "lang", LangConfig(silence_phones=SILENCE, oov="<UNK>", silence_probability=0.0)
    )
    assert lang.phones.id_of("SIL") not in lang.lexicon_fst.ilabel
    assert lang.lexicon_fst.final[0] == 0.0


def test_a_lang_directory_is_replaced_and_other_files_are_kept(tmp_path: Path) -> None:
    out = tmp_path / "lang"
    make_lang(LEXICON, out, LangConfig(silence_phones=SILENCE, oov="<UNK>", position_dependent=True))
    (out / "lexicon.txt").write_text("<UNK> SPN\nB b\n")
    (out / "G.fst").write_bytes(b"old")
    make_lang(out / "lexicon.txt", out, LangConfig(silence_phones=SILENCE, oov="<UNK>"))
    assert (out / "lexicon.txt").read_text() == "<UNK> SPN\nB b\n"
    assert not (out / "G.fst").exists()
    assert not (out / "phones" / "word_boundary.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["lang"]


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="is not a lang directory"):
        make_lang(LEXICON, tmp_path, LangConfig(silence_phones=SILENCE, oov="<UNK>"))
    assert (tmp_path / "thesis.txt").exists()


def test_errors_name_the_line_of_the_lexicon_and_leave_nothing_behind(tmp_path: Path) -> None:
    lexicon = tmp_path / "lexicon.txt"
    for text, options, message in (
        ("<UNK> SPN\nA a\nB b zz\n", {"nonsilence_phones": [["a"], ["b"]]}, r"lexicon.txt:3: the phone 'zz' of 'B'"),
        ("A a\nB\n", {}, r"lexicon.txt:2: the pronunciation of 'B' is empty"),
        ("A a\nB b\n", {}, "'<UNK>', is not in the lexicon"),
        ("<UNK> SPN\n", {}, "every phone of the lexicon is a silence phone"),
        ("<UNK> SPN\nA a\n", {"optional_silence": "sil"}, "'sil' is not a silence phone"),
        ("<UNK> SPN\nA a\n", {"nonsilence_phones": [["a"], ["SIL"]]}, "'SIL' is listed twice"),
        ("<UNK> SPN\nA a\n", {"extra_questions": [["a", "q"]]}, "an extra question has the phone 'q'"),
    ):
        lexicon.write_text(text)
        with pytest.raises(DataError, match=message):
            make_lang(lexicon, tmp_path / "lang", LangConfig(silence_phones=SILENCE, oov="<UNK>", **options))
        assert [path.name for path in tmp_path.iterdir()] == ["lexicon.txt"]
