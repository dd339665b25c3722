"""``blasr decode`` of a data directory: what fits together, and what is refused before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.main import main
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    audio = write_audio(tmp_path / "one.wav", babble(2, 0))
    (folder / "wav.scp").write_text(f"one {audio}\n")
    (folder / "utt2spk").write_text("one one\n")
    return folder


def decode(system: System, out: Path, *more: object) -> int:
    graph = ["--graph", str(system.graph), "--lang", str(system.lang), "--out", str(out)]
    return main(["decode", *graph, *map(str, more)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "{data}"], "name a trained one with --experiment"),
        (["--loglikes", "ark:x.ark"], "name it with --model"),
        (
            ["--loglikes", "ark:x.ark", "--prior-scale", "0.5"],
            "--prior-scale is for a network that computes",
        ),
        (["--loglikes", "ark:x.ark", "--experiment", "{experiment}"], "--experiment is for a network"),
        (["--data", "{data}", "--experiment", "nowhere"], "nowhere: no such folder"),
        (["--data", "nowhere", "--experiment", "{experiment}"], "nowhere"),
        (["--data", "{data}", "--experiment", "{experiment}", "--device", "abacus"], "'abacus' is not a device"),
    ],
)
def test_mistakes_are_one_message(
    system: System,
    data: Path,
    tmp_path: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    named = {"data": data, "experiment": system.experiment}
    assert decode(system, tmp_path / "out", *(argument.format_map(named) for argument in arguments)) > 0
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_audio_of_another_rate_is_refused_first(
    system: System, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_audio(tmp_path / "one.wav", babble(2, 0, 16000), 16000)
    assert decode(system, tmp_path / "out", "--data", data, "--experiment", system.experiment) == 1
    assert "has a sample rate of 16000 Hz, the features in" in capsys.readouterr().err


def test_check_compares_the_parts_and_decodes_nothing(
    system: System, data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert decode(system, tmp_path / "out", "--data", data, "--experiment", system.experiment, "--check") == 0
    assert f"{data}, {system.experiment}/final.mdl and {system.graph}/HCLG.fst belong together" in caplog.text
    assert not (tmp_path / "out").exists()


def test_a_too_short_utterance_is_counted(
    system: System, data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    short = write_audio(tmp_path / "short.wav", babble(0.01, 0))
    with (data / "wav.scp").open("a") as scp, (data / "utt2spk").open("a") as speakers:
        scp.write(f"short {short}\n")
        speakers.write("short one\n")
    options = ["--data", data, "--experiment", system.experiment, "--max-loss", "0.5"]
    assert decode(system, tmp_path / "out", *options) == 0
    assert "2 utterances in -> 1 kept -> 1 dropped (1 too short for one frame, first short)" in caplog.text
