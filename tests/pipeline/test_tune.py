"""Tuning: its errors are those of dump, decode and score, and no pair is decoded twice."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from blasr.cli.main import main
from blasr.data.data_dir import DataDir
from blasr.errors import DataError
from blasr.pipeline.decode_inputs import DecodePaths
from blasr.pipeline.tune import TuneConfig, Tuning, tune
from blasr.pipeline.tuned_setting import TunedSetting
from blasr.pipeline.tuning_references import TranscriptReference
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture

CONFIG = TuneConfig(prior_scales=(0.0, 0.6), lm_weights=(2.0, 10.0), word_insertion_penalties=(0.0, 4.0))


@pytest.fixture
def experiment(system: System, tmp_path: Path) -> Path:
    """The untrained network, and two epochs of it that differ."""
    folder = tmp_path / "exp"
    shutil.copytree(system.experiment, folder)
    (folder / "checkpoints").mkdir()
    weights = load_file(folder / "final.safetensors")
    for epoch in (1, 2):
        generator = torch.Generator().manual_seed(epoch)
        changed = dict(weights)
        changed["output.bias"] = weights["output.bias"] + torch.randn(weights["output.bias"].shape, generator=generator)
        save_file(changed, folder / "checkpoints" / f"epoch{epoch:02d}.safetensors", {"epoch": str(epoch)})
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "dev"
    folder.mkdir()
    files = [write_audio(tmp_path / f"u{number}.wav", babble(2, number)) for number in range(3)]
    (folder / "wav.scp").write_text("".join(f"{path.stem} {path}\n" for path in files))
    (folder / "utt2spk").write_text("".join(f"{path.stem} {path.stem}\n" for path in files))
    (folder / "text").write_text("u0 TEA TWO EAT\nu1 OAT OAT TEA\nu2 EAT TEA TWO TWO\n")
    return folder


def run(system: System, experiment: Path, data: Path, config: TuneConfig = CONFIG) -> Tuning:
    paths = DecodePaths(system.graph, lang=system.lang)
    reference = TranscriptReference.read(data / "text")
    return tune(experiment, DataDir.read(data), paths, reference, config=config)


def test_the_errors_are_those_of_dump_decode_and_score(
    system: System, experiment: Path, data: Path, tmp_path: Path
) -> None:
    tuning = run(system, experiment, data)
    assert [(trial.checkpoint, trial.prior_scale) for trial in tuning.trials] == [
        (checkpoint, scale) for checkpoint in ("epoch1", "epoch2") for scale in (0.0, 0.6)
    ]
    trial = tuning.trials[3]
    out, model = str(tmp_path / "out"), str(experiment / "final.mdl")
    network = ["--experiment", str(experiment), "--checkpoint", "epoch2", "--prior-scale", "0.6"]
    assert main(["dump", *network, "--data", str(data), "--out", out]) == 0
    graph = ["--graph", str(system.graph), "--lang", str(system.lang), "--model", model]
    assert main(["decode", *graph, "--no-determinize", "--loglikes", f"scp:{out}/loglikes.scp", "--out", out]) == 0
    for setting, counts in trial.counts.items():
        (tmp_path / "frozen.json").write_text(
            json.dumps({"lm_weight": setting.lm_weight, "word_insertion_penalty": setting.word_insertion_penalty})
        )
        words = ["--words", str(system.lang / "words.txt"), "--setting", str(tmp_path / "frozen.json")]
        report = ["--json", str(tmp_path / "score.json")]
        assert main(["score", "text", "--ref", str(data / "text"), "--lattices", out, *words, *report]) == 0
        found = json.loads((tmp_path / "score.json").read_text(encoding="utf-8"))
        assert (found["insertions"], found["deletions"], found["substitutions"]) == (
            counts.insertions,
            counts.deletions,
            counts.substitutions,
        )
    assert len({counts for one in tuning.trials for counts in one.counts.values()}) > 4  # the settings matter
    written = TunedSetting.read(experiment / "setting.json")
    assert (written.checkpoint, written.prior_scale) == (tuning.chosen.checkpoint, tuning.chosen.prior_scale)
    assert written.path_weights == tuning.path_weights
    assert tuning.chosen.counts[tuning.path_weights].errors == min(one.fewest for one in tuning.trials)


def test_only_new_pairs_are_decoded(
    system: System, experiment: Path, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    first = run(system, experiment, data, replace(CONFIG, workers=2, checkpoints=("epoch1",)))
    caplog.clear()
    more = run(system, experiment, data, replace(CONFIG, prior_scales=(0.0, 0.6, 1.0)))
    assert "epoch1: 2 of 3 prior scales kept from" in caplog.text
    assert "tune, epoch1: 3 utterances in -> 3 kept -> 0 dropped, at 1 prior scales" in caplog.text
    assert "tune, epoch2: 3 utterances in -> 3 kept -> 0 dropped, at 3 prior scales" in caplog.text
    assert more.trials[:2] == first.trials
    caplog.clear()
    (data / "text").write_text("u0 TEA\nu1 OAT\nu2 EAT\n")
    run(system, experiment, data, replace(CONFIG, checkpoints=("epoch1",)))
    assert "at 2 prior scales" in caplog.text  # other references, other errors


def test_the_checkpoint_can_be_chosen_first(system: System, experiment: Path, data: Path) -> None:
    tuning = run(system, experiment, data, replace(CONFIG, first_prior_scale=0.6))
    pairs = [(trial.checkpoint, trial.prior_scale) for trial in tuning.trials]
    assert pairs[:2] == [("epoch1", 0.6), ("epoch2", 0.6)]
    best = min(tuning.trials[:2], key=lambda trial: trial.fewest)
    assert pairs[2:] == [(best.checkpoint, 0.0)]


def test_references_are_compared_before_anything_is_decoded(system: System, experiment: Path, data: Path) -> None:
    (data / "text").write_text("u0 TEA TWO EAT\n")
    with pytest.raises(DataError, match="2 of 3 hypotheses have no reference"):
        run(system, experiment, data)
    assert not (experiment / "setting.json").exists() and not (experiment / "setting_trials").exists()


def test_lost_utterances_are_counted(system: System, experiment: Path, data: Path) -> None:
    write_audio(Path(data.parent / "u1.wav"), babble(0.01, 0))
    with pytest.raises(DataError, match=r"above the allowed 5\.0%"):
        run(system, experiment, data)
    assert not (experiment / "setting.json").exists()
    tuning = run(system, experiment, data, replace(CONFIG, max_loss=0.5))
    assert all(counts.deletions >= 3 for trial in tuning.trials for counts in trial.counts.values())
