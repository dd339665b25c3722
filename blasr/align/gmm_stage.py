"""Passes of alignment, accumulation and update over a corpus: what monophones and triphones share."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from blasr.align.config import AlignmentBeams, FlatStartConfig, GmmConfig, UpdateOptions
from blasr.align.feature_store import FeatureStore
from blasr.align.gmm_alignment import AlignmentPass, GmmAligner, TrainingGraphs
from blasr.align.gmm_training import GmmAccumulator, Mixtures
from blasr.align.phone_lists import PhoneLists
from blasr.graph.lang import Lang
from blasr.graph.training_graph import TrainingGraphCompiler
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency
from blasr.threads import ordered_map
from blasr.units import IntArray

log = logging.getLogger(__name__)

Alignments = Sequence[IntArray | None]


@dataclass(frozen=True)
class GmmModel:
    """A tree, its transition model, its GMMs and how many frames ``(num_pdfs,)`` each pdf had in the last pass."""

    tree: ContextDependency
    transitions: TransitionModel
    mixtures: Mixtures
    occupancies: NDArray[np.float64]


@dataclass(frozen=True)
class PassReport:
    """What one pass did; ``average_log_likelihood`` is per frame, before the update that ends the pass."""

    stage: str
    iteration: int
    num_gaussians: int
    average_log_likelihood: float
    num_removed: int
    realigned: bool
    num_retried: int
    num_failed: int

    def as_dict(self) -> dict[str, str | int | float | bool]:
        """For a log of one line a pass."""
        return asdict(self)


@dataclass
class AlignmentCorpus:
    """What training works on, and the report of every pass over it."""

    store: FeatureStore
    lang: Lang
    phone_lists: PhoneLists
    config: FlatStartConfig
    num_workers: int
    reports: list[PassReport] = field(default_factory=list)

    def graphs(self, tree: ContextDependency, transitions: TransitionModel) -> TrainingGraphs:
        """Training graphs of a tree, without transition costs."""
        return TrainingGraphs(TrainingGraphCompiler(self.lang, tree, transitions, cache_size=0))

    def align(
        self, model: GmmModel, graphs: TrainingGraphs, beams: AlignmentBeams, boost_silence: float = 1.0
    ) -> AlignmentPass:
        """Align every utterance with a model."""
        silence = [
            pdf
            for phone in self.phone_lists.optional_silence
            for pdf_class in range(self.lang.topology.num_pdf_classes(phone))
            for pdf in model.tree.pdfs_of(phone, pdf_class)
        ]
        aligner = GmmAligner(
            graphs,
            model.transitions,
            model.mixtures,
            scales=self.config.scales,
            beams=beams,
            silence_pdfs=np.array(silence, dtype=np.int32),
            boost_silence=boost_silence,
        )
        return aligner.align_store(self.store, batch_frames=self.config.batch_frames, num_workers=self.num_workers)

    def accumulate(self, model: GmmModel, alignments: Alignments) -> tuple[GmmAccumulator, NDArray[np.float64]]:
        """The sums of one pass, and how often each transition-id occurs (gmmbin/gmm-acc-stats-ali.cc)."""
        tid_to_pdf = model.transitions.tid_to_pdf

        def work(batch: range) -> tuple[GmmAccumulator, NDArray[np.int64]]:
            sums = GmmAccumulator.zeros(model.mixtures)
            counts = np.zeros(len(tid_to_pdf), dtype=np.int64)
            pairs = [(found, self.store.features(i)) for i in batch if (found := alignments[i]) is not None]
            if pairs:
                tids = np.concatenate([tids for tids, _ in pairs])
                sums.add(model.mixtures, np.concatenate([features for _, features in pairs]), tid_to_pdf[tids])
                counts += np.bincount(tids, minlength=len(tid_to_pdf))
            return sums, counts

        total = GmmAccumulator.zeros(model.mixtures)
        transitions = np.zeros(len(tid_to_pdf))
        for sums, counts in ordered_map(work, self.store.batches(self.config.batch_frames), self.num_workers):
            total.merge(sums)
            transitions += counts
        return total, transitions

    def update(
        self,
        model: GmmModel,
        alignments: Alignments,
        options: UpdateOptions,
        *,
        stage: str,
        iteration: int,
        num_gaussians: int,
        power: float,
        aligned: AlignmentPass | None,
    ) -> GmmModel:
        """One pass of EM: transitions and GMMs from the alignments, then Gaussians split (gmmbin/gmm-est.cc)."""
        sums, transition_counts = self.accumulate(model, alignments)
        mixtures, changes = sums.update(model.mixtures, options)
        occupancies = sums.occupancies(model.mixtures)
        mixtures = mixtures.mix_up(occupancies, num_gaussians, power=power, seed=self.config.seed + iteration)
        report = PassReport(
            stage=stage,
            iteration=iteration,
            num_gaussians=mixtures.num_gaussians,
            average_log_likelihood=sums.average_log_likelihood,
            num_removed=changes.num_removed,
            realigned=aligned is not None,
            num_retried=aligned.num_retried if aligned else 0,
            num_failed=sum(alignment is None for alignment in alignments),
        )
        self.reports.append(report)
        log.info(
            "%s pass %d: %.3f per frame, %d Gaussians%s",
            stage,
            iteration,
            report.average_log_likelihood,
            report.num_gaussians,
            f", realigned, {report.num_retried} retried, {report.num_failed} failed" if aligned else "",
        )
        return replace(
            model,
            transitions=model.transitions.estimate(transition_counts),
            mixtures=mixtures,
            occupancies=occupancies,
        )

    def train(
        self,
        stage: str,
        model: GmmModel,
        graphs: TrainingGraphs,
        alignments: Alignments,
        config: GmmConfig,
        first: AlignmentBeams,
    ) -> tuple[GmmModel, AlignmentPass]:
        """All passes of a stage, and a last alignment with the final model.

        Args:
            first: the beams of pass 1.
        """
        beams = config.beams
        target = model.mixtures.num_gaussians
        increment = max(0, (config.totgauss - target) // config.max_iter_inc)
        for iteration in range(1, config.num_iters):
            aligned = None
            if iteration in config.realign_iters:
                aligned = self.align(model, graphs, first if iteration == 1 else beams, config.boost_silence)
                alignments = aligned.alignments
            model = self.update(
                model,
                alignments,
                config.update,
                stage=stage,
                iteration=iteration,
                num_gaussians=target,
                power=config.power,
                aligned=aligned,
            )
            if iteration <= config.max_iter_inc:
                target += increment
        last = self.align(model, graphs, beams, config.boost_silence)
        log.info("%s, aligned with the final model: %d retried, %d failed", stage, last.num_retried, last.num_failed)
        return model, last
