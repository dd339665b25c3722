"""Time the acoustic scorer with 1 and more workers on the CPU: what blasr dump does, except for writing.

The utterances are noise, as long as telephone speech; the network has random weights. Every number of workers is
measured several times, in turn, and the best time counts. Log-likelihoods must be the same to the bit. Processor time
shows whether workers block each other or repeat work: it should not grow with their number.

    python benchmarks/acoustic_scorer.py --report benchmarks/reports/2026-11-28-acoustic-scorer.md
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import os
import platform
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch

from blasr.data.data_dir import DataDir, Utterance
from blasr.features.config import FeatureConfig
from blasr.inference import AcousticScorer, PriorConfig, Priors, UtteranceScorer, score_utterances
from blasr.io.atomic import atomic_open
from blasr.models import build_acoustic_model

SAMPLE_RATE = 8000


@dataclass(frozen=True)
class Times:
    """Seconds of one pass over the utterances: clock time, and processor time summed over threads."""

    clock: float
    processor: float


def main() -> None:
    """Measure, print the table, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bl_resnet22_a2b3", help="default: %(default)s")
    parser.add_argument(
        "--width", type=float, default=0.25, help="of the network, relative to the paper (default: 0.25)"
    )
    parser.add_argument("--num-pdfs", type=int, default=2000, help="outputs (default: %(default)s)")
    parser.add_argument("--utterances", type=int, default=60, help="default: %(default)s")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers to compare (default: 1 2)")
    parser.add_argument("--repeats", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the table as Markdown")
    args = parser.parse_args()
    torch.manual_seed(0)
    model = build_acoustic_model(args.model, num_pdfs=args.num_pdfs, width=args.width).eval()
    priors = Priors.from_counts(np.ones(args.num_pdfs, np.int64), PriorConfig(), "uniform")
    with tempfile.TemporaryDirectory() as folder:
        data_dir = write_utterances(Path(folder), args.utterances)
        score = AcousticScorer(model, FeatureConfig(cmvn="utterance"), priors).for_data(data_dir)
        times = measure(score, data_dir.utterances, args.workers, args.repeats)
        audio = data_dir.seconds()
    command = shlex.join(["python", *sys.argv])
    report = describe(times, audio, f"{args.model}, width {args.width:g}, {args.num_pdfs} pdfs", command)
    print(report)
    if args.report is not None:
        with atomic_open(args.report, "w") as file:
            file.write(report)


def write_utterances(folder: Path, number: int) -> DataDir:
    """Write recordings of 2 to 10 s, one utterance and one speaker each."""
    random = np.random.default_rng(0)
    recordings = {}
    for index in range(number):
        samples = 0.1 * random.standard_normal(int(random.uniform(2, 10) * SAMPLE_RATE))
        path = folder / f"u{index:03d}.wav"
        soundfile.write(path, samples.clip(-1, 1), SAMPLE_RATE)
        recordings[path.stem] = str(path)
    return DataDir(folder, tuple(Utterance(name, name, name) for name in recordings), recordings)


def measure(
    score: UtteranceScorer, utterances: Sequence[Utterance], workers: Sequence[int], repeats: int
) -> dict[int, Times]:
    """Return the best times for each number of workers; exit if their results differ in any bit."""
    run(score, utterances[:2], 1)  # the first call loads libraries
    found: dict[int, list[Times]] = {number: [] for number in workers}
    digests = set()
    for _ in range(repeats):
        for number in workers:
            times, digest = run(score, utterances, number)
            found[number].append(times)
            digests.add(digest)
    if len(digests) != 1:
        raise SystemExit("the number of workers changed the log-likelihoods")
    return {number: min(times, key=lambda item: item.clock) for number, times in found.items()}


def run(score: UtteranceScorer, utterances: Sequence[Utterance], workers: int) -> tuple[Times, str]:
    """Score all utterances once; return the times and a digest of the log-likelihoods."""
    digest = hashlib.sha256()
    clock, processor = time.perf_counter(), time.process_time()
    for _, matrix in score_utterances(score, utterances, workers):
        digest.update(matrix.tobytes())
    return Times(time.perf_counter() - clock, time.process_time() - processor), digest.hexdigest()


def describe(times: dict[int, Times], audio: float, network: str, command: str) -> str:
    """Return the report in Markdown."""
    first = next(iter(times.values()))
    rows = [
        f"| {number} | {item.clock:.2f} | {item.processor:.2f} | {audio / item.clock:.1f} | "
        f"{first.clock / item.clock:.2f} |"
        for number, item in times.items()
    ]
    machine = (
        f"{platform.processor() or platform.machine()}, {len(os.sched_getaffinity(0))} cores, torch {torch.__version__}"
    )
    head = [
        "# The acoustic scorer with several workers",
        "",
        f"{datetime.date.today()}, {machine}. {network}, {audio:.0f} s of audio.",
        "The log-likelihoods are the same to the bit.",
        "",
        f"    {command}",
        "",
        "| workers | seconds | processor seconds | times real time | speed-up |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *rows]) + "\n"


if __name__ == "__main__":
    main()
