"""A small synthetic recognizer: a lang folder, a graph, and an experiment whose network was never trained.

Its words mean nothing, but they depend on the audio, and the same audio must always get the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import nn

from blasr.features.cmvn import CmvnStats, apply_cmvn
from blasr.features.config import FeatureConfig
from blasr.features.deltas import stack_deltas
from blasr.features.fbank import LogMel
from blasr.graph.config import LangConfig
from blasr.graph.grammar import unigram_loop
from blasr.graph.hclg import compile_decoding_graph, write_decoding_graph
from blasr.graph.lang_writing import make_lang
from blasr.hmm.model_file import write_model
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import monophone_tree
from blasr.inference.config import PriorConfig
from blasr.inference.priors import Priors
from blasr.lexicon.pronunciations import Pronunciation
from blasr.models import AcousticModelConfig, build_acoustic_model
from blasr.pipeline.experiment import ModelDescription, write_final
from blasr.units import FloatArray

LEXICON = [
    Pronunciation("<UNK>", ("SPN",)),
    Pronunciation("TEA", ("t", "i")),
    Pronunciation("TWO", ("t", "u")),
    Pronunciation("EAT", ("i", "t")),
    Pronunciation("OAT", ("o", "t")),
]
VOCABULARY = ["TEA", "TWO", "EAT", "OAT"]


@dataclass(frozen=True)
class System:
    """The paths of the parts of a recognizer."""

    lang: Path
    graph: Path
    model: Path
    experiment: Path


def write_system(folder: Path, features: FeatureConfig | None = None) -> System:
    """All parts of a recognizer; its features are normalized by speaker by default."""
    lang = make_lang(LEXICON, folder / "lang", LangConfig(silence_phones=["SIL", "SPN"], oov="<UNK>"))
    phones = lang.topology.phones
    tree = monophone_tree([[phone] for phone in phones], {p: lang.topology.num_pdf_classes(p) for p in phones})
    transitions = TransitionModel.from_tree(tree, lang.topology)
    graph = compile_decoding_graph(lang, tree, transitions, unigram_loop(lang.words, VOCABULARY))
    write_decoding_graph(graph, lang, folder / "graph" / "HCLG.fst")
    experiment = folder / "experiment"
    for place in (folder / "model", experiment):
        place.mkdir(parents=True)
        write_model(place / "final.mdl", transitions)
        tree.write(place / "tree")
    torch.manual_seed(1)
    config = AcousticModelConfig("bl_resnet22_a4b3", 0.1)
    network = build_acoustic_model(config.name, num_pdfs=tree.num_pdfs, width=config.width)
    features = features or FeatureConfig(norm_vars=True)
    static = LogMel(features)(torch.from_numpy(babble(6, 0, features.sample_rate) * 32768))
    planes = stack_deltas(apply_cmvn(static, CmvnStats.of(static), norm_vars=True))[None]
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(planes)  # for the statistics of batch normalization
        logits = network.eval()(planes)[0]
        scale = 40 / logits.std(dim=1)  # every pdf is very likely at times
        network.output.weight *= scale[:, None, None, None]
        assert network.output.bias is not None
        network.output.bias.copy_(scale * (network.output.bias - logits.mean(dim=1)))
    priors = Priors.from_counts(np.arange(1, tree.num_pdfs + 1), PriorConfig(), "nowhere")
    description = ModelDescription(config, tree.num_pdfs, features, "epoch 0")
    write_final(experiment, description, network.state_dict(), priors)
    return System(folder / "lang", folder / "graph", folder / "model" / "final.mdl", experiment)


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> System:
    return write_system(tmp_path_factory.mktemp("system"))


def babble(seconds: float, seed: int, rate: int = 8000) -> FloatArray:
    """Bursts of tones and noise with pauses in between, in the range -1 to 1."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    samples = 1e-3 * generator.standard_normal(len(time))
    start = 0.2
    while start < seconds - 0.2:
        length = generator.uniform(0.1, 0.5)
        inside = (time >= start) & (time < start + length)
        tones = sum(np.sin(2 * np.pi * generator.uniform(100, 3500) * time[inside]) for _ in range(3))
        samples[inside] += 0.1 * tones + 0.02 * generator.standard_normal(np.count_nonzero(inside))
        start += length + generator.uniform(0.05, 0.4)
    return np.clip(samples, -1, 1).astype(np.float32)


def write_audio(path: Path, samples: FloatArray, rate: int = 8000) -> Path:
    soundfile.write(path, samples, rate)
    return path
