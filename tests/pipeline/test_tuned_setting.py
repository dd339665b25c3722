"""The frozen setting, and what the commands take from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.errors import FormatError, MismatchError
from blasr.lattices.config import PathWeights
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.tuned_setting import NetworkChoice, TunedSetting
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture


@pytest.fixture
def tuned(system: System, tmp_path: Path) -> Path:
    """An experiment with a setting: epoch 3 at prior scale 0.7."""
    folder = tmp_path / "exp"
    shutil.copytree(system.experiment, folder)
    (folder / "checkpoints").mkdir()
    shutil.copy(folder / "final.safetensors", folder / "checkpoints" / "epoch03.safetensors")
    weights = Experiment.load(folder, "epoch3")
    setting = TunedSetting(PathWeights(12.0, 0.5), "epoch3", 0.7, weights.fingerprint())
    setting.write(folder / "setting.json", weights.weights, {"wer": 3.2})
    return folder


def test_a_setting_is_read_as_written(tuned: Path) -> None:
    found = TunedSetting.read(tuned / "setting.json")
    assert found.path_weights == PathWeights(12.0, 0.5)
    assert (found.checkpoint, found.prior_scale) == ("epoch3", 0.7)
    assert found.weights_sha256 == Experiment.load(tuned, "epoch3").fingerprint()


def test_what_is_given_replaces_what_was_tuned(tuned: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert NetworkChoice.resolve(tuned) == NetworkChoice("epoch3", 0.7)
    assert f"checkpoint epoch3 and prior scale 0.7, from {tuned}/setting.json" in caplog.text
    assert NetworkChoice.resolve(tuned, "final") == NetworkChoice("final", 0.7)
    assert NetworkChoice.resolve(tuned, None, 0.0) == NetworkChoice("epoch3", 0.0)
    assert NetworkChoice.resolve(tuned, "final", 0.0) == NetworkChoice("final", 0.0)


def test_without_a_setting(system: System, tuned: Path) -> None:
    assert NetworkChoice.resolve(system.experiment) == NetworkChoice("final", 1.0)
    (tuned / "setting.json").write_text('{"lm_weight": 11, "word_insertion_penalty": 0}')  # blasr score --freeze
    assert NetworkChoice.resolve(tuned) == NetworkChoice("final", 1.0)


def test_other_weights_are_refused(tuned: Path) -> None:
    other = tuned / "checkpoints" / "epoch03.safetensors"
    other.write_bytes(other.read_bytes()[:-1] + b"x")
    with pytest.raises(MismatchError, match="was tuned on other weights"):
        NetworkChoice.resolve(tuned)
    assert NetworkChoice.resolve(tuned, "epoch3").prior_scale == 0.7


@pytest.mark.parametrize("change", [{"checkpoint": 3}, {"prior_scale": "much"}, {"lm_weight": None}])
def test_wrong_values_are_refused(tuned: Path, change: dict[str, object]) -> None:
    path = tuned / "setting.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change))
    with pytest.raises(FormatError):
        TunedSetting.read(path)


def test_dump_decode_and_bundle_use_it(system: System, tuned: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "wav.scp").write_text(f"one {write_audio(tmp_path / 'one.wav', babble(2, 0))}\n")
    (data / "utt2spk").write_text("one one\n")
    source = ["--data", str(data), "--experiment", str(tuned)]
    assert main(["dump", *source, "--out", str(tmp_path / "dump")]) == 0
    manifest = json.loads((tmp_path / "dump" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["priors"]["scale"] == 0.7 and manifest["weights"]["file"].endswith("epoch03.safetensors")
    graph = ["--graph", str(system.graph), "--lang", str(system.lang)]
    assert main(["decode", *graph, *source, "--out", str(tmp_path / "decode")]) == 0
    log = (tmp_path / "decode" / "decode.log").read_text(encoding="utf-8")
    assert "epoch03.safetensors" in log and "prior scale 0.7" in log
    assert main(["bundle", *graph, "--experiment", str(tuned), "--out", str(tmp_path / "bundle")]) == 0
    text = (tmp_path / "bundle" / "bundle.yaml").read_text(encoding="utf-8")
    assert "prior_scale: 0.7" in text and "lm_weight: 12.0" in text and "word_insertion_penalty: 0.5" in text
    elsewhere = tmp_path / "other.json"
    (tuned / "setting.json").rename(elsewhere)
    assert main(["dump", *source, "--out", str(tmp_path / "plain")]) == 0
    manifest = json.loads((tmp_path / "plain" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["priors"]["scale"] == 1.0 and manifest["weights"]["file"].endswith("final.safetensors")
    assert main(["dump", *source, "--setting", str(elsewhere), "--out", str(tmp_path / "named")]) == 0
    manifest = json.loads((tmp_path / "named" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["priors"]["scale"] == 0.7
