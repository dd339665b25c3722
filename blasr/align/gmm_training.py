"""Maximum-likelihood training of diagonal GMMs from the pdf of every frame (gmm/mle-diag-gmm.cc, am-diag-gmm.cc)."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from blasr.align.config import UpdateOptions
from blasr.align.tree_stats import VARIANCE_FLOOR, Moments
from blasr.hmm.gmm import AmDiagGmm
from blasr.units import FloatArray, IntArray

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class UpdateReport:
    """The Gaussians that an update removed, and the variances that it floored."""

    num_removed: int
    num_floored: int


@dataclass(frozen=True)
class Mixtures:
    """All GMMs of a model in flat arrays, for training. The Gaussians of a pdf are stored consecutively.

    Args:
        offsets: ``(num_pdfs + 1,)``; pdf j has the Gaussians ``offsets[j]`` to ``offsets[j + 1] - 1``.
        weights: ``(G,)``; those of a pdf sum to 1.
        means: ``(G, D)``.
        variances: ``(G, D)``.
    """

    offsets: NDArray[np.int64]
    weights: Float64Array
    means: Float64Array
    variances: Float64Array

    @classmethod
    def single(cls, moments: Moments, variance_floor: float = VARIANCE_FLOOR) -> Mixtures:
        """One Gaussian for each pdf, from its moments ``(num_pdfs, 1 + 2 D)`` (gmmbin/gmm-init-model.cc).

        A pdf without frames gets the Gaussian of all frames.
        """
        dimension = (moments.shape[1] - 1) // 2
        filled = np.where(moments[:, :1] > 0, moments, moments.sum(axis=0))
        means = filled[:, 1 : 1 + dimension] / filled[:, :1]
        variances = filled[:, 1 + dimension :] / filled[:, :1] - means * means
        count = len(moments)
        return cls(np.arange(count + 1), np.ones(count), means, np.maximum(variances, variance_floor))

    def to_model(self) -> AmDiagGmm:
        """The model with these parameters."""
        return AmDiagGmm.from_arrays(self.offsets, self.weights, self.means, self.variances)

    @property
    def num_pdfs(self) -> int:
        """Number of pdfs."""
        return len(self.offsets) - 1

    @property
    def num_gaussians(self) -> int:
        """Number of Gaussians of all pdfs (G)."""
        return len(self.weights)

    def of_pdfs(self, pdf_ids: Sequence[int] | IntArray) -> Mixtures:
        """The GMMs of some pdfs, in the given order."""
        rows = [np.arange(self.offsets[pdf], self.offsets[pdf + 1]) for pdf in pdf_ids]
        chosen = np.concatenate(rows)
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        return Mixtures(offsets, self.weights[chosen], self.means[chosen], self.variances[chosen])

    @cached_property
    def quadratic_form(self) -> tuple[Float64Array, Float64Array]:
        """Coefficients ``(2 D, G)`` and constants ``(G,)``.

        ``[x, x * x] @ coefficients + constants`` are the log densities of a frame x, including the weights. The
        constants are the gconsts of :class:`~blasr.hmm.gmm.DiagGmm`.
        """
        precisions = 1.0 / self.variances
        with np.errstate(divide="ignore"):
            constants = np.log(self.weights) - 0.5 * (
                np.log(2.0 * math.pi * self.variances) + self.means * self.means * precisions
            ).sum(axis=1)
        return np.ascontiguousarray(np.concatenate([self.means * precisions, -0.5 * precisions], axis=1).T), constants

    def log_likelihoods(self, features: FloatArray) -> FloatArray:
        """Log-likelihoods ``(T, num_pdfs)`` of frames ``(T, D)``."""
        coefficients, constants = (torch.from_numpy(part.astype(np.float32)) for part in self.quadratic_form)
        frames = torch.from_numpy(features)
        densities = torch.addmm(constants, torch.cat([frames, frames * frames], dim=1), coefficients).numpy()
        starts = self.offsets[:-1]
        peaks = np.maximum.reduceat(densities, starts, axis=1)
        densities -= np.repeat(peaks, np.diff(self.offsets), axis=1)
        np.exp(densities, out=densities)
        return np.asarray(peaks + np.log(np.add.reduceat(densities, starts, axis=1)), dtype=np.float32)

    def mix_up(self, occupancies: Float64Array, target: int, *, power: float, seed: int) -> Mixtures:
        """Split Gaussians of pdfs with much data, until there are ``target`` (AmDiagGmm::SplitByCount).

        Args:
            occupancies: frames ``(num_pdfs,)`` of each pdf.
            target: the number of Gaussians to reach in all pdfs together.
            power: the Gaussians are shared among pdfs in proportion to their occupancies to this power.
            seed: seed of the random directions in which the two halves of a Gaussian are moved.
        """
        targets = split_targets(occupancies, target, power)
        random = np.random.default_rng(seed)
        parts = []
        for pdf, (begin, end) in enumerate(zip(self.offsets[:-1], self.offsets[1:], strict=True)):
            part = (self.weights[begin:end], self.means[begin:end], self.variances[begin:end])
            parts.append(_split(*part, targets[pdf], random) if targets[pdf] > end - begin else part)
        offsets = np.concatenate([[0], np.cumsum([len(part[0]) for part in parts])])
        return Mixtures(offsets, *(np.concatenate([part[index] for part in parts]) for index in range(3)))


@dataclass
class GmmAccumulator:
    """Sums over frames for one update; ``moments`` is ``(G, 1 + 2 D)``, weighted by the posteriors of the Gaussians."""

    moments: Moments
    log_likelihood: float = 0.0
    num_frames: int = 0

    @classmethod
    def zeros(cls, mixtures: Mixtures) -> GmmAccumulator:
        """An empty accumulator for a model."""
        return cls(np.zeros((mixtures.num_gaussians, 1 + 2 * mixtures.means.shape[1])))

    def add(self, mixtures: Mixtures, features: FloatArray, pdf_ids: IntArray) -> None:
        """Add frames ``(T, D)`` and their pdf-ids ``(T,)`` (AccumDiagGmm::AccumulateFromDiag)."""
        order = np.argsort(pdf_ids, kind="stable")
        frames = torch.from_numpy(features[order]).double()
        rows = torch.cat([frames, frames * frames], dim=1)
        seen, starts = np.unique(pdf_ids[order], return_index=True)
        coefficients, constants = map(torch.from_numpy, mixtures.quadratic_form)
        moments = torch.from_numpy(self.moments)
        for pdf, begin, end in zip(seen, starts, [*starts[1:], len(order)], strict=True):
            first, last = mixtures.offsets[pdf], mixtures.offsets[pdf + 1]
            block = rows[begin:end]
            densities = torch.addmm(constants[first:last], block, coefficients[:, first:last])
            totals = densities.logsumexp(dim=1, keepdim=True)
            posteriors = (densities - totals).exp_()
            self.log_likelihood += float(totals.sum())
            moments[first:last, 0] += posteriors.sum(dim=0)
            moments[first:last, 1:].addmm_(posteriors.T, block)
        self.num_frames += len(order)

    def merge(self, other: GmmAccumulator) -> None:
        """Add the sums of another accumulator."""
        self.moments += other.moments
        self.log_likelihood += other.log_likelihood
        self.num_frames += other.num_frames

    def occupancies(self, mixtures: Mixtures) -> Float64Array:
        """Number of frames ``(num_pdfs,)`` of each pdf."""
        return np.add.reduceat(self.moments[:, 0], mixtures.offsets[:-1])

    @property
    def average_log_likelihood(self) -> float:
        """The log-likelihood per frame under the model before the update."""
        return self.log_likelihood / max(self.num_frames, 1)

    def update(self, mixtures: Mixtures, options: UpdateOptions) -> tuple[Mixtures, UpdateReport]:
        """Estimate new parameters from the sums (MleDiagGmmUpdate).

        Gaussians with too little data are removed, except for the last one of a pdf, which keeps its mean and variance.
        """
        dimension = mixtures.means.shape[1]
        occupancy = self.moments[:, 0]
        sizes = np.diff(mixtures.offsets)
        totals = np.repeat(self.occupancies(mixtures), sizes)
        with np.errstate(invalid="ignore"):
            weights = np.where(totals > 0, occupancy / np.maximum(totals, 1e-300), 1.0 / np.repeat(sizes, sizes))
        has_data = (occupancy > options.min_gaussian_occupancy) & (weights > options.min_gaussian_weight)
        keep = has_data.copy()
        without_data = np.flatnonzero(np.add.reduceat(has_data.astype(np.int64), mixtures.offsets[:-1]) == 0)
        keep[mixtures.offsets[without_data + 1] - 1] = True
        counts = np.where(has_data, occupancy, 1.0)[:, None]
        means = np.where(has_data[:, None], self.moments[:, 1 : 1 + dimension] / counts, mixtures.means)
        estimates = self.moments[:, 1 + dimension :] / counts - means * means
        floored = np.maximum(estimates, options.min_variance)
        num_floored = int((has_data[:, None] & (estimates < options.min_variance)).sum())
        variances = np.where(has_data[:, None], floored, mixtures.variances)
        weights = np.where(has_data, weights, np.maximum(weights, options.min_gaussian_weight))
        kept_sizes = np.add.reduceat(keep.astype(np.int64), mixtures.offsets[:-1])
        offsets = np.concatenate([[0], np.cumsum(kept_sizes)])
        norms = np.add.reduceat(weights[keep], offsets[:-1])
        updated = Mixtures(offsets, weights[keep] / np.repeat(norms, kept_sizes), means[keep], variances[keep])
        return updated, UpdateReport(int((~keep).sum()), num_floored)


def split_targets(occupancies: Float64Array, target: int, power: float, min_count: float = 20.0) -> NDArray[np.int64]:
    """The number of Gaussians ``(num_pdfs,)`` that each pdf should have (GetSplitTargets of gmm/model-common.cc).

    Each pdf starts with one. Then the pdf with the largest ``occupancy ** power`` per Gaussian gets one more, as long
    as its Gaussians keep at least ``min_count`` frames each.
    """
    targets = np.ones(len(occupancies), dtype=np.int64)
    queue = [(-(occupancy**power), pdf) for pdf, occupancy in enumerate(occupancies.tolist()) if occupancy > 0]
    heapq.heapify(queue)
    for _ in range(target - len(targets)):
        while queue and (targets[queue[0][1]] + 1) * min_count >= occupancies[queue[0][1]]:
            heapq.heappop(queue)
        if not queue:
            break
        pdf = queue[0][1]
        targets[pdf] += 1
        heapq.heapreplace(queue, (-(occupancies[pdf] ** power) / targets[pdf], pdf))
    return targets


def _split(
    weights: Float64Array,
    means: Float64Array,
    variances: Float64Array,
    target: int,
    random: np.random.Generator,
    perturbation: float = 0.01,
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Split the Gaussian with the largest weight until there are ``target`` (DiagGmm::Split)."""
    size, dimension = means.shape
    weights = np.concatenate([weights, np.zeros(target - size)])
    means = np.concatenate([means, np.zeros((target - size, dimension))])
    variances = np.concatenate([variances, np.zeros((target - size, dimension))])
    for new in range(size, target):
        heaviest = int(weights[:new].argmax())
        weights[heaviest] /= 2.0
        weights[new] = weights[heaviest]
        shift = perturbation * random.standard_normal(dimension) * np.sqrt(variances[heaviest])
        variances[new] = variances[heaviest]
        means[new] = means[heaviest] + shift
        means[heaviest] -= shift
    return weights, means, variances
