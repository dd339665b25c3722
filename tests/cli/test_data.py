from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.cli.main import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    for name in ("ann-1", "bob-1"):
        soundfile.write(tmp_path / f"{name}.wav", np.ones(36000), 8000)
    (path / "wav.scp").write_text("".join(f"{name} {tmp_path}/{name}.wav\n" for name in ("ann-1", "bob-1")))
    (path / "utt2spk").write_text("ann-1 ann\nbob-1 bob\n")
    (path / "spk2utt").write_text("ann ann-1\nbob bob-1\n")
    (path / "text").write_text("ann-1 one two\nbob-1 three\n")
    return path


def test_a_correct_directory(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(folder), "--audio", "--need-text"]) == 0
    out = capsys.readouterr().out
    expected = "2 utterances, 2 speakers, 2 recordings, 0.0025 hours (9.0 s), 2 transcripts of 3 words"
    assert out == f"{folder}: {expected}\n"


def test_every_problem_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "spk2utt").unlink()
    (folder / "utt2spk").write_text("bob-1 bob\nann-1 ann\n")
    (folder.parent / "ann-1.wav").unlink()
    (folder.parent / "bob-1.wav").write_bytes(b"RIFF")
    assert main(["data", "check", str(folder), "--audio"]) == 1
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert f"{folder}/utt2spk:2: ann-1 comes after bob-1, which is not the C locale's order" in lines
    assert f"  fix: sort it: LC_ALL=C sort -o {folder}/utt2spk {folder}/utt2spk" in lines
    assert f"{folder}/spk2utt: no such file" in lines
    assert any(line.startswith(f"{folder}/wav.scp:1: ann-1: ") and "no such audio file" in line for line in lines)
    assert any(line.startswith(f"{folder}/wav.scp:2: bob-1: ") for line in lines)
    assert "found 5 problem(s)" in captured.err


def test_fixing(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "spk2utt").unlink()
    (folder / "utt2spk").write_text("bob-1 bob\nann-1 ann\n")
    assert main(["data", "fix", "--data", str(folder), "--out", str(tmp_path / "fixed")]) == 0
    assert not (folder / "spk2utt").exists()
    assert main(["data", "fix", "--data", str(folder)]) == 0
    for path in (folder, tmp_path / "fixed"):
        assert (path / "utt2spk").read_text() == "ann-1 ann\nbob-1 bob\n"
        assert (path / "spk2utt").read_text() == "ann ann-1\nbob bob-1\n"
        assert main(["data", "check", str(path)]) == 0
    assert "2 utterances" in capsys.readouterr().out


def test_fixing_reports_what_it_removes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "text").write_text("ann-1 one\neve-1 lost\n")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["data", "fix", "--data", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "removed bob-1: it is not in text" in out
    assert "removed eve-1: it has no speaker in utt2spk" in out
    assert f"{folder}: kept 1 utterances, removed 2" in out
    assert (folder / "text").read_text() == "ann-1 one\n"
    assert {path.name: path.read_bytes() for path in (folder / ".backup").iterdir()} == before


def test_fixing_leaves_a_directory_that_it_cannot_fix(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "text").write_text("ann-2 one\n")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["data", "fix", "--data", str(folder)]) == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert "no utterance would be left" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "bad\n"])
def test_an_unusable_directory(folder: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wav.scp").write_text(content)
    assert main(["data", "check", str(folder)]) == 1
    assert f"{folder}/wav.scp" in capsys.readouterr().out


def test_commands_are_refused_unless_allowed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{name} cat {folder.parent}/{name}.wav |\n" for name in ("ann-1", "bob-1")]
    (folder / "wav.scp").write_text("".join(lines))
    assert main(["data", "check", str(folder)]) == 1
    assert "pass --allow-pipes" in capsys.readouterr().out
    assert main(["data", "check", str(folder), "--allow-pipes"]) == 0
    assert "9.0 s" in capsys.readouterr().out


def test_check_takes_the_directory_as_data_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "--data", str(folder)]) == 0
    assert "2 utterances" in capsys.readouterr().out
    for words in ([], [str(folder), "--data", str(folder)]):
        with pytest.raises(SystemExit) as stop:
            main(["data", "check", *words])
        assert stop.value.code == 2


