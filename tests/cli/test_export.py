"""``blasr export``, and the commands that run what it wrote: the same log-likelihoods and the same words."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.cli.main import main
from blasr.features import CmvnStats, FeatureConfig, LogMel
from blasr.features.online_cmvn import write_global_cmvn
from blasr.io.kaldi import read_matrices
from blasr.training import computes_bfloat16
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture

pytestmark = pytest.mark.slow  # the exporters take seconds


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speech")
    for number in range(3):
        write_audio(folder / f"a-{number}.wav", babble(2, number))
    (folder / "wav.scp").write_text("".join(f"a-{number} {folder}/a-{number}.wav\n" for number in range(3)))
    (folder / "utt2spk").write_text("".join(f"a-{number} a\n" for number in range(3)))
    return folder


@pytest.fixture(scope="module")
def exported(system: System, speech: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "onnx"
    words = ["export", system.experiment, "--format", "onnx", "--data", speech, "--graph", system.graph, "--out", out]
    assert main([*map(str, words)]) == 0
    return out


def test_dump_and_decode_run_it_as_any_experiment(system: System, speech: Path, exported: Path, tmp_path: Path) -> None:
    results = []
    for name, experiment in (("original", system.experiment), ("exported", exported)):
        common = ["--experiment", str(experiment), "--data", str(speech), "--device", "cpu"]
        assert main(["dump", *common, "--nj", "2", "--out", str(tmp_path / name / "dump")]) == 0
        decode = ["decode", *common, "--graph", str(system.graph), "--lang", str(system.lang), "--max-loss", "1"]
        assert main([*decode, "--out", str(tmp_path / name / "decode")]) == 0
        matrices = dict(read_matrices(tmp_path / name / "dump" / "loglikes.ark"))
        results.append((matrices, (tmp_path / name / "decode" / "best_path.txt").read_text()))
    (original, words), (found, same_words) = results
    assert same_words == words
    for utterance, matrix in original.items():
        np.testing.assert_allclose(found[utterance], matrix, atol=1e-2)


def test_transcribe_runs_its_bundle(
    system: System, speech: Path, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_global_cmvn(tmp_path / "stats", CmvnStats.of(LogMel(FeatureConfig())(torch.from_numpy(babble(9, 1) * 32768))))
    texts: list[list[str]] = [[], []]
    for number, (name, experiment) in enumerate((("original", system.experiment), ("exported", exported))):
        parts = ["--graph", str(system.graph), "--lang", str(system.lang), "--global-cmvn", str(tmp_path / "stats")]
        assert main(["bundle", "--experiment", str(experiment), *parts, "--out", str(tmp_path / name)]) == 0
        for more in ([], ["--live"]):
            capsys.readouterr()
            command = [
                "transcribe",
                "--bundle",
                str(tmp_path / name),
                "--device",
                "cpu",
                *more,
                str(speech / "a-1.wav"),
            ]
            assert main(command) == 0
            texts[number].append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert all(text.split() for text in texts[0])
    assert (tmp_path / "exported" / "model.onnx").is_file()
    assert not (tmp_path / "exported" / "final.safetensors").exists()


def test_bfloat16(
    system: System, speech: Path, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    common = ["dump", "--data", str(speech), "--device", "cpu", "--precision", "bfloat16"]
    assert main([*common, "--experiment", str(exported), "--out", str(tmp_path / "x")]) == 2
    assert "an exported network has its own precision" in capsys.readouterr().err
    if not computes_bfloat16(torch.device("cpu")):
        pytest.skip("this processor has no bfloat16")
    assert main([*common, "--experiment", str(system.experiment), "--out", str(tmp_path / "y")]) == 0
    assert len(dict(read_matrices(tmp_path / "y" / "loglikes.ark"))) == 3


def test_an_absent_package_is_one_message(
    system: System, speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert main(["export", str(system.experiment), "--data", str(speech), "--out", str(tmp_path / "out")]) == 1
    assert "onnx is not installed\n  fix: pip install 'blasr[export]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_mistakes(system: System, speech: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", str(system.experiment), "--data", str(speech)]
    assert main([*words, "--out", str(tmp_path / "x"), "--words", "words.txt"]) == 2
    assert "--words belongs to a graph" in capsys.readouterr().err
    assert main([*words, "--out", str(system.experiment)]) != 0
    assert "--out" in capsys.readouterr().err


def trained_on(system: System, data: Path, copy: Path) -> Path:
    """Return a copy of the experiment whose config names its training data."""
    shutil.copytree(system.experiment, copy)
    model = "{name: bl_resnet22_a2b3, width: 0.0625}"
    text = f"experiment: {copy}\nmodel: {model}\ndata: {{train: {data}, alignments: {data}}}\n"
    (copy / "config.yaml").write_text(text)
    return copy


def test_the_training_data_are_the_default(
    system: System, speech: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = trained_on(system, speech, tmp_path / "trained")
    assert main(["export", str(experiment), "--max-utterances", "2", "--out", str(tmp_path / "onnx")]) == 0
    assert (tmp_path / "onnx" / "model.onnx").is_file()
    assert capsys.readouterr().out.startswith("2 utterances")


def test_training_data_that_are_gone_are_named(
    system: System, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = trained_on(system, Path("gone"), tmp_path / "trained")
    for message in ("the training data gone of", "config.yaml is missing"):
        assert main(["export", str(experiment), "--out", str(tmp_path / "onnx")]) != 0
        assert message in (errors := capsys.readouterr().err) and "--data" in errors
        (experiment / "config.yaml").unlink(missing_ok=True)
    assert not (tmp_path / "onnx").exists()
