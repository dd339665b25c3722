"""Forced alignment of a corpus with any log-likelihoods: a network's, scaled by its priors, or a GMM's."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from blasr.align.config import RealignConfig
from blasr.align.feature_store import TOO_SHORT
from blasr.align.gmm_alignment import TrainingGraphs
from blasr.align.gmm_likelihoods import FEATURE_FILE, gmm_log_likelihoods, read_feature_config, read_gmms
from blasr.align.monophone import TOO_SHORT_FOR_WORDS
from blasr.align.output_folder import output_folder
from blasr.align.transcripts import checked_utterances
from blasr.align.uniform_alignment import equal_align
from blasr.data.data_dir import DataDir, Utterance
from blasr.decoding.viterbi import force_align
from blasr.errors import MismatchError
from blasr.features.extraction import FeatureExtractor
from blasr.features.fbank import TooShortError
from blasr.features.speaker_stats import collect_speaker_stats
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

log = logging.getLogger(__name__)

LogLikelihoods = Callable[[Utterance], FloatArray]
"""Gives the unscaled log-likelihoods ``(T, num_pdfs)`` of an utterance."""

COPIED = ("tree", "final.mdl", "final.occs", FEATURE_FILE)


def realign(
    data: DataDir,
    lang: Lang,
    model_dir: Path,
    loglikes: LogLikelihoods,
    out: Path,
    config: RealignConfig | None = None,
) -> Tally:
    """Align every utterance anew, over the tree and transition model of ``model_dir``.

    Writes ``ali.1.gz`` into ``out`` and copies there what an alignment directory needs: ``tree``, ``final.mdl``,
    ``phones.txt``.

    Args:
        loglikes: called once for each utterance, by ``config.num_workers`` threads; it may raise
            :class:`~blasr.features.fbank.TooShortError`.

    Raises:
        DataError: as :func:`blasr.align.flat_start.flat_start`.
        MismatchError: the lang directory's phones are not the model's, or log-likelihoods of another width.
    """
    config = config or RealignConfig()
    utterances = checked_utterances(data, lang, map_oov=config.map_oov)
    tree, transitions = _read_model(model_dir, lang)
    tid_to_pdf = transitions.tid_to_pdf
    graphs = TrainingGraphs(TrainingGraphCompiler(lang, tree, transitions, cache_size=0))
    tally = Tally("align", max_loss=config.max_loss)

    def align_one(utterance: Utterance) -> IntArray | str:
        try:
            scores = loglikes(utterance)
        except TooShortError:
            return TOO_SHORT
        if scores.ndim != 2 or scores.shape[1] != transitions.num_pdfs:
            raise MismatchError(
                f"log-likelihoods of shape {scores.shape} for a model of {transitions.num_pdfs} pdfs",
                path=model_dir / "final.mdl",
                utterance=utterance.id,
                fix="align with the model that the network was trained for",
            )
        topology = graphs.graph(utterance.words or ())
        graph = add_transition_costs(
            topology, transitions, transition_scale=config.transition_scale, self_loop_scale=config.self_loop_scale
        )
        found = force_align(
            graph,
            scores,
            tid_to_pdf,
            acoustic_scale=config.acoustic_scale,
            beam=config.beam,
            retry_beam=config.retry_beam,
        )
        if found is not None:
            return found.transition_ids
        fits = equal_align(topology, len(scores), seed=0) is not None
        return "without a path in the beam" if fits else TOO_SHORT_FOR_WORDS

    def alignments() -> Iterator[tuple[str, IntArray]]:
        results = track(ordered_map(align_one, utterances, config.num_workers), "align", total=len(utterances))
        for utterance, result in zip(utterances, results, strict=True):
            if isinstance(result, str):
                tally.drop(utterance.id, result)
            else:
                tally.keep()
                yield utterance.id, result
        log.info("%s", tally.summary())
        tally.check()

    with output_folder(out):
        write_alignments(out / "ali.1.gz", alignments())
        _copy_model(model_dir, lang, out)
    return tally


def realign_with_gmm(
    data: DataDir, lang: Lang, model_dir: Path, out: Path, config: RealignConfig | None = None
) -> Tally:
    """:func:`realign` with the GMMs of ``model_dir`` (steps/align_si.sh)."""
    read_gmms(model_dir)
    features = read_feature_config(model_dir)
    extractor = FeatureExtractor(features, data, collect_speaker_stats(features, data))

    def loglikes(utterance: Utterance) -> FloatArray:
        return gmm_log_likelihoods(model_dir, extractor, utterance)

    with one_torch_thread():
        return realign(data, lang, model_dir, loglikes, out, config)


def _read_model(model_dir: Path, lang: Lang) -> tuple[ContextDependency, TransitionModel]:
    tree, transitions = read_tree(model_dir / "tree"), read_transition_model(model_dir / "final.mdl")
    if tree.num_pdfs != transitions.num_pdfs:
        raise MismatchError(
            f"the tree has {tree.num_pdfs} pdfs, final.mdl {transitions.num_pdfs}",
            path=model_dir,
            fix="use the tree and final.mdl of one training",
        )
    table = model_dir / "phones.txt"
    if table.exists() and dict(SymbolTable.read(table).items()) != dict(lang.phones.items()):
        raise MismatchError(
            f"the phones of {lang.path} are not those of the model",
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
