"""Making bundles: what must agree is compared first, and nothing else is replaced."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blasr.decoding.config import DecoderConfig
from blasr.errors import DataError, MismatchError
from blasr.hmm.model_file import write_model
from blasr.hmm.topology import make_topology
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import monophone_tree
from blasr.inference.bundle import FILES, Bundle
from blasr.inference.transcribe import Transcriber
from blasr.lattices.config import PathWeights
from blasr.lexicon.word_pieces import WHOLE_WORDS, WordJoiner
from blasr.pipeline.bundle import BundleSettings, make_bundle
from blasr.pipeline.experiment import Experiment
from tests.pipeline.systems import System, babble, system, write_audio

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
