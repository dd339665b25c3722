"""How far statistics of perturbed speakers that are derived from a few utterances are from those of all utterances.

    python benchmarks/perturbed_speaker_stats.py DATA_DIR --sample-rate 16000 --speakers 12

prints, for samples of 1 to 32 utterances, the error of the mean log-mel features (natural log) over all speakers, bins
and 8 combinations of speed and VTLN warp, and that of the standard deviations.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from blasr.data import DataDir, Utterance
from blasr.features import CmvnStats, FeatureConfig, Perturbation
from blasr.features.speaker_stats_collection import derived_stats
from blasr.features.static_features import StaticFeatures
from blasr.units import AnyArray

VOICES = [Perturbation(speed, warp) for speed in (1.0, 0.9, 1.1) for warp in (1.0, 0.9, 1.1)]
SAMPLES = (1, 2, 4, 8, 16, 32)


def spread(items: tuple[Utterance, ...], count: int) -> list[Utterance]:
    """Return ``count`` items, evenly spread."""
    count = min(count, len(items))
    return [items[index * len(items) // count] for index in range(count)]


def describe(errors: list[AnyArray]) -> str:
    """Return the root mean square, the 99th percentile and the maximum of absolute errors."""
    values = np.abs(np.concatenate([np.ravel(item) for item in errors]))
    return f"rms {np.sqrt(np.mean(values**2)):.4f}  99% {np.percentile(values, 99):.4f}  max {values.max():.4f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("data", type=Path, metavar="DIR", help="a Kaldi data directory")
    parser.add_argument("--sample-rate", type=int, default=8000, metavar="HZ")
    parser.add_argument("--speakers", type=int, default=12, metavar="N")
    parser.add_argument("--utterances", type=int, default=100, metavar="N", help="largest number for each speaker")
    args = parser.parse_args()
    torch.set_num_threads(1)
    data_dir = DataDir.read(args.data)
    static = StaticFeatures(FeatureConfig(sample_rate=args.sample_rate), data_dir)
    speakers = data_dir.speakers()
    names = list(speakers)[:: max(1, len(speakers) // args.speakers)][: args.speakers]
    sums = [
        np.array(
            [
                [CmvnStats.of(features).matrix for features in static.compute_voices(utterance, VOICES)]
                for utterance in spread(speakers[name], args.utterances)
            ]
        )
        for name in names
    ]
    deviation = np.mean([np.sqrt(CmvnStats(item[:, 0].sum(0)).variance).mean() for item in sums])
    print(f"{len(names)} speakers, {sum(map(len, sums))} utterances; standard deviation {deviation:.3f}")
    for count in (0, *SAMPLES):
        means, deviations = [], []
        for item in sums:
            if len(item) <= count:
                continue
            whole = item.sum(0)
            chosen = [index * len(item) // count for index in range(count)] if count else []
            derived = derived_stats(whole[0], item[chosen].sum(0)) if count else np.array([whole[0]] * len(VOICES))
            for found, wanted in zip(map(CmvnStats, derived[1:]), map(CmvnStats, whole[1:]), strict=True):
                means.append(found.mean - wanted.mean)
                deviations.append(np.sqrt(found.variance / wanted.variance) - 1)
        if means:
            what = f"{count:2d} utterances" if count else "unperturbed  "
            print(f"{what}: mean {describe(means)} | deviation, relative: {describe(deviations)}")


if __name__ == "__main__":
    main()
