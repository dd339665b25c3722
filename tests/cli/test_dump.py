"""``blasr dump``: archives of a network and of GMMs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blasr.align.gmm_likelihoods import write_feature_config
from blasr.cli.main import main
from blasr.features.config import MfccConfig
from blasr.hmm.model_file import write_model
from blasr.hmm.topology import make_topology
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import monophone_tree
from blasr.io.kaldi.tables import read_matrices
from blasr.pipeline.experiment import Experiment
from blasr.pipeline.train import train
from tests.pipeline.conftest import alignments, data, run_config
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["alignments", "data", "system"]  # fixtures


@pytest.fixture(scope="module")
def experiment(data: Path, alignments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("exp") / "run"
    train(run_config(directory, data, alignments, training={"epochs": 1}))
    return directory


def command(experiment: Path, data: Path, out: Path, *more: str) -> list[str]:
    return ["dump", "--experiment", str(experiment), "--data", str(data), "--device", "cpu", *more, "--out", str(out)]


def test_dump_of_a_network(experiment: Path, data: Path, tmp_path: Path) -> None:
    assert main(command(experiment, data, tmp_path / "one", "--prior-scale", "1")) == 0
    assert main(command(experiment, data, tmp_path / "none", "--prior-scale", "0")) == 0
    assert main(command(experiment, data, tmp_path / "workers", "--nj", "2")) == 0
    log_priors = Experiment.load(experiment).priors.log
    posteriors = dict(read_matrices(tmp_path / "none" / "loglikes.ark"))
    in_workers = dict(read_matrices(tmp_path / "workers" / "loglikes.ark"))
    assert len(posteriors) == len(in_workers) == 24
    for name, matrix in read_matrices(f"scp:{tmp_path}/one/loglikes.scp"):
        np.testing.assert_allclose(np.exp(posteriors[name]).sum(axis=1), 1, atol=1e-4)
        np.testing.assert_allclose(matrix, posteriors[name] - log_priors, rtol=1e-5, atol=1e-4)
        np.testing.assert_array_equal(matrix, in_workers[name])  # one thread computes each product
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    assert manifest["priors"]["scale"] == 1
    assert manifest["weights"]["sha256"] == Experiment.load(experiment).fingerprint()
    assert manifest["utterances"] == {"asked": 24, "written": 24, "dropped": {}}


def test_a_decoders_model_of_another_size_is_refused_first(
    experiment: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = TransitionModel.from_tree(monophone_tree([[1]], {1: 3}), make_topology([1], []))
    write_model(tmp_path / "other.mdl", model)
    assert main(command(experiment, data, tmp_path / "out", "--model", str(tmp_path / "other.mdl"))) == 1
    error = capsys.readouterr().err
    assert "144 in the output layer" in error
    assert f"3 in {tmp_path}/other.mdl" in error
    assert not (tmp_path / "out").exists()


def test_a_missing_recording_leaves_nothing(
    experiment: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "data"
    shutil.copytree(data, broken)
    lines = (data / "wav.scp").read_text().splitlines()
    (broken / "wav.scp").write_text("\n".join([*lines[:-1], lines[-1].split()[0] + " absent.wav"]) + "\n")
    assert main([*command(experiment, broken, tmp_path / "out"), "--max-loss", "0"]) == 1
    error = capsys.readouterr().err
    assert "absent.wav" in error and "theo-9-07" in error
    assert list(tmp_path.glob("out/*")) == []


def test_dump_of_gmms(golden: Path, data: Path, tmp_path: Path) -> None:
    model = tmp_path / "gmm"
    model.mkdir()
    shutil.copyfile(golden / "fsdd_tri1" / "final.mdl", model / "final.mdl")
    write_feature_config(model, MfccConfig())
    assert main(["dump", "--gmm", str(model), "--data", str(data), "--out", str(tmp_path / "out")]) == 0
    matrices = dict(read_matrices(tmp_path / "out" / "loglikes.ark"))
    assert len(matrices) == 24
    assert all(matrix.shape[1] == 144 for matrix in matrices.values())
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["values"].startswith("log p(x|s)")


@pytest.mark.parametrize("option", ["--cmvn=x", "--model=x", "--prior-scale=0.5", "--precision=bfloat16"])
def test_options_of_a_network_are_not_for_gmms(
    option: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dump", "--gmm", str(tmp_path), "--data", str(data), "--out", str(tmp_path / "out"), option]) != 0
    assert f"{option.partition('=')[0]} is for a network" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_experiment_or_gmms(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["dump", "--data", str(data), "--out", str(tmp_path / "out")])


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory of 6 utterances for the small system."""
    folder = tmp_path_factory.mktemp("speech")
    names = [f"a-{number}" for number in range(6)]
    for number, name in enumerate(names):
        write_audio(folder / f"{name}.wav", babble(1 + number % 3, number))
    (folder / "wav.scp").write_text("".join(f"{name} {folder}/{name}.wav\n" for name in names))
    (folder / "utt2spk").write_text("".join(f"{name} a\n" for name in names))
    return folder


