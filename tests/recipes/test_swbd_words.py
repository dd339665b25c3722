"""The spellings, the lexicon, the GLM and the pruned language model of recipes/swbd."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from blasr.errors import ConfigError, DataError, FormatError
from blasr.io.nist.glm import read_glm
from blasr.lm.kneser_ney import estimate_kneser_ney
from blasr.scoring.normalization import Normalizer
from blasr.tally import Tally
from recipes.swbd.glm import with_acronyms
from recipes.swbd.lexicon import choose_words, derived_pronunciations, read_cmu_lexicon, read_ms98_lexicon
from recipes.swbd.limit_lm import limit
from recipes.swbd.rehearsal.layouts import DICTIONARY, GLM
from recipes.swbd.rehearsal.sentences import BACKCHANNELS, OPENINGS, SLOTS, SPELLINGS, TEMPLATES
from recipes.swbd.words import LETTERS, acronym_letters, find_acronyms, fisher_words, ms98_word, ms98_words


@pytest.mark.parametrize(
    ("written", "word"),  # the examples in Kaldi's swbd1_prepare_dict.sh and swbd1_map_words.pl
    [
        ("[LAUGHTER-STORY]", "story"),
        ("[laughter-sto[ry]-]", "sto-"),
        ("[IT'N/ISN'T]", "it'n"),
        ("[LEM[GUINI]-/LINGUINI]", "lem-"),
        ("-[AN]Y", "-y"),
        ("[AN]Y", "-y"),
        ("-[40]1K", "-1k"),
        ("AB[SOLUTE]-", "ab-"),
        ("-[A]B[OUT]-", "-b-"),
        ("{YUPPIEDOM}", "yuppiedom"),
        ("AMMU[N]IT-", "ammu-it-"),
        ("THEM_1", "them"),
        ("THEM_1's", "them's"),
        ("[VOCALIZED-NOISE]", "[vocalized-noise]"),
        ("forty-five", "forty-five"),
    ],
)
def test_ms98_word(written: str, word: str) -> None:
    assert ms98_word(written) == word
    assert ms98_word(word) == word


def test_transcripts_without_silence_and_asides_and_with_spelled_acronyms() -> None:
    text = "[silence] <b_aside> yeah i[bm]- ibm_1 <E_ASIDE> [laughter] [silence]"
    assert ms98_words(text, {"ibm": "i._b._m."}) == ("yeah", "i-", "i._b._m.", "[laughter]")
    assert ms98_words("[silence]", {}) == ()
    assert fisher_words("so [laugh] i c._n._n. [mn] [breath] an-") == (
        *("so", "[laughter]", "i", "c._n._n.", "[noise]", "[noise]", "an-"),
    )
    assert fisher_words("i think (( so )) yeah") is None


def test_acronyms() -> None:
    assert set(LETTERS) == set("abcdefghijklmnopqrstuvwxyz")
    lexicon = [("ibm", "ay b iy eh m"), ("ibm's", "ay b iy eh m z"), ("tvs", "t iy v iy z"), ("aids", "ey d z")]
    lexicon += [("us", "ah s"), ("us", "y uw eh s"), ("i", "ay"), ("be", "b iy"), ("www", " ".join([LETTERS["w"]] * 3))]
    expected = {"ibm": "i._b._m.", "ibm's": "i._b._m.'s", "tvs": "t._v.s", "us": "u._s.", "www": "w._w._w."}
    assert find_acronyms(lexicon) == expected
    assert acronym_letters("i._b._m.") == "i b m"
    assert acronym_letters("i._b._m.'s") == acronym_letters("i._b._m.s") == "i b m's"
    assert acronym_letters("ibm") is None
    assert acronym_letters("mr.") is None


def test_glm_counts_acronyms_as_letters(tmp_path: Path) -> None:
    rules = ["[I._B._M.] => [I B M] / [ ] __ [ ]"]
    (tmp_path / "glm").write_text("\n".join(with_acronyms(GLM.splitlines(), rules)) + "\n")
    glm = read_glm(tmp_path / "glm", "ctm", "hyp")
    assert len(glm.rules) == len(read_glm_text(tmp_path, GLM).rules) + 1
    normalize = Normalizer(glm.rules, case_sensitive=glm.case_sensitive, copy_unmatched=glm.copy_unmatched).text
    assert normalize("uh at i._b._m. it's").split() == [
        "%HESITATION",
        "AT",
        "I",
        "B",
        "M",
        "{",
        "IT'S",
        "/",
        "IT",
        "IS",
        "}",
    ]


def read_glm_text(folder: Path, text: str):  # type: ignore[no-untyped-def]
    (folder / "original").write_text(text)
    return read_glm(folder / "original", "ctm", "hyp")


def test_glm_limit_allows_the_added_rules(tmp_path: Path) -> None:
    rules = [f"[A._{letter}.] => [A {letter}] / [ ] __ [ ]" for letter in "BCDEFGHIJKLMNOPQRSTUVWXYZ"]
    many = GLM.replace("'500'", "'7'")
    (tmp_path / "glm").write_text("\n".join(with_acronyms(many.splitlines(), rules)) + "\n")
    assert len(read_glm(tmp_path / "glm", "stm", "ref").rules) == 7 + 25


def test_rehearsal_lexicon_has_every_word() -> None:
    lexicon = {word for word, _ in read_ms98_lexicon(DICTIONARY)}
    said = {word for text in (*TEMPLATES, *OPENINGS, *BACKCHANNELS, *SLOTS.values()) for word in text.split()}
    plain = {word for word in said if word not in SLOTS and word not in SPELLINGS}
    assert plain <= lexicon
    heard = {ms98_word(spelling.ms98) for spelling in SPELLINGS.values()}
    assert heard - lexicon == {"[laughter]", "[noise]", "wea-"}


def test_derived_pronunciations() -> None:
    known = {"cat": {"k ae t"}, "bus": {"b ah s"}, "dog": {"d ao g"}, "dogs": {"d ao g z"}}
    assert derived_pronunciations("c._n._n.", known) == {"s iy eh n eh n"}
    assert derived_pronunciations("c._n._n.'s", known) == {"s iy eh n eh n z"}
    assert derived_pronunciations("cat's", known) == {"k ae t s"}
    assert derived_pronunciations("bus's", known) == {"b ah s ax z"}
    assert derived_pronunciations("dogs'", known) == {"d ao g z"}
    assert derived_pronunciations("dog-cat", known) == derived_pronunciations("dog_cat", known) == {"d ao g k ae t"}
    assert derived_pronunciations("ca-", known) == derived_pronunciations("bird", known) == set()


def test_words_are_chosen_by_frequency_and_the_first_text() -> None:
    tally = Tally("lexicon", 1, unit="words")
    counts = [Counter(b=2, a=2, rare=1), Counter(c=9, d=8, a=99, x=3, e=1, **{"<unk>": 5, "pa-": 1})]
    known = {word: {word} for word in ("a", "b", "c", "d", "e", "rare")}
    chosen = choose_words(counts, lambda word: known.get(word, set()), 5, tally)
    assert list(chosen) == ["a", "b", "rare", "c", "d"]
    assert tally.kept == 5
    assert tally.dropped == {"without pronunciation": 1, "partly spoken": 1, "beyond the 5 to keep": 1}


def test_cmu_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "cmudict"
    path.write_text(";;; comment\nTOMATO  T AH0 M EY1 T OW2\nTOMATO(1)  T AH0 M AA1 T OW2 # note\n")
    assert list(read_cmu_lexicon(path)) == [("tomato", "t ax m ey t ow"), ("tomato", "t ax m aa t ow")]
    path.write_text("A  EY1\nB\n")
    with pytest.raises(FormatError, match=r"cmudict:2: found 'B'"):
        list(read_cmu_lexicon(path))


def test_broken_dictionary_lines_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sw-ms98-dict.text"
    path.write_text("# comment\n" + "a ax\n" * 100 + "broken 3x\n")
    assert read_ms98_lexicon(path) == [("a", "ax")] * 100
    summary = f"101 lines in -> 100 kept -> 1 dropped (1 that are not a word with phones, first {path}:102 'broken 3x')"
    assert summary in capsys.readouterr().out
    path.write_text("a ax\nbroken\n")
    with pytest.raises(DataError, match=r"sw-ms98-dict\.text:2 'broken'"):
        read_ms98_lexicon(path)


def test_language_model_is_limited() -> None:
    sentences = [template.split() for template in TEMPLATES]
    model = estimate_kneser_ney(sentences, 3).model
    total, singles = sum(model.num_ngrams), model.num_ngrams[0]
    assert limit(model, total) == (model, 0.0)
    most = (total + singles) // 2
    pruned, threshold = limit(model, most)
    assert singles < sum(pruned.num_ngrams) <= most
    assert threshold > 0
    with pytest.raises(ConfigError, match="1-grams"):
        limit(model, singles - 1)
