"""Forced alignment of a corpus with an existing model: log-likelihoods come from a network or from GMMs."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from blasr.align.config import RealignConfig
from blasr.align.gmm_alignment import TrainingGraphs
from blasr.align.gmm_likelihoods import FEATURE_FILE, gmm_log_likelihoods, read_feature_config, read_gmms
from blasr.align.output_folder import output_folder
from blasr.align.transcripts import checked_utterances
from blasr.align.uniform_alignment import failure_reason
from blasr.data.data_dir import DataDir, Utterance
from blasr.decoding.viterbi import force_align
from blasr.errors import UTTERANCE_ERRORS, BlasrError, DataError, MismatchError
from blasr.features.extraction import FeatureExtractor
from blasr.features.stored_speaker_stats import load_speaker_stats
from blasr.graph.lang import Lang
from blasr.graph.training_graph import TrainingGraphCompiler, add_transition_costs
from blasr.hmm.transition_model import TransitionModel, read_transition_model
from blasr.hmm.tree import ContextDependency, read_tree
from blasr.io.atomic import atomic_open, atomic_path
from blasr.io.kaldi.alignments import write_alignments
from blasr.io.symbols import SymbolTable
from blasr.progress import track
from blasr.tally import Tally
from blasr.threads import one_torch_thread, ordered_map
from blasr.units import FloatArray, IntArray

if TYPE_CHECKING:  # blasr.inference imports the networks
    from blasr.inference import UtteranceScorer

logger = logging.getLogger(__name__)

COPIED: Final = ("tree", "final.mdl", "final.occs", FEATURE_FILE)
"""Files of the model's folder that are copied into the output folder if they exist."""


def realign(
    data: DataDir,
    lang: Lang,
    model_dir: Path,
    score: UtteranceScorer,
    out: Path,
    config: RealignConfig | None = None,
) -> Tally:
    """Align every utterance again, with the tree and the transition model of ``model_dir``.

    Writes ``ali.1.gz`` into ``out`` and copies the other files of an alignment directory: ``tree``, ``final.mdl``,
    ``phones.txt``.

    Args:
        data: utterances with transcripts.
        lang: the lang directory.
        model_dir: the folder with ``tree`` and ``final.mdl``.
        score: returns the log-likelihoods ``(T, num_pdfs)`` of an utterance, without the acoustic scale. It is called
            once per utterance, by ``config.num_workers`` workers with one torch thread each. An utterance is dropped if
            it raises one of :data:`~blasr.errors.UTTERANCE_ERRORS`.
        out: the folder to write; it is removed after an error, unless it existed before.
        config: the configuration; by default that of Kaldi's scripts.

    Returns:
        The count of aligned utterances.

    Raises:
        DataError: see :func:`blasr.align.flat_start.flat_start`.
        MismatchError: the lang directory does not have the phones of the model, or the log-likelihoods do not have one
            column per pdf.
    """
    config = config or RealignConfig()
    utterances = checked_utterances(data, lang, map_oov=config.map_oov)
    aligner = _Aligner.load(model_dir, lang, score, config)
    tally = Tally("align", max_loss=config.max_loss)
    with one_torch_thread(), output_folder(out):
        write_alignments(out / "ali.1.gz", _alignments(aligner, utterances, tally))
        _copy_model(model_dir, lang, out)
    return tally


def realign_with_gmm(
    data: DataDir, lang: Lang, model_dir: Path, out: Path, config: RealignConfig | None = None
) -> Tally:
    """Align every utterance again with the GMMs of ``model_dir`` (steps/align_si.sh); see :func:`realign`."""
    read_gmms(model_dir)
    features = read_feature_config(model_dir)
    extractor = FeatureExtractor(features, data, load_speaker_stats(features, data))

    def score(utterance: Utterance) -> FloatArray:
        return gmm_log_likelihoods(model_dir, extractor, utterance)

    return realign(data, lang, model_dir, score, out, config)


