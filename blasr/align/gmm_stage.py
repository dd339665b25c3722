"""Alignment, accumulation and update passes over a corpus, for monophones and triphones."""

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

logger = logging.getLogger(__name__)

Alignments = Sequence[IntArray | None]
"""For each utterance its transition-ids ``(T,)``, or None if it has no alignment."""


@dataclass(frozen=True)
class GmmModel:
    """A tree, its transition model, its GMMs, and the frames ``(num_pdfs,)`` that each pdf had in the last pass."""

    tree: ContextDependency
    transitions: TransitionModel
    mixtures: Mixtures
    occupancies: NDArray[np.float64]


@dataclass(frozen=True)
class UpdatePlan:
    """The settings of one update of a model.

    Attributes:
        stage: the name of the stage, for reports.
        iteration: the number of the pass.
        num_gaussians: the number of Gaussians to reach by splitting.
        power: see :class:`~blasr.align.config.GmmConfig`.
        options: options of the update.
    """

    stage: str
    iteration: int
    num_gaussians: int
    power: float
    options: UpdateOptions


@dataclass(frozen=True)
class PassReport:
    """The results of one pass; ``average_log_likelihood`` is per frame, before the update at the end of the pass."""

    stage: str
    iteration: int
    num_gaussians: int
    average_log_likelihood: float
    num_removed: int
    realigned: bool
    num_retried: int
    num_failed: int

    def as_dict(self) -> dict[str, str | int | float | bool]:
        """The fields, for a log with one line per pass."""
        return asdict(self)


@dataclass
class AlignmentCorpus:
    """The data of a flat start, and the report of every pass over it.

    Attributes:
        store: the utterances and their features.
        lang: the lang directory.
        phone_lists: its lists of phones.
        config: the configuration of the flat start.
        reports: reports of all passes so far.
    """

    store: FeatureStore
    lang: Lang
    phone_lists: PhoneLists
    config: FlatStartConfig
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
        return aligner.align_store(
            self.store, batch_frames=self.config.batch_frames, num_workers=self.config.num_workers
        )

    def accumulate(self, model: GmmModel, alignments: Alignments) -> tuple[GmmAccumulator, NDArray[np.float64]]:
        """Sum the statistics of one pass (gmmbin/gmm-acc-stats-ali.cc).

        Returns:
            The sums, and the count of each transition-id.
        """
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
        batches = self.store.batches(self.config.batch_frames)
        for sums, counts in ordered_map(work, batches, self.config.num_workers):
            total.merge(sums)
            transitions += counts
        return total, transitions

    def update(
        self, model: GmmModel, alignments: Alignments, plan: UpdatePlan, aligned: AlignmentPass | None = None
    ) -> GmmModel:
        """Update transitions and GMMs from alignments, then split Gaussians (gmmbin/gmm-est.cc).

        Args:
            model: the model before the update.
            alignments: the alignment of every utterance.
            plan: the settings of the update.
            aligned: the alignment pass that made ``alignments`` in this pass; None for alignments of an earlier pass.

        Returns:
            The model after the update; the pass is added to the reports.
        """
        sums, transition_counts = self.accumulate(model, alignments)
        mixtures, changes = sums.update(model.mixtures, plan.options)
        occupancies = sums.occupancies(model.mixtures)
        seed = self.config.seed + plan.iteration
        mixtures = mixtures.mix_up(occupancies, plan.num_gaussians, power=plan.power, seed=seed)
        self._report(
            PassReport(
                stage=plan.stage,
                iteration=plan.iteration,
                num_gaussians=mixtures.num_gaussians,
                average_log_likelihood=sums.average_log_likelihood,
                num_removed=changes.num_removed,
                realigned=aligned is not None,
                num_retried=aligned.num_retried if aligned else 0,
                num_failed=sum(alignment is None for alignment in alignments),
            )
        )
        transitions = model.transitions.estimate(transition_counts)
        return replace(model, transitions=transitions, mixtures=mixtures, occupancies=occupancies)

    def _report(self, report: PassReport) -> None:
        self.reports.append(report)
        logger.info(
            "%s pass %d: %.3f per frame, %d Gaussians%s",
            report.stage,
            report.iteration,
            report.average_log_likelihood,
            report.num_gaussians,
            f", realigned, {report.num_retried} retried, {report.num_failed} failed" if report.realigned else "",
        )

    def train(
        self,
        stage: str,
        model: GmmModel,
        graphs: TrainingGraphs,
        alignments: Alignments,
        config: GmmConfig,
        first_beams: AlignmentBeams,
    ) -> tuple[GmmModel, AlignmentPass]:
        """Run all passes of a stage, then align with the final model.

        Args:
            stage: the name of the stage, for reports.
            model: the initial model.
            graphs: training graphs of its tree.
            alignments: alignments for the passes before the first realignment.
            config: the configuration of the stage.
            first_beams: the beams of pass 1.

        Returns:
            The final model and its alignments.
        """
        num_gaussians = model.mixtures.num_gaussians
        increment = max(0, (config.totgauss - num_gaussians) // config.max_iter_inc)
        for iteration in range(1, config.num_iters):
            aligned = None
            if iteration in config.realign_iters:
                beams = first_beams if iteration == 1 else config.beams
                aligned = self.align(model, graphs, beams, config.boost_silence)
                alignments = aligned.alignments
            plan = UpdatePlan(stage, iteration, num_gaussians, config.power, config.update)
            model = self.update(model, alignments, plan, aligned)
            if iteration <= config.max_iter_inc:
                num_gaussians += increment
        last = self.align(model, graphs, config.beams, config.boost_silence)
        logger.info("%s, aligned with the final model: %d retried, %d failed", stage, last.num_retried, last.num_failed)
        return model, last
