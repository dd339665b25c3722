"""A cascade of two small recognizers of one tree, that were never trained."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

from blasr.inference.config import PriorConfig
from blasr.inference.priors import Priors
from blasr.models import AcousticModelConfig, build_acoustic_model
from blasr.pipeline.experiment import Experiment, ModelDescription, write_final
from tests.pipeline.systems import System, babble, write_audio


def write_little(system: System, folder: Path) -> Path:
    """An experiment of the same tree and features as the system's, of half the width, with other priors."""
    folder.mkdir()
    for name in ("final.mdl", "tree"):
        shutil.copyfile(system.experiment / name, folder / name)
    big = Experiment.load(system.experiment)
    torch.manual_seed(7)
    config = AcousticModelConfig("bl_resnet22_a4b3", 0.05)
    network = build_acoustic_model(config.name, num_pdfs=big.num_pdfs, width=config.width)
    with torch.no_grad():
        network.output.weight *= 30
    priors = Priors.from_counts(big.priors.counts[::-1], PriorConfig(), "nowhere else")
    description = ModelDescription(config, big.num_pdfs, big.description.features, "epoch 0")
    write_final(folder, description, network.state_dict(), priors)
    return folder


def write_data(folder: Path, count: int = 4, seconds: float = 2.0) -> Path:
    """Utterances of babble with transcripts."""
    folder.mkdir()
    files = [write_audio(folder / f"u{number}.wav", babble(seconds, number)) for number in range(count)]
    (folder / "wav.scp").write_text("".join(f"{path.stem} {path}\n" for path in files))
    (folder / "utt2spk").write_text("".join(f"{path.stem} {path.stem}\n" for path in files))
    texts = ("TEA TWO EAT", "OAT OAT TEA", "EAT TEA TWO TWO", "OAT")
    (folder / "text").write_text("".join(f"u{number} {texts[number % 4]}\n" for number in range(count)))
    return folder
