"""Start-up time and memory of ``blasr train`` until its first batches, for synthetic corpora of several sizes.

    python benchmarks/startup.py --model GMM/final.mdl --utterances 2000 200000

Every utterance is the same 3.5 s of noise with 350 labels, under its own name; there are 100 utterances of a speaker,
and 50,000 in an archive of alignments.
The start that builds the index of the labels and a second start are measured. Memory is the proportional set size (PSS)
of the process and its workers together, at its peak; pages that processes share count once.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

SECONDS, FRAMES, RATE = 3.5, 348, 8000
UTTERANCES_OF_A_SPEAKER = 100
UTTERANCES_OF_AN_ARCHIVE = 50_000
BATCHES = 100


def write_corpus(folder: Path, model: Path, utterances: int) -> None:
    """Write a data directory and its alignments."""
    from blasr.hmm.transition_model import read_transition_model
    from blasr.io import write_alignments

    data, alignments = folder / "data", folder / "ali"
    data.mkdir(parents=True)
    alignments.mkdir()
    random = np.random.default_rng(0)
    soundfile.write(folder / "noise.wav", random.normal(0, 500, int(SECONDS * RATE)).astype(np.int16), RATE)
    names = [f"speaker{n // UTTERANCES_OF_A_SPEAKER:06d}-utterance{n:08d}" for n in range(utterances)]
    with (data / "wav.scp").open("w") as stream:
        stream.writelines(f"{name} {folder}/noise.wav\n" for name in names)
    with (data / "utt2spk").open("w") as stream:
        stream.writelines(f"{name} {name.split('-')[0]}\n" for name in names)
    ids = 1 + np.arange(FRAMES, dtype=np.int32) // 10 % read_transition_model(model).num_transition_ids
    for number, first in enumerate(range(0, len(names), UTTERANCES_OF_AN_ARCHIVE), start=1):
        part = names[first : first + UTTERANCES_OF_AN_ARCHIVE]
        write_alignments(alignments / f"ali.{number}.gz", ((name, ids) for name in part))
    shutil.copyfile(model, alignments / "final.mdl")


def start(folder: Path, workers: int, cmvn: str) -> None:
    """Do what ``blasr train`` does until it has had some batches, and print the times."""
    from blasr.config import parse_config
    from blasr.pipeline.batches import make_batches
    from blasr.pipeline.config import RunConfig
    from blasr.pipeline.corpus import read_corpus
    from blasr.training import DistributedContext

    times = {"imports": time.process_time()}
    started = time.monotonic()

    def lap(name: str) -> None:
        times[name] = time.monotonic() - started

    config = parse_config(
        RunConfig,
        {
            "experiment": str(folder / "exp"),
            "model": {"name": "bl_resnet22_a2b3"},
            "data": {"train": str(folder / "data"), "alignments": str(folder / "ali")},
            "features": {"cmvn": cmvn},
            "chunks": {"num_workers": workers, "chunk_frames": 100, "batch_frames": 2000, "pool_frames": 20000},
        },
    )
    corpus = read_corpus(config.data, config.experiment / "labels", 0, workers)
    lap("corpus")
    batches = make_batches(config, corpus, DistributedContext())
    lap("batches")
    for number, _ in enumerate(itertools.islice(batches.train.batches(1), BATCHES)):
        if number == 0:
            lap("first batch")
    lap(f"{BATCHES} batches")
    times["processor, main process"] = time.process_time()
    times["peak RSS, main process (MB)"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(times))


def family(pid: int) -> Iterator[int]:
    """Yield a process and its descendants."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from family(int(child))


def proportional_mb(pid: int) -> float:
    """Return the PSS of a process in MB, without mapped files that the system may drop; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:"))) / 1024


def measure(folder: Path, workers: int, cmvn: str) -> dict[str, float]:
    """Return the times and the peak memory of one start."""
    command = [sys.executable, __file__, "--start", str(folder), "--workers", str(workers), "--cmvn", cmvn]
    peak: dict[str, float] = {"peak of all (MB)": 0.0, "peak of a worker (MB)": 0.0}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            try:
                main, *others = [proportional_mb(pid) for pid in family(process.pid)]
            except OSError:
                continue
            peak["peak of all (MB)"] = max(peak["peak of all (MB)"], main + sum(others))
            peak["peak of a worker (MB)"] = max([peak["peak of a worker (MB)"], *others])
            time.sleep(0.25)
        output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"the start failed with status {process.returncode}")
    return {**json.loads(output.splitlines()[-1]), **peak}


def main() -> None:
    """Print one block for each size."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, metavar="FILE", help="a final.mdl")
    parser.add_argument("--utterances", type=int, nargs="+", default=[2000, 200_000], metavar="N")
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument("--cmvn", default="utterance", metavar="MODE")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the corpora here, and use those that exist")
    args = parser.parse_args()
    if args.start is not None:
        start(args.start, args.workers, args.cmvn)
        return
    if args.model is None:
        parser.error("name a final.mdl with --model")
    with tempfile.TemporaryDirectory() as temporary:
        for utterances in args.utterances:
            folder = (args.keep or Path(temporary)).absolute() / str(utterances)
            if not folder.exists():
                write_corpus(folder, args.model, utterances)
            shutil.rmtree(folder / "exp", ignore_errors=True)
            for name in ("first start", "second start"):
                print(f"{utterances} utterances, {name}, load {os.getloadavg()[0]:.1f}:")
                for key, value in measure(folder, args.workers, args.cmvn).items():
                    print(f"  {key}: {value:.1f}", flush=True)


if __name__ == "__main__":
    main()
