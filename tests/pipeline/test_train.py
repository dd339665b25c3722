"""Training on real speech with Kaldi's alignments, and what is refused before it starts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from blasr.data.data_dir import DataDir
from blasr.errors import ConfigError, DataError, MismatchError, TrainingError
from blasr.inference import Priors
from blasr.io.kaldi.alignments import write_alignments
from blasr.nn import BinarizeConfig, PatternConv2d
from blasr.pipeline.checkpoints import prepare_checkpoint
from blasr.pipeline.corpus import read_corpus
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.runs import describe_inputs
from blasr.pipeline.train import run_identity, train
from blasr.training import TrainingState, load_weights, save_weights
from blasr.training.checkpoint import read_state
from blasr.training.optimization import Optimization, StepResult
from tests.pipeline.conftest import run_config

OUTPUT = "output.weight"


@pytest.fixture(scope="module")
def experiment(data: Path, alignments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("exp") / "run"
    train(run_config(directory, data, alignments))
    return directory


def test_an_experiment_has_all_that_inference_needs(experiment: Path) -> None:
    there = {path.name for path in experiment.iterdir()}
    assert there >= {
        "config.yaml",
        "run.json",
        "final.safetensors",
        "final.yaml",
        "final.mdl",
        "tree",
        "priors.vec",
        "priors.json",
        "metrics.jsonl",
        "tensorboard",
        "checkpoints",
    }
    lines = [json.loads(line) for line in (experiment / "metrics.jsonl").read_text().splitlines()]
    epochs = [line for line in lines if line["kind"] == "epoch"]
    assert [line["epoch"] for line in epochs] == [1, 2]
    assert epochs[1]["loss"] < epochs[0]["loss"]


def test_the_experiment_loads(experiment: Path) -> None:
    loaded = Experiment.load(experiment)
    assert loaded.num_pdfs == 144
    assert not loaded.model.training
    first, second = (Experiment.load(experiment, f"epoch{epoch}") for epoch in (1, 2))
    assert not torch.equal(first.model.get_parameter(OUTPUT), second.model.get_parameter(OUTPUT))
    assert loaded.origin in ("epoch 1", "epoch 2")


def test_priors_come_from_the_training_labels(experiment: Path) -> None:
    priors = Priors.read(experiment)
    frames = json.loads((experiment / "priors.json").read_text())["counts"]
    assert sum(frames) == priors.counts.sum() > 500
    assert priors.probabilities.sum() == pytest.approx(1)


def test_resumed_equals_uninterrupted(experiment: Path, data: Path, alignments: Path, tmp_path: Path) -> None:
    """One epoch, then two in another process' place, are the two epochs at once, bit for bit."""
    train(run_config(tmp_path / "run", data, alignments, training={"epochs": 1}))
    train(run_config(tmp_path / "run", data, alignments))
    for name in ("checkpoints/last.safetensors", "final.safetensors"):
        whole, parts = load_weights(experiment / name)[0], load_weights(tmp_path / "run" / name)[0]
        assert whole.keys() == parts.keys()
        assert all(torch.equal(whole[key], parts[key]) for key in whole)


@pytest.mark.slow
def test_augmented_runs_resume_to_the_bit(data: Path, alignments: Path, tmp_path: Path) -> None:
    """Every kind of transform, and running statistics."""
    kinds: list[dict[str, Any]] = [
        {"kind": "speed"},
        {"kind": "vtln"},
        {"kind": "volume"},
        {"kind": "noise", "list": str(data / "wav.scp")},
        *({"kind": kind} for kind in ("babble", "reverberation", "codec", "band_limit")),
    ]
    rows = [*({**row, "probability": 0.6} for row in kinds), {"kind": "spec_augment"}]
    sections: dict[str, Any] = {"augmentation": {"transforms": rows}, "features": {"cmvn": "online"}}
    train(run_config(tmp_path / "whole", data, alignments, **sections))
    train(run_config(tmp_path / "parts", data, alignments, training={"epochs": 1}, **sections))
    workers = {"chunks": {"num_workers": 2}}
    train(run_config(tmp_path / "parts", data, alignments, **sections, **workers))
    whole, parts = (load_weights(tmp_path / name / "final.safetensors")[0] for name in ("whole", "parts"))
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_a_changed_key_is_refused_and_nothing_is_touched(experiment: Path, data: Path, alignments: Path) -> None:
    before = (experiment / "config.yaml").read_bytes()
    with pytest.raises(ConfigError) as caught:
        train(run_config(experiment, data, alignments, chunks={"chunk_frames": 1}, training={"device": "cpu"}))
    assert "chunks.chunk_frames: 40 -> 1" in str(caught.value)
    assert "device" not in str(caught.value)
    assert (experiment / "config.yaml").read_bytes() == before


