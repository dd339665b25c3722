"""The FSDD preparation: training and test recordings are disjoint, and the same seed gives the same strings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blasr.data.data_dir import DataDir
from recipes.common.waveforms import read_wav, write_wav
from recipes.fsdd.prepare import DEV_INDICES, TEST_INDICES, WORDS, find_recordings

ROOT = Path(__file__).parents[2]
SPEAKERS = ("anna", "bert", "carl")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten digits of three speakers with indices as in FSDD; no two recordings have the same samples."""
    folder = tmp_path_factory.mktemp("corpus")
    generator = np.random.default_rng(0)
    for speaker in SPEAKERS:
        for digit in range(10):
            for index in (1, 3, 5, 10, 46, 47, 49):
                samples = generator.integers(-9000, 9000, int(generator.integers(300, 500))).astype(np.int16)
                write_wav(folder / f"{digit}_{speaker}_{index}.wav", samples, 8000)
    return folder


def prepare(corpus: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recipes.fsdd.prepare", str(corpus), "--out", str(out), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def prepared(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data")
    result = prepare(corpus, out, "--train-strings", "9", "--dev-strings", "4")
    assert result.returncode == 0, result.stderr
    return out


def parts_of(out: Path, name: str) -> dict[str, list[str]]:
    """The recordings in each utterance of a data directory."""
    strings = {line.split()[0]: line.split()[1:] for line in (out / "strings.txt").read_text().splitlines()}
    data = DataDir.read(out / name, need_text=True)
    return {utterance.id: strings.get(utterance.id, [utterance.id]) for utterance in data.utterances}


def indices(parts: dict[str, list[str]]) -> set[int]:
    return {int(part.split("-")[2]) for recordings in parts.values() for part in recordings}


def test_sets_share_no_recording(prepared: Path) -> None:
    train, dev = parts_of(prepared, "train"), parts_of(prepared, "dev")
    test = parts_of(prepared, "test_isolated") | parts_of(prepared, "test_connected")
    assert indices(train) == {5, 10, 46}
    assert indices(dev) <= set(DEV_INDICES)
    assert indices(test) <= set(TEST_INDICES)
    assert train.keys() == parts_of(prepared, "train_isolated").keys() | parts_of(prepared, "train_joined").keys()


def test_strings_contain_their_recordings_in_order(prepared: Path, corpus: Path) -> None:
    recordings = {recording.id: recording for recording in find_recordings(corpus)}
    for name, count in (("train_joined", 27), ("dev", 12), ("test_connected", 18)):
        data = DataDir.read(prepared / name, need_text=True)
        assert len(data) == count
        for utterance, parts in zip(data.utterances, parts_of(prepared, name).values(), strict=True):
            assert 3 <= len(parts) <= 7
            assert utterance.words == tuple(WORDS[recordings[part].digit] for part in parts)
            assert {recordings[part].speaker for part in parts} == {utterance.speaker}
            whole = read_wav(Path(data.recordings[utterance.recording]), 8000).tobytes()
            position = 0
            for part in parts:  # every recording, sample by sample, after the one before it
                samples = read_wav(recordings[part].path, 8000).tobytes()
                position = whole.index(samples, position) + len(samples)


def test_same_seed_gives_the_same_strings(prepared: Path, corpus: Path, tmp_path: Path) -> None:
    options = ("--train-strings", "9", "--dev-strings", "4")
    assert prepare(corpus, tmp_path / "again", *options).returncode == 0
    assert prepare(corpus, tmp_path / "other", *options, "--seed", "1").returncode == 0

    def contents(out: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (out / "wav").iterdir()}

    assert contents(tmp_path / "again") == contents(prepared)
    assert contents(tmp_path / "other") != contents(prepared)
    texts = [(out / "train" / "text").read_text() for out in (prepared, tmp_path / "again")]
    assert texts[0] == texts[1]


def test_leave_one_speaker_out_covers_the_corpus_once(prepared: Path, corpus: Path, tmp_path: Path) -> None:
    tested: list[str] = []
    for speaker in SPEAKERS:
        out = tmp_path / speaker
        result = prepare(corpus, out, "--leave-out", speaker, "--train-strings", "2", "--dev-strings", "2")
        assert result.returncode == 0, result.stderr
        test = DataDir.read(out / "test_isolated", need_text=True)
        assert set(test.speakers()) == {speaker}
        for name in ("train", "dev"):
            assert speaker not in DataDir.read(out / name).speakers()
        assert not (out / "test_connected").exists()
        tested += [utterance.id for utterance in test.utterances]
    assert sorted(tested) == [recording.id for recording in find_recordings(corpus)]


def test_given_connected_strings_are_used_unchanged(corpus: Path, tmp_path: Path) -> None:
    connected = tmp_path / "connected"
    write_wav(connected / "wav" / "anna-c0.wav", np.ones(800, np.int16), 8000)
    (connected / "text").write_text("anna-c0 ONE TWO\n")
    (connected / "utt2spk").write_text("anna-c0\tanna\n")
    assert prepare(corpus, tmp_path / "out", "--connected", str(connected)).returncode == 0
    data = DataDir.read(tmp_path / "out" / "test_connected", need_text=True)
    assert [(item.id, item.speaker, item.words) for item in data.utterances] == [("anna-c0", "anna", ("ONE", "TWO"))]
    (connected / "wav" / "anna-c0.wav").unlink()
    result = prepare(corpus, tmp_path / "out", "--connected", str(connected))
    assert result.returncode == 1
    assert "anna-c0" in result.stderr


@pytest.mark.parametrize(("options", "message"), [((), "no recordings"), (("--leave-out", "zoe"), "zoe")])
def test_mistakes_are_errors(corpus: Path, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    result = prepare(corpus if options else tmp_path, tmp_path / "out", *options)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_every_digit_is_in_the_lexicon() -> None:
    lexicon = (ROOT / "recipes" / "fsdd" / "lexicon.txt").read_text().splitlines()
    assert {line.split()[0] for line in lexicon} == {*WORDS, "<UNK>"}


def test_golden_protocol(fsdd_dir: Path, golden: Path, tmp_path: Path) -> None:
    connected = golden / "fsdd_tri1" / "connected"
    result = prepare(fsdd_dir, tmp_path, "--connected", str(connected), "--train-strings", "2")
    assert result.returncode == 0, result.stderr
    assert len(DataDir.read(tmp_path / "train_isolated")) == 6 * 10 * 42
    assert len(DataDir.read(tmp_path / "test_isolated")) == 180
    assert len(DataDir.read(tmp_path / "test_connected", need_text=True)) == 36
