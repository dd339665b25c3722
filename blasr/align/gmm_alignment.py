"""Forced alignment of a corpus with GMMs (gmmbin/gmm-align-compiled.cc)."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blasr.align.config import AlignmentBeams, AlignmentScales
from blasr.align.feature_store import FeatureStore
from blasr.align.gmm_training import Mixtures
from blasr.decoding.viterbi import ForcedAlignment, force_align
from blasr.graph.training_graph import TrainingGraphCompiler, add_transition_costs
from blasr.hmm.transition_model import TransitionModel
from blasr.io.fst import Fst
from blasr.threads import ordered_map
from blasr.units import FloatArray, IntArray

Words = tuple[str, ...]


class TrainingGraphs:
    """Training graphs without transition costs. Each word sequence is compiled once, as long as memory allows.

    Args:
        compiler: compiles the graphs.
        max_arcs: the largest number of arcs to keep; beyond it, graphs are compiled each time they are needed.
    """

    def __init__(self, compiler: TrainingGraphCompiler, max_arcs: int = 20_000_000) -> None:
        self._compiler = compiler
        self._graphs: dict[Words, Fst] = {}
        self._arcs_left = max_arcs
        self._lock = threading.Lock()

    def graph(self, words: Words) -> Fst:
        """Return the graph of a transcript, with transition-ids on its input side. Threads may call this."""
        found = self._graphs.get(words)
        if found is not None:
            return found
        with self._lock:
            graph = self._compiler.compile(words)
            if words not in self._graphs and graph.num_arcs <= self._arcs_left:
                self._arcs_left -= graph.num_arcs
                self._graphs[words] = graph
        return graph


@dataclass
class AlignmentPass:
    """The alignments of a corpus: for each utterance its transition-ids, or None."""

    alignments: list[IntArray | None]
    num_retried: int = 0

    @property
    def num_failed(self) -> int:
        """Utterances without an alignment."""
        return sum(alignment is None for alignment in self.alignments)


def graph_pdfs(graph: Fst, tid_to_pdf: IntArray) -> IntArray:
    """The pdf-ids of the arcs of a graph, in ascending order."""
    return np.unique(tid_to_pdf[graph.ilabel[graph.ilabel > 0]])


class GmmAligner:
    """Aligns utterances with one set of GMMs and transition probabilities.

    Only the likelihoods of the pdfs in the graph of a transcript are computed.

    Args:
        graphs: training graphs without transition costs.
        transitions: the transition model.
        mixtures: the GMMs.
        scales: factors of graph and acoustic costs.
        beams: the beams.
        silence_pdfs: pdfs of silence; ``boost_silence`` multiplies their likelihoods (gmmbin/gmm-boost-silence.cc).
    """

    def __init__(
        self,
        graphs: TrainingGraphs,
        transitions: TransitionModel,
        mixtures: Mixtures,
        *,
        scales: AlignmentScales,
        beams: AlignmentBeams,
        silence_pdfs: IntArray,
        boost_silence: float = 1.0,
    ) -> None:
        self._graphs = graphs
        self._transitions = transitions
        self._mixtures = mixtures
        self._scales = scales
        self._beams = beams
        self._silence_pdfs = silence_pdfs
        self._boost = math.log(boost_silence)
        self._tid_to_pdf = transitions.tid_to_pdf

    def align_store(self, store: FeatureStore, *, batch_frames: int, num_workers: int) -> AlignmentPass:
        """Align every utterance of a corpus, in batches of about ``batch_frames`` frames per worker."""

        def work(batch: range) -> list[ForcedAlignment | None]:
            items = [(store.utterances[index].words or (), store.features(index)) for index in batch]
            return self.align([words for words, _ in items], [features for _, features in items])

        done = AlignmentPass([])
        for results in ordered_map(work, store.batches(batch_frames), num_workers):
            for result in results:
                done.alignments.append(None if result is None else result.transition_ids)
                done.num_retried += result is not None and result.retried
        return done

    def align(self, transcripts: Sequence[Words], features: Sequence[FloatArray]) -> list[ForcedAlignment | None]:
        """Align utterances, given by their words and features ``(T, D)``.

        Utterances with the same words share one graph and one computation of likelihoods.
        """
        groups: dict[Words, list[int]] = {}
        for index, words in enumerate(transcripts):
            groups.setdefault(tuple(words), []).append(index)
        results: list[ForcedAlignment | None] = [None] * len(transcripts)
        for words, indices in groups.items():
            topology = self._graphs.graph(words)
            graph = add_transition_costs(
                topology,
                self._transitions,
                transition_scale=self._scales.transition_scale,
                self_loop_scale=self._scales.self_loop_scale,
            )
            pdfs = graph_pdfs(graph, self._tid_to_pdf)
            columns = np.clip(np.searchsorted(pdfs, self._tid_to_pdf), 0, len(pdfs) - 1).astype(np.int32)
            loglikes = self._mixtures.of_pdfs(pdfs).log_likelihoods(np.concatenate([features[i] for i in indices]))
            if self._boost:
                loglikes[:, np.isin(pdfs, self._silence_pdfs)] += self._boost
            cuts = np.cumsum([len(features[index]) for index in indices])[:-1]
            for index, part in zip(indices, np.split(loglikes, cuts), strict=True):
                results[index] = force_align(
                    graph,
                    part,
                    columns,
                    acoustic_scale=self._scales.acoustic_scale,
                    beam=self._beams.beam,
                    retry_beam=self._beams.retry_beam,
                )
        return results