def test_a_run_of_an_older_blasr_resumes(experiment: Path, data: Path, alignments: Path, tmp_path: Path) -> None:
    shutil.copytree(experiment, tmp_path / "run")
    path = tmp_path / "run" / "checkpoints" / "last.safetensors"
    tensors, _ = load_weights(path)
    state = read_state(path)
    del state.config["chunks"]["balance_gamma"]
    save_weights(path, tensors, {"state": state.to_json()})
    config = run_config(tmp_path / "run", data, alignments, training={"epochs": 3})
    assert train(config).epoch == 4
    save_weights(path, tensors, {"state": state.to_json()})
    with pytest.raises(ConfigError, match=r"chunks\.balance_gamma: absent -> 0\.5"):
        train(run_config(tmp_path / "run", data, alignments, chunks={"balance_gamma": 0.5, "chunk_frames": 1}))


def test_initial_weights_of_another_experiment(experiment: Path, data: Path, alignments: Path, tmp_path: Path) -> None:
    config = run_config(tmp_path / "run", data, alignments, training={"epochs": 1, "learning_rate": 1e-12})
    object.__setattr__(config, "initialize_from", experiment)
    train(config)
    source, result = Experiment.load(experiment).model, Experiment.load(tmp_path / "run").model
    torch.testing.assert_close(result.get_parameter(OUTPUT), source.get_parameter(OUTPUT))


def test_a_cascade_is_no_start(experiment: Path, data: Path, alignments: Path, tmp_path: Path) -> None:
    """Its folder has the files of an experiment, which are those of the big network."""
    cascade = tmp_path / "cascade"
    shutil.copytree(experiment, cascade)
    (cascade / "cascade.yaml").write_text("threshold: 0.5\n")
    with pytest.raises(ConfigError, match=f"{cascade}: is a cascade of two networks"):
        train(run_config(tmp_path / "run", data, alignments, cascade))
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_running_statistics_come_with_the_experiment(
    experiment: Path, data: Path, alignments: Path, tmp_path: Path
) -> None:
    online = {"features": {"cmvn": "online"}}
    train(run_config(tmp_path / "run", data, alignments, training={"epochs": 1}, **online))
    loaded = Experiment.load(tmp_path / "run")
    assert loaded.global_stats is not None and loaded.global_stats.count > 500
    utterance = DataDir.read(data).utterances[0]
    assert np.isfinite(loaded.scorer().for_data(DataDir.read(data))(utterance)).all()
    sequence = {"training": {"criterion": "lfmmi"}, **online}
    with pytest.raises(MismatchError, match=r"trained with features\.cmvn=speaker, this run has features\.cmvn=online"):
        train(run_config(tmp_path / "sequence", data, alignments, experiment, **sequence))


def test_the_noises_of_a_run_must_not_change(data: Path, alignments: Path, tmp_path: Path) -> None:
    """The list belongs to what a resumed run compares, and its absence is found before anything is written."""
    noises = tmp_path / "noises.scp"
    row = {"kind": "noise", "list": str(noises)}
    config = run_config(tmp_path / "run", data, alignments, augmentation={"transforms": [row]})
    with pytest.raises(DataError, match=r"noises\.scp: no such file, expected a list of recordings"):
        train(config)
    assert not (tmp_path / "run" / "config.yaml").exists()
    noises.write_bytes((data / "wav.scp").read_bytes())
    corpus = read_corpus(config.data, tmp_path / "labels", config.training.seed)
    before = run_identity(config, corpus).config
    assert not run_identity(config, corpus).changes(before)
    noises.write_bytes((data / "wav.scp").read_bytes()[:-1])
    assert "augmentation_lists" in run_identity(config, corpus).changes(before)[0]
    recorded = describe_inputs(corpus, None, config.augmentation.lists())["augmentation"]
    assert [entry["file"] for entry in recorded] == [str(noises)]


