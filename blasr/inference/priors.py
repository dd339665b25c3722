"""Prior probabilities of pdf-ids: log-likelihoods are log-posteriors minus their logarithms."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blasr.errors import DataError, FormatError
from blasr.inference.config import PriorConfig
from blasr.io.atomic import atomic_open
from blasr.units import AnyArray


@dataclass(frozen=True)
class Priors:
    """The prior of every pdf-id.

    Attributes:
        probabilities: float64 ``(num_pdfs,)``, sum 1, each at least ``floor``.
        counts: frames of each pdf-id in the training labels, int64 ``(num_pdfs,)``.
        floor: the smallest probability.
        num_floored: how many pdfs are at the floor.
        source: which alignments were counted, or what else the priors come from.
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
    def from_counts(
        cls, counts: AnyArray, config: PriorConfig, source: str, *, occupancies: AnyArray | None = None
    ) -> Priors:
        """Return smoothed and floored relative frequencies.

        Args:
            counts: frames of each pdf-id in the training labels, ``(num_pdfs,)``.
            config: smoothing and floor.
            source: what the priors come from.
            occupancies: expected frames of each pdf-id, ``(num_pdfs,)``, to use in place of the counts.

        Raises:
            DataError: all counts are 0.
        """
        smoothed = np.asarray(counts if occupancies is None else occupancies, dtype=np.float64) + config.smoothing
        if not np.sum(counts) > 0:
            raise DataError("no frame of the training labels was counted", path=source)
        floor = config.floor / len(smoothed)
        probabilities = smoothed / smoothed.sum()
        floored = probabilities < floor
        while (
            floored.any()
        ):  # raising priors to the floor lowers the others, which may push some of them below the floor
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
        """Read what :meth:`write` wrote.

        Raises:
            FormatError: a file is absent or malformed.
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
            raise FormatError("expected priors above 0, one for each count", path=directory / "priors.vec")
        return cls(probabilities, counts, floor, num_floored, source)
