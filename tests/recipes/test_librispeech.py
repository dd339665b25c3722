"""The LibriSpeech preparation: the layout, the lexicon, and the errors near unseen words."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.data.data_dir import DataDir
from blasr.errors import DataError, FormatError
from recipes.common.timing import Timing
from recipes.librispeech.lexicon import build, choose_words, lines_of_words, read_cmudict
from recipes.librispeech.report import UnseenErrors, split_errors, table_of_causes, table_of_speed, table_of_times

ROOT = Path(__file__).parents[2]
CMUDICT = """a AH0
a(2) EY1
a(3) EY2
cat K AE1 T
it's IH1 T S # a comment
sat S AE1 T
the DH AH0
"""


def write_chapter(folder: Path, texts: dict[str, str], *, rate: int = 8000, seconds: float = 1.0) -> None:
    """Write a chapter ``PART/SPEAKER/CHAPTER`` with one FLAC file for each utterance number."""
    folder.mkdir(parents=True)
    prefix = f"{folder.parent.name}-{folder.name}"
    samples = np.random.default_rng(0).integers(-9000, 9000, round(rate * seconds)).astype(np.int16)
    for number in texts:
        soundfile.write(folder / f"{prefix}-{number}.flac", samples, rate)
    lines = [f"{prefix}-{number} {text}\n" for number, text in texts.items()]
    (folder / f"{prefix}.trans.txt").write_text("".join(lines))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two training speakers, and one speaker for each of the other parts."""
    texts = {f"{number:04d}": "THE CAT SAT" for number in range(8)}
    for part, speaker, chapter in (("train-a", "11", "5"), ("train-a", "12", "6"), ("train-a", "12", "7")):
        write_chapter(tmp_path / "corpus" / part / speaker / chapter, texts)
    write_chapter(tmp_path / "corpus" / "dev-clean" / "13" / "8", texts)
    write_chapter(tmp_path / "corpus" / "test-clean" / "14" / "9", texts)
    return tmp_path / "corpus"


PARTS = ("--train", "train-a", "--dev", "dev-clean", "--test", "test-clean")


def prepare(corpus: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recipes.librispeech.prepare", str(corpus), "--out", str(out), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_any_part_names_are_read(corpus: Path, tmp_path: Path) -> None:
    result = prepare(corpus, tmp_path / "data", *PARTS)
    assert result.returncode == 0, result.stderr
    assert "train: 24 utterances in -> 24 kept -> 0 dropped" in result.stdout
    train = DataDir.read(tmp_path / "data" / "train", need_text=True)
    assert {speaker: len(utterances) for speaker, utterances in train.speakers().items()} == {"11": 8, "12": 16}
    assert train.utterances[0].id == "11-5-0000"
    assert train.utterances[0].words == ("THE", "CAT", "SAT")
    for name, speaker in (("dev", "13"), ("test", "14")):
        assert set(DataDir.read(tmp_path / "data" / name, need_text=True).speakers()) == {speaker}


def test_a_part_of_the_training_set_has_all_speakers(corpus: Path, tmp_path: Path) -> None:
    result = prepare(corpus, tmp_path / "data", *PARTS, "--train-hours", "0.00167", "--test-hours", "0.0005")
    assert result.returncode == 0, result.stderr
    train = DataDir.read(tmp_path / "data" / "train")
    assert {speaker: len(utterances) for speaker, utterances in train.speakers().items()} == {"11": 4, "12": 3}
    assert len(DataDir.read(tmp_path / "data" / "test")) == 2


def test_incomplete_utterances_are_counted_and_named(corpus: Path, tmp_path: Path) -> None:
    (corpus / "train-a" / "11" / "5" / "11-5-0003.flac").unlink()
    result = prepare(corpus, tmp_path / "data", *PARTS)
    assert result.returncode == 0, result.stderr
    assert "24 utterances in -> 23 kept -> 1 dropped (1 without audio, first 11-5-0003)" in result.stdout
    (corpus / "test-clean" / "14" / "9" / "14-9.trans.txt").unlink()
    result = prepare(corpus, tmp_path / "other", *PARTS)
    assert result.returncode == 1
    assert not (tmp_path / "other").exists()


def test_mistakes_are_errors(corpus: Path, tmp_path: Path) -> None:
    cases = {
        (): ("no part 'train'", "dev-clean, test-clean, train-a"),
        (*PARTS[:4], "--test", "dev-clean"): ("speaker 13 is in dev and in test", "without common speakers"),
        (*PARTS, "--rate", "16000"): ("has 8000 Hz, expected 16000 Hz", "--rate 8000"),
    }
    for options, expected in cases.items():
        result = prepare(corpus, tmp_path / "data", *options)
        assert result.returncode == 1
        assert all(text in result.stderr for text in expected), result.stderr
        assert "Traceback" not in result.stderr
        assert not (tmp_path / "data").exists()


def test_cmudict_is_read_without_stress_and_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "cmudict.dict").write_text(CMUDICT)
    found = read_cmudict(tmp_path)
    assert found == read_cmudict(tmp_path / "cmudict.dict")
    assert found["A"] == [("AH",), ("EY",)]
    assert found["IT'S"] == [("IH", "T", "S")]
    (tmp_path / "cmudict.dict").write_text("cat K AE1 T\ndog\n")
    with pytest.raises(FormatError, match="found 'dog'") as caught:
        read_cmudict(tmp_path)
    assert caught.value.line == 2


