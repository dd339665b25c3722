"""Making bundles: what must agree is compared first, and nothing else is replaced."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from blasr.data.data_dir import DataDir, Utterance
from blasr.decoding.config import DecoderConfig
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.features.cmvn import CmvnStats
from blasr.features.config import FeatureConfig
from blasr.features.deltas import stack_deltas
from blasr.features.extraction import pad_context
from blasr.features.fbank import LogMel
from blasr.features.online_cmvn import GLOBAL_CMVN, write_global_cmvn
from blasr.hmm.model_file import write_model
from blasr.hmm.topology import make_topology
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import monophone_tree
from blasr.inference.acoustic_scorer import AcousticScorer
from blasr.inference.bundle import FILES, Bundle
from blasr.inference.config import TranscriptionConfig
from blasr.inference.transcribe import Transcriber, load_bundle
from blasr.lattices.config import PathWeights
from blasr.lexicon.word_pieces import WHOLE_WORDS, WordJoiner
from blasr.nn import BinarizeConfig, Pointwise, binarize
from blasr.pipeline.bundle import BundleSettings, make_bundle
from blasr.pipeline.data_scorers import network_scorer
from blasr.pipeline.experiment import Experiment, write_final
from tests.pipeline.systems import System, babble, system, write_audio, write_system

__all__ = ["system"]  # a fixture


def test_a_bundle_stands_alone(system: System, tmp_path: Path) -> None:
    experiment = Experiment.load(system.experiment)
    decoder, setting = DecoderConfig(beam=9.0), PathWeights(12.0, -0.5)
    out = tmp_path / "bundle"
    make_bundle(experiment, system.graph, out, settings=BundleSettings(decoder, setting, 0.9))
    assert sorted(path.name for path in out.iterdir()) == sorted([*FILES, "bundle.yaml"])
    out.rename(tmp_path / "moved")
    bundle = Bundle.read(tmp_path / "moved")
    assert (bundle.config.decoder, bundle.config.setting, bundle.config.prior_scale) == (decoder, setting, 0.9)
    assert bundle.config.features == experiment.description.features
    assert bundle.config.origin == "experiment, epoch 0"
    assert (tmp_path / "moved" / "final.safetensors").read_bytes() == experiment.weights.read_bytes()
    assert not bundle.model.training
    assert str(tmp_path) not in (tmp_path / "moved" / "bundle.yaml").read_text()


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> System:
    """A recognizer with running statistics, and speech to collect the global ones from."""
    parts = write_system(tmp_path_factory.mktemp("online"), FeatureConfig(norm_vars=True, cmvn="online"))
    frames = LogMel(FeatureConfig())(torch.from_numpy(babble(6, 0) * 32768))
    write_global_cmvn(parts.experiment / GLOBAL_CMVN, CmvnStats.of(frames))
    return parts


def test_running_statistics_are_those_of_a_dump(online: System, tmp_path: Path) -> None:
    """A file, an utterance of a data directory, and frames that arrive in pieces have the same features."""
    experiment = Experiment.load(online.experiment)
    make_bundle(experiment, online.graph, tmp_path / "bundle")
    transcriber = load_bundle(tmp_path / "bundle")
    audio = write_audio(tmp_path / "one.wav", babble(3, 4))
    data = DataDir(tmp_path, (Utterance("one", "ann", "one"),), {"one": str(audio)})
    scorer, bundle = experiment.scorer(), Bundle.read(tmp_path / "bundle")
    again = AcousticScorer(bundle.model, bundle.config.features, bundle.priors, None, bundle.global_stats)
    expected = scorer.for_data(data)(data.utterances[0])
    np.testing.assert_array_equal(again.log_likelihoods(again.inputs_of_file(audio)), expected)
    samples, _ = data.read_audio(data.utterances[0])
    features, stream = scorer.compute_features(samples), scorer.online_cmvn()
    pieces = torch.cat([stream.normalize(piece) for piece in torch.split(features, 17)])
    inputs = pad_context(stack_deltas(pieces))
    np.testing.assert_allclose(scorer.log_likelihoods(inputs), expected, rtol=0, atol=1e-2)
    assert transcriber.transcribe(audio).seconds == 3.0
    with pytest.raises(ConfigError, match="leave out --same-speaker"):
        load_bundle(tmp_path / "bundle", TranscriptionConfig(same_speaker=True))
    with pytest.raises(ConfigError, match="normalized by online, not by speaker"):
        network_scorer(experiment, data, cmvn=tmp_path / "cmvn.ark")


def test_running_and_other_statistics_do_not_mix(system: System, online: System, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    make_bundle(Experiment.load(system.experiment), system.graph, out)
    manifest = (out / "bundle.yaml").read_text()
    (out / "bundle.yaml").write_text(manifest.replace("cmvn: speaker\n", "cmvn: online\n"))
    with pytest.raises(MismatchError, match=r"normalizes by online .*, but has no global_cmvn\.stats"):
        Bundle.read(out)
    with pytest.raises(ConfigError, match="normalized by speaker, not by running statistics"):
        Experiment.load(system.experiment).scorer().online_cmvn()
    shutil.copytree(online.experiment, tmp_path / "experiment")
    (tmp_path / "experiment" / GLOBAL_CMVN).unlink()
    with pytest.raises(DataError, match=r"global_cmvn\.stats: no such file"):
        Experiment.load(tmp_path / "experiment")


def test_only_a_bundle_is_replaced(system: System, tmp_path: Path) -> None:
    experiment = Experiment.load(system.experiment)
    make_bundle(experiment, system.graph, tmp_path / "bundle")
    make_bundle(experiment, system.graph, tmp_path / "bundle", settings=BundleSettings(weights=PathWeights(8.0)))
    assert Bundle.read(tmp_path / "bundle").config.setting == PathWeights(8.0, 0.0)
    precious = tmp_path / "thesis"
    precious.mkdir()
    (precious / "chapter1.tex").write_text("...")
    with pytest.raises(DataError, match="contains other files"):
        make_bundle(experiment, system.graph, precious)
    assert (precious / "chapter1.tex").read_text() == "..."


def test_a_graph_of_another_model_is_refused(system: System, tmp_path: Path) -> None:
    shutil.copytree(system.graph, tmp_path / "graph")
    (tmp_path / "graph" / "num_pdfs").write_text("17\n")
    with pytest.raises(MismatchError, match=f"17 in {tmp_path}/graph/num_pdfs"):
        make_bundle(Experiment.load(system.experiment), tmp_path / "graph", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_another_models_transitions_are_refused(system: System, tmp_path: Path) -> None:
    other = TransitionModel.from_tree(monophone_tree([[1]], {1: 3}), make_topology([1], []))
    write_model(tmp_path / "final.mdl", other)
    with pytest.raises(MismatchError, match="numbers of pdfs differ"):
        make_bundle(Experiment.load(system.experiment), system.graph, tmp_path / "bundle", model=tmp_path / "final.mdl")


def test_the_last_line_labels_network_and_model(
    system: System, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    config = make_bundle(Experiment.load(system.experiment), system.graph, tmp_path / "bundle")
    assert f" MB, network {config.origin}, model {config.model.name}, {config.num_pdfs} pdfs" in caplog.text


def test_words_of_another_lang_are_refused(system: System, tmp_path: Path) -> None:
    lang = tmp_path / "lang"
    shutil.copytree(system.lang, lang)
    text = (lang / "words.txt").read_text()
    swapped = text.replace("TEA", "tmp").replace("TWO", "TEA").replace("tmp", "TWO")
    (lang / "words.txt").write_text(swapped)
    with pytest.raises(MismatchError, match=r"(TEA|TWO) is \d+ in .*graph/words.txt and is \d+ in"):
        make_bundle(Experiment.load(system.experiment), system.graph, tmp_path / "bundle", lang=lang)


def test_pieces_of_words_are_joined(system: System, tmp_path: Path) -> None:
    """A lang folder of subwords has a list of whole words, which the bundle contains and follows."""
    lang = tmp_path / "lang"
    shutil.copytree(system.lang, lang)
    (lang / WHOLE_WORDS).write_text("<UNK>\nEAT\n")
    experiment = Experiment.load(system.experiment)
    audio = write_audio(tmp_path / "audio.wav", babble(4, 2))
    texts = []
    for name, source in (("words", system.lang), ("pieces", lang)):
        make_bundle(experiment, system.graph, tmp_path / name, lang=source)
        (side,) = Transcriber(Bundle.read(tmp_path / name)).transcribe(audio).sides
        texts.append([word.text for word in side.words])
    words, joined = texts
    assert WordJoiner(["<UNK>", "EAT"]).join(words) == joined != words
    shutil.copyfile(lang / WHOLE_WORDS, tmp_path / "words" / WHOLE_WORDS)
    with pytest.raises(MismatchError, match=r"whole_words\.txt is not part of the bundle"):
        Bundle.read(tmp_path / "words")


def test_an_absent_part_is_named(system: System, tmp_path: Path) -> None:
    lang = tmp_path / "lang"
    shutil.copytree(system.lang, lang)
    (lang / "phones" / "align_lexicon.int").unlink()
    with pytest.raises(DataError, match=r"align_lexicon\.int: no such file"):
        make_bundle(Experiment.load(system.experiment), system.graph, tmp_path / "bundle", lang=lang)


@pytest.mark.parametrize("pointwise", ["float", "int8"])
def test_a_network_with_patterns(system: System, tmp_path: Path, pointwise: Pointwise) -> None:
    """An experiment with patterns is loaded, scored with, and bundled; the bundle gives the same transcripts."""
    source = Experiment.load(system.experiment)
    shutil.copytree(system.experiment, tmp_path / "patterns")
    patterns = BinarizeConfig(("stem",), pointwise=pointwise)
    description = replace(source.description, model=replace(source.description.model, binarize=patterns))
    model = binarize(source.model, patterns.keep, pointwise=pointwise)
    write_final(tmp_path / "patterns", description, model.state_dict(), source.priors)
    experiment = Experiment.load(tmp_path / "patterns")
    planes = torch.randn(1, 3, 64, 60)
    assert torch.equal(experiment.model(planes), model(planes))
    assert experiment.weights.stat().st_size < 0.4 * source.weights.stat().st_size
    audio = write_audio(tmp_path / "a.wav", babble(4, 3))
    make_bundle(experiment, system.graph, tmp_path / "bundle")
    bundle = Bundle.read(tmp_path / "bundle")
    assert bundle.config.model.patterns == patterns and torch.equal(bundle.model(planes), model(planes))
    (side,) = Transcriber(bundle).transcribe(audio).sides
    assert side.words
