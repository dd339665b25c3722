"""Joining data directories and perturbing their speed; the expected files are what Kaldi's scripts wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.data.combine import combine_data_dirs, perturb_speed
from blasr.data.data_dir import DataDir, check_data_dir
from blasr.data.durations import write_durations
from blasr.errors import ConfigError, DataError
from blasr.features.config import FeatureConfig
from blasr.features.extraction import FeatureExtractor
from blasr.io.audio import audio_info, is_pipe, played_file, read_audio
from tests.data.data_dirs import FIXED, read, speakers, write

PERTURBED = {
    "reco2file_and_channel": "rec1 rec1 A\nrec2 rec2 A\nsp0.9-rec1 rec1 A\nsp0.9-rec2 rec2 A\nsp1.1-rec1 rec1 A\n"
    "sp1.1-rec2 rec2 A\n",
    "segments": "ann-1 rec1 0.10 2.00\nann-2 rec1 2.00 3.25\nbob-1 rec2 0.5 1.5\n"
    "sp0.9-ann-1 sp0.9-rec1 0.11 2.22\nsp0.9-ann-2 sp0.9-rec1 2.22 3.61\nsp0.9-bob-1 sp0.9-rec2 0.56 1.67\n"
    "sp1.1-ann-1 sp1.1-rec1 0.09 1.82\nsp1.1-ann-2 sp1.1-rec1 1.82 2.95\nsp1.1-bob-1 sp1.1-rec2 0.45 1.36\n",
    "spk2gender": "ann f\nbob m\nsp0.9-ann f\nsp0.9-bob m\nsp1.1-ann f\nsp1.1-bob m\n",
    "spk2utt": "ann ann-1 ann-2\nbob bob-1\nsp0.9-ann sp0.9-ann-1 sp0.9-ann-2\nsp0.9-bob sp0.9-bob-1\n"
    "sp1.1-ann sp1.1-ann-1 sp1.1-ann-2\nsp1.1-bob sp1.1-bob-1\n",
    "text": "ann-1 one two\nann-2  two  spaces\nbob-1 three\nsp0.9-ann-1 one two\nsp0.9-ann-2 two spaces\n"
    "sp0.9-bob-1 three\nsp1.1-ann-1 one two\nsp1.1-ann-2 two spaces\nsp1.1-bob-1 three\n",
    "utt2spk": "ann-1 ann\nann-2 ann\nbob-1 bob\nsp0.9-ann-1 sp0.9-ann\nsp0.9-ann-2 sp0.9-ann\n"
    "sp0.9-bob-1 sp0.9-bob\nsp1.1-ann-1 sp1.1-ann\nsp1.1-ann-2 sp1.1-ann\nsp1.1-bob-1 sp1.1-bob\n",
    "utt2uniq": "ann-1 ann-1\nann-2 ann-2\nbob-1 bob-1\nsp0.9-ann-1 ann-1\nsp0.9-ann-2 ann-2\nsp0.9-bob-1 bob-1\n"
    "sp1.1-ann-1 ann-1\nsp1.1-ann-2 ann-2\nsp1.1-bob-1 bob-1\n",
    "wav.scp": "rec1 /x/rec1.wav\nrec2 cat /x/rec2.wav |\n"
    "sp0.9-rec1 sox -t wav /x/rec1.wav -t wav - speed 0.9 |\n"
    "sp0.9-rec2 cat /x/rec2.wav | sox -t wav - -t wav - speed 0.9 |\n"
    "sp1.1-rec1 sox -t wav /x/rec1.wav -t wav - speed 1.1 |\n"
    "sp1.1-rec2 cat /x/rec2.wav | sox -t wav - -t wav - speed 1.1 |\n",
}


def test_three_speeds_equal_kaldis_files(tmp_path: Path) -> None:
    report = perturb_speed(write(tmp_path / "data", FIXED), tmp_path / "out")
    assert read(tmp_path / "out") == PERTURBED
    assert (report.kept, report.removed) == (9, {})


def test_prefix_for_all_and_one_speaker(tmp_path: Path) -> None:
    source = write(tmp_path / "data", FIXED)
    perturb_speed(source, tmp_path / "out", always_prefix=True, speaker_prefix=False, speeds=("1.0", "0.9"))
    files = read(tmp_path / "out")
    assert files["utt2spk"].splitlines()[0] == "sp0.9-ann-1 ann"
    assert "sp1.0-bob-1 rec2 0.5 1.5" in files["segments"]


@pytest.mark.parametrize("speed", ["0", "fast", "0.9;rm", "3"])
def test_speeds_that_cannot_be(tmp_path: Path, speed: str) -> None:
    with pytest.raises(ConfigError, match="expected a number from"):
        perturb_speed(write(tmp_path / "data", FIXED), tmp_path / "out", speeds=(speed,))


def test_into_itself(tmp_path: Path) -> None:
    source = write(tmp_path / "data", FIXED)
    with pytest.raises(ConfigError):
        perturb_speed(source, source)
    with pytest.raises(ConfigError):
        combine_data_dirs(source, [source])


def test_combining_leaves_out_what_is_not_everywhere(tmp_path: Path) -> None:
    first = speakers(tmp_path / "a", {"ann": 2})
    second = speakers(tmp_path / "b", {"bob": 1})
    (second / "feats.scp").unlink()
    report = combine_data_dirs(tmp_path / "out", [second, first])
    files = read(tmp_path / "out")
    assert files["utt2spk"] == "ann-00 ann\nann-01 ann\nbob-00 bob\n"
    assert files["spk2utt"] == "ann ann-00 ann-01\nbob bob-00\n"
    assert "feats.scp" not in files and "cmvn.scp" in files
    assert report.notes == ["feats.scp: left out, since only 1 of 2 directories have it"]


def test_combining_with_segments_in_one(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", FIXED), speakers(tmp_path / "b", {"zoe": 1})
    combine_data_dirs(tmp_path / "out", [first, second])
    assert read(tmp_path / "out")["segments"].splitlines()[-1] == "zoe-00 zoe-00 0 -1"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("sox -t wav /a b/c.wav -t wav - speed 0.9 |", ("/a b/c.wav", 0.9)),
        ("sox -t wav /c.wav -t wav - speed 1.1 | ", ("/c.wav", 1.1)),
        ("sox -t wav - -t wav - speed 0.9 |", None),
        ("cat x | sox -t wav - -t wav - speed 0.9 |", None),
        ("sox -t wav x -t wav - speed 0.9 | cat |", None),
        ("sox -t wav x -t wav - speed 9 |", None),
        ("sox x.wav -t wav - |", None),
        ("/c.wav", None),
    ],
)
def test_the_one_command_that_is_understood(entry: str, expected: tuple[str, float] | None) -> None:
    assert played_file(entry) == (expected or (entry, 1.0))
    assert is_pipe(entry) == (expected is None and entry.endswith("|"))


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """A second of 440 Hz, whole and as a segment."""
    times = np.arange(8000) / 8000
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * 440 * times), 8000)
    files = {
        "wav.scp": f"rec {tmp_path}/a.wav\n",
        "segments": "ann-1 rec 0.20 0.80\n",
        "utt2spk": "ann-1 ann\n",
        "spk2utt": "ann ann-1\n",
    }
    return write(tmp_path / "data", files)


def test_speed_is_played_without_sox(tones: Path, tmp_path: Path) -> None:
    perturb_speed(tones, tmp_path / "out")
    data = DataDir.read(tmp_path / "out")
    speeds = {utterance.id: utterance.speed for utterance in data.utterances}
    assert speeds == {"ann-1": 1.0, "sp0.9-ann-1": 0.9, "sp1.1-ann-1": 1.1}
    assert check_data_dir(tmp_path / "out", open_audio=True) == []
    extractor = FeatureExtractor(FeatureConfig(cmvn="none", num_mel_bins=64), data)
    features = {utterance.id: extractor.features(utterance) for utterance in data.utterances}
    frames = {name: len(item) for name, item in features.items()}
    assert frames["ann-1"] == 58  # 0.6 s
    assert frames["sp0.9-ann-1"] == pytest.approx(0.6 / 0.9 * 100 - 2, abs=1)
    assert frames["sp1.1-ann-1"] == pytest.approx(0.6 / 1.1 * 100 - 2, abs=1)
    peaks = [int(features[name].mean(dim=0).argmax()) for name in ("sp0.9-ann-1", "ann-1", "sp1.1-ann-1")]
    assert peaks[0] < peaks[1] < peaks[2]  # 396, 440 and 484 Hz


def test_times_of_the_played_audio(tones: Path, tmp_path: Path) -> None:
    entry = f"sox -t wav {tmp_path}/a.wav -t wav - speed 0.8 |"
    assert audio_info(entry).num_samples == 10000
    assert len(read_audio(entry)[0]) == 8000  # before it is played


def test_durations(tones: Path, tmp_path: Path) -> None:
    count, seconds = write_durations(tones)
    assert count == 1 and seconds == pytest.approx(0.6)
    assert (tones / "utt2dur").read_text() == "ann-1 0.6\n"
    assert (tones / "reco2dur").read_text() == "rec 1\n"
    perturb_speed(tones, tmp_path / "out")
    assert (tmp_path / "out" / "utt2dur").read_text() == "ann-1 0.6\nsp0.9-ann-1 0.666667\nsp1.1-ann-1 0.545455\n"
    (tones / "segments").write_text("ann-1 rec9 0 1\n")
    with pytest.raises(DataError, match="expected UTTERANCE RECORDING START END"):
        write_durations(tones)
