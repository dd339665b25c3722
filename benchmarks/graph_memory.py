"""Peak memory and time of compiling a trigram ARPA model of 1 million n-grams to G and HCLG, and of related steps.

The model is synthetic: random n-grams with Zipf's frequencies over 20,000 words. Every step runs in a separate process,
and its peak resident memory is reported. HCLG has triphones, with a random lexicon and tree.

    python -m benchmarks.graph_memory --report benchmarks/reports/2026-11-21-graph-memory.md
    python -m benchmarks.graph_memory --graphs 95k 1M --report benchmarks/reports/2026-11-28-graph-memory.md
"""

from __future__ import annotations

import argparse
import datetime
import multiprocessing
import os
import platform
import re
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import kaldilm
import numpy as np

from benchmarks.decoder_task import random_lexicon, random_tree
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.graph.arpa_grammar import grammar_of
from blasr.graph.config import LangConfig
from blasr.graph.grammar import arpa_to_fst
from blasr.graph.hclg import compile_decoding_graph
from blasr.graph.lang import Lang
from blasr.graph.lang_writing import make_lang
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency
from blasr.io.atomic import atomic_open
from blasr.io.fst import Fst, read_fst, write_fst
from blasr.io.symbols import SymbolTable
from blasr.lm.arpa import read_arpa, write_arpa
from blasr.lm.backoff_grammar import LmDifference, lay_out_grammar
from blasr.lm.backoff_model import BEGIN, END, BackoffModel, Nodes, model_from_levels
from blasr.lm.kneser_ney import estimate_kneser_ney
from blasr.lm.pruning import prune
from blasr.units import IntArray


@dataclass(frozen=True)
class Size:
    """The words of a model, the draws of n-grams of order 2 and 3 (some are the same), and the pdfs of a tree."""

    words: int
    bigrams: int
    trigrams: int
    pdfs: int | None = None


SIZES = {
    "95k": Size(20_000, 35_000, 45_000),
    "250k": Size(20_000, 120_000, 150_000),
    "1M": Size(20_000, 500_000, 700_000),
    "paper": Size(30_500, 2_200_000, 3_000_000, pdfs=32_000),  # 4 million n-grams
}
DEFAULT = "1M"


@dataclass(frozen=True)
class Step:
    """The name of a step, its output, its times and its peak memory."""

    name: str
    output: str
    processor_seconds: float
    seconds: float
    peak_mib: float


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", type=Path, help="also write the report there")
    parser.add_argument("--graphs", nargs="+", choices=SIZES, metavar="SIZE", help="only HCLG, of these models")
    args = parser.parse_args()
    text = report_graphs(args.graphs) if args.graphs else report_steps()
    print(text)
    if args.report is not None:
        with atomic_open(args.report, "w") as stream:
            stream.write(text)


def report_graphs(names: list[str]) -> str:
    """Compile the graph of each size, and return the report."""
    steps = []
    with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
        arpa = Path(folder, "lm.arpa")
        for name in names:
            size = SIZES[name]
            model = synthetic_model(np.random.default_rng(0), size)
            write_arpa(model, arpa)
            label = f"{sum(model.num_ngrams):,} n-grams over {size.words:,} words"
            steps.append(measured(label, partial(graph, arpa, size)))
            print(label, steps[-1], flush=True)
    return "\n".join([f"# Time and memory from an ARPA model to HCLG, {datetime.date.today()}", *table(steps)])


def report_steps() -> str:
    """Measure all steps for the default size, and return the report."""
    with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
        arpa, words = Path(folder, "lm.arpa"), Path(folder, "words.txt")
        model = synthetic_model(np.random.default_rng(0))
        write_arpa(model, arpa)
        SymbolTable.from_symbols([*model.words[2:], "#0", BEGIN, END]).write(words)
        steps = [
            measured("ARPA read", partial(read, arpa)),
            measured("ARPA -> G", partial(grammar, arpa, words)),
            measured("ARPA -> G by kaldilm, for comparison", partial(kaldilm_grammar, arpa, words)),
            measured("ARPA read and pruned with threshold 1e-7", partial(pruned, arpa)),
            measured("Kneser-Ney trigrams of a million words", train),
            measured("lang, tree -> HCLG of the unigrams alone", partial(unigram_graph, arpa)),
            measured("HCLG of the unigrams and G, read for biglm decoding", partial(decoder, arpa)),
            measured("lang, tree, ARPA -> HCLG", partial(graph, arpa)),
        ]
        return report(model, arpa.stat().st_size, steps)


