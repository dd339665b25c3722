"""The threshold of a cascade: its folder is an experiment for every command, and its curve ends at the two models."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blasr.cli.main import main
from blasr.data.data_dir import DataDir
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.inference import Bundle, LiveRecognizer
from blasr.inference.config import CascadeConfig, ScoringConfig
from blasr.io.kaldi.tables import read_matrices
from blasr.lattices.config import PathWeights
from blasr.pipeline.cascade import CascadeExperiment, CascadeTuneConfig, WordTask, evaluate_cascade, tune_cascade
from blasr.pipeline.decode_inputs import DecodePaths
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.tuning_references import TranscriptReference
from tests.pipeline.cascade.pairs import write_data, write_little
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture

CONFIG = CascadeTuneConfig(
    max_degradation=20.0,
    cascade=CascadeConfig(chunk_frames=30),
    prior_scale=0.5,
    num_thresholds=4,
    timed_utterances=1,
)


@pytest.fixture(scope="module")
def little(system: System, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_little(system, tmp_path_factory.mktemp("little") / "exp")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("cascade") / "dev")


def word_task(system: System, data: Path) -> WordTask:
    paths = DecodePaths(system.graph, lang=system.lang)
    return WordTask(paths, TranscriptReference.read(data / "text"), PathWeights(10.0, 0.0))


def pair(little: Path, system: System) -> tuple[Experiment, Experiment]:
    return Experiment.load(little), Experiment.load(system.experiment)


@pytest.fixture(scope="module")
def tuned(system: System, little: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cascade that was tuned on frames and then set to pass on about half of them."""
    out = tmp_path_factory.mktemp("tuned") / "cascade"
    measured = tune_cascade(*pair(little, system), DataDir.read(data), out, CONFIG, word_task(system, data))
    rows = list(csv.DictReader((out / "curve.csv").open(encoding="utf-8")))
    assert len(rows) == len(measured.curve.points) >= 4
    assert float(rows[0]["threshold"]) == 0 and float(rows[-1]["threshold"]) > 1
    assert float(rows[0]["share_passed_on"]) == 0 and float(rows[-1]["share_of_big_macs"]) == 1
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")
    half = min(measured.curve.points, key=lambda point: abs(point.share_passed_on - 0.5))
    path = out / "cascade.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"threshold: {measured.chosen.threshold}", f"threshold: {half.threshold}"))
    return out


def dumped(out: Path) -> dict[str, np.ndarray]:
    return dict(read_matrices(f"scp:{out}/loglikes.scp"))