def test_alignments_of_other_utterances(data: Path, alignments: Path, tmp_path: Path) -> None:
    other = tmp_path / "ali"
    other.mkdir()
    (other / "final.mdl").write_bytes((alignments / "final.mdl").read_bytes())
    write_alignments(other / "ali.1.gz", [("sw02001-A", np.array([1], np.int32))])
    with pytest.raises(DataError, match="aligns 1 utterances such as sw02001-A, but none of the 24"):
        train(run_config(tmp_path / "run", data, other))
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_more_pdfs_than_the_model(data: Path, alignments: Path, tmp_path: Path) -> None:
    other = tmp_path / "ali"
    other.mkdir()
    (other / "final.mdl").write_bytes((alignments / "final.mdl").read_bytes())
    write_alignments(other / "ali.1.gz", [("george-0-05", np.array([1, 4000], np.int32))])
    with pytest.raises(MismatchError, match=r"transition-id 4000.*\(144 pdfs\)"):
        train(run_config(tmp_path / "run", data, other))


def test_missing_alignments_count_as_lost(data: Path, alignments: Path, tmp_path: Path) -> None:
    other = tmp_path / "ali"
    other.mkdir()
    (other / "final.mdl").write_bytes((alignments / "final.mdl").read_bytes())
    write_alignments(other / "ali.1.gz", [("george-0-05", np.array([1, 2], np.int32))])
    with pytest.raises(DataError, match="24 utterances in -> 1 kept -> 23 dropped"):
        train(run_config(tmp_path / "run", data, other))


@pytest.mark.parametrize("content", ["", None])
def test_empty_data(alignments: Path, tmp_path: Path, content: str | None) -> None:
    empty = tmp_path / "data"
    empty.mkdir()
    if content is not None:
        for name in ("wav.scp", "utt2spk"):
            (empty / name).write_text(content)
    with pytest.raises(DataError):
        train(run_config(tmp_path / "run", empty, alignments))


def test_a_loss_that_is_not_a_number(data: Path, alignments: Path, tmp_path: Path) -> None:
    values: dict[str, Any] = {"learning_rate": 1e30, "gradient_clipping": 0.0}
    with pytest.raises(TrainingError, match=r"epoch 1, step \d+: the (loss|norm of the gradient) is (nan|inf)"):
        train(run_config(tmp_path / "run", data, alignments, training=values))
    assert not (tmp_path / "run" / "final.safetensors").exists()


def test_other_features_than_the_models(data: Path, alignments: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="num_mel_bins is 40, but the acoustic models read 64"):
        run_config(tmp_path / "run", data, alignments, features={"num_mel_bins": 40})


