"""Exported networks: equal to the original, run by the other commands, refused when they were changed."""

from __future__ import annotations

import json
import math
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import BlasrError, ConfigError, DataError, FormatError, MismatchError
from blasr.inference.config import ExportConfig, ExportFormatName, ScoringConfig
from blasr.nn import BinarizeConfig, binarize, fold_norms
from blasr.pipeline.decode_inputs import DecodePaths
from blasr.pipeline.experiment import Experiment, write_final
from blasr.pipeline.export import Parity, export, spread
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture

pytestmark = pytest.mark.slow  # the exporters take seconds


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    folder = tmp_path_factory.mktemp("speech")
    for number in range(4):
        write_audio(folder / f"a-{number}.wav", babble(1 + number % 2, number))
    (folder / "wav.scp").write_text("".join(f"a-{number} {folder}/a-{number}.wav\n" for number in range(4)))
    (folder / "utt2spk").write_text("".join(f"a-{number} a\n" for number in range(4)))
    return DataDir.read(folder)


def export_as(
    name: ExportFormatName, system: System, speech: DataDir, out: Path, graph: DecodePaths | None = None
) -> Parity:
    return export(Experiment.load(system.experiment), speech, out, ExportConfig(name, 3, 2), graph=graph)


@pytest.fixture(scope="module")
def onnx(system: System, speech: DataDir, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "onnx"
    parity = export_as("onnx", system, speech, out, DecodePaths(system.graph))
    assert parity.utterances == 3 and parity.largest_difference < 1e-2 and parity.same_best_pdf == 1
    assert parity.words is not None and parity.words > 0 and parity.word_differences == 0 and parity.same_words == 3
    return out


def test_the_model_has_the_documented_face(onnx: Path, system: System) -> None:
    session = onnxruntime.InferenceSession(str(onnx / "model.onnx"))
    original = Experiment.load(system.experiment)
    network, num_pdfs = original.model, original.num_pdfs
    (given,), (returned,) = session.get_inputs(), session.get_outputs()
    assert (given.type, given.shape[1:3], returned.shape[1]) == ("tensor(float)", [3, 64], num_pdfs)
    assert isinstance(given.shape[0], str) and isinstance(given.shape[3], str)
    for batch, frames in ((1, 49), (3, 50), (2, 130)):
        inputs = torch.randn(batch, 3, 64, frames)
        (logits,) = session.run(None, {given.name: inputs.numpy()})
        with torch.no_grad():
            expected = network(inputs)
        assert logits.shape == (batch, num_pdfs, frames - 48)
        np.testing.assert_allclose(logits, expected.numpy(), atol=2e-2, rtol=1e-3)  # its logits go up to 500


def test_the_manifest_says_how_equal_it_is(onnx: Path, system: System) -> None:
    values = json.loads((onnx / "manifest.json").read_text())
    assert (values["kind"], values["version"], values["format"], values["num_pdfs"]) == (
        "exported network", 1, "onnx", Experiment.load(system.experiment).num_pdfs
    )  # fmt: skip
    assert values["weights"]["sha256"] == Experiment.load(system.experiment).fingerprint()
    assert values["parity"]["word_differences"] == 0 and values["parity"]["frames"] > 100
    assert set(values["files"]) == {path.name for path in onnx.iterdir()} - {"manifest.json"}


def test_it_scores_as_the_original(onnx: Path, system: System, speech: DataDir) -> None:
    exported, original = Experiment.load(onnx), Experiment.load(system.experiment)
    assert exported.origin == original.origin == "epoch 0"
    scores = [item.scorer(ScoringConfig(0.7, "cpu")).for_data(speech) for item in (exported, original)]
    for utterance in speech.utterances:
        np.testing.assert_allclose(scores[0](utterance), scores[1](utterance), atol=1e-2)
    with pytest.raises(ConfigError, match="has no checkpoint 'epoch3'"):
        Experiment.load(onnx, "epoch3")


@pytest.mark.parametrize("name", ["torchscript", "torch-export"])
def test_formats_for_torch(name: ExportFormatName, system: System, speech: DataDir, tmp_path: Path) -> None:
    parity = export_as(name, system, speech, tmp_path / "out")
    assert parity.largest_difference < 1e-2 and parity.words is None
    with pytest.raises(FormatError, match=r"blasr runs .safetensors and .onnx models, not .(ts|pt2)"):
        Experiment.load(tmp_path / "out")


def test_int8_is_near_and_smaller(system: System, speech: DataDir, onnx: Path, tmp_path: Path) -> None:
    """The logits of this untrained network reach 500, so that only the ranking can be compared."""
    parity = export_as("int8", system, speech, tmp_path / "out")
    assert 0.3 < parity.same_best_pdf <= 1 and parity.largest_difference > 1e-2
    small, large = ((folder / "model.onnx").stat().st_size for folder in (tmp_path / "out", onnx))
    assert small < 0.7 * large
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["calibration_utterances"] == 2
    Experiment.load(tmp_path / "out")


@pytest.fixture(scope="module")
def patterns(system: System, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The experiment with binary patterns and 8-bit 1x1 convolutions."""
    source = Experiment.load(system.experiment)
    config = BinarizeConfig(("stem",), pointwise="int8")
    network = binarize(source.model, config.keep, pointwise=config.pointwise)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        torch.manual_seed(2)
        network.train()(torch.randn(4, 3, 64, 100))  # for the statistics of batch normalization
    folder = tmp_path_factory.mktemp("patterns") / "experiment"
    shutil.copytree(system.experiment, folder)
    description = replace(source.description, model=replace(source.description.model, binarize=config))
    write_final(folder, description, network.state_dict(), source.priors)
    return folder


@pytest.mark.parametrize("name", ["onnx", "int8", "torchscript", "torch-export"])
def test_patterns_and_8_bit_layers_are_exported(
    name: ExportFormatName, patterns: Path, speech: DataDir, tmp_path: Path
) -> None:
    original = Experiment.load(patterns)
    parity = export(original, speech, tmp_path / "out", ExportConfig(name, 3, 2))
    if name == "int8":  # the signs stay exact; the activations are rounded
        assert 0.3 < parity.same_best_pdf <= 1, parity
    else:
        assert parity.same_best_pdf == 1 and parity.largest_difference < 1e-2
    if name != "onnx":
        return
    exported = Experiment.load(tmp_path / "out").scorer().for_data(speech)
    expected = original.scorer().for_data(speech)
    for utterance in speech.utterances:
        np.testing.assert_allclose(exported(utterance), expected(utterance), atol=1e-2)


def test_changed_exports_are_refused(onnx: Path, tmp_path: Path) -> None:
    def changed(name: str) -> Path:
        folder = tmp_path / name
        shutil.copytree(onnx, folder)
        return folder

    folder = changed("without")
    (folder / "manifest.json").unlink()
    with pytest.raises(DataError, match=r"has an exported model but no manifest.json"):
        Experiment.load(folder)
    folder = changed("version")
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"version": 1', '"version": 7'))
    with pytest.raises(FormatError, match=r"has version 7, this blasr .* reads version 1"):
        Experiment.load(folder)
    folder = changed("other")
    (folder / "manifest.json").write_text('{"complete": true}')
    with pytest.raises(FormatError, match="is not the manifest of an exported network"):
        Experiment.load(folder)
    folder = changed("model")
    with (folder / "model.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"x")
    with pytest.raises(MismatchError, match=r"model.onnx: was changed"):
        Experiment.load(folder)
    folder = changed("missing")
    (folder / "priors.vec").unlink()
    with pytest.raises(DataError, match=r"priors.vec: is missing"):
        Experiment.load(folder)


def test_folders_with_other_files_stay(onnx: Path, system: System, speech: DataDir, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(DataError, match="contains other files"):
        export_as("onnx", system, speech, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]
    with pytest.raises(DataError, match="is an exported network already"):
        export(Experiment.load(onnx), speech, tmp_path / "out")


def test_another_network_is_not_written(
    system: System, speech: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(model: torch.nn.Module) -> torch.nn.Module:
        folded = fold_norms(model)
        next(iter(folded.parameters())).data *= 1.1
        return folded

    monkeypatch.setattr(sys.modules[export.__module__], "fold_norms", broken)
    with pytest.raises(MismatchError, match=r"computes something else: 3 utterances.*at most 0.01 is accepted"):
        export_as("torchscript", system, speech, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_outputs_that_are_not_finite_are_not_written(
    system: System, speech: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(model: torch.nn.Module) -> torch.nn.Module:
        folded = fold_norms(model)
        next(iter(folded.parameters())).data *= math.nan
        return folded

    monkeypatch.setattr(sys.modules[export.__module__], "fold_norms", broken)
    with pytest.raises(BlasrError, match="not finite"):
        export_as("torchscript", system, speech, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_utterances_are_spread() -> None:
    utterances = [Utterance(str(number), "s", "r") for number in range(10)]
    assert [item.id for item in spread(utterances, 3)] == ["0", "3", "6"]
    assert len(spread(utterances, 50)) == 10