def test_lexicon_of_words_that_the_dictionary_has(tmp_path: Path) -> None:
    (tmp_path / "cmudict.dict").write_text(CMUDICT)
    (tmp_path / "text").write_text("u1 THE CAT SAT THE\nu2 A CAT CAT\n")
    build(tmp_path, [tmp_path / "text"], [], 100, 0, tmp_path / "out")
    contents = {path.name: path.read_text().splitlines() for path in (tmp_path / "out").iterdir()}
    assert contents["lexicon.txt"] == ["<UNK> SPN", "A AH", "A EY", "CAT K AE T", "SAT S AE T", "THE DH AH"]
    assert contents["whole_words.txt"] == ["<UNK> SPN", "CAT K AE T"]
    assert contents["guessed.txt"] == []
    assert sorted(" ".join(contents["dictionary_words.txt"]).split()) == ["A", "CAT", "IT'S", "SAT", "THE"]
    assert contents["all_text.txt"] == ["THE CAT SAT THE", "A CAT CAT", *contents["dictionary_words.txt"]]
    assert len(contents["dictionary.txt"]) == 6


def test_words_of_the_transcripts_have_precedence() -> None:
    counts = Counter({"A": 9, "B": 5, "C": 7, "D": 1})
    assert choose_words(counts, {"D"}, 3) == ["A", "C", "D"]
    assert choose_words(counts, {"B", "D"}, 1) == ["B", "D"]


def test_words_are_shuffled_by_the_seed() -> None:
    words = [f"W{number:02d}" for number in range(25)]
    lines = lines_of_words(words, 0)
    assert [len(line.split()) for line in lines] == [10, 10, 5]
    assert sorted(" ".join(lines).split()) == words
    assert lines == lines_of_words(reversed(words), 0) != lines_of_words(words, 1)


def test_errors_next_to_unseen_words_are_separated() -> None:
    references = {"u1": ["the", "cat", "sat", "on", "a", "mat"], "u2": ["a", "dog", "ran"]}
    hypotheses = {"u1": ["the", "cap", "pat", "on", "a", "mat"], "u2": ["a", "dog", "ran", "far"]}
    seen = {"the", "sat", "on", "a", "mat", "ran"}
    assert split_errors(references, hypotheses, seen) == UnseenErrors(
        seen_words=7, seen_correct=6, seen_errors=1, unseen_words=2, unseen_correct=1, unseen_errors=2
    )


def test_tables_of_times_and_causes(tmp_path: Path) -> None:
    folders = {"GMM": Path("w/gmm/test"), "network": Path("w/net/test")}
    timings = [
        Timing("2 decoding", "blasr dump --gmm g --out w/gmm/test", 60, 30, 200),
        Timing("2 decoding", "blasr decode --out w/gmm/test", 120, 90, 300),
        Timing("3 network", "blasr decode --out w/net/test", 60, 60, 100),
    ]
    speed = table_of_speed(folders, timings, 60.0).splitlines()
    assert [line.split()[-2:] for line in speed[1:]] == [["0.500", "1.500"], ["-", "1.000"]]
    times = [line.split()[-3:] for line in table_of_times(timings).splitlines()]
    assert times[1:] == [["3.0", "2.0", "300"], ["1.0", "1.0", "100"], ["4.0", "3.0", "300"]]
    (tmp_path / "explain.json").write_text('{"causes": {"search": 3, "vocabulary": 5}}')
    causes = table_of_causes({"GMM": tmp_path, "network": tmp_path / "absent"}).splitlines()
    assert [line.split() for line in causes] == [["errors", "by", "cause", "search", "vocabulary"], ["GMM", "3", "5"]]


def test_the_lent_part(librispeech_dir: Path, tmp_path: Path) -> None:
    result = prepare(librispeech_dir, tmp_path)
    assert result.returncode == 0, result.stderr
    sizes = {name: len(DataDir.read(tmp_path / name, need_text=True)) for name in ("train", "dev", "test")}
    assert sizes == {"train": 682, "dev": 81, "test": 133}


def test_a_corpus_without_utterances_is_an_error(tmp_path: Path) -> None:
    from blasr.tally import Tally
    from recipes.librispeech.prepare import read_parts

    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match="no utterances in train"):
        read_parts(tmp_path, ["train"], 8000, Tally("train"))