@dataclass(frozen=True)
class _Aligner:
    """Everything that the alignment of one utterance needs."""

    model_path: Path
    transitions: TransitionModel
    graphs: TrainingGraphs
    score: UtteranceScorer
    config: RealignConfig

    @classmethod
    def load(cls, model_dir: Path, lang: Lang, score: UtteranceScorer, config: RealignConfig) -> Self:
        tree, transitions = _read_model(model_dir, lang)
        graphs = TrainingGraphs(TrainingGraphCompiler(lang, tree, transitions, cache_size=0))
        return cls(model_dir / "final.mdl", transitions, graphs, score, config)

    def align(self, utterance: Utterance) -> IntArray | str | BlasrError:
        """Transition-ids ``(T,)``, or the reason why there is no alignment."""
        try:
            loglikes = self.score(utterance)
        except UTTERANCE_ERRORS as error:
            return error
        if loglikes.ndim != 2 or loglikes.shape[1] != self.transitions.num_pdfs:
            raise MismatchError(
                f"the log-likelihoods have shape {loglikes.shape}, but the model has {self.transitions.num_pdfs} pdfs",
                path=self.model_path,
                utterance=utterance.id,
                fix="align with the model that the network was trained for",
            )
        if not np.isfinite(loglikes).all():
            return DataError(
                "has log-likelihoods that are not finite", reason="with log-likelihoods that are not finite"
            )
        without_costs = self.graphs.graph(utterance.words or ())
        graph = add_transition_costs(
            without_costs,
            self.transitions,
            transition_scale=self.config.transition_scale,
            self_loop_scale=self.config.self_loop_scale,
        )
        found = force_align(
            graph,
            loglikes,
            self.transitions.tid_to_pdf,
            acoustic_scale=self.config.acoustic_scale,
            beam=self.config.beam,
            retry_beam=self.config.retry_beam,
        )
        return failure_reason(without_costs, len(loglikes)) if found is None else found.transition_ids


def _alignments(aligner: _Aligner, utterances: Sequence[Utterance], tally: Tally) -> Iterator[tuple[str, IntArray]]:
    """Utterance-ids and transition-ids of the utterances that can be aligned; the tally is checked at the end."""
    results = ordered_map(aligner.align, utterances, aligner.config.num_workers)
    for utterance, result in zip(utterances, track(results, "align", total=len(utterances)), strict=True):
        if isinstance(result, BlasrError):
            tally.drop_error(utterance.id, result)
        elif isinstance(result, str):
            tally.drop(utterance.id, result)
        else:
            tally.keep()
            yield utterance.id, result
    logger.info("%s", tally.summary())
    tally.check()


def _read_model(model_dir: Path, lang: Lang) -> tuple[ContextDependency, TransitionModel]:
    tree, transitions = read_tree(model_dir / "tree"), read_transition_model(model_dir / "final.mdl")
    if tree.num_pdfs != transitions.num_pdfs:
        raise MismatchError(
            f"the tree has {tree.num_pdfs} pdfs, final.mdl has {transitions.num_pdfs}",
            path=model_dir,
            fix="use the tree and final.mdl of the same training run",
        )
    table = model_dir / "phones.txt"
    if table.exists() and dict(SymbolTable.read(table).items()) != dict(lang.phones.items()):
        raise MismatchError(
            f"the phones of {lang.path} differ from those of the model",
            path=table,
            fix="use the lang directory that the model was trained with",
        )
    return tree, transitions


def _copy_model(model_dir: Path, lang: Lang, out: Path) -> None:
    if out.resolve() != model_dir.resolve():
        for name in COPIED:
            if (model_dir / name).exists():
                with atomic_path(out / name) as temporary:
                    shutil.copyfile(model_dir / name, temporary)
    lang.phones.write(out / "phones.txt")
    with atomic_open(out / "num_jobs", "w") as stream:
        stream.write("1\n")