def piped(system: System, speech: Path, *more: str, reader: str = "cat") -> tuple[bytes, str, list[int]]:
    """Run the dump to ``ark:-`` in a shell's pipe; return the reader's output, stderr, and both exit statuses."""
    words = command(system.experiment, speech, Path("ark:-"), *more)
    shell = f'"$@" | {reader}; echo "${{PIPESTATUS[@]}}" >&2'
    line = ["bash", "-c", shell, "bash", sys.executable, "-m", "blasr.cli", *words]
    done = subprocess.run(line, capture_output=True, check=True, timeout=300)
    *messages, statuses = done.stderr.decode().splitlines()
    return done.stdout, "\n".join(messages), [int(status) for status in statuses.split()]


def test_a_pipe_has_the_archive_and_nothing_else(system: System, speech: Path, tmp_path: Path) -> None:
    assert main(command(system.experiment, speech, tmp_path / "files")) == 0
    archive, messages, statuses = piped(system, speech, "--nj", "2")
    assert archive == (tmp_path / "files" / "loglikes.ark").read_bytes()
    assert "dump: 6 utterances in -> 6 kept -> 0 dropped" in messages
    assert statuses == [0, 0]


def test_a_reader_that_stops_early_is_no_traceback(system: System, speech: Path) -> None:
    archive, messages, statuses = piped(system, speech, reader="head -c 1000")
    assert (len(archive), messages, statuses) == (1000, "", [141, 0])


def test_a_loss_ends_a_pipe_with_an_error(system: System, speech: Path, tmp_path: Path) -> None:
    broken = tmp_path / "data"
    shutil.copytree(speech, broken)
    text = (broken / "wav.scp").read_text().replace("a-3.wav", "absent.wav")
    (broken / "wav.scp").write_text(text)
    cmvn = tmp_path / "cmvn.ark"
    shutil.copyfile(statistics(speech, tmp_path), cmvn)
    manifest = tmp_path / "manifest.json"
    manifest.write_text("of another dump")
    _, messages, statuses = piped(system, broken, "--cmvn", f"{cmvn}", "--max-loss", "0.1", "--manifest", str(manifest))
    assert statuses == [1, 0]
    assert "above the allowed 10.0% of 6 utterances" in messages
    assert not manifest.exists()


def statistics(speech: Path, folder: Path) -> Path:
    """The statistics of the speaker, so that the missing recording is only noticed when it is scored."""
    assert main(["data", "cmvn", str(speech), "--out", str(folder / "cmvn")]) == 0
    return next((folder / "cmvn").glob("*.ark"))


def test_an_archive_and_a_script_with_a_manifest(system: System, speech: Path, tmp_path: Path) -> None:
    out, manifest = f"ark,scp:{tmp_path}/x/x.ark,{tmp_path}/x/x.scp", tmp_path / "m.json"
    words = ["--manifest", str(manifest), "--compress"]
    assert main([*command(system.experiment, speech, tmp_path, *words)[:-1], out]) == 0
    assert main(command(system.experiment, speech, tmp_path / "files")) == 0
    values = json.loads(manifest.read_text())
    assert values["complete"] is True and values["bytes_per_value"] == 2
    assert values["utterances"] == {"asked": 6, "written": 6, "dropped": {}}
    floats = dict(read_matrices(tmp_path / "files" / "loglikes.ark"))
    for name, matrix in read_matrices(f"scp:{tmp_path}/x/x.scp"):
        assert np.abs(matrix - floats[name]).max() < np.ptp(floats[name]) / 125_000


def test_outputs_that_cannot_be_written(
    system: System, speech: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    for out, message in (
        ("/dev/full", "/dev/full: is a file, expected a directory"),
        ("ark:/dev/full", "/dev/full: cannot be written: No space left on device"),
        (f"ark:{tmp_path}/x.ark", "manifest.json: belongs to a dump in this folder"),
        (f"ark:{speech}/x.ark", "--out"),
        ("ark:| cat", "runs commands only if they are allowed"),
    ):
        assert main([*command(system.experiment, speech, tmp_path)[:-1], out]) != 0
        error = capsys.readouterr().err
        assert message in error and error.count("blasr dump: error: ") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json"]
