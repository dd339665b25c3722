"""Probabilities of pronunciations and silence from Kaldi's own alignments of spoken digits."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.errors import DataError
from blasr.graph import SentenceSilence, spoken_lexicon
from blasr.io.kaldi import read_alignments
from blasr.io.symbols import SymbolTable
from blasr.lexicon import Pronunciation, SpokenLexicon, read_lexicon

DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
LANG = ["--silence-phones", "SIL,SPN", "--oov", "<UNK>"]


@pytest.fixture
def folder(golden: Path, tmp_path: Path) -> Path:
    """Kaldi's alignments with ``phones.txt``, ``lexicon.txt`` and the transcripts, which are in the utterance-ids."""
    source = golden / "fsdd_tri1"
    for path in (*source.glob("ali.?.gz"), source / "final.mdl", source / "lang" / "phones.txt"):
        shutil.copy(path, tmp_path)
    shutil.copy(source / "lang" / "lexicon.txt", tmp_path)
    names = [name for name, _ in read_alignments(str(tmp_path))]
    (tmp_path / "text").write_text("".join(f"{name} {DIGITS[int(name.split('-')[1])]}\n" for name in names))
    return tmp_path


def estimate(folder: Path, lexicon: list[Pronunciation] | None = None, max_loss: float = 0.05) -> SpokenLexicon:
    entries = lexicon or read_lexicon(folder / "lexicon.txt")
    return spoken_lexicon(entries, folder, folder / "text", optional_silence="SIL", oov="<UNK>", max_loss=max_loss)


def test_variants_that_nobody_spoke_are_improbable(folder: Path) -> None:
    lexicon = read_lexicon(folder / "lexicon.txt")
    four = next(entry for entry in lexicon if entry.word == "FOUR")
    *_, spoken, unspoken = estimate(folder, [four, Pronunciation("FOUR", (*four.phones, "N"))], max_loss=1.0).entries
    assert spoken.probability == 1.0
    assert unspoken.probability == pytest.approx(1 / 271)  # 270 recordings of each digit


def test_silence_is_counted(folder: Path, golden: Path) -> None:
    """Which recordings end in silence, by the phones of every frame that Kaldi printed."""
    (folder / "ali.2.gz").unlink()
    with gzip.open(golden / "fsdd_tri1" / "ali.1.phones.txt.gz", "rt") as stream:
        last = {line.split()[0]: line.split()[-1] for line in stream}
    silence = SymbolTable.read(folder / "phones.txt").id_of("SIL")
    found = estimate(folder)
    for number, digit in enumerate(DIGITS):
        ends = [int(phone) == silence for name, phone in last.items() if name.split("-")[1] == str(number)]
        entry = next(entry for entry in found.entries if entry.word == digit)
        assert entry.silence is not None
        assert entry.silence.silence_after == pytest.approx((sum(ends) + 2 * found.overall_silence) / (len(ends) + 2))


def test_the_lang_directory_has_the_probabilities(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "lang_spoken"
    lang = ["lang", "--lexicon", f"{folder}/lexicon.txt", *LANG]
    assert main([*lang, "--alignments", str(folder), "--text", f"{folder}/text", "--out", str(out)]) == 0
    assert (out / "phones.txt").read_text() == (folder / "phones.txt").read_text()
    written = read_lexicon(out / "lexiconp_silprob.txt")
    assert [(entry.word, entry.phones) for entry in written] == [
        (entry.word, entry.phones) for entry in read_lexicon(folder / "lexicon.txt")
    ]
    assert 0 < SentenceSilence.read(out / "silprob.txt").begin < 1
    # the same L from the files that were written
    again = folder / "lang_again"
    lang[2] = str(out / "lexiconp_silprob.txt")
    assert main([*lang, "--out", str(again)]) == 0
    assert (again / "words.txt").read_text() == (out / "words.txt").read_text()
    capsys.readouterr()
    assert main([*lang, "--alignments", str(folder), "--out", str(again)]) != 0
    assert "--alignments, --text and --lexicon belong together" in capsys.readouterr().err


def test_the_wrong_transcripts_are_refused(folder: Path) -> None:
    text = (folder / "text").read_text()
    (folder / "text").write_text(text.replace("FOUR", "FIVE"))
    with pytest.raises(DataError, match=r"270 with phones that are not those of its words, first \w+-4-"):
        estimate(folder)
    (folder / "text").write_text("".join(text.splitlines(keepends=True)[100:]))
    with pytest.raises(DataError, match="100 without a transcript"):
        estimate(folder, max_loss=0.01)


def test_the_wrong_lexicon_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="has none of the lexicon's phones"):
        estimate(folder, [Pronunciation("X", ("q",))])
