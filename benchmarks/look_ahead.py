"""A unigram graph with a bigram model exchanged in the search, with and without look-ahead, against the bigrams' graph.

The task is the synthetic one of ``benchmarks/decoder.py``. "Dearer" counts utterances with a best path that costs more
than the static graph's by over 0.1. Tables are all arrays that the decoder has before the first utterance. The more
sentences, the more bigrams; the unigram graph stays the same. ``--tables`` compares only the tables, for the trigram
models of ``benchmarks/graph_memory.py``.

    python -m benchmarks.look_ahead --report benchmarks/reports/2026-11-28-look-ahead.md
    python -m benchmarks.look_ahead --sentences 80000 --utterances 3 --beams 13
    python -m benchmarks.look_ahead --tables 95k 250k
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np

from benchmarks.decoder_task import Task, make_task
from benchmarks.graph_memory import SIZES, random_system, synthetic_model, unigrams_of
from blasr.decoding.config import DecoderConfig
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.graph.grammar import arpa_to_fst
from blasr.graph.hclg import compile_decoding_graph
from blasr.io.atomic import atomic_open
from blasr.lattices.config import CostScales
from blasr.lm.arpa import write_arpa
from blasr.lm.backoff_grammar import LmDifference, lay_out_grammar
from blasr.scoring.edit_distance import ErrorCounts, align_words

SCALES = CostScales(acoustic_scale=0.1)
DEARER = 0.1
TABLES_HEADING = [
    "| n-grams | static: states | arcs | MiB | graph of the unigrams, MiB | and the exchange, MiB | share, % |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
]


@dataclass(frozen=True)
class Found:
    """Word errors, the cost of each utterance, frames per processor second, and MiB of tables."""

    errors: ErrorCounts
    costs: list[float]
    speed: float
    tables: float


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beams", default="10,13", help="comma-separated (default: 10,13)")
    parser.add_argument("--noise", type=float, default=2.1, help="noise of the task (default: 2.1)")
    parser.add_argument("--utterances", type=int, default=12, help="size of the task (default: 12)")
    parser.add_argument("--sentences", type=int, default=20_000, help="of the language models (default: 20000)")
    parser.add_argument("--report", type=Path, help="also write the report there")
    parser.add_argument("--tables", nargs="+", choices=SIZES, metavar="SIZE", help="only the tables, of these models")
    args = parser.parse_args()
    if args.tables:
        for line in [*TABLES_HEADING, *map(tables_row, args.tables)]:
            print(line)
        return
    with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
        sizes = {"num_utterances": args.utterances, "num_sentences": args.sentences}
        task = make_task(Path(folder), noise=args.noise, **sizes)
        small = compile_decoding_graph(task.lang, task.tree, task.model, task.unigram).fst
    backoff = task.lang.words.id_of("#0")
    difference = LmDifference(*(lay_out_grammar(grammar, backoff) for grammar in (task.unigram, task.grammar)))
    num_ngrams = len(difference.new.words)
    columns = task.model.tid_to_pdf
    rows = []
    for beam in map(float, args.beams.split(",")):
        config = DecoderConfig(beam=beam)
        static = measured(task, LatticeDecoder(task.graph, columns, config))
        rows.append(row("bigrams, static", beam, static, static))
        for way, look_ahead in (("unigrams, look-ahead", True), ("unigrams, no look-ahead", False)):
            decoder = LatticeDecoder(small, columns, config, difference, look_ahead=look_ahead)
            rows.append(row(way, beam, measured(task, decoder), static))
    graphs = ", ".join(f"{graph.num_states:,} states and {graph.num_arcs:,} arcs" for graph in (task.graph, small))
    report = "\n".join([*heading(args, task, graphs, num_ngrams), *rows, ""])
    print(report)
    if args.report is not None:
        with atomic_open(args.report, "w") as stream:
            stream.write(report)


def tables_row(name: str) -> str:
    """Return the tables of a trigram model's static graph and of its unigrams' graph with the model exchanged."""
    with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
        arpa = Path(folder, "lm.arpa")
        model = synthetic_model(np.random.default_rng(0), SIZES[name])
        write_arpa(model, arpa)
        lang, tree, transitions = random_system(arpa, SIZES[name])
        unigram, trigram = unigrams_of(arpa, lang.words), arpa_to_fst(arpa, lang.words, missing_words="drop")
        graph, small = (compile_decoding_graph(lang, tree, transitions, each).fst for each in (trigram, unigram))
    columns, backoff = transitions.tid_to_pdf, lang.words.id_of("#0")
    difference = LmDifference(lay_out_grammar(unigram, backoff), lay_out_grammar(trigram, backoff))
    static = LatticeDecoder(graph, columns)
    ahead = LatticeDecoder(small, columns, difference=difference)
    sizes = [mebibytes(tables) for tables in (static._graph, ahead._graph, (ahead._graph, ahead._exchange))]
    ngrams = f"{sum(model.num_ngrams):,} over {SIZES[name].words:,} words"
    states, arcs = len(static._graph.final), len(static._graph.arcs)
    columns_of_sizes = " | ".join(f"{size:.1f}" for size in sizes)
    return f"| {ngrams} | {states:,} | {arcs:,} | {columns_of_sizes} | {100 * sizes[2] / sizes[0]:.1f} |"


def measured(task: Task, decoder: LatticeDecoder) -> Found:
    """Decode the task once; the search is compiled before."""
    decoder.decode(next(iter(task.loglikes.values()))[:20])
    errors, costs, seconds = ErrorCounts(), [], 0.0
    for utterance, loglikes in task.loglikes.items():
        began = time.process_time()
        lattice = decoder.decode(loglikes)
        seconds += time.process_time() - began
        path = lattice.best_path(SCALES)
        costs.append(SCALES.cost(path.graph_cost, path.acoustic_cost))
        words = [task.lang.words.symbol_of(word) for word in path.words.tolist()]
        errors += align_words(task.text[utterance], words).counts
    return Found(errors, costs, task.num_frames / seconds, mebibytes((decoder._graph, decoder._exchange)))


def mebibytes(tables: object) -> float:
    """Return the size of the arrays in nested tuples."""
    return sum(array.nbytes for array in arrays_of(tables)) / 2**20


def arrays_of(value: object) -> list[np.ndarray]:
    """Return the arrays in nested tuples, each once."""
    if isinstance(value, np.ndarray):
        return [value]
    found = [array for part in value for array in arrays_of(part)] if isinstance(value, tuple) else []
    return list({id(array): array for array in found}.values())


def row(way: str, beam: float, found: Found, static: Found) -> str:
    """Return a line of the table."""
    excess = np.subtract(found.costs, static.costs)
    rate = 100 * found.errors.errors / found.errors.reference_words
    return (
        f"| {way} | {beam:g} | {rate:.2f} | {(excess > DEARER).sum()} | {excess.max():.2f} | {found.speed:,.0f} | "
        f"{static.speed / found.speed:.2f} | {found.tables:.1f} |"
    )


def heading(args: argparse.Namespace, task: Task, graphs: str, num_ngrams: int) -> list[str]:
    """Return the lines before the rows."""
    return [
        f"# Look-ahead in the search with exchanged language models, {datetime.date.today()}",
        "",
        f"Machine: {os.cpu_count()} cores, 1 used; {platform.system()} {platform.machine()}; Python "
        f"{platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}. Load average "
        f"{os.getloadavg()[0]:.1f}: other work ran on the same machine. Times are processor times.",
        "",
        f"Command: `python -m benchmarks.look_ahead --beams {args.beams} --noise {args.noise} "
        f"--utterances {args.utterances} --sentences {args.sentences}`",
        "",
        f"{len(task.text)} utterances, {task.num_frames:,} frames; {num_ngrams:,} unigrams and bigrams. Static graph "
        f"and unigram graph: {graphs}.",
        "",
        "| graph | beam | WER % | utterances with a dearer path | largest difference | frames/s | time / static | "
        "tables, MiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]


if __name__ == "__main__":
    main()
