"""Speed of the decoder and agreement with others: on golden log-likelihoods, and on a synthetic task of 5,000 words.

The others are the decoders of the package kaldi-decoder. FasterDecoder and SimpleDecoder find only the best path, and
LatticeSimpleDecoder has no limit of active states. ``--peers`` is a Python that has kaldi-decoder and kaldifst. blasr
is also measured with graphs of smaller language models. The search then replaces their costs by the bigram model's (as
Kaldi's biglm decoders do).

    python -m benchmarks.decoder --golden GOLDEN/fsdd_tri1 --peers python \\
        --report benchmarks/reports/2026-11-29-decoder.md
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numba
import numpy as np

from benchmarks.decoder_task import Task, make_task
from blasr.decoding.config import DecoderConfig
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.graph.arpa_grammar import grammar_of
from blasr.graph.hclg import compile_decoding_graph
from blasr.hmm.transition_model import read_transition_model
from blasr.io.atomic import atomic_open
from blasr.io.fst import Fst, read_fst, write_fst
from blasr.io.kaldi.tables import read_matrices
from blasr.io.symbols import SymbolTable
from blasr.lattices.config import CostScales, DeterminizationConfig
from blasr.lattices.determinization import determinize_lattice
from blasr.lm.arpa import read_arpa
from blasr.lm.backoff_grammar import LmDifference, lay_out_grammar
from blasr.lm.pruning import prune
from blasr.scoring.edit_distance import ErrorCounts, align_words
from blasr.units import FloatArray, IntArray

FRAMES_PER_SECOND = 100
REPEATS = 2
TRIED = (
    "Tried and left out: k2 1.23.4 (built for PyTorch 1.13, refuses 2.11); vosk 0.3.45, sherpa-onnx 2.0.1 and "
    "kaldi-active-grammar 3.2.0 (they read audio and have their own networks; they do not read log-likelihoods)."
)
PRUNING = 5e-6  # threshold for the bigrams
PEERS = Path(__file__).parent / "decoder_peers.py"


@dataclass(frozen=True)
class Workload:
    """The inputs of all decoders of a table."""

    name: str
    graph: Fst
    tid_to_pdf: IntArray
    words: SymbolTable
    loglikes: dict[str, FloatArray]
    text: dict[str, list[str]]
    peers: dict[str, int]  # how many utterances each of the others decodes: some are too slow for all


@dataclass(frozen=True)
class Result:
    """The result of a decoder for one utterance: words, graph plus scaled acoustic cost, and seconds."""

    words: list[str]
    cost: float
    clock: float
    processor: float


Results = dict[str, Result]


def main() -> None:
    """Measure, print the report, and write it to ``--report``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", type=Path, help="Kaldi's folder with HCLG.fst, final.mdl, lang and connected/")
    parser.add_argument("--peers", help="a Python with kaldi-decoder and kaldifst")
    parser.add_argument("--noise", type=float, default=2.1, help="noise of the synthetic task (default: 2.1)")
    parser.add_argument("--utterances", type=int, default=12, help="size of the synthetic task (default: 12)")
    parser.add_argument("--report", type=Path, help="also write the report there")
    args = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
        if args.golden is not None:
            workload, kaldis = golden_workload(args.golden)
            lines += compared(workload, Path(folder), args.peers, {"blasr": decoder_of(workload)}, kaldis)
        task = make_task(Path(folder), num_utterances=args.utterances, noise=args.noise)
        workload = synthetic_workload(task)
        decoders = {"blasr": decoder_of(workload)}
        pruned = prune(read_arpa(Path(folder, "lm2.arpa")), PRUNING)
        kept = f"the {pruned.num_ngrams[1]:,} bigrams left by pruning"
        for name, grammar in (("the unigrams", task.unigram), (kept, grammar_of(pruned, task.lang.words))):
            graph = compile_decoding_graph(task.lang, task.tree, task.model, grammar).fst
            for beam in (13, 15):
                label = f"blasr, graph of {name} ({graph.num_arcs:,} arcs), biglm with bigrams, beam {beam}"
                decoders[label] = biglm_decoder(task, graph, grammar, beam)
        lines += compared(workload, Path(folder), args.peers, decoders)
    text = report(lines)
    print(text)
    if args.report is not None:
        with atomic_open(args.report, "w") as stream:
            stream.write(text)