@pytest.mark.parametrize(
    ("choice", "kept"), [("--even", "bob-1"), ("--first", "ann-1"), ("--last", "bob-1"), ("--per-spk", "ann-1 bob-1")]
)
def test_subsets(folder: Path, tmp_path: Path, choice: str, kept: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "part"
    assert main(["data", "subset", "--data", str(folder), choice, "1", "--out", str(out)]) == 0
    assert " ".join(line.split()[0] for line in (out / "utt2spk").read_text().splitlines()) == kept
    assert f"{out}: {len(kept.split())} utterances of {folder}" in capsys.readouterr().out


def test_a_subset_of_listed_speakers(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("bob\n")
    out = tmp_path / "part"
    assert main(["data", "subset", "--data", str(folder), "--spk-list", f"{tmp_path}/list", "--out", str(out)]) == 0
    assert (out / "utt2spk").read_text() == "bob-1 bob\n"


def test_splitting_combining_durations_and_speeds(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "split", "--data", str(folder), "--parts", "2"]) == 0
    first, second = folder / "split2" / "1", folder / "split2" / "2"
    assert main(["data", "combine", str(first), str(second), "--out", str(tmp_path / "all")]) == 0
    assert (tmp_path / "all" / "text").read_text() == (folder / "text").read_text()
    assert main(["data", "durations", "--data", str(folder)]) == 0
    assert (folder / "utt2dur").read_text().startswith("ann-1 4.5")
    out = tmp_path / "speeds"
    command = ["data", "perturb-speed", "--data", str(folder), "--out", str(out), "--speeds", "1.0,1.1"]
    assert main([*command, "--no-spk-prefix"]) == 0
    assert "sp1.1-ann-1 ann\n" in (out / "utt2spk").read_text()
    assert "2 parts" in capsys.readouterr().out


def test_statistics_of_speakers(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run.yaml").write_text(
        "experiment: exp\nmodel: {name: resnet22}\nfeatures: {sample_rate: 16000, low_freq: 60}\n"
    )
    settings = ["--set", "features.sample_rate=8000", "--nj", "2"]
    assert main(["data", "cmvn", str(folder), *settings]) == 0
    assert "2 utterances in -> 2 kept -> 0 dropped" in capsys.readouterr().out
    assert [line.split()[0] for line in (folder / "cmvn.scp").read_text().splitlines()] == ["ann", "bob"]
    out = tmp_path / "stats"
    assert (
        main(["data", "cmvn", str(folder), "--out", str(out), "--config", str(tmp_path / "run.yaml"), *settings]) == 0
    )
    assert f"cp {out}/cmvn.* {folder}" in capsys.readouterr().out
    assert '"low_freq": 60' in (out / "cmvn.json").read_text()


def test_packing(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "packed"
    assert main(["data", "pack", str(folder), "--out", str(out), "--shard-mb", "1"]) == 0
    printed = capsys.readouterr().out
    assert "pack: 2 recordings in -> 2 kept -> 0 dropped" in printed
    assert f"{out}: kept 2 utterances, removed 0" in printed
    assert (out / "wav.scp").read_text().startswith(f"ann-1 {out}/audio.000001.tar:512\n")
    assert main(["data", "check", str(out), "--audio", "--need-text"]) == 0


def test_audio_to_listen_to(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "heard"
    rows = "augmentation.transforms=[{kind: reverberation}, {kind: codec, codecs: [gsm]}]"
    assert main(["data", "augment", str(folder), "--out", str(out), "--set", rows, "--even", "1"]) == 0
    assert "1 utterances in -> 1 kept -> 0 dropped" in capsys.readouterr().out
    assert (out / "changes.txt").read_text() == "ann-1 speed 1, warp 1, gain +0.0 dB, Reverberation, Codec\n"
    assert (out / "wav" / "ann-1.wav").is_file()
    (tmp_path / "run.yaml").write_text("experiment: exp\nmodel: {name: resnet22}\naugmentation: {gain_db: 6}\n")
    config = ["--config", str(tmp_path / "run.yaml"), "--set", "training.seed=3", "--epoch", "2"]
    assert main(["data", "augment", str(folder), "--out", str(tmp_path / "two"), *config]) == 0
    assert "gain +0.0" not in (tmp_path / "two" / "changes.txt").read_text()
