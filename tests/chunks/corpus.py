"""A small corpus of noise, with labels that name their utterance and frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from blasr.augmentation import AugmentationConfig, Augmenter
from blasr.chunks import ExampleLoader, PdfLabels, PlannedUtterances
from blasr.chunks.augmentation import all_voices
from blasr.data.data_dir import DataDir
from blasr.features.config import FeatureConfig
from blasr.features.extraction import FeatureExtractor
from blasr.features.fbank import num_frames
from blasr.features.perturbation import UNCHANGED
from blasr.features.speaker_stats_collection import collect_speaker_stats
from blasr.io import AlignmentIndex, write_alignments

CONFIG = FeatureConfig(cmvn="utterance")


def write_corpus(directory: Path, lengths: list[int]) -> DataDir:
    """Utterances of so many frames, two speakers."""
    directory.mkdir(parents=True)
    random = np.random.default_rng(0)
    scp, speakers = [], []
    for index, length in enumerate(lengths):
        samples = random.normal(0, 500, 200 + 80 * (length - 1) + 37).astype(np.int16)
        path = directory / f"u{index:02d}.wav"
        soundfile.write(path, samples, 8000)
        scp.append(f"u{index:02d} {path}\n")
        speakers.append(f"u{index:02d} s{index % 2}\n")
        assert num_frames(len(samples), CONFIG) == length
    (directory / "wav.scp").write_text("".join(scp))
    (directory / "utt2spk").write_text("".join(speakers))
    return DataDir.read(directory)


def write_labels(directory: Path, labels: dict[str, list[int]], num_pdfs: int) -> PdfLabels:
    """Labels as ``index_labels`` returns them, but without a model."""
    archive = directory / "ali.1.gz"
    write_alignments(archive, ((name, np.array(ids)) for name, ids in labels.items()))
    return PdfLabels(AlignmentIndex.build(archive, directory / "index"), num_pdfs, archive)


def corpus(
    directory: Path, lengths: list[int], augmentation: AugmentationConfig | None = None, spoil: tuple[int, ...] = ()
) -> tuple[ExampleLoader, PlannedUtterances, FeatureExtractor]:
    """Return loader, utterances and extractor.

    Frame t of utterance u has the label 1000 u + t. The labels of the utterances in ``spoil`` are too short.
    """
    data_dir = write_corpus(directory / "data", lengths)
    labels = {
        f"u{index:02d}": [1000 * index + frame for frame in range(length - (5 if index in spoil else 0))]
        for index, length in enumerate(lengths)
    }
    pdf_labels = write_labels(directory / "labels", labels, 1000 * len(lengths))
    voices = [UNCHANGED] if augmentation is None else all_voices(augmentation)
    extractor = FeatureExtractor(CONFIG, data_dir, collect_speaker_stats(CONFIG, data_dir, voices))
    utterances = {utterance.id: utterance for utterance in data_dir.utterances}
    augmenter = None if augmentation is None else Augmenter(augmentation, 8000)
    loader = ExampleLoader(extractor, utterances, pdf_labels, augmenter=augmenter)
    speakers = np.array([int(item.speaker.removeprefix("s")) for item in utterances.values()], np.int32)
    frames = np.array([pdf_labels.num_frames(name) for name in utterances], np.int32)
    return loader, PlannedUtterances(list(utterances), speakers, frames), extractor
