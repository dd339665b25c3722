"""One bad recording never stops a stage: it is dropped, counted and named, and fails only above ``--max-loss``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.data.data_dir import check_data_dir
from blasr.io.kaldi.alignments import read_alignments
from tests.io.wav_files import wav_bytes
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture

BAD = {
    "u01": "is truncated",
    "u02": "no such audio file",
    "u03": "is not a readable audio file",
    "u04": "has samples that are not finite",
    "u05": "it declares a sample rate of 0 Hz",
    "u06": "has 2 channels, and none is chosen",
    "u07": "has 2 data chunks",
    "u08": "found a sample rate of 16000 Hz, expected 8000 Hz",
    "u09": "too short for one frame",
    "u10": "is outside the recording",
}


def pcm(seed: int) -> bytes:
    return (32767 * babble(1.5, seed)).astype(np.int16).tobytes()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A good recording at both ends, a streamed one, and one bad recording of every kind between them."""
    samples = pcm(1)
    contents = {
        "u00": wav_bytes(pcm(0)),
        "u01": wav_bytes(samples)[:-500],
        "u03": b"hello",
        "u04": wav_bytes(np.full(9000, np.nan, np.float32).tobytes(), code=3, bits=32),
        "u05": wav_bytes(samples, rate=0),
        "u06": wav_bytes(samples, channels=2),
        "u07": wav_bytes(samples, tail=b"data\4\0\0\0abcd"),
        "u08": wav_bytes(samples, rate=16000),
        "u09": wav_bytes(samples[:100]),
        "u10": wav_bytes(samples),
        "u11": wav_bytes(pcm(2), declared=0, riff=36),
    }
    for name, content in contents.items():
        (tmp_path / f"{name}.wav").write_bytes(content)
    names = [f"u{index:02d}" for index in range(12)]
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "wav.scp").write_text("".join(f"{name} {tmp_path / name}.wav\n" for name in names))
    (folder / "segments").write_text("".join(f"{name} {name} {9 if name == 'u10' else 0} -1\n" for name in names))
    (folder / "text").write_text("".join(f"{name} TEA TWO\n" for name in names))
    (folder / "utt2spk").write_text("".join(f"{name} ann\n" for name in names))
    (folder / "spk2utt").write_text(f"ann {' '.join(names)}\n")
    return folder


def command(stage: str, system: System, data: Path, out: Path) -> list[str]:
    arguments = [stage, "--data", str(data), "--experiment", str(system.experiment), "--out", str(out)]
    if stage == "align":
        return [*arguments, "--lang", str(system.lang)]
    return [*arguments, "--graph", str(system.graph), "--lang", str(system.lang)] if stage == "decode" else arguments


def kept(stage: str, out: Path) -> list[str]:
    if stage == "dump":
        return [line.split()[0] for line in (out / "loglikes.scp").read_text().splitlines()]
    if stage == "decode":
        return [line.split()[0] for line in (out / "best_path.txt").read_text().splitlines()]
    return [name for name, _ in read_alignments(out)]


@pytest.mark.parametrize("stage", ["dump", "decode", "align"])
def test_bad_recordings_are_dropped_and_named(
    system: System, data: Path, tmp_path: Path, stage: str, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    assert main([*command(stage, system, data, out), "--max-loss", "0.9", "--nj", "2"]) == 0
    assert kept(stage, out) == ["u00", "u11"]
    for name, message in BAD.items():
        assert any(f"{stage}: dropped {name}: " in line and message in line for line in caplog.text.splitlines()), name
    if stage == "dump":
        assert sum(json.loads((out / "manifest.json").read_text())["utterances"]["dropped"].values()) == 10


@pytest.mark.parametrize("stage", ["dump", "decode", "align"])
def test_too_many_bad_recordings_leave_nothing(
    system: System, data: Path, tmp_path: Path, stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(command(stage, system, data, out)) == 1
    error = capsys.readouterr().err
    assert "12 utterances in -> 2 kept -> 10 dropped" in error and "above the allowed 5.0%" in error
    assert "Traceback" not in error
    assert not out.exists() or not [path for path in out.iterdir() if path.is_file()]


def test_check_finds_all_of_them(data: Path) -> None:
    found = "\n".join(map(str, check_data_dir(data, open_audio=True)))
    for name in BAD:
        assert name in found, name
    assert "u00" not in found and "u11" not in found


def test_a_recording_of_another_rate_may_be_the_first(
    system: System, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rate of a whole corpus is compared before anything is computed, by a recording that can be read."""
    (tmp_path / "u00.wav").write_bytes(b"")
    for index in range(1, 12):
        write_audio(tmp_path / f"u{index:02d}.wav", babble(1, index, 16000), 16000)
    assert main(command("dump", system, data, tmp_path / "out")) == 1
    assert "has a sample rate of 16000 Hz, the features in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dump", "--gmm", "{experiment}"], "is the experiment of a network"),
        (["align", "--lang", "{lang}", "--gmm", "{experiment}"], "is the experiment of a network"),
        (["dump", "--experiment", "{gmm}"], "is a folder of GMMs or alignments"),
        (["align", "--lang", "{lang}", "--experiment", "{gmm}"], "is a folder of GMMs or alignments"),
        (["decode", "--graph", "{graph}", "--experiment", "{gmm}"], "is a folder of GMMs or alignments"),
    ],
)
def test_networks_and_gmms_are_not_confused(
    system: System,
    data: Path,
    tmp_path: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {"experiment": system.experiment, "gmm": system.model.parent, "lang": system.lang, "graph": system.graph}
    out = tmp_path / "out"
    given = [argument.format_map(names) for argument in arguments]
    assert main([*given, "--data", str(data), "--out", str(out)]) == 1
    error = capsys.readouterr().err
    other = "--experiment" if "--gmm" in arguments else "--gmm"
    assert message in error and f"name it with {other} " in error and "yaml:" not in error
    assert not out.exists()
