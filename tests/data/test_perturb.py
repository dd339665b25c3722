"""Speed perturbation; the expected files are what Kaldi's script wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.data.data_dir import DataDir, check_data_dir
from blasr.data.durations import write_durations
from blasr.data.perturb import perturb_speed
from blasr.errors import ConfigError
from blasr.features.config import FeatureConfig
from blasr.features.extraction import FeatureExtractor
from blasr.io.audio import audio_info, read_audio
from blasr.io.recording_entry import RecordingEntry, is_pipe
from tests.data.data_dirs import FIXED, read, write

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


def test_every_speed_with_a_prefix_under_one_speaker(tmp_path: Path) -> None:
    source = write(tmp_path / "data", FIXED)
    perturb_speed(source, tmp_path / "out", always_prefix=True, speaker_prefix=False, speeds=("1.0", "0.9"))
    files = read(tmp_path / "out")
    assert files["utt2spk"].splitlines()[0] == "sp0.9-ann-1 ann"
    assert "sp1.0-bob-1 rec2 0.5 1.5" in files["segments"]


@pytest.mark.parametrize("speed", ["0", "fast", "0.9;rm", "3"])
def test_speeds_out_of_range_are_refused(tmp_path: Path, speed: str) -> None:
    with pytest.raises(ConfigError, match="expected a number from"):
        perturb_speed(write(tmp_path / "data", FIXED), tmp_path / "out", speeds=(speed,))


def test_an_output_that_is_also_the_source_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "data", FIXED)
    with pytest.raises(ConfigError, match="is also the source"):
        perturb_speed(source, source)


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
def test_only_kaldis_speed_command_is_understood(entry: str, expected: tuple[str, float] | None) -> None:
    parsed = RecordingEntry.parse(entry)
    assert (parsed.source, parsed.speed) == (expected or (entry, 1.0))
    assert is_pipe(entry) == (expected is None and entry.endswith("|"))


def test_blasr_changes_the_speed_without_sox(tones: Path, tmp_path: Path) -> None:
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


def test_durations_are_those_of_the_perturbed_audio(tones: Path, tmp_path: Path) -> None:
    entry = f"sox -t wav {tmp_path}/a.wav -t wav - speed 0.8 |"
    assert audio_info(entry).num_samples == 10000
    assert len(read_audio(entry)[0]) == 8000  # before the speed is changed


def test_durations_are_divided_by_the_speed(tones: Path, tmp_path: Path) -> None:
    write_durations(tones)
    perturb_speed(tones, tmp_path / "out")
    assert (tmp_path / "out" / "utt2dur").read_text() == "ann-1 0.6\nsp0.9-ann-1 0.666667\nsp1.1-ann-1 0.545455\n"
