"""An artificial language whose phones are tones, so that the true alignment is known; and real digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.align.config import FlatStartConfig, MonophoneConfig, TriphoneConfig
from blasr.align.feature_store import FeatureStore, gmm_features
from blasr.align.gmm_stage import AlignmentCorpus
from blasr.align.phone_lists import PhoneLists
from blasr.data.data_dir import DataDir
from blasr.features.config import MfccConfig
from blasr.features.extraction import FeatureExtractor
from blasr.graph.config import LangConfig
from blasr.graph.lang import Lang
from blasr.graph.lang_writing import make_lang
from blasr.hmm.transition_model import read_transition_model
from blasr.io.kaldi.alignments import read_alignments
from blasr.lexicon.pronunciations import Pronunciation

RATE = 8000
TONES = {"A": (700.0, 1100.0), "B": (300.0, 2400.0), "C": (1500.0, 3000.0), "D": (500.0, 1900.0)}
WORDS = {"AB": "A B", "BC": "B C", "CDA": "C D A", "DA": "D A", "BAD": "B A D"}


@dataclass(frozen=True)
class ToneCorpus:
    """A corpus and, for each utterance, the name of the phone at every sample."""

    data: DataDir
    lang: Lang
    phones: dict[str, list[str]]

    def phone_at(self, utterance: str, frame: int) -> str:
        """The phone in the middle of a frame of 25 ms every 10 ms."""
        return self.phones[utterance][frame * 80 + 100]


def make_tone_corpus(folder: Path, num_utterances: int, seed: int = 0) -> ToneCorpus:
    random = np.random.default_rng(seed)
    (folder / "data").mkdir(parents=True)
    lexicon = [Pronunciation(word, tuple(phones.split()), 1.0) for word, phones in WORDS.items()]
    lexicon.append(Pronunciation("<UNK>", ("SPN",), 1.0))
    make_lang(lexicon, folder / "lang", LangConfig(silence_phones=["SIL", "SPN"], oov="<UNK>"))
    truth: dict[str, list[str]] = {}
    lines: dict[str, list[str]] = {"wav.scp": [], "utt2spk": [], "text": []}
    for number in range(num_utterances):
        utterance = f"s{number % 2}-u{number:03d}"
        words = [list(WORDS)[index] for index in random.integers(0, len(WORDS), random.integers(1, 4))]
        spoken = ["SIL", *(phone for word in words for phone in WORDS[word].split()), "SIL"]
        pieces = []
        truth[utterance] = []
        for phone in spoken:
            length = int(random.integers(700, 1400))
            time = np.arange(length) / RATE
            tone = sum((np.sin(2 * np.pi * freq * time) for freq in TONES.get(phone, ())), np.zeros(length))
            pieces.append(0.2 * tone * random.uniform(0.7, 1.3) + random.normal(0, 0.01, length))
            truth[utterance] += [phone] * length
        soundfile.write(folder / "data" / f"{utterance}.wav", np.concatenate(pieces), RATE, subtype="PCM_16")
        lines["wav.scp"].append(f"{utterance} {folder / 'data' / utterance}.wav\n")
        lines["utt2spk"].append(f"{utterance} s{number % 2}\n")
        lines["text"].append(f"{utterance} {' '.join(words)}\n")
    for name, rows in lines.items():
        (folder / "data" / name).write_text("".join(sorted(rows)))
    return ToneCorpus(DataDir.read(folder / "data", need_text=True), Lang.read(folder / "lang"), truth)


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> ToneCorpus:
    """Forty utterances of two speakers."""
    return make_tone_corpus(tmp_path_factory.mktemp("tones"), 40)


@pytest.fixture
def small_corpus(tones: ToneCorpus) -> AlignmentCorpus:
    """Ten of the utterances, with their features in memory."""
    config = FlatStartConfig(
        features=MfccConfig(cmvn="utterance"),
        monophone=MonophoneConfig(num_iters=4, max_iter_inc=2, totgauss=30, realign_iters=(1, 2)),
        triphone=TriphoneConfig(
            num_iters=3, max_iter_inc=2, totgauss=40, realign_iters=(2,), num_leaves=30, split_threshold=10.0
        ),
        batch_frames=500,
    )
    utterances = tones.data.utterances[:10]
    extractor = FeatureExtractor(config.features, tones.data)
    features = [gmm_features(extractor, utterance) for utterance in utterances]
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in features])]).astype(np.int64)
    lists = PhoneLists.read(tones.lang.path, max(tones.lang.topology.phones))
    return AlignmentCorpus(FeatureStore(utterances, offsets, np.concatenate(features)), tones.lang, lists, config)


SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")


def fsdd_data(source: Path, folder: Path, speakers: Sequence[str], indices: range) -> DataDir:
    """Isolated digits, with the utterance-ids of the golden files."""
    folder.mkdir(parents=True)
    rows = [
        (f"{speaker}-{digit}-{index:02d}", speaker, DIGITS[digit], source / f"{digit}_{speaker}_{index}.wav")
        for speaker in speakers
        for digit in range(10)
        for index in indices
    ]
    (folder / "wav.scp").write_text("".join(f"{row[0]} {row[3]}\n" for row in rows))
    (folder / "utt2spk").write_text("".join(f"{row[0]} {row[1]}\n" for row in rows))
    (folder / "text").write_text("".join(f"{row[0]} {row[2]}\n" for row in rows))
    return DataDir.read(folder, need_text=True)


def share_of_kaldis_phones(kaldi: Path, ours: Path) -> float:
    """The share of frames that have the same phone in both alignments."""
    reference = dict(read_alignments(kaldi))
    theirs, own = read_transition_model(kaldi / "final.mdl"), read_transition_model(ours / "final.mdl")
    same = [own.phones(tids) == theirs.phones(reference[name]) for name, tids in read_alignments(ours)]
    return float(np.concatenate(same).mean())
