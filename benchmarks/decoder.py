"""Speed of the decoder and agreement with others: on golden log-likelihoods, and on a synthetic task of 5,000 words.

The others are those of the package kaldi-decoder (FasterDecoder and SimpleDecoder find the best path only,
LatticeSimpleDecoder has no limit of active states), by ``--peers`` with a Python that has it and kaldifst; and blasr
itself with graphs of smaller models, whose costs it exchanges for those of the bigram model while it searches.

    python -m benchmarks.decoder --golden GOLDEN/fsdd_tri1 --peers python \\
        --report benchmarks/reports/2026-11-21-decoder.md
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
from blasr.graph.hclg import compile_hclg
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
    "kaldi-active-grammar 3.2.0 (they take audio and networks of their own, no log-likelihoods)."
)
PRUNING = 5e-6  # of the bigrams
PEERS = Path(__file__).parent / "decoder_peers.py"


@dataclass(frozen=True)
class PathWeights:
    """What all decoders of a table are given."""

    name: str
    graph: Fst
    tid_to_pdf: IntArray
    words: SymbolTable
    loglikes: dict[str, FloatArray]
    text: dict[str, list[str]]
    peers: dict[str, int]  # utterances for each of the others: some are too slow for all


@dataclass(frozen=True)
class Result:
    """What a decoder found in an utterance: words, graph and scaled acoustic cost, seconds."""

    words: list[str]
    cost: float
    clock: float
    processor: float


Results = dict[str, Result]


def main() -> None:
    """Measure, print, and write the report where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", type=Path, help="the folder with HCLG.fst, final.mdl, lang and connected/ of Kaldi")
    parser.add_argument("--peers", help="a Python that has kaldi-decoder and kaldifst")
    parser.add_argument("--noise", type=float, default=2.1, help="of the synthetic task (default: %(default)s)")
    parser.add_argument("--utterances", type=int, default=12, help="of the synthetic task (default: %(default)s)")
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory(prefix="blasr-") as folder:
        if args.golden is not None:
            setting, kaldis = golden_setting(args.golden)
            lines += compared(setting, Path(folder), args.peers, {"blasr": decoder_of(setting)}, kaldis)
        task = make_task(Path(folder), num_utterances=args.utterances, noise=args.noise)
        setting = synthetic_setting(task)
        decoders = {"blasr": decoder_of(setting)}
        pruned = prune(read_arpa(Path(folder, "lm2.arpa")), PRUNING)
        kept = f"the {pruned.num_ngrams[1]:,} bigrams that pruning leaves"
        for name, grammar in (("the unigrams", task.unigram), (kept, grammar_of(pruned, task.lang.words))):
            graph = compile_hclg(task.lang, task.tree, task.model, grammar)
            for beam in (13, 15):
                label = f"blasr, graph of {name} ({graph.num_arcs:,} arcs), bigrams in exchange, beam {beam}"
                decoders[label] = exchanging(task, graph, grammar, beam)
        lines += compared(setting, Path(folder), args.peers, decoders)
    text = report(lines)
    print(text)
    if args.report is not None:
        with atomic_open(args.report, "w") as stream:
            stream.write(text)


def golden_setting(folder: Path) -> tuple[PathWeights, Results]:
    """Kaldi's graph and log-likelihoods, and what latgen-faster-mapped found, as far as its log tells."""
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
    setting = PathWeights(
        "Golden log-likelihoods (36 digit strings, triphones)",
        read_fst(folder / "HCLG.fst"),
        read_transition_model(folder / "final.mdl").tid_to_pdf,
        SymbolTable.read(folder / "lang" / "words.txt"),
        loglikes,
        text,
        {"FasterDecoder": 36, "SimpleDecoder": 36, "LatticeSimpleDecoder": 36},
    )
    return setting, {name: Result(kaldis[name], costs[name], np.nan, np.nan) for name in loglikes}


def synthetic_setting(task: Task) -> PathWeights:
    """The synthetic task; the decoders without a limit of active states get two utterances."""
    return PathWeights(
        f"Synthetic task of 5,000 words ({len(task.text)} utterances, bigrams, {task.tree.num_pdfs:,} pdfs)",
        task.graph,
        task.model.tid_to_pdf,
        task.lang.words,
        task.loglikes,
        task.text,
        {"FasterDecoder": len(task.text), "SimpleDecoder": 2, "LatticeSimpleDecoder": 2},
    )


def decoder_of(setting: PathWeights) -> LatticeDecoder:
    """blasr's, at the defaults: beam 13, lattice beam 6, up to 7000 active, acoustic scale 0.1."""
    return LatticeDecoder(setting.graph, setting.tid_to_pdf, DecoderConfig())


def exchanging(task: Task, graph: Fst, old: Fst, beam: float) -> LatticeDecoder:
    """With a graph of another grammar, which is exchanged for the task's."""
    backoff = task.lang.words.id_of("#0")
    difference = LmDifference(*(lay_out_grammar(grammar, backoff) for grammar in (old, task.grammar)))
    return LatticeDecoder(graph, task.model.tid_to_pdf, DecoderConfig(beam=beam), difference)


