from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from blasr.align.config import FlatStartConfig, MonophoneConfig, RealignConfig
from blasr.align.flat_start import flat_start
from blasr.align.gmm_likelihoods import write_feature_config
from blasr.align.realign import realign, realign_with_gmm
from blasr.data.data_dir import Utterance
from blasr.errors import DataError, FormatError, MismatchError
from blasr.features.config import MfccConfig
from blasr.features.fbank import TooShortError
from blasr.graph.lang import Lang
from blasr.hmm.transition_model import read_transition_model
from blasr.io.kaldi.alignments import read_alignments
from blasr.io.symbols import SymbolTable
from blasr.units import FloatArray

from .conftest import ToneCorpus, fsdd_data, make_tone_corpus, share_of_kaldis_phones

MONOPHONE = MonophoneConfig(num_iters=8, max_iter_inc=6, totgauss=40, realign_iters=(1, 2, 3, 5))


@pytest.fixture(scope="module")
def model_dir(tones: ToneCorpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exp") / "mono"
    flat_start(tones.data, tones.lang, out, FlatStartConfig(monophone=MONOPHONE, nj=1), monophone_only=True)
    return out


def test_the_final_model_gives_its_own_alignments_again(tones: ToneCorpus, model_dir: Path, tmp_path: Path) -> None:
    tally = realign_with_gmm(tones.data, tones.lang, model_dir, tmp_path / "ali", RealignConfig(nj=2))
    assert tally.kept == 40
    before, after = dict(read_alignments(model_dir)), dict(read_alignments(tmp_path / "ali"))
    assert list(before) == list(after)
    same = np.concatenate([before[name] == after[name] for name in before])
    assert same.mean() > 0.999  # the model on disk is rounded to 32 bits
    for name in ("tree", "final.mdl", "mfcc.yaml", "phones.txt"):
        assert (tmp_path / "ali" / name).read_bytes() == (model_dir / name).read_bytes()


def test_other_data_can_be_aligned(model_dir: Path, tmp_path: Path) -> None:
    other = make_tone_corpus(tmp_path / "other", 6, seed=7)
    realign_with_gmm(other.data, other.lang, model_dir, tmp_path / "ali")
    transitions = read_transition_model(model_dir / "final.mdl")
    right = [
        other.lang.phones.symbol_of(phone) == other.phone_at(name, frame)
        for name, alignment in read_alignments(tmp_path / "ali")
        for frame, phone in enumerate(transitions.phones(alignment).tolist())
    ]
    assert np.mean(right) > 0.85


def test_log_likelihoods_of_any_source_are_used(tones: ToneCorpus, model_dir: Path, tmp_path: Path) -> None:
    """Log-likelihoods that strongly favor the true phones give the true alignment, except for very short phones."""
    transitions = read_transition_model(model_dir / "final.mdl")
    tids = np.arange(1, transitions.num_transition_ids + 1)
    phone_of_pdf = np.zeros(transitions.num_pdfs, dtype=np.int32)
    phone_of_pdf[transitions.pdf_ids(tids)] = transitions.phones(tids)
    names = np.array([tones.lang.phones.symbol_of(phone) for phone in phone_of_pdf.tolist()])

    def oracle(utterance: Utterance) -> FloatArray:
        count = 1 + (len(tones.phones[utterance.id]) - 200) // 80
        spoken = np.array([tones.phone_at(utterance.id, frame) for frame in range(count)])
        return np.where(spoken[:, None] == names, 0.0, -300.0).astype(np.float32)

    realign(tones.data, tones.lang, model_dir, oracle, tmp_path / "ali")
    for name, alignment in read_alignments(tmp_path / "ali"):
        found = [tones.lang.phones.symbol_of(phone) for phone in transitions.phones(alignment).tolist()]
        truth = [tones.phone_at(name, frame) for frame in range(len(alignment))]
        assert found == truth


def test_another_number_of_pdfs_is_refused(tones: ToneCorpus, model_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(MismatchError, match=r"shape \(50, 7\), but the model has 22 pdfs"):
        realign(tones.data, tones.lang, model_dir, lambda _: np.zeros((50, 7), np.float32), tmp_path / "ali")
    assert not (tmp_path / "ali").exists()


def test_another_phone_table_is_refused(tones: ToneCorpus, model_dir: Path, tmp_path: Path) -> None:
    phones = SymbolTable.from_symbols(["SIL", "SPN", "B", "A", "C", "D", "#0", "#1", "#2"])
    lang = dataclasses.replace(tones.lang, phones=phones)
    with pytest.raises(MismatchError, match="differ from those of the model"):
        realign_with_gmm(tones.data, lang, model_dir, tmp_path / "ali")


def test_failures_are_counted_and_too_many_are_refused(tones: ToneCorpus, model_dir: Path, tmp_path: Path) -> None:
    pdfs = read_transition_model(model_dir / "final.mdl").num_pdfs

    def mostly_short(utterance: Utterance) -> FloatArray:
        if utterance.id.endswith("0"):
            raise TooShortError("too short", utterance=utterance.id)
        return np.zeros((3 if utterance.id.endswith("1") else 90, pdfs), dtype=np.float32)

    with pytest.raises(DataError) as caught:
        realign(tones.data, tones.lang, model_dir, mostly_short, tmp_path / "ali", RealignConfig(nj=1))
    assert "4 too short for one frame" in str(caught.value)
    assert "4 too short for its words" in str(caught.value)
    assert not (tmp_path / "ali").exists()
    tally = realign(
        tones.data, tones.lang, model_dir, mostly_short, tmp_path / "ali", RealignConfig(nj=1, max_loss=0.3)
    )
    assert tally.kept == 32


def test_scores_that_are_not_finite_drop_the_utterance(
    tones: ToneCorpus, model_dir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pdfs = read_transition_model(model_dir / "final.mdl").num_pdfs
    first, second = (utterance.id for utterance in tones.data.utterances[:2])

    def loglikes(utterance: Utterance) -> FloatArray:
        if utterance.id == second:
            raise DataError("is truncated: found 8 bytes", path="b.wav", utterance=second)
        return np.full((90, pdfs), np.nan if utterance.id == first else 0.0, dtype=np.float32)

    tally = realign(tones.data, tones.lang, model_dir, loglikes, tmp_path / "ali", RealignConfig(max_loss=0.3))
    assert tally.examples == {"with log-likelihoods that are not finite": first, "is truncated": second}
    assert f"align: dropped {second}: b.wav: is truncated: found 8 bytes" in caplog.text


def test_a_folder_without_a_model_is_refused(tones: ToneCorpus, model_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be opened"):
        realign_with_gmm(tones.data, tones.lang, tmp_path, tmp_path / "ali")
    (tmp_path / "kaldi").mkdir()
    for name in ("final.mdl", "tree"):
        (tmp_path / "kaldi" / name).write_bytes((model_dir / name).read_bytes())
    with pytest.raises(MismatchError, match=r"mfcc\.yaml.*as GMMs of Kaldi do"):
        realign_with_gmm(tones.data, tones.lang, tmp_path / "kaldi", tmp_path / "ali")


def test_kaldis_model_gives_kaldis_alignments(golden: Path, fsdd_dir: Path, tmp_path: Path) -> None:
    """All utterances of one speaker. Kaldi made its alignments with the model five passes before the final one."""
    folder = golden / "fsdd_tri1"
    (tmp_path / "model").mkdir()
    for name in ("final.mdl", "tree"):
        (tmp_path / "model" / name).write_bytes((folder / name).read_bytes())
    write_feature_config(tmp_path / "model", MfccConfig())
    data = fsdd_data(fsdd_dir, tmp_path / "data", ["george"], range(5, 50))
    realign_with_gmm(data, Lang.read(folder / "lang"), tmp_path / "model", tmp_path / "ali")
    assert share_of_kaldis_phones(folder, tmp_path / "ali") > 0.997
