"""Prior probabilities of pdf-ids: what log-posteriors are divided by to become log-likelihoods."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blasr.errors import ConfigError, DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.units import AnyArray


@dataclass(frozen=True)
class PriorConfig:
    """How counts become probabilities.

    Args:
        smoothing: added to every count, as Kaldi's ``analyze-counts`` adds 0.5.
        floor: the least prior, as a share of the even one (1 / num_pdfs). Without it a pdf hardly seen in training
            would turn a hardly trained output into a huge log-likelihood.
    """

    smoothing: float = 0.5
    floor: float = 0.01

    def __post_init__(self) -> None:
        if not self.smoothing >= 0:
            raise ConfigError(f"smoothing is {self.smoothing}, expected 0 or more")
        if not 0 < self.floor <= 1:
            raise ConfigError(f"floor is {self.floor}, expected above 0 and at most 1")


@dataclass(frozen=True)
class Priors:
    """The prior of every pdf-id.

    Args:
        probabilities: float64 ``(num_pdfs,)``, sum 1, each at least ``floor``.
        counts: frames of each pdf-id in the training labels, int64 ``(num_pdfs,)``.
        floor: the least probability.
        num_floored: how many pdfs are at the floor.
        source: which alignments were counted.
    """

    probabilities: NDArray[np.float64]
    counts: AnyArray
    floor: float
    num_floored: int
    source: str

    @property
    def num_pdfs(self) -> int:
        """Number of pdf-ids."""
        return len(self.probabilities)

    @property
    def log(self) -> NDArray[np.float64]:
        """Natural logarithms, all finite."""
        return np.log(self.probabilities)

    @classmethod
    def from_counts(cls, counts: AnyArray, config: PriorConfig, source: str) -> Priors:
        """Smoothed and floored relative frequencies.

        Raises:
            DataError: nothing was counted.
        """
        smoothed = np.asarray(counts, dtype=np.float64) + config.smoothing
        if not np.sum(counts) > 0:
            raise DataError("no frame of the training labels was counted", path=source)
        floor = config.floor / len(smoothed)
        probabilities = smoothed / smoothed.sum()
        floored = probabilities < floor
        while floored.any():  # the others make room for the floored ones, which may push some of them below the floor
            room = 1.0 - floor * np.count_nonzero(floored)
            others = max(smoothed[~floored].sum(), np.finfo(np.float64).tiny)
            probabilities = np.where(floored, floor, smoothed * (room / others))
            below = ~floored & (probabilities < floor)
            if not below.any():
                break
            floored |= below
        return cls(probabilities, np.asarray(counts, dtype=np.int64), floor, int(np.count_nonzero(floored)), source)

    def write(self, directory: Path) -> None:
        """Write ``priors.vec`` (Kaldi's text vector) and ``priors.json`` (counts, floor, source)."""
        with atomic_open(directory / "priors.vec", "w") as file:
            file.write(f" [ {' '.join(map(repr, self.probabilities.tolist()))} ]\n")
        meta = {
            "num_pdfs": self.num_pdfs,
            "floor": self.floor,
            "num_floored": self.num_floored,
            "unseen": int(np.count_nonzero(self.counts == 0)),
            "source": self.source,
            "counts": self.counts.tolist(),
        }
        with atomic_open(directory / "priors.json", "w") as file:
            json.dump(meta, file, indent=1)

    @classmethod
    def read(cls, directory: Path) -> Priors:
        """The inverse of :meth:`write`.

        Raises:
            FormatError: a file is absent or not of its format.
        """
        path = directory / "priors.vec"
        try:
            fields = path.read_text(encoding="utf-8").split()
            if fields[0] != "[" or fields[-1] != "]":
                raise ValueError("expected one vector in brackets")
            probabilities = np.array(fields[1:-1], dtype=np.float64)
            path = directory / "priors.json"
            meta = json.loads(path.read_text(encoding="utf-8"))
            counts = np.array(meta["counts"], dtype=np.int64)
            floor, num_floored, source = float(meta["floor"]), int(meta["num_floored"]), str(meta["source"])
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise FormatError(f"cannot be read as priors: {error}", path=path) from None
        if len(counts) != len(probabilities) or not np.all(probabilities > 0):
            raise FormatError("priors must be above 0, one for each count", path=directory / "priors.vec")
        return cls(probabilities, counts, floor, num_floored, source)