def measured(setting: PathWeights, decoder: LatticeDecoder, *, determinize: bool = False) -> Results:
    """Decode all utterances, each several times, of which the quickest counts; numba has compiled before."""
    first = next(iter(setting.loglikes.values()))[:30]
    determinize_lattice(decoder.decode(first), DeterminizationConfig())
    results: Results = {}
    for utterance, loglikes in [*setting.loglikes.items()] * REPEATS:
        clock, processor = time.perf_counter(), time.process_time()
        lattice = decoder.decode(loglikes)
        if determinize:
            determinize_lattice(lattice, DeterminizationConfig(6.0, 0.1))
        path = lattice.best_path(CostScales(acoustic_scale=0.1))
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        words = [setting.words.symbol_of(word) for word in path.words.tolist()]
        result = Result(words, path.graph_cost + 0.1 * path.acoustic_cost, clock, processor)
        keep_quickest(results, utterance, result)
    return results


def keep_quickest(results: Results, utterance: str, result: Result) -> None:
    """Other work on the machine only ever makes it slower."""
    known = results.get(utterance)
    if known is not None:
        result = replace(result, clock=min(result.clock, known.clock), processor=min(result.processor, known.processor))
    results[utterance] = result


def measured_peers(setting: PathWeights, folder: Path, python: str) -> dict[str, Results]:
    """The same of the others, by their name."""
    write_fst(setting.graph, folder / "HCLG.fst")
    np.save(folder / "tid_to_pdf.npy", setting.tid_to_pdf)
    scores = {utterance: np.float32(0.1) * loglikes for utterance, loglikes in setting.loglikes.items()}
    np.savez(folder / "scores.npz", allow_pickle=False, **scores)
    config = DecoderConfig()
    beams = [f"{value:g}" for value in (config.beam, config.max_active, config.lattice_beam)]
    asked = [f"{name}={number}" for name, number in setting.peers.items()] * REPEATS
    command = [*shlex.split(python), str(PEERS), str(folder), *beams, *asked]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    results: dict[str, Results] = {name: {} for name in setting.peers}
    for line in output.splitlines():
        row = json.loads(line)
        words = [setting.words.symbol_of(word) for word in row["words"]]
        result = Result(words, row["cost"], row["clock"], row["processor"])
        keep_quickest(results[row["decoder"]], row["utterance"], result)
    return results


def compared(
    setting: PathWeights,
    folder: Path,
    python: str | None,
    decoders: dict[str, LatticeDecoder],
    reference: Results | None = None,
) -> list[str]:
    """The table of a setting; words and costs are compared with ``reference``, or with blasr's own."""
    results = {f"{name}: lattices": measured(setting, decoder) for name, decoder in decoders.items()}
    results["blasr: lattices, determinized"] = measured(setting, decoders["blasr"], determinize=True)
    if python is not None:
        results |= {f"kaldi-decoder {name}": found for name, found in measured_peers(setting, folder, python).items()}
    judge, judged_by = (reference, "Kaldi's") if reference is not None else (results["blasr: lattices"], "blasr's")
    frames = sum(map(len, setting.loglikes.values()))
    rows = [
        f"## {setting.name}",
        "",
        f"HCLG: {setting.graph.num_states:,} states, {setting.graph.num_arcs:,} arcs; {frames:,} frames. Beam 13, "
        "lattice beam 6, up to 7000 active states, acoustic scale 0.1. Words and costs are compared with "
        f"{judged_by} best paths; differences below 0 are of paths that those missed.",
        "",
        "| decoder | frames | frames/s, processor | frames/s, clock | x real time, processor | same words | "
        "largest cost difference per frame | WER % |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return [*rows, *(_row(setting, name, found, judge) for name, found in results.items()), ""]


def _row(setting: PathWeights, name: str, found: Results, judge: Results) -> str:
    frames = sum(len(setting.loglikes[utterance]) for utterance in found)
    processor, clock = (sum(getattr(result, what) for result in found.values()) for what in ("processor", "clock"))
    same = sum(result.words == judge[utterance].words for utterance, result in found.items())
    differences = [
        (result.cost - judge[utterance].cost) / len(setting.loglikes[utterance]) for utterance, result in found.items()
    ]
    errors = ErrorCounts()
    for utterance, result in found.items():
        errors += align_words(setting.text[utterance], result.words).counts
    return (
        f"| {name} | {frames:,} | {frames / processor:,.0f} | {frames / clock:,.0f} | "
        f"{processor * FRAMES_PER_SECOND / frames:.4f} | {same} of {len(found)} | {max(differences, key=abs):+.1e} | "
        f"{errors.wer:.2f} |"
    )


def report(tables: list[str]) -> str:
    """The tables and what they were measured on, in Markdown."""
    lines = [
        f"# Decoder: speed and agreement, {datetime.date.today()}",
        "",
        f"Machine: {os.cpu_count()} cores, 1 used; {platform.system()} {platform.machine()}; Python "
        f"{platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}. Load average "
        f"{os.getloadavg()[0]:.1f}: other work may have run on the same machine, so that seconds of the clock are more "
        "than those of the processor, which themselves are some more than on an idle one.",
        "",
        f"Command: `{shlex.join(['python', '-m', 'benchmarks.decoder', *sys.argv[1:]])}`",
        "",
        f"A frame is 10 ms. All decoders run with one thread, after numba has compiled, the best of {REPEATS} runs of "
        "each utterance. FasterDecoder and SimpleDecoder of kaldi-decoder find the best path only; SimpleDecoder and "
        "LatticeSimpleDecoder have neither a least number nor a limit of active states (so they lose paths of the "
        "golden strings, whose graph is small) and are given few utterances of the big task.",
        "",
        TRIED,
        "",
    ]
    return "\n".join([*lines, *tables])


if __name__ == "__main__":
    main()
