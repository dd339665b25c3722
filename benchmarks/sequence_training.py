"""Size of denominator graphs, and the speed and memory of forward-backward over them, in numba and in torch.

The system is synthetic: 5,000 random words, 40 phones and silence, triphones with about 1,900 pdfs. Log-likelihoods are
random. The GPU is measured too if there is one.

    python -m benchmarks.sequence_training --report benchmarks/reports/2026-11-28-sequence-training.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.decoder_task import random_lexicon, random_sentences, random_tree
from blasr.graph import LangConfig, make_lang
from blasr.hmm import ContextDependency, TransitionModel
from blasr.io.atomic import atomic_open
from blasr.sequence import (
    PhoneCounts,
    PhoneLmConfig,
    SequenceConfig,
    SequenceCriterion,
    SequenceGraph,
    estimate_phone_lm,
    expand_phone_lm,
)
from blasr.sequence.criterion import CriterionKind
from blasr.units import IntArray

NUM_WORDS = 5_000
NUM_SENTENCES = 20_000
BATCH, FRAMES, REPEATS = 8, 300, 3
PHONE_LMS = {
    "bigrams": PhoneLmConfig(2, 2, 0),
    "trigrams": PhoneLmConfig(3, 3, 0),
    "trigrams, 2,000 histories of 4-grams": PhoneLmConfig(4, 3, 2000),
}


@dataclass(frozen=True)
class Graph:
    """A denominator graph and how it was made."""

    name: str
    graph: SequenceGraph
    lm_states: int
    lm_arcs: int
    seconds: float


@dataclass(frozen=True)
class Speed:
    """Frames per second of a criterion and its gradient, and the memory of its forward weights for one batch."""

    graph: str
    criterion: str
    backend: str
    frames_per_second: float
    mebibytes: float


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", type=Path, help="also write the report there")
    parser.add_argument("--sentences", type=int, default=NUM_SENTENCES, help="sentences of the phone language model")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
        model, tree, sequences = synthetic_system(Path(folder), args.sentences)
    graphs = [build(name, config, model, tree, sequences) for name, config in PHONE_LMS.items()]
    speeds = [speed for graph in graphs for speed in measure(graph)]
    text = report(graphs, speeds, sum(map(len, sequences)))
    print(text)
    if args.report is not None:
        with atomic_open(args.report, "w") as stream:
            stream.write(text)


def synthetic_system(folder: Path, number: int) -> tuple[TransitionModel, ContextDependency, list[IntArray]]:
    """Return a transition model, its tree, and the phones of random sentences with silence at their ends."""
    rng = np.random.default_rng(0)
    words = [f"word{index}" for index in range(NUM_WORDS)]
    lexicon = random_lexicon(rng, words)
    lang = make_lang(lexicon, folder / "lang", LangConfig(silence_phones=["SIL", "SPN"], oov="<UNK>"))
    tree = random_tree(rng, lang)
    phones = {word.word: [lang.phones.id_of(phone) for phone in word.phones] for word in lexicon}
    silence = [lang.phones.id_of("SIL")]
    sequences = [
        np.array([*silence, *(phone for word in sentence for phone in phones[word]), *silence], np.int32)
        for sentence in random_sentences(rng, words, number)
    ]
    return TransitionModel.from_tree(tree, lang.topology), tree, sequences


def build(
    name: str, config: PhoneLmConfig, model: TransitionModel, tree: ContextDependency, sequences: list[IntArray]
) -> Graph:
    """Return the denominator graph of a phone language model."""
    started = time.process_time()
    counts = PhoneCounts(config.order, model.num_phones)
    for sequence in sequences:
        counts.add(sequence)
    phone_lm = estimate_phone_lm(counts, config)
    graph = expand_phone_lm(phone_lm, model, tree)
    return Graph(name, graph, phone_lm.num_states, phone_lm.num_arcs, time.process_time() - started)


def measure(graph: Graph) -> Iterator[Speed]:
    """Yield the speeds of the criteria on the CPU, with one thread, and on a GPU if there is one."""
    outputs = torch.randn(BATCH, graph.graph.num_pdfs, FRAMES, generator=torch.Generator().manual_seed(1))
    targets = outputs.argmax(1)
    priors = np.full(graph.graph.num_pdfs, -np.log(graph.graph.num_pdfs))
    rows: list[tuple[CriterionKind, str, str, int]] = [
        ("lfmmi", "numba", "cpu", 8),
        ("smbr", "numba", "cpu", 16),
        ("lfmmi", "torch", "cpu", 8 * BATCH),
    ]
    if torch.cuda.is_available():
        rows += [("lfmmi", "torch", "cuda", 4 * BATCH), ("smbr", "torch", "cuda", 8 * BATCH)]
    for kind, backend, device, num_bytes in rows:
        config = SequenceConfig(backend="numba" if backend == "numba" else "torch")
        criterion = SequenceCriterion(kind, graph.graph, priors, config).to(device)
        work = partial(step, criterion, outputs.to(device).requires_grad_(), targets.to(device))
        work()
        times = [timed(work, device) for _ in range(REPEATS)]
        memory = num_bytes * FRAMES * graph.graph.num_states / 2**20
        yield Speed(graph.name, kind, f"{backend}, {device}", BATCH * FRAMES / min(times), memory)


def step(criterion: SequenceCriterion, outputs: Tensor, targets: Tensor) -> None:
    """Compute the criterion of a batch and its gradient."""
    criterion(outputs, targets).backward()


def timed(work: Callable[[], None], device: str) -> float:
    """Return the seconds of the processor, or of the GPU."""
    if device == "cuda":
        torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        torch.cuda.synchronize()
        return time.perf_counter() - started
    started = time.process_time()
    work()
    return time.process_time() - started


def report(graphs: list[Graph], speeds: list[Speed], num_phones: int) -> str:
    """Return the tables and the machine, in Markdown."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    lines = [
        f"# Sequence training: denominator graphs and forward-backward, {datetime.date.today()}",
        "",
        f"Machine: {os.cpu_count()} cores, 1 used; {platform.system()} {platform.machine()}; {device}; Python "
        f"{platform.python_version()}, torch {torch.__version__}. Times on the CPU are those of the processor.",
        "",
        f"Command: `{shlex.join(['python', '-m', 'benchmarks.sequence_training', *sys.argv[1:]])}`",
        "",
        f"Synthetic sentences with {num_phones:,} phones; {graphs[0].graph.num_pdfs:,} pdfs.",
        "",
        "| phone language model | its states, arcs | denominator: states | transitions | built in, s |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for graph in graphs:
        lines.append(
            f"| {graph.name} | {graph.lm_states:,}, {graph.lm_arcs:,} | {graph.graph.num_states:,} | "
            f"{graph.graph.num_transitions:,} | {graph.seconds:.1f} |"
        )
    lines += [
        "",
        f"A batch has {BATCH} utterances of {FRAMES} frames. The speed is that of the criterion with its gradient, "
        f"the best of {REPEATS}: numerator and denominator. The memory is computed: the forward weights of one graph.",
        "",
        "| graph | criterion | backend | frames/s | MiB |",
        "| --- | --- | --- | ---: | ---: |",
    ]
    for speed in speeds:
        numbers = f"{speed.frames_per_second:,.0f} | {speed.mebibytes:.0f}"
        lines.append(f"| {speed.graph} | {speed.criterion} | {speed.backend} | {numbers} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