def synthetic_model(rng: np.random.Generator, size: Size = SIZES[DEFAULT]) -> BackoffModel:
    """Return a trigram model of ``<s>``, ``</s>``, ``<unk>`` and other words, with random probabilities."""
    words = [BEGIN, END, "<unk>", *(f"word{number}" for number in range(3, size.words))]
    everything = np.arange(size.words, dtype=np.int32)
    unigrams = np.zeros(size.words, dtype=np.int64), everything
    bigrams = _drawn(rng, np.delete(everything, 1).astype(np.int64) + 1, size.bigrams, size.words)
    contexts = np.flatnonzero(bigrams[1] != 1) + 1 + size.words
    trigrams = _drawn(rng, contexts, size.trigrams, size.words)
    levels = []
    for order, (parent, word) in enumerate((unigrams, bigrams, trigrams), start=1):
        log_prob = np.round(rng.uniform(-5, -0.1, len(word)), 6)
        backoff = np.round(rng.uniform(-1, 0, len(word)), 6) * (order < 3)
        levels.append((parent, word, log_prob, backoff))
    return model_from_levels(words, levels)


def _drawn(rng: np.random.Generator, contexts: Nodes, draws: int, num_words: int) -> tuple[Nodes, IntArray]:
    newest = rng.zipf(1.3, draws) % (num_words - 1) + 1
    keys = np.unique(rng.choice(contexts, draws) * num_words + newest)
    return keys // num_words, (keys % num_words).astype(np.int32)


def read(arpa: Path) -> str:
    """Read the model."""
    return f"{sum(read_arpa(arpa).num_ngrams):,} n-grams"


def grammar(arpa: Path, words: Path) -> str:
    """Make G as ``blasr graph`` does."""
    fst = arpa_to_fst(arpa, SymbolTable.read(words))
    return f"{fst.num_states:,} states, {fst.num_arcs:,} arcs"


def kaldilm_grammar(arpa: Path, words: Path) -> str:
    """Make G with Kaldi's code in kaldilm, and read it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    target = str(arpa.parent / "G.fst")
    kaldilm.arpa2fst(str(arpa), target, disambig_symbol="#0", read_symbol_table=str(words))
    fst = read_fst(target)
    return f"{fst.num_states:,} states, {fst.num_arcs:,} arcs"


def pruned(arpa: Path) -> str:
    """Read and prune the model."""
    return f"{sum(prune(read_arpa(arpa), 1e-7).num_ngrams):,} n-grams left"


def train() -> str:
    """Estimate a model of random text."""
    rng = np.random.default_rng(1)
    num_words = SIZES[DEFAULT].words
    names = [f"word{number}" for number in range(num_words)]
    sentences = ([names[i % num_words] for i in rng.zipf(1.2, 20)] for _ in range(50_000))
    return f"{sum(estimate_kneser_ney(sentences, 3).model.num_ngrams):,} n-grams"


def random_system(arpa: Path, size: Size = SIZES[DEFAULT]) -> tuple[Lang, ContextDependency, TransitionModel]:
    """Return lang, tree and model for the words, as in the benchmark of the decoder."""
    rng = np.random.default_rng(2)
    words = [f"word{number}" for number in range(3, size.words)]
    folder = arpa.parent / "lang"
    lang = make_lang(random_lexicon(rng, words), folder, LangConfig(silence_phones=["SIL", "SPN"], oov="<UNK>"))
    tree = random_tree(rng, lang, size.pdfs)
    return lang, tree, TransitionModel.from_tree(tree, lang.topology)


def graph(arpa: Path, size: Size = SIZES[DEFAULT]) -> str:
    """Compile HCLG as ``blasr graph`` does, and write it."""
    lang, tree, model = random_system(arpa, size)
    fst = compile_decoding_graph(lang, tree, model, arpa_to_fst(arpa, lang.words, missing_words="drop")).fst
    write_fst(fst, arpa.parent / "HCLG.fst")
    return f"{fst.num_states:,} states, {fst.num_arcs:,} arcs, {tree.num_pdfs:,} pdfs"


def unigram_graph(arpa: Path) -> str:
    """Compile HCLG of the model's unigrams."""
    lang, tree, model = random_system(arpa)
    fst = compile_decoding_graph(lang, tree, model, unigrams_of(arpa, lang.words)).fst
    write_fst(fst, arpa.parent / "HCLG.fst")
    return f"{fst.num_states:,} states, {fst.num_arcs:,} arcs"


