from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import BlasrError, DataError, FormatError
from blasr.graph.config import LangConfig
from blasr.graph.lang import Lang
from blasr.graph.lang_writing import make_lang
from tests.graph.systems import LEXICON

SILENCE = ["SIL", "SPN"]


def test_reads_a_lang_directory_of_kaldi(tri1: Path) -> None:
    lang = Lang.read(tri1 / "lang")
    assert lang.oov == "<UNK>"
    assert lang.silence_phones == (1, 2)
    assert lang.disambig_phones == (22, 23)
    assert lang.nonsilence_phones == tuple(range(3, 22))
    assert (lang.lexicon_fst.num_states, lang.lexicon_disambig_fst.num_states) == (28, 29)


def test_reading_names_all_missing_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such lang directory"):
        Lang.read(tmp_path / "lang")
    make_lang(LEXICON, tmp_path / "lang", LangConfig(silence_phones=SILENCE, oov="<UNK>"))
    (tmp_path / "lang" / "topo").unlink()
    (tmp_path / "lang" / "phones" / "disambig.int").unlink()
    with pytest.raises(DataError, match=r"lacks topo, phones/disambig.int"):
        Lang.read(tmp_path / "lang")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("phones/silence.int", "1\n", "phone 2 is in topo but not in phones/"),
        ("phones/silence.int", "1\n2\n99\n", "phone 99 is in phones/"),
        ("phones/silence.int", "1\nx\n", "expected one number per line, found 'x'"),
        ("phones/disambig.int", "77\n", "phone 77 is not in phones.txt"),
        ("oov.txt", "OTHER\n", "'OTHER' is not in words.txt"),
        ("oov.txt", "\n", "oov.txt: expected one word, found 0"),
        ("words.txt", "<eps> 0\n<UNK> 1\n", "lacks #0"),
    ],
)
def test_reading_refuses_files_that_contradict_each_other(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    make_lang(LEXICON, tmp_path / "lang", LangConfig(silence_phones=SILENCE, oov="<UNK>"))
    (tmp_path / "lang" / name).write_text(content)
    with pytest.raises(BlasrError, match=message):
        Lang.read(tmp_path / "lang")


def test_a_lexicon_with_unknown_labels_is_refused(tmp_path: Path) -> None:
    lang = make_lang(LEXICON, tmp_path / "lang", LangConfig(silence_phones=SILENCE, oov="<UNK>"))
    words = tmp_path / "lang" / "words.txt"
    words.write_text("<eps> 0\n<UNK> 1\n#0 2\n")
    assert lang.lexicon_fst.num_arcs
    with pytest.raises(FormatError, match=r"L.fst: has label 7, but .*words.txt goes up to 2"):
        _ = Lang.read(tmp_path / "lang").lexicon_fst


def test_vocabulary_and_spoken_words(tmp_path: Path) -> None:
    lang = make_lang(LEXICON, tmp_path / "lang", LangConfig(SILENCE, "<UNK>"))
    assert lang.vocabulary == sorted({entry.word for entry in LEXICON})
    assert list(lang.spoken_words) == lang.vocabulary
    assert lang.spoken_word_ids == {lang.words.id_of(word) for word in lang.vocabulary}
