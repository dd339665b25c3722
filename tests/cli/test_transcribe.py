"""``blasr bundle`` and ``blasr transcribe``: the words of dump, decode and score, from audio files."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from blasr.cli.main import main
from blasr.io import audio_source
from blasr.io.nist.ctm import read_ctm
from tests.io.wav_files import wav_bytes
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture

SETTING = {"lm_weight": 13.0, "word_insertion_penalty": 0.5}


def bundle_command(system: System, out: Path, *more: object) -> list[str]:
    parts = {"experiment": system.experiment, "graph": system.graph, "model": system.model, "lang": system.lang}
    return ["bundle", *(f"--{key}={value}" for key, value in parts.items()), *map(str, more), "--out", str(out)]


@pytest.fixture(scope="session")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("setting") / "setting.json"
    path.write_text(json.dumps(SETTING))
    return path


@pytest.fixture(scope="session")
def bundle(system: System, setting: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundles") / "bundle"
    assert main(bundle_command(system, out, "--setting", setting)) == 0
    return out


@pytest.fixture(scope="session")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audio")
    for seed, seconds in enumerate((0.9, 2.5, 4.0, 6.5)):
        write_audio(folder / f"file{seed}.wav", babble(seconds, seed))
    return folder


def write_data_dir(folder: Path, audio: Path) -> Path:
    """Each file an utterance and a speaker."""
    folder.mkdir()
    files = sorted(audio.glob("*.wav"))
    (folder / "wav.scp").write_text("".join(f"{path.stem} {path}\n" for path in files))
    (folder / "utt2spk").write_text("".join(f"{path.stem} {path.stem}\n" for path in files))
    return folder


def transcribe(bundle: Path, *arguments: object) -> int:
    return main(["transcribe", "--bundle", str(bundle), *map(str, arguments)])


def kaldi_text(text: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in text.splitlines()}


def test_the_words_are_those_of_dump_decode_and_score(
    system: System, setting: Path, bundle: Path, audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = write_data_dir(tmp_path / "data", audio), tmp_path / "decode"
    words = ["--lang", str(system.lang), "--model", str(system.model)]
    assert (
        main(["dump", "--experiment", str(system.experiment), "--data", str(data), "--nj", "1", "--out", str(out)]) == 0
    )
    loglikes = f"scp:{out}/loglikes.scp"
    decode = ["decode", "--graph", str(system.graph), *words, "--loglikes", loglikes, "--out", str(out)]
    assert main([*decode, "--confidences"]) == 0
    assert transcribe(bundle, *sorted(audio.glob("*.wav")), "--nj", 2) == 0
    found = kaldi_text(capsys.readouterr().out)
    assert sum(map(len, found.values())) > 20
    # at the frozen setting, every word is right
    (tmp_path / "text").write_text("".join(f"{name} {' '.join(row)}\n" for name, row in found.items()))
    score = ["score", "text", "--ref", str(tmp_path / "text"), "--lattices", str(out), "--setting", str(setting)]
    assert main([*score, "--words", str(system.lang / "words.txt"), "--json", str(tmp_path / "score.json")]) == 0
    assert json.loads((tmp_path / "score.json").read_text())["wer"] == 0
    # at the setting of decode itself: the words, times and confidences of its CTM
    assert main(bundle_command(system, tmp_path / "plain")) == 0
    capsys.readouterr()
    assert transcribe(tmp_path / "plain", *sorted(audio.glob("*.wav")), "--format", "ctm") == 0
    (tmp_path / "ctm").write_text(capsys.readouterr().out)
    assert (out / "ctm").read_text() == (tmp_path / "ctm").read_text()
    assert transcribe(tmp_path / "plain", *sorted(audio.glob("*.wav"))) == 0
    assert kaldi_text(capsys.readouterr().out) == kaldi_text((out / "best_path.txt").read_text())


def test_decoding_a_data_directory_equals_decoding_its_archive(
    system: System, audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, archive, straight = write_data_dir(tmp_path / "data", audio), tmp_path / "archive", tmp_path / "straight"
    dump = ["--experiment", str(system.experiment), "--data", str(data), "--prior-scale", "0.8"]
    decode = ["decode", "--graph", str(system.graph), "--lang", str(system.lang)]
    assert main(["dump", *dump, "--out", str(archive)]) == 0
    loglikes = ["--model", str(system.model), "--loglikes", f"scp:{archive}/loglikes.scp"]
    assert main([*decode, *loglikes, "--out", str(archive)]) == 0
    assert main([*decode, *dump, "--out", str(straight), "--nj", "2"]) == 0
    for name in ("best_path.txt", "ctm", "lat.ark"):
        assert (straight / name).read_bytes() == (archive / name).read_bytes()
    assert not (straight / "loglikes.ark").exists()


def test_formats_into_a_folder(bundle: Path, audio: Path, tmp_path: Path) -> None:
    files = sorted(audio.glob("file[12].wav"))
    for name in ("text", "ctm", "json", "srt"):
        assert transcribe(bundle, *files, "--format", name, "--out", tmp_path) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"file{number}.{suffix}" for number in (1, 2) for suffix in ("txt", "ctm", "json", "srt")
    )
    (words,) = kaldi_text((tmp_path / "file2.txt").read_text()).values()
    rows = list(read_ctm(tmp_path / "file2.ctm"))
    assert [row.word for row in rows] == words
    assert all(row.confidence is not None and 0 < row.confidence <= 1 for row in rows)
    values = json.loads((tmp_path / "file2.json").read_text())
    assert values["seconds"] == 4 and values["sample_rate"] == 8000
    (side,) = values["sides"]
    (segment,) = side["segments"]
    assert [word["word"] for word in segment["words"]] == words
    assert segment["words"][0]["start"] == pytest.approx(rows[0].start_seconds, abs=1e-3)
    assert " --> 00:00:0" in (tmp_path / "file2.srt").read_text()


@pytest.mark.parametrize("same_speaker", [False, True])
def test_the_standard_input_may_be_a_stream_of_unknown_length(
    bundle: Path, audio: Path, same_speaker: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--same-speaker"] * same_speaker
    assert transcribe(bundle, audio / "file2.wav", *options) == 0
    expected = capsys.readouterr().out
    samples, _ = soundfile.read(audio / "file2.wav", dtype="int16")
    stream = io.TextIOWrapper(io.BytesIO(wav_bytes(samples.tobytes(), declared=0, riff=0)))
    monkeypatch.setattr(sys, "stdin", stream)
    audio_source._standard_input.cache_clear()
    assert transcribe(bundle, "-", *options) == 0
    assert capsys.readouterr().out == expected.replace("file2", "stdin") != ""
    audio_source._standard_input.cache_clear()


def test_a_channel_that_is_not_there(bundle: Path, audio: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert transcribe(bundle, audio / "file1.wav", "--channel", "3") == 1
    assert "file1.wav: has one channel, which is number 0, so there is no channel 3" in caplog.text
    assert "fix: leave out the channel" in caplog.text
    assert "correct the channel in segments" not in caplog.text


def test_a_broken_file_is_one_error_and_the_others_are_transcribed(
    bundle: Path, audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (tmp_path / "text.wav").write_text("these are no samples")
    truncated = (audio / "file2.wav").read_bytes()[:-1000]
    (tmp_path / "truncated.wav").write_bytes(truncated)
    write_audio(tmp_path / "short.wav", np.zeros(100, np.float32))
    broken = [tmp_path / "absent.wav", tmp_path / "text.wav", tmp_path / "truncated.wav", tmp_path / "short.wav"]
    assert transcribe(bundle, audio / "file1.wav", *broken, audio / "file3.wav") == 1
    out, error = capsys.readouterr()
    assert list(kaldi_text(out)) == ["file1", "file3"]
    for path, message in zip(broken, ("no such audio file", "not a readable", "truncated", "too short"), strict=True):
        assert [line for line in caplog.messages if str(path) in line and message in line]
    assert "6 files in -> 2 kept -> 4 dropped" in error and "1 is truncated" in error
    assert "Traceback" not in error
    assert transcribe(bundle, audio / "file1.wav", *broken, "--max-loss", "0.9") == 0


def test_sides_channels_and_mixtures(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    one, other = babble(3, 11), babble(3, 12)
    both = write_audio(tmp_path / "both.wav", np.stack([one, other], axis=1, dtype=np.float32))
    write_audio(tmp_path / "one.wav", one)
    write_audio(tmp_path / "other.wav", other)
    write_audio(tmp_path / "mean.wav", (one + other) / np.float32(2))
    # 16-bit files round each channel, so that the mean of two channels differs from a file of the mean
    assert transcribe(bundle, both, tmp_path / "one.wav", tmp_path / "other.wav") == 0
    found = kaldi_text(capsys.readouterr().out)
    assert found["both-A"] == found["one"] != found["both-B"] == found["other"]
    assert transcribe(bundle, both, "--channel", "1", "--format", "ctm") == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[4] for row in rows] == found["other"]
    assert {tuple(row.split()[:2]) for row in rows} == {("both", "B")}
    assert transcribe(bundle, both, "--mix") == 0
    mixed = kaldi_text(capsys.readouterr().out)
    assert list(mixed) == ["both"] and mixed["both"]
    assert transcribe(bundle, both, "--channel", "2") == 1
    assert "has 2 channels, counted from 0, so there is no channel 2" in " ".join(caplog.messages)


@pytest.mark.parametrize(("rate", "suffix"), [(16000, "flac"), (44100, "ogg"), (44100, "mp3"), (8000, "sph")])
def test_other_rates_and_kinds_of_files(
    bundle: Path, tmp_path: Path, rate: int, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path = tmp_path / f"a file.{suffix}"
    soundfile.write(path, babble(3, 5, rate), rate, format="NIST" if suffix == "sph" else None)
    assert transcribe(bundle, path, "--format", "json", "--out", tmp_path) == 0
    values = json.loads((tmp_path / "a_file.json").read_text())
    assert values["seconds"] == pytest.approx(3, abs=0.1) and values["file_sample_rate"] == rate
    assert ("resampled to 8000 Hz" in caplog.text) is (rate != 8000)


def test_one_speaker_of_several_files_is_normalized_as_one(
    system: System, bundle: Path, audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_data_dir(tmp_path / "data", audio)
    names = [line.split()[0] for line in (data / "utt2spk").read_text().splitlines()]
    (data / "utt2spk").write_text("".join(f"{name} someone\n" for name in names))
    assert main(bundle_command(system, tmp_path / "plain")) == 0
    decode = ["decode", "--graph", str(system.graph), "--lang", str(system.lang), "--data", str(data)]
    assert main([*decode, "--experiment", str(system.experiment), "--out", str(tmp_path / "decode")]) == 0
    capsys.readouterr()
    assert transcribe(tmp_path / "plain", *sorted(audio.glob("*.wav")), "--same-speaker") == 0
    together = kaldi_text(capsys.readouterr().out)
    assert together == kaldi_text((tmp_path / "decode" / "best_path.txt").read_text())
    assert transcribe(tmp_path / "plain", *sorted(audio.glob("*.wav"))) == 0
    assert kaldi_text(capsys.readouterr().out) != together


def test_segments_of_long_files_are_printed_as_they_are_decoded(
    bundle: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path = write_audio(tmp_path / "long.wav", babble(20, 21))
    lengths = ["--max-segment", "6", "--min-segment", "2", "--overlap", "0.5"]
    assert transcribe(bundle, path, "--format", "json", "--out", tmp_path, "--stream", *lengths) == 0
    (side,) = json.loads((tmp_path / "long.json").read_text())["sides"]
    segments = side["segments"]
    assert len(segments) >= 4
    assert [segment["end"] for segment in segments[:-1]] == [segment["start"] for segment in segments[1:]]
    assert sum(line.startswith("long 1 ") for line in caplog.messages) == len(segments)
    starts = [word["start"] for segment in segments for word in segment["words"]]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "srt"], "subtitles of several files"),
        (["--max-segment", "5", "--min-segment", "6"], "max_seconds 5.0, min_seconds 6.0"),
        (["--device", "abacus"], "'abacus' is not a device"),
        (["again/file1.wav"], "are both called file1"),
        (["--bundle", "nowhere"], "nowhere: no such folder, expected a bundle"),
    ],
)
def test_mistakes_are_one_message(
    bundle: Path, audio: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert transcribe(bundle, audio / "file1.wav", audio / "file2.wav", *arguments) > 0
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error


def test_pictures(bundle: Path, audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A picture of each file beside its transcript; a file that cannot be read gets none."""
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    files = [*sorted(audio.glob("*.wav"))[:2], tmp_path / "bad.wav"]
    assert transcribe(bundle, *files, "--pictures", tmp_path / "pictures") == 1
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == ["file0.png", "file1.png"]
    with Image.open(tmp_path / "pictures" / "file1.png") as image:
        assert image.format == "PNG" and image.width > 1000
    assert set(kaldi_text(capsys.readouterr().out)) == {"file0", "file1"}


def test_pictures_need_matplotlib(
    bundle: Path, audio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error comes before the first file is transcribed."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert transcribe(bundle, audio / "file0.wav", "--pictures", tmp_path / "pictures") != 0
    captured = capsys.readouterr()
    assert "pip install 'blasr[pictures]'" in captured.err and not captured.out
    assert not (tmp_path / "pictures").exists()