def golden_workload(folder: Path) -> tuple[Workload, Results]:
    """Return Kaldi's graph and log-likelihoods, and the results of latgen-faster-mapped according to its log."""
    connected = folder / "connected"
    loglikes = dict(read_matrices(connected / "loglikes.ark"))
    text, kaldis = (
        {line.split()[0]: line.split()[1:] for line in (connected / name).read_text(encoding="utf-8").splitlines()}
        for name in ("text", "best_path_lmwt10_wip0.txt")
    )
    log = (connected / "latgen.log").read_text(encoding="utf-8")
    costs = {
        match[1]: -float(match[2]) * len(loglikes[match[1]])
        for match in re.finditer(r"for utterance (\S+) is (\S+) over", log)
    }
    workload = Workload(
        "Golden log-likelihoods (36 digit strings, triphones)",
        read_fst(folder / "HCLG.fst"),
        read_transition_model(folder / "final.mdl").tid_to_pdf,
        SymbolTable.read(folder / "lang" / "words.txt"),
        loglikes,
        text,
        {"FasterDecoder": 36, "SimpleDecoder": 36, "LatticeSimpleDecoder": 36},
    )
    return workload, {name: Result(kaldis[name], costs[name], np.nan, np.nan) for name in loglikes}


def synthetic_workload(task: Task) -> Workload:
    """Return the synthetic task; the decoders without a limit of active states get only two utterances."""
    return Workload(
        f"Synthetic task of 5,000 words ({len(task.text)} utterances, bigrams, {task.tree.num_pdfs:,} pdfs)",
        task.graph,
        task.model.tid_to_pdf,
        task.lang.words,
        task.loglikes,
        task.text,
        {"FasterDecoder": len(task.text), "SimpleDecoder": 2, "LatticeSimpleDecoder": 2},
    )


def decoder_of(workload: Workload) -> LatticeDecoder:
    """Return blasr's decoder with its defaults: beam 13, lattice beam 6, at most 7000 active states."""
    return LatticeDecoder(workload.graph, workload.tid_to_pdf, DecoderConfig())


def biglm_decoder(task: Task, graph: Fst, old: Fst, beam: float) -> LatticeDecoder:
    """Return a decoder for ``graph`` that replaces the costs of ``old``, its grammar, with those of the task's."""
    backoff = task.lang.words.id_of("#0")
    difference = LmDifference(*(lay_out_grammar(grammar, backoff) for grammar in (old, task.grammar)))
    return LatticeDecoder(graph, task.model.tid_to_pdf, DecoderConfig(beam=beam), difference)


def measured(workload: Workload, decoder: LatticeDecoder, *, determinize: bool = False) -> Results:
    """Decode all utterances several times and keep the shortest times. Compilation by numba is not timed."""
    first = next(iter(workload.loglikes.values()))[:30]
    determinize_lattice(decoder.decode(first), DeterminizationConfig())
    results: Results = {}
    for utterance, loglikes in [*workload.loglikes.items()] * REPEATS:
        clock, processor = time.perf_counter(), time.process_time()
        lattice = decoder.decode(loglikes)
        if determinize:
            determinize_lattice(lattice, DeterminizationConfig(6.0, 0.1))
        path = lattice.best_path(CostScales(acoustic_scale=0.1))
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        words = [workload.words.symbol_of(word) for word in path.words.tolist()]
        result = Result(words, path.graph_cost + 0.1 * path.acoustic_cost, clock, processor)
        keep_quickest(results, utterance, result)
    return results


def keep_quickest(results: Results, utterance: str, result: Result) -> None:
    """Keep the shortest times of an utterance: other work on the machine only increases them."""
    known = results.get(utterance)
    if known is not None:
        result = replace(result, clock=min(result.clock, known.clock), processor=min(result.processor, known.processor))
    results[utterance] = result


