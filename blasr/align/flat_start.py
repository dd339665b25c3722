"""Flat start: alignments from transcripts and audio alone, through uniform alignment, monophones and triphones."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from blasr.align.config import FlatStartConfig
from blasr.align.feature_store import stored_features
from blasr.align.gmm_alignment import AlignmentPass
from blasr.align.gmm_likelihoods import write_feature_config
from blasr.align.gmm_stage import AlignmentCorpus, GmmModel, PassReport
from blasr.align.monophone import train_monophone
from blasr.align.output_folder import output_folder
from blasr.align.phone_lists import PhoneLists
from blasr.align.transcripts import checked_utterances
from blasr.align.triphone import train_triphone
from blasr.align.uniform_alignment import failure_reason
from blasr.data.data_dir import DataDir
from blasr.features.extraction import FeatureExtractor
from blasr.features.stored_speaker_stats import load_speaker_stats
from blasr.graph.lang import Lang
from blasr.hmm.model_file import write_model
from blasr.io.atomic import atomic_open
from blasr.io.kaldi.alignments import write_alignments
from blasr.tally import Tally
from blasr.threads import one_torch_thread

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FlatStartResult:
    """The trained model, the report of every pass, and the count of aligned utterances."""

    model: GmmModel
    reports: tuple[PassReport, ...]
    tally: Tally


def flat_start(
    data: DataDir, lang: Lang, out: Path, config: FlatStartConfig | None = None, *, monophone_only: bool = False
) -> FlatStartResult:
    """Train GMMs and align a corpus with them.

    Writes Kaldi's files into ``out``: ``tree``, ``final.mdl``, ``final.occs``, ``ali.1.gz``, ``phones.txt`` and
    ``num_jobs``. Adds ``mfcc.yaml`` (the configuration of the features) and ``passes.jsonl`` (one line per pass).

    Args:
        data: utterances with transcripts.
        lang: the lang directory.
        out: the folder to write; it is removed after an error, unless it existed before.
        config: the configuration; by default that of Kaldi's scripts.
        monophone_only: stop before the tree is built.

    Raises:
        DataError: there are no utterances, a word is not in the lexicon, audio cannot be used, the lang directory
            lacks phones, or more than ``config.max_loss`` of the utterances cannot be aligned.
    """
    config = config or FlatStartConfig()
    utterances = checked_utterances(data, lang, map_oov=config.map_oov)
    lists = PhoneLists.read(lang.path, max(lang.topology.phones))
    lists.check(lang.topology.phones, lang.path)
    extractor = FeatureExtractor(config.features, data, load_speaker_stats(config.features, data))
    tally = Tally("align", max_loss=config.max_loss)
    started = time.monotonic()
    with output_folder(out), one_torch_thread(), stored_features(extractor, utterances, out, tally) as store:
        if not len(store):
            tally.check()
        tally.check_early(len(utterances))
        corpus = AlignmentCorpus(store, lang, lists, config)
        logger.info("%d utterances, %d frames", len(store), store.num_frames)
        model, aligned = train_monophone(corpus)
        if not monophone_only:
            model, aligned = train_triphone(corpus, model, aligned.alignments)
        _count(corpus, model, aligned, tally)
        logger.info("%s in %.1f s", tally.summary(), time.monotonic() - started)
        tally.check()
        _write(out, lang, corpus, model, aligned)
    return FlatStartResult(model, tuple(corpus.reports), tally)


def _count(corpus: AlignmentCorpus, model: GmmModel, aligned: AlignmentPass, tally: Tally) -> None:
    """Count the aligned utterances, and the others by reason."""
    graphs = corpus.graphs(model.tree, model.transitions)
    for index, (utterance, alignment) in enumerate(zip(corpus.store.utterances, aligned.alignments, strict=True)):
        if alignment is not None:
            tally.keep()
        else:
            num_frames = len(corpus.store.features(index))
            tally.drop(utterance.id, failure_reason(graphs.graph(utterance.words or ()), num_frames))


def _write(out: Path, lang: Lang, corpus: AlignmentCorpus, model: GmmModel, aligned: AlignmentPass) -> None:
    """Write all files into ``out``, the model last."""
    pairs = zip(corpus.store.utterances, aligned.alignments, strict=True)
    write_alignments(out / "ali.1.gz", ((utterance.id, tids) for utterance, tids in pairs if tids is not None))
    lang.phones.write(out / "phones.txt")
    write_feature_config(out, corpus.config.features)
    with atomic_open(out / "num_jobs", "w") as stream:
        stream.write("1\n")
    with atomic_open(out / "passes.jsonl", "w") as stream:
        stream.writelines(json.dumps(report.as_dict()) + "\n" for report in corpus.reports)
    with atomic_open(out / "final.occs", "w") as stream:
        stream.write(f" [ {' '.join(f'{count:g}' for count in model.occupancies)} ]\n")
    model.tree.write(out / "tree")
    write_model(out / "final.mdl", model.transitions, model.mixtures.to_model())
