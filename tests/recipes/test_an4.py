"""The preparation of AN4, on a corpus of four speakers in the published layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.data import DataDir
from blasr.errors import ConfigError, DataError, FormatError
from recipes.an4.audio import read_raw, usable_audio
from recipes.an4.corpus import Recording, read_transcripts
from recipes.an4.prepare import prepare
from recipes.an4.splits import fold_split, official_split

RATE = 16000
OPTIONS = {
    "rate": RATE,
    "dev_speakers": 1,
    "folds": None,
    "fold": 0,
    "seed": 0,
    "missing_words": "error",
    "max_loss": 0.0,
}
UTTERANCES = {
    "train": {
        "an4_clstk/fash/an251-fash-b": "YES",
        "an4_clstk/mjbh/cen1-mjbh-b": "B A",
        "an4_clstk/mkem/an1-mkem-b": "A",
    },
    "test": {"an4test_clstk/fcaw/an406-fcaw-b": "A YES"},
}


def speech(seconds: float = 0.3, seed: int = 0) -> np.ndarray:
    """Noise below 1 kHz, which changes slowly from sample to sample as speech does."""
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    smooth = np.convolve(noise, np.hanning(33) / 16, mode="same")
    return np.asarray(3000 * smooth, dtype=np.int16)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    root = tmp_path / "an4"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "an4.dic").write_text("A AH\nA(2) EY\nB B IY\nYES Y EH S\n")
    for name, utterances in UTTERANCES.items():
        (root / "etc" / f"an4_{name}.fileids").write_text("".join(f"{stem}\n" for stem in utterances))
        lines = [f"<s> {words} </s> ({Path(stem).name})\n" for stem, words in utterances.items()]
        (root / "etc" / f"an4_{name}.transcription").write_text("".join(lines))
        for stem in utterances:
            path = root / "wav" / f"{stem}.flac"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, speech(), RATE, subtype="PCM_16")
    (root / "etc" / "an4_test.transcription253239").write_text("left by an editor")
    return root


def run(corpus: Path, out: Path, **changes: object) -> None:
    prepare(corpus, out, **{**OPTIONS, **changes})  # type: ignore[arg-type]


def text_of(path: Path) -> dict[str, str]:
    return dict(line.split(maxsplit=1) for line in (path / "text").read_text().splitlines())


def test_the_official_split_has_no_speaker_twice(corpus: Path, tmp_path: Path) -> None:
    run(corpus, tmp_path / "out")
    sets = {
        name: DataDir.read(tmp_path / "out" / name, need_text=True) for name in ("train", "dev", "train_all", "test")
    }
    speakers = {name: {utterance.speaker for utterance in data.utterances} for name, data in sets.items()}
    assert speakers["test"] == {"fcaw"}
    assert speakers["train"] | speakers["dev"] == speakers["train_all"] == {"fash", "mjbh", "mkem"}
    assert not speakers["train"] & speakers["dev"]
    assert text_of(tmp_path / "out" / "test") == {"fcaw-an406-b": "A YES"}
    lexicon = (tmp_path / "out" / "lexicon.txt").read_text().splitlines()
    assert lexicon == ["<SIL> SIL", "<UNK> SPN", "A AH", "A EY", "B B IY", "YES Y EH S"]


@pytest.mark.parametrize("extension", [".wav", ".sph", ".raw", ".big.raw"])
def test_every_published_format_gives_the_same_audio(corpus: Path, tmp_path: Path, extension: str) -> None:
    for path in list((corpus / "wav").rglob("*.flac")):
        samples = soundfile.read(path, dtype="int16")[0]
        path.unlink()
        if extension.endswith(".raw"):
            path.with_suffix(".raw").write_bytes(samples.astype(">i2" if "big" in extension else "<i2").tobytes())
        else:
            soundfile.write(
                path.with_suffix(extension), samples, RATE, format={".sph": "NIST", ".wav": "WAV"}[extension]
            )
    run(corpus, tmp_path / "out")
    data = DataDir.read(tmp_path / "out" / "test")
    (entry,) = data.recordings.values()
    assert np.array_equal(soundfile.read(entry, dtype="int16")[0], speech())


def test_the_telephone_band_has_half_the_samples(corpus: Path, tmp_path: Path) -> None:
    run(corpus, tmp_path / "out", rate=8000)
    (entry,) = DataDir.read(tmp_path / "out" / "test").recordings.values()
    samples, rate = soundfile.read(entry, dtype="int16")
    assert rate == 8000 and len(samples) == len(speech()) // 2
    inner = slice(100, -100)  # the noise is below 1 kHz: every second sample is the resampled signal
    assert np.abs(samples[inner].astype(float) - speech()[::2][inner]).max() <= 2


def test_lost_utterances_are_counted_and_named(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (corpus / "wav/an4_clstk/fash/an251-fash-b.flac").unlink()
    soundfile.write(corpus / "wav/an4_clstk/mkem/an9-mkem-b.flac", speech(), RATE)
    with pytest.raises(
        DataError, match=r"1 without audio, first an251-fash-b; 1 audio without a transcript, first an9"
    ):
        run(corpus, tmp_path / "out")
    run(corpus, tmp_path / "out", max_loss=0.5)
    assert "5 utterances in -> 3 kept -> 2 dropped" in capsys.readouterr().out


def test_words_outside_the_dictionary(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = corpus / "etc" / "an4_train.transcription"
    path.write_text(path.read_text().replace("B A", "B HALL"))
    with pytest.raises(DataError, match=r"1 word\(s\) that the dictionary lacks: HALL \(1\)"):
        run(corpus, tmp_path / "out")
    run(corpus, tmp_path / "oov", missing_words="oov")
    assert text_of(tmp_path / "oov" / "train_all")["mjbh-cen1-b"] == "B HALL"
    run(corpus, tmp_path / "drop", missing_words="drop", max_loss=0.5)
    assert "mjbh-cen1-b" not in text_of(tmp_path / "drop" / "train_all")
    assert "1 with a word outside the dictionary, first cen1-mjbh-b" in capsys.readouterr().out


def test_mixed_rates_are_refused(corpus: Path, tmp_path: Path) -> None:
    path = corpus / "wav/an4_clstk/mkem/an1-mkem-b.flac"
    soundfile.write(path, speech()[::2], 8000)
    with pytest.raises(DataError, match=r"an1-mkem-b.flac: found 1 channel\(s\) at 8000 Hz, expected .* 16000 Hz"):
        run(corpus, tmp_path / "out")
    assert not (tmp_path / "out" / "train").exists()


def test_a_folder_without_etc_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wav").mkdir()
    with pytest.raises(DataError, match=r"found no folder etc/\n  fix: give the folder `an4`"):
        run(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("line", ["<s> YES </s>", "YES (a b)", "(x)\n(x)"])
def test_a_broken_transcript_names_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "an4_test.transcription"
    path.write_text(f"<s> NO </s> (first)\n{line}\n")
    with pytest.raises(FormatError, match=rf"{path}:{2 + line.count(chr(10))}: found"):
        read_transcripts(path)


def test_an_odd_number_of_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "an1-mkem-b.raw"
    path.write_bytes(b"abc")
    with pytest.raises(DataError, match="found 3 bytes, expected 16-bit samples"):
        read_raw(path)
    with pytest.raises(DataError, match="found 3 bytes"):
        usable_audio(path, RATE, tmp_path / "audio")


def recordings_of(speakers: list[str]) -> list[Recording]:
    return [Recording(f"an1-{name}-b", name, ("A",), Path("x.flac"), "train") for name in speakers]


def test_every_speaker_is_tested_in_exactly_one_fold() -> None:
    speakers = [f"{sex}{number:02d}x" for sex, count in (("f", 21), ("m", 53)) for number in range(count)]
    recordings = recordings_of(speakers)
    splits = [fold_split(recordings, fold, 3, 6, seed=1) for fold in range(3)]
    assert sorted(name for split in splits for name in split.test) == sorted(speakers)
    for split in splits:
        assert not split.test & split.dev and not split.test & split.train and not split.dev & split.train
        assert len(split.dev) == 6 and len(split.train | split.dev | split.test) == len(speakers)
        assert sum(name.startswith("f") for name in split.test) == 7
    assert fold_split(recordings, 0, 3, 6, seed=2) != splits[0]
    with pytest.raises(ConfigError, match="--fold is 3, expected 0 to 2"):
        fold_split(recordings, 3, 3, 6, seed=1)
    with pytest.raises(ConfigError, match="--dev-speakers is 74, expected 1 to 73"):
        official_split(recordings, 74, seed=1)


def test_the_real_corpus(an4_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(an4_dir, tmp_path, dev_speakers=6)
    printed = capsys.readouterr().out
    assert "an4: 1078 utterances in -> 1078 kept -> 0 dropped" in printed
    assert "test: 130 utterances, 773 words, 10 speaker(s)" in printed
    assert "train_all: 948 utterances, 5442 words, 74 speaker(s)" in printed


def test_the_lexicon_is_the_one_of_kaldi(an4_dir: Path, golden: Path, tmp_path: Path) -> None:
    run(an4_dir, tmp_path, dev_speakers=6)
    expected = (golden / "an4_lang" / "dict_lexicon.txt").read_text().splitlines()
    assert (tmp_path / "lexicon.txt").read_text().splitlines() == sorted(expected)