def test_held_out_data_is_not_trained_on(
    data: Path, alignments: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"), pytest.raises(DataError, match="every utterance is also in"):
        train(run_config(tmp_path / "run", data, alignments, data={"valid": data}))
    assert "24 are held out" in caplog.text.replace("utterances ", "")


def test_an_unfinished_experiment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not an experiment"):
        Experiment.load(tmp_path)


@pytest.mark.parametrize(("checkpoint", "error"), [("epoch9", DataError), ("newest", ConfigError)])
def test_unknown_checkpoints_are_refused(experiment: Path, checkpoint: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Experiment.load(experiment, checkpoint)


def test_a_bad_recording_is_dropped_and_named(
    data: Path, alignments: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spoiled = tmp_path / "data"
    shutil.copytree(data, spoiled)
    first, *others = (spoiled / "wav.scp").read_text().splitlines(keepends=True)
    name = first.split()[0]
    (spoiled / "wav.scp").write_text("".join([f"{name} {tmp_path}/gone.wav\n", *others]))
    values = {"max_loss": 0.1, "valid_share": 0.0}
    train(run_config(tmp_path / "run", spoiled, alignments, data=values, training={"epochs": 1}))
    assert (tmp_path / "run" / "final.safetensors").exists()
    assert f"chunks: dropped {name}: {tmp_path}/gone.wav: no such audio file" in caplog.text
    assert f"1 no such audio file, first {name}" in caplog.text
    with pytest.raises(DataError, match=r"above the allowed 0\.0% of 24 utterances"):
        train(run_config(tmp_path / "strict", spoiled, alignments, data={**values, "max_loss": 0.0}))
    assert not (tmp_path / "strict" / "final.safetensors").exists()


def binarized_run(directory: Path, data: Path, alignments: Path, source: Path, epochs: int = 2) -> TrainingState:
    """Train the second stage of ``source``."""
    values = {"epochs": epochs, "checkpoint_interval": 1}
    return train(run_config(directory, data, alignments, source, binarize={"keep": ["stem"]}, training=values))


@pytest.fixture(scope="module")
def binarized(experiment: Path, data: Path, alignments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("patterns") / "run"
    binarized_run(directory, data, alignments, experiment)
    return directory


def test_a_second_stage_trains_patterns(experiment: Path, binarized: Path) -> None:
    source, result = Experiment.load(experiment).model, Experiment.load(binarized).model
    assert isinstance(result.get_submodule("stem.conv"), torch.nn.Conv2d)
    head, pattern = source.get_submodule("head.conv"), result.get_submodule("head.conv")
    assert isinstance(head, torch.nn.Conv2d) and isinstance(pattern, PatternConv2d)
    assert torch.equal(pattern.signs > 0, head.weight >= 0)
    start = head.weight.abs().mean((1, 2, 3))
    assert not torch.equal(pattern.scales, start) and not torch.equal(
        result.get_parameter(OUTPUT), source.get_parameter(OUTPUT)
    )
    torch.testing.assert_close(pattern.scales.detach(), start.detach(), rtol=0.2, atol=0)
    weights = (experiment / "final.safetensors").stat().st_size, (binarized / "final.safetensors").stat().st_size
    assert weights[1] < 0.4 * weights[0]


def test_the_second_stage_resumes_exactly(
    experiment: Path, binarized: Path, data: Path, alignments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted after the second batch of the second epoch, and started again."""
    step, directory = Optimization.step, tmp_path / "run"
    steps = sum(json.loads(line)["kind"] == "step" for line in (binarized / "metrics.jsonl").read_text().splitlines())
    assert steps >= 2

    class InterruptionError(Exception):
        pass

    def interrupted(self: Optimization, *args: Any) -> StepResult:
        if (directory / "checkpoints" / "epoch01.safetensors").exists() and read_state(last(directory)).batch == 2:
            raise InterruptionError
        return step(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Optimization, "step", interrupted)
        with pytest.raises(InterruptionError):
            binarized_run(directory, data, alignments, experiment)
    assert not (directory / "final.safetensors").exists()
    binarized_run(directory, data, alignments, experiment)
    for name in ("checkpoints/last.safetensors", "final.safetensors"):
        whole, parts = load_weights(binarized / name)[0], load_weights(directory / name)[0]
        assert whole.keys() == parts.keys()
        assert all(torch.equal(whole[key], parts[key]) for key in whole)


def last(directory: Path) -> Path:
    return directory / "checkpoints" / "last.safetensors"


def test_patterns_are_not_trained_in_float_nor_made_again(
    binarized: Path, data: Path, alignments: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="but this run trains in float"):
        train(run_config(tmp_path / "run", data, alignments, binarized))
    with pytest.raises(ConfigError, match="is binarized already"):
        binarized_run(tmp_path / "run", data, alignments, binarized)
    assert not (tmp_path / "run" / "checkpoints").exists()
    sections = {"binarize": {"keep": ["stem"]}}
    train(run_config(tmp_path / "more", data, alignments, binarized, model=sections, training={"epochs": 1}))
    assert Experiment.load(tmp_path / "more").description.model.patterns == BinarizeConfig(("stem",))


def test_an_average_of_epochs_keeps_the_signs(binarized: Path) -> None:
    path = prepare_checkpoint(binarized, "average1-2")
    one, average = (load_weights(file)[0] for file in (binarized / "checkpoints" / "epoch01.safetensors", path))
    assert all(torch.equal(one[name], average[name]) for name in one if name.endswith(".patterns"))
    Experiment.load(binarized, "average1-2")


def test_signs_are_trained(experiment: Path, data: Path, alignments: Path, tmp_path: Path) -> None:
    """The checkpoints have floats, and load as patterns; the final weights are packed."""
    stage = {"keep": ["stem"], "signs": "trained"}
    values = {"epochs": 2, "learning_rate": 0.05}
    train(run_config(tmp_path / "run", data, alignments, experiment, binarize=stage, training=values))
    final = Experiment.load(tmp_path / "run")
    assert final.description.model.patterns == BinarizeConfig(("stem",))
    epoch = Experiment.load(tmp_path / "run", final.origin.replace(" ", ""))
    planes = torch.randn(1, 3, 64, 60)
    assert torch.equal(final.model(planes), epoch.model(planes))
    assert epoch.weights.stat().st_size > 2 * final.weights.stat().st_size
    head = Experiment.load(experiment).model.get_submodule("head.conv")
    pattern = final.model.get_submodule("head.conv")
    assert isinstance(head, torch.nn.Conv2d) and isinstance(pattern, PatternConv2d)
    assert 0 < ((pattern.signs > 0) != (head.weight >= 0)).float().mean() < 0.5
    Experiment.load(tmp_path / "run", prepare_checkpoint(tmp_path / "run", "average1-2").stem.replace("0", ""))
