"""How the spread of each speaker's features in a set differs from that in the training set.

Features are divided by their standard deviation. If the training set has a larger one than a test set, because it has
more silence, the test's features come out larger than any that the network was trained on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from blasr.data.data_dir import DataDir
from blasr.features import CmvnStats, FeatureConfig, collect_speaker_stats
from blasr.io.kaldi import MatrixWriter
from blasr.units import AnyArray
from recipes.common.command import run_step, step_parser
from recipes.common.results import table


def statistics(folder: Path) -> dict[str, CmvnStats]:
    """Return the statistics of the log-mel features of each speaker of a data directory."""
    return collect_speaker_stats(FeatureConfig(norm_vars=True), DataDir.read(folder)).speakers()


def standard_deviations(folder: Path) -> dict[str, AnyArray]:
    """Return the standard deviation of each log-mel bin ``(F,)`` for each speaker of a data directory."""
    deviations = {}
    for speaker, stats in statistics(folder).items():
        count = stats.matrix[0, -1]
        means = stats.matrix[0, :-1] / count
        deviations[speaker] = np.sqrt(stats.matrix[1, :-1] / count - means**2)
    return deviations


def ratios(train: Path, other: Path) -> dict[str, float]:
    """Return for each speaker the standard deviation in ``other`` over that in ``train`` (mean over bins)."""
    expected, found = standard_deviations(train), standard_deviations(other)
    return {speaker: float(np.mean(found[speaker] / expected[speaker])) for speaker in expected.keys() & found.keys()}


def print_ratios(train: Path, sets: list[Path], cmvn: Path | None = None) -> None:
    """Print a row for each set and a column for each speaker.

    Args:
        train: the data directory of the training set.
        sets: data directories of the same speakers.
        cmvn: receives the statistics of ``train``.

    Raises:
        DataError: a data directory cannot be read.
    """
    columns = sorted(standard_deviations(train))
    rows = []
    for path in sets:
        found = ratios(train, path)
        rows.append([path.name, *(f"{found[speaker]:.2f}" if speaker in found else "-" for speaker in columns)])
    print(table(("", *columns), rows))
    if cmvn is not None:
        with MatrixWriter(cmvn) as writer:
            for speaker, stats in statistics(train).items():
                writer.write(speaker, stats.matrix)


def main() -> None:
    parser = step_parser("recipes.fsdd.feature_scale", __doc__)
    parser.add_argument("train", type=Path, metavar="TRAIN_DIR", help="the data directory of the training set")
    parser.add_argument("sets", type=Path, nargs="+", metavar="DIR", help="data directories of the same speakers")
    parser.add_argument(
        "--cmvn", type=Path, metavar="FILE", help="also write TRAIN_DIR's statistics, for blasr dump --cmvn"
    )
    run_step(parser, print_ratios)


if __name__ == "__main__":
    main()
