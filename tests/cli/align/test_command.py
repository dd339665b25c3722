"""``blasr align`` through the program's own entry point."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from blasr.cli.main import main
from blasr.features.config import FeatureConfig
from blasr.graph.config import LangConfig
from blasr.graph.lang_writing import make_lang
from blasr.hmm.transition_model import read_transition_model
from blasr.hmm.tree import read_tree
from blasr.inference import PriorConfig, Priors
from blasr.io.kaldi.alignments import read_alignments
from blasr.lexicon.pronunciations import Pronunciation
from blasr.models import AcousticModelConfig, build_acoustic_model
from blasr.pipeline.experiment import ModelDescription, write_final

RATE = 8000
SHORT = [
    "--nj", "1",
    "--set", "monophone.num_iters=6", "--set", "monophone.max_iter_inc=3", "--set", "monophone.totgauss=40",
    "--set", "triphone.num_iters=4", "--set", "triphone.max_iter_inc=2", "--set", "triphone.totgauss=60",
    "--set", "triphone.num_leaves=30", "--set", "triphone.split_threshold=100",
]  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``data`` and ``lang``: two words of two tones each."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "data").mkdir()
    lexicon = [
        Pronunciation("HILO", ("HI", "LO")),
        Pronunciation("LOHI", ("LO", "HI")),
        Pronunciation("<UNK>", ("SPN",)),
    ]
    make_lang(lexicon, folder / "lang", LangConfig(silence_phones=["SIL", "SPN"], oov="<UNK>"))
    random = np.random.default_rng(0)
    tables: dict[str, list[str]] = {"wav.scp": [], "utt2spk": [], "text": []}
    for number in range(16):
        name, word = f"s-{number:02d}", ("HILO", "LOHI")[number % 2]
        pieces = []
        for tone in (0.0, *((2200.0, 600.0) if word == "HILO" else (600.0, 2200.0)), 0.0):
            length = int(random.integers(1000, 1800))
            wave = 0.3 * np.sin(2 * np.pi * tone * np.arange(length) / RATE)
            pieces.append(wave + random.normal(0, 0.01, length))
        soundfile.write(folder / "data" / f"{name}.wav", np.concatenate(pieces), RATE, subtype="PCM_16")
        tables["wav.scp"].append(f"{name} {folder}/data/{name}.wav\n")
        tables["utt2spk"].append(f"{name} s\n")
        tables["text"].append(f"{name} {word}\n")
    for name, rows in tables.items():
        (folder / "data" / name).write_text("".join(rows))
    return folder


@pytest.fixture(scope="module")
def trained(corpus: Path) -> Path:
    assert main(["align", *_inputs(corpus), *SHORT, "--out", str(corpus / "tri")]) == 0
    return corpus / "tri"


def _inputs(corpus: Path) -> list[str]:
    return ["--data", str(corpus / "data"), "--lang", str(corpus / "lang")]


def test_flat_start(trained: Path) -> None:
    assert read_tree(trained / "tree").context_width == 3
    assert len(list(read_alignments(trained))) == 16


def test_monophones_only(corpus: Path, tmp_path: Path) -> None:
    assert main(["align", *_inputs(corpus), *SHORT, "--mono-only", "--out", str(tmp_path / "mono")]) == 0
    assert read_tree(tmp_path / "mono" / "tree").context_width == 1


def test_a_configuration_file(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "align.yaml").write_text("monophone: {num_iters: 2, totgauss: 30}\nfeatures: {num_ceps: 10}\nnj: 1\n")
    arguments = ["align", *_inputs(corpus), "--config", str(tmp_path / "align.yaml"), "--mono-only"]
    assert main([*arguments, "--out", str(tmp_path / "mono")]) == 0
    assert "num_ceps: 10" in (tmp_path / "mono" / "mfcc.yaml").read_text()


def test_realignment_with_gmms(corpus: Path, trained: Path, tmp_path: Path) -> None:
    assert main(["align", *_inputs(corpus), "--gmm", str(trained), "--out", str(tmp_path / "ali")]) == 0
    before, after = dict(read_alignments(trained)), dict(read_alignments(tmp_path / "ali"))
    assert np.mean(np.concatenate([before[name] == after[name] for name in before])) > 0.99


def test_realignment_with_a_network(
    corpus: Path, trained: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    transitions = read_transition_model(trained / "final.mdl")
    torch.manual_seed(0)
    config = AcousticModelConfig(name="bl_resnet22_a2b3", width=0.0625)
    network = build_acoustic_model(config.name, num_pdfs=transitions.num_pdfs, width=config.width)
    experiment = tmp_path / "exp"
    experiment.mkdir()
    priors = Priors.from_counts(np.ones(transitions.num_pdfs, dtype=np.int64), PriorConfig(), "test")
    description = ModelDescription(config, transitions.num_pdfs, FeatureConfig(), "untrained")
    write_final(experiment, description, network.state_dict(), priors)
    caplog.set_level("INFO")
    arguments = ["align", *_inputs(corpus), "--experiment", str(experiment), "--device", "cpu"]
    assert main([*arguments, "--gmm", str(trained), "--out", str(tmp_path / "ali")]) == 0
    for name, alignment in read_alignments(tmp_path / "ali"):
        phones = [phone for phone in dict.fromkeys(transitions.phones(alignment).tolist()) if phone > 2]
        assert phones == ([3, 4] if int(name[2:]) % 2 == 0 else [4, 3])
    assert main([*arguments, "--out", str(tmp_path / "without")]) == 2
    assert f"aligning with {experiment}, prior scale 1" in caplog.text
    setting = {"lm_weight": 10, "word_insertion_penalty": 0, "checkpoint": "final", "prior_scale": 0.25}
    (experiment / "setting.json").write_text(json.dumps(setting))
    assert main([*arguments, "--gmm", str(trained), "--out", str(tmp_path / "tuned")]) == 0
    assert f"checkpoint final and prior scale 0.25, from {experiment}/setting.json" in caplog.text
    assert f"aligning with {experiment}, prior scale 0.25" in caplog.text


@pytest.mark.parametrize(
    ("extra", "status", "message"),
    [
        (["--set", "monofone.num_iters=3"], 2, "did you mean monophone?"),
        (["--set", "triphone.num_leaves=0"], 2, "num_leaves"),
        (["--mono-only", "--gmm", "exp/none"], 2, "--mono-only belongs to the flat start"),
        (["--gmm", "exp/none"], 1, "exp/none"),
        (["--set", "features.sample_rate=16000"], 1, "16000"),
    ],
)
def test_mistakes_are_one_message(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str], status: int, message: str
) -> None:
    assert main(["align", *_inputs(corpus), *extra, "--out", str(tmp_path / "out")]) == status
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_an_empty_data_directory(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir()
    for name in ("wav.scp", "utt2spk", "text"):
        (tmp_path / "data" / name).write_text("")
    arguments = ["align", "--data", str(tmp_path / "data"), "--lang", str(corpus / "lang")]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 1
    assert str(tmp_path / "data") in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