def test_its_log_likelihoods_are_those_of_its_models(
    system: System, little: Path, data: Path, tuned: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    found = {}
    for name, folder in (("little", little), ("big", system.experiment), ("cascade", tuned)):
        options = ["--experiment", str(folder), "--data", str(data), "--prior-scale", "0.5", "--device", "cpu"]
        assert main(["dump", *options, "--out", str(tmp_path / name)]) == 0
        found[name] = dumped(tmp_path / name)
    assert "frames from the big model" in caplog.text
    experiment = CascadeExperiment.load(tuned)
    scorer = experiment.scorer(ScoringConfig(0.5))
    posteriors = scorer.posteriors_for_data(DataDir.read(data))
    for utterance in DataDir.read(data).utterances:
        passed_on = posteriors(utterance).passed_on
        assert passed_on is not None
        big, few, both = (found[name][utterance.id] for name in ("big", "little", "cascade"))
        np.testing.assert_allclose(both[passed_on], big[passed_on], rtol=1e-5, atol=1e-3)
        np.testing.assert_array_equal(both[~passed_on], few[~passed_on])
    assert 0.2 < scorer.usage.passed_on / scorer.usage.frames < 0.8
    manifest = json.loads((tmp_path / "cascade" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["cascade"]["threshold"] == experiment.cascade.threshold


def test_decode_tune_bundle_and_transcribe_take_it(
    system: System, data: Path, tuned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = ["--experiment", str(tuned), "--device", "cpu"]
    graph = ["--graph", str(system.graph), "--lang", str(system.lang)]
    assert main(["dump", *network, "--data", str(data), "--out", str(tmp_path / "dump")]) == 0
    loglikes = ["--loglikes", f"scp:{tmp_path}/dump/loglikes.scp", "--model", str(tuned / "final.mdl")]
    assert main(["decode", *graph, *loglikes, "--out", str(tmp_path / "first")]) == 0
    assert main(["decode", *graph, *network, "--data", str(data), "--out", str(tmp_path / "second")]) == 0
    texts = [(tmp_path / name / "best_path.txt").read_text(encoding="utf-8") for name in ("first", "second")]
    assert texts[0] == texts[1]
    scales = ["--prior-scales", "0.5,1", "--lm-weights", "10", "--word-ins-penalties", "0"]
    tuning = ["--data", str(data), "--out", str(tmp_path / "setting.json")]
    assert main(["tune", *network, *graph, *tuning, *scales]) == 0
    assert main(["bundle", "--experiment", str(tuned), *graph, "--out", str(tmp_path / "bundle")]) == 0
    capsys.readouterr()
    assert main(["transcribe", "--bundle", str(tmp_path / "bundle"), str(data / "u0.wav"), "--device", "cpu"]) == 0
    words = capsys.readouterr().out.split()[1:]
    assert words == dict(line.split(" ", 1) for line in texts[0].splitlines())["u0"].split()
    with pytest.raises(DataError, match="is a cascade of two networks"):
        LiveRecognizer(Bundle.read(tmp_path / "bundle"))
    (tmp_path / "bundle" / "little" / "priors.vec").write_text(" [ 1 ]\n")
    assert main(["transcribe", "--bundle", str(tmp_path / "bundle"), str(data / "u0.wav"), "--device", "cpu"]) == 1
    assert "priors.vec" in capsys.readouterr().err
    assert main(["transcribe", "--experiment", str(tuned), str(data / "u0.wav"), "--device", "cpu"]) == 0


def test_the_ends_of_the_curve_are_the_models(system: System, little: Path, data: Path, tmp_path: Path) -> None:
    task = word_task(system, data)
    measured = tune_cascade(*pair(little, system), DataDir.read(data), tmp_path / "out", CONFIG, task)
    for folder, point in ((little, measured.curve.little), (system.experiment, measured.curve.big)):
        out = tmp_path / folder.name
        options = ["--experiment", str(folder), "--prior-scale", "0.5", "--data", str(data), "--no-determinize"]
        graph = ["--graph", str(system.graph), "--lang", str(system.lang), "--device", "cpu", "--out", str(out)]
        assert main(["decode", *options, *graph]) == 0
        report = ["--json", str(out / "score.json"), "--words", str(system.lang / "words.txt")]
        weights = ["--lm-weights", "10", "--word-ins-penalties", "0"]
        assert main(["score", "text", "--ref", str(data / "text"), "--lattices", str(out), *report, *weights]) == 0
        score = json.loads((out / "score.json").read_text(encoding="utf-8"))
        counts = point.total
        errors = (counts.insertions, counts.deletions, counts.substitutions)
        assert errors == (score["insertions"], score["deletions"], score["substitutions"])
    chosen, best = measured.chosen, measured.curve.big.total.wer
    assert chosen.total.wer <= best + 20.0
    cheaper = [point for point in measured.curve.points if point.usage.macs < chosen.usage.macs]
    assert all(point.total.wer > best + 20.0 for point in cheaper)
    report = json.loads((tmp_path / "out" / "cascade.json").read_text(encoding="utf-8"))
    assert report["chosen"]["threshold"] == chosen.threshold and report["measure"] == "WER"
    assert report["chosen"]["loss_low"] <= report["chosen"]["loss_points"] <= report["chosen"]["loss_high"]
    assert report["seconds"]["inputs"] == 1


def test_without_a_graph_frames_are_compared(system: System, little: Path, data: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, picture=False, cascade=CascadeConfig(unit="utterance", confidence="entropy"))
    measured = tune_cascade(*pair(little, system), DataDir.read(data), tmp_path / "out", config)
    assert measured.curve.measure == "frame disagreement"
    assert measured.curve.big.total.errors == 0 < measured.curve.little.total.errors
    assert not (tmp_path / "out" / "curve.png").exists()
    experiment = CascadeExperiment.load(tmp_path / "out")
    assert experiment.cascade == replace(config.cascade, threshold=measured.chosen.threshold)
    again = evaluate_cascade(experiment, DataDir.read(data), config, out=tmp_path / "test")
    assert again.chosen.counts == measured.chosen.counts and again.chosen.usage == measured.chosen.usage
    assert len(again.curve.points) == len(measured.curve.points)


def test_the_lattice_may_decide(system: System, little: Path, data: Path, tmp_path: Path) -> None:
    cascade = CascadeConfig(unit="utterance", confidence="lattice")
    config = replace(CONFIG, picture=False, cascade=cascade)
    with pytest.raises(MismatchError, match="needs a graph"):
        tune_cascade(*pair(little, system), DataDir.read(data), tmp_path / "out", config)
    measured = tune_cascade(
        *pair(little, system), DataDir.read(data), tmp_path / "out", config, word_task(system, data)
    )
    assert len(measured.curve.points) > 2
    options = ["--experiment", str(tmp_path / "out"), "--data", str(data), "--device", "cpu"]
    assert main(["dump", *options, "--out", str(tmp_path / "dump")]) == 0
    assert main(["transcribe", "--experiment", str(tmp_path / "out"), str(data / "u0.wav"), "--device", "cpu"]) == 0


def test_mistakes(system: System, little: Path, data: Path, tuned: Path, tmp_path: Path) -> None:
    big, out = Experiment.load(system.experiment), tmp_path / "out"
    with pytest.raises(DataError, match=r"both models have the same frame disagreement on each of 4 utterances"):
        tune_cascade(big, big, DataDir.read(data), out, replace(CONFIG, picture=False))
    cascade = Experiment.load(tuned)
    assert isinstance(cascade, CascadeExperiment)
    with pytest.raises(DataError, match="is a cascade; the evaluation would replace"):
        evaluate_cascade(cascade, DataDir.read(data), replace(CONFIG, picture=False), out=tuned)
    with pytest.raises(ConfigError, match="is a cascade itself"):
        tune_cascade(Experiment.load(tuned), big, DataDir.read(data), out, CONFIG)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes").write_text("mine")
    with pytest.raises(DataError, match="contains other files"):
        tune_cascade(*pair(little, system), DataDir.read(data), tmp_path / "other", CONFIG)
    with pytest.raises(ConfigError, match="a cascade has no checkpoint epoch3"):
        Experiment.load(tuned, "epoch3")
    assert not out.exists()