def measured_peers(workload: Workload, folder: Path, python: str) -> dict[str, Results]:
    """Return the results of the other decoders, by name."""
    write_fst(workload.graph, folder / "HCLG.fst")
    np.save(folder / "tid_to_pdf.npy", workload.tid_to_pdf)
    scores = {utterance: np.float32(0.1) * loglikes for utterance, loglikes in workload.loglikes.items()}
    np.savez(folder / "scores.npz", allow_pickle=False, **scores)
    config = DecoderConfig()
    beams = [f"{value:g}" for value in (config.beam, config.max_active, config.lattice_beam)]
    asked = [f"{name}={number}" for name, number in workload.peers.items()] * REPEATS
    command = [*shlex.split(python), str(PEERS), str(folder), *beams, *asked]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    results: dict[str, Results] = {name: {} for name in workload.peers}
    for line in output.splitlines():
        row = json.loads(line)
        words = [workload.words.symbol_of(word) for word in row["words"]]
        result = Result(words, row["cost"], row["clock"], row["processor"])
        keep_quickest(results[row["decoder"]], row["utterance"], result)
    return results


def compared(
    workload: Workload,
    folder: Path,
    python: str | None,
    decoders: dict[str, LatticeDecoder],
    reference: Results | None = None,
) -> list[str]:
    """Return the table of a workload; words and costs are compared with ``reference``, by default blasr's results."""
    results = {f"{name}: lattices": measured(workload, decoder) for name, decoder in decoders.items()}
    results["blasr: lattices, determinized"] = measured(workload, decoders["blasr"], determinize=True)
    if python is not None:
        results |= {f"kaldi-decoder {name}": found for name, found in measured_peers(workload, folder, python).items()}
    judge, judged_by = (reference, "Kaldi's") if reference is not None else (results["blasr: lattices"], "blasr's")
    frames = sum(map(len, workload.loglikes.values()))
    rows = [
        f"## {workload.name}",
        "",
        f"HCLG: {workload.graph.num_states:,} states, {workload.graph.num_arcs:,} arcs; {frames:,} frames. Beam 13, "
        "lattice beam 6, at most 7000 active states, acoustic scale 0.1. Words and costs are compared with "
        f"{judged_by} best paths; a negative difference means that a better path was found.",
        "",
        "| decoder | frames | frames/s, processor | frames/s, clock | x real time, processor | same words | "
        "largest cost difference per frame | WER % |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return [*rows, *(_row(workload, name, found, judge) for name, found in results.items()), ""]


def _row(workload: Workload, name: str, found: Results, judge: Results) -> str:
    frames = sum(len(workload.loglikes[utterance]) for utterance in found)
    processor, clock = (sum(getattr(result, what) for result in found.values()) for what in ("processor", "clock"))
    same = sum(result.words == judge[utterance].words for utterance, result in found.items())
    differences = [
        (result.cost - judge[utterance].cost) / len(workload.loglikes[utterance]) for utterance, result in found.items()
    ]
    errors = ErrorCounts()
    for utterance, result in found.items():
        errors += align_words(workload.text[utterance], result.words).counts
    return (
        f"| {name} | {frames:,} | {frames / processor:,.0f} | {frames / clock:,.0f} | "
        f"{processor * FRAMES_PER_SECOND / frames:.4f} | {same} of {len(found)} | {max(differences, key=abs):+.1e} | "
        f"{errors.wer:.2f} |"
    )


def report(tables: list[str]) -> str:
    """Return the tables and the machine, in Markdown."""
    lines = [
        f"# Decoder: speed and agreement, {datetime.date.today()}",
        "",
        f"Machine: {os.cpu_count()} cores, 1 used; {platform.system()} {platform.machine()}; Python "
        f"{platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}. Load average "
        f"{os.getloadavg()[0]:.1f}: other work may have run on the same machine. It increases clock time, and "
        "processor time a little.",
        "",
        f"Command: `{shlex.join(['python', '-m', 'benchmarks.decoder', *sys.argv[1:]])}`",
        "",
        f"A frame is 10 ms. All decoders run with one thread; numba compiles beforehand; the best of {REPEATS} runs of "
        "each utterance. FasterDecoder and SimpleDecoder of kaldi-decoder find only the best path. SimpleDecoder and "
        "LatticeSimpleDecoder have no minimum and no maximum of active states: they lose paths of the golden strings, "
        "which have a small graph, and they decode only a few utterances of the large task.",
        "",
        TRIED,
        "",
    ]
    return "\n".join([*lines, *tables])


if __name__ == "__main__":
    main()
