"""Diagonal-covariance Gaussian mixtures, one per pdf-id (Kaldi's ``gmm/diag-gmm`` and ``gmm/am-diag-gmm``).

A file holds ``1 / variance``, ``mean / variance`` and, for every Gaussian, the part of its log-likelihood that does not
depend on the frame (``gconsts``). Here weights, means and variances are float64, so that the same 32-bit numbers are
written again, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from blasr.errors import DataError, MismatchError
from blasr.hmm.model_part import checked_at
from blasr.io.kaldi.model_stream import Reader, Writer
from blasr.units import AnyArray, FloatArray, IntArray

DoubleArray = NDArray[np.float64]

_LOG_2PI: Final = float(np.log(2 * np.pi))
_BLOCK_VALUES: Final = 1 << 24
"""Component log-likelihoods computed at a time: 64 MiB."""
_GCONST_TOLERANCE: Final = 1e-3


class _GaussianArrays:
    """Parameters of G Gaussians over D dimensions: ``weights (G,)``, ``means (G, D)``, ``variances (G, D)``."""

    weights: DoubleArray
    means: DoubleArray
    variances: DoubleArray

    @property
    def num_gaussians(self) -> int:
        """Number of Gaussians (G)."""
        return len(self.weights)

    @property
    def dimension(self) -> int:
        """Dimensions of a frame (D)."""
        return int(self.means.shape[1])


@dataclass(frozen=True, eq=False)
class DiagGmm(_GaussianArrays):
    """A mixture of G Gaussians over D dimensions.

    Attributes:
        weights: ``(G,)``.
        means: ``(G, D)``.
        variances: ``(G, D)``.
        gconsts: ``(G,)`` float32, Kaldi's constant terms; by default computed from the other parameters.

    Raises:
        DataError: shapes disagree, a number is not finite, a weight is negative, all weights are zero, or a variance
            is not positive.
    """

    weights: DoubleArray
    means: DoubleArray
    variances: DoubleArray
    gconsts: FloatArray | None = None

    def __post_init__(self) -> None:
        for name in ("weights", "means", "variances"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float64))
        shape = self.means.shape
        if len(shape) != 2 or 0 in shape or self.weights.shape != shape[:1] or self.variances.shape != shape:
            shapes = f"{self.weights.shape}, {shape} and {self.variances.shape}"
            raise DataError(f"weights, means and variances of a mixture have the shapes {shapes}")
        if not all(np.all(np.isfinite(array)) for array in (self.weights, self.means, self.variances)):
            raise DataError("a number of a mixture is not finite")
        if np.any(self.weights < 0) or not np.any(self.weights) or np.any(self.variances <= 0):
            raise DataError("a weight of a mixture is negative, all weights are zero, or a variance is not positive")
        if self.gconsts is None:
            object.__setattr__(self, "gconsts", constant_terms(self.weights, self.means, self.variances))

    @classmethod
    @np.errstate(all="ignore")  # numbers of a corrupt file may overflow; they are checked at the end
    def read_from(cls, reader: Reader) -> Self:
        """Read the mixture at the reader's position; :class:`FormatError` if there is none."""
        reader.expect("<DiagGMM>", "<DiagGMMBegin>")
        stored = None
        if reader.expect("<GCONSTS>", "<WEIGHTS>") == "<GCONSTS>":
            stored = reader.float_vector("the constant terms of a mixture").astype(np.float32)
            reader.expect("<WEIGHTS>")
        weights = reader.float_vector("the weights of a mixture").astype(np.float64)
        reader.expect("<MEANS_INVVARS>")
        means_invvars = reader.float_matrix("the means of a mixture").astype(np.float64)
        reader.expect("<INV_VARS>")
        inv_vars = reader.float_matrix("the variances of a mixture").astype(np.float64)
        reader.expect("</DiagGMM>", "<DiagGMMEnd>")
        if means_invvars.shape != inv_vars.shape:
            raise reader.error(f"a mixture has means of {means_invvars.shape} and variances of {inv_vars.shape}")
        with checked_at(reader):
            gmm = cls(weights, means_invvars / inv_vars, 1.0 / inv_vars)
        return gmm._with_stored_constants(stored)

    def _with_stored_constants(self, stored: FloatArray | None) -> Self:
        """The mixture with the constant terms of its file, if these are correct except for rounding."""
        assert self.gconsts is not None
        if stored is None or stored.shape != self.gconsts.shape:
            return self
        if not np.allclose(stored, self.gconsts, rtol=1e-5, atol=_GCONST_TOLERANCE):
            return self
        return type(self)(self.weights, self.means, self.variances, stored)

    def write_to(self, writer: Writer) -> None:
        """Write the mixture, byte for byte as Kaldi does."""
        assert self.gconsts is not None
        writer.token("<DiagGMM>")
        writer.newline()
        writer.token("<GCONSTS>")
        writer.float_vector(self.gconsts)
        writer.token("<WEIGHTS>")
        writer.float_vector(self.weights)
        writer.token("<MEANS_INVVARS>")
        writer.float_matrix(self.means / self.variances)
        writer.token("<INV_VARS>")
        writer.float_matrix(1.0 / self.variances)
        writer.token("</DiagGMM>")
        writer.newline()

    def log_likelihoods(self, features: AnyArray) -> FloatArray:
        """Natural log-likelihood ``(T,)`` of every frame of ``features (T, D)``."""
        return AmDiagGmm([self]).log_likelihoods(features).reshape(-1)