def unigrams_of(arpa: Path, words: SymbolTable) -> Fst:
    """Return G of the unigrams of a model."""
    model = read_arpa(arpa)
    nodes = slice(1, int(model.bounds[2]))
    level = model.parent[nodes], model.word[nodes], model.log_prob[nodes], np.zeros(model.num_ngrams[0])
    return grammar_of(model_from_levels(model.words, [level]), words)


def decoder(arpa: Path) -> str:
    """Load what ``blasr decode --old-lm --new-lm`` has in memory before the first utterance."""
    lang, _, model = random_system(arpa)
    backoff = lang.words.id_of("#0")
    old = lay_out_grammar(unigrams_of(arpa, lang.words), backoff)
    new = lay_out_grammar(arpa_to_fst(arpa, lang.words, missing_words="drop"), backoff)
    fst = read_fst(arpa.parent / "HCLG.fst")
    LatticeDecoder(fst, model.tid_to_pdf, difference=LmDifference(old, new))
    return f"{fst.num_arcs:,} arcs of HCLG, {len(new.words):,} of G"


def measured(name: str, work: Callable[[], str]) -> Step:
    """Run ``work`` in a fresh process and return its times and peak memory."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return Step(name, *pool.apply(_measure, (work,)))


def _measure(work: Callable[[], str]) -> tuple[str, float, float, float]:
    processor, clock = time.process_time(), time.perf_counter()
    output = work()
    return output, time.process_time() - processor, time.perf_counter() - clock, _peak_mib()


def _peak_mib() -> float:
    # not getrusage, which starts from the peak of the parent process
    match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    if match is None:
        raise OSError("the system does not report the peak of resident memory")
    return int(match[1]) / 1024


def report(model: BackoffModel, num_bytes: int, steps: list[Step]) -> str:
    """Return the table and the machine, in Markdown."""
    sizes = ", ".join(f"{count:,} {order}-grams" for order, count in enumerate(model.num_ngrams, start=1))
    lines = [
        f"# Memory from an ARPA model of a million n-grams to G and HCLG, {datetime.date.today()}",
        "",
        f"Model: synthetic, {sizes}; {num_bytes / 2**20:.0f} MiB of text.",
    ]
    return "\n".join([*lines, *table(steps)])


def table(steps: list[Step]) -> list[str]:
    """Return the lines about the machine and the table, in Markdown."""
    lines = [
        "",
        f"Machine: {os.cpu_count()} cores, 1 used; {platform.system()} {platform.machine()}; Python "
        f"{platform.python_version()}, numpy {np.__version__}. Load average {os.getloadavg()[0]:.1f}: other work may "
        "have run on the same machine and increased clock time.",
        "",
        f"Command: `{shlex.join(['python', '-m', 'benchmarks.graph_memory', *sys.argv[1:]])}`",
        "",
        "Each step runs in a separate process; the peak is resident memory, including the interpreter, the imports, "
        "and the synthetic lexicon and tree.",
        "",
        "| step | output | processor, s | clock, s | peak, MiB |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for step in steps:
        seconds = f"{step.processor_seconds:.1f} | {step.seconds:.1f}"
        lines.append(f"| {step.name} | {step.output} | {seconds} | {step.peak_mib:.0f} |")
    return [*lines, ""]


if __name__ == "__main__":
    main()