def constant_terms(weights: DoubleArray, means: DoubleArray, variances: DoubleArray) -> FloatArray:
    """The part ``(G,)`` of every log-likelihood that does not depend on the frame (``ComputeGconsts``).

    It consists of the log weight, the log normalization and the constant term of the exponent.
    """
    with np.errstate(divide="ignore"):  # a Gaussian with weight zero is never chosen
        log_weights = np.log(weights)
    normalization = means.shape[1] * _LOG_2PI + np.log(variances).sum(axis=1)
    terms = log_weights - 0.5 * (normalization + (means**2 / variances).sum(axis=1))
    return np.asarray(terms, np.float32)


class AmDiagGmm(_GaussianArrays):
    """The mixtures of an acoustic model, one for each pdf-id.

    Args:
        mixtures: one for every pdf-id, all with the same dimension.

    Attributes:
        mixtures: the argument, as a tuple.
        offsets: ``(num_pdfs + 1,)``; pdf-id p has the Gaussians ``offsets[p]`` to ``offsets[p + 1] - 1``.
        weights, means, variances: of the Gaussians of all pdf-ids, ``(G,)``, ``(G, D)`` and ``(G, D)``, float64.

    Raises:
        DataError: there are no mixtures, or their dimensions differ.
    """

    def __init__(self, mixtures: Sequence[DiagGmm]) -> None:
        if not mixtures:
            raise DataError("the acoustic model has no pdfs")
        if any(gmm.dimension != mixtures[0].dimension for gmm in mixtures):
            dimensions = sorted({gmm.dimension for gmm in mixtures})
            raise DataError(f"the mixtures of the acoustic model have different dimensions: {dimensions}")
        self.mixtures = tuple(mixtures)
        self.offsets: IntArray = np.cumsum([0, *(gmm.num_gaussians for gmm in mixtures)]).astype(np.int32)
        self.weights = np.concatenate([gmm.weights for gmm in mixtures])
        self.means = np.concatenate([gmm.means for gmm in mixtures])
        self.variances = np.concatenate([gmm.variances for gmm in mixtures])

    @classmethod
    def from_arrays(cls, offsets: AnyArray, weights: AnyArray, means: AnyArray, variances: AnyArray) -> Self:
        """The model with these arrays over all Gaussians; see the attributes of the same names for the shapes."""
        bounds = np.asarray(offsets).tolist()
        slices = [slice(first, last) for first, last in pairwise(bounds)]
        return cls([DiagGmm(weights[part], means[part], variances[part]) for part in slices])

    @property
    def num_pdfs(self) -> int:
        """Number of pdf-ids."""
        return len(self.mixtures)

    def __len__(self) -> int:
        return len(self.mixtures)

    def __getitem__(self, pdf_id: int) -> DiagGmm:
        return self.mixtures[pdf_id]

    def __iter__(self) -> Iterator[DiagGmm]:
        return iter(self.mixtures)

    @cached_property
    def _projection(self) -> tuple[DoubleArray, FloatArray, FloatArray]:
        """The center of the means ``(D,)``, coefficients ``(2 D, G)`` and constants ``(G,)``.

        ``[x - center, (x - center)^2] @ coefficients + constants`` are the component log-likelihoods of a frame x.
        Numbers relative to the center are small, so that 32-bit products lose less precision.
        """
        center = self.means.mean(axis=0)
        means = self.means - center
        linear, quadratic = means / self.variances, -0.5 / self.variances
        coefficients = np.concatenate([linear, quadratic], axis=1).T  # (2 D, G)
        return (
            center,
            np.ascontiguousarray(coefficients, np.float32),
            constant_terms(self.weights, means, self.variances),
        )

    def component_log_likelihoods(self, features: AnyArray) -> FloatArray:
        """Natural log of weight times density, ``(T, G)`` float32, of every Gaussian for ``features (T, D)``.

        Raises:
            MismatchError: the features have another dimension.
        """
        frames = np.asarray(features)
        if frames.ndim != 2 or frames.shape[1] != self.dimension:
            raise MismatchError(f"the mixtures have {self.dimension} dimensions, the features the shape {frames.shape}")
        center, coefficients, constants = self._projection
        centered = (frames - center).astype(np.float32)
        result: FloatArray = np.concatenate([centered, centered**2], axis=1) @ coefficients
        result += constants
        return result

    def log_likelihoods(self, features: AnyArray) -> FloatArray:
        """Natural log-likelihood of every pdf-id, ``(T, num_pdfs)`` float32, for ``features (T, D)``.

        Raises:
            MismatchError: the features have another dimension.
        """
        frames = np.asarray(features)
        block = max(1, _BLOCK_VALUES // self.num_gaussians)
        result = np.empty((len(frames), self.num_pdfs), np.float32)
        for start in range(0, len(frames), block):
            part = self.component_log_likelihoods(frames[start : start + block])
            result[start : start + block] = self._sum_over_components(part)
        return result

    def _sum_over_components(self, components: FloatArray) -> FloatArray:
        """Log of the sum of exponentials over the Gaussians of every pdf-id: ``(T, G) -> (T, num_pdfs)``."""
        if self.num_gaussians == self.num_pdfs:
            return components
        starts = self.offsets[:-1]
        highest: FloatArray = np.maximum.reduceat(components, starts, axis=1)
        components -= np.repeat(highest, np.diff(self.offsets), axis=1)
        np.exp(components, out=components)
        sums: FloatArray = np.add.reduceat(components, starts, axis=1)
        return highest + np.log(sums)

    @classmethod
    def read_from(cls, reader: Reader, first: str | None = None) -> Self:
        """Read the model at the reader's position; :class:`FormatError` if there is none.

        Args:
            reader: at the model, or after its first token.
            first: the first token, if it has been read already.
        """
        if first != "<DIMENSION>":
            reader.expect("<DIMENSION>")
        dimension = reader.int32("the dimension of the acoustic model")
        reader.expect("<NUMPDFS>")
        num_pdfs = reader.check_count(reader.int32("the number of pdfs"), 60, "mixtures")
        mixtures = [DiagGmm.read_from(reader) for _ in range(num_pdfs)]
        with checked_at(reader):
            model = cls(mixtures)
        if model.dimension != dimension:
            raise reader.error(f"the acoustic model declares {dimension} dimensions, but has {model.dimension}")
        return model

    def write_to(self, writer: Writer) -> None:
        """Write the model, byte for byte as Kaldi does."""
        writer.token("<DIMENSION>")
        writer.int32(self.dimension)
        writer.token("<NUMPDFS>")
        writer.int32(self.num_pdfs)
        for gmm in self.mixtures:
            gmm.write_to(writer)
